from collections import Counter
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pickmesh.core.kit.ids import NIL_ID
from pickmesh.core.picking import refusals, rules
from pickmesh.core.picking.rules import Candidate, PickConfirmation, PickShort, Share, Stop, Tally, ToteHold, WorkLine
from pickmesh.core.picking.tables import PickLineStatus, PickListStatus, WaveKind, WaveStatus


def uid(number: int) -> UUID:
    return UUID(int=number)


CUP, LID, POT = uid(901), uid(902), uid(903)
FIRST, SECOND, THIRD = uid(1), uid(2), uid(3)
LIST, LINE, TOTE, OTHER_TOTE, WORKER = uid(50), uid(60), uid(70), uid(71), uid(80)


def stop(number: int, sequence: int = 0, at: tuple[int, int] | None = None) -> Stop:
    x_mm, y_mm = at or (None, None)
    return Stop(uid(number), f"A-{number:02d}", sequence, x_mm, y_mm)


def share(order: UUID, place: int, sku: UUID = CUP, quantity: int = 1, *, stopped: bool = False) -> Share:
    number = order.int * 1000 + place * 10 + sku.int % 10
    return Share(uid(number), order, uid(number + 500), uid(place), sku, NIL_ID, quantity, stopped)


def line(*shares: Share, picked: int = 0, short: int = 0, worker: UUID | None = WORKER) -> WorkLine:
    quantity = sum(each.quantity for each in shares) + picked + short
    stopped = frozenset(each.fulfillment_order_id for each in shares if each.stopped)
    return WorkLine(
        LINE,
        LIST,
        WaveKind.CLUSTER,
        PickLineStatus.OPEN,
        PickListStatus.CLAIMED,
        worker,
        quantity,
        picked,
        short,
        shares,
        stopped,
    )


def picked(quantity: int, *, order: UUID | None = None, worker: UUID = WORKER, tote: UUID = TOTE) -> PickConfirmation:
    return PickConfirmation(LINE, quantity, tote, None, None, order, worker)


MIXED = {TOTE: ToteHold(LIST, None)}


def test_the_walk_follows_the_numbers_of_the_bins_whatever_the_input() -> None:
    stops = [stop(3, 30), stop(1, 10), stop(2, 20)]
    assert [each.code for each in rules.walk_order(stops)] == ["A-01", "A-02", "A-03"]
    assert rules.walk_order(stops) == rules.walk_order(stops[::-1])


def test_bins_without_numbers_come_after_in_a_serpentine_over_the_visited_aisles() -> None:
    unnumbered = [stop(11, at=(1, 100)), stop(12, at=(2, 100)), stop(21, at=(1, 300)), stop(22, at=(2, 300))]
    walk = rules.walk_order([*unnumbered, stop(99), stop(1, 10)])
    assert [each.code for each in walk] == ["A-01", "A-11", "A-12", "A-22", "A-21", "A-99"]


def test_a_discrete_wave_makes_one_list_per_order_in_the_order_of_the_seats() -> None:
    lists = rules.plan_lists(WaveKind.DISCRETE, [SECOND, FIRST], [share(FIRST, 1), share(SECOND, 1)], [stop(1, 1)])
    assert [(each.fulfillment_order_ids, len(each.lines)) for each in lists] == [((SECOND,), 1), ((FIRST,), 1)]


def test_a_cluster_list_sums_what_its_orders_want_from_one_bin_and_holds_no_more_than_the_cart() -> None:
    shares = [share(FIRST, 2, quantity=2), share(SECOND, 2, quantity=3), share(SECOND, 1, LID), share(THIRD, 2)]
    stops = [stop(1, 1), stop(2, 2)]
    one, two = rules.plan_lists(WaveKind.CLUSTER, [FIRST, SECOND, THIRD], shares, stops, cart_capacity=2)
    assert one.fulfillment_order_ids == (FIRST, SECOND)
    assert [(each.place_id, each.sku_id, each.quantity) for each in one.lines] == [(uid(1), LID, 1), (uid(2), CUP, 5)]
    assert [each.fulfillment_order_id for each in one.lines[1].shares] == [FIRST, SECOND]
    assert [(each.place_id, each.quantity) for each in two.lines] == [(uid(2), 1)]


def test_two_skus_of_one_bin_are_two_lines() -> None:
    (one,) = rules.plan_lists(WaveKind.DISCRETE, [FIRST], [share(FIRST, 1, LID), share(FIRST, 1, CUP)], [stop(1, 1)])
    assert [each.sku_id for each in one.lines] == [CUP, LID]


def test_an_order_without_goods_gets_no_list() -> None:
    assert rules.plan_lists(WaveKind.DISCRETE, [FIRST], [], []) == []


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
    lists = rules.plan_lists(kind, [uid(order) for order in range(1, 10)], shares, stops, capacity)
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
    assert rules.choose_orders(kind, CANDIDATES, 10) == chosen


def test_a_hot_sale_needs_two_equal_orders() -> None:
    assert rules.choose_orders(WaveKind.HOT_SALE, CANDIDATES[:2], 10) == []


def test_a_wave_takes_no_more_than_its_limit_the_first_ones() -> None:
    assert rules.choose_orders(WaveKind.CLUSTER, CANDIDATES, 2) == [FIRST, SECOND]


def test_a_scan_into_a_mixed_tote_serves_the_first_seats() -> None:
    shares = share(FIRST, 1, quantity=2), share(SECOND, 1, quantity=2)
    taken, refused = rules.decide_picks([picked(3)], Tally({LINE: line(*shares)}), MIXED)
    assert [(each.share.fulfillment_order_id, each.quantity) for each in taken] == [(FIRST, 2), (SECOND, 1)]
    assert refused == []


def test_a_scan_into_an_orders_tote_serves_that_order() -> None:
    shares = share(FIRST, 1, quantity=2), share(SECOND, 1, quantity=2)
    totes = {TOTE: ToteHold(LIST, SECOND)}
    taken, _ = rules.decide_picks([picked(2)], Tally({LINE: line(*shares)}), totes)
    assert [(each.share.fulfillment_order_id, each.quantity) for each in taken] == [(SECOND, 2)]


def test_scans_of_one_batch_share_what_is_left() -> None:
    tally = Tally({LINE: line(share(FIRST, 1, quantity=3))})
    taken, (refused,) = rules.decide_picks([picked(2), picked(2), picked(1)], tally, MIXED)
    assert [(each.index, each.quantity) for each in taken] == [(0, 2), (2, 1)]
    assert (refused.index, refused.refusal.code) == (1, "TOO_MANY")
    assert refused.refusal.data == {"asked": 2, "required": 3, "picked": 0, "short": 0, "left": 1}


@pytest.mark.parametrize(
    ("pick", "work", "totes", "code"),
    [
        (picked(1), line(share(FIRST, 1)), {}, "NEEDS_PLACE"),
        (picked(1), line(share(FIRST, 1)), {TOTE: ToteHold(uid(51), None)}, "WRONG_PLACE"),
        (picked(1, order=FIRST), line(share(FIRST, 1)), {TOTE: ToteHold(LIST, SECOND)}, "WRONG_PLACE"),
        (picked(1, worker=uid(81)), line(share(FIRST, 1)), MIXED, "NOT_YOURS"),
        (picked(0), line(share(FIRST, 1)), MIXED, "TOO_MANY"),
        (picked(1, order=SECOND), line(share(FIRST, 1)), MIXED, "TOO_MANY"),
        (picked(1), line(share(FIRST, 1, stopped=True)), MIXED, "INTERCEPTED"),
        (picked(2), line(share(FIRST, 1, stopped=True), share(SECOND, 1)), MIXED, "INTERCEPTED"),
        (picked(3), line(share(FIRST, 1, stopped=True), share(SECOND, 1)), MIXED, "TOO_MANY"),
    ],
)
def test_a_scan_that_does_not_fit_is_refused(
    pick: PickConfirmation, work: WorkLine, totes: dict[UUID, ToteHold], code: str
) -> None:
    taken, (refused,) = rules.decide_picks([pick], Tally({LINE: work}), totes)
    assert (taken, refused.refusal.code) == ([], code)


def test_a_line_that_is_not_there_is_closed() -> None:
    assert isinstance(rules.line_refusal(None, WORKER), refusals.LineClosed)


def test_after_the_lease_a_late_scan_of_the_former_worker_still_counts() -> None:
    taken, _ = rules.decide_picks([picked(1)], Tally({LINE: line(share(FIRST, 1), worker=None)}), MIXED)
    assert [each.quantity for each in taken] == [1]


def test_missing_units_are_taken_from_stopped_orders_first_and_then_from_the_last_seats() -> None:
    shares = share(FIRST, 1, quantity=2), share(SECOND, 1, stopped=True), share(THIRD, 1, quantity=2)
    lost, refused = rules.decide_shorts([PickShort(LINE, 4, None, WORKER)], Tally({LINE: line(*shares)}))
    assert [(each.share.fulfillment_order_id, each.quantity) for each in lost] == [(SECOND, 1), (THIRD, 2), (FIRST, 1)]
    assert refused == []


def test_no_more_can_be_missing_than_is_left() -> None:
    work = line(share(FIRST, 1, quantity=2), picked=1)
    lost, (refused,) = rules.decide_shorts([PickShort(LINE, 3, None, WORKER)], Tally({LINE: work}))
    assert (lost, refused.refusal.data["left"]) == ([], 2)


def test_states_follow_each_other_as_the_tables_say() -> None:
    assert rules.may_become(rules.WAVE_MOVES, "PLANNED", WaveStatus.RELEASED)
    assert not rules.may_become(rules.WAVE_MOVES, "CANCELLED", WaveStatus.RELEASED)
    assert rules.may_become(rules.LIST_MOVES, "READY", PickListStatus.CLAIMED)
    assert not rules.may_become(rules.LIST_MOVES, "DONE", PickListStatus.PAUSED)
    assert set(rules.WAVE_MOVES) == set(WaveStatus)
    assert set(rules.LIST_MOVES) == set(PickListStatus)
