"""Where orders go, pure: every strategy, sharing among warehouses, ties, and what never happens."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import combinations
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pickmesh.core.orders.conditions import Condition, Field, Operator, OrderFacts
from pickmesh.core.orders.route_rules import (
    Apart,
    Candidate,
    Choice,
    Group,
    Rule,
    Share,
    choice_of,
    cost_to,
    province_key,
    shares,
)
from pickmesh.core.orders.rule_tables import RoutingStrategy
from pickmesh.core.orders.rules import RouteReason

KETTLE, LID, CUP = UUID(int=101), UUID(int=102), UUID(int=103)
SKUS = (KETTLE, LID, CUP, UUID(int=104))
Stock = Mapping[tuple[int, UUID], int]


def place(number: int) -> UUID:
    return UUID(int=number)


def candidate(number: int, priority: int = 100, cost: int | None = None) -> Candidate:
    return Candidate(place(number), f"W{number}", priority, cost)


def levels(stock: Stock) -> dict[tuple[UUID, UUID], int]:
    return {(place(number), sku_id): pieces for (number, sku_id), pieces in stock.items()}


def group(number: int, **needs: int) -> Group:
    skus = {"kettle": KETTLE, "lid": LID, "cup": CUP}
    return Group(UUID(int=1000 + number), tuple((skus[name], quantity) for name, quantity in needs.items()))


ORDER = [group(1, kettle=2), group(2, lid=1)]
ALL = {(number, sku_id): 9 for number in (1, 2, 3) for sku_id in (KETTLE, LID, CUP)}


def one(found: Sequence[Share]) -> tuple[int | None, RouteReason]:
    (share,) = found
    return share.route.location_id and share.route.location_id.int, share.route.reason


@pytest.mark.parametrize(
    ("candidates", "stock", "goes_to", "reason"),
    [
        ([], {}, None, RouteReason.NO_WAREHOUSE),
        ([candidate(1)], {}, 1, RouteReason.ONLY_WAREHOUSE),
        ([candidate(1), candidate(2)], {(2, KETTLE): 2, (2, LID): 1}, 2, RouteReason.COVERS_ORDER),
        ([candidate(1), candidate(2, 1)], {(1, KETTLE): 9, (1, LID): 9, (2, KETTLE): 9}, 1, RouteReason.COVERS_ORDER),
        ([candidate(1, 5), candidate(2, 4)], {(1, KETTLE): 1, (2, LID): 1}, 2, RouteReason.COVERS_MOST),
        ([candidate(2), candidate(1)], {}, 1, RouteReason.COVERS_MOST),
        ([candidate(1), candidate(2)], {(1, KETTLE): 1, (2, KETTLE): 2}, 2, RouteReason.COVERS_MOST),
    ],
)
def test_an_order_goes_where_most_of_it_lies_then_by_priority_then_by_code(
    candidates: list[Candidate], stock: Stock, goes_to: int | None, reason: RouteReason
) -> None:
    assert one(shares(ORDER, candidates, levels(stock))) == (goes_to, reason)


def test_an_order_without_a_known_sku_is_not_routed() -> None:
    assert one(shares([], [candidate(1)], {})) == (None, RouteReason.UNMAPPED)


@pytest.mark.parametrize(
    ("costs", "goes_to", "reason"),
    [
        ((900, 600, 700), 2, RouteReason.CHEAPEST),
        ((None, 900, None), 2, RouteReason.CHEAPEST),
        ((600, 600, None), 1, RouteReason.CHEAPEST),
        ((None, 0, 0), 2, RouteReason.CHEAPEST),
        ((None, None, None), 1, RouteReason.COVERS_ORDER),
    ],
)
def test_the_cheapest_that_covers_the_order_takes_it_and_an_unknown_cost_comes_last(
    costs: Sequence[int | None], goes_to: int, reason: RouteReason
) -> None:
    candidates = [candidate(number, cost=cost) for number, cost in enumerate(costs, 1)]
    assert one(shares(ORDER, candidates, levels(ALL), Choice(RoutingStrategy.CHEAPEST))) == (goes_to, reason)


def test_a_cheaper_warehouse_that_lacks_a_piece_is_passed_over_while_another_covers_the_order() -> None:
    candidates = [candidate(1, cost=900), candidate(2, cost=100)]
    stock = {(1, KETTLE): 2, (1, LID): 1, (2, KETTLE): 50}
    assert one(shares(ORDER, candidates, levels(stock), Choice(RoutingStrategy.CHEAPEST))) == (1, RouteReason.CHEAPEST)
    short = {(1, KETTLE): 1, (2, KETTLE): 50}
    found = shares(ORDER, candidates, levels(short), Choice(RoutingStrategy.CHEAPEST))
    assert one(found) == (2, RouteReason.COVERS_MOST)


def test_by_priority_the_first_that_covers_the_order_takes_it_however_much_others_have() -> None:
    candidates = [candidate(1, 30), candidate(2, 10), candidate(3, 20)]
    stock = {**ALL, (2, LID): 0}
    assert one(shares(ORDER, candidates, levels(stock), Choice(RoutingStrategy.PRIORITY))) == (3, RouteReason.PRIORITY)


def test_by_most_stock_the_fullest_that_covers_the_order_takes_it() -> None:
    stock = {(1, KETTLE): 2, (1, LID): 1, (2, KETTLE): 8, (2, LID): 1, (3, KETTLE): 90}
    candidates = [candidate(1), candidate(2), candidate(3)]
    found = shares(ORDER, candidates, levels(stock), Choice(RoutingStrategy.MOST_STOCK))
    assert one(found) == (2, RouteReason.MOST_STOCK)


def test_a_rules_own_order_of_warehouses_comes_before_their_priority() -> None:
    choice = Choice(RoutingStrategy.PRIORITY, (place(3), place(1)), UUID(int=7))
    assert one(shares(ORDER, [candidate(1, 1), candidate(2, 1), candidate(3, 99)], levels(ALL), choice)) == (
        3,
        RouteReason.PRIORITY,
    )


def test_what_a_rules_one_warehouse_lacks_stays_a_shortage_there_though_another_has_it() -> None:
    choice = Choice(RoutingStrategy.CHEAPEST, (place(2),), UUID(int=7))
    stock = {**ALL, (2, KETTLE): 0, (2, LID): 0}
    assert one(shares(ORDER, [candidate(1), candidate(2)], levels(stock), choice)) == (2, RouteReason.RULE)


def test_the_facts_say_what_was_weighed() -> None:
    choice = Choice(RoutingStrategy.CHEAPEST, (), UUID(int=7))
    candidates = [candidate(1, 20), Candidate(place(2), "W2", 10, 800, in_region=True)]
    (share,) = shares(ORDER, candidates, levels({(2, KETTLE): 2, (2, LID): 1, (1, LID): 5}), choice)
    assert share.route.facts == {
        "strategy": "CHEAPEST",
        "rule": str(UUID(int=7)),
        "wanted": 3,
        "candidates": [
            {"location_id": str(place(2)), "covered": 3, "cost_minor": 800, "priority": 10, "in_region": True},
            {"location_id": str(place(1)), "covered": 1, "cost_minor": None, "priority": 20, "in_region": False},
        ],
    }
    (alone,) = shares(ORDER, candidates[:1], {}, choice)
    assert alone.route.facts is None


FEWEST = Choice(RoutingStrategy.FEWEST_PARCELS)
APART = {(1, KETTLE): 2, (2, LID): 1, (3, CUP): 9}


def parts(found: Sequence[Share]) -> list[tuple[int, list[int]]]:
    return [
        (share.route.location_id.int, sorted(each.id.int - 1000 for each in share.groups))
        for share in found
        if share.route.location_id is not None
    ]


def test_one_warehouse_that_covers_everything_is_the_fewest_parcels() -> None:
    found = shares(ORDER, [candidate(1), candidate(2)], levels({**APART, (2, KETTLE): 2}), FEWEST, Apart.AVAILABLE)
    assert one(found) == (2, RouteReason.FEWEST_PARCELS)


def test_an_order_that_waits_for_everything_is_shared_only_when_all_of_it_is_covered() -> None:
    three = [candidate(1), candidate(2), candidate(3)]
    found = shares(ORDER, three, levels(APART), FEWEST, Apart.COVERED)
    assert parts(found) == [(1, [1]), (2, [2])]
    assert {share.route.reason for share in found} == {RouteReason.FEWEST_PARCELS}
    lacking = [*ORDER, group(3, cup=10)]
    assert parts(shares(lacking, three, levels(APART), FEWEST, Apart.COVERED)) == [(3, [1, 2, 3])]
    assert parts(shares(ORDER, three, levels(APART), FEWEST, Apart.NEVER)) == [(1, [1, 2])]


def test_an_order_that_ships_what_is_there_is_shared_and_the_largest_share_keeps_what_nobody_has() -> None:
    lacking = [*ORDER, group(3, cup=10)]
    three = [candidate(1), candidate(2), candidate(3)]
    assert parts(shares(lacking, three, levels(APART), FEWEST, Apart.AVAILABLE)) == [(1, [1, 3]), (2, [2])]


def test_the_components_of_a_bundle_stay_at_one_warehouse() -> None:
    bundle = [group(1, kettle=1, lid=1), group(2, cup=1)]
    stock = {(1, KETTLE): 5, (2, LID): 5, (3, KETTLE): 1, (3, LID): 1, (4, CUP): 1}
    four = [candidate(number) for number in (1, 2, 3, 4)]
    assert parts(shares(bundle, four, levels(stock), FEWEST, Apart.COVERED)) == [(3, [1]), (4, [2])]


def test_a_line_that_only_one_warehouse_covers_chooses_before_one_that_has_a_choice() -> None:
    lines = [group(1, kettle=1), group(2, kettle=1, lid=1), group(3, cup=1)]
    stock = {(1, KETTLE): 1, (1, LID): 1, (2, KETTLE): 1, (2, CUP): 1}
    found = shares(lines, [candidate(1), candidate(2)], levels(stock), FEWEST, Apart.COVERED)
    assert parts(found) == [(1, [2]), (2, [1, 3])]


def test_more_than_six_warehouses_are_added_one_after_the_other() -> None:
    lines = [Group(UUID(int=1000 + number), ((UUID(int=200 + number), 1),)) for number in range(1, 9)]
    eight = [candidate(number) for number in range(1, 9)]
    stock = {(number, UUID(int=200 + number)): 1 for number in range(1, 9)}
    stock |= {(8, UUID(int=200 + number)): 1 for number in range(1, 5)}
    found = parts(shares(lines, eight, levels(stock), FEWEST, Apart.COVERED))
    assert found == [(8, [1, 2, 3, 4, 8]), (5, [5]), (6, [6]), (7, [7])]


stocks = st.dictionaries(st.tuples(st.integers(1, 4), st.sampled_from(SKUS)), st.integers(0, 3), max_size=16)
warehouses = st.lists(st.integers(1, 4), min_size=1, max_size=4, unique=True).map(
    lambda numbers: [candidate(number, number % 2, (number * 7) % 5 or None) for number in numbers]
)
orders = st.lists(st.tuples(st.sampled_from(SKUS), st.integers(1, 3)), min_size=1, max_size=5).map(
    lambda lines: [Group(UUID(int=1000 + index), (line,)) for index, line in enumerate(lines)]
)


def covers_all(groups: Sequence[Group], location_id: UUID | None, free: Mapping[tuple[UUID, UUID], int]) -> bool:
    wanted: dict[UUID, int] = {}
    for each in groups:
        for sku_id, quantity in each.needs:
            wanted[sku_id] = wanted.get(sku_id, 0) + quantity
    assert location_id is not None
    return all(free.get((location_id, sku_id), 0) >= quantity for sku_id, quantity in wanted.items())


@given(orders, warehouses, stocks, st.sampled_from(RoutingStrategy), st.sampled_from(Apart))
def test_a_route_is_total_and_does_not_depend_on_the_order_warehouses_are_told_in(
    groups: list[Group],
    candidates: list[Candidate],
    stock: dict[tuple[int, UUID], int],
    strategy: RoutingStrategy,
    apart: Apart,
) -> None:
    free = levels(stock)
    found = shares(groups, candidates, free, Choice(strategy), apart)
    assert shares(groups, candidates[::-1], free, Choice(strategy), apart) == found
    assert sorted(each.id for share in found for each in share.groups) == sorted(each.id for each in groups)
    goes_to = [share.route.location_id for share in found]
    assert set(goes_to) <= {each.location_id for each in candidates}
    assert len(set(goes_to)) == len(goes_to)
    one_covers = any(covers_all(groups, each.location_id, free) for each in candidates)
    if one_covers:
        assert len(found) == 1
        assert covers_all(groups, goes_to[0], free)
    if len(found) > 1:
        assert strategy is RoutingStrategy.FEWEST_PARCELS
        assert apart is not Apart.NEVER
    if len(found) > 1 and apart is Apart.COVERED:
        assert all(covers_all(share.groups, share.route.location_id, free) for share in found)


@given(orders, warehouses, stocks)
def test_the_cheapest_is_never_beaten_by_another_that_covers_the_order(
    groups: list[Group], candidates: list[Candidate], stock: dict[tuple[int, UUID], int]
) -> None:
    free = levels(stock)
    (share,) = shares(groups, candidates, free, Choice(RoutingStrategy.CHEAPEST))
    chosen = next(each for each in candidates if each.location_id == share.route.location_id)
    for other in candidates:
        if covers_all(groups, other.location_id, free) and other.cost_minor is not None:
            assert chosen.cost_minor is not None
            assert chosen.cost_minor <= other.cost_minor


@given(st.sets(st.sampled_from(SKUS), min_size=1), warehouses, stocks)
def test_no_smaller_set_of_warehouses_covers_what_the_fewest_parcels_cover(
    wanted: set[UUID], candidates: list[Candidate], stock: dict[tuple[int, UUID], int]
) -> None:
    groups = [Group(UUID(int=2000 + index), ((sku_id, 2),)) for index, sku_id in enumerate(sorted(wanted))]
    free = levels(stock)
    found = shares(groups, candidates, free, FEWEST, Apart.COVERED)
    sizes = [
        size
        for size in range(1, len(candidates) + 1)
        for members in combinations(candidates, size)
        if all(any(free.get((each.location_id, sku_id), 0) >= 2 for each in members) for sku_id in wanted)
    ]
    assert len(found) == (min(sizes) if sizes else 1)


def facts(province: str = "浙江省") -> OrderFacts:
    return OrderFacts(
        shop_id=UUID(int=1),
        type="SALE",
        payment_status="PAID",
        currency="CNY",
        goods_minor=100,
        total_minor=100,
        lines=1,
        pieces=1,
        skus={KETTLE: 1},
        ordered_at=datetime(2026, 11, 24, tzinfo=UTC),
        country="CN",
        province=province,
    )


def rule(number: int, province: str, *places: int) -> Rule:
    condition = Condition(Field.PROVINCE, Operator.CONTAINS_ANY, (province,))
    return Rule(UUID(int=number), (condition,), RoutingStrategy.CHEAPEST, tuple(place(each) for each in places))


def test_the_first_rule_that_fits_decides_and_a_review_rules_wish_beats_them_all() -> None:
    there = {place(1), place(2)}
    rules = [rule(1, "北京", 1), rule(2, "浙江", 2), rule(3, "浙江", 1)]
    assert choice_of(rules, facts(), (), there) == Choice(RoutingStrategy.CHEAPEST, (place(2),), UUID(int=2))
    assert choice_of(rules, facts("广东省"), (), there) == Choice()
    assert choice_of(rules, None, (), there) == Choice()
    wished = choice_of(rules, facts(), (place(9), place(1)), there)
    assert wished == Choice(RoutingStrategy.PRIORITY, (place(1),), is_preferred=True)
    assert one(shares(ORDER, [candidate(1), candidate(2)], levels(ALL), wished)) == (1, RouteReason.PREFERRED)


def test_a_rule_whose_warehouses_are_all_gone_does_not_fit() -> None:
    rules = [rule(2, "浙江", 9), rule(3, "浙江", 9, 1), rule(4, "浙江")]
    assert choice_of(rules, facts(), (), {place(1)}) == Choice(RoutingStrategy.CHEAPEST, (place(1),), UUID(int=3))


@pytest.mark.parametrize(
    ("told", "key"),
    [
        ("浙江省", "浙江"),
        (" 浙江 ", "浙江"),
        ("上海市", "上海"),
        ("广西壮族自治区", "广西"),
        ("新疆维吾尔自治区", "新疆"),
        ("内蒙古自治区", "内蒙古"),
        ("香港特别行政区", "香港"),
        ("California", "california"),
        ("省", "省"),
        ("", ""),
    ],
)
def test_platforms_write_provinces_differently_and_mean_the_same(told: str, key: str) -> None:
    assert province_key(told) == key


def test_a_provinces_own_rate_comes_before_the_countrys() -> None:
    rates = {(place(1), "CN", "浙江"): 500, (place(1), "CN", ""): 900}
    assert cost_to(rates, place(1), "CN", "浙江省") == (500, True)
    assert cost_to(rates, place(1), "CN", "西藏自治区") == (900, False)
    assert cost_to(rates, place(1), "JP", "") == (None, False)
    assert cost_to(rates, place(2), "CN", "浙江省") == (None, False)
