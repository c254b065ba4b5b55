"""What orders do about stock and catalog: fill backorders, notice lost promises, end interceptions, map codes."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.catalog import events as catalog_events
from pickmesh.core.journal.reading import LoggedEvent, Reaction
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.orders import backorders, cancel, gifts, locks, mapping, merging, shortages, splits
from pickmesh.core.orders import events as order_events
from pickmesh.core.orders.tables import FulfillmentLine
from pickmesh.core.stock import events as stock_events
from pickmesh.core.stock.rules import Level

CODES = "shop_codes"
"""What a SKU's change calls its shop codes."""


async def on_stock_freed(uow: UnitOfWork, events: Sequence[LoggedEvent]) -> None:
    """Fill backorders at the levels that may have free pieces."""
    levels = {Level(UUID(event.payload["location_id"]), event.subject_id) for event in events}
    await backorders.fill_backorders(uow, levels=levels)


async def on_reservation_released(uow: UnitOfWork, events: Sequence[LoggedEvent]) -> None:
    """End interceptions whose goods are back, then fill backorders with what became free."""
    await cancel.finish_interceptions(uow)
    await on_stock_freed(uow, events)


async def on_reservation_lost(uow: UnitOfWork, events: Sequence[LoggedEvent]) -> None:
    """Mark lines short that lost their promise; where the shop ships what is there, the rest goes on without them.

    A gift makes no order wait: it is dropped.
    """
    lines = await uow.fetch(
        sa.select(FulfillmentLine.id, FulfillmentLine.fulfillment_order_id).where(
            uow.mine(FulfillmentLine), uow.among(FulfillmentLine.id, {event.subject_id for event in events})
        )
    )
    fulfillment_order_ids = {line.fulfillment_order_id for line in lines}
    locked = await locks.lock_fulfillment_orders(uow, fulfillment_order_ids)
    await gifts.forgo(uow, [line.id for line in lines], locked)
    alive = {each for each, row in locked.items() if backorders.may_be_short(row)}
    await shortages.mark_short(uow, [line.id for line in lines if line.fulfillment_order_id in alive])
    await splits.part_off_short(uow, alive)


async def on_codes_mapped(uow: UnitOfWork, events: Sequence[LoggedEvent]) -> None:
    """Take in the order lines that waited for a shop code somebody has mapped now, or that is back with its SKU."""
    if any(event.kind != catalog_events.SkuChanged.kind or CODES in event.payload["what"] for event in events):
        while len(await mapping.map_lines(uow)) == mapping.ORDERS_MAX:
            pass


async def on_order_reviewed(uow: UnitOfWork, events: Sequence[LoggedEvent]) -> None:
    """Join orders a review rule wants merged with what else is open for the same recipients."""
    wanted = {event.subject_id for event in events if event.payload["merge"]}
    if wanted:
        await merging.merge_same_recipient(uow, wanted)


REACTIONS: Mapping[str, Reaction] = {
    catalog_events.SkuCreated.kind: on_codes_mapped,
    catalog_events.SkuChanged.kind: on_codes_mapped,
    catalog_events.SkuRestored.kind: on_codes_mapped,
    order_events.OrderReviewed.kind: on_order_reviewed,
    stock_events.StockReceived.kind: on_stock_freed,
    stock_events.StockAdjusted.kind: on_stock_freed,
    stock_events.SellableChanged.kind: on_stock_freed,
    # An order may be found short in the very moment stock arrives; its own event brings it a second look.
    stock_events.StockShort.kind: on_stock_freed,
    stock_events.ReservationReleased.kind: on_reservation_released,
    stock_events.ReservationLost.kind: on_reservation_lost,
}
