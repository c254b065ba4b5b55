"""What may be asked about dropships: pages, lines, parcels, and what partners owe each other."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal import paged
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.paging import Page, PageRequest
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.mesh.tables import (
    Account,
    BookEntry,
    Dropship,
    DropshipLine,
    DropshipParcel,
    DropshipStatus,
    PartnerOffer,
    Partnership,
    PartnerSku,
    Side,
)
from pickmesh.core.orders.tables import FulfillmentLine, FulfillmentOrder, Progress

Rows = Sequence[sa.Row[Any]]

DROPSHIP = (
    Dropship.id,
    Dropship.number,
    Dropship.side,
    Dropship.partnership_id,
    Dropship.fulfillment_order_id,
    Dropship.order_id,
    Dropship.status,
    Dropship.reason,
    Dropship.currency,
    Dropship.goods_minor,
    Dropship.hops,
    Dropship.submitted_at,
    Dropship.answer_by,
    Dropship.answered_at,
    Dropship.shipped_at,
    Dropship.version,
)
"""Every column of a dropship but its message counts."""
_LINE = tuple(DropshipLine.__table__.c)
_PARCEL = tuple(DropshipParcel.__table__.c)


@dataclass(frozen=True, slots=True)
class DropshipFilter:
    """Which dropships: every named condition must hold; an empty filter is all of them."""

    side: Side | None = None
    statuses: Collection[DropshipStatus] | None = None
    partnership_id: UUID | None = None
    order_ids: Collection[UUID] | None = None
    numbers: Collection[int] | None = None


async def dropship_page(
    uow: UnitOfWork, request: PageRequest, chosen: DropshipFilter | None = None
) -> Page[sa.Row[Any]]:
    """Return a page of dropships of both sides, the newest first."""
    uow.actor.require(Permission.ORDERS_READ)
    wanted = chosen or DropshipFilter()
    conditions = [
        uow.among(column, values)
        for column, values in (
            (Dropship.status, wanted.statuses),
            (Dropship.order_id, wanted.order_ids),
            (Dropship.number, wanted.numbers),
        )
        if values is not None
    ]
    if wanted.side is not None:
        conditions.append(Dropship.side == wanted.side)
    if wanted.partnership_id is not None:
        conditions.append(Dropship.partnership_id == wanted.partnership_id)
    statement = sa.select(*DROPSHIP).where(uow.mine(Dropship), *conditions)
    return await paged.page_by_id(uow, statement, Dropship.id, request)


async def dropships(uow: UnitOfWork, ids: Collection[UUID]) -> dict[UUID, sa.Row[Any]]:
    """Return dropships by id; unknown ids are missing."""
    found = await uow.fetch(sa.select(*DROPSHIP).where(uow.mine(Dropship), uow.among(Dropship.id, ids)))
    return {row.id: row for row in found}


async def dropships_by_number(uow: UnitOfWork, numbers: Collection[int]) -> dict[int, sa.Row[Any]]:
    """Return dropships by our own number."""
    found = await uow.fetch(sa.select(*DROPSHIP).where(uow.mine(Dropship), uow.among(Dropship.number, numbers)))
    return {row.number: row for row in found}


async def dropships_of_orders(uow: UnitOfWork, order_ids: Collection[UUID]) -> Mapping[UUID, list[sa.Row[Any]]]:
    """Return the dropships of orders, oldest first: as the distributor those we gave away, as the supplier the one."""
    statement = sa.select(*DROPSHIP).where(uow.mine(Dropship), uow.among(Dropship.order_id, order_ids))
    return paged.grouped(await uow.fetch(statement.order_by(Dropship.id)), "order_id")


async def dropships_of_fulfillment_orders(
    uow: UnitOfWork, fulfillment_order_ids: Collection[UUID]
) -> Mapping[UUID, list[sa.Row[Any]]]:
    """Return the dropships by which fulfillment orders were given to partners, oldest first."""
    statement = sa.select(*DROPSHIP).where(
        uow.mine(Dropship),
        Dropship.side == Side.DISTRIBUTOR,
        uow.among(Dropship.fulfillment_order_id, fulfillment_order_ids),
    )
    return paged.grouped(await uow.fetch(statement.order_by(Dropship.id)), "fulfillment_order_id")


async def lines_of_dropships(uow: UnitOfWork, ids: Collection[UUID]) -> Mapping[UUID, list[sa.Row[Any]]]:
    """Return the lines of dropships, in their order."""
    statement = sa.select(*_LINE).where(uow.mine(DropshipLine), uow.among(DropshipLine.dropship_id, ids))
    return paged.grouped(
        await uow.fetch(statement.order_by(DropshipLine.dropship_id, DropshipLine.line)), "dropship_id"
    )


async def parcels_of_dropships(uow: UnitOfWork, ids: Collection[UUID]) -> Mapping[UUID, list[sa.Row[Any]]]:
    """Return the parcels of dropships that left the supplier, oldest first."""
    statement = sa.select(*_PARCEL).where(uow.mine(DropshipParcel), uow.among(DropshipParcel.dropship_id, ids))
    ordered = statement.order_by(DropshipParcel.shipped_at, DropshipParcel.parcel_id)
    return paged.grouped(await uow.fetch(ordered), "dropship_id")


async def owed(uow: UnitOfWork, partnership_ids: Collection[UUID]) -> dict[UUID, dict[str, int]]:
    """Return, per partnership and currency, what the partner owes us in minor units; below zero we owe it."""
    found = await uow.fetch(
        sa.select(BookEntry.partnership_id, BookEntry.currency, sa.func.sum(BookEntry.amount_minor).label("minor"))
        .where(
            uow.mine(BookEntry),
            uow.among(BookEntry.partnership_id, partnership_ids),
            BookEntry.account == Account.PARTNER,
        )
        .group_by(BookEntry.partnership_id, BookEntry.currency)
    )
    sums: dict[UUID, dict[str, int]] = {}
    for row in found:
        sums.setdefault(row.partnership_id, {})[row.currency] = int(row.minor)
    return sums


async def waiting_for_partners(uow: UnitOfWork, partnership_ids: Collection[UUID], *, limit: int) -> list[UUID]:
    """Return open orders that lack stock of SKUs these partners have, where they take them without being asked.

    The most urgent come first; an order that one of them has had before is left out.
    """
    theirs = (
        sa.select(PartnerSku.sku_id, PartnerSku.partnership_id)
        .join(Partnership, sa.and_(uow.mine(Partnership), Partnership.id == PartnerSku.partnership_id))
        .join(PartnerOffer, sa.and_(uow.mine(PartnerOffer), PartnerOffer.id == PartnerSku.partner_offer_id))
        .where(
            uow.mine(PartnerSku),
            uow.among(PartnerSku.partnership_id, partnership_ids),
            Partnership.auto_route,
            PartnerOffer.withdrawn_at.is_(None),
            PartnerOffer.told_quantity > 0,
        )
        .subquery()
    )
    had = sa.select(Dropship.id).where(
        uow.mine(Dropship),
        Dropship.side == Side.DISTRIBUTOR,
        Dropship.order_id == FulfillmentOrder.order_id,
        Dropship.partnership_id == theirs.c.partnership_id,
    )
    lacking = sa.or_(FulfillmentOrder.short_quantity > 0, FulfillmentOrder.location_id.is_(None))
    found = await uow.fetch(
        sa.select(FulfillmentOrder.id, FulfillmentOrder.ship_by)
        .join(
            FulfillmentLine,
            sa.and_(uow.mine(FulfillmentLine), FulfillmentLine.fulfillment_order_id == FulfillmentOrder.id),
        )
        .join(theirs, theirs.c.sku_id == FulfillmentLine.sku_id)
        .where(
            uow.mine(FulfillmentOrder),
            FulfillmentOrder.progress == Progress.OPEN,
            FulfillmentOrder.intercepted_at.is_(None),
            lacking,
            ~sa.exists(had),
        )
        .distinct()
        .order_by(FulfillmentOrder.ship_by, FulfillmentOrder.id)
        .limit(limit)
    )
    return [row.id for row in found]
