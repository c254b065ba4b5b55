"""Evidence of a parcel: every scan, weight, label and handover, for a buyer who misses an item."""

from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

import graphene

from pickmesh.core.floor import evidence
from pickmesh.core.floor.evidence import EvidenceKind
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.packing import queries
from pickmesh.graphql import relay
from pickmesh.graphql.accounts import Worker
from pickmesh.graphql.packing import Parcel
from pickmesh.graphql.permissions import Queries, Requirement
from pickmesh.graphql.scalars import DateTime
from pickmesh.graphql.stock import SKU, OfSku
from pickmesh.scanner.codes.own import OwnKind

RECEIPTS = "/labels/evidence"
"""Where the app serves receipts."""
EvidenceKindName = graphene.Enum.from_enum(EvidenceKind, name="EvidenceKind")


class EvidenceEntry(graphene.ObjectType):
    """One thing that happened to a parcel or its goods."""

    requires = Permission.FLOOR_READ
    kind = graphene.Field(EvidenceKindName, required=True)
    at = graphene.Field(DateTime, required=True)
    worker = relay.link("worker_id", Worker, description="Null for the machinery.")
    raw = graphene.String(description="The code exactly as it was read.")
    source = graphene.String(description="How it was read: CAMERA, WEDGE, TYPED, PICTURE.")
    sku = relay.link("sku_id", SKU)
    quantity = graphene.Int()
    weight_g = graphene.Int()
    expected_weight_g = graphene.Int()
    note = graphene.String(required=True, description="A waybill's number, a reason.")
    undone = graphene.Boolean(required=True, description="Whether it was taken back later.")


class EvidenceGoods(graphene.ObjectType, OfSku):
    """Pieces of a SKU: how many are written to be in the parcel, how many a scan saw going in."""

    requires = Permission.FLOOR_READ
    quantity = graphene.Int(required=True)
    scanned = graphene.Int(required=True)


class ParcelEvidence(graphene.ObjectType):
    """Everything that is known of a parcel, the oldest first."""

    requires = Permission.FLOOR_READ
    parcel = relay.link("parcel_id", Parcel, required=True)
    waybill = graphene.String()
    entries = graphene.List(graphene.NonNull(EvidenceEntry), required=True)
    goods = graphene.List(graphene.NonNull(EvidenceGoods), required=True)
    is_complete = graphene.Boolean(required=True, description="Whether a scan saw every piece going in.")
    forced = graphene.Boolean(required=True, description="Whether somebody's word replaced a scan or the scale.")
    receipt = graphene.String(
        required=True, description="Where its PDF is drawn; to be asked for with the same bearer token."
    )


def _shown(found: evidence.ParcelEvidence) -> Mapping[str, Any]:
    skus = dict.fromkeys([*found.contents, *found.scanned])
    goods = [
        {"sku_id": each, "quantity": found.contents.get(each, 0), "scanned": found.scanned.get(each, 0)}
        for each in skus
    ]
    return {
        "parcel_id": found.parcel.id,
        "waybill": found.waybill,
        "entries": found.entries,
        "goods": goods,
        "is_complete": found.is_complete,
        "forced": found.parcel.forced,
        "receipt": f"{RECEIPTS}/{found.parcel.id}.pdf",
    }


class EvidenceQueries(Queries):
    """What may be asked of evidence."""

    requires: ClassVar[Requirement] = Permission.FLOOR_READ
    parcel_evidence = graphene.Field(
        ParcelEvidence,
        parcel_id=graphene.ID(),
        number=graphene.String(description="The parcel's."),
        waybill=graphene.String(description="A number of a carrier, also a voided one."),
        description="Every scan, weight, label and handover of a parcel.",
    )

    @staticmethod
    async def resolve_parcel_evidence(
        _root: Any, info: Any, parcel_id: str | None = None, number: str | None = None, waybill: str | None = None
    ) -> Mapping[str, Any] | None:
        """Return the evidence."""
        named = await _parcel_id(info, parcel_id=parcel_id, number=number, waybill=waybill)
        if named is None:
            return None
        async with info.context.reading() as uow:
            found = await evidence.parcel_evidence(uow, named)
        return None if found is None else _shown(found)


async def _parcel_id(info: Any, **named: str | None) -> UUID | None:
    name, value = relay.one_of(named)
    if name == "parcel_id":
        return relay.id_of(value, "Parcel", field=("parcelId",))
    async with info.context.reading() as uow:
        if name == "number":
            number = relay.number_of(value, OwnKind.PARCEL)
            row = (await queries.parcels_by_number(uow, [number])).get(number)
            return row.id if row is not None else None
        rows = await queries.waybills_by_number(uow, [value])
    return rows[0].parcel_id if rows else None


MUTATIONS = ()
