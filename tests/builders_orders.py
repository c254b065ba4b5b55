"""Orders for tests of any room: a shop with goods on shelves, and orders as it would tell them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from tests.builders_accounts import make_shop
from tests.builders_catalog import make_bundle, make_skus

from pickmesh.core.accounts.tables import ShortagePolicy
from pickmesh.core.journal.database import Database
from pickmesh.core.journal.reading import events_after
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.refusals import Refused
from pickmesh.core.orders import intake, progress, queries
from pickmesh.core.orders.incoming import NewLine, NewOrder
from pickmesh.core.orders.reactions import REACTIONS
from pickmesh.core.orders.recipients import NewRecipient
from pickmesh.core.orders.tables import FulfillmentOrder, PaymentStatus
from pickmesh.core.orders.verdicts import OrderVerdict
from pickmesh.core.stock import allocations, carrying, places, put_backs, receipts
from pickmesh.core.stock import queries as stock_queries
from pickmesh.core.stock.allocations import AllocationNeed
from pickmesh.core.stock.carrying import Carry
from pickmesh.core.stock.places import NewPlace
from pickmesh.core.stock.put_backs import PutBack
from pickmesh.core.stock.receipts import Receipt
from pickmesh.core.stock.tables import Place, StockLevel

ORDERED_AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
BUYER = NewRecipient(
    "林晓彤", "13812345678", "文三路 269 号 5 幢 1201 室", "CN", "浙江省", "杭州市", "西湖区", "310012"
)


@dataclass(frozen=True, slots=True)
class House:
    """A merchant's shop and the goods it sells, by code; bundles are among the SKUs."""

    shop: str
    shop_id: UUID
    skus: Mapping[str, UUID]
    warehouses: Mapping[str, UUID] = field(default_factory=dict)
    bins: Mapping[str, UUID] = field(default_factory=dict)


async def make_house(
    database: Database,
    actor: Actor,
    stock: Mapping[str, int],
    *,
    policy: ShortagePolicy = ShortagePolicy.WAIT_FOR_ALL,
    bundles: Mapping[str, Mapping[str, int]] | None = None,
    warehouses: Sequence[str] = ("HZ1",),
) -> House:
    """Open a shop whose own codes are ours, with pieces of plain SKUs in the first warehouse's one bin."""
    shop = "TB"
    shop_id = await make_shop(database, actor, shop, shortage_policy=policy)
    skus = dict(await make_skus(database, actor, list(stock), shop=shop))
    for code, components in (bundles or {}).items():
        skus[code] = await make_bundle(database, actor, code, components, shop=shop)
    house = House(shop, shop_id, skus)
    for code in warehouses:
        house = await add_warehouse(database, actor, house, code)
    if warehouses:
        await receive(database, actor, house, stock)
    return house


async def add_warehouse(database: Database, actor: Actor, house: House, code: str) -> House:
    """Open a warehouse of one bin and return the house with it."""
    async with database.unit_of_work(actor) as uow:
        (saved,) = await places.save_places(uow, places=[NewPlace(code, "A-01-1", "BIN")])
        assert isinstance(saved, places.Saved), saved
        location_id = await uow.scalar(sa.select(Place.location_id).where(uow.mine(Place), Place.id == saved.place_id))
    return replace(house, warehouses={**house.warehouses, code: location_id}, bins={**house.bins, code: saved.place_id})


async def receive(
    database: Database, actor: Actor, house: House, quantities: Mapping[str, int], *, warehouse: str | None = None
) -> None:
    """Bring pieces of SKUs into a warehouse's bin (the first warehouse's unless one is named)."""
    bin_id = house.bins[warehouse or next(iter(house.bins))]
    came = [Receipt(bin_id, house.skus[code], quantity) for code, quantity in quantities.items() if quantity]
    async with database.unit_of_work(actor) as uow:
        for answer in await receipts.receive_stock(uow, receipts=came):
            assert not isinstance(answer, Refused), answer


def new_order(house: House, number: str, wanted: Mapping[str, int], **changes: Any) -> NewOrder:
    """Return an order as the shop tells it: paid, one line per code, promised for two days after it was placed."""
    lines = [
        NewLine(str(index), code, quantity, 12_500_000) for index, (code, quantity) in enumerate(wanted.items(), 1)
    ]
    told: dict[str, Any] = {
        "shop_id": house.shop_id,
        "external_id": number,
        "ordered_at": ORDERED_AT,
        "paid_at": ORDERED_AT + timedelta(seconds=40),
        "payment_status": PaymentStatus.PAID,
        "currency": "CNY",
        "recipient": BUYER,
        "lines": lines,
        "ship_by": ORDERED_AT + timedelta(days=2),
    }
    return NewOrder(**(told | changes))


async def bring_in(database: Database, actor: Actor, *orders: NewOrder) -> list[OrderVerdict]:
    """Import orders, none of which may be refused."""
    async with database.unit_of_work(actor) as uow:
        answers = await intake.import_orders(uow, orders=orders)
    taken = [answer for answer in answers if isinstance(answer, OrderVerdict)]
    assert len(taken) == len(answers), answers
    return taken


async def fulfillment_orders(database: Database, actor: Actor, order_id: UUID) -> list[sa.Row[Any]]:
    """Return an order's fulfillment orders, oldest first."""
    async with database.reading(actor) as uow:
        return (await queries.fulfillment_orders_of(uow, [order_id])).get(order_id, [])


async def only_fulfillment_order(database: Database, actor: Actor, order_id: UUID) -> sa.Row[Any]:
    """Return an order's one fulfillment order."""
    (row,) = await fulfillment_orders(database, actor, order_id)
    return row


async def lines_of(database: Database, actor: Actor, fulfillment_order_id: UUID) -> list[sa.Row[Any]]:
    """Return the lines of a fulfillment order."""
    async with database.reading(actor) as uow:
        return (await queries.lines_of_fulfillment_orders(uow, [fulfillment_order_id])).get(fulfillment_order_id, [])


async def order_lines(database: Database, actor: Actor, order_id: UUID) -> dict[str, sa.Row[Any]]:
    """Return an order's lines by the shop's number of them."""
    async with database.reading(actor) as uow:
        found = (await queries.lines_of_orders(uow, [order_id])).get(order_id, [])
    return {line.external_line_id: line for line in found}


async def reserved(database: Database, actor: Actor, house: House, code: str, warehouse: str | None = None) -> int:
    """Return how many pieces of a SKU a warehouse has promised."""
    location_id = house.warehouses[warehouse or next(iter(house.bins))]
    async with database.reading(actor) as uow:
        found = await uow.scalar(
            sa.select(StockLevel.reserved).where(
                uow.mine(StockLevel), StockLevel.location_id == location_id, StockLevel.sku_id == house.skus[code]
            )
        )
    return int(found or 0)


async def react(database: Database, actor: Actor, *, after: int = 0) -> int:
    """Let orders react to what the log tells after a number, until it tells nothing more; return the last number."""
    while True:
        async with database.unit_of_work(actor) as uow:
            told = await events_after(uow, after)
            for kind, reaction in REACTIONS.items():
                of_kind = [event for event in told if event.kind == kind]
                if of_kind:
                    await reaction(uow, of_kind)
        if not told:
            return after
        after = told[-1].seq


async def count(database: Database, actor: Actor, table: Any = FulfillmentOrder) -> int:
    """Return how many rows a merchant has in a table."""
    async with database.reading(actor) as uow:
        return int(await uow.scalar(sa.select(sa.func.count()).select_from(table).where(uow.mine(table))))


async def put_on_floor(database: Database, actor: Actor, fulfillment_order_id: UUID) -> None:
    """Release a fulfillment order as a wave does: marked, and its lines allocated to bins."""
    async with database.unit_of_work(actor) as uow:
        lines = (await queries.lines_of_fulfillment_orders(uow, [fulfillment_order_id]))[fulfillment_order_id]
        await progress.mark_released(uow, [fulfillment_order_id])
        await allocations.allocate_lines(uow, lines=[AllocationNeed(line.id) for line in lines])


async def pick(
    database: Database, actor: Actor, house: House, fulfillment_order_id: UUID, quantities: Mapping[str, int]
) -> UUID:
    """Carry pieces of SKUs of a released fulfillment order from the bin into its tote; return the tote."""
    warehouse, bin_id = next(iter(house.bins.items()))
    code = f"T-{new_id().hex[:12]}".upper()
    async with database.unit_of_work(actor) as uow:
        (saved,) = await places.save_places(uow, places=[NewPlace(warehouse, code, "TOTE")])
        assert isinstance(saved, places.Saved), saved
        lines = (await queries.lines_of_fulfillment_orders(uow, [fulfillment_order_id]))[fulfillment_order_id]
        wanted = {line.id: quantities[name] for line in lines for name in quantities if line.sku_id == house.skus[name]}
        found = await stock_queries.allocations_of_lines(uow, list(wanted))
        carries = [Carry(row.id, saved.place_id, wanted[row.line_id]) for row in found if row.place_id == bin_id]
        for answer in await carrying.carry_allocations(uow, carries=carries, reason="PICK"):
            assert not isinstance(answer, Refused), answer
        await progress.mark_in_progress(uow, [fulfillment_order_id])
        await progress.record_picked(uow, wanted)
    return saved.place_id


async def put_all_back(database: Database, actor: Actor, house: House, fulfillment_order_id: UUID) -> None:
    """Put every unit of a fulfillment order that has left its bin back into it."""
    bin_id = next(iter(house.bins.values()))
    async with database.unit_of_work(actor) as uow:
        lines = (await queries.lines_of_fulfillment_orders(uow, [fulfillment_order_id]))[fulfillment_order_id]
        found = await stock_queries.allocations_of_lines(uow, [line.id for line in lines])
        backs = [PutBack(row.id, bin_id, row.quantity) for row in found if row.place_id != bin_id]
        for answer in await put_backs.put_back(uow, backs=backs):
            assert not isinstance(answer, Refused), answer
