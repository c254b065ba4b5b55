"""Rules of packing: what a verification scan takes, when a weight is right, when a parcel may close and ship."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.refusals import NotFound, Refusal, Refused, WrongState
from pickmesh.core.kit.texts import sentence, word
from pickmesh.core.packing import refusals
from pickmesh.core.packing.tables import ParcelState, WaybillState
from pickmesh.core.stock.tables import ShipAt

PARCEL_MOVES: Mapping[ParcelState, frozenset[ParcelState]] = {
    ParcelState.PREPARED: frozenset({ParcelState.OPEN, ParcelState.VOIDED}),
    ParcelState.OPEN: frozenset({ParcelState.SEALED, ParcelState.VOIDED}),
    ParcelState.SEALED: frozenset({ParcelState.OPEN, ParcelState.SHIPPED, ParcelState.VOIDED}),
    ParcelState.SHIPPED: frozenset({ParcelState.HANDED_OVER, ParcelState.SEALED}),
    ParcelState.HANDED_OVER: frozenset(),
    ParcelState.VOIDED: frozenset(),
}

GONE = frozenset({ParcelState.SHIPPED, ParcelState.HANDED_OVER})
"""States in which a parcel's goods have left the stock."""

LIVE_WAYBILL = frozenset({WaybillState.REQUESTED, WaybillState.ISSUED})

WAITING_WAYBILL = frozenset({WaybillState.REQUESTED, WaybillState.FAILED})
"""States in which a carrier's number is still welcome."""

_MUCH = sentence("much")
_LITTLE = sentence("little")


def may_become(now: str, wanted: ParcelState) -> bool:
    """Tell whether a parcel in one state may go over to another."""
    return any(wanted in following for state, following in PARCEL_MOVES.items() if state == now)


@dataclass(frozen=True, slots=True)
class Opening:
    """A box wanted for a fulfillment order at a station."""

    fulfillment_order_id: UUID
    station_id: UUID | None


@dataclass(frozen=True, slots=True)
class VerifyItem:
    """Units of a fulfillment line that a scan saw going into a parcel, or coming out of it again.

    `worker_id` None is the unit of work's person.
    """

    parcel_id: UUID
    fulfillment_line_id: UUID
    quantity: int
    scan_id: UUID | None
    unit_id: UUID | None = None
    worker_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Forcing:
    """A parcel to let pass without scanning the rest of its order; `actor` None is the unit of work's."""

    parcel_id: UUID
    reason: str
    actor: Actor | None = None


@dataclass(frozen=True, slots=True)
class Seal:
    """A parcel to close; `last` False when another of the same order follows, `worker_id` None the unit of work's."""

    parcel_id: UUID
    last: bool = True
    worker_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Weighing:
    """A parcel on the scale, in grams; a weight outside the tolerance needs a reason and the right to force."""

    parcel_id: UUID
    weight_g: int
    force_reason: str | None = None
    actor: Actor | None = None


@dataclass(frozen=True, slots=True)
class BenchParcel:
    """A parcel as it stands, with what its order and its warehouse say; `stopped` orders go no further."""

    id: UUID
    number: int
    fulfillment_order_id: UUID
    location_id: UUID
    station_id: UUID | None
    state: str
    sequence: int
    weight_g: int | None
    stopped: bool
    ship_at: str
    weight_tolerance_g: int
    carton_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class BenchLine:
    """A line of an order at the bench: how many are wanted, out of their bins, and in parcels."""

    id: UUID
    fulfillment_order_id: UUID
    sku_id: UUID
    quantity: int
    picked: int
    packed: int

    @property
    def left(self) -> int:
        """How many are still to be verified."""
        return self.quantity - self.packed


@dataclass(frozen=True, slots=True)
class Goods:
    """Units of an order's line at a place: one allocation."""

    allocation_id: UUID
    line_id: UUID
    place_id: UUID
    sku_id: UUID
    lot_id: UUID
    quantity: int


@dataclass(frozen=True, slots=True)
class Part:
    """Some units of one allocation: what the item at `index` of a batch comes down to."""

    index: int
    goods: Goods
    quantity: int


class Bench:
    """What is left of lines and goods while a batch of scans is gone through item by item; touches no database."""

    def __init__(
        self, parcels: Mapping[UUID, BenchParcel], lines: Mapping[UUID, BenchLine], goods: Iterable[Goods]
    ) -> None:
        self.parcels = parcels
        self.lines = lines
        self._left = {line.id: line.left for line in lines.values()}
        self._of_line: dict[UUID, list[Goods]] = defaultdict(list)
        self._goods_left: dict[UUID, int] = {}
        for each in sorted(goods, key=lambda item: (item.place_id, item.lot_id, item.allocation_id)):
            self._of_line[each.line_id].append(each)
            self._goods_left[each.allocation_id] = each.quantity

    def left(self, line_id: UUID) -> int:
        """Return how many units of a line are still to be verified."""
        return self._left[line_id]

    def order_left(self, fulfillment_order_id: UUID) -> int:
        """Return how many units of an order are still to be verified."""
        return sum(
            self._left[line.id] for line in self.lines.values() if line.fulfillment_order_id == fulfillment_order_id
        )

    def at_hand(self, line_id: UUID) -> int:
        """Return how many units of a line lie outside bins and parcels."""
        return sum(self._goods_left[each.allocation_id] for each in self._of_line[line_id])

    def take(self, index: int, line_id: UUID, quantity: int) -> list[Part]:
        """Take units of a line; the caller has made sure that they are there."""
        parts = []
        wanted = quantity
        for each in self._of_line[line_id]:
            part = min(wanted, self._goods_left[each.allocation_id])
            if part:
                self._goods_left[each.allocation_id] -= part
                parts.append(Part(index, each, part))
                wanted -= part
        self._left[line_id] -= quantity
        return parts


def decide_verifications(items: Sequence[VerifyItem], bench: Bench) -> tuple[list[Part], list[Refused]]:
    """Tell, item by item, which units went into their parcel, or why they may not."""
    parts: list[Part] = []
    refused: list[Refused] = []
    for index, item in enumerate(items):
        line = bench.lines.get(item.fulfillment_line_id)
        refusal = parcel_refusal(bench.parcels.get(item.parcel_id)) or _item_refusal(item, line, bench)
        if refusal is None:
            parts += bench.take(index, item.fulfillment_line_id, item.quantity)
        else:
            refused.append(Refused(index, refusal))
    return parts, refused


def parcel_refusal(parcel: BenchParcel | None) -> Refusal | None:
    """Tell why nothing may be put into a parcel; None when it may."""
    if parcel is not None and parcel.stopped:
        return refusals.Intercepted(data={"fulfillment_order_id": parcel.fulfillment_order_id})
    return open_refusal(parcel)


def open_refusal(parcel: BenchParcel | None) -> Refusal | None:
    """Tell why a parcel's contents may not change; None when it is open."""
    if parcel is None:
        return NotFound("No parcel of yours has that id; scan its label again.")
    if parcel.state != ParcelState.OPEN:
        message = sentence(
            "The parcel is {state}; open a next one for more units, or open this one again.", state=word(parcel.state)
        )
        return WrongState(message, data={"state": parcel.state})
    return None


def _item_refusal(item: VerifyItem, line: BenchLine | None, bench: Bench) -> Refusal | None:
    if line is None or line.fulfillment_order_id != bench.parcels[item.parcel_id].fulfillment_order_id:
        return NotFound("That is no line of the order in this parcel; put the goods aside.")
    left = bench.left(line.id)
    figures: dict[str, Any] = {"asked": item.quantity, "required": line.quantity, "packed": line.quantity - left}
    if not 0 < item.quantity <= left:
        return refusals.TooMany(
            sentence(
                "Only {left} more of {required} belong into the parcels of this order, not {asked}; "
                "put the surplus aside.",
                left=left,
                required=line.quantity,
                asked=item.quantity,
            ),
            data={**figures, "left": left},
        )
    at_hand = bench.at_hand(line.id)
    if item.quantity > at_hand:
        return refusals.NotPicked(data={**figures, "at_hand": at_hand, "left": left})
    return None


def seal_refusal(parcel: BenchParcel | None, *, is_empty: bool, unverified: Mapping[UUID, int]) -> Refusal | None:
    """Tell why a parcel may not be closed; `unverified` holds what a last parcel still lacks, by line."""
    refusal = parcel_refusal(parcel)
    if refusal is not None:
        return refusal
    if is_empty:
        return refusals.EmptyParcel()
    if unverified:
        lines = [{"fulfillment_line_id": line_id, "left": left} for line_id, left in sorted(unverified.items())]
        return refusals.NotAllVerified(data={"left": sum(unverified.values()), "lines": lines})
    return None


def expected_weight_g(contents: Iterable[tuple[int | None, int]]) -> int | None:
    """Return what (unit weight in grams, quantity) contents weigh together; None when a weight is not known."""
    total = 0
    for weight_g, quantity in contents:
        if weight_g is None:
            return None
        total += weight_g * quantity
    return total


def weight_refusal(expected_g: int | None, weight_g: int, tolerance_g: int) -> Refusal | None:
    """Tell why a weight is not believable; None within the tolerance (bounds included) or with nothing expected."""
    if weight_g <= 0:
        return refusals.WeightOff(
            "A parcel weighs more than nothing; put it on the scale.", data={"weight_g": weight_g}
        )
    if expected_g is None or abs(weight_g - expected_g) <= tolerance_g:
        return None
    difference = weight_g - expected_g
    return refusals.WeightOff(
        sentence(
            "The parcel weighs {difference} g too {direction}: "
            "{weight} g instead of {expected} g. Open and check it, or force it with a reason.",
            difference=abs(difference),
            direction=_MUCH if difference > 0 else _LITTLE,
            weight=weight_g,
            expected=expected_g,
        ),
        data={
            "weight_g": weight_g,
            "expected_g": expected_g,
            "difference_g": difference,
            "tolerance_g": tolerance_g,
        },
    )


def is_due_to_ship(parcel: BenchParcel, *, has_number: bool) -> bool:
    """Tell whether a sealed parcel has everything its warehouse's setting waits for, and so ships by itself.

    A parcel whose label comes late ships when the label comes; handing over ships in its own command.
    """
    acted = parcel.ship_at == ShipAt.SEAL or (parcel.ship_at == ShipAt.WEIGH and parcel.weight_g is not None)
    return parcel.state == ParcelState.SEALED and not parcel.stopped and acted and has_number
