"""Rules of picking: whose units a scan took, who loses what is missing, what may follow what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

from msgspec import Struct

from pickmesh.core.kit.refusals import Refusal, Refused
from pickmesh.core.kit.texts import sentence
from pickmesh.core.picking import refusals
from pickmesh.core.picking.tables import PickLineStatus, PickListStatus, WaveKind, WaveStatus

State = TypeVar("State", bound=StrEnum)

LEASE = timedelta(minutes=30)
"""How long a claim lets a phone book offline; every contact renews it."""

LEASE_TIMER = "pick_list_lease"

RENEW_BELOW = timedelta(minutes=25)
"""A lease with more than this left is not written again, so that scans do not rewrite their list's row."""

CART_CAPACITY = 12
"""Orders on one walk unless the release says otherwise."""

BINDS_ORDER = frozenset({WaveKind.DISCRETE, WaveKind.CLUSTER})
"""Waves whose totes hold one order each; in all others a tote holds the list's goods mixed."""

FINISHED = (PickListStatus.DONE, PickListStatus.CANCELLED)
"""States of a list that needs no more walking."""

RUNNING = (WaveStatus.RELEASED, WaveStatus.IN_PROGRESS)
"""States of a wave whose lists are on the floor."""

WAVE_MOVES: Mapping[WaveStatus, frozenset[WaveStatus]] = {
    WaveStatus.PLANNED: frozenset({WaveStatus.RELEASED, WaveStatus.CANCELLED}),
    WaveStatus.RELEASED: frozenset({WaveStatus.IN_PROGRESS, WaveStatus.DONE, WaveStatus.CANCELLED}),
    WaveStatus.IN_PROGRESS: frozenset({WaveStatus.DONE, WaveStatus.CANCELLED}),
    WaveStatus.DONE: frozenset({WaveStatus.IN_PROGRESS}),  # a pick was undone, or stock came for a backorder
    WaveStatus.CANCELLED: frozenset(),
}

LIST_MOVES: Mapping[PickListStatus, frozenset[PickListStatus]] = {
    PickListStatus.READY: frozenset({PickListStatus.CLAIMED, PickListStatus.DONE, PickListStatus.CANCELLED}),
    PickListStatus.CLAIMED: frozenset(
        {PickListStatus.PAUSED, PickListStatus.READY, PickListStatus.DONE, PickListStatus.CANCELLED}
    ),
    PickListStatus.PAUSED: frozenset({PickListStatus.CLAIMED, PickListStatus.READY, PickListStatus.CANCELLED}),
    PickListStatus.DONE: frozenset(),
    PickListStatus.CANCELLED: frozenset(),
}
"""What people may do to a list; a finished one is opened again only by what happens to its lines (see closing)."""


def may_become(moves: Mapping[State, frozenset[State]], now: str, wanted: State) -> bool:
    """Tell whether a transition table lets a state be followed by another."""
    return any(wanted in following for state, following in moves.items() if state == now)


@dataclass(frozen=True, slots=True)
class Share:
    """Units at a bin that are promised to one order: one allocation. `stopped` orders are not picked any more."""

    allocation_id: UUID
    fulfillment_order_id: UUID
    line_id: UUID
    place_id: UUID
    sku_id: UUID
    lot_id: UUID
    quantity: int
    stopped: bool = False


@dataclass(frozen=True, slots=True)
class WorkLine:
    """A pick line as it stands, with its list's state and the shares still in its bin, in the order of their seats.

    `stopped_order_ids` are orders it was laid out for that go no further, whether their bins are freed already or not.
    """

    id: UUID
    pick_list_id: UUID
    wave_kind: str
    status: str
    list_status: str
    worker_id: UUID | None
    quantity: int
    picked: int
    short: int
    shares: tuple[Share, ...]
    stopped_order_ids: frozenset[UUID] = frozenset()

    @property
    def left(self) -> int:
        """How many are neither picked nor reported missing."""
        return self.quantity - self.picked - self.short


@dataclass(frozen=True, slots=True)
class ToteHold:
    """What a tote is bound to: a list and, unless it is mixed, one order."""

    pick_list_id: UUID
    fulfillment_order_id: UUID | None


class PickConfirmation(Struct, frozen=True):
    """Units a scan took from a pick line's bin into a bound tote; `worker_id` None is the unit of work's person.

    Without `fulfillment_order_id` the tote's order is meant or, in a mixed tote, the orders in the order of their
    seats. `unit_id` names a serial-tracked unit, and then the quantity is 1. `item_scan_id` is the scan of the goods
    when it is not the one that books them.
    """

    pick_line_id: UUID
    quantity: int
    to_place_id: UUID
    scan_id: UUID | None
    unit_id: UUID | None = None
    fulfillment_order_id: UUID | None = None
    worker_id: UUID | None = None
    item_scan_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class PickShort:
    """Units of a pick line that are not in its bin."""

    pick_line_id: UUID
    quantity: int
    scan_id: UUID | None
    worker_id: UUID | None = None


class Taken(Struct, frozen=True):
    """Some units of one share: what the item at `index` of a batch comes down to."""

    index: int
    share: Share
    quantity: int


class Tally:
    """What is left of lines and shares while a batch is gone through item by item; touches no database."""

    def __init__(self, lines: Mapping[UUID, WorkLine]) -> None:
        self.lines = lines
        self._line_left = {line.id: line.left for line in lines.values()}
        self._share_left = {share.allocation_id: share.quantity for line in lines.values() for share in line.shares}

    def left(self, line: WorkLine) -> int:
        """Return how many units the line still needs."""
        return self._line_left[line.id]

    def take(self, index: int, line: WorkLine, quantity: int, shares: Sequence[Share]) -> list[Taken] | None:
        """Take units from shares in their order, all of them or None."""
        parts = []
        wanted = quantity
        for share in shares:
            part = min(wanted, self._share_left[share.allocation_id])
            if part:
                parts.append(Taken(index, share, part))
                wanted -= part
        if wanted or quantity > self.left(line):
            return None
        for taken in parts:
            self._share_left[taken.share.allocation_id] -= taken.quantity
        self._line_left[line.id] -= quantity
        return parts


def decide_picks(
    picks: Sequence[PickConfirmation], tally: Tally, totes: Mapping[UUID, ToteHold]
) -> tuple[list[Taken], list[Refused]]:
    """Tell, item by item, whose units each scan took, or why it may not have them."""
    taken: list[Taken] = []
    refused: list[Refused] = []
    for index, pick in enumerate(picks):
        line = tally.lines.get(pick.pick_line_id)
        answer = _take(index, pick, line, tally, totes)
        if isinstance(answer, Refusal):
            refused.append(Refused(index, answer))
        else:
            taken += answer
    return taken, refused


def _take(
    index: int, pick: PickConfirmation, line: WorkLine | None, tally: Tally, totes: Mapping[UUID, ToteHold]
) -> list[Taken] | Refusal:
    refusal = line_refusal(line, pick.worker_id) or place_refusal(pick, line, totes.get(pick.to_place_id))
    if refusal is not None or line is None:
        return refusal or refusals.LineClosed()
    order_id = pick.fulfillment_order_id or totes[pick.to_place_id].fulfillment_order_id
    shares = [share for share in line.shares if order_id is None or share.fulfillment_order_id == order_id]
    going = [share for share in shares if not share.stopped]
    taken = tally.take(index, line, pick.quantity, going) if pick.quantity > 0 else None
    if taken is not None:
        return taken
    return _not_that_many(line, pick.quantity, tally.left(line), order_id)


def decide_shorts(shorts: Sequence[PickShort], tally: Tally) -> tuple[list[Taken], list[Refused]]:
    """Tell, item by item, who loses the units that are not there: stopped orders first, then the last seats."""
    lost: list[Taken] = []
    refused: list[Refused] = []
    for index, short in enumerate(shorts):
        line = tally.lines.get(short.pick_line_id)
        refusal = line_refusal(line, short.worker_id)
        if refusal is not None or line is None:
            refused.append(Refused(index, refusal or refusals.LineClosed()))
            continue
        last_first = [share for share in line.shares if share.stopped] + [
            share for share in reversed(line.shares) if not share.stopped
        ]
        parts = tally.take(index, line, short.quantity, last_first) if short.quantity > 0 else None
        if parts is None:
            refused.append(Refused(index, _not_that_many(line, short.quantity, tally.left(line), None)))
        else:
            lost += parts
    return lost, refused


def line_refusal(line: WorkLine | None, worker_id: UUID | None) -> Refusal | None:
    """Tell why a worker may not work on a line; None when they may."""
    if line is None or line.status != PickLineStatus.OPEN or line.list_status == PickListStatus.CANCELLED:
        return refusals.LineClosed()
    if line.worker_id is not None and worker_id is not None and line.worker_id != worker_id:
        return refusals.NotYours(data={"worker_id": line.worker_id, "pick_list_id": line.pick_list_id})
    return None


def place_refusal(pick: PickConfirmation, line: WorkLine | None, tote: ToteHold | None) -> Refusal | None:
    """Tell why units may not go into a tote; None when they may."""
    if tote is None:
        return refusals.NeedsPlace(data={"place_id": pick.to_place_id})
    other_list = line is not None and tote.pick_list_id != line.pick_list_id
    other_order = None not in {tote.fulfillment_order_id, pick.fulfillment_order_id} and (
        tote.fulfillment_order_id != pick.fulfillment_order_id
    )
    if other_list or other_order:
        bound = {"pick_list_id": tote.pick_list_id, "fulfillment_order_id": tote.fulfillment_order_id}
        return refusals.WrongPlace(data={"place_id": pick.to_place_id, **bound})
    return None


def _not_that_many(line: WorkLine, asked: int, left: int, order_id: UUID | None) -> Refusal:
    """Refuse a quantity: because an order of the line was stopped, or else with the figures the screen needs."""
    stopped = [each for each in sorted(line.stopped_order_ids) if order_id in {None, each}]
    if stopped and 0 < asked <= line.left:
        return refusals.Intercepted(data={"fulfillment_order_id": stopped[0]})
    return refusals.TooMany(
        sentence(
            "Only {left} more of {required} are needed here, not {asked}; put the rest back.",
            left=left,
            required=line.quantity,
            asked=asked,
        ),
        data={"asked": asked, "required": line.quantity, "picked": line.picked, "short": line.short, "left": left},
    )
