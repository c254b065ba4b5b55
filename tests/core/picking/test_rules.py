from uuid import UUID

import pytest

from pickmesh.core.kit.ids import NIL_ID
from pickmesh.core.picking import refusals, rules
from pickmesh.core.picking.rules import PickConfirmation, PickShort, Share, Tally, ToteHold, WorkLine
from pickmesh.core.picking.tables import PickLineStatus, PickListStatus, WaveKind, WaveStatus


def uid(number: int) -> UUID:
    return UUID(int=number)


CUP, LID, POT = uid(901), uid(902), uid(903)
FIRST, SECOND, THIRD = uid(1), uid(2), uid(3)
LIST, LINE, TOTE, OTHER_TOTE, WORKER = uid(50), uid(60), uid(70), uid(71), uid(80)


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
