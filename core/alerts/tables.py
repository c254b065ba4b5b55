"""Tables of alerts: what is watched, and what was found."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from pickmesh.core.db.base import MerchantObject, belongs_to, counted, flag, not_negative, one_of


class AlertKind(StrEnum):
    """What can be wrong."""

    LOW_STOCK = "LOW_STOCK"
    SHORT_PICK = "SHORT_PICK"
    INTERCEPTED = "INTERCEPTED"
    DROPSHIP_WAITING = "DROPSHIP_WAITING"


class Severity(StrEnum):
    """How much it matters."""

    INFO = "INFO"
    WARNING = "WARNING"
    CRITICAL = "CRITICAL"


class AlertState(StrEnum):
    """Whether it is still so."""

    OPEN = "OPEN"
    SNOOZED = "SNOOZED"
    RESOLVED = "RESOLVED"


class ReorderPoint(MerchantObject):
    """How few available pieces of a SKU at a location are low, and how many end it again."""

    __tablename__ = "reorder_point"

    location_id: Mapped[UUID]
    sku_id: Mapped[UUID]
    low_at: Mapped[int]
    enough_at: Mapped[int]
    is_low: Mapped[bool] = flag()
    changed_at: Mapped[datetime]
    version: Mapped[int] = counted(1)

    __table_args__ = (
        belongs_to("location_id", "location"),
        belongs_to("sku_id", "sku"),
        sa.Index("uq_reorder_point_sku", "merchant_id", "sku_id", "location_id", unique=True),
        not_negative("low_at"),
        sa.CheckConstraint("enough_at > low_at", name="enough_above_low"),
    )


class Alert(MerchantObject):
    """Something wrong about a subject; of the same kind and subject only one is unresolved."""

    __tablename__ = "alert"

    kind: Mapped[str]
    severity: Mapped[str]
    state: Mapped[str]
    subject_id: Mapped[UUID]
    location_id: Mapped[UUID | None]
    detail: Mapped[dict[str, Any]]
    raised_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    snoozed_until: Mapped[datetime | None]
    resolved_at: Mapped[datetime | None]
    version: Mapped[int] = counted(1)

    __table_args__ = (
        sa.Index(
            "uq_alert_subject",
            "merchant_id",
            "kind",
            "subject_id",
            unique=True,
            postgresql_where=sa.text("resolved_at IS NULL"),
            sqlite_where=sa.text("resolved_at IS NULL"),
        ),
        sa.Index("ix_alert_state", "merchant_id", "state", "raised_at", "id"),
        one_of("kind", AlertKind),
        one_of("severity", Severity),
        one_of("state", AlertState),
    )
