"""What may be asked of the mesh: partnerships, what is offered by and to us, which SKU is which offer."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal import paged
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.paging import Page, PageRequest
from pickmesh.core.mesh.tables import Offer, PartnerOffer, Partnership, PartnershipStatus, PartnerSku

Row = sa.Row[*tuple[Any, ...]]

PARTNERSHIP = (
    Partnership.id,
    Partnership.partner_id,
    Partnership.partner_code,
    Partnership.partner_name,
    Partnership.status,
    Partnership.currency,
    Partnership.hours_to_answer,
    Partnership.auto_accept,
    Partnership.auto_route,
    Partnership.shop_id,
    Partnership.location_id,
    Partnership.created_at,
    Partnership.ended_at,
    Partnership.version,
)
"""Every column of a partnership, as commands and queries read them."""
OFFER = (
    Offer.id,
    Offer.partnership_id,
    Offer.sku_id,
    Offer.price_micros,
    Offer.share_percent,
    Offer.told_quantity,
    Offer.created_at,
    Offer.withdrawn_at,
    Offer.version,
)
"""Every column of an offer of ours."""
PARTNER_OFFER = (
    PartnerOffer.id,
    PartnerOffer.partnership_id,
    PartnerOffer.code,
    PartnerOffer.name_zh,
    PartnerOffer.name_en,
    PartnerOffer.barcodes,
    PartnerOffer.price_micros,
    PartnerOffer.told_quantity,
    PartnerOffer.told_at,
    PartnerOffer.withdrawn_at,
    PartnerOffer.version,
)
"""Every column of a partner's offer; `version` is the partner's own count of its changes."""


@dataclass(frozen=True, slots=True)
class MappedOffer:
    """A partner's offer that is a SKU of ours, while the partnership is active and the offer stands."""

    sku_id: UUID
    partner_offer_id: UUID
    told_quantity: int
    price_micros: int
    partnership_id: UUID
    partner_id: UUID
    currency: str
    hours_to_answer: int
    auto_route: bool
    location_id: UUID
    shop_id: UUID


async def partnerships(uow: UnitOfWork) -> list[Row]:
    """Return all partnerships, ended ones too, by the partner's code."""
    found = sa.select(*PARTNERSHIP).where(uow.mine(Partnership)).order_by(Partnership.partner_code, Partnership.id)
    return list(await uow.fetch(found))


async def partnerships_by_id(uow: UnitOfWork, ids: Iterable[UUID]) -> dict[UUID, Row]:
    """Return partnerships by id; unknown ids are missing."""
    found = sa.select(*PARTNERSHIP).where(uow.mine(Partnership), uow.among(Partnership.id, ids))
    return {row.id: row for row in await uow.fetch(found)}


async def partnership(uow: UnitOfWork, partnership_id: UUID) -> Row | None:
    """Return one partnership, None when there is none of that id."""
    return (await partnerships_by_id(uow, [partnership_id])).get(partnership_id)


async def offer_page(uow: UnitOfWork, request: PageRequest, *, partnership_id: UUID | None = None) -> Page[Row]:
    """Return a page of what we offer, to one partner or to all, withdrawn offers too, the newest first."""
    found = sa.select(*OFFER).where(uow.mine(Offer))
    if partnership_id is not None:
        found = found.where(Offer.partnership_id == partnership_id)
    return await paged.page_by_id(uow, found, Offer.id, request)


async def offers_by_id(uow: UnitOfWork, ids: Iterable[UUID]) -> dict[UUID, Row]:
    """Return offers of ours by id, withdrawn ones too; unknown ids are missing."""
    found = await uow.fetch(sa.select(*OFFER).where(uow.mine(Offer), uow.among(Offer.id, ids)))
    return {row.id: row for row in found}


async def partner_offer_page(
    uow: UnitOfWork, request: PageRequest, *, partnership_id: UUID | None = None, only_unmapped: bool = False
) -> Page[Row]:
    """Return a page of what partners offer us and have not withdrawn, from one of them or all, the newest first."""
    found = sa.select(*PARTNER_OFFER).where(uow.mine(PartnerOffer), PartnerOffer.withdrawn_at.is_(None))
    if partnership_id is not None:
        found = found.where(PartnerOffer.partnership_id == partnership_id)
    if only_unmapped:
        found = found.where(PartnerOffer.id.not_in(sa.select(PartnerSku.partner_offer_id).where(uow.mine(PartnerSku))))
    return await paged.page_by_id(uow, found, PartnerOffer.id, request)


async def partner_offers_by_id(uow: UnitOfWork, ids: Iterable[UUID]) -> dict[UUID, Row]:
    """Return partners' offers by id, withdrawn ones too; unknown ids are missing."""
    found = await uow.fetch(sa.select(*PARTNER_OFFER).where(uow.mine(PartnerOffer), uow.among(PartnerOffer.id, ids)))
    return {row.id: row for row in found}


async def skus_of_partner_offers(uow: UnitOfWork, partner_offer_ids: Iterable[UUID]) -> dict[UUID, UUID]:
    """Return the SKU each of these partners' offers is; unmapped ones are missing."""
    found = sa.select(PartnerSku.partner_offer_id, PartnerSku.sku_id).where(
        uow.mine(PartnerSku), uow.among(PartnerSku.partner_offer_id, partner_offer_ids)
    )
    return {row.partner_offer_id: row.sku_id for row in await uow.fetch(found)}


async def mapped_offers(uow: UnitOfWork, sku_ids: Collection[UUID]) -> dict[UUID, list[MappedOffer]]:
    """Return which active partners offer these SKUs, the cheapest first; a SKU nobody offers is missing."""
    offer_is = sa.and_(uow.mine(PartnerOffer), PartnerOffer.id == PartnerSku.partner_offer_id)
    partner_is = sa.and_(uow.mine(Partnership), Partnership.id == PartnerSku.partnership_id)
    found = await uow.fetch(
        sa.select(
            PartnerSku.sku_id,
            PartnerSku.partner_offer_id,
            PartnerOffer.told_quantity,
            PartnerOffer.price_micros,
            Partnership.id.label("partnership_id"),
            Partnership.partner_id,
            Partnership.currency,
            Partnership.hours_to_answer,
            Partnership.auto_route,
            Partnership.location_id,
            Partnership.shop_id,
        )
        .join(PartnerOffer, offer_is)
        .join(Partnership, partner_is)
        .where(
            uow.mine(PartnerSku),
            uow.among(PartnerSku.sku_id, sku_ids),
            PartnerOffer.withdrawn_at.is_(None),
            Partnership.status == PartnershipStatus.ACTIVE,
        )
        .order_by(PartnerSku.sku_id, PartnerOffer.price_micros, Partnership.id)
    )
    answer: dict[UUID, list[MappedOffer]] = {}
    for row in found:
        answer.setdefault(row.sku_id, []).append(MappedOffer(**row._mapping))
    return answer
