from itertools import permutations
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from pickmesh.core.picking import routes
from pickmesh.core.picking.routes import STEP_MM, Measures, Stop


def stop(number: int, x_mm: int | None, y_mm: int | None, sequence: int = 0) -> Stop:
    return Stop(UUID(int=number), f"A-{number:02d}", sequence, x_mm, y_mm)


def ids(*stops: Stop) -> list[UUID]:
    return [each.place_id for each in stops]


def test_within_an_aisle_the_way_is_straight_and_between_aisles_it_goes_round_the_nearer_end() -> None:
    near, far, across = stop(1, 2_000, 0), stop(2, 9_000, 0), stop(3, 8_000, 3_000)
    ground = routes.survey([near, far, across], Measures(0, 10_000))
    at = ground.at
    assert ground.between(at[near.place_id], at[far.place_id]) == 7_000
    assert ground.between(at[far.place_id], at[across.place_id]) == 3_000 + 1_000 + 2_000
    assert ground.between(at[near.place_id], at[across.place_id]) == 3_000 + 2_000 + 8_000


def test_a_walk_begins_and_ends_at_the_benches() -> None:
    bins = [stop(1, 4_000, 0), stop(2, 6_000, 0)]
    ground = routes.survey(bins, Measures(0, 10_000, door=(-3_000, 0)))
    assert ground.door == (0, 0)
    assert routes.length_mm(ground, ids(*bins)) == 12_000
    assert routes.length_mm(ground, []) == 0


def test_without_coordinates_the_numbers_of_the_walk_are_steps() -> None:
    bins = routes.walk_order([stop(1, None, None, 5), stop(2, None, None, 9), stop(3, 100, 100)])
    ground = routes.survey(bins)
    assert (ground.is_measured, ground.at[UUID(int=2)]) == (False, (9 * STEP_MM, 0))
    assert ground.at[UUID(int=3)] == (10 * STEP_MM, 0)
    assert routes.length_mm(ground, ids(*bins)) == 2 * 5 * STEP_MM


def test_no_walk_is_shorter_than_across_and_along_and_back() -> None:
    bins = [stop(1, 1_000, 3_000), stop(2, 9_000, 3_000)]
    ground = routes.survey(bins, Measures(0, 10_000, door=(0, 0)))
    assert routes.least_mm(ground, ids(*bins)) == 2 * 3_000 + 2 * 9_000
    assert routes.least_mm(ground, ids(bins[0])) == 2 * 3_000 + 2 * 1_000
    assert routes.least_mm(ground, []) == 0


def test_aisles_with_bins_at_both_ends_are_walked_from_both_ends_or_through() -> None:
    bins = [stop(number, x, y) for number, (x, y) in enumerate([(1_000, 3_000), (9_000, 3_000), (4_000, 6_000)], 1)]
    ground = routes.survey(bins, Measures(0, 10_000, door=(0, 0)))
    # the second aisle costs 2 × 2 m from both ends, the third 2 × 4 m: less than once along everything and back
    assert routes.least_mm(ground, ids(*bins)) == 2 * 6_000 + 2 * 9_000
    deep = [*bins, stop(4, 5_000, 9_000), stop(5, 5_000, 12_000)]
    ground = routes.survey(deep, Measures(0, 10_000, door=(0, 0)))
    assert routes.least_mm(ground, ids(*deep)) == 2 * 12_000 + (4_000 + 8_000 + 10_000 + 10_000)


BINS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 2)), min_size=1, max_size=5, unique=True)


@settings(max_examples=150, deadline=None)
@given(BINS, st.tuples(st.integers(0, 6), st.integers(0, 2)), st.integers(1, 3))
def test_no_walk_in_any_order_is_shorter_than_the_bound(
    points: list[tuple[int, int]], door: tuple[int, int], capacity: int
) -> None:
    stops = [stop(number, x * 1_000, y * 2_500) for number, (x, y) in enumerate(points, 1)]
    ground = routes.survey(stops, Measures(0, 6_000, (door[0] * 1_000, door[1] * 2_500)))
    shortest = min(routes.length_mm(ground, way) for way in permutations(ids(*stops)))
    assert routes.least_mm(ground, ids(*stops)) <= shortest
    walks = [ids(*stops[start : start + capacity]) for start in range(0, len(stops), capacity)]
    best = sum(min(routes.length_mm(ground, way) for way in permutations(walk)) for walk in walks)
    assert routes.least_of_all_mm(ground, [[each.place_id] for each in stops], capacity) <= best
