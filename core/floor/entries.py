"""What a client sends to a scan session and what it is answered."""

import base64
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from pickmesh.core.floor.tables import Outcome, ScanKind, ScanSource
from pickmesh.core.kit.ids import read_id
from pickmesh.core.kit.texts import from_json as text_from_json
from pickmesh.core.kit.texts import to_json as text_to_json

ENTRIES_MAX = 200
TEXT_MAX = 4096
NUMBER_MAX = 1_000_000
"""Largest quantity and weight in grams that is taken seriously; more is a slip of the finger."""

SEQUENCE_MAX = 2**62
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_AHEAD_MAX = timedelta(days=1)


class Tone(StrEnum):
    """How a verdict should look, sound and feel."""

    GOOD = "GOOD"
    DONE = "DONE"
    ASK = "ASK"
    WRONG = "WRONG"


_TONES = {
    **dict.fromkeys((Outcome.ACCEPTED, Outcome.UNDONE), Tone.GOOD),
    **dict.fromkeys((Outcome.LINE_DONE, Outcome.TASK_DONE, Outcome.SHORT_RECORDED), Tone.DONE),
    **dict.fromkeys(
        (Outcome.AMBIGUOUS, Outcome.NEEDS_PLACE, Outcome.NEEDS_QUANTITY, Outcome.NEEDS_LOT, Outcome.NEEDS_SERIAL),
        Tone.ASK,
    ),
}

BOOKING = frozenset({Outcome.ACCEPTED, Outcome.LINE_DONE, Outcome.TASK_DONE, Outcome.SHORT_RECORDED, Outcome.UNDONE})
"""Verdicts after which something is different: goods, a place, a tote."""


def tone_of(outcome: Outcome) -> Tone:
    """Return how an outcome should be felt; whatever is not good, done or a question is wrong."""
    return _TONES.get(outcome, Tone.WRONG)


class LotSaid(Struct, frozen=True):
    """A lot as a person read it off the goods."""

    code: str
    expires_on: date | None = None


class Entry(Struct, frozen=True):
    """One thing a worker did: a scan, a key press, a weight. `client_id` is its idempotency key for ever.

    `quantity` on a SCAN is how many pieces of what was scanned (packs × their units); on QUANTITY what the line stands
    at in all; on SHORT how many are missing (all that are left unless said). `answers` is the client id of the
    question answered (LOT, SERIAL, CHOICE) or of the entry undone (UNDO; the last one booked unless said). `choice`
    is the id of one of the choices offered, as it was given.
    """

    client_id: UUID
    sequence: int
    recorded_at: datetime
    kind: ScanKind
    raw: str | bytes | None = None
    symbology: str | None = None
    source: ScanSource | None = None
    doubtful: bool = False
    quantity: int | None = None
    weight_g: int | None = None
    lot: LotSaid | None = None
    serial: str | None = None
    choice: str | None = None
    reason: str | None = None
    answers: UUID | None = None


class Choice(Struct, frozen=True):
    """One possible answer to a question; `id` comes back in the entry that answers."""

    id: str
    label: str


class Verdict(Struct, frozen=True):
    """The one answer to one entry; `repeated` when the entry had come before, `task_id` when a person must look."""

    client_id: UUID
    outcome: Outcome
    message: str
    choices: Sequence[Choice] = ()
    repeated: bool = False
    task_id: UUID | None = None

    @property
    def tone(self) -> Tone:
        """How this should be felt."""
        return tone_of(self.outcome)

    def as_json(self) -> dict[str, Any]:
        """Return what is kept beside the scan: the same entry sent again is answered the same, in any language."""
        choices = [{"id": choice.id, "label": text_to_json(choice.label, storable)} for choice in self.choices]
        return {
            "message": text_to_json(self.message, storable),
            "choices": choices,
            "task_id": self.task_id and str(self.task_id),
        }


def verdict_again(client_id: UUID, outcome: str, kept: Mapping[str, Any]) -> Verdict:
    """Return the verdict that was given before, marked as repeated."""
    choices = tuple(Choice(choice["id"], text_from_json(choice["label"])) for choice in kept["choices"])
    task_id = read_id(kept["task_id"]) if kept["task_id"] else None
    return Verdict(
        client_id, Outcome(outcome), text_from_json(kept["message"]), choices, repeated=True, task_id=task_id
    )


def storable(text: str) -> str:
    """Spell out what no database takes as text (NUL, halves of characters) and cut at TEXT_MAX characters."""
    if text.isascii() and len(text) <= TEXT_MAX and "\x00" not in text:
        return text
    plain = text[:TEXT_MAX].encode("utf-8", "backslashreplace").decode("utf-8")
    return plain.replace("\x00", "\\x00")[:TEXT_MAX]


def kept_raw(raw: str | bytes | None) -> str | None:
    """Return what was read as text for the scan's row; bytes are read as UTF-8 with the rest spelled out."""
    if raw is None:
        return None
    return storable(raw if isinstance(raw, str) else raw[:TEXT_MAX].decode("utf-8", "backslashreplace"))


def as_json(entry: Entry) -> dict[str, Any]:
    """Return an entry as it is kept: every field that says something, bytes beside their text."""
    said: dict[str, Any] = {
        "client_id": str(entry.client_id),
        "sequence": entry.sequence,
        "recorded_at": entry.recorded_at.isoformat(),
        "kind": entry.kind.value,
        "raw": kept_raw(entry.raw),
        "raw_base64": base64.b64encode(entry.raw[:TEXT_MAX]).decode() if isinstance(entry.raw, bytes) else None,
        "symbology": entry.symbology and storable(entry.symbology),
        "source": entry.source and entry.source.value,
        "doubtful": entry.doubtful or None,
        "quantity": entry.quantity,
        "weight_g": entry.weight_g,
        "lot": entry.lot and _lot_json(entry.lot),
        "serial": entry.serial and storable(entry.serial),
        "choice": entry.choice and storable(entry.choice),
        "reason": entry.reason and storable(entry.reason),
        "answers": entry.answers and str(entry.answers),
    }
    return {name: value for name, value in said.items() if value is not None}


def from_json(said: Mapping[str, Any]) -> Entry:
    """Return an entry that was kept."""
    raw = base64.b64decode(said["raw_base64"]) if "raw_base64" in said else said.get("raw")
    return Entry(
        client_id=read_id(said["client_id"]),
        sequence=said["sequence"],
        recorded_at=datetime.fromisoformat(said["recorded_at"]),
        kind=ScanKind(said["kind"]),
        raw=raw,
        symbology=said.get("symbology"),
        source=ScanSource(said["source"]) if "source" in said else None,
        doubtful=said.get("doubtful", False),
        quantity=said.get("quantity"),
        weight_g=said.get("weight_g"),
        lot=lot_of(said.get("lot")),
        serial=said.get("serial"),
        choice=said.get("choice"),
        reason=said.get("reason"),
        answers=read_id(said["answers"]) if "answers" in said else None,
    )


def lot_of(said: Mapping[str, Any] | None) -> LotSaid | None:
    """Return a lot that was kept."""
    if said is None:
        return None
    return LotSaid(said["code"], date.fromisoformat(said["expires_on"]) if said["expires_on"] else None)


def _lot_json(lot: LotSaid) -> dict[str, Any]:
    return {"code": storable(lot.code), "expires_on": lot.expires_on and lot.expires_on.isoformat()}


def within_bounds(entry: Entry, now: datetime) -> Entry:
    """Return an entry that any database can keep: its moment, numbers and texts; the raw scan is left as it came.

    A clock that is off by years counts as now.
    """
    moment = entry.recorded_at if entry.recorded_at.tzinfo else entry.recorded_at.replace(tzinfo=UTC)
    try:
        plausible = _EARLIEST <= moment.astimezone(UTC) <= now + _AHEAD_MAX
    except OverflowError:
        plausible = False
    return replace(
        entry,
        sequence=min(max(entry.sequence, 0), SEQUENCE_MAX),
        recorded_at=moment.astimezone(UTC) if plausible else now,
        quantity=_bounded(entry.quantity),
        weight_g=_bounded(entry.weight_g),
        symbology=_said(entry.symbology),
        lot=entry.lot and replace(entry.lot, code=storable(entry.lot.code)),
        serial=_said(entry.serial),
        choice=_said(entry.choice),
        reason=_said(entry.reason),
    )


def _said(text: str | None) -> str | None:
    return None if text is None else storable(text)


def _bounded(number: int | None) -> int | None:
    return None if number is None else min(max(number, -1), NUMBER_MAX + 1)
