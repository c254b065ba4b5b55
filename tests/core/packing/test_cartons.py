from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from tests.builders_floor import (
    Floor,
    bring_orders,
    code_of,
    done,
    make_floor,
    open_parcel,
    packed,
    pick_list,
    release,
    row_of,
    seal,
    verify,
    violations,
    weigh,
)
from tests.builders_packing import BIG, SMALL, make_cartons
from tests.statements import statements

from pickmesh.core.catalog.tables import Sku
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.refusals import NotPermitted, Refused
from pickmesh.core.packing import carton_rules, cartons, commands
from pickmesh.core.packing.carton_rules import Box, Piece
from pickmesh.core.packing.cartons import CartonChoice, CartonChosen
from pickmesh.core.packing.tables import Parcel

ONE, TWO, THREE = (new_id() for _ in range(3))
S, M, L = Box(ONE, 200, 150, 100), Box(TWO, 400, 300, 200, max_weight_g=5_000), Box(THREE, 600, 400, 400)
CUP = Piece(new_id(), 1, 90, 90, 100, 300)
ROD = Piece(new_id(), 1, 20, 390, 20, 100)


@pytest.mark.parametrize(
    ("content", "chosen"),
    [
        ([CUP], ONE),
        ([replace(CUP, quantity=2)], ONE),  # two lie side by side, whatever the share of the volume
        ([replace(CUP, quantity=3)], TWO),
        ([ROD], TWO),  # turned: its longest side goes along the longest of the carton
        ([replace(ROD, height_mm=410)], THREE),
        ([replace(CUP, quantity=17)], THREE),  # would fit the second by volume, but is too heavy for it
        ([CUP, ROD], TWO),
        ([replace(CUP, length_mm=590, width_mm=395, height_mm=395)], THREE),
    ],
)
def test_the_smallest_carton_that_takes_everything_is_suggested(content: list[Piece], chosen: UUID) -> None:
    assert carton_rules.suggest([L, S, M], content).carton_id == chosen


def test_of_equal_cartons_the_cheapest_is_suggested() -> None:
    dear, cheap = replace(S, id=new_id(), cost_micros=2), replace(S, id=new_id(), cost_micros=1)
    assert carton_rules.suggest([dear, cheap], [CUP]).carton_id == cheap.id


def test_what_fits_no_carton_is_divided_and_nothing_is_lost() -> None:
    content = [replace(CUP, quantity=200), replace(ROD, quantity=3)]
    found = carton_rules.suggest([S, M, L], content)
    assert (len(found.parts) > 1, found.carton_id) == (True, None)
    for piece in content:
        assert sum(part.pieces.get(piece.sku_id, 0) for part in found.parts) == piece.quantity


def test_goods_without_measures_and_goods_too_big_are_named() -> None:
    unknown, huge = replace(CUP, sku_id=new_id(), width_mm=None), replace(CUP, sku_id=new_id(), length_mm=601)
    assert carton_rules.suggest([S], [CUP, unknown]).unmeasured == [unknown.sku_id]
    found = carton_rules.suggest([S, L], [CUP, huge])
    assert (found.too_big, found.parts) == ([huge.sku_id], ())
    assert carton_rules.suggest([], [CUP]).parts == ()


sides = st.integers(10, 500)
pieces = st.lists(
    st.builds(Piece, st.uuids(), st.integers(1, 30), sides, sides, sides, st.integers(1, 900)), min_size=1, max_size=4
)


@given(pieces)
def test_whatever_is_suggested_fits_and_holds_everything_once(content: list[Piece]) -> None:
    boxes = {box.id: box for box in (S, M, L)}
    known = {piece.sku_id: piece for piece in content}
    found = carton_rules.suggest(boxes.values(), content)
    for part in found.parts:
        inside = [replace(known[sku_id], quantity=quantity) for sku_id, quantity in part.pieces.items()]
        assert carton_rules.fits(boxes[part.carton_id], inside)
    if not found.too_big:
        for piece in known.values():
            assert sum(part.pieces.get(piece.sku_id, 0) for part in found.parts) == piece.quantity


async def measured(floor: Floor, code: str, side: int) -> None:
    """Let a SKU be a cube."""
    async with floor.database.unit_of_work(floor.actor) as uow:
        wanted = {"length_mm": side, "width_mm": side, "height_mm": side}
        await uow.update(Sku, [{"id": floor.house.skus[code], **wanted}])


async def at_the_bench(database: Database, actor: Actor, wanted: dict[str, int]) -> tuple[Floor, UUID]:
    floor = await make_floor(database, actor, {"A-01": {"CUP": 20}, "A-02": {"LID": 20}})
    (order_id,) = await bring_orders(floor, {"N1": wanted})
    await pick_list(floor, (await release(floor)).pick_list_ids[0], "T-0001")
    return floor, order_id


async def choose(floor: Floor, *choices: CartonChoice) -> list[CartonChosen | Refused]:
    async with floor.database.unit_of_work(floor.packer) as uow:
        return await cartons.choose_cartons(uow, choices=choices)


async def test_sealing_takes_the_smallest_carton_books_its_cost_and_expects_its_tare(
    database: Database, merchant: Actor
) -> None:
    floor, order_id = await at_the_bench(database, merchant, {"CUP": 2})
    small, _ = await make_cartons(database, merchant, SMALL, BIG)
    await measured(floor, "CUP", 90)
    parcel_id = await packed(floor, order_id, {"CUP": 2})
    row: Any = await row_of(floor, Parcel, parcel_id)
    assert (row.carton_id, row.packaging_micros, row.packaging_currency) == (small, 600_000, "CNY")
    assert row.expected_weight_g == 2 * 100 + 80
    off = await weigh(floor, parcel_id, 200)
    assert code_of(off) == "WEIGHT_OFF"
    assert done(await weigh(floor, parcel_id, 281), commands.Weighed).expected_weight_g == 280
    assert await violations(floor) == []


async def test_a_scanned_carton_is_taken_and_changes_what_a_sealed_parcel_should_weigh(
    database: Database, merchant: Actor
) -> None:
    floor, order_id = await at_the_bench(database, merchant, {"CUP": 1})
    _, big = await make_cartons(database, merchant, SMALL, BIG)
    await measured(floor, "CUP", 300)
    parcel_id = await open_parcel(floor, order_id)
    done(await verify(floor, parcel_id, "CUP"))
    (small_one,) = await choose(floor, CartonChoice(parcel_id, " c1 "))
    assert done(small_one, CartonChosen).fits is False
    done(await seal(floor, parcel_id))
    assert (await row_of(floor, Parcel, parcel_id)).expected_weight_g == 180
    (big_one,) = await choose(floor, CartonChoice(parcel_id, "C2"))
    assert done(big_one, CartonChosen).carton_id == big
    row = await row_of(floor, Parcel, parcel_id)
    assert (row.expected_weight_g, row.packaging_micros) == (350, 1_500_000)


async def test_a_choice_that_cannot_be_made_is_refused_with_what_helps(database: Database, merchant: Actor) -> None:
    floor, order_id = await at_the_bench(database, merchant, {"CUP": 20})
    await make_cartons(database, merchant, SMALL)
    await measured(floor, "CUP", 100)
    parcel_id = await open_parcel(floor, order_id)
    done(await verify(floor, parcel_id, "CUP", 20))
    nobodys, unknown, none = await choose(
        floor, CartonChoice(new_id(), "C1"), CartonChoice(parcel_id, "C9"), CartonChoice(parcel_id)
    )
    assert [code_of(each) for each in (nobodys, unknown, none)] == ["NOT_FOUND", "UNKNOWN_CARTON", "NO_CARTON_FITS"]
    assert isinstance(none, Refused)
    assert none.refusal.data["cartons_needed"] == 10
    done(await seal(floor, parcel_id))  # packing goes on: a carton is advice
    assert (await row_of(floor, Parcel, parcel_id)).carton_id is None


async def test_cartons_are_kept_changed_and_put_away(database: Database, merchant: Actor) -> None:
    small, big = await make_cartons(database, merchant, SMALL, BIG)
    async with database.unit_of_work(merchant) as uow:
        taken, stale, changed = await cartons.save_cartons(
            uow,
            cartons=[replace(SMALL, name="x"), replace(BIG, id=big, version=9), replace(SMALL, id=small, tare_g=90)],
        )
    assert (code_of(taken), code_of(stale), changed) == ("CODE_TAKEN", "STALE_VERSION", small)
    async with database.unit_of_work(merchant) as uow:
        gone, unknown = await cartons.archive_cartons(uow, ids=[big, new_id()])
        bad = await cartons.save_cartons(uow, cartons=[replace(SMALL, code="C3", height_mm=0)])
    assert (gone, code_of(unknown), code_of(bad[0])) == (big, "NOT_FOUND", "INVALID_INPUT")
    async with database.reading(merchant) as uow:
        assert [(row.code, row.tare_g, row.version) for row in await cartons.standing_cartons(uow)] == [("C1", 90, 2)]


async def test_a_packer_keeps_no_cartons(database: Database, merchant: Actor) -> None:
    floor = await make_floor(database, merchant, {"A-01": {"CUP": 1}})
    async with database.unit_of_work(floor.packer) as uow:
        with pytest.raises(NotPermitted):
            await cartons.save_cartons(uow, cartons=[SMALL])


async def test_choosing_for_many_parcels_takes_as_many_statements_as_for_one(
    database: Database, merchant: Actor
) -> None:
    floor = await make_floor(database, merchant, {"A-01": {"CUP": 20}}, totes=6)
    ids = await bring_orders(floor, {f"N{number}": {"CUP": 1} for number in range(6)})
    released = await release(floor)
    for number, list_id in enumerate(released.pick_list_ids, 1):
        await pick_list(floor, list_id, f"T-{number:04d}")
    await make_cartons(database, merchant, SMALL)
    parcel_ids = [await open_parcel(floor, order_id) for order_id in ids]
    counts = []
    for some in (parcel_ids[:1], parcel_ids[1:]):
        with statements(database) as seen:
            await choose(floor, *(CartonChoice(each, "C1") for each in some))
        counts.append(len(seen))
    assert counts[0] == counts[1]
    async with database.reading(merchant) as uow:
        assert await uow.scalar(sa.select(sa.func.count(Parcel.carton_id)).where(uow.mine(Parcel))) == 6
