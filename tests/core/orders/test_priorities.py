"""How urgent orders are, when they must leave, before when they are not sent; and actions told are actions done."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, NoReturn
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builders_orders import ORDERED_AT, House, bring_in, make_house, new_order, react, receive, reserved
from tests.builders_routing import brought, nothing_is_off, row_of
from tests.conftest import NOON
from tests.events_told import kinds_told
from tests.statements import statements

from pickmesh.core.journal.database import Database
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.clock import StoppedClock
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.paging import page_request
from pickmesh.core.kit.refusals import InvalidInput, NotFound, Refused, StaleVersion, WrongState
from pickmesh.core.orders import lists, moving, priorities, queries, rerouting, rules
from pickmesh.core.orders.lists import FulfillmentOrderFilter
from pickmesh.core.orders.moving import Move
from pickmesh.core.orders.priorities import Prioritized, Reschedule, Rescheduled
from pickmesh.core.orders.refusals import AlreadyReleased, AlreadyShipped, NotShort
from pickmesh.core.orders.rules import Action
from pickmesh.core.orders.tables import FulfillmentOrder, Progress, RequestStatus
from pickmesh.core.stock import locations
from pickmesh.core.stock import queries as stock_queries
from pickmesh.core.stock.locations import LocationChange

TOMORROW = NOON + timedelta(days=1)


async def prioritize(database: Database, actor: Actor, priority: int, *ids: UUID) -> list[Prioritized | Refused]:
    async with database.unit_of_work(actor) as uow:
        return await priorities.set_priority(uow, ids=ids, priority=priority)


async def reschedule(database: Database, actor: Actor, *schedules: Reschedule) -> list[Rescheduled | Refused]:
    async with database.unit_of_work(actor) as uow:
        return await priorities.reschedule_fulfillment_orders(uow, schedules=schedules)


async def releasable(database: Database, actor: Actor, house: House) -> list[UUID]:
    async with database.reading(actor) as uow:
        found = await queries.releasable(uow, location_id=house.warehouses["HZ1"], limit=50)
    return [each.order.id for each in found]


async def set_facts(database: Database, actor: Actor, fulfillment_order_id: UUID, **facts: Any) -> None:
    async with database.unit_of_work(actor) as uow:
        await uow.update(FulfillmentOrder, [{"id": fulfillment_order_id, **facts}])


async def test_the_urgent_go_first_then_the_promised_time_then_age(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, {"CUP": 50})
    old, soon, urgent = [
        await brought(database, merchant, house, number, 1, ship_by=ORDERED_AT + timedelta(days=days))
        for number, days in (("T-1", 4), ("T-2", 3), ("T-3", 5))
    ]
    assert await releasable(database, merchant, house) == [soon, old, urgent]
    assert await prioritize(database, merchant, priorities.URGENT, urgent) == [Prioritized(urgent, 100, changed=True)]
    assert await releasable(database, merchant, house) == [urgent, soon, old]
    assert await prioritize(database, merchant, 0, urgent) == [Prioritized(urgent, 0, changed=True)]
    assert await releasable(database, merchant, house) == [soon, old, urgent]


async def test_a_priority_set_twice_is_told_once(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, {"CUP": 50})
    order = await brought(database, merchant, house, "T-1", 1)
    assert await prioritize(database, merchant, 9, order, order) == [
        Prioritized(order, 9, changed=True),
        Prioritized(order, 9, changed=False),
    ]
    await prioritize(database, merchant, 9, order)
    assert (await row_of(database, merchant, order)).version == 2
    assert (await kinds_told(database, merchant)).count("fulfillment_order_prioritized") == 1


async def test_what_cannot_be_ranked_is_refused(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, {"CUP": 50})
    shipped, cancelled, with_partner = [await brought(database, merchant, house, f"T-{each}", 1) for each in range(3)]
    await set_facts(database, merchant, shipped, progress=Progress.SHIPPED)
    await set_facts(database, merchant, cancelled, progress=Progress.CANCELLED)
    await set_facts(
        database, merchant, with_partner, progress=Progress.RELEASED, request_status=RequestStatus.SUBMITTED
    )
    answers = await prioritize(database, merchant, 1, shipped, cancelled, with_partner, new_id())
    kinds = [type(answer.refusal) for answer in answers if isinstance(answer, Refused)]
    assert kinds == [AlreadyShipped, WrongState, WrongState, NotFound]
    with pytest.raises(InvalidInput):
        await prioritize(database, merchant, 1_000_001, shipped)


async def test_a_scheduled_order_waits_for_its_day_and_is_taken_by_itself_then(
    database: Database, merchant: Actor, clock: StoppedClock
) -> None:
    house = await make_house(database, merchant, {"CUP": 50})
    order = await brought(database, merchant, house, "T-1", 1)
    assert await reschedule(database, merchant, Reschedule(order, TOMORROW)) == [Rescheduled(order, TOMORROW, True)]
    assert await releasable(database, merchant, house) == []
    row = await row_of(database, merchant, order)
    assert queries.status_of(row, NOON) is rules.Status.SCHEDULED
    clock.advance(TOMORROW - NOON)
    assert await releasable(database, merchant, house) == [order]
    assert queries.status_of(row, TOMORROW) is rules.Status.OPEN


async def test_a_schedule_is_cleared_and_told_once(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, {"CUP": 50})
    order = await brought(database, merchant, house, "T-1", 1, fulfill_at=TOMORROW)
    assert await reschedule(database, merchant, Reschedule(order, TOMORROW)) == [Rescheduled(order, TOMORROW, False)]
    assert await reschedule(database, merchant, Reschedule(order, None, 1)) == [Rescheduled(order, None, True)]
    assert await releasable(database, merchant, house) == [order]
    assert (await kinds_told(database, merchant)).count("fulfillment_order_rescheduled") == 1


async def test_what_cannot_be_rescheduled_is_refused(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, {"CUP": 50})
    order, released = [await brought(database, merchant, house, f"T-{each}", 1) for each in range(2)]
    await set_facts(database, merchant, released, progress=Progress.RELEASED)
    answers = await reschedule(
        database,
        merchant,
        Reschedule(new_id(), None),
        Reschedule(released, TOMORROW),
        Reschedule(order, datetime(2026, 12, 1)),
        Reschedule(order, datetime(1970, 1, 1, tzinfo=UTC)),
        Reschedule(order, TOMORROW, 7),
        Reschedule(order, TOMORROW),
        Reschedule(order, None),
    )
    kinds = [type(answer.refusal) if isinstance(answer, Refused) else answer.changed for answer in answers]
    assert kinds == [NotFound, AlreadyReleased, InvalidInput, InvalidInput, StaleVersion, True, InvalidInput]


async def test_presale_holds_stock_in_the_order_of_its_promise_and_backorders_are_filled_by_it(
    database: Database, merchant: Actor
) -> None:
    house = await make_house(database, merchant, {"CUP": 3})
    presale = new_order(
        house, "T-1", {"CUP": 3}, fulfill_at=NOON + timedelta(days=5), ship_by=ORDERED_AT + timedelta(days=7)
    )
    await bring_in(database, merchant, presale)
    assert await reserved(database, merchant, house, "CUP") == 3
    later = await brought(database, merchant, house, "T-2", 2, ship_by=ORDERED_AT + timedelta(days=9))
    sooner = await brought(database, merchant, house, "T-3", 2, ship_by=ORDERED_AT + timedelta(days=2))
    await receive(database, merchant, house, {"CUP": 2})
    await react(database, merchant)
    short = [(await row_of(database, merchant, each)).short_quantity for each in (later, sooner)]
    assert short == [2, 0]
    await nothing_is_off(database, merchant)


async def test_what_a_person_said_of_rank_and_day_outlives_a_change_in_the_shop(
    database: Database, merchant: Actor
) -> None:
    house = await make_house(database, merchant, {"CUP": 50})
    order = await brought(database, merchant, house, "T-1", 1)
    await prioritize(database, merchant, 100, order)
    await reschedule(database, merchant, Reschedule(order, TOMORROW))
    await bring_in(database, merchant, new_order(house, "T-1", {"CUP": 1}, remark="请包好"))
    row = await row_of(database, merchant, order)
    assert (row.priority, row.fulfill_at) == (100, TOMORROW)
    sooner = NOON + timedelta(hours=2)
    await bring_in(database, merchant, new_order(house, "T-1", {"CUP": 1}, priority=5, fulfill_at=sooner))
    row = await row_of(database, merchant, order)
    assert (row.priority, row.fulfill_at) == (5, sooner)


@pytest.mark.parametrize("act", ["prioritize", "reschedule"])
async def test_acts_on_1_10_and_200_take_the_same_number_of_statements(
    database: Database, merchant: Actor, act: str
) -> None:
    house = await make_house(database, merchant, {"CUP": 1_000})
    sent = []
    for size in (1, 10, 200):
        verdicts = await bring_in(
            database, merchant, *(new_order(house, f"T-{size}-{number}", {"CUP": 1}) for number in range(size))
        )
        async with database.reading(merchant) as uow:
            found = await queries.fulfillment_orders_of(uow, [verdict.order_id for verdict in verdicts])
        ids = [rows[0].id for rows in found.values()]
        with statements(database) as told:
            if act == "prioritize":
                await prioritize(database, merchant, 5, *ids)
            else:
                await reschedule(database, merchant, *(Reschedule(each, TOMORROW) for each in ids))
        sent.append(len(told))
    assert sent[0] == sent[1] == sent[2]


def hangzhou(cut_off: str | None) -> Any:
    return SimpleNamespace(cut_off=cut_off, time_zone="Asia/Shanghai")


def test_an_order_must_leave_by_the_last_cut_off_before_its_promise() -> None:
    promised = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)  # 18:00 in Shanghai
    assert priorities.leave_by(promised, hangzhou("17:00")) == datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
    assert priorities.leave_by(promised, hangzhou("19:00")) == datetime(2026, 11, 24, 11, 0, tzinfo=UTC)
    assert priorities.leave_by(promised, hangzhou(None)) == promised
    assert priorities.leave_by(promised, None) == promised


HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("progress", "leaves_in", "late"),
    [
        (Progress.OPEN, HOUR, False),
        (Progress.OPEN, timedelta(0), False),
        (Progress.OPEN, -HOUR, True),
        (Progress.PACKED, -HOUR, True),
        (Progress.CANCELLED, -HOUR, False),
        (Progress.MERGED, -HOUR, False),
        (Progress.SHIPPED, -HOUR, False),
    ],
)
def test_an_order_is_late_once_its_last_cut_off_has_gone_by(
    progress: Progress, leaves_in: timedelta, late: bool
) -> None:
    assert priorities.is_late(progress, NOON + leaves_in, NOON) is late


async def test_the_filter_of_the_database_agrees_with_the_rule_about_what_is_late(
    database: Database, merchant: Actor
) -> None:
    house = await make_house(database, merchant, {"CUP": 50}, warehouses=("HZ1", "BJ1"))
    async with database.unit_of_work(merchant) as uow:
        cut = LocationChange(house.warehouses["HZ1"], cut_off="11:00")
        await locations.change_locations(uow, changes=[cut])
    moments = [NOON + timedelta(hours=hours) for hours in (-30, -2, -1, 0, 1, 22, 23, 24)]
    cases = [(progress, at, code) for progress in Progress for at in moments for code in ("HZ1", "BJ1", None)]
    verdicts = await bring_in(
        database,
        merchant,
        *(new_order(house, f"T-{each}", {"CUP": 1}, ship_by=at) for each, (_, at, _) in enumerate(cases)),
    )
    async with database.unit_of_work(merchant) as uow:
        rows = await queries.fulfillment_orders_of(uow, [verdict.order_id for verdict in verdicts])
        ids = [rows[verdict.order_id][0].id for verdict in verdicts]
        where = {None: None, **house.warehouses}
        await uow.update(
            FulfillmentOrder,
            [
                {"id": each, "progress": progress, "location_id": where[code]}
                for each, (progress, _, code) in zip(ids, cases, strict=True)
            ],
        )
        places = await stock_queries.locations_by_id(uow, house.warehouses.values())
        expected = {
            each
            for each, (progress, at, code) in zip(ids, cases, strict=True)
            if priorities.is_late(progress, priorities.leave_by(at, code and places[house.warehouses[code]]), NOON)
        }
        late, others = [
            await lists.fulfillment_order_page(uow, page_request(250, None), FulfillmentOrderFilter(late=late))
            for late in (True, False)
        ]
    assert {row.id for row in late.items} == expected
    assert {row.id for row in others.items} == set(ids) - expected


Act = Callable[[UnitOfWork, UUID, UUID], Awaitable[list[Any]]]
ACTS: dict[Action, Act] = {
    Action.MOVE: lambda uow, order, there: moving.move_fulfillment_orders(uow, moves=[Move(order, there)]),
    Action.REROUTE: lambda uow, order, _: rerouting.reroute_fulfillment_orders(uow, ids=[order]),
    Action.PRIORITIZE: lambda uow, order, _: priorities.set_priority(uow, ids=[order], priority=7),
    Action.RESCHEDULE: lambda uow, order, _: priorities.reschedule_fulfillment_orders(
        uow, schedules=[Reschedule(order, TOMORROW)]
    ),
}
states = st.fixed_dictionaries(
    {
        "progress": st.sampled_from(Progress),
        "hold_count": st.sampled_from([0, 1]),
        "short_quantity": st.sampled_from([0, 2]),
        "fulfill_at": st.sampled_from([None, NOON, TOMORROW]),
        "intercepted_at": st.sampled_from([None, NOON]),
        "request_status": st.sampled_from(RequestStatus),
    }
)


@pytest.mark.parametrize("placed", [True, False])
async def test_an_action_is_told_exactly_when_its_command_accepts(
    database: Database, merchant: Actor, placed: bool
) -> None:
    house = await make_house(database, merchant, {"CUP": 50}, warehouses=("HZ1", "BJ1"))
    told_of: list[dict[str, Any]] = []
    collect(told_of)
    verdicts = await bring_in(
        database, merchant, *(new_order(house, f"T-{number}", {"CUP": 1}) for number in range(len(told_of)))
    )
    async with database.reading(merchant) as uow:
        found = await queries.fulfillment_orders_of(uow, [verdict.order_id for verdict in verdicts])
    ids = [found[verdict.order_id][0].id for verdict in verdicts]
    where = house.warehouses["HZ1"] if placed else None
    async with database.unit_of_work(merchant) as uow:
        rows = [{"id": each, "location_id": where, **state} for each, state in zip(ids, told_of, strict=True)]
        await uow.update(FulfillmentOrder, rows)
        shown = await queries.fulfillment_orders(uow, ids)
    for order in ids:
        row = shown[order]
        actions = rules.supported_actions(Progress(row.progress), queries.facts_of(row), NOON)
        for action, act in ACTS.items():
            accepts = await accepted(database, merchant, act, order, house.warehouses["BJ1"])
            assert accepts is (action in actions), (action, row)


def collect(told_of: list[dict[str, Any]]) -> None:
    """Draw states a fulfillment order may be in, each once."""

    @given(states)
    def draw(state: dict[str, Any]) -> None:
        if state not in told_of:
            told_of.append(state)

    draw()


async def accepted(database: Database, merchant: Actor, act: Act, order: UUID, there: UUID) -> bool:
    """Tell whether a command accepts an order, and undo what it did."""
    try:
        async with database.unit_of_work(merchant) as uow:
            (answer,) = await act(uow, order, there)
            if isinstance(answer, Refused):
                assert isinstance(answer.refusal, WrongState | AlreadyReleased | AlreadyShipped | NotShort)
            undo(not isinstance(answer, Refused))
    except _UndoneError as undone:
        return undone.accepts


def undo(accepts: bool) -> NoReturn:
    raise _UndoneError(accepts)


class _UndoneError(Exception):
    """Rolls a unit of work back and says what was found out."""

    def __init__(self, accepts: bool) -> None:
        super().__init__()
        self.accepts = accepts
