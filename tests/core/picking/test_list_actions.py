"""What a list says may be done to it is what the commands accept, whoever asks and however it stands."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any, NoReturn
from uuid import UUID

import pytest
from tests.builders_accounts import make_person
from tests.builders_floor import Floor, bring_orders, claim, make_floor, release
from tests.builders_scans import picking_phone

from pickmesh.core.journal.database import Database
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.clock import StoppedClock
from pickmesh.core.kit.permissions import Role
from pickmesh.core.kit.refusals import Refusal
from pickmesh.core.picking import dark, kicking, list_actions, lists, queries
from pickmesh.core.picking.list_actions import ListAction
from pickmesh.core.stock.tables import Place

A = ListAction


class Tried(Exception):
    """Ends a unit of work that only tried something."""


def roll_back() -> NoReturn:
    raise Tried


async def untouched(floor: Floor, list_id: UUID, clock: StoppedClock) -> None:
    pass


async def claimed(floor: Floor, list_id: UUID, clock: StoppedClock) -> None:
    await claim(floor, list_id)


async def lapsed(floor: Floor, list_id: UUID, clock: StoppedClock) -> None:
    await claim(floor, list_id)
    clock.advance(timedelta(minutes=31))


async def paused(floor: Floor, list_id: UUID, clock: StoppedClock) -> None:
    await claim(floor, list_id)
    async with floor.database.unit_of_work(floor.picker) as uow:
        await lists.pause_pick_list(uow, pick_list_id=list_id)


async def dark_now(floor: Floor, list_id: UUID, clock: StoppedClock) -> None:
    await claim(floor, list_id)
    async with floor.database.unit_of_work(floor.picker) as uow:
        await dark.go_dark(uow, pick_list_id=list_id, minutes=10)


async def dark_before(floor: Floor, list_id: UUID, clock: StoppedClock) -> None:
    await dark_now(floor, list_id, clock)
    clock.advance(timedelta(minutes=11))


async def at_its_end(floor: Floor, list_id: UUID, clock: StoppedClock) -> None:
    phone = await picking_phone(floor, list_id)
    await phone.scan("T-0001", "A-01", "TEA", "TEA")


async def done(floor: Floor, list_id: UUID, clock: StoppedClock) -> None:
    phone = await picking_phone(floor, list_id)
    await phone.scan("T-0001", "A-01", "TEA", "TEA")
    async with floor.database.unit_of_work(floor.picker) as uow:
        await lists.pass_on_pick_list(uow, pick_list_id=list_id)
    phone = await picking_phone(floor, list_id)
    await phone.scan("B-01", "CUP")


async def cancelled(floor: Floor, list_id: UUID, clock: StoppedClock) -> None:
    async with floor.database.unit_of_work(floor.actor) as uow:
        row = (await queries.pick_lists(uow, [list_id]))[list_id]
        await kicking.cancel_wave(uow, wave_id=row.wave_id)


STATES = (untouched, claimed, lapsed, paused, dark_now, dark_before, at_its_end, done, cancelled)


def commands(list_id: UUID, to_worker_id: UUID) -> Mapping[ListAction, Callable[[UnitOfWork], Awaitable[Any]]]:
    return {
        A.CLAIM: lambda uow: lists.claim_pick_list(uow, pick_list_id=list_id),
        A.PAUSE: lambda uow: lists.pause_pick_list(uow, pick_list_id=list_id),
        A.HAND_OVER: lambda uow: lists.hand_over_pick_list(uow, pick_list_id=list_id, to_worker_id=to_worker_id),
        A.PASS_ON: lambda uow: lists.pass_on_pick_list(uow, pick_list_id=list_id),
        A.LEASE: lambda uow: dark.go_dark(uow, pick_list_id=list_id, minutes=5),
        A.LEASE_END: lambda uow: dark.end_dark(uow, pick_list_id=list_id),
    }


async def accepts(floor: Floor, actor: Actor, command: Callable[[UnitOfWork], Awaitable[Any]]) -> bool:
    """Try a command and roll it back; what had nothing to do counts as not accepted."""
    answer: Any = None
    try:
        async with floor.database.unit_of_work(actor) as uow:
            answer = await command(uow)
            roll_back()
    except Refusal:
        return False
    except Tried:
        return answer is not False


async def offered(floor: Floor, actor: Actor, list_id: UUID) -> set[ListAction]:
    async with floor.database.reading(floor.actor) as uow:
        row = (await queries.pick_lists(uow, [list_id]))[list_id]
        leads_on = list_id in await list_actions.leading_on(uow, [list_id])
    return set(list_actions.actions_of(row, actor, floor.database.clock.now(), leads_on=leads_on))


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
async def test_what_is_offered_is_what_is_accepted(
    database: Database, merchant: Actor, clock: StoppedClock, state: Any
) -> None:
    floor = await make_floor(database, merchant, {"A-01": {"TEA": 5}, "B-01": {"CUP": 5}})
    async with database.unit_of_work(merchant) as uow:
        bins = floor.warehouse.bins
        await uow.update(Place, [{"id": bins["A-01"], "zone": "A"}, {"id": bins["B-01"], "zone": "B"}])
    await bring_orders(floor, {"N1": {"TEA": 2, "CUP": 1}})
    (list_id,) = (await release(floor)).pick_list_ids
    somebody_id, _ = await make_person(database, merchant, Role.PICKER)
    people = [(await make_person(database, merchant, role))[1] for role in (Role.PICKER, Role.MANAGER, Role.SUPPORT)]
    await state(floor, list_id, clock)
    for who in (floor.picker, merchant, *people):
        tried = {
            action: await accepts(floor, who, command) for action, command in commands(list_id, somebody_id).items()
        }
        assert await offered(floor, who, list_id) == {action for action, done in tried.items() if done}, who.role
