"""What we supply to partners: a share of what is available, at a price."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.catalog import queries as catalog
from pickmesh.core.catalog.queries import BarcodeRow, SkuRow
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import InvalidInput, LimitExceeded, NotFound, Refusal, Refused
from pickmesh.core.kit.texts import sentence
from pickmesh.core.mesh import events, locks, posting, queries, refusals, rules, told
from pickmesh.core.mesh.messages import Offered, OfferedSku, OfferVersion, Withdrawn
from pickmesh.core.mesh.posting import Outgoing
from pickmesh.core.mesh.tables import Offer, PartnershipStatus

Row = sa.Row[*tuple[Any, ...]]
OFFERS_MAX = 5_000


@dataclass(frozen=True, slots=True)
class NewOffer:
    """A SKU to supply to a partner: the price in micros of the partnership's currency, the share of what there is."""

    partnership_id: UUID
    sku_id: UUID
    price_micros: int
    share_percent: int = 100


async def save(uow: UnitOfWork, *, offers: Sequence[NewOffer]) -> list[UUID | Refused]:
    """Offer SKUs to partners, or offer them otherwise than before; return each offer's id, or why not.

    The partners are told, with what is there now; an offer that stands as told is not told again. Refuses partnerships
    that are not active, unknown SKUs and bundles. At most 5,000; needs catalog:write. A fixed number of statements.
    """
    uow.actor.require(Permission.CATALOG_WRITE)
    _require_few(len(offers))
    if not offers:
        return []
    partnerships = await locks.lock_partnerships(uow, {offer.partnership_id for offer in offers})
    skus = await catalog.skus(uow, {offer.sku_id for offer in offers})
    known = await locks.lock_offers(uow, partnerships, skus)
    by_key = {(row.partnership_id, row.sku_id): row for row in known}
    there = await told.available(uow, skus)
    answers: list[UUID | Refused] = []
    rows: dict[UUID, dict[str, Any]] = {}
    seen: set[tuple[UUID, UUID]] = set()
    for index, offer in enumerate(offers):
        key = (offer.partnership_id, offer.sku_id)
        refusal = _refusal(offer, partnerships, skus) or (_twice() if key in seen else None)
        if refusal is not None:
            answers.append(Refused(index, refusal))
            continue
        seen.add(key)
        row = _row(offer, by_key.get(key), there.get(offer.sku_id, 0))
        rows[row["id"]] = row
        answers.append(row["id"])
    await _write(uow, rows, {row.id: row for row in known}, partnerships, skus)
    return answers


async def withdraw(uow: UnitOfWork, *, offer_ids: Collection[UUID]) -> list[UUID]:
    """Supply these no longer, and tell the partners; return those that were still offered. Needs catalog:write."""
    uow.actor.require(Permission.CATALOG_WRITE)
    _require_few(len(offer_ids))
    found = await queries.offers_by_id(uow, offer_ids)
    partnerships = await locks.lock_partnerships(uow, {row.partnership_id for row in found.values()})
    locked = await locks.lock_offers(uow, partnerships, {row.sku_id for row in found.values()})
    going = [row for row in locked if row.id in found and row.withdrawn_at is None]
    changes = [{"id": row.id, "withdrawn_at": uow.now, "told_quantity": 0} for row in going]
    await uow.update(Offer, changes, bump_version=True)
    outgoing = []
    for each in sorted(partnerships):
        gone = [OfferVersion(row.id, row.version + 1) for row in going if row.partnership_id == each]
        outgoing += [
            Outgoing(partnerships[each].partner_id, each, Withdrawn(tuple(part))) for part in told.in_parts(gone)
        ]
        if gone:
            uow.emit([events.OffersChanged(each, tuple(one.offer_id for one in gone))])
    await posting.post(uow, outgoing)
    return [row.id for row in going]


async def describe(uow: UnitOfWork, *, sku_ids: Collection[UUID]) -> None:
    """Tell partners of these SKUs' offers again, because names or barcodes have changed."""
    standing = await locks.lock_offers_in_force(uow, sku_ids)
    if not standing:
        return
    partnerships = await queries.partnerships_by_id(uow, {row.partnership_id for row in standing})
    skus = await catalog.skus(uow, {row.sku_id for row in standing})
    rows = {
        row.id: {name: getattr(row, name) for name in (*_SAVED, "told_quantity")} | {"version": row.version + 1}
        for row in standing
    }
    await uow.update(Offer, [{"id": row.id, "version": row.version + 1} for row in standing])
    await _tell(uow, rows, partnerships, skus)


_SAVED = ("id", "partnership_id", "sku_id", "price_micros", "share_percent")


def _require_few(count: int) -> None:
    if count > OFFERS_MAX:
        message = sentence(
            "At most {most} go in one call; send {count} in smaller parts.", most=OFFERS_MAX, count=count
        )
        raise LimitExceeded(message)


def _refusal(offer: NewOffer, partnerships: Mapping[UUID, Row], skus: Mapping[UUID, SkuRow]) -> Refusal | None:
    partnership, sku = partnerships.get(offer.partnership_id), skus.get(offer.sku_id)
    if partnership is None:
        return refusals.UnknownPartnership(field=("partnershipId",))
    if partnership.status != PartnershipStatus.ACTIVE:
        return refusals.PartnershipNotActive(field=("partnershipId",), data={"status": partnership.status})
    if sku is None or sku.archived_at is not None:
        return NotFound(sentence("No SKU of yours has that id; look it up again."), field=("skuId",))
    if sku.is_bundle:
        return refusals.CannotOffer(field=("skuId",))
    try:
        rules.require_offer(offer.price_micros, offer.share_percent)
    except Refusal as refusal:
        return refusal
    return None


def _twice() -> Refusal:
    return InvalidInput(sentence("That SKU stands twice in this call; send it once."), field=("skuId",))


def _row(offer: NewOffer, before: Row | None, there: int) -> dict[str, Any]:
    """Return an offer's row as it is to be; its version tells the partner which of two states is the later."""
    return {
        "id": new_id() if before is None else before.id,
        "partnership_id": offer.partnership_id,
        "sku_id": offer.sku_id,
        "price_micros": offer.price_micros,
        "share_percent": offer.share_percent,
        "told_quantity": rules.share(there, offer.share_percent),
        "withdrawn_at": None,
        "version": 1 if before is None else before.version + 1,
    }


def _is_as_before(row: Mapping[str, Any], before: Row | None) -> bool:
    return before is not None and all(row[name] == getattr(before, name) for name in row if name != "version")


async def _write(
    uow: UnitOfWork,
    rows: Mapping[UUID, dict[str, Any]],
    known: Mapping[UUID, Row],
    partnerships: Mapping[UUID, Row],
    skus: Mapping[UUID, SkuRow],
) -> None:
    changed = {each: row for each, row in rows.items() if not _is_as_before(row, known.get(each))}
    await uow.insert(Offer, [{**row, "created_at": uow.now} for each, row in changed.items() if each not in known])
    await uow.update(Offer, [row for each, row in sorted(changed.items()) if each in known])
    await _tell(uow, changed, partnerships, skus)


async def _tell(
    uow: UnitOfWork,
    rows: Mapping[UUID, Mapping[str, Any]],
    partnerships: Mapping[UUID, Row],
    skus: Mapping[UUID, SkuRow],
) -> None:
    """Tell partners of offers as they stand now."""
    if not rows:
        return
    barcodes = await catalog.barcodes_of(uow, {row["sku_id"] for row in rows.values()})
    outgoing = []
    for each in sorted({row["partnership_id"] for row in rows.values()}):
        theirs = [row for row in rows.values() if row["partnership_id"] == each]
        offered = [_offered(row, skus[row["sku_id"]], barcodes.get(row["sku_id"], [])) for row in theirs]
        outgoing += [
            Outgoing(partnerships[each].partner_id, each, Offered(tuple(part))) for part in told.in_parts(offered)
        ]
        uow.emit([events.OffersChanged(each, tuple(row["id"] for row in theirs))])
    await posting.post(uow, outgoing)


def _offered(row: Mapping[str, Any], sku: SkuRow, barcodes: Sequence[BarcodeRow]) -> OfferedSku:
    return OfferedSku(
        offer_id=row["id"],
        version=row["version"],
        code=sku.code,
        name_zh=f"{sku.name_zh} {sku.option_zh}".strip(),
        name_en=f"{sku.name_en} {sku.option_en}".strip(),
        barcodes=tuple(barcode.code for barcode in barcodes if barcode.unit_quantity == 1),
        price_micros=row["price_micros"],
        quantity=row["told_quantity"],
    )
