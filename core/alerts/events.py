"""What can happen to alerts and to what is watched."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from pickmesh.core.kit.events import Event


@dataclass(frozen=True, slots=True)
class ReorderPointSaved(Event):
    """How few pieces of a SKU are low at a location was said; the subject is the reorder point."""

    kind: ClassVar[str] = "reorder_point_saved"
    location_id: UUID
    sku_id: UUID
    low_at: int
    enough_at: int
    version: int


@dataclass(frozen=True, slots=True)
class ReorderPointRemoved(Event):
    """A SKU is no longer watched at a location; the subject is the reorder point."""

    kind: ClassVar[str] = "reorder_point_removed"
    location_id: UUID
    sku_id: UUID


@dataclass(frozen=True, slots=True)
class AlertRaised(Event):
    """Something is wrong about `about_id`; `again` when it comes back after it was put off."""

    kind: ClassVar[str] = "alert_raised"
    alert_kind: str
    severity: str
    about_id: UUID
    location_id: UUID | None
    again: bool
    version: int


@dataclass(frozen=True, slots=True)
class AlertChanged(Event):
    """What is wrong has become another matter: worse, or asked for in another way."""

    kind: ClassVar[str] = "alert_changed"
    alert_kind: str
    severity: str
    about_id: UUID
    location_id: UUID | None
    version: int


@dataclass(frozen=True, slots=True)
class AlertSnoozed(Event):
    """An alert was put off until a time."""

    kind: ClassVar[str] = "alert_snoozed"
    alert_kind: str
    about_id: UUID
    location_id: UUID | None
    until: datetime
    version: int


@dataclass(frozen=True, slots=True)
class AlertResolved(Event):
    """It is no longer so, or (`by_hand`) somebody settled it."""

    kind: ClassVar[str] = "alert_resolved"
    alert_kind: str
    about_id: UUID
    location_id: UUID | None
    by_hand: bool
    version: int
