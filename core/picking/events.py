"""What can happen in picking."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from pickmesh.core.kit.events import Event


@dataclass(frozen=True, slots=True)
class WavePlanned(Event):
    """A wave took orders in; nothing is allocated yet."""

    kind: ClassVar[str] = "wave_planned"
    location_id: UUID
    wave_kind: str
    orders: int


@dataclass(frozen=True, slots=True)
class WaveReleased(Event):
    """A wave's bins are allocated and its pick lists stand ready."""

    kind: ClassVar[str] = "wave_released"
    location_id: UUID
    orders: int
    kicked_out: int
    lists: int


@dataclass(frozen=True, slots=True)
class WaveDone(Event):
    """Every list of a wave is finished."""

    kind: ClassVar[str] = "wave_done"
    location_id: UUID


@dataclass(frozen=True, slots=True)
class WaveCancelled(Event):
    """A wave was called off; its orders have left it."""

    kind: ClassVar[str] = "wave_cancelled"
    location_id: UUID


@dataclass(frozen=True, slots=True)
class WaveTemplateSaved(Event):
    """A wave template was made or changed."""

    kind: ClassVar[str] = "wave_template_saved"
    name: str
    created: bool


@dataclass(frozen=True, slots=True)
class WaveTemplateArchived(Event):
    """A wave template was put away."""

    kind: ClassVar[str] = "wave_template_archived"
    name: str


@dataclass(frozen=True, slots=True)
class WaveTemplateDue(Event):
    """The hour of a wave template has come; told at least once, so recheck the state."""

    kind: ClassVar[str] = "wave_template_due"
    due_at: datetime


@dataclass(frozen=True, slots=True)
class WaveReleaseDue(Event):
    """A wave is to go to the floor as soon as may be; told at least once, so recheck the state."""

    kind: ClassVar[str] = "wave_release_due"
    cart_capacity: int


@dataclass(frozen=True, slots=True)
class WaveTemplateRan(Event):
    """A wave template made a wave."""

    kind: ClassVar[str] = "wave_template_ran"
    wave_id: UUID
    orders: int


@dataclass(frozen=True, slots=True)
class OrderKickedOut(Event):
    """A fulfillment order left a wave before it was packed."""

    kind: ClassVar[str] = "fulfillment_order_kicked_out"
    wave_id: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class PickListClaimed(Event):
    """A worker has a list, until the lease ends or they give it back."""

    kind: ClassVar[str] = "pick_list_claimed"
    worker_id: UUID
    lease_until: datetime


@dataclass(frozen=True, slots=True)
class PickListPaused(Event):
    """A worker laid a list aside and keeps it."""

    kind: ClassVar[str] = "pick_list_paused"
    worker_id: UUID | None


@dataclass(frozen=True, slots=True)
class PickListLeaseExpired(Event):
    """Nobody heard of a list's worker for a lease's time; anybody may claim it."""

    kind: ClassVar[str] = "pick_list_lease_expired"
    worker_id: UUID | None


@dataclass(frozen=True, slots=True)
class PickListHandedOver(Event):
    """A list with its totes went from one worker to another."""

    kind: ClassVar[str] = "pick_list_handed_over"
    from_worker_id: UUID | None
    worker_id: UUID


@dataclass(frozen=True, slots=True)
class PickListPassedOn(Event):
    """What a zone had for a list is fetched: the list with its totes waits for whoever picks in the next zone."""

    kind: ClassVar[str] = "pick_list_passed_on"
    worker_id: UUID | None
    from_zone: str | None
    zone: str


@dataclass(frozen=True, slots=True)
class PickListWentDark(Event):
    """A worker's phone books a list without network until it is heard again, or until its time is over."""

    kind: ClassVar[str] = "pick_list_went_dark"
    worker_id: UUID
    until: datetime
    fulfillment_order_ids: Sequence[UUID]


@dataclass(frozen=True, slots=True)
class PickListDarkEnded(Event):
    """The phone that had a list in the dark is heard again, or its time is over; its orders may be stopped again."""

    kind: ClassVar[str] = "pick_list_dark_ended"
    worker_id: UUID | None
    expired: bool
    fulfillment_order_ids: Sequence[UUID]


@dataclass(frozen=True, slots=True)
class PickListChanged(Event):
    """A list's lines changed: units were picked, undone, missing or found elsewhere."""

    kind: ClassVar[str] = "pick_list_changed"
    wave_id: UUID
    picked: int
    short: int
    added: int


@dataclass(frozen=True, slots=True)
class PickListDone(Event):
    """Every line of a list is finished."""

    kind: ClassVar[str] = "pick_list_done"
    wave_id: UUID
    worker_id: UUID | None


@dataclass(frozen=True, slots=True)
class PickLineShort(Event):
    """A picker did not find units of a pick line; `resourced` of them come from another bin."""

    kind: ClassVar[str] = "pick_line_short"
    pick_list_id: UUID
    place_id: UUID
    sku_id: UUID
    quantity: int
    resourced: int


@dataclass(frozen=True, slots=True)
class LotSwapped(Event):
    """A pick line's units come from another lot of its bin: a picker took it, or gave up theirs (then no worker)."""

    kind: ClassVar[str] = "lot_swapped"
    pick_list_id: UUID
    place_id: UUID
    sku_id: UUID
    from_lot_id: UUID
    lot_id: UUID
    quantity: int
    worker_id: UUID | None


@dataclass(frozen=True, slots=True)
class TaskOpened(Event):
    """A leftover waits for a person."""

    kind: ClassVar[str] = "exception_task_opened"
    task_kind: str
    location_id: UUID
    about_id: UUID
    quantity: int


@dataclass(frozen=True, slots=True)
class TaskDone(Event):
    """A leftover is settled."""

    kind: ClassVar[str] = "exception_task_done"
    task_kind: str
    about_id: UUID


@dataclass(frozen=True, slots=True)
class GoodsPutBack(Event):
    """Units of a stopped fulfillment order lie in bins again; `left` are still to be brought back."""

    kind: ClassVar[str] = "goods_put_back"
    quantity: int
    left: int


@dataclass(frozen=True, slots=True)
class WaveAtWall(Event):
    """Orders of a wave have slots of a wall; `orders` are those that got one now."""

    kind: ClassVar[str] = "wave_at_wall"
    wall: str
    orders: int


@dataclass(frozen=True, slots=True)
class GoodsSorted(Event):
    """Units of a fulfillment order lie in its slot of a wall; below zero when they were taken out again."""

    kind: ClassVar[str] = "goods_sorted"
    wave_id: UUID
    place_id: UUID
    quantity: int


@dataclass(frozen=True, slots=True)
class ToteInHospital(Event):
    """A tote was sent to the hospital: nobody fills, sorts or packs it before a lead has settled it."""

    kind: ClassVar[str] = "place_in_hospital"
    location_id: UUID
    exception_task_id: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class ToteSettled(Event):
    """A tote is out of the hospital: in use again with its goods, or empty."""

    kind: ClassVar[str] = "place_settled"
    location_id: UUID
    tote_state: str
