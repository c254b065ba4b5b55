import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from tests.builders_accounts import make_person
from tests.builders_floor import (
    Floor,
    bring_orders,
    claim,
    code_of,
    done,
    lines_of,
    make_floor,
    pick,
    react,
    release,
    row_of,
)
from tests.builders_floor import bind as bind_tote
from tests.databases import make_merchant

from pickmesh.core.floor import sessions
from pickmesh.core.journal import timers
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.clock import StoppedClock
from pickmesh.core.kit.permissions import Role
from pickmesh.core.kit.refusals import NotFound, NotPermitted, StaleVersion, WrongState
from pickmesh.core.picking import lists
from pickmesh.core.picking.lists import ClaimedList
from pickmesh.core.picking.refusals import NotYours
from pickmesh.core.picking.tables import PickList, Wave

SHELVES = {"A-01": {"CUP": 50}}
HALF_HOUR = timedelta(minutes=30)


async def floor_with_lists(database: Database, actor: Actor, count: int) -> tuple[Floor, list[UUID]]:
    floor = await make_floor(database, actor, SHELVES)
    await bring_orders(floor, {f"N{number}": {"CUP": 1} for number in range(count)})
    return floor, list((await release(floor)).pick_list_ids)


async def another_picker(database: Database, actor: Actor) -> Actor:
    return (await make_person(database, actor, Role.PICKER))[1]


async def fire_timers(floor: Floor) -> None:
    async with floor.database.unit_of_work(floor.actor) as uow:
        await timers.fire_due(uow)
    await react(floor)


async def test_a_claim_holds_a_list_for_half_an_hour(database: Database, merchant: Actor, clock: StoppedClock) -> None:
    floor, (list_id,) = await floor_with_lists(database, merchant, 1)
    claimed = await claim(floor, list_id)
    assert (claimed.worker_id, claimed.lease_until) == (floor.picker.person_id, clock.now() + HALF_HOUR)
    row = await row_of(floor, PickList, list_id)
    assert (row.status, row.worker_id, row.claimed_at) == ("CLAIMED", floor.picker.person_id, clock.now())


async def test_claiming_again_renews_the_lease(database: Database, merchant: Actor, clock: StoppedClock) -> None:
    floor, (list_id,) = await floor_with_lists(database, merchant, 1)
    began = (await claim(floor, list_id)).lease_until - HALF_HOUR
    clock.advance(timedelta(minutes=10))
    assert (await claim(floor, list_id)).lease_until == clock.now() + HALF_HOUR
    assert (await row_of(floor, PickList, list_id)).claimed_at == began


async def test_another_workers_list_is_refused_with_who_has_it(database: Database, merchant: Actor) -> None:
    floor, (list_id,) = await floor_with_lists(database, merchant, 1)
    await claim(floor, list_id)
    with pytest.raises(NotYours) as refused:
        await claim(floor, list_id, await another_picker(database, merchant))
    assert refused.value.data["worker_id"] == floor.picker.person_id


async def test_a_list_whose_lease_ran_out_may_be_taken_over_and_the_former_worker_is_refused(
    database: Database, merchant: Actor, clock: StoppedClock
) -> None:
    floor, (list_id,) = await floor_with_lists(database, merchant, 1)
    await claim(floor, list_id)
    done(await bind_tote(floor, list_id, "T-0001"))
    clock.advance(HALF_HOUR)
    other = await another_picker(database, merchant)
    assert (await claim(floor, list_id, other)).worker_id == other.person_id
    (line,) = await lines_of(floor, list_id)
    assert code_of(await pick(floor, line.id, 1, "T-0001")) == "NOT_YOURS"


async def test_a_lease_that_ends_gives_the_list_back_and_late_scans_still_count(
    database: Database, merchant: Actor, clock: StoppedClock
) -> None:
    floor, (list_id,) = await floor_with_lists(database, merchant, 1)
    await claim(floor, list_id)
    done(await bind_tote(floor, list_id, "T-0001"))
    clock.advance(HALF_HOUR)
    await fire_timers(floor)
    row = await row_of(floor, PickList, list_id)
    assert (row.status, row.worker_id, row.lease_until) == ("READY", None, None)
    (line,) = await lines_of(floor, list_id)
    assert done(await pick(floor, line.id, 1, "T-0001")).list_done


async def test_contact_renews_a_lease_but_not_at_every_scan(
    database: Database, merchant: Actor, clock: StoppedClock
) -> None:
    floor, (list_id,) = await floor_with_lists(database, merchant, 1)
    first = (await claim(floor, list_id)).lease_until
    for minutes, until in ((4, first), (2, clock.now() + timedelta(minutes=36))):
        clock.advance(timedelta(minutes=minutes))
        async with database.unit_of_work(floor.picker) as uow:
            await lists.renew_leases(uow, pick_list_ids=[list_id])
        assert (await row_of(floor, PickList, list_id)).lease_until == until
    clock.advance(timedelta(minutes=29))
    await fire_timers(floor)
    assert (await row_of(floor, PickList, list_id)).status == "CLAIMED"


async def test_a_paused_list_stays_its_workers_and_has_no_lease(
    database: Database, merchant: Actor, clock: StoppedClock
) -> None:
    floor, (list_id,) = await floor_with_lists(database, merchant, 1)
    await claim(floor, list_id)
    async with database.unit_of_work(floor.picker) as uow:
        await lists.pause_pick_list(uow, pick_list_id=list_id)
    clock.advance(timedelta(hours=2))
    await fire_timers(floor)
    row = await row_of(floor, PickList, list_id)
    assert (row.status, row.worker_id, row.lease_until) == ("PAUSED", floor.picker.person_id, None)
    with pytest.raises(NotYours):
        await claim(floor, list_id, await another_picker(database, merchant))
    await claim(floor, list_id)
    assert (await row_of(floor, PickList, list_id)).status == "CLAIMED"


async def test_a_list_is_handed_over_by_its_worker_or_a_manager_and_nobody_else(
    database: Database, merchant: Actor
) -> None:
    floor, (list_id,) = await floor_with_lists(database, merchant, 1)
    await claim(floor, list_id)
    other = await another_picker(database, merchant)
    assert other.person_id is not None
    assert floor.picker.person_id is not None
    async with database.unit_of_work(other) as uow:
        with pytest.raises(NotPermitted):
            await lists.hand_over_pick_list(uow, pick_list_id=list_id, to_worker_id=other.person_id)
    async with database.unit_of_work(floor.picker) as uow:
        await lists.hand_over_pick_list(uow, pick_list_id=list_id, to_worker_id=other.person_id)
    assert (await row_of(floor, PickList, list_id)).worker_id == other.person_id
    async with database.unit_of_work(merchant) as uow:
        await lists.hand_over_pick_list(uow, pick_list_id=list_id, to_worker_id=floor.picker.person_id)
    assert (await row_of(floor, PickList, list_id)).worker_id == floor.picker.person_id


async def test_the_next_list_is_the_one_in_hand_then_the_oldest_then_none(database: Database, merchant: Actor) -> None:
    floor, (first, second) = await floor_with_lists(database, merchant, 2)
    got = []
    for worker in (floor.picker, floor.picker, floor.packer, await another_picker(database, merchant)):
        async with database.unit_of_work(worker) as uow:
            claimed = await lists.claim_next_pick_list(uow, location_id=floor.location_id)
        got.append(claimed.pick_list_id if claimed else None)
    assert got == [first, first, second, None]


async def test_a_list_changed_since_it_was_read_is_refused_with_its_version(
    database: Database, merchant: Actor
) -> None:
    floor, (list_id,) = await floor_with_lists(database, merchant, 1)
    await claim(floor, list_id)
    for act in (lists.claim_pick_list, lists.pause_pick_list):
        async with database.unit_of_work(floor.picker) as uow:
            with pytest.raises(StaleVersion) as refused:
                await act(uow, pick_list_id=list_id, version=1)
        assert refused.value.data == {"id": list_id, "version": 2}
    async with database.unit_of_work(floor.picker) as uow:
        await lists.pause_pick_list(uow, pick_list_id=list_id, version=2)
    assert (await row_of(floor, PickList, list_id)).status == "PAUSED"


async def test_a_finished_list_is_not_claimed(database: Database, merchant: Actor) -> None:
    floor, (list_id,) = await floor_with_lists(database, merchant, 1)
    await claim(floor, list_id)
    done(await bind_tote(floor, list_id, "T-0001"))
    (line,) = await lines_of(floor, list_id)
    done(await pick(floor, line.id, 1, "T-0001"))
    with pytest.raises(WrongState):
        await claim(floor, list_id)


async def test_another_merchants_list_is_not_found(database: Database, merchant: Actor, stranger: Actor) -> None:
    floor, (list_id,) = await floor_with_lists(database, merchant, 1)
    async with database.unit_of_work(stranger) as uow:
        with pytest.raises(NotFound):
            await lists.claim_pick_list(uow, pick_list_id=list_id, worker_id=floor.picker.person_id)


async def test_two_workers_claim_one_list_and_exactly_one_gets_it(postgres_database: Database) -> None:
    merchant = await make_merchant(postgres_database)
    floor, (list_id,) = await floor_with_lists(postgres_database, merchant, 1)
    workers = [floor.picker, *[await another_picker(postgres_database, merchant) for _ in range(7)]]

    async def try_to_claim(worker: Actor) -> ClaimedList | NotYours:
        try:
            return await postgres_database.run(worker, lambda uow: lists.claim_pick_list(uow, pick_list_id=list_id))
        except NotYours as refusal:
            return refusal

    answers = await asyncio.gather(*(try_to_claim(worker) for worker in workers))
    (won,) = [answer for answer in answers if isinstance(answer, ClaimedList)]
    assert (await row_of(floor, PickList, list_id)).worker_id == won.worker_id
    assert {answer.data["worker_id"] for answer in answers if isinstance(answer, NotYours)} == {won.worker_id}
    assert (await row_of(floor, Wave, (await row_of(floor, PickList, list_id)).wave_id)).status == "RELEASED"


async def test_workers_who_ask_for_the_next_list_at_once_get_different_lists(postgres_database: Database) -> None:
    merchant = await make_merchant(postgres_database)
    floor, list_ids = await floor_with_lists(postgres_database, merchant, 6)
    workers = [await another_picker(postgres_database, merchant) for _ in range(6)]

    async def next_list(worker: Actor) -> UUID | None:
        claimed = await postgres_database.run(
            worker, lambda uow: lists.claim_next_pick_list(uow, location_id=floor.location_id)
        )
        return claimed.pick_list_id if claimed else None

    got = await asyncio.gather(*(next_list(worker) for worker in workers))
    taken = [list_id for list_id in got if list_id is not None]
    assert len(taken) == len(set(taken))
    while len(taken) < 6:  # one who came while the last list was being claimed asks again
        taken += [list_id for worker in workers if (list_id := await next_list(worker)) and list_id not in taken]
    assert sorted(taken) == sorted(list_ids)


async def test_one_worker_who_asks_five_times_at_once_gets_one_list(postgres_database: Database) -> None:
    merchant = await make_merchant(postgres_database)
    floor, _ = await floor_with_lists(postgres_database, merchant, 6)
    answers = await asyncio.gather(
        *(
            postgres_database.run(floor.picker, lambda uow: sessions.floor_task_next(uow, floor.location_id))
            for _ in range(5)
        )
    )
    assert len({answer.id for answer in answers if answer is not None}) == 1
    assert all(answers)
    async with postgres_database.reading(floor.actor) as uow:
        held = await uow.fetch(sa.select(PickList.id).where(uow.mine(PickList), PickList.worker_id.is_not(None)))
    assert len(held) == 1
