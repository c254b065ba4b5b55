from datetime import UTC, datetime, timedelta
from uuid import UUID

from pickmesh.core.kit.ids import NIL_ID
from pickmesh.core.picking import routes, what_if
from pickmesh.core.picking.routes import Measures, Stop
from pickmesh.core.picking.rules import Share
from pickmesh.core.picking.tables import WaveKind
from pickmesh.core.picking.what_if import Estimate, Job, Speeds

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
SKU = UUID(int=900)
ORDERS = [UUID(int=number) for number in range(1, 5)]
PLAIN = Speeds(walk_mm_per_s=1_000, list_ds=100, stop_ds=50, unit_ds=20, sort_ds=30, slot_ds=10, pack_ds=0)
BINS = [Stop(UUID(int=100 + number), f"A-{number}", 0, number * 10_000, 0) for number in range(1, 5)]


def job(kind: WaveKind, leave_in_s: tuple[int, ...] = ()) -> Job:
    """Four orders, each of two pieces from a bin of its own, 10 to 40 metres down one aisle."""
    shares = [
        Share(order, order, order, bin_.place_id, SKU, NIL_ID, 2) for order, bin_ in zip(ORDERS, BINS, strict=True)
    ]
    leave_by = {order: NOW + timedelta(seconds=s) for order, s in zip(ORDERS, leave_in_s, strict=False)}
    return Job(kind, ORDERS, shares, BINS, routes.survey(BINS, Measures(0, 40_000)), leave_by)


def told(kind: WaveKind, *, people: int = 1, cart: int = 4, leave_in_s: tuple[int, ...] = ()) -> Estimate:
    return what_if.estimate(job(kind, leave_in_s), cart_capacity=cart, people=people, now=NOW, speeds=PLAIN)


def test_a_cart_walks_the_aisle_once_for_all_its_orders() -> None:
    found = told(WaveKind.CLUSTER)
    assert (found.lists, found.stops, found.lines, found.units, found.orders) == (1, 4, 4, 8, 4)
    assert (found.distance_mm, found.one_by_one_mm, found.least_mm) == (80_000, 200_000, 80_000)
    assert found.work_s == 10 + 80 + 4 * 5 + 8 * 3
    assert found.finish_at == NOW + timedelta(seconds=found.work_s)
    assert found.is_measured


def test_order_by_order_is_what_a_discrete_wave_walks() -> None:
    found = told(WaveKind.DISCRETE)
    assert (found.lists, found.distance_mm, found.one_by_one_mm, found.least_mm) == (4, 200_000, 200_000, 200_000)
    assert found.work_s == 4 * (10 + 5 + 4) + 200


def test_a_put_wall_touches_every_piece_twice() -> None:
    assert told(WaveKind.PUT_WALL).work_s == 10 + 80 + 4 * 5 + 8 * 5


def test_more_people_are_done_sooner_but_walk_no_less() -> None:
    one, two = told(WaveKind.DISCRETE), told(WaveKind.DISCRETE, people=2)
    assert (one.work_s, one.distance_mm) == (two.work_s, two.distance_mm)
    # lists of 39, 59, 79 and 99 s: one does the first and third, the other the second and fourth
    assert [round((each.finish_at - NOW).total_seconds()) for each in (one, two)] == [276, 158]


def test_orders_that_would_miss_their_departure_are_named_with_how_many_people_would_do() -> None:
    found = told(WaveKind.DISCRETE, leave_in_s=(60, 60, 300, 300))
    assert (found.late, found.people_needed) == ([ORDERS[1]], 2)
    assert told(WaveKind.DISCRETE, people=2, leave_in_s=(60, 60, 300, 300)).late == []
    assert told(WaveKind.DISCRETE, leave_in_s=(10, 300, 300, 300)).people_needed is None


def test_nothing_takes_no_time() -> None:
    empty = Job(WaveKind.CLUSTER, [], [], [], routes.survey([]), {})
    found = what_if.estimate(empty, cart_capacity=4, people=3, now=NOW)
    assert (found.lists, found.distance_mm, found.least_mm, found.work_s, found.finish_at) == (0, 0, 0, 0, NOW)
    assert (found.late, found.people_needed) == ([], 1)
