"""Tables of the floor: scan sessions and every scan as it came."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from pickmesh.core.db.base import MerchantObject, belongs_to, counted, flag, one_of


class Job(StrEnum):
    """What a worker does in a session."""

    PICK = "PICK"
    SORT = "SORT"
    PACK = "PACK"
    PUT_BACK = "PUT_BACK"
    LOOK_UP = "LOOK_UP"
    HANDOVER = "HANDOVER"


class ScanKind(StrEnum):
    """What an entry says."""

    SCAN = "SCAN"
    SHORT = "SHORT"
    SKIP = "SKIP"
    UNDO = "UNDO"
    QUANTITY = "QUANTITY"
    WEIGHT = "WEIGHT"
    LOT = "LOT"
    SERIAL = "SERIAL"
    CHOICE = "CHOICE"
    EMPTY = "EMPTY"
    NOT_EMPTY = "NOT_EMPTY"
    DAMAGED = "DAMAGED"
    FORCE = "FORCE"
    NEXT_PARCEL = "NEXT_PARCEL"
    SEAL = "SEAL"
    REPRINT = "REPRINT"
    KICK_OUT = "KICK_OUT"


class ScanSource(StrEnum):
    """How a code was read."""

    CAMERA = "CAMERA"
    WEDGE = "WEDGE"
    TYPED = "TYPED"
    PICTURE = "PICTURE"


class Outcome(StrEnum):
    """The verdict on an entry."""

    ACCEPTED = "ACCEPTED"
    LINE_DONE = "LINE_DONE"
    TASK_DONE = "TASK_DONE"
    DUPLICATE = "DUPLICATE"
    WRONG_ITEM = "WRONG_ITEM"
    WRONG_PLACE = "WRONG_PLACE"
    TOO_MANY = "TOO_MANY"
    UNKNOWN_CODE = "UNKNOWN_CODE"
    AMBIGUOUS = "AMBIGUOUS"
    NEEDS_PLACE = "NEEDS_PLACE"
    NEEDS_QUANTITY = "NEEDS_QUANTITY"
    NEEDS_LOT = "NEEDS_LOT"
    NEEDS_SERIAL = "NEEDS_SERIAL"
    EXPIRED_LOT = "EXPIRED_LOT"
    SHORT_RECORDED = "SHORT_RECORDED"
    INTERCEPTED = "INTERCEPTED"
    NOT_YOURS = "NOT_YOURS"
    UNDONE = "UNDONE"
    EXCEPTION = "EXCEPTION"


class ScanSession(MerchantObject):
    """A worker at a job; `state` is what the interpreter remembers between entries."""

    __tablename__ = "scan_session"

    worker_id: Mapped[UUID]
    job: Mapped[str]
    subject_id: Mapped[UUID | None]
    location_id: Mapped[UUID]
    station_id: Mapped[UUID | None]
    state: Mapped[dict[str, Any]]
    last_sequence: Mapped[int] = counted()
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    version: Mapped[int] = counted(1)

    __table_args__ = (
        belongs_to("worker_id", "person"),
        sa.Index("ix_scan_session_worker_id", "merchant_id", "worker_id", "id"),
        sa.Index("ix_scan_session_subject_id", "merchant_id", "subject_id"),
        one_of("job", Job),
    )


class Scan(MerchantObject):
    """One entry exactly as it came, with its verdict; never changed, no foreign key points here."""

    __tablename__ = "scan"

    session_id: Mapped[UUID]
    client_id: Mapped[UUID]
    sequence: Mapped[int]
    kind: Mapped[str]
    raw: Mapped[str | None]
    symbology: Mapped[str | None]
    source: Mapped[str | None]
    doubtful: Mapped[bool] = flag()
    entry: Mapped[dict[str, Any]]
    outcome: Mapped[str]
    verdict: Mapped[dict[str, Any]]
    worker_id: Mapped[UUID]
    recorded_at: Mapped[datetime]
    received_at: Mapped[datetime]

    __table_args__ = (
        sa.Index("uq_scan_client_id", "merchant_id", "client_id", unique=True),
        sa.Index("ix_scan_session_id", "merchant_id", "session_id", "sequence"),
    )
