"""Rules of orders, pure: which status is shown, what may be done."""

from datetime import datetime, timedelta
from itertools import product
from uuid import UUID

import pytest
import sqlalchemy as sa
from tests.builders_orders import bring_in, make_house, new_order
from tests.conftest import NOON

from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.orders import lists, queries, rules
from pickmesh.core.orders.rules import Action, Facts, Status
from pickmesh.core.orders.tables import FulfillmentOrder, Progress

PAST, FUTURE = NOON - timedelta(hours=1), NOON + timedelta(hours=1)
LOCATION = UUID(int=1)
ALL_FACTS = [
    Facts(intercepted, holds, fulfill_at, short, LOCATION)
    for intercepted, holds, fulfill_at, short in product((None, PAST), (0, 2), (None, PAST, NOON, FUTURE), (0, 3))
]
OPEN = (Action.HOLD, Action.CANCEL, Action.SPLIT, Action.MOVE, Action.PRIORITIZE, Action.RESCHEDULE)
PLACED = (*OPEN, Action.MERGE)
WORK = (Action.PICK, Action.PACK)
WORKING = [Progress.OPEN, Progress.RELEASED, Progress.IN_PROGRESS, Progress.PACKED]


@pytest.mark.parametrize("progress", [Progress.CANCELLED, Progress.MERGED, Progress.SHIPPED])
def test_what_has_ended_shows_its_end_whatever_else_is_known(progress: Progress) -> None:
    assert {rules.status(progress, facts, NOON) for facts in ALL_FACTS} == {Status(progress.value)}


@pytest.mark.parametrize("progress", WORKING)
def test_interception_comes_before_holds_schedule_shortage_and_progress(progress: Progress) -> None:
    shown = {rules.status(progress, facts, NOON) for facts in ALL_FACTS if facts.intercepted_at}
    assert shown == {Status.INTERCEPTED}


@pytest.mark.parametrize("progress", WORKING)
def test_a_hold_comes_before_schedule_and_shortage(progress: Progress) -> None:
    held = [facts for facts in ALL_FACTS if not facts.intercepted_at and facts.hold_count]
    assert {rules.status(progress, facts, NOON) for facts in held} == {Status.ON_HOLD}


@pytest.mark.parametrize("progress", WORKING)
@pytest.mark.parametrize("short", [0, 3])
@pytest.mark.parametrize(("fulfill_at", "waits"), [(None, False), (PAST, False), (NOON, False), (FUTURE, True)])
def test_a_schedule_holds_back_until_its_time_then_shortage_then_progress_shows(
    progress: Progress, short: int, fulfill_at: datetime | None, waits: bool
) -> None:
    expected = Status.SCHEDULED if waits else Status.BACKORDERED if short else Status(progress.value)
    assert rules.status(progress, Facts(None, 0, fulfill_at, short, LOCATION), NOON) is expected


@pytest.mark.parametrize(
    ("progress", "facts", "actions"),
    [
        (Progress.OPEN, Facts(location_id=LOCATION), (*PLACED, Action.RELEASE)),
        (Progress.OPEN, Facts(), (*OPEN, Action.ROUTE)),
        (Progress.OPEN, Facts(hold_count=1, location_id=LOCATION), (*PLACED, Action.RELEASE_HOLD)),
        (Progress.OPEN, Facts(short_quantity=1, location_id=LOCATION), (*PLACED, Action.REROUTE)),
        (Progress.OPEN, Facts(short_quantity=1), (*OPEN, Action.ROUTE)),
        (Progress.OPEN, Facts(fulfill_at=FUTURE, location_id=LOCATION), PLACED),
        (Progress.RELEASED, Facts(location_id=LOCATION), (Action.INTERCEPT, *WORK, Action.PRIORITIZE)),
        (Progress.IN_PROGRESS, Facts(location_id=LOCATION), (Action.INTERCEPT, *WORK, Action.PRIORITIZE)),
        (Progress.IN_PROGRESS, Facts(location_id=LOCATION, with_partner=True), (Action.INTERCEPT,)),
        (Progress.IN_PROGRESS, Facts(short_quantity=2, location_id=LOCATION), (Action.INTERCEPT, Action.PRIORITIZE)),
        (Progress.RELEASED, Facts(intercepted_at=PAST, location_id=LOCATION), (Action.PRIORITIZE,)),
        (Progress.PACKED, Facts(location_id=LOCATION), (Action.INTERCEPT, Action.SHIP, Action.PRIORITIZE)),
        (Progress.SHIPPED, Facts(location_id=LOCATION), ()),
        (Progress.CANCELLED, Facts(hold_count=1), ()),
        (Progress.MERGED, Facts(), ()),
    ],
)
def test_supported_actions_follow_the_status(progress: Progress, facts: Facts, actions: tuple[Action, ...]) -> None:
    assert rules.supported_actions(progress, facts, NOON) == tuple(sorted(actions, key=list(Action).index))


async def test_the_status_filter_of_the_database_agrees_with_the_rule(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, {"CUP": 100})
    cases = list(product(Progress, ALL_FACTS))
    orders = [new_order(house, f"T-{number}", {"CUP": 1}) for number in range(len(cases))]
    verdicts = await bring_in(database, merchant, *orders)
    async with database.unit_of_work(merchant) as uow:
        found = await queries.fulfillment_orders_of(uow, [verdict.order_id for verdict in verdicts])
        rows = [found[verdict.order_id][0] for verdict in verdicts]
        changed = [
            {
                "id": row.id,
                "progress": progress,
                "intercepted_at": facts.intercepted_at,
                "hold_count": facts.hold_count,
                "fulfill_at": facts.fulfill_at,
                "short_quantity": facts.short_quantity,
            }
            for row, (progress, facts) in zip(rows, cases, strict=True)
        ]
        await uow.update(FulfillmentOrder, changed)
        expected = {row.id: rules.status(*case, NOON) for row, case in zip(rows, cases, strict=True)}
        for wanted in Status:
            statement = sa.select(FulfillmentOrder.id).where(
                uow.mine(FulfillmentOrder), lists.status_is([wanted], NOON)
            )
            shown = {row.id for row in await uow.fetch(statement)}
            assert shown == {each for each, status in expected.items() if status is wanted}


@pytest.mark.parametrize(
    ("stages", "blocking"),
    [
        ([], None),
        (["OPEN", "CANCELLED"], None),
        (["OPEN", "RELEASED"], Progress.RELEASED),
        (["SHIPPED", "OPEN", "IN_PROGRESS"], Progress.SHIPPED),
        (["MERGED"], Progress.MERGED),
    ],
)
def test_a_change_is_taken_over_only_while_all_of_an_order_is_open(
    stages: list[str], blocking: Progress | None
) -> None:
    assert rules.blocking_progress(stages) is blocking
