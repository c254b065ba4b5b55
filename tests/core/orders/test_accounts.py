"""Whatever happens to an order in whatever sequence: ordered = live + cancelled + refunded, and stock is true."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.builders_orders import House, make_house, new_order, react, receive
from tests.databases import make_merchant

from pickmesh.core.accounts.tables import ShortagePolicy
from pickmesh.core.journal.database import Database
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.orders import cancel, checks, holds, intake, queries, splits
from pickmesh.core.orders.incoming import NewLine, NewOrder
from pickmesh.core.orders.splits import Split
from pickmesh.core.orders.tables import FulfillmentLine, FulfillmentOrder, OrderLine, PaymentStatus, Progress
from pickmesh.core.stock import checks as stock_checks

CODES = ("CUP", "POT", "SET", "MYSTERY")
line = st.tuples(st.sampled_from(CODES), st.integers(1, 4), st.integers(0, 4))
told = st.tuples(
    st.just("tell"),
    st.integers(0, 1),
    st.lists(line, min_size=1, max_size=4, unique_by=lambda one: one[0]),
    st.sampled_from([PaymentStatus.PAID, PaymentStatus.UNPAID, PaymentStatus.REFUNDED, PaymentStatus.COD]),
)
act = st.tuples(st.sampled_from(["cancel", "split", "hold", "receive"]), st.integers(0, 5), st.integers(1, 3))
steps = st.lists(told | act, min_size=1, max_size=8)


def order_of(house: House, number: int, lines: list[tuple[str, int, int]], payment: PaymentStatus) -> NewOrder:
    """Return an order in which a code always stands on the line of its own number."""
    made = [
        NewLine(str(CODES.index(code)), code, quantity, 12_500_000, refunded_quantity=min(refunded, quantity))
        for code, quantity, refunded in lines
    ]
    return replace(new_order(house, f"T-{number}", {}), lines=made, payment_status=payment)


async def take_step(uow: UnitOfWork, house: House, step: tuple[Any, ...]) -> None:
    if step[0] == "tell":
        _, number, lines, payment = step
        await intake.import_orders(uow, orders=[order_of(house, number, lines, payment)])
        return
    kind, which, units = step
    page = await uow.fetch(sa.select(FulfillmentOrder.id).where(uow.mine(FulfillmentOrder)).order_by("id"))
    if not page:
        return
    each: UUID = page[which % len(page)].id
    if kind == "cancel":
        await cancel.cancel_fulfillment_orders(uow, ids=[each], reason="BUYER")
    elif kind == "hold":
        await holds.hold(uow, fulfillment_order_ids=[each])
    elif kind == "split":
        lines = (await queries.lines_of_fulfillment_orders(uow, [each])).get(each, [])
        if lines:
            await splits.split_fulfillment_orders(uow, splits=[Split(each, {lines[-1].group_id: units})])


async def accounts(uow: UnitOfWork) -> list[tuple[int, int, int, int]]:
    """Return (ordered, live, cancelled, refunded) of every mapped order line, counted by hand from the rows."""
    orders = {row.id: row.progress for row in await uow.fetch(select_all(uow, FulfillmentOrder))}
    parts = await uow.fetch(select_all(uow, FulfillmentLine))
    found = []
    for ordered in await uow.fetch(select_all(uow, OrderLine)):
        mine = [part for part in parts if part.order_line_id == ordered.id]
        alive = [part for part in mine if orders[part.fulfillment_order_id] != Progress.CANCELLED]
        per_sku = {part.sku_id: 0 for part in mine}
        for part in alive:
            per_sku[part.sku_id] += part.quantity // part.per_unit
        if ordered.sku_id is not None:
            live = set(per_sku.values()) or {0}
            assert len(live) == 1, "the components of a bundle have come apart"
            found.append((ordered.quantity, live.pop(), ordered.cancelled_quantity, ordered.refunded_quantity))
    return found


def select_all(uow: UnitOfWork, table: Any) -> Any:
    return sa.select(table.__table__).where(uow.mine(table))


@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],  # a failure has eight steps at most; shrinking it would take minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=steps, policy=st.sampled_from(ShortagePolicy), stock=st.integers(0, 9))
async def test_ordered_is_live_plus_cancelled_plus_refunded_after_every_step(
    shared_databases: dict[str, Database], steps: list[tuple[Any, ...]], policy: ShortagePolicy, stock: int
) -> None:
    database = shared_databases["sqlite"]
    actor = await make_merchant(database)
    bundles = {"SET": {"POT": 3, "CUP": 2}}
    house = await make_house(database, actor, {"CUP": stock, "POT": stock}, policy=policy, bundles=bundles)
    last = 0
    for step in steps:
        if step[0] == "receive":
            await receive(database, actor, house, {"CUP": step[2], "POT": 1})
        else:
            async with database.unit_of_work(actor) as uow:
                await take_step(uow, house, step)
        last = await react(database, actor, after=last)
        async with database.reading(actor) as uow:
            assert await checks.violations(uow) + await stock_checks.violations(uow) == []
            assert [row for row in await accounts(uow) if row[0] != sum(row[1:])] == []
