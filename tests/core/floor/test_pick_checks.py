"""What a picker says beside scanning goods: bins that should be empty, all there was, goods that hands confuse."""

from typing import Any

import pytest
import sqlalchemy as sa
from tests.builders_floor import Floor, bring_orders, lying, make_floor, order_lines, release, violations
from tests.builders_scans import Phone, picking_phone

from pickmesh.core.accounts.tables import ShortagePolicy
from pickmesh.core.catalog import look_alikes
from pickmesh.core.floor.tables import Outcome, ScanKind
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.picking.tables import ExceptionTask, WaveKind
from pickmesh.core.stock.tables import ScanPolicy, ZeroCheck

O = Outcome  # noqa: E741 - the word stands in nearly every line
K = ScanKind
SHELVES = {"A-01": {"TEA": 3}, "A-02": {"CUP": 5}}


async def walk(database: Database, merchant: Actor, policy: ScanPolicy = ScanPolicy.PLACE_AND_ITEM) -> Phone:
    """A list of 3 TEA, which is all its bin holds, and 2 CUP of 5."""
    floor = await make_floor(database, merchant, SHELVES, scan_policy=policy)
    await bring_orders(floor, {"N1": {"TEA": 3, "CUP": 2}})
    (list_id,) = (await release(floor)).pick_list_ids
    return await picking_phone(floor, list_id)


async def tasks_of(floor: Floor) -> list[Any]:
    task = ExceptionTask
    async with floor.database.reading(floor.actor) as uow:
        wanted = sa.select(task.kind, task.quantity, task.place_id, task.sku_id)
        return list(await uow.fetch(wanted.where(uow.mine(task)).order_by(task.id)))


async def confused(floor: Floor, code: str) -> list[tuple[str, int]]:
    codes = {sku_id: each for each, sku_id in floor.house.skus.items()}
    async with floor.database.reading(floor.actor) as uow:
        found = await look_alikes.look_alikes_of(uow, [floor.house.skus[code]])
    return [(codes[row.sku_id], row.wrong_scans) for own in found.values() for row in own]


async def test_the_last_unit_of_a_bin_asks_whether_it_is_empty_and_any_other_does_not(
    database: Database, merchant: Actor
) -> None:
    phone = await walk(database, merchant)
    await phone.scan("T-0001", "A-01", "TEA", "TEA", "TEA")
    asked = [verdict.message for verdict in phone.said if "empty" in verdict.message]
    assert asked == [phone.said[-1].message]
    assert "Is A-01 empty now?" in asked[0]
    assert K.EMPTY in phone.session.supported_actions
    assert phone.session.emptied_place_code == "A-01"
    assert await phone.say(K.EMPTY) is O.ACCEPTED
    assert phone.session.emptied_place_code is None
    assert phone.said[-1].message == "Noted: A-01 is empty. Go to A-02: 2 × CUP."
    await phone.scan("A-02", "CUP", "CUP")
    assert "empty" not in phone.said[-1].message
    assert K.EMPTY not in phone.session.supported_actions
    assert await tasks_of(phone.floor) == []


@pytest.mark.parametrize(
    ("check", "said"),
    [
        (ZeroCheck.OFF, ["", ""]),
        (ZeroCheck.EMPTY_BIN, ["", "Is A-01 empty now?"]),
        (ZeroCheck.AT_ZERO, ["Is no TEA left in A-01 now?", "Is A-01 empty now?"]),
    ],
)
async def test_the_warehouse_says_when_a_picker_is_asked(
    database: Database, merchant: Actor, check: ZeroCheck, said: list[str]
) -> None:
    floor = await make_floor(database, merchant, {"A-01": {"TEA": 2, "CUP": 1}}, zero_check=check)
    await bring_orders(floor, {"N1": {"TEA": 2, "CUP": 1}})
    (list_id,) = (await release(floor)).pick_list_ids
    phone = await picking_phone(floor, list_id)
    await phone.scan("T-0001", "A-01")
    for code, question in (("TEA", said[0]), ("CUP", said[1])):
        await phone.scan(*[code] * (2 if code == "TEA" else 1))
        assert ("Say yes, or how many are left." in phone.said[-1].message) is bool(question)
        assert question in phone.said[-1].message
        assert (K.EMPTY in phone.session.supported_actions) is bool(question)
        if question:
            assert await phone.say(K.EMPTY) is O.ACCEPTED
            none_left = f"Noted: no {code} is left in A-01."
            noted = none_left if check is ZeroCheck.AT_ZERO else "Noted: A-01 is empty."
            assert phone.said[-1].message.startswith(noted)
    assert await tasks_of(floor) == []


async def test_a_bin_that_is_not_empty_is_to_be_counted_and_picking_goes_on(
    database: Database, merchant: Actor
) -> None:
    phone = await walk(database, merchant)
    await phone.scan("T-0001", "A-01", "TEA", "TEA", "TEA")
    assert await phone.say(K.NOT_EMPTY, quantity=4) is O.ACCEPTED
    (task,) = await tasks_of(phone.floor)
    bins, skus = phone.floor.warehouse.bins, phone.floor.house.skus
    assert (task.kind, task.quantity, task.place_id, task.sku_id) == ("COUNT", 4, bins["A-01"], skus["TEA"])
    assert await phone.scan("A-02", "CUP", "CUP") == [O.ACCEPTED, O.ACCEPTED, O.TASK_DONE]
    assert await violations(phone.floor) == []


async def test_nothing_is_counted_twice_when_the_answer_comes_again(database: Database, merchant: Actor) -> None:
    phone = await walk(database, merchant)
    await phone.scan("T-0001", "A-01", "TEA", "TEA", "TEA")
    entry = phone.entry(K.NOT_EMPTY, quantity=4)
    await phone.send(entry, entry)
    await phone.send(entry)
    assert len(await tasks_of(phone.floor)) == 1
    assert await phone.say(K.NOT_EMPTY, quantity=4) is O.EXCEPTION


async def test_all_there_was_is_one_act_and_its_undo_leaves_the_shortage(database: Database, merchant: Actor) -> None:
    phone = await walk(database, merchant)
    await phone.scan("T-0001", "A-01", "TEA")
    assert await phone.say(K.QUANTITY, quantity=2, reason="SHORT") is O.SHORT_RECORDED
    assert phone.said[-1].message == "1 taken, 1 missing. Go to A-02: 2 × CUP."
    tea = next(line for line in await order_lines(phone.floor, phone.floor.orders["N1"]) if line.quantity == 3)
    assert tea.picked_quantity == 2
    assert await phone.say(K.UNDO) is O.UNDONE
    floor = phone.floor
    assert await lying(floor, [floor.warehouse.totes["T-0001"], floor.warehouse.bins["A-01"]]) == {
        floor.warehouse.totes["T-0001"]: 1,
        floor.warehouse.bins["A-01"]: 1,
    }
    assert [task.kind for task in await tasks_of(floor)] == ["SHORT_PICK"]
    assert await phone.scan("A-01", "TEA", "A-02", "CUP", "CUP") == [
        O.ACCEPTED,
        O.LINE_DONE,
        O.ACCEPTED,
        O.ACCEPTED,
        O.TASK_DONE,
    ]
    assert await violations(floor) == []


async def test_the_same_total_again_with_no_more_reports_the_rest(database: Database, merchant: Actor) -> None:
    phone = await walk(database, merchant)
    await phone.scan("T-0001", "A-01", "TEA")
    assert await phone.say(K.QUANTITY, quantity=1, reason="SHORT") is O.SHORT_RECORDED
    assert phone.said[-1].message.startswith("2 missing.")
    assert await violations(phone.floor) == []


async def test_a_wrong_scan_at_a_bin_is_remembered_and_the_next_picker_is_warned(
    database: Database, merchant: Actor
) -> None:
    phone = await walk(database, merchant)
    await phone.scan("T-0001", "A-01")
    assert await phone.scan("CUP") == [O.WRONG_ITEM]
    assert await confused(phone.floor, "TEA") == [("CUP", 1)]
    await phone.scan("A-01")
    assert phone.session.instruction == "Take 3 × TEA from A-01. Not CUP: it looks alike."
    await phone.scan("CUP", "TEA")
    assert await confused(phone.floor, "CUP") == [("TEA", 2)]


@pytest.mark.parametrize("alike", [True, False], ids=["alike", "unlike"])
async def test_goods_that_hands_confuse_are_scanned_even_where_the_bin_is_enough(
    database: Database, merchant: Actor, *, alike: bool
) -> None:
    phone = await walk(database, merchant, ScanPolicy.PLACE)
    skus = phone.floor.house.skus
    if alike:
        async with database.unit_of_work(merchant) as uow:
            await look_alikes.record_wrong_scan(uow, [(skus["TEA"], skus["CUP"])])
    await phone.scan("T-0001", "A-01")
    assert await phone.say(K.QUANTITY, quantity=3) is (O.WRONG_ITEM if alike else O.LINE_DONE)
    if alike:
        assert await phone.scan("TEA") == [O.ACCEPTED]
        assert await phone.say(K.QUANTITY, quantity=3) is O.LINE_DONE


async def test_undo_in_a_cluster_takes_back_what_went_into_the_one_tote(database: Database, merchant: Actor) -> None:
    floor = await make_floor(database, merchant, {"A-01": {"TEA": 9}})
    await bring_orders(floor, {"N1": {"TEA": 2}, "N2": {"TEA": 3}})
    (list_id,) = (await release(floor, WaveKind.CLUSTER)).pick_list_ids
    phone = await picking_phone(floor, list_id)
    await phone.scan("T-0001", "T-0002", "A-01", "TEA", "TEA", "T-0001", "TEA")
    assert await phone.say(K.UNDO) is O.UNDONE
    assert await phone.say(K.UNDO) is O.UNDONE
    totes = floor.warehouse.totes
    assert await lying(floor, [totes["T-0001"], floor.warehouse.bins["A-01"]]) == {floor.warehouse.bins["A-01"]: 9}
    assert await violations(floor) == []


async def cart(database: Database, merchant: Actor) -> Phone:
    """A cart for N1 (2 TEA) and N2 (3 TEA) at their bin, one piece in hand."""
    floor = await make_floor(database, merchant, {"A-01": {"TEA": 5}}, policy=ShortagePolicy.SHIP_AVAILABLE)
    await bring_orders(floor, {"N1": {"TEA": 2}, "N2": {"TEA": 3}})
    (list_id,) = (await release(floor, WaveKind.CLUSTER)).pick_list_ids
    phone = await picking_phone(floor, list_id)
    await phone.scan("T-0001", "T-0002", "A-01", "TEA")
    return phone


async def taken(phone: Phone) -> dict[str, int]:
    """How many pieces lie in the totes."""
    names = {place_id: code for code, place_id in phone.floor.warehouse.totes.items()}
    return {names[place_id]: number for place_id, number in (await lying(phone.floor, names)).items()}


async def test_all_there_was_on_a_cart_is_one_act_whoever_goes_short(database: Database, merchant: Actor) -> None:
    phone = await cart(database, merchant)
    assert await phone.say(K.QUANTITY, quantity=4, reason="SHORT") is O.SHORT_RECORDED
    assert phone.said[-1].message == "2 in hand, 1 missing: put them into tote T-0001 and scan it."
    assert phone.session.step == "PUT"
    assert await phone.scan("T-0001", "TEA") == [O.ACCEPTED, O.ACCEPTED]
    assert await phone.say(K.QUANTITY, quantity=2) is O.ACCEPTED
    assert await phone.scan("T-0002") == [O.TASK_DONE]
    assert await taken(phone) == {"T-0001": 2, "T-0002": 2}
    assert [(task.kind, task.quantity) for task in await tasks_of(phone.floor)] == [("SHORT_PICK", 1)]
    assert await violations(phone.floor) == []


async def test_what_is_in_hand_was_all_there_was(database: Database, merchant: Actor) -> None:
    phone = await cart(database, merchant)
    assert await phone.say(K.QUANTITY, quantity=1, reason="SHORT") is O.SHORT_RECORDED
    assert phone.said[-1].message == "1 in hand, 4 missing: put them into tote T-0001 and scan it."
    assert await phone.scan("T-0001") == [O.TASK_DONE]
    assert await taken(phone) == {"T-0001": 1}
    assert await violations(phone.floor) == []


async def test_all_there_was_may_be_as_much_as_is_asked_and_never_more_or_less_than_in_hand(
    database: Database, merchant: Actor
) -> None:
    phone = await cart(database, merchant)
    assert await phone.say(K.QUANTITY, quantity=6, reason="SHORT") is O.TOO_MANY
    await phone.scan("TEA")
    assert await phone.say(K.QUANTITY, quantity=1, reason="SHORT") is O.NEEDS_QUANTITY
    assert await phone.say(K.QUANTITY, quantity=5, reason="SHORT") is O.DUPLICATE
    assert await phone.scan("T-0001", "TEA") == [O.ACCEPTED, O.ACCEPTED]
    assert await phone.say(K.QUANTITY, quantity=3, reason="SHORT") is O.ACCEPTED
    assert await phone.scan("T-0002") == [O.TASK_DONE]
    assert await tasks_of(phone.floor) == []
    assert await violations(phone.floor) == []
