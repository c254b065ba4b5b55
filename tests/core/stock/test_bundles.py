from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from statements import statements
from tests.builders_catalog import make_bundle
from tests.builders_orders import add_warehouse, bring_in, make_house, new_order, receive

from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.stock import bundles
from pickmesh.core.stock.bundles import BundleLevel, PartLevel

CUP, LID, HZ, SH = (UUID(int=number) for number in range(1, 5))
ids = st.integers(1, 5).map(lambda number: UUID(int=number))
part_levels = st.builds(PartLevel, st.integers(-5, 40), st.integers(-5, 40))


def test_what_is_short_at_one_warehouse_is_not_made_up_by_another() -> None:
    levels = {HZ: {CUP: PartLevel(10, 8), LID: PartLevel(0, 0)}, SH: {LID: PartLevel(50, 50)}}
    assert bundles.bundle_levels([(CUP, 2), (LID, 1)], levels) == [
        BundleLevel(HZ, 0, 0, LID),
        BundleLevel(SH, 0, 0, CUP),
    ]


@given(
    st.dictionaries(ids, st.integers(1, 6), min_size=1),
    st.dictionaries(ids, st.dictionaries(ids, part_levels), max_size=4),
)
def test_so_many_bundles_can_be_made_and_not_one_more(
    parts: dict[UUID, int], levels: dict[UUID, dict[UUID, PartLevel]]
) -> None:
    nothing = PartLevel(0, 0)
    found = bundles.bundle_levels(list(parts.items()), levels)
    assert [level.location_id for level in found] == sorted(levels)
    for level in found:
        at = levels[level.location_id]
        for name, made in (("free", level.free), ("available", level.available)):
            has = {sku_id: max(getattr(at.get(sku_id, nothing), name), 0) for sku_id in parts}
            assert all(made * quantity <= has[sku_id] for sku_id, quantity in parts.items())
            assert any((made + 1) * quantity > has[sku_id] for sku_id, quantity in parts.items())
        scarce = level.limited_by_id
        assert (level.available + 1) * parts[scarce] > max(at.get(scarce, nothing).available, 0)


def test_nothing_is_made_of_no_parts() -> None:
    assert bundles.bundle_levels([], {HZ: {CUP: PartLevel(1, 1)}}) == []


async def test_a_bundle_of_bundles_is_sold_by_its_plain_parts(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, {"CUP": 9, "LID": 4}, bundles={"SET": {"CUP": 2, "LID": 1}})
    box = await make_bundle(database, merchant, "BOX", {"SET": 2, "CUP": 1})
    house = await add_warehouse(database, merchant, house, "SH1")
    await receive(database, merchant, house, {"CUP": 1, "LID": 50}, warehouse="SH1")
    await bring_in(database, merchant, new_order(house, "T-1", {"LID": 1}))
    asked = [house.skus["SET"], box, house.skus["CUP"]]
    async with database.reading(merchant) as uow:
        with statements(database) as sent:
            found = await bundles.levels_of_bundles(uow, asked)
    hz, sh = house.warehouses["HZ1"], house.warehouses["SH1"]
    told = {
        bundle_id: {level.location_id: (level.free, level.available, level.limited_by_id) for level in levels}
        for bundle_id, levels in found.items()
    }
    assert told == {
        house.skus["SET"]: {hz: (3, 3, house.skus["LID"]), sh: (0, 0, house.skus["CUP"])},
        box: {hz: (1, 1, min(house.skus["CUP"], house.skus["LID"])), sh: (0, 0, house.skus["CUP"])},
    }
    assert len(sent) == 2
