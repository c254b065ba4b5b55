from collections.abc import Iterable
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pickmesh.core.kit.ids import NIL_ID
from pickmesh.core.packing import rules
from pickmesh.core.packing.rules import Bench, BenchLine, BenchParcel, Goods, VerifyItem
from pickmesh.core.packing.tables import ParcelState
from pickmesh.core.stock.tables import ShipAt


def uid(number: int) -> UUID:
    return UUID(int=number)


PARCEL, ORDER, LINE, OTHER_LINE, SKU, TOTE = uid(1), uid(2), uid(3), uid(4), uid(5), uid(6)


def parcel(
    state: str = "OPEN", *, stopped: bool = False, ship_at: str = "WEIGH", weight_g: int | None = None
) -> BenchParcel:
    return BenchParcel(PARCEL, 7, ORDER, uid(8), uid(9), state, 1, weight_g, stopped, ship_at, 50)


def goods(number: int, quantity: int, line: UUID = LINE) -> Goods:
    return Goods(uid(100 + number), line, TOTE, SKU, NIL_ID, quantity)


def bench(at_hand: Iterable[Goods], *, quantity: int = 3, packed: int = 0, box: BenchParcel | None = None) -> Bench:
    return Bench({PARCEL: box or parcel()}, {LINE: BenchLine(LINE, ORDER, SKU, quantity, quantity, packed)}, at_hand)


def scan(quantity: int, line: UUID = LINE) -> VerifyItem:
    return VerifyItem(PARCEL, line, quantity, None)


def test_a_scan_takes_units_from_one_promise_after_the_other() -> None:
    standing = bench([goods(1, 1), goods(2, 2)])
    parts, refused = rules.decide_verifications([scan(2), scan(1)], standing)
    assert [(part.index, part.goods.allocation_id, part.quantity) for part in parts] == [
        (0, uid(101), 1),
        (0, uid(102), 1),
        (1, uid(102), 1),
    ]
    assert (refused, standing.left(LINE), standing.order_left(ORDER)) == ([], 0, 0)


def test_one_piece_too_many_is_refused_with_the_figures() -> None:
    _, (refused,) = rules.decide_verifications([scan(2)], bench([goods(1, 3)], packed=2))
    assert refused.refusal.code == "TOO_MANY"
    assert refused.refusal.data == {"asked": 2, "required": 3, "packed": 2, "left": 1}


def test_units_that_were_not_picked_are_refused_with_what_is_at_hand() -> None:
    _, (refused,) = rules.decide_verifications([scan(3)], bench([goods(1, 1)]))
    assert refused.refusal.code == "NOT_PICKED"
    assert refused.refusal.data == {"asked": 3, "required": 3, "packed": 0, "at_hand": 1, "left": 3}


@pytest.mark.parametrize(
    ("item", "box", "code"),
    [
        (scan(1), parcel("SEALED"), "WRONG_STATE"),
        (scan(1), parcel(stopped=True), "INTERCEPTED"),
        (scan(1, OTHER_LINE), parcel(), "NOT_FOUND"),
        (VerifyItem(uid(99), LINE, 1, None), parcel(), "NOT_FOUND"),
        (scan(0), parcel(), "TOO_MANY"),
        (scan(-1), parcel(), "TOO_MANY"),
    ],
)
def test_what_may_not_go_into_a_parcel_is_refused(item: VerifyItem, box: BenchParcel, code: str) -> None:
    parts, (refused,) = rules.decide_verifications([item], bench([goods(1, 3)], box=box))
    assert (parts, refused.refusal.code) == ([], code)


@given(st.lists(st.integers(-1, 5), max_size=8), st.integers(1, 9), st.integers(0, 9))
def test_never_more_goes_in_than_is_wanted_or_at_hand(asked: list[int], quantity: int, at_hand: int) -> None:
    standing = bench([goods(1, at_hand)] if at_hand else [], quantity=quantity)
    parts, refused = rules.decide_verifications([scan(each) for each in asked], standing)
    taken = sum(part.quantity for part in parts)
    assert taken <= min(quantity, at_hand)
    assert standing.left(LINE) == quantity - taken
    assert {part.index for part in parts}.isdisjoint({each.index for each in refused})
    assert len({part.index for part in parts}) + len(refused) == len(asked)


def test_contents_weigh_what_their_units_weigh_together() -> None:
    assert rules.expected_weight_g([(100, 2), (35, 1)]) == 235
    assert rules.expected_weight_g([]) == 0
    assert rules.expected_weight_g([(100, 2), (None, 1)]) is None


@pytest.mark.parametrize(("weight_g", "off"), [(949, True), (950, False), (1000, False), (1050, False), (1051, True)])
def test_the_tolerance_includes_its_bounds(weight_g: int, off: bool) -> None:
    assert (rules.weight_refusal(1000, weight_g, 50) is not None) is off


def test_a_weight_that_is_off_tells_by_how_much() -> None:
    refusal = rules.weight_refusal(1000, 900, 50)
    assert refusal is not None
    assert refusal.code == "WEIGHT_OFF"
    assert refusal.data == {"weight_g": 900, "expected_g": 1000, "difference_g": -100, "tolerance_g": 50}
    assert "100 g too little" in refusal.message


def test_any_weight_will_do_when_none_is_expected_but_nothing_weighs_nothing() -> None:
    assert rules.weight_refusal(None, 12_345, 50) is None
    assert rules.weight_refusal(None, 0, 50) is not None


@pytest.mark.parametrize(
    ("box", "has_number", "due"),
    [
        (parcel("SEALED", ship_at=ShipAt.SEAL), True, True),
        (parcel("SEALED", ship_at=ShipAt.SEAL), False, False),
        (parcel("SEALED", ship_at=ShipAt.WEIGH), True, False),
        (parcel("SEALED", ship_at=ShipAt.WEIGH, weight_g=100), True, True),
        (parcel("SEALED", ship_at=ShipAt.HANDOVER, weight_g=100), True, False),
        (parcel("SEALED", ship_at=ShipAt.SEAL, stopped=True), True, False),
        (parcel("OPEN", ship_at=ShipAt.SEAL), True, False),
        (parcel("SHIPPED", ship_at=ShipAt.SEAL), True, False),
    ],
)
def test_a_parcel_ships_by_itself_when_all_its_warehouse_waits_for_is_there(
    box: BenchParcel, has_number: bool, due: bool
) -> None:
    assert rules.is_due_to_ship(box, has_number=has_number) is due


def test_parcels_go_on_as_the_table_says() -> None:
    assert rules.may_become("OPEN", ParcelState.SEALED)
    assert rules.may_become("SHIPPED", ParcelState.SEALED)
    assert not rules.may_become("HANDED_OVER", ParcelState.SEALED)
    assert not rules.may_become("OPEN", ParcelState.SHIPPED)
    assert set(rules.PARCEL_MOVES) == set(ParcelState)
