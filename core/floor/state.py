"""What a scan session remembers between entries, as data that goes into its row."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from msgspec import Struct

from pickmesh.core.floor import entries
from pickmesh.core.floor.entries import Entry, LotSaid
from pickmesh.core.kit.ids import read_id

BOOKED_MAX = 20
"""How many of the last booked entries an UNDO without an id can walk back over."""


class Asked(Struct, frozen=True):
    """A question to the worker: which entry raised it, what may be answered, what was answered so far."""

    entry: Entry
    choices: Sequence[str] = ()
    chosen: UUID | None = None
    lot: LotSaid | None = None
    serial: str | None = None
    confirmed: bool = False


class Held(Struct, frozen=True):
    """Pieces a worker has scanned and holds, not booked before they are put somewhere."""

    client_id: UUID
    quantity: int
    unit_id: UUID | None = None
    scan_id: UUID | None = None


class State(Struct, frozen=True):
    """Where a worker stands in a job; `late` is the side track of entries that arrive after later ones."""

    step: str
    tote_id: UUID | None = None
    place_id: UUID | None = None
    line_id: UUID | None = None
    lot_line_id: UUID | None = None  # the line whose lot was confirmed
    verified: bool = False  # a piece of this line was scanned
    hand: tuple[Held, ...] = ()
    skipped: tuple[UUID, ...] = ()
    closed_line_id: UUID | None = None  # the line whose bin was left last
    zero_asked: bool = False  # whether that bin should be empty now, and the worker was asked
    wave_id: UUID | None = None  # the wave whose pieces are packed at this station
    sku_id: UUID | None = None  # what is held, where the hand does not say
    subject_id: UUID | None = None  # the order that is packed, the wave that is sorted, the SKU that goes back
    parcel_id: UUID | None = None  # the one that is packed, or was last
    weight_g: int | None = None  # a weight that was not believed
    asked: Asked | None = None
    booked: tuple[UUID, ...] = ()
    late: "State | None" = None

    @property
    def in_hand(self) -> int:
        """How many pieces the worker holds."""
        return sum(held.quantity for held in self.hand)


_IDS = (
    "tote_id",
    "place_id",
    "line_id",
    "lot_line_id",
    "closed_line_id",
    "wave_id",
    "sku_id",
    "subject_id",
    "parcel_id",
)


def to_json(state: State) -> dict[str, Any]:
    """Return a state as it is kept: only what says something."""
    kept: dict[str, Any] = {"step": state.step, "verified": state.verified or None}
    kept |= {name: str(getattr(state, name)) for name in _IDS if getattr(state, name) is not None}
    kept |= {name: [str(each) for each in getattr(state, name)] for name in ("skipped", "booked")}
    kept["weight_g"] = state.weight_g
    kept["zero_asked"] = state.zero_asked
    kept["hand"] = [_held_json(held) for held in state.hand]
    kept["asked"] = state.asked and _asked_json(state.asked)
    kept["late"] = state.late and to_json(state.late)
    return {name: value for name, value in kept.items() if value}


def from_json(kept: Mapping[str, Any]) -> State:
    """Return a state that was kept."""
    ids = {name: read_id(kept[name]) for name in _IDS if name in kept}
    return State(
        step=kept["step"],
        verified=kept.get("verified", False),
        zero_asked=kept.get("zero_asked", False),
        weight_g=kept.get("weight_g"),
        hand=tuple(_held(*held) for held in kept.get("hand", ())),
        skipped=tuple(read_id(each) for each in kept.get("skipped", ())),
        booked=tuple(read_id(each) for each in kept.get("booked", ())),
        asked=_asked(kept["asked"]) if "asked" in kept else None,
        late=from_json(kept["late"]) if "late" in kept else None,
        **ids,
    )


def _held_json(held: Held) -> list[Any]:
    return [str(held.client_id), held.quantity, *(each and str(each) for each in (held.unit_id, held.scan_id))]


def _held(client_id: str, quantity: int, unit_id: str | None, scan_id: str | None = None) -> Held:
    return Held(
        read_id(client_id), quantity, read_id(unit_id) if unit_id else None, read_id(scan_id) if scan_id else None
    )


def _asked_json(asked: Asked) -> dict[str, Any]:
    lot = asked.lot and {"code": asked.lot.code, "expires_on": asked.lot.expires_on and str(asked.lot.expires_on)}
    return {
        "entry": entries.as_json(asked.entry),
        "choices": list(asked.choices),
        "chosen": asked.chosen and str(asked.chosen),
        "lot": lot,
        "serial": asked.serial,
        "confirmed": asked.confirmed,
    }


def _asked(kept: Mapping[str, Any]) -> Asked:
    return Asked(
        entry=entries.from_json(kept["entry"]),
        choices=tuple(kept["choices"]),
        chosen=read_id(kept["chosen"]) if kept["chosen"] else None,
        lot=entries.lot_of(kept["lot"]),
        serial=kept["serial"],
        confirmed=kept["confirmed"],
    )
