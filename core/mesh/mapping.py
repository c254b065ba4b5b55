"""Which SKU of ours a partner's offer is: by the same barcode in one click, by code or name when a person says so."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.catalog import queries as catalog
from pickmesh.core.catalog.queries import SkuRow
from pickmesh.core.catalog.tables import Sku
from pickmesh.core.db.rows import table_of
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import LimitExceeded, NotFound, Refusal, Refused
from pickmesh.core.kit.texts import sentence
from pickmesh.core.mesh import events, locks, queries, refusals
from pickmesh.core.mesh.queries import PARTNER_OFFER
from pickmesh.core.mesh.tables import PartnerOffer, PartnershipStatus, PartnerSku
from pickmesh.core.stock import partner as stock
from pickmesh.core.stock.rules import Level

Row = sa.Row[*tuple[Any, ...]]
PAIRS_MAX = 5_000


class Because(StrEnum):
    """Why a SKU may be a partner's offer, the surest first."""

    BARCODE = "BARCODE"
    CODE = "CODE"
    NAME = "NAME"


@dataclass(frozen=True, slots=True)
class Pair:
    """A partner's offer and the SKU of ours it is; None takes it off."""

    partner_offer_id: UUID
    sku_id: UUID | None


@dataclass(frozen=True, slots=True)
class Mapped:
    """A pair that stands as told now."""

    partner_offer_id: UUID
    sku_id: UUID | None


@dataclass(frozen=True, slots=True)
class Proposal:
    """A SKU of ours that a partner's offer may be."""

    partner_offer_id: UUID
    sku_id: UUID
    because: Because


async def map_skus(uow: UnitOfWork, *, pairs: Sequence[Pair]) -> list[Mapped | Refused]:
    """Let partners' offers be SKUs of ours, or no longer; what partners have is promised at their locations at once.

    Within a partnership an offer is one SKU and a SKU one offer; the pair told last stands. Refuses unknown offers and
    SKUs, bundles and partnerships that are not active. At most 5,000; needs catalog:write. Statements: a fixed number.
    """
    uow.actor.require(Permission.CATALOG_WRITE)
    if len(pairs) > PAIRS_MAX:
        message = sentence(
            "At most {most} go in one call; send {count} in smaller parts.", most=PAIRS_MAX, count=len(pairs)
        )
        raise LimitExceeded(message)
    found = await queries.partner_offers_by_id(uow, {pair.partner_offer_id for pair in pairs})
    partnerships = await locks.lock_partnerships(uow, {row.partnership_id for row in found.values()})
    offers = await locks.lock_partner_offers(uow, found)
    skus = await catalog.skus(uow, {pair.sku_id for pair in pairs if pair.sku_id is not None})
    answers: list[Mapped | Refused] = []
    wanted: dict[UUID, UUID | None] = {}
    for index, pair in enumerate(pairs):
        refusal = _refusal(pair, offers, partnerships, skus)
        if refusal is not None:
            answers.append(Refused(index, refusal))
            continue
        wanted[pair.partner_offer_id] = pair.sku_id
        answers.append(Mapped(pair.partner_offer_id, pair.sku_id))
    await _write(uow, wanted, offers, partnerships)
    return answers


async def map_by_barcode(uow: UnitOfWork, *, partnership_id: UUID) -> list[Mapped | Refused]:
    """Map every offer of a partner that has a SKU of ours with the same barcode, and no other: one click."""
    proposed = await proposals(uow, partnership_id)
    pairs = [Pair(one.partner_offer_id, one.sku_id) for one in proposed if one.because == Because.BARCODE]
    return await map_skus(uow, pairs=pairs)


async def proposals(uow: UnitOfWork, partnership_id: UUID) -> list[Proposal]:
    """Return which SKUs a partner's unmapped offers may be, at most one for each and each SKU once, the surest first.

    A barcode of single units, a code or a name counts when exactly one SKU has it. Six statements at most, for the
    5,000 oldest offers.
    """
    offers = await _unmapped(uow, partnership_id)
    if not offers:
        return []
    taken = await _mapped_skus(uow, partnership_id)
    by_reason = {
        Because.BARCODE: await _by_barcode(uow, offers),
        Because.CODE: await _by_code(uow, offers),
        Because.NAME: await _by_name(uow, offers),
    }
    usable = await catalog.skus(uow, {sku_id for found in by_reason.values() for sku_id in found.values()})
    done: set[UUID] = set()
    proposed: list[Proposal] = []
    for because, found in by_reason.items():
        for offer_id, sku_id in found.items():
            if offer_id in done or sku_id in taken or usable[sku_id].is_bundle:
                continue
            done.add(offer_id)
            taken.add(sku_id)
            proposed.append(Proposal(offer_id, sku_id, because))
    return proposed


async def _unmapped(uow: UnitOfWork, partnership_id: UUID) -> Sequence[Row]:
    mapped = sa.select(PartnerSku.partner_offer_id).where(
        uow.mine(PartnerSku), PartnerSku.partnership_id == partnership_id
    )
    return await uow.fetch(
        sa.select(*PARTNER_OFFER)
        .where(
            uow.mine(PartnerOffer),
            PartnerOffer.partnership_id == partnership_id,
            PartnerOffer.withdrawn_at.is_(None),
            PartnerOffer.id.not_in(mapped),
        )
        .order_by(PartnerOffer.id)
        .limit(PAIRS_MAX)
    )


async def _mapped_skus(uow: UnitOfWork, partnership_id: UUID) -> set[UUID]:
    of_partner = uow.mine(PartnerSku), PartnerSku.partnership_id == partnership_id
    return {row.sku_id for row in await uow.fetch(sa.select(PartnerSku.sku_id).where(*of_partner))}


async def _by_barcode(uow: UnitOfWork, offers: Sequence[Row]) -> dict[UUID, UUID]:
    hits = await catalog.barcodes_by_candidates(uow, {str(code) for offer in offers for code in offer.barcodes})
    ones = {
        offer.id: {hit.sku_id for code in offer.barcodes for hit in hits.get(str(code), ()) if hit.unit_quantity == 1}
        for offer in offers
    }
    return {offer_id: next(iter(found)) for offer_id, found in ones.items() if len(found) == 1}


async def _by_code(uow: UnitOfWork, offers: Sequence[Row]) -> dict[UUID, UUID]:
    found = await catalog.skus_by_code(uow, {offer.code for offer in offers})
    return {offer.id: found[offer.code].id for offer in offers if offer.code in found}


async def _by_name(uow: UnitOfWork, offers: Sequence[Row]) -> dict[UUID, UUID]:
    """Return the SKUs that have an offer's whole name, in either language, and no other SKU has."""
    full_zh, full_en = _full_name(Sku.name_zh, Sku.option_zh), _full_name(Sku.name_en, Sku.option_en)
    names = {name for offer in offers for name in (offer.name_zh, offer.name_en) if name}
    found = await uow.fetch(
        sa.select(Sku.id, full_zh.label("zh"), full_en.label("en"))
        .where(uow.mine(Sku), Sku.archived_at.is_(None))
        .where(uow.among(full_zh, names) | uow.among(full_en, names))
        .order_by(Sku.code)
    )
    named: dict[str, set[UUID]] = {}
    for row in found:
        for name in {row.zh, row.en}:
            named.setdefault(name, set()).add(row.id)
    ones = {
        offer.id: {sku_id for name in (offer.name_zh, offer.name_en) if name for sku_id in named.get(name, ())}
        for offer in offers
    }
    return {offer_id: next(iter(skus)) for offer_id, skus in ones.items() if len(skus) == 1}


def _full_name(name: Any, option: Any) -> sa.ColumnElement[str]:
    return sa.func.trim(name + " " + option, type_=sa.Text())


def _refusal(
    pair: Pair, offers: Mapping[UUID, Row], partnerships: Mapping[UUID, Row], skus: Mapping[UUID, SkuRow]
) -> Refusal | None:
    offer = offers.get(pair.partner_offer_id)
    if offer is None:
        return refusals.UnknownOffer(field=("partnerOfferId",))
    if pair.sku_id is None:
        return None
    if partnerships[offer.partnership_id].status != PartnershipStatus.ACTIVE:
        return refusals.PartnershipNotActive(data={"status": partnerships[offer.partnership_id].status})
    sku = skus.get(pair.sku_id)
    if sku is None or sku.archived_at is not None:
        return NotFound(sentence("No SKU of yours has that id; look it up again."), field=("skuId",))
    return refusals.CannotMap(field=("skuId",)) if sku.is_bundle else None


async def _write(
    uow: UnitOfWork, wanted: Mapping[UUID, UUID | None], offers: Mapping[UUID, Row], partnerships: Mapping[UUID, Row]
) -> None:
    """Bring the pairs of these offers to what is wanted; what stands so already is left alone."""
    goal = {  # the last to claim a SKU of a partnership has it
        (offers[offer_id].partnership_id, sku_id): offer_id for offer_id, sku_id in wanted.items() if sku_id is not None
    }
    standing = await _standing(uow, partnerships, wanted)
    keep = {key for key, offer_id in standing.items() if goal.get(key) == offer_id}
    gone = sorted(key for key, offer_id in standing.items() if key not in keep and (offer_id in wanted or key in goal))
    new = sorted(key for key in goal if key not in keep)
    if gone:
        columns = table_of(PartnerSku).c
        which = uow.among([columns.partnership_id, columns.sku_id], gone)
        await uow.execute(sa.delete(PartnerSku).where(uow.mine(PartnerSku), which))
    await uow.insert(
        PartnerSku,
        [
            {"partnership_id": key[0], "sku_id": key[1], "partner_offer_id": goal[key], "created_at": uow.now}
            for key in new
        ],
    )
    figures = dict.fromkeys(gone, 0) | {key: offers[goal[key]].told_quantity for key in new}
    await stock.set_promised(
        uow, told={Level(partnerships[each].location_id, sku_id): figure for (each, sku_id), figure in figures.items()}
    )
    for each in sorted({key[0] for key in figures}):
        skus = tuple(sorted(sku_id for partnership_id, sku_id in figures if partnership_id == each))
        uow.emit([events.PartnerSkusMapped(each, skus)])


async def _standing(
    uow: UnitOfWork, partnerships: Iterable[UUID], wanted: Mapping[UUID, UUID | None]
) -> dict[tuple[UUID, UUID], UUID]:
    """Return the pairs of these offers, and of these SKUs with other offers of the same partners."""
    skus = {sku_id for sku_id in wanted.values() if sku_id is not None}
    which = uow.among(PartnerSku.partner_offer_id, wanted) | uow.among(PartnerSku.sku_id, skus)
    found = await uow.fetch(
        sa.select(PartnerSku.partnership_id, PartnerSku.sku_id, PartnerSku.partner_offer_id).where(
            uow.mine(PartnerSku), uow.among(PartnerSku.partnership_id, partnerships), which
        )
    )
    return {(row.partnership_id, row.sku_id): row.partner_offer_id for row in found}
