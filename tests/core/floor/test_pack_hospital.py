"""Orders of which goods lie in a tote in the hospital: the bench says where they are, and packs them once released."""

from tests.builders_floor import (
    Floor,
    bind,
    bring_orders,
    claim,
    done,
    lines_of,
    make_floor,
    order_lines,
    pick,
    release,
    violations,
)
from tests.builders_scans import packing_phone

from pickmesh.core.floor.tables import Outcome, ScanKind
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.languages import translate
from pickmesh.core.picking import hospital

O = Outcome  # noqa: E741 - the word stands in nearly every line


async def in_two_totes(database: Database, merchant: Actor) -> Floor:
    """Pick an order's two TEA into one tote and its CUP into another."""
    floor = await make_floor(database, merchant, {"A-01": {"TEA": 9}, "A-02": {"CUP": 9}})
    await bring_orders(floor, {"N1": {"TEA": 2, "CUP": 1}})
    list_id = (await release(floor)).pick_list_ids[0]
    await claim(floor, list_id)
    for line, tote in zip(await lines_of(floor, list_id), ("T-0001", "T-0002"), strict=True):
        done(await bind(floor, list_id, tote, floor.orders["N1"]))
        done(await pick(floor, line.id, line.quantity, tote, order_id=floor.orders["N1"]))
    return floor


async def send(floor: Floor, *totes: str) -> None:
    async with floor.database.unit_of_work(floor.picker) as uow:
        ids = [floor.warehouse.totes[tote] for tote in totes]
        for answer in await hospital.send_totes_to_hospital(uow, tote_ids=ids, reason="wet"):
            done(answer)


async def settle(floor: Floor, tote: str) -> None:
    async with floor.database.unit_of_work(floor.actor) as uow:
        (answer,) = await hospital.settle_totes(uow, tote_ids=[floor.warehouse.totes[tote]], again=True, note="dried")
    done(answer)


async def test_an_order_all_of_which_is_in_the_hospital_says_where_and_goes_once_it_is_released(
    database: Database, merchant: Actor
) -> None:
    floor = await in_two_totes(database, merchant)
    await send(floor, "T-0001", "T-0002")
    phone = await packing_phone(floor)
    assert await phone.scan("F-0001") == [O.WRONG_PLACE]
    where = "3 of its pieces are in T-0001, T-0002, in the hospital: a lead must release them."
    assert phone.said[-1].message == f"Nothing of order F-0001 is to be packed yet. {where}"
    assert "组长放行" in translate(phone.said[-1].message, "zh-CN")
    await settle(floor, "T-0001")
    await settle(floor, "T-0002")
    assert await phone.scan("F-0001", "TEA", "TEA", "CUP") == [O.ACCEPTED, O.ACCEPTED, O.LINE_DONE, O.LINE_DONE]
    assert await violations(floor) == []


async def test_an_order_partly_in_the_hospital_is_packed_as_far_as_it_is_here_and_says_where_the_rest_is(
    database: Database, merchant: Actor
) -> None:
    floor = await in_two_totes(database, merchant)
    await send(floor, "T-0002")
    phone = await packing_phone(floor)
    assert await phone.scan("F-0001") == [O.ACCEPTED]
    where = "1 of its pieces are in T-0002, in the hospital: a lead must release them."
    assert phone.said[-1].message == f"Order F-0001: verify 3 pieces. {where}"
    assert phone.session.instruction == f"Order F-0001: verify 3 pieces into P-0001. {where}"
    assert await phone.scan("TEA", "TEA", "CUP") == [O.ACCEPTED, O.LINE_DONE, O.TOO_MANY]
    assert await phone.say(ScanKind.SEAL) is O.NEEDS_QUANTITY
    assert await phone.say(ScanKind.SKIP) is O.ACCEPTED  # put aside until the doctor has looked
    assert await phone.scan("P-0001") == [O.ACCEPTED]
    assert phone.said[-1].message == f"Go on with P-0001: 1 pieces. {where}"
    await settle(floor, "T-0002")
    assert await phone.scan("CUP") == [O.LINE_DONE]
    assert "hospital" not in phone.session.instruction
    assert [line.packed_quantity for line in await order_lines(floor, floor.orders["N1"])] == [2, 1]
    assert await violations(floor) == []
