"""Tables of the journal: events, cursors, counters, idempotency keys, timers, outbox and inbox, the directory."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from pickmesh.core.db.base import DirectoryRow, MerchantObject, MerchantRow, counted


class EventRow(MerchantRow):
    """One thing that happened; numbered without gaps per merchant, never changed; no foreign key points here."""

    __tablename__ = "event"

    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str]
    subject_id: Mapped[UUID]
    payload: Mapped[dict[str, Any]]
    actor_id: Mapped[UUID | None]
    at: Mapped[datetime]

    __table_args__ = (sa.Index("ix_event_subject", "merchant_id", "subject_id", "seq"),)


class Counter(MerchantRow):
    """The merchant's own counters: `event` for the log, one per kind of document for numbers."""

    __tablename__ = "counter"

    kind: Mapped[str] = mapped_column(primary_key=True)
    last: Mapped[int]


class Cursor(MerchantRow):
    """How far a consumer has read this merchant's log."""

    __tablename__ = "cursor"

    consumer: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int]


class IdempotencyKey(MerchantRow):
    """What a caller's key was used for, and what was answered."""

    __tablename__ = "idempotency_key"

    caller: Mapped[str] = mapped_column(primary_key=True)
    mutation: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    body_hash: Mapped[str]
    answer: Mapped[dict[str, Any]]
    at: Mapped[datetime]

    __table_args__ = (sa.Index("ix_idempotency_key_at", "merchant_id", "at"),)


class Timer(MerchantRow):
    """Something to look at again later; one per kind and subject."""

    __tablename__ = "timer"

    kind: Mapped[str] = mapped_column(primary_key=True)
    subject_id: Mapped[UUID] = mapped_column(primary_key=True)
    due_at: Mapped[datetime]

    __table_args__ = (sa.Index("ix_timer_due_at", "merchant_id", "due_at"),)


class Outbox(MerchantObject):
    """A call or message that must leave this merchant, kept until it has."""

    __tablename__ = "outbox"

    channel: Mapped[str]
    target: Mapped[str]
    payload: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    attempts: Mapped[int] = counted()
    sent_at: Mapped[datetime | None]
    dead_at: Mapped[datetime | None]
    last_error: Mapped[str | None]

    __table_args__ = (
        sa.Index(
            "ix_outbox_due_at",
            "merchant_id",
            "due_at",
            postgresql_where=sa.text("sent_at IS NULL AND dead_at IS NULL"),
            sqlite_where=sa.text("sent_at IS NULL AND dead_at IS NULL"),
        ),
    )


class Inbox(MerchantRow):
    """A message taken from another merchant or from outside; the key makes its second coming harmless."""

    __tablename__ = "inbox"

    sender: Mapped[str] = mapped_column(primary_key=True)
    message_id: Mapped[str] = mapped_column(primary_key=True)
    received_at: Mapped[datetime]


class DirectoryEntry(DirectoryRow):
    """What must be known before the merchant is known: a hashed key leads to a merchant and a subject."""

    __tablename__ = "directory_entry"

    kind: Mapped[str] = mapped_column(primary_key=True)
    key_hash: Mapped[str] = mapped_column(primary_key=True)
    merchant_id: Mapped[UUID]
    subject_id: Mapped[UUID]


class MerchantWake(DirectoryRow):
    """Whom a worker should look at."""

    __tablename__ = "merchant_wake"

    merchant_id: Mapped[UUID] = mapped_column(primary_key=True)
    consumer: Mapped[str] = mapped_column(primary_key=True)
    due_at: Mapped[datetime]

    __table_args__ = (sa.Index("ix_merchant_wake_due_at", "due_at"),)


class WorkerLease(DirectoryRow):
    """Which worker reads a merchant's log for a consumer, and until when."""

    __tablename__ = "worker_lease"

    consumer: Mapped[str] = mapped_column(primary_key=True)
    merchant_id: Mapped[UUID] = mapped_column(primary_key=True)
    holder: Mapped[str]
    until: Mapped[datetime]
