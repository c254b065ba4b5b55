from collections import defaultdict
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from pickmesh.core.kit.ids import NIL_ID
from pickmesh.core.stock import rules
from pickmesh.core.stock.rules import BalanceKey, Candidate, Demand, Holding, Level, LevelFigures, Need, Take

NOW = datetime(2026, 11, 24, 4, tzinfo=UTC)
TODAY = date(2026, 11, 24)
PLACE = UUID(int=1)
KETTLE, LID = UUID(int=11), UUID(int=12)


def demand(sku: UUID, quantity: int, *, group: int = 0, rank: int = 0) -> Demand:
    return Demand(UUID(int=group), UUID(int=100 + group), PLACE, sku, quantity, NOW + timedelta(minutes=rank))


def level(sku: UUID) -> Level:
    return Level(PLACE, sku)


def need(quantity: int, *, rank: int = 0, sku: UUID = KETTLE) -> Need:
    at = NOW + timedelta(minutes=rank)
    return Need(UUID(int=200 + rank), UUID(int=300 + rank), level(sku), quantity, at, UUID(int=400 + rank))


def candidate(
    bin_number: int,
    free: int,
    *,
    walk: int | None = None,
    expires: date | None = None,
    minutes: int = 0,
    role: str = "PICK",
) -> Candidate:
    return Candidate(
        key=BalanceKey(UUID(int=1000 + bin_number), KETTLE, NIL_ID),
        location_id=PLACE,
        free=free,
        expires_on=expires,
        first_in_at=NOW + timedelta(minutes=minutes),
        role=role,
        walk_sequence=bin_number if walk is None else walk,
    )


def plan(needs: list[Need], candidates: list[Candidate]) -> tuple[list[tuple[int, int]], list[int]]:
    """Return (bin number, quantity) in order, and the short quantities."""
    takes, short = rules.allocation_plan(needs, candidates, {PLACE: TODAY})
    return [(take.key.place_id.int - 1000, take.quantity) for take in takes], [quantity for _, quantity in short]


def test_a_bundle_short_of_one_part_holds_none_of_the_others() -> None:
    kettle, lid = demand(KETTLE, 1), demand(LID, 1)
    assert rules.split_by_cover([kettle, lid], {level(KETTLE): 5}) == ([], [kettle, lid])


def test_a_group_wanting_a_sku_on_two_lines_needs_the_sum() -> None:
    one, two = demand(KETTLE, 2), demand(KETTLE, 2)
    assert rules.split_by_cover([one, two], {level(KETTLE): 3}) == ([], [one, two])
    assert rules.split_by_cover([one, two], {level(KETTLE): 4}) == ([one, two], [])


def test_a_short_group_does_not_keep_the_next_from_what_is_left() -> None:
    first, second = demand(KETTLE, 5, group=1, rank=1), demand(KETTLE, 2, group=2, rank=2)
    assert rules.split_by_cover([first, second], {level(KETTLE): 3}) == ([second], [first])


DEMANDS = st.lists(
    st.builds(
        demand,
        st.sampled_from([KETTLE, LID]),
        st.integers(1, 6),
        group=st.integers(0, 5),
        rank=st.integers(0, 3),
    ),
    max_size=14,
)


@given(DEMANDS, st.integers(0, 12), st.integers(0, 12))
def test_cover_is_whole_groups_within_what_is_free_and_as_ranks_say(
    demands: list[Demand], kettles: int, lids: int
) -> None:
    free = {level(KETTLE): kettles, level(LID): lids}
    covered, short = rules.split_by_cover(demands, free)
    assert sorted(map(repr, covered + short)) == sorted(map(repr, demands))
    assert not {one.group_id for one in covered} & {one.group_id for one in short}
    for wanted_level, quantity in rules.summed((one.level, one.quantity) for one in covered).items():
        assert quantity <= free[wanted_level]
    ranks = {group: min(one.rank_at for one in demands if one.group_id == group) for group in groups_of(demands)}
    for group in groups_of(short):
        earlier = [one for one in covered if (ranks[one.group_id], one.group_id) < (ranks[group], group)]
        taken = rules.summed((one.level, one.quantity) for one in earlier)
        wanted = rules.summed((one.level, one.quantity) for one in short if one.group_id == group)
        assert any(quantity > free[at] - taken.get(at, 0) for at, quantity in wanted.items())


def groups_of(demands: list[Demand]) -> set[UUID]:
    return {one.group_id for one in demands}


@given(DEMANDS, st.randoms(use_true_random=False))
def test_cover_does_not_depend_on_the_order_of_the_batch(demands: list[Demand], random: object) -> None:
    free = {level(KETTLE): 7, level(LID): 5}
    shuffled = list(demands)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis hands out a random.Random
    first, second = rules.split_by_cover(demands, free), rules.split_by_cover(shuffled, free)
    assert groups_of(first[0]) == groups_of(second[0])


def test_what_expires_first_goes_first_even_from_overflow_and_more_bins() -> None:
    soon, later = TODAY + timedelta(days=3), TODAY + timedelta(days=9)
    candidates = [
        candidate(1, 9, expires=later),
        candidate(2, 2, expires=soon, role="OVERFLOW"),
        candidate(3, 1, expires=soon),
    ]
    assert plan([need(4)], candidates) == ([(3, 1), (2, 2), (1, 1)], [])


def test_what_came_first_goes_first() -> None:
    assert plan([need(3)], [candidate(1, 5, minutes=2), candidate(2, 2, minutes=1)]) == ([(2, 2), (1, 1)], [])


def test_pick_faces_go_before_overflow_of_the_same_age() -> None:
    assert plan([need(2)], [candidate(1, 9, role="OVERFLOW"), candidate(2, 2)]) == ([(2, 2)], [])


def test_of_one_age_the_first_bin_of_the_walk_that_covers_it_all_is_taken() -> None:
    assert plan([need(3)], [candidate(1, 2), candidate(3, 3), candidate(2, 5)]) == ([(2, 3)], [])


def test_where_no_bin_covers_it_the_fewest_bins_are_visited() -> None:
    assert plan([need(7)], [candidate(1, 2), candidate(2, 5), candidate(3, 4), candidate(4, 2)]) == (
        [(2, 5), (1, 2)],
        [],
    )


def test_expired_lots_are_never_taken_and_today_is_not_yet_expired() -> None:
    candidates = [candidate(1, 5, expires=TODAY - timedelta(days=1)), candidate(2, 1, expires=TODAY)]
    assert plan([need(3)], candidates) == ([(2, 1)], [2])


def test_a_bin_found_empty_is_passed_over_for_that_need_only() -> None:
    first = replace(need(3, rank=1), not_from=frozenset({UUID(int=1001)}))
    assert plan([first, need(2, rank=2)], [candidate(1, 4), candidate(2, 2)]) == ([(2, 2), (1, 2)], [1])


def test_the_earlier_rank_chooses_first() -> None:
    assert plan([need(2, rank=2), need(2, rank=1)], [candidate(1, 2), candidate(2, 1)]) == ([(1, 2), (2, 1)], [1])


CANDIDATES = st.lists(
    st.builds(
        candidate,
        st.integers(1, 30),
        st.integers(0, 6),
        walk=st.integers(0, 4),
        expires=st.none() | st.dates(TODAY - timedelta(days=2), TODAY + timedelta(days=3)),
        minutes=st.integers(0, 2),
        role=st.sampled_from(["PICK", "OVERFLOW"]),
    ),
    max_size=10,
    unique_by=lambda one: one.key,
)
NEEDS = st.lists(
    st.builds(need, st.integers(1, 8), rank=st.integers(0, 9)), max_size=5, unique_by=lambda one: one.rank_at
)


@given(NEEDS, CANDIDATES)
def test_a_plan_takes_all_it_can_and_nothing_twice(needs: list[Need], candidates: list[Candidate]) -> None:
    takes, short = rules.allocation_plan(needs, candidates, {PLACE: TODAY})
    good = {one.key: one for one in candidates if one.expires_on is None or one.expires_on >= TODAY}
    by_bin = rules.summed((take.key, take.quantity) for take in takes)
    assert all(quantity <= good[key].free for key, quantity in by_bin.items())
    by_need = rules.summed((take.need, take.quantity) for take in takes)
    missing = dict(short)
    assert all(by_need.get(one, 0) + missing.get(one, 0) == one.quantity for one in needs)
    if missing:
        assert sum(by_bin.values()) == sum(one.free for one in good.values())


@given(NEEDS, CANDIDATES)
def test_nothing_older_is_left_where_something_younger_was_taken(
    needs: list[Need], candidates: list[Candidate]
) -> None:
    takes, _ = rules.allocation_plan(needs, candidates, {PLACE: TODAY})
    left = leftovers(takes, candidates)
    ages = {one.key: one.age for one in candidates}
    for take in takes:
        assert all(ages[take.key] <= ages[key] for key, quantity in left.items() if quantity)


def leftovers(takes: list[Take], candidates: list[Candidate]) -> dict[BalanceKey, int]:
    left = {one.key: one.free for one in candidates if one.expires_on is None or one.expires_on >= TODAY}
    for take in takes:
        left[take.key] -= take.quantity
    return left


@given(st.integers(1, 12), CANDIDATES)
def test_within_the_last_age_no_smaller_number_of_bins_would_do(quantity: int, candidates: list[Candidate]) -> None:
    takes, _ = rules.allocation_plan([need(quantity)], candidates, {PLACE: TODAY})
    if not takes:
        return
    ages = {one.key: one.age for one in candidates}
    youngest = max(ages[take.key] for take in takes)
    of_that_age = [take.quantity for take in takes if ages[take.key] == youngest]
    fullest = sorted((one.free for one in candidates if one.age == youngest), reverse=True)
    assert sum(fullest[: len(of_that_age) - 1]) < sum(of_that_age)


@given(NEEDS, CANDIDATES, st.randoms(use_true_random=False))
def test_a_plan_does_not_depend_on_the_order_of_its_input(
    needs: list[Need], candidates: list[Candidate], random: object
) -> None:
    shuffled = list(candidates)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis hands out a random.Random
    assert plan(needs, candidates) == plan(needs[::-1], shuffled)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 5)), max_size=8), st.integers(0, 30))
def test_the_last_in_rank_give_up_exactly_what_is_missing(holders: list[tuple[int, int]], deficit: int) -> None:
    holdings = [
        Holding(UUID(int=number), (NOW + timedelta(minutes=rank), UUID(int=number)), quantity)
        for number, (rank, quantity) in enumerate(holders)
    ]
    given_up = rules.give_up(holdings, deficit)
    assert sum(given_up.values()) == min(deficit, sum(one.quantity for one in holdings))
    by_id = {one.id: one for one in holdings}
    for id_, quantity in given_up.items():
        later = [one for one in holdings if one.rank > by_id[id_].rank]
        assert 0 < quantity <= by_id[id_].quantity
        assert all(given_up.get(one.id, 0) == one.quantity for one in later)


def test_available_is_never_below_zero_and_free_says_by_how_much() -> None:
    figures = LevelFigures(on_hand=10, non_sellable=2, reserved=5, buffer=4)
    assert (rules.free(figures), rules.available(figures)) == (3, 0)
    assert rules.available(figures._replace(buffer=1)) == 2


def test_each_kind_of_place_counts_as_the_table_of_the_domain_says() -> None:
    counts: defaultdict[tuple[int, int], set[str]] = defaultdict(set)
    for kind in rules.PlaceKind:
        share = rules.share_of_level(rules.PlaceFacts(PLACE, PLACE, kind, "SELLABLE"), lot_blocked=False)
        counts[share.on_hand, share.non_sellable].add(kind)
    assert counts == {
        (1, 0): {"BIN", "DOCK", "TOTE", "CART_SLOT", "WALL_SLOT", "BENCH", "PARCEL"},
        (1, 1): {"HOSPITAL", "MISSING"},
        (0, 0): {"TRANSIT", "SUPPLIER", "CUSTOMER", "ADJUSTMENT", "SCRAP"},
    }
    for pool, blocked in (("DEFECTIVE", False), ("RETURNS", False), ("QUARANTINE", False), ("SELLABLE", True)):
        share = rules.share_of_level(rules.PlaceFacts(PLACE, PLACE, "BIN", pool), lot_blocked=blocked)
        assert (share.on_hand, share.non_sellable) == (1, 1)
