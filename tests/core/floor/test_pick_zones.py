"""Pick-and-pass: a list goes from zone to zone with its totes, each picker fetching what lies in theirs."""

from uuid import UUID

import pytest
from tests.builders_accounts import make_person
from tests.builders_floor import Floor, bring_orders, claim, make_floor, order_lines, release, row_of, violations
from tests.builders_scans import Phone, picking_phone

from pickmesh.core.floor import sessions
from pickmesh.core.floor.tables import Outcome
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.permissions import Role
from pickmesh.core.kit.refusals import WrongState
from pickmesh.core.picking import lists
from pickmesh.core.picking.refusals import NotYours
from pickmesh.core.picking.tables import PickList
from pickmesh.core.stock.tables import Place

O = Outcome  # noqa: E741 - the word stands in nearly every line


async def zoned(database: Database, merchant: Actor) -> tuple[Floor, UUID]:
    """A list of TEA in zone A and CUP in zone B."""
    floor = await make_floor(database, merchant, {"A-01": {"TEA": 5}, "B-01": {"CUP": 5}})
    async with database.unit_of_work(merchant) as uow:
        bins = floor.warehouse.bins
        await uow.update(Place, [{"id": bins["A-01"], "zone": "A"}, {"id": bins["B-01"], "zone": "B"}])
    await bring_orders(floor, {"N1": {"TEA": 2, "CUP": 1}})
    (list_id,) = (await release(floor)).pick_list_ids
    return floor, list_id


async def next_in(floor: Floor, worker: Actor, zone: str) -> Phone | None:
    async with floor.database.unit_of_work(worker) as uow:
        view = await sessions.floor_task_next(uow, floor.location_id, zone=zone)
    return None if view is None else Phone(floor, worker, view)


async def pass_on(floor: Floor, worker: Actor, list_id: UUID) -> str:
    async with floor.database.unit_of_work(worker) as uow:
        return await lists.pass_on_pick_list(uow, pick_list_id=list_id)


async def test_a_list_goes_from_zone_to_zone_with_its_tote(database: Database, merchant: Actor) -> None:
    floor, list_id = await zoned(database, merchant)
    _, other = await make_person(database, merchant, Role.PICKER)
    assert await next_in(floor, other, "B") is None
    first = await next_in(floor, floor.picker, "A")
    assert first is not None
    assert await first.scan("T-0001", "A-01", "TEA", "TEA") == [O.ACCEPTED, O.ACCEPTED, O.ACCEPTED, O.LINE_DONE]
    told = "Zone A is done: pass list L-0001 on to zone B."
    assert (first.said[-1].message, first.session.instruction) == (told, told)
    assert await first.scan("CUP") == [O.LINE_DONE]
    assert await pass_on(floor, floor.picker, list_id) == "B"
    row = await row_of(floor, PickList, list_id)
    assert (row.status, row.worker_id, row.zone) == ("READY", None, "B")
    assert await next_in(floor, floor.picker, "A") is None
    second = await next_in(floor, other, "B")
    assert second is not None
    assert second.session.instruction == "Go to B-01: 1 × CUP."
    assert await second.scan("B-01", "CUP") == [O.ACCEPTED, O.TASK_DONE]
    assert [line.picked_quantity for line in await order_lines(floor, floor.orders["N1"])] in ([2, 1], [1, 2])
    assert await violations(floor) == []


async def test_a_picker_without_a_zone_walks_all_of_them(database: Database, merchant: Actor) -> None:
    floor, list_id = await zoned(database, merchant)
    phone = await picking_phone(floor, list_id)
    walked = await phone.scan("T-0001", "A-01", "TEA", "TEA", "B-01", "CUP")
    assert walked[-3:] == [O.LINE_DONE, O.ACCEPTED, O.TASK_DONE]


async def test_only_its_worker_passes_a_list_on_and_only_to_a_zone_that_has_something(
    database: Database, merchant: Actor
) -> None:
    floor, list_id = await zoned(database, merchant)
    _, other = await make_person(database, merchant, Role.PICKER)
    await claim(floor, list_id)
    with pytest.raises(NotYours):
        await pass_on(floor, other, list_id)
    assert await pass_on(floor, floor.picker, list_id) == "A"
    await claim(floor, list_id)
    phone = await picking_phone(floor, list_id)
    await phone.scan("T-0001", "B-01", "CUP")
    with pytest.raises(WrongState):
        await pass_on(floor, floor.picker, list_id)
