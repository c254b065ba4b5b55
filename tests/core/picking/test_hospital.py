"""Totes in the hospital: out of use with their goods, settled by a lead, in use again or empty."""

import pytest
from tests.builders_accounts import make_person
from tests.builders_floor import (
    Floor,
    bind,
    bring_orders,
    code_of,
    event_kinds,
    make_floor,
    pick_list,
    react,
    release,
    row_of,
    violations,
)
from tests.builders_scans import packing_phone, phone_for

from pickmesh.core.floor.tables import Job, Outcome, ScanKind
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.paging import PageRequest
from pickmesh.core.kit.permissions import Role
from pickmesh.core.kit.refusals import InvalidInput, NotPermitted, Refused
from pickmesh.core.orders import cancel
from pickmesh.core.picking import hospital
from pickmesh.core.picking.hospital import InHospital, Settled
from pickmesh.core.picking.tables import ExceptionTask
from pickmesh.core.stock.tables import Place


async def stocked(database: Database, merchant: Actor) -> Floor:
    """A warehouse with one order's two TEA picked into T-0001."""
    floor = await make_floor(database, merchant, {"A-01": {"TEA": 9}, "A-02": {"CUP": 9}})
    await bring_orders(floor, {"N1": {"TEA": 2}})
    lists = (await release(floor)).pick_list_ids
    await pick_list(floor, lists[0], "T-0001")
    return floor


async def send(floor: Floor, *totes: str, reason: str = "wet") -> list[InHospital | Refused]:
    async with floor.database.unit_of_work(floor.picker) as uow:
        ids = [floor.warehouse.totes.get(tote, floor.location_id) for tote in totes]
        return await hospital.send_totes_to_hospital(uow, tote_ids=ids, reason=reason)


async def settle(floor: Floor, *, again: bool) -> Settled | Refused:
    async with floor.database.unit_of_work(floor.actor) as uow:
        (answer,) = await hospital.settle_totes(
            uow, tote_ids=[floor.warehouse.totes["T-0001"]], again=again, note="dried"
        )
    return answer


async def state_of(floor: Floor, tote: str = "T-0001") -> str:
    state: str = (await row_of(floor, Place, floor.warehouse.totes[tote])).tote_state
    return state


async def test_a_tote_in_hospital_serves_nobody_until_it_is_settled(database: Database, merchant: Actor) -> None:
    floor = await stocked(database, merchant)
    (sent,) = await send(floor, "T-0001")
    assert isinstance(sent, InHospital)
    task = await row_of(floor, ExceptionTask, sent.task_id)
    assert (task.kind, task.quantity, task.detail["reason"]) == ("TOTE_HOSPITAL", 2, "wet")
    assert await state_of(floor) == "IN_HOSPITAL"
    packer = await packing_phone(floor)
    assert await packer.scan("T-0001") == [Outcome.WRONG_PLACE]
    assert packer.said[-1].message == "T-0001 is in the hospital: leave it to a lead."
    answer = await settle(floor, again=True)
    assert isinstance(answer, Settled)
    assert (answer.tote_state, await state_of(floor)) == ("STOCKED", "STOCKED")
    assert (await row_of(floor, ExceptionTask, sent.task_id)).status == "DONE"
    assert await packer.scan("T-0001") == [Outcome.ACCEPTED]
    told = await event_kinds(floor, floor.warehouse.totes["T-0001"])
    assert [kind for kind in told if kind.startswith("place_")] == ["place_in_hospital", "place_settled"]
    assert await violations(floor) == []


async def test_a_tote_is_settled_empty_when_its_goods_are_back(database: Database, merchant: Actor) -> None:
    floor = await stocked(database, merchant)
    await send(floor, "T-0001")
    assert code_of(await settle(floor, again=False)) == "WRONG_STATE"
    async with database.unit_of_work(merchant) as uow:
        await cancel.cancel_fulfillment_orders(uow, ids=[floor.orders["N1"]], reason="BUYER")
    await react(floor)
    back = await phone_for(floor, Job.PUT_BACK)
    assert await back.scan("TEA", "TEA", "A-01") == [Outcome.ACCEPTED, Outcome.ACCEPTED, Outcome.TASK_DONE]
    assert await state_of(floor) == "IN_HOSPITAL"
    answer = await settle(floor, again=False)
    assert isinstance(answer, Settled)
    assert (answer.tote_state, await state_of(floor)) == ("EMPTY", "EMPTY")
    assert await violations(floor) == []


async def test_sending_and_settling_again_change_nothing(database: Database, merchant: Actor) -> None:
    floor = await stocked(database, merchant)
    (first,), (second, wrong) = await send(floor, "T-0001"), await send(floor, "T-0001", "NO-TOTE")
    assert isinstance(first, InHospital)
    assert isinstance(second, InHospital)
    assert (second.task_id, second.already) == (first.task_id, True)
    assert code_of(wrong) == "NOT_FOUND"
    await settle(floor, again=True)
    answer = await settle(floor, again=True)
    assert isinstance(answer, Settled)
    assert answer.already


async def test_a_reason_is_needed_and_only_a_lead_settles(database: Database, merchant: Actor) -> None:
    floor = await stocked(database, merchant)
    with pytest.raises(InvalidInput):
        await send(floor, "T-0001", reason=" ")
    _, picker = await make_person(database, merchant, Role.PICKER)
    with pytest.raises(NotPermitted):
        async with database.unit_of_work(picker) as uow:
            await hospital.settle_totes(uow, tote_ids=[floor.warehouse.totes["T-0001"]], again=True)


async def test_an_empty_tote_in_hospital_is_bound_to_no_list(database: Database, merchant: Actor) -> None:
    floor = await stocked(database, merchant)
    await bring_orders(floor, {"N2": {"CUP": 1}})
    lists = (await release(floor)).pick_list_ids
    await send(floor, "T-0002")
    assert code_of(await bind(floor, lists[0], "T-0002")) == "TOTE_IN_HOSPITAL"


async def test_what_lies_in_totes_and_which_are_in_which_state(database: Database, merchant: Actor) -> None:
    floor = await stocked(database, merchant)
    await send(floor, "T-0002")
    tote = floor.warehouse.totes["T-0001"]
    async with database.reading(merchant) as uow:
        inside = await hospital.tote_contents(uow, [tote])
        page = await hospital.tote_page(uow, PageRequest(10), location_id=floor.location_id, states=["IN_HOSPITAL"])
    assert [(each.sku_code, each.quantity, each.fulfillment_order_id) for each in inside[tote]] == [
        ("TEA", 2, floor.orders["N1"])
    ]
    assert [each.code for each in page.items] == ["T-0002"]


async def test_a_put_back_into_a_bin_of_other_goods_is_asked_first(database: Database, merchant: Actor) -> None:
    floor = await stocked(database, merchant)
    async with database.unit_of_work(merchant) as uow:
        await cancel.cancel_fulfillment_orders(uow, ids=[floor.orders["N1"]], reason="BUYER")
    await react(floor)
    phone = await phone_for(floor, Job.PUT_BACK)
    assert await phone.scan("TEA", "A-02") == [Outcome.ACCEPTED, Outcome.AMBIGUOUS]
    (choice,) = phone.said[-1].choices
    assert (choice.id, choice.label) == ("yes", "A-02")
    assert await phone.say(ScanKind.CHOICE, choice="yes") is Outcome.LINE_DONE
    assert await phone.scan("TEA", "A-01") == [Outcome.ACCEPTED, Outcome.TASK_DONE]
    assert await violations(floor) == []
