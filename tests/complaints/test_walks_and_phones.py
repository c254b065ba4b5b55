"""What users of other systems complain of about walks and phones: 11 and 15."""

from datetime import timedelta
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa
from tests.builders_floor import bring_orders, lines_of, make_floor, order_lines, react, release, violations
from tests.builders_scans import picking_phone

from pickmesh.core.floor.tables import Scan
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.permissions import Role
from pickmesh.core.orders import cancel
from pickmesh.core.stock.tables import Place
from pickmesh.graphql.ids import global_id

NEXT = """mutation ($input: FloorTaskNextInput!) { floorTaskNext(input: $input) {
  session { id } userErrors { code }
} }"""
RECORD = """mutation ($input: ScanRecordInput!) { scanRecord(input: $input) {
  verdicts { clientId outcome message repeated task { kind } } session { lastSequence progress { done total } }
  userErrors { code }
} }"""
CODES = ("CUP", "TEA")
NUMBERS = {"A-01": 1, "A-02": 2, "B-01": 5, "B-02": 4, "C-01": 7}
"""Bins as a person numbered them along the walk: up the first aisle, down the second."""


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_complaint_11_the_list_is_in_the_order_of_the_walk(
    database: Database, merchant: Actor, seed: int
) -> None:
    """openboxes 688 and 5208, odoo 20630, inventory_tools 125.

    However bins were made, goods shelved and orders came, the list and the phone lead through the bins by their number,
    each bin once, though three orders want something from it.
    """
    random = Random(seed)
    goods = {bin_code: f"SKU-{bin_code}" for bin_code in NUMBERS}
    made = list(NUMBERS)
    random.shuffle(made)
    floor = await make_floor(database, merchant, {bin_code: {goods[bin_code]: 9} for bin_code in made})
    async with database.unit_of_work(merchant) as uow:
        numbered = [{"id": floor.warehouse.bins[code], "walk_sequence": number} for code, number in NUMBERS.items()]
        await uow.update(Place, numbered)
    wanted = [list(goods.values()) for _ in range(3)]
    for codes in wanted:
        random.shuffle(codes)
    orders = {f"N{number}": dict.fromkeys(codes, 1) for number, codes in enumerate(wanted)}
    await bring_orders(floor, orders)
    (list_id,) = (await release(floor, "PUT_WALL")).pick_list_ids  # type: ignore[arg-type]  # the kind's own text
    walk = ["A-01", "A-02", "B-02", "B-01", "C-01"]
    assert [(line.place_code, line.quantity) for line in await lines_of(floor, list_id)] == [(one, 3) for one in walk]
    phone = await picking_phone(floor, list_id)
    await phone.scan("T-0001")
    walked = []
    while phone.session.step != "DONE" and phone.session.next is not None:
        walked.append(phone.session.next.place_code)
        await phone.scan(phone.session.next.place_code or "", *[phone.session.next.sku_code or ""] * 3)
    assert walked == walk
    assert await violations(floor) == []


async def test_complaint_11_without_numbers_the_walk_goes_up_one_aisle_and_down_the_next(
    database: Database, merchant: Actor
) -> None:
    """The same, where nobody numbered the bins but somebody measured them: a serpentine, not the alphabet."""
    at = {"A": (0, 0), "B": (2_000, 0), "C": (2_000, 3_000), "D": (0, 3_000)}
    names = {"A": "Z-9", "B": "M-5", "C": "A-1", "D": "Q-3"}
    floor = await make_floor(database, merchant, {names[each]: {f"SKU-{each}": 3} for each in "DBCA"})
    async with database.unit_of_work(merchant) as uow:
        measured = [
            {"id": floor.warehouse.bins[names[each]], "walk_sequence": 0, "x_mm": x, "y_mm": y}
            for each, (x, y) in at.items()
        ]
        await uow.update(Place, measured)
    await bring_orders(floor, {"N1": {f"SKU-{each}": 1 for each in "CADB"}})
    (list_id,) = (await release(floor)).pick_list_ids
    assert [line.place_code for line in await lines_of(floor, list_id)] == [names[each] for each in "ABCD"]


@pytest.mark.parametrize("turned_round", [False, True])
async def test_complaint_15_no_scan_is_lost_however_the_network_fails(
    client_of: Any, database: Database, merchant: Actor, turned_round: bool
) -> None:
    """shelf.nu 2580, inventory-count 1014, android_snipeitapp_config 51.

    A phone books a whole list in a cellar. The first sending arrives but its answer does not; the phone sends again,
    in parts, perhaps the last part first, long after the lease. Each scan is kept once and answered once for ever; what
    fits is booked, a piece of the order that was stopped is told to be too many, what comes too late is a task.
    """
    floor = await make_floor(database, merchant, {"A-01": {"CUP": 9}, "A-02": {"TEA": 9}})
    (order_id, stopped_id) = await bring_orders(floor, {"N1": {"CUP": 2, "TEA": 1}, "N2": {"CUP": 1}})
    await release(floor, "PUT_WALL")  # type: ignore[arg-type]  # the kind's own text
    picker = await client_of(merchant, Role.PICKER)
    begun = (await picker.run(NEXT, input={"locationId": global_id("Location", floor.location_id)}))["floorTaskNext"]
    now = database.clock.now()
    told = [
        {
            "clientId": f"01a20c32-301d-7a41-8f0e-0b2f6a1c00{number:02}",
            "sequence": number,
            "recordedAt": (now + timedelta(seconds=number)).isoformat(),
            "kind": "SCAN",
            "raw": code,
        }
        for number, code in enumerate(("T-0001", "A-01", "CUP", "CUP", "CUP", "A-02", "TEA"), 1)
    ]

    async def send(*entries: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = (
            await picker.run(RECORD, input={"sessionId": begun["session"]["id"], "entries": list(entries)})
        )["scanRecord"]
        assert found["userErrors"] == []
        assert [verdict["clientId"] for verdict in found["verdicts"]] == [entry["clientId"] for entry in entries]
        assert all(verdict["message"] for verdict in found["verdicts"])
        return found

    lost = await send(*told[:3])  # arrives, but the answer is lost on its way
    async with database.unit_of_work(merchant) as uow:
        await cancel.intercept(uow, ids=[stopped_id], reason="BUYER")
    await react(floor)
    database.clock.advance(timedelta(hours=5))  # type: ignore[attr-defined]  # a stopped clock
    parts = (told[5:], told[:5]) if turned_round else (told[:5], told[5:])
    sent = [lost, *[await send(*part) for part in parts]]
    again = sent[2 if turned_round else 1]
    assert [verdict["repeated"] for verdict in again["verdicts"]] == [True] * 3 + [False] * 2
    for before, after in zip(lost["verdicts"], again["verdicts"], strict=False):
        assert (before["outcome"], before["message"]) == (after["outcome"], after["message"])
    assert sent[-1]["session"]["lastSequence"] == 7
    once_more = await send(*told)
    assert all(verdict["repeated"] for verdict in once_more["verdicts"])
    answered = {verdict["clientId"]: verdict for part in sent for verdict in part["verdicts"]}
    async with database.reading(merchant) as uow:
        kept = await uow.fetch(sa.select(Scan.client_id, Scan.outcome).where(uow.mine(Scan)))
    assert {str(row.client_id): row.outcome for row in kept} == {
        client_id: verdict["outcome"] for client_id, verdict in answered.items()
    }
    lines = [line for each in (order_id, stopped_id) for line in await order_lines(floor, each)]
    picked = {
        code: sum(line.picked_quantity for line in lines if line.sku_id == floor.house.skus[code]) for code in CODES
    }
    tasks = [verdict["task"]["kind"] for verdict in answered.values() if verdict["task"] is not None]
    assert tasks == (["LATE_SCAN"] * 2 if turned_round else [])
    assert picked == {"CUP": 1 if turned_round else 2, "TEA": 1}
    assert turned_round or answered[told[4]["clientId"]]["outcome"] in {"TOO_MANY", "INTERCEPTED"}
    assert await violations(floor) == []
