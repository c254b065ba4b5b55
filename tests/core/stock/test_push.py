"""What shops are told: shares, buffers, caps and pauses, bundles, and deltas that miss nothing."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stock_floor import Floor
from tests.builders_accounts import make_shop
from tests.builders_catalog import make_bundle, make_skus
from tests.builders_stock import make_warehouse, put_stock
from tests.statements import statements

from pickmesh.core.journal.database import Database
from pickmesh.core.journal.reading import last_seq
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.paging import PageRequest, page_request
from pickmesh.core.kit.refusals import Refused
from pickmesh.core.stock import adjustments, buffers, lots, push, push_figures, queries, reservations
from pickmesh.core.stock.adjustments import Adjustment
from pickmesh.core.stock.buffers import Buffer
from pickmesh.core.stock.push import NewPolicy
from pickmesh.core.stock.push_figures import Policy
from pickmesh.core.stock.rules import Demand

Figures = dict[tuple[UUID, str], int]


@given(
    available=st.integers(0, 10**6),
    share=st.integers(0, 100),
    buffer=st.integers(0, 1_000),
    cap=st.none() | st.integers(0, 1_000),
)
def test_no_shop_is_told_more_than_its_share_less_its_buffer(
    available: int, share: int, buffer: int, cap: int | None
) -> None:
    told = Policy(share, buffer, cap).told(available)
    assert 0 <= told <= available
    assert told + buffer <= max(buffer, available * share / 100)
    assert cap is None or told <= cap
    assert Policy(share, buffer, cap, paused=True).told(available) == 0


async def figures_of(database: Database, actor: Actor, **chosen: Any) -> Figures:
    async with database.reading(actor) as uow:
        page = await push_figures.push_figures(uow, PageRequest(limit=250), **chosen)
    return {(each.shop_id, each.shop_code): each.quantity for each in page.items}


async def changes_after(floor: Floor, seq: int) -> push_figures.PushChanges:
    async with floor.database.reading(floor.actor) as uow:
        return await push_figures.push_changes(uow, after=seq)


async def seq_of(floor: Floor) -> int:
    async with floor.database.reading(floor.actor) as uow:
        return await last_seq(uow)


async def save(floor: Floor, *policies: NewPolicy) -> list[Any]:
    async with floor.database.unit_of_work(floor.actor) as uow:
        return await push.save_push_policies(uow, policies=policies)


class Market:
    """Two shops that sell cups, lids and sets of them from two warehouses."""

    def __init__(self, floor: Floor, shops: Mapping[str, UUID], skus: Mapping[str, UUID], other: Any) -> None:
        self.floor, self.shops, self.skus, self.other = floor, shops, skus, other

    async def told(self, shop: str) -> dict[str, int]:
        found = await figures_of(self.floor.database, self.floor.actor, shop_ids=[self.shops[shop]])
        return {code: quantity for (_, code), quantity in found.items()}


async def market_of(floor: Floor) -> Market:
    database, actor = floor.database, floor.actor
    shops = {code: await make_shop(database, actor, code) for code in ("TB", "PDD")}
    skus = dict(await make_skus(database, actor, ["MUG", "CAP"], shop="TB"))
    skus["SET"] = await make_bundle(database, actor, "SET", {"MUG": 1, "CAP": 2}, shop="TB")
    skus |= await make_skus(database, actor, ["JAR"], shop="PDD")
    other = await make_warehouse(database, actor, code="WH2")
    for sku, here, there in (("MUG", 10, 3), ("CAP", 5, 7), ("JAR", 8, 0)):
        await put_stock(database, actor, floor.bin("A-01"), skus[sku], here)
        if there:
            await put_stock(database, actor, other.bins["A-01"], skus[sku], there)
    return Market(floor, shops, skus, other)


async def test_without_a_policy_a_shop_is_told_all_and_a_bundle_counts_where_all_parts_are(floor: Floor) -> None:
    market = await market_of(floor)
    assert await market.told("TB") == {"MUG": 13, "CAP": 12, "SET": 2 + 3}
    assert await market.told("PDD") == {"JAR": 8}


async def test_a_buffer_lowers_what_is_available_and_not_what_an_order_may_take(floor: Floor) -> None:
    market = await market_of(floor)
    jar, here = market.skus["JAR"], floor.warehouse.location_id
    async with floor.database.unit_of_work(floor.actor) as uow:
        answers = await buffers.set_buffers(
            uow, buffers=[Buffer(here, jar, 3), Buffer(new_id(), jar, 1), Buffer(here, market.skus["SET"], 1)]
        )
    assert answers[0] == buffers.Buffered(0, here, jar, 3, 5)
    assert [answer.refusal.code for answer in answers[1:] if isinstance(answer, Refused)] == [
        "NOT_FOUND",
        "BUNDLE_HAS_NO_STOCK",
    ]
    assert await market.told("PDD") == {"JAR": 5}
    demand = Demand(new_id(), new_id(), here, jar, 7, floor.demand("KETTLE", 1).rank_at)
    assert (await floor.reserve(demand)).covered == [demand]
    assert await market.told("PDD") == {"JAR": 0}  # 1 free, 3 kept back: clamped
    async with floor.database.reading(floor.actor) as uow:
        (level,) = await queries.levels_of(uow, [jar])
    assert (level.free, level.buffer, level.available) == (1, 3, 0)


async def test_a_skus_own_policy_comes_before_its_shops(floor: Floor) -> None:
    market = await market_of(floor)
    shop = market.shops["TB"]
    await save(floor, NewPolicy(shop, share_percent=50), NewPolicy(shop, market.skus["SET"], cap=4))
    assert await market.told("TB") == {"MUG": 6, "CAP": 6, "SET": 4}
    await save(floor, NewPolicy(shop, market.skus["MUG"], share_percent=33, buffer=1), NewPolicy(shop, paused=True))
    assert await market.told("TB") == {"MUG": 3, "CAP": 0, "SET": 4}
    assert await market.told("PDD") == {"JAR": 8}
    async with floor.database.unit_of_work(floor.actor) as uow:
        dropped = await push.drop_push_policies(uow, keys=[(shop, None), (shop, market.skus["JAR"])])
    assert dropped[0] == push.PolicySaved(0, shop, None)
    assert isinstance(dropped[1], Refused)
    assert await market.told("TB") == {"MUG": 3, "CAP": 12, "SET": 4}


async def test_policies_out_of_bounds_and_of_others_are_refused(floor: Floor, stranger: Actor) -> None:
    market = await market_of(floor)
    shop = market.shops["TB"]
    answers = await save(
        floor,
        NewPolicy(shop, share_percent=101),
        NewPolicy(shop, buffer=-1),
        NewPolicy(shop, cap=-1),
        NewPolicy(shop, new_id()),
        NewPolicy(new_id()),
    )
    assert [answer.refusal.code for answer in answers] == [*["INVALID_INPUT"] * 3, "UNKNOWN_SKU", "NOT_FOUND"]
    async with floor.database.unit_of_work(stranger) as uow:
        (refused,) = await push.save_push_policies(uow, policies=[NewPolicy(shop)])
    assert isinstance(refused, Refused)
    assert await figures_of(floor.database, stranger) == {}


async def test_pages_of_figures_neither_skip_nor_repeat(floor: Floor) -> None:
    await market_of(floor)
    found: list[str] = []
    cursor = None
    async with floor.database.reading(floor.actor) as uow:
        while True:
            page = await push_figures.push_figures(uow, page_request(1, cursor))
            found += [each.shop_code for each in page.items]
            if not page.has_next:
                break
            cursor = page.cursors[-1]
        last = await push_figures.push_figures(uow, page_request(None, None, 2, None))
    assert sorted(found) == ["CAP", "JAR", "MUG", "SET"]
    assert [each.shop_code for each in last.items] == found[-2:]


async def test_deltas_name_the_bundle_of_a_part_that_changed_and_nothing_else(floor: Floor) -> None:
    market = await market_of(floor)
    seq = await seq_of(floor)
    assert (await changes_after(floor, seq)).figures == []
    async with floor.database.unit_of_work(floor.actor) as uow:
        await adjustments.adjust_stock(uow, adjustments=[Adjustment(floor.bin("A-01"), market.skus["CAP"], -2)])
    changes = await changes_after(floor, seq)
    assert {(each.shop_code, each.quantity) for each in changes.figures} == {("CAP", 10), ("SET", 1 + 3)}
    assert (changes.up_to, changes.more, changes.shop_ids) == (seq + 1, False, [])
    await save(floor, NewPolicy(market.shops["PDD"], paused=True), NewPolicy(market.shops["TB"], market.skus["MUG"]))
    changes = await changes_after(floor, changes.up_to)
    assert [each.shop_code for each in changes.figures] == ["MUG"]
    assert changes.shop_ids == [market.shops["PDD"]]


async def test_every_figure_that_changed_is_among_the_deltas(floor: Floor) -> None:
    """Whatever is done to stock: receipts, corrections, promises, releases, buffers, blocked lots, policies."""
    market = await market_of(floor)
    database, actor, here = floor.database, floor.actor, floor.warehouse.location_id
    (milk,) = (await make_skus(database, actor, ["TEA"], shop="TB", lot_tracked=True)).values()
    lot_id = await put_stock(database, actor, floor.bin("A-02"), milk, 6, lot_code="L1")
    mug, line_id = market.skus["MUG"], new_id()
    promised = Demand(line_id, line_id, here, mug, 4, floor.demand("KETTLE", 1).rank_at)

    async def received(uow: Any) -> None:
        await adjustments.adjust_stock(uow, adjustments=[Adjustment(floor.bin("A-01"), mug, 5)])

    steps = (
        received,
        lambda uow: reservations.reserve_stock(uow, demands=[promised]),
        lambda uow: buffers.set_buffers(uow, buffers=[Buffer(here, mug, 2)]),
        lambda uow: reservations.release_reservations(uow, line_ids=[line_id]),
        lambda uow: lots.set_lots_blocked(uow, lot_ids=[lot_id], blocked=True),
        lambda uow: push.save_push_policies(uow, policies=[NewPolicy(market.shops["TB"], milk, cap=1)]),
        lambda uow: lots.set_lots_blocked(uow, lot_ids=[lot_id], blocked=False),
    )
    before, seq = await figures_of(database, actor), await seq_of(floor)
    for step in steps:
        async with database.unit_of_work(actor) as uow:
            await step(uow)
        after, changes = await figures_of(database, actor), await changes_after(floor, seq)
        told = {(each.shop_id, each.shop_code): each.quantity for each in changes.figures}
        changed = {key: quantity for key, quantity in after.items() if before[key] != quantity}
        assert changed.items() <= told.items()
        assert told.items() <= after.items()
        before, seq = after, changes.up_to


@pytest.mark.parametrize("number", [1, 10, 200])
async def test_figures_and_deltas_take_the_same_statements_for_any_number(floor: Floor, number: int) -> None:
    shop_id = await make_shop(floor.database, floor.actor, "TB")
    codes = [f"S-{each}" for each in range(number)]
    skus = await make_skus(floor.database, floor.actor, codes, shop="TB")
    await make_bundle(floor.database, floor.actor, "SET", {codes[0]: 1}, shop="TB")
    await save(floor, *(NewPolicy(shop_id, sku_id) for sku_id in skus.values()))
    with statements(floor.database) as bare:
        async with floor.database.reading(floor.actor):
            pass
    with statements(floor.database) as figures:
        assert len(await figures_of(floor.database, floor.actor)) == number + 1
    with statements(floor.database) as changes:
        assert len((await changes_after(floor, 0)).figures) == number + 1
    assert (len(figures) - len(bare), len(changes) - len(bare)) == (5, 8)
