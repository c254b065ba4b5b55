"""What merchants tell each other: every kind of message, and how it is written as JSON.

A message is a frozen dataclass; its `kind` and `version` stand beside it in the envelope. What it may hold: texts,
numbers, yes or no, UUIDs, moments, tuples of these and of dataclasses. A field added later needs a default, so that an
older letter can still be read; a change that cannot be read so needs another version. No message holds personal data:
it lies in the sender's outbox as it is.
"""

import dataclasses
import types
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, TypeVar, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from pickmesh.core.mesh.refusals import UnknownMessage
from pickmesh.core.orders.recipients import NewRecipient

Told = TypeVar("Told")


@dataclass(frozen=True, slots=True)
class Message:
    """Something one merchant tells another."""

    kind: ClassVar[str]
    version: ClassVar[int] = 1


@dataclass(frozen=True, slots=True)
class Envelope:
    """A message as it arrives: from whom, under which id, about which partnership and dropship.

    The id is the letter's in the sender's outbox: what both sides book under one source. `sequence` counts the sender's
    messages about the dropship from 1; messages that belong to none have neither. `recipient` comes with SUBMITTED.
    """

    message_id: UUID
    sender_id: UUID
    partnership_id: UUID
    dropship_id: UUID | None
    sequence: int | None
    recipient: NewRecipient | None = dataclasses.field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class NotYet:
    """The message came before one that it follows; it is to be delivered again later."""

    after: str


@dataclass(frozen=True, slots=True)
class Invited(Message):
    """The sender asks for a partnership under these terms, which both will keep."""

    kind: ClassVar[str] = "INVITED"
    code: str
    name: str
    currency: str
    hours_to_answer: int


@dataclass(frozen=True, slots=True)
class Agreed(Message):
    """The sender accepts the partnership it was asked for."""

    kind: ClassVar[str] = "AGREED"
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Ended(Message):
    """The sender ends the partnership, or declines it."""

    kind: ClassVar[str] = "ENDED"


@dataclass(frozen=True, slots=True)
class OfferedSku:
    """An offer as it stands: `barcodes` are those of single units, the figure is what may be ordered."""

    offer_id: UUID
    version: int
    code: str
    name_zh: str
    name_en: str
    barcodes: tuple[str, ...]
    price_micros: int
    quantity: int


@dataclass(frozen=True, slots=True)
class Offered(Message):
    """The sender supplies these, or supplies them otherwise than before."""

    kind: ClassVar[str] = "OFFERED"
    offers: tuple[OfferedSku, ...]


@dataclass(frozen=True, slots=True)
class OfferVersion:
    """Which state of an offer is meant."""

    offer_id: UUID
    version: int


@dataclass(frozen=True, slots=True)
class Withdrawn(Message):
    """The sender supplies these no longer."""

    kind: ClassVar[str] = "WITHDRAWN"
    offers: tuple[OfferVersion, ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """How much of an offer may be ordered, and for how much, as of a state of it."""

    offer_id: UUID
    version: int
    quantity: int
    price_micros: int


@dataclass(frozen=True, slots=True)
class ToldFigures(Message):
    """How much there is of these offers now."""

    kind: ClassVar[str] = "TOLD"
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class Refused(Message):
    """A message could not be taken, and never will be: which one, and why, as a code."""

    kind: ClassVar[str] = "REFUSED"
    message_id: UUID
    refused_kind: str
    code: str


@dataclass(frozen=True, slots=True)
class SubmittedLine:
    """Pieces of one offer wanted at the price it was told with."""

    line: int
    offer_id: UUID
    quantity: int
    price_micros: int


@dataclass(frozen=True, slots=True)
class Submitted(Message):
    """The sender asks to ship these to the recipient that the relay hands over beside the message."""

    kind: ClassVar[str] = "SUBMITTED"
    currency: str
    hops: tuple[UUID, ...]
    lines: tuple[SubmittedLine, ...]
    submitted_at: datetime
    ship_by: datetime | None = None


@dataclass(frozen=True, slots=True)
class Accepted(Message):
    """The supplier will ship it."""

    kind: ClassVar[str] = "ACCEPTED"


@dataclass(frozen=True, slots=True)
class Rejected(Message):
    """The supplier will not ship it."""

    kind: ClassVar[str] = "REJECTED"
    reason: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class CancellationRequested(Message):
    """The distributor asks not to ship it after all."""

    kind: ClassVar[str] = "CANCELLATION_REQUESTED"


@dataclass(frozen=True, slots=True)
class CancellationAccepted(Message):
    """The supplier will not ship it any more."""

    kind: ClassVar[str] = "CANCELLATION_ACCEPTED"


@dataclass(frozen=True, slots=True)
class CancellationRejected(Message):
    """It is too late: the supplier has shipped it, or ships it."""

    kind: ClassVar[str] = "CANCELLATION_REJECTED"


@dataclass(frozen=True, slots=True)
class ShippedLine:
    """Pieces of a line of a dropship in a parcel, and what they cost in minor units."""

    line: int
    quantity: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Shipped(Message):
    """A parcel of it left the supplier."""

    kind: ClassVar[str] = "SHIPPED"
    parcel_id: UUID
    carrier: str
    waybill: str
    shipped_at: datetime
    lines: tuple[ShippedLine, ...]


@dataclass(frozen=True, slots=True)
class Unshipped(Message):
    """A parcel of it was called back before the carrier had it: its number no longer counts, nor what it cost."""

    kind: ClassVar[str] = "UNSHIPPED"
    parcel_id: UUID
    lines: tuple[ShippedLine, ...]


@dataclass(frozen=True, slots=True)
class DropshipRefused(Message):
    """A message about a dropship could not be taken, and never will be; it comes outside the dropship's sequence."""

    kind: ClassVar[str] = "DROPSHIP_REFUSED"
    message_id: UUID
    refused_kind: str
    code: str
    dropship_id: UUID


_KNOWN: tuple[type[Message], ...] = (
    Invited,
    Agreed,
    Ended,
    Offered,
    Withdrawn,
    ToldFigures,
    Refused,
    Submitted,
    Accepted,
    Rejected,
    CancellationRequested,
    CancellationAccepted,
    CancellationRejected,
    Shipped,
    Unshipped,
    DropshipRefused,
)
KINDS: Mapping[tuple[str, int], type[Message]] = {(each.kind, each.version): each for each in _KNOWN}
"""Every message that can be read, by kind and version."""


def body_of(message: Message) -> dict[str, Any]:
    """Return what a message says, as JSON keeps it."""
    return {item.name: _written(getattr(message, item.name)) for item in dataclasses.fields(message)}


def message_in(kind: str, version: int, body: Mapping[str, Any]) -> Message:
    """Return the message a body says; refuses UNKNOWN_MESSAGE for what this release cannot read."""
    known = KINDS.get((kind, version))
    if known is None:
        raise UnknownMessage(data={"kind": kind, "version": version})
    try:
        return _read(known, body)
    except (KeyError, TypeError, ValueError) as error:
        raise UnknownMessage(data={"kind": kind, "version": version}) from error


def _written(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return {item.name: _written(getattr(value, item.name)) for item in dataclasses.fields(value)}
    if isinstance(value, tuple):
        return [_written(each) for each in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


def _read(known: type[Told], body: Mapping[str, Any]) -> Told:
    """Return a dataclass from its JSON; fields it does not know are left out, missing ones take their default."""
    hints = _hints(known)
    told = {name: _value(hint, body[name]) for name, hint in hints.items() if name in body}
    return known(**told)


def _hints(known: type[Any]) -> Mapping[str, Any]:
    hints = get_type_hints(known)
    return {name: hint for name, hint in hints.items() if get_origin(hint) is not ClassVar}


def _value(hint: Any, told: Any) -> Any:
    if get_origin(hint) in (Union, types.UnionType):
        (one,) = (each for each in get_args(hint) if each is not types.NoneType)
        return None if told is None else _value(one, told)
    if get_origin(hint) is tuple:
        return tuple(_value(get_args(hint)[0], each) for each in _a(list, told))
    if dataclasses.is_dataclass(hint):
        return _read(hint, _a(dict, told))  # type: ignore[arg-type]  # a class, not one of its instances
    if hint is UUID:
        return UUID(_a(str, told))
    return datetime.fromisoformat(_a(str, told)) if hint is datetime else _a(hint, told)


def _a(kind: type[Told], told: Any) -> Told:
    if not isinstance(told, kind) or (kind is int and isinstance(told, bool)):
        raise TypeError(f"{told!r} is no {kind.__name__}")
    return told
