from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pickmesh.core.kit.ids import NIL_ID
from pickmesh.core.picking import routes, wave_rules
from pickmesh.core.picking.routes import Stop
from pickmesh.core.picking.rules import Share
from pickmesh.core.picking.tables import WaveKind
from pickmesh.core.picking.wave_rules import Alike, Candidate, Chosen


def uid(number: int) -> UUID:
    return UUID(int=number)


CUP, LID, POT = uid(901), uid(902), uid(903)
FIRST, SECOND, THIRD = uid(1), uid(2), uid(3)


def stop(number: int, sequence: int = 0, at: tuple[int, int] | None = None) -> Stop:
    x_mm, y_mm = at or (None, None)
    return Stop(uid(number), f"A-{number:02d}", sequence, x_mm, y_mm)


def share(order: UUID, place: int, sku: UUID = CUP, quantity: int = 1) -> Share:
    number = order.int * 1000 + place * 10 + sku.int % 10
    return Share(uid(number), order, uid(number + 500), uid(place), sku, NIL_ID, quantity)


def test_the_walk_follows_the_numbers_of_the_bins_whatever_the_input() -> None:
    stops = [stop(3, 30), stop(1, 10), stop(2, 20)]
    assert [each.code for each in routes.walk_order(stops)] == ["A-01", "A-02", "A-03"]
    assert routes.walk_order(stops) == routes.walk_order(stops[::-1])


def test_bins_without_numbers_come_after_in_a_serpentine_over_the_visited_aisles() -> None:
    unnumbered = [stop(11, at=(1, 100)), stop(12, at=(2, 100)), stop(21, at=(1, 300)), stop(22, at=(2, 300))]
    walk = routes.walk_order([*unnumbered, stop(99), stop(1, 10)])
    assert [each.code for each in walk] == ["A-01", "A-11", "A-12", "A-22", "A-21", "A-99"]


def test_a_discrete_wave_makes_one_list_per_order_in_the_order_of_the_seats() -> None:
    lists = wave_rules.plan_lists(WaveKind.DISCRETE, [SECOND, FIRST], [share(FIRST, 1), share(SECOND, 1)], [stop(1, 1)])
    assert [(each.fulfillment_order_ids, len(each.lines)) for each in lists] == [((SECOND,), 1), ((FIRST,), 1)]


def test_a_cluster_list_sums_what_its_orders_want_from_one_bin_and_holds_no_more_than_the_cart() -> None:
    shares = [share(FIRST, 2, quantity=2), share(SECOND, 2, quantity=3), share(SECOND, 1, LID), share(THIRD, 2)]
    stops = [stop(1, 1), stop(2, 2)]
    one, two = wave_rules.plan_lists(WaveKind.CLUSTER, [FIRST, SECOND, THIRD], shares, stops, cart_capacity=2)
    assert one.fulfillment_order_ids == (FIRST, SECOND)
    assert [(each.place_id, each.sku_id, each.quantity) for each in one.lines] == [(uid(1), LID, 1), (uid(2), CUP, 5)]
    assert [each.fulfillment_order_id for each in one.lines[1].shares] == [FIRST, SECOND]
    assert [(each.place_id, each.quantity) for each in two.lines] == [(uid(2), 1)]


def test_two_skus_of_one_bin_are_two_lines() -> None:
    (one,) = wave_rules.plan_lists(
        WaveKind.DISCRETE, [FIRST], [share(FIRST, 1, LID), share(FIRST, 1, CUP)], [stop(1, 1)]
    )
    assert [each.sku_id for each in one.lines] == [CUP, LID]


def test_an_order_without_goods_gets_no_list() -> None:
    assert wave_rules.plan_lists(WaveKind.DISCRETE, [FIRST], [], []) == []


@given(
    st.lists(st.tuples(st.integers(1, 9), st.integers(1, 5), st.sampled_from([CUP, LID, POT]), st.integers(1, 4))),
    st.sampled_from(list(WaveKind)),
    st.integers(1, 4),
)
def test_lists_hold_every_share_once_within_the_cart_and_in_walk_order(
    wanted: list[tuple[int, int, UUID, int]], kind: WaveKind, capacity: int
) -> None:
    shares = [
        Share(uid(1000 + number), uid(order), uid(2000 + number), uid(place), sku, NIL_ID, quantity)
        for number, (order, place, sku, quantity) in enumerate(wanted)
    ]
    stops = [stop(place, place) for place in range(1, 6)]
    lists = wave_rules.plan_lists(kind, [uid(order) for order in range(1, 10)], shares, stops, capacity)
    placed = Counter(each.allocation_id for one in lists for each_line in one.lines for each in each_line.shares)
    assert placed == Counter(each.allocation_id for each in shares)
    for one in lists:
        assert 1 <= len(one.fulfillment_order_ids) <= (1 if kind is WaveKind.DISCRETE else capacity)
        assert [each.place_id.int for each in one.lines] == sorted(each.place_id.int for each in one.lines)
        assert all(each.quantity == sum(part.quantity for part in each.shares) for each in one.lines)


ONE_CUP = ((CUP, 1),)
CUP_AND_LID = ((CUP, 1), (LID, 1))
CANDIDATES = [
    Candidate(FIRST, CUP_AND_LID),
    Candidate(SECOND, ONE_CUP),
    Candidate(THIRD, CUP_AND_LID),
    Candidate(uid(4), ((LID, 2),)),
]


@pytest.mark.parametrize(
    ("kind", "chosen"),
    [
        (WaveKind.SINGLE_ITEM, [SECOND]),
        (WaveKind.HOT_SALE, [FIRST, THIRD]),
        (WaveKind.PUT_WALL, [FIRST, SECOND, THIRD, uid(4)]),
        (WaveKind.CLUSTER, [FIRST, SECOND, THIRD, uid(4)]),
        (WaveKind.DISCRETE, [FIRST, SECOND, THIRD, uid(4)]),
    ],
)
def test_each_kind_of_wave_takes_the_orders_that_fit_it(kind: WaveKind, chosen: list[UUID]) -> None:
    assert wave_rules.choose_orders(kind, CANDIDATES, 10) == chosen


def test_a_hot_sale_needs_two_equal_orders() -> None:
    assert wave_rules.choose_orders(WaveKind.HOT_SALE, CANDIDATES[:2], 10) == []


def test_a_wave_takes_no_more_than_its_limit_the_first_ones() -> None:
    assert wave_rules.choose_orders(WaveKind.CLUSTER, CANDIDATES, 2) == [FIRST, SECOND]


def test_neighbours_share_a_cart_and_the_cart_of_the_first_seat_goes_first() -> None:
    far, near, urgent = [uid(1), uid(2)], [uid(3), uid(4)], uid(5)
    bins = {far[0]: [90], far[1]: [88, 91], near[0]: [2], near[1]: [1, 3], urgent: [89]}
    seated = [urgent, near[0], far[0], near[1], far[1]]
    assert wave_rules.carts(seated, bins, 3) == [(urgent, far[0]), (near[0], near[1], far[1])]
    assert wave_rules.carts(seated, bins, 1) == [(each,) for each in seated]


def test_an_order_fits_what_was_chosen_at_the_very_limits() -> None:
    order = Candidate(FIRST, ((CUP, 2), (LID, 1)), weight_g=500, volume_mm3=2_000, zones=frozenset({"A"}))
    exact = Chosen(
        pieces_at_least=3, pieces_at_most=3, lines_at_most=2, weight_g_at_most=500, volume_cm3_at_most=2, zone="A"
    )
    assert wave_rules.fits(exact, order)
    for tighter in (
        replace(exact, pieces_at_least=4),
        replace(exact, pieces_at_most=2),
        replace(exact, lines_at_most=1),
        replace(exact, weight_g_at_most=499),
        replace(exact, volume_cm3_at_most=1),
        replace(exact, zone="B"),
        replace(exact, contents=((CUP, 2),)),
    ):
        assert not wave_rules.fits(tighter, order)


def test_an_order_that_lies_in_two_zones_fits_none() -> None:
    for zones in ({"A", "B"}, {"A", None}, set()):
        order = Candidate(FIRST, ((CUP, 1),), zones=frozenset(zones))
        assert not wave_rules.fits(Chosen(zone="A"), order)


def test_hot_sales_come_by_their_number_of_orders_and_with_the_soonest_departure() -> None:
    noon = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
    cups = [Candidate(uid(number), ONE_CUP, noon + timedelta(hours=number)) for number in (3, 1, 2)]
    lids = [Candidate(uid(number), ((LID, 1),), noon) for number in (4, 5)]
    alone = Candidate(uid(6), ((POT, 1),), noon)
    assert wave_rules.hot_sales([lids[0], alone, *cups, lids[1]]) == [
        Alike(ONE_CUP, (uid(3), uid(1), uid(2)), noon + timedelta(hours=1)),
        Alike(((LID, 1),), (uid(4), uid(5)), noon),
    ]
