"""Tables of notices: what a person is told, and by which medium it reached them."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from pickmesh.core.db.base import MerchantObject, MerchantRow, belongs_to, counted, one_of


class NoticeKind(StrEnum):
    """What a notice is about."""

    ALERT = "ALERT"
    DROPSHIP = "DROPSHIP"
    SHORT_PICK = "SHORT_PICK"
    INTERCEPTION = "INTERCEPTION"
    ANNOUNCEMENT = "ANNOUNCEMENT"


class NoticeState(StrEnum):
    """Whether it still matters: OPEN asks for something, TOLD is information, CLOSED has become its own outcome."""

    OPEN = "OPEN"
    TOLD = "TOLD"
    CLOSED = "CLOSED"


class Medium(StrEnum):
    """How a notice reaches a person."""

    APP = "APP"
    CHAT = "CHAT"


class DeliveryState(StrEnum):
    """How far a delivery is."""

    WAITING = "WAITING"
    SENT = "SENT"
    FAILED = "FAILED"


class Notice(MerchantObject):
    """One thing one person is told; told again about the same subject it changes in place."""

    __tablename__ = "notice"

    person_id: Mapped[UUID]
    kind: Mapped[str]
    state: Mapped[str]
    subject_id: Mapped[UUID]
    text: Mapped[dict[str, Any]]
    posted_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    read_at: Mapped[datetime | None]
    version: Mapped[int] = counted(1)

    __table_args__ = (
        belongs_to("person_id", "person"),
        sa.Index("uq_notice_subject", "merchant_id", "person_id", "kind", "subject_id", unique=True),
        sa.Index("ix_notice_person_id", "merchant_id", "person_id", "changed_at", "id"),
        sa.Index("ix_notice_subject_id", "merchant_id", "subject_id"),
        one_of("kind", NoticeKind),
        one_of("state", NoticeState),
    )


class NoticeDelivery(MerchantRow):
    """A notice on its way by one medium; `version` is the newest that got there."""

    __tablename__ = "notice_delivery"

    notice_id: Mapped[UUID] = mapped_column(primary_key=True)
    medium: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str]
    version: Mapped[int] = counted()
    attempts: Mapped[int] = counted()
    sent_at: Mapped[datetime | None]
    last_error: Mapped[str | None]

    __table_args__ = (
        belongs_to("notice_id", "notice"),
        sa.Index(
            "ix_notice_delivery_waiting",
            "merchant_id",
            "medium",
            "notice_id",
            postgresql_where=sa.text("state = 'WAITING'"),
            sqlite_where=sa.text("state = 'WAITING'"),
        ),
        one_of("medium", Medium),
        one_of("state", DeliveryState),
    )
