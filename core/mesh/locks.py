"""The row locks of the mesh, in their one order: partnership, offer, partner's offer, dropship; ids ascending.

They stand with the other master data, before orders and stock.
"""

from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.mesh.dropship_queries import DROPSHIP
from pickmesh.core.mesh.queries import OFFER, PARTNER_OFFER, PARTNERSHIP
from pickmesh.core.mesh.tables import Dropship, Offer, PartnerOffer, Partnership, PartnershipStatus

Row = sa.Row[*tuple[Any, ...]]


async def lock_partnerships(uow: UnitOfWork, ids: Collection[UUID]) -> dict[UUID, Row]:
    """Lock partnerships; return those that exist, with every column."""
    return {row.id: row for row in await _partnerships(uow, uow.among(Partnership.id, ids))}


async def lock_partnership_with(uow: UnitOfWork, partner_id: UUID) -> Row | None:
    """Lock the partnership with a merchant, if there is one."""
    found = await _partnerships(uow, Partnership.partner_id == partner_id)
    return found[0] if found else None


async def _partnerships(uow: UnitOfWork, which: sa.ColumnElement[bool]) -> list[Row]:
    found = sa.select(*PARTNERSHIP).where(uow.mine(Partnership), which).order_by(Partnership.id).with_for_update()
    return list(await uow.fetch(found))


async def lock_offers(uow: UnitOfWork, partnership_ids: Collection[UUID], sku_ids: Collection[UUID]) -> list[Row]:
    """Lock what is offered, or was, of these SKUs to these partners."""
    which = uow.among(Offer.partnership_id, partnership_ids), uow.among(Offer.sku_id, sku_ids)
    found = sa.select(*OFFER).where(uow.mine(Offer), *which).order_by(Offer.id).with_for_update()
    return list(await uow.fetch(found))


async def lock_offers_of(uow: UnitOfWork, partnership_id: UUID) -> list[Row]:
    """Lock everything that is offered to a partner."""
    which = Offer.partnership_id == partnership_id, Offer.withdrawn_at.is_(None)
    found = sa.select(*OFFER).where(uow.mine(Offer), *which).order_by(Offer.id).with_for_update()
    return list(await uow.fetch(found))


async def lock_offers_in_force(uow: UnitOfWork, sku_ids: Collection[UUID]) -> list[Row]:
    """Lock what is offered of these SKUs to partners who are active, with `partner_id` of each."""
    active = sa.select(Partnership.id).where(uow.mine(Partnership), Partnership.status == PartnershipStatus.ACTIVE)
    found = (
        sa.select(*OFFER)
        .where(
            uow.mine(Offer),
            uow.among(Offer.sku_id, sku_ids),
            Offer.withdrawn_at.is_(None),
            Offer.partnership_id.in_(active),
        )
        .order_by(Offer.id)
        .with_for_update()
    )
    return list(await uow.fetch(found))


async def lock_partner_offers(uow: UnitOfWork, ids: Iterable[UUID]) -> dict[UUID, Row]:
    """Lock what partners offer; return those that exist, with every column."""
    found = (
        sa.select(*PARTNER_OFFER)
        .where(uow.mine(PartnerOffer), uow.among(PartnerOffer.id, sorted(ids)))
        .order_by(PartnerOffer.id)
        .with_for_update()
    )
    return {row.id: row for row in await uow.fetch(found)}


async def lock_partner_offers_of(uow: UnitOfWork, partnership_id: UUID) -> list[Row]:
    """Lock everything a partner offers."""
    found = (
        sa.select(*PARTNER_OFFER)
        .where(uow.mine(PartnerOffer), PartnerOffer.partnership_id == partnership_id)
        .where(PartnerOffer.withdrawn_at.is_(None))
        .order_by(PartnerOffer.id)
        .with_for_update()
    )
    return list(await uow.fetch(found))


async def lock_heard(uow: UnitOfWork, dropship_id: UUID) -> int:
    """Lock a dropship and return how many of the partner's messages about it were dealt with; 0 when it is unknown."""
    found = sa.select(Dropship.heard).where(uow.mine(Dropship), Dropship.id == dropship_id).with_for_update()
    row = await uow.first(found)
    return 0 if row is None else int(row.heard)


async def lock_dropships(uow: UnitOfWork, which: sa.ColumnElement[bool]) -> dict[UUID, Row]:
    """Lock the dropships that meet a condition; return them with every column and what their partnerships say."""
    partnership_is = sa.and_(uow.mine(Partnership), Partnership.id == Dropship.partnership_id)
    found = (
        sa.select(*DROPSHIP, Partnership.partner_id, Partnership.shop_id, Partnership.auto_accept)
        .join(Partnership, partnership_is)
        .where(uow.mine(Dropship), which)
        .order_by(Dropship.id)
        .with_for_update(of=Dropship)
    )
    return {row.id: row for row in await uow.fetch(found)}
