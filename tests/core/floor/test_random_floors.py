"""Floors where people scan at random, from fixed seeds: late, doubtful, twice, undone; the books stay right."""

from random import Random
from typing import Any

import pytest
from tests.builders_floor import Floor, bring_orders, make_floor, pick_list, react, release, violations
from tests.builders_scans import Phone, packing_phone, picking_phone

from pickmesh.core.floor.entries import Entry
from pickmesh.core.floor.tables import Outcome, ScanKind
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.orders import cancel
from pickmesh.core.picking.tables import WaveKind

SHELVES = {"A-01": {"TEA": 30, "POT": 3}, "A-02": {"CUP": 30}, "A-03": {"TEA": 9}}
TOTES = [f"T-{number:04d}" for number in range(1, 9)]
PICKED = [*TOTES[:7], "A-01", "A-02", "A-03", *["TEA"] * 3, *["CUP"] * 3, "POT"]
PACKED = [*TOTES[:7], *["TEA"] * 6, *["CUP"] * 6, "POT", "P-0001", "N1"]
PICKER_DOES = [*[ScanKind.SCAN] * 12, ScanKind.QUANTITY, ScanKind.SHORT, ScanKind.SKIP, *[ScanKind.UNDO] * 2]
PACKER_DOES = [
    *[ScanKind.SCAN] * 10,
    *[ScanKind.SEAL, ScanKind.WEIGHT] * 2,
    ScanKind.QUANTITY,
    ScanKind.UNDO,
    ScanKind.NEXT_PARCEL,
    ScanKind.SKIP,
    ScanKind.FORCE,
]


def entry(random: Random, phone: Phone, kinds: list[ScanKind], codes: list[str]) -> Entry:
    kind = random.choice(kinds)
    said: dict[ScanKind, dict[str, Any]] = {
        ScanKind.QUANTITY: {"quantity": random.randint(1, 4)},
        ScanKind.WEIGHT: {"weight_g": random.choice([100, 200, 300, 400, 500])},
        ScanKind.FORCE: {"reason": "heavy box"},
    }
    more = said.get(kind, {})
    if random.random() < 0.1:
        more["sequence"] = max(1, phone.sequence - 3)
    if kind is ScanKind.UNDO and phone.entries and random.random() < 0.5:
        more["answers"] = random.choice(phone.entries).client_id
    raw = random.choice(codes) if kind is ScanKind.SCAN else None
    return phone.entry(kind, raw, doubtful=random.random() < 0.1, **more)


async def people(floor: Floor, kind: WaveKind, *, packing: bool) -> list[Phone]:
    lists = (await release(floor, kind)).pick_list_ids
    if not packing:
        return [await picking_phone(floor, list_id) for list_id in lists[:2]]
    for tote, list_id in zip(TOTES, lists, strict=False):
        await pick_list(floor, list_id, tote)
    return [await packing_phone(floor)]


@pytest.mark.parametrize(
    ("seed", "kind", "packing"),
    [
        (1, WaveKind.DISCRETE, False),
        (2, WaveKind.CLUSTER, False),
        (3, WaveKind.PUT_WALL, False),
        (4, WaveKind.DISCRETE, True),
        (5, WaveKind.PUT_WALL, True),
    ],
)
async def test_a_floor_at_random(database: Database, merchant: Actor, seed: int, kind: WaveKind, packing: bool) -> None:
    random = Random(seed)
    ship_at = random.choice(["SEAL", "WEIGH", "HANDOVER"])
    floor = await make_floor(database, merchant, SHELVES, totes=len(TOTES), ship_at=ship_at)
    orders = {f"N{number}": {"TEA": random.randint(1, 3), "CUP": random.randint(1, 2)} for number in range(1, 6)}
    await bring_orders(floor, orders)
    phones = await people(floor, kind, packing=packing)
    kinds, codes = (PACKER_DOES, PACKED) if packing else (PICKER_DOES, PICKED)
    seen: set[Outcome] = set()
    for turn in range(30):
        phone = random.choice(phones)
        batch = [entry(random, phone, kinds, codes) for _ in range(random.choice([1, 1, 2, 6]))]
        random.shuffle(batch)
        seen.update(await phone.send(*batch))
        if turn == 20:
            async with database.unit_of_work(merchant) as uow:
                await cancel.intercept(uow, ids=[floor.orders["N1"]], reason="BUYER")
            await react(floor)
    assert {Outcome.ACCEPTED, Outcome.DUPLICATE, Outcome.WRONG_ITEM, Outcome.WRONG_PLACE} <= seen
    await react(floor)
    assert await violations(floor) == []
