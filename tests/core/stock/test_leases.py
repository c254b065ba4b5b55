"""Timed reservations: all or nothing, known by their code, over when their time is; exact figures on both databases."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from stock_floor import Floor
from tests.builders_catalog import make_bundle
from tests.builders_stock import make_warehouse, put_stock
from tests.statements import statements

from pickmesh.core.journal import timers
from pickmesh.core.journal.reading import events_after, last_seq
from pickmesh.core.kit.clock import StoppedClock
from pickmesh.core.kit.ids import NIL_ID, new_id
from pickmesh.core.kit.refusals import Refused
from pickmesh.core.stock import adjustments, buffers, lease_queries, leases, reactions
from pickmesh.core.stock.adjustments import Adjustment
from pickmesh.core.stock.leases import LeaseLine, NewLease, Opened, Renewal

QUARTER = timedelta(minutes=15)


def lease(code: str, *lines: LeaseLine, holder: str = "checkout", expires_in: timedelta = QUARTER) -> NewLease:
    return NewLease(code, holder, lines, expires_in=expires_in)


async def opened(floor: Floor, *wanted: NewLease) -> Sequence[Opened | Refused]:
    async with floor.database.unit_of_work(floor.actor) as uow:
        return await leases.open_leases(uow, leases=wanted)


async def one_opened(floor: Floor, wanted: NewLease) -> UUID:
    (answer,) = await opened(floor, wanted)
    assert isinstance(answer, Opened), answer
    return answer.lease_id


async def status(floor: Floor, lease_id: UUID) -> str:
    async with floor.database.reading(floor.actor) as uow:
        return str((await lease_queries.leases(uow, [lease_id]))[lease_id].status)


async def fire(floor: Floor, after: int = 0) -> list[Any]:
    """Let due timers go off and stock react, as a worker does; return the events this told."""
    async with floor.database.unit_of_work(floor.actor) as uow:
        await timers.fire_due(uow)
    async with floor.database.unit_of_work(floor.actor) as uow:
        told = await events_after(uow, after)
        for kind, reaction in reactions.REACTIONS.items():
            await reaction(uow, [event for event in told if event.kind == kind])
    async with floor.database.reading(floor.actor) as uow:
        return await events_after(uow, after)


async def test_a_lease_holds_its_pieces_until_it_is_released(floor: Floor) -> None:
    await floor.put(floor.bin("A-01"), "KETTLE", 5)
    lease_id = await one_opened(floor, lease("C-1", LeaseLine(floor.skus["KETTLE"], 3)))
    assert await floor.level("KETTLE") == (5, 0, 3, 2)
    assert [one.quantity for one in (await floor.reserve(floor.demand("KETTLE", 3))).short] == [3]
    for _ in range(2):  # a second release frees nothing more
        async with floor.database.unit_of_work(floor.actor) as uow:
            assert await leases.release_leases(uow, lease_ids=[lease_id]) == [lease_id]
        assert await floor.level("KETTLE") == (5, 0, 0, 5)
    assert await status(floor, lease_id) == "RELEASED"
    await floor.assert_sound()


async def test_the_same_code_and_content_answers_the_same_lease_and_other_content_is_refused(floor: Floor) -> None:
    await floor.put(floor.bin("A-01"), "KETTLE", 5)
    wanted = lease("C-1", LeaseLine(floor.skus["KETTLE"], 2))
    first, again = await opened(floor, wanted, wanted)
    (later,) = await opened(floor, lease("C-1", LeaseLine(floor.skus["KETTLE"], 2), expires_in=2 * QUARTER))
    assert isinstance(first, Opened)
    assert [first.created, again, later] == [
        True,
        Opened(1, first.lease_id, created=False),
        Opened(0, first.lease_id, created=False),
    ]
    for other in (
        lease("C-1", LeaseLine(floor.skus["KETTLE"], 1)),
        lease("C-1", LeaseLine(floor.skus["KETTLE"], 2), holder="somebody else"),
    ):
        (refused,) = await opened(floor, other)
        assert isinstance(refused, Refused)
        assert refused.refusal.code == "LEASE_DIFFERS"
    assert await floor.level("KETTLE") == (5, 0, 2, 3)


async def test_all_of_a_lease_is_promised_or_nothing_and_the_refusal_tells_the_figures(floor: Floor) -> None:
    await floor.put(floor.bin("A-01"), "KETTLE", 5)
    await floor.put(floor.bin("A-01"), "LID", 4)
    async with floor.database.unit_of_work(floor.actor) as uow:
        await buffers.set_buffers(uow, buffers=[buffers.Buffer(floor.warehouse.location_id, floor.skus["LID"], 1)])
    await floor.reserve(floor.demand("LID", 1))
    (refused,) = await opened(floor, lease("C-1", LeaseLine(floor.skus["KETTLE"], 1), LeaseLine(floor.skus["LID"], 3)))
    assert isinstance(refused, Refused)
    assert refused.refusal.code == "NOT_ENOUGH_STOCK"
    assert refused.refusal.data == {
        "sku_id": str(floor.skus["LID"]),
        "location_id": str(floor.warehouse.location_id),
        "wanted": 3,
        "available": 2,
        "on_hand": 4,
        "non_sellable": 0,
        "reserved": 1,
        "buffer": 1,
    }
    assert refused.refusal.message == "3 × LID are wanted at WH1 and 2 are available there; 1 are promised."
    assert await floor.level("KETTLE") == (5, 0, 0, 5)


async def test_a_bundle_is_held_as_its_components_at_the_first_warehouse_that_has_all(floor: Floor) -> None:
    bundle = await make_bundle(floor.database, floor.actor, "SET", {"KETTLE": 1, "LID": 2})
    other = await make_warehouse(floor.database, floor.actor, code="WH2")
    await floor.put(floor.bin("A-01"), "KETTLE", 9)
    await floor.put(floor.bin("A-01"), "LID", 3)
    await put_stock(floor.database, floor.actor, other.bins["A-01"], floor.skus["KETTLE"], 2)
    await put_stock(floor.database, floor.actor, other.bins["A-01"], floor.skus["LID"], 4)
    lease_id = await one_opened(floor, lease("C-1", LeaseLine(bundle, 2)))
    async with floor.database.reading(floor.actor) as uow:
        lines = (await lease_queries.lines_of_leases(uow, [lease_id]))[lease_id]
    assert {(row.location_id, row.sku_id, row.quantity) for row in lines} == {
        (other.location_id, floor.skus["KETTLE"], 2),
        (other.location_id, floor.skus["LID"], 4),
    }
    named = lease("C-2", LeaseLine(bundle, 1, floor.warehouse.location_id))
    await one_opened(floor, named)
    await floor.assert_sound()


async def test_what_a_lease_holds_is_free_when_its_time_has_run_out(floor: Floor, clock: StoppedClock) -> None:
    await floor.put(floor.bin("A-01"), "KETTLE", 5)
    lease_id = await one_opened(floor, lease("C-1", LeaseLine(floor.skus["KETTLE"], 3)))
    clock.advance(QUARTER - timedelta(microseconds=1))
    await fire(floor)
    assert (await status(floor, lease_id), await floor.level("KETTLE")) == ("OPEN", (5, 0, 3, 2))
    clock.advance(timedelta(microseconds=1))
    told = await fire(floor)
    assert (await status(floor, lease_id), await floor.level("KETTLE")) == ("EXPIRED", (5, 0, 0, 5))
    assert [(event.kind, event.subject_id) for event in told][-2:] == [
        ("reservation_released", floor.skus["KETTLE"]),
        ("stock_lease_closed", lease_id),
    ]
    async with floor.database.unit_of_work(floor.actor) as uow:
        (refused,) = await leases.release_leases(uow, lease_ids=[lease_id])
    assert isinstance(refused, Refused)
    assert (refused.refusal.code, refused.refusal.data) == ("LEASE_CLOSED", {"status": "EXPIRED"})
    await floor.assert_sound()


async def test_a_renewed_lease_outlives_its_first_timer(floor: Floor, clock: StoppedClock) -> None:
    await floor.put(floor.bin("A-01"), "KETTLE", 5)
    lease_id = await one_opened(floor, lease("C-1", LeaseLine(floor.skus["KETTLE"], 3)))
    async with floor.database.unit_of_work(floor.actor) as uow:
        answers = await leases.renew_leases(
            uow, renewals=[Renewal(lease_id, expires_in=3 * QUARTER), Renewal(new_id(), expires_in=QUARTER)]
        )
    assert answers[0] == lease_id
    assert isinstance(answers[1], Refused)
    clock.advance(2 * QUARTER)
    await fire(floor)
    assert (await status(floor, lease_id), await floor.level("KETTLE")) == ("OPEN", (5, 0, 3, 2))
    clock.advance(QUARTER)
    await fire(floor)
    assert await status(floor, lease_id) == "EXPIRED"
    async with floor.database.unit_of_work(floor.actor) as uow:
        (refused,) = await leases.renew_leases(uow, renewals=[Renewal(lease_id, expires_in=QUARTER)])
    assert isinstance(refused, Refused)
    assert refused.refusal.code == "LEASE_CLOSED"


async def test_an_order_keeps_its_promise_where_a_lease_must_give_way(floor: Floor) -> None:
    await floor.put(floor.bin("A-01"), "KETTLE", 5)
    await one_opened(floor, lease("C-1", LeaseLine(floor.skus["KETTLE"], 2)))
    late = floor.demand("KETTLE", 3, rank=10_000)
    assert (await floor.reserve(late)).covered == [late]
    async with floor.database.unit_of_work(floor.actor) as uow:
        await adjustments.adjust_stock(uow, adjustments=[Adjustment(floor.bin("A-01"), floor.skus["KETTLE"], -2)])
    assert await floor.reservations(late.line_id) == [("OPEN", 3)]
    assert await floor.level("KETTLE") == (3, 0, 3, 0)
    await floor.assert_sound()


@pytest.mark.parametrize(
    "changes",
    [
        {"expires_in": timedelta(seconds=14)},
        {"expires_in": timedelta(days=30, seconds=1)},
        {"expires_in": None},
        {"code": " "},
        {"holder": ""},
        {"lines": ()},
        {"lines": (LeaseLine(NIL_ID, 1),)},
    ],
    ids=str,
)
async def test_what_is_no_lease_is_refused(floor: Floor, changes: dict[str, Any]) -> None:
    await floor.put(floor.bin("A-01"), "KETTLE", 5)
    told: dict[str, Any] = {
        "code": "C-1",
        "holder": "x",
        "lines": (LeaseLine(floor.skus["KETTLE"], 1),),
        "expires_in": QUARTER,
    }
    (answer,) = await opened(floor, NewLease(**(told | changes)))
    assert isinstance(answer, Refused)
    assert await floor.level("KETTLE") == (5, 0, 0, 5)


async def test_opening_and_ending_1_10_and_100_leases_takes_the_same_statements(
    floor: Floor, clock: StoppedClock
) -> None:
    await floor.put(floor.bin("A-01"), "KETTLE", 5_000)
    await one_opened(floor, lease("warm", LeaseLine(floor.skus["KETTLE"], 1)))
    opening, ending = [], []
    for size in (1, 10, 100):
        wanted = [lease(f"{size}-{number}", LeaseLine(floor.skus["KETTLE"], 1)) for number in range(size)]
        with statements(floor.database) as sent:
            answers = await opened(floor, *wanted)
        assert all(isinstance(answer, Opened) for answer in answers)
        opening.append(len(sent))
        clock.advance(QUARTER)
        ids = [answer.lease_id for answer in answers if isinstance(answer, Opened)]
        with statements(floor.database) as sent:
            async with floor.database.unit_of_work(floor.actor) as uow:
                await leases.expire_leases(uow, lease_ids=ids)
        ending.append(len(sent))
    assert len(set(opening)) == 1, opening
    assert len(set(ending)) == 1, ending
    assert await floor.level("KETTLE") == (5_000, 0, 1, 4_999)


async def test_another_merchants_lease_is_not_there(floor: Floor, stranger: Any) -> None:
    await floor.put(floor.bin("A-01"), "KETTLE", 5)
    lease_id = await one_opened(floor, lease("C-1", LeaseLine(floor.skus["KETTLE"], 3)))
    async with floor.database.unit_of_work(stranger) as uow:
        (refused,) = await leases.release_leases(uow, lease_ids=[lease_id])
        assert isinstance(refused, Refused)
        assert refused.refusal.code == "UNKNOWN_LEASE"
        assert await last_seq(uow) == 0
