"""Handovers: manifests per carrier, parcels scanned onto them, closed with the driver's count."""

from typing import Any, ClassVar
from uuid import UUID

import graphene

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.paging import Page, PageRequest
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import Refused
from pickmesh.core.packing import manifest_queries, manifests
from pickmesh.core.packing.manifests import ManifestScan, OnManifest
from pickmesh.core.packing.tables import ManifestState
from pickmesh.graphql import relay
from pickmesh.graphql.accounts import Worker
from pickmesh.graphql.base import Done, Many, Mutation, One
from pickmesh.graphql.context import Context
from pickmesh.graphql.packing import PackingUserError, Parcel
from pickmesh.graphql.permissions import Queries, Requirement
from pickmesh.graphql.scalars import DateTime
from pickmesh.graphql.stock import AtLocation
from pickmesh.scanner.codes.own import OwnKind

PAPERS = "/labels/manifest"
"""Where the app serves manifests on paper."""
ManifestStateName = graphene.Enum.from_enum(ManifestState, name="ManifestState")


class ManifestAction(graphene.Enum):
    """What may be done to a manifest as it stands."""

    SCAN = "SCAN"
    CLOSE = "CLOSE"


class Manifest(relay.ObjectType, AtLocation):
    """Parcels handed to one carrier's driver at once."""

    class Meta:
        interfaces = (relay.Node,)

    requires = Permission.FLOOR_READ
    number = relay.number(OwnKind.MANIFEST)
    carrier = graphene.String(required=True)
    state = graphene.Field(ManifestStateName, required=True)
    scanned_count = graphene.Int(required=True, description="How many parcels are on it.")
    expected_count = graphene.Int(
        required=True, description="Those on it and those that wait for its carrier here, on no manifest."
    )
    told_count = graphene.Int(description="How many the driver signed for.")
    note = graphene.String(required=True)
    opened_by = relay.link("opened_by", Worker)
    opened_at = graphene.Field(DateTime, required=True)
    closed_at = graphene.Field(DateTime)
    version = graphene.Int(required=True)
    parcels = relay.listing(manifest_queries.parcels_of_manifests, Parcel, "By number.")
    missing = relay.listing(
        manifest_queries.missing_of, Parcel, "What waits here unscanned; of a closed one, what did when it was closed."
    )
    paper = graphene.String(
        required=True, description="Where its PDF for the driver is drawn; to be asked for with the same bearer token."
    )
    supported_actions = graphene.List(graphene.NonNull(ManifestAction), required=True)

    by_ids = staticmethod(manifest_queries.manifests)

    @staticmethod
    async def resolve_scanned_count(root: Any, info: Any) -> int:
        """Return how many are on it."""
        return await info.context.load(manifest_queries.counts_of_manifests, root.id) or 0

    @staticmethod
    async def resolve_expected_count(root: Any, info: Any) -> int:
        """Return how many there are to hand over."""
        scanned = await info.context.load(manifest_queries.counts_of_manifests, root.id) or 0
        if root.state == ManifestState.CLOSED:
            return scanned + len(await info.context.load(manifest_queries.missing_of, root.id) or [])
        return scanned + (await info.context.load(manifest_queries.waiting_counts, root.id) or 0)

    @staticmethod
    def resolve_paper(root: Any, _info: Any) -> str:
        """Return where its paper is."""
        return f"{PAPERS}/{root.id}.pdf"

    @staticmethod
    def resolve_supported_actions(root: Any, _info: Any) -> list[str]:
        """Return what may be done now; a closed manifest is corrected by a new one."""
        return ["SCAN", "CLOSE"] if root.state == ManifestState.OPEN else []


class ManifestOpen(Mutation):
    """Open a manifest for a carrier at a warehouse, or answer the one that is open there."""

    requires = Permission.FLOOR_WORK
    user_error = PackingUserError

    class Input:
        location_id = graphene.ID(required=True)
        carrier = graphene.String(required=True, description="A carrier's code.")
        note = graphene.String(required=True, default_value="")

    class Payload:
        manifest = One(Manifest)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Open."""
        location = relay.id_of(input.location_id, "Location", field=("locationId",))
        opened = await manifests.open_manifest(uow, location_id=location, carrier=input.carrier, note=input.note)
        return Done({"manifest": opened.manifest_id})


class _OfManifest(Mutation):
    """What the mutations over parcels of a manifest share."""

    requires = Permission.FLOOR_WORK
    user_error = PackingUserError
    items = "parcelIds"

    class Input:
        manifest_id = graphene.ID(required=True)
        parcel_ids = relay.some(graphene.ID, required=True)

    class Payload:
        manifest = One(Manifest)
        parcels = Many(Parcel)

    @staticmethod
    def scans_in(input: Any) -> list[ManifestScan]:
        """Return the scans of the input."""
        manifest = relay.id_of(input.manifest_id, "Manifest", field=("manifestId",))
        return [ManifestScan(manifest, each) for each in relay.ids_of(input.parcel_ids, "Parcel", field="parcelIds")]

    @staticmethod
    def done(manifest_id: UUID | None, answers: list[OnManifest | Refused]) -> Done:
        """Answer the parcels that were not refused."""
        refused = [answer for answer in answers if isinstance(answer, Refused)]
        parcels = [answer.parcel_id for answer in answers if isinstance(answer, OnManifest)]
        return Done({"manifest": manifest_id, "parcels": list(dict.fromkeys(parcels))}, refused)


class ManifestParcelAdd(_OfManifest):
    """Put parcels on an open manifest; at the dock a HANDOVER session does this scan by scan."""

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Put them on."""
        scans = cls.scans_in(input)
        return cls.done(scans[0].manifest_id if scans else None, await manifests.put_on_manifests(uow, scans=scans))


class ManifestParcelRemove(_OfManifest):
    """Take parcels off an open manifest again."""

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Take them off."""
        scans = cls.scans_in(input)
        return cls.done(scans[0].manifest_id if scans else None, await manifests.take_off_manifests(uow, scans=scans))


class ManifestClose(Mutation):
    """Hand what was scanned over to the driver and close the manifest for good; a new one corrects it."""

    requires = Permission.FLOOR_WORK
    user_error = PackingUserError
    subject = "Manifest"

    class Input:
        id = graphene.ID(required=True)
        if_version = graphene.Int(description="Refuse with STALE_VERSION when somebody scanned since.")
        told_count = graphene.Int(required=True, description="How many the driver counted.")
        accept_difference = graphene.Boolean(required=True, default_value=False)
        note = graphene.String(required=True, default_value="")

    class Payload:
        manifest = One(Manifest)
        handed_over = Many(Parcel)
        missing = Many(Parcel)
        left_behind = Many(Parcel)
        difference = graphene.Int(description="What the driver counted more than was scanned.")

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Close."""
        closed = await manifests.close_manifest(
            uow,
            manifest_id=relay.id_of(input.id, "Manifest"),
            told_count=input.told_count,
            accept_difference=input.accept_difference,
            note=input.note,
            version=input.get("if_version"),
        )
        return Done(
            {
                "manifest": closed.manifest_id,
                "handed_over": list(closed.handed_over),
                "missing": list(closed.missing),
                "left_behind": list(closed.left_behind),
                "difference": closed.difference,
            }
        )


async def _page_of_manifests(
    _root: Any,
    info: Any,
    request: PageRequest,
    location_id: str | None = None,
    carrier: str | None = None,
    states: list[ManifestState] | None = None,
) -> Page[Any]:
    location = relay.optional_id(location_id, "Location", field=("locationId",))
    async with info.context.reading() as uow:
        found: Page[Any] = await manifest_queries.manifest_page(
            uow, request, location_id=location, carrier=carrier, states=states
        )
    return found


class ManifestQueries(Queries):
    """What may be asked of handovers."""

    requires: ClassVar[Requirement] = Permission.FLOOR_READ
    manifest = graphene.Field(
        Manifest, id=graphene.ID(), number=graphene.String(), description="A manifest by its id or its number."
    )
    manifests = relay.paged(
        relay.connection(Manifest),
        _page_of_manifests,
        "Manifests, the newest first.",
        location_id=graphene.ID(),
        carrier=graphene.String(),
        states=relay.some(ManifestStateName),
    )

    @staticmethod
    def resolve_manifest(_root: Any, info: Any, id: str | None = None, number: str | None = None) -> Any:
        """Return a manifest."""
        name, value = relay.one_of({"id": id, "number": number})
        if name == "id":
            return info.context.load(manifest_queries.manifests, relay.id_of(value, "Manifest"))
        return info.context.load(manifest_queries.manifests_by_number, relay.number_of(value, OwnKind.MANIFEST))


MUTATIONS = (ManifestOpen, ManifestParcelAdd, ManifestParcelRemove, ManifestClose)
