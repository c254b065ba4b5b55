"""Tables of picking: waves and their templates, pick lists and lines, picks, tote uses, exception tasks."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from pickmesh.core.db.base import (
    MerchantObject,
    MerchantRow,
    belongs_to,
    counted,
    flag,
    not_negative,
    one_of,
    positive,
    unarchived_unique,
)


class WaveKind(StrEnum):
    """How the orders of a wave are picked."""

    SINGLE_ITEM = "SINGLE_ITEM"
    HOT_SALE = "HOT_SALE"
    PUT_WALL = "PUT_WALL"
    CLUSTER = "CLUSTER"
    DISCRETE = "DISCRETE"


class WaveStatus(StrEnum):
    """How far a wave is."""

    PLANNED = "PLANNED"
    RELEASED = "RELEASED"
    IN_PROGRESS = "IN_PROGRESS"
    DONE = "DONE"
    CANCELLED = "CANCELLED"


class WaveOrderState(StrEnum):
    """Whether an order is still part of its wave."""

    IN = "IN"
    KICKED_OUT = "KICKED_OUT"
    DONE = "DONE"


class PickListStatus(StrEnum):
    """How far a pick list is."""

    READY = "READY"
    CLAIMED = "CLAIMED"
    PAUSED = "PAUSED"
    DONE = "DONE"
    CANCELLED = "CANCELLED"


class PickLineStatus(StrEnum):
    """How far a pick line is."""

    OPEN = "OPEN"
    DONE = "DONE"
    CANCELLED = "CANCELLED"


class TaskKind(StrEnum):
    """What kind of leftover a person must settle."""

    SHORT_PICK = "SHORT_PICK"
    PUT_BACK = "PUT_BACK"
    LATE_SCAN = "LATE_SCAN"
    MISFIT_SCAN = "MISFIT_SCAN"
    TOTE_HOSPITAL = "TOTE_HOSPITAL"
    COUNT = "COUNT"


class TaskStatus(StrEnum):
    """Whether an exception task is settled."""

    OPEN = "OPEN"
    DONE = "DONE"


class Wave(MerchantObject):
    """A group of fulfillment orders released to the floor together."""

    __tablename__ = "wave"

    number: Mapped[int]
    location_id: Mapped[UUID]
    kind: Mapped[str]
    status: Mapped[str]
    template_id: Mapped[UUID | None]
    carrier: Mapped[str | None]
    zone: Mapped[str | None]
    leave_by: Mapped[datetime | None]
    created_at: Mapped[datetime]
    released_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    version: Mapped[int] = counted(1)

    __table_args__ = (
        belongs_to("location_id", "location"),
        sa.Index("uq_wave_number", "merchant_id", "number", unique=True),
        sa.Index("ix_wave_status", "merchant_id", "location_id", "status", "id"),
        one_of("kind", WaveKind),
        one_of("status", WaveStatus),
    )


class WaveTemplate(MerchantObject):
    """How waves of one kind are planned again and again: which orders, how many, and (with a schedule) when.

    `chosen` are the filters of wave planning, `schedule` local times and weekdays of the location.
    """

    __tablename__ = "wave_template"

    location_id: Mapped[UUID]
    name: Mapped[str]
    kind: Mapped[str]
    chosen: Mapped[dict[str, Any]]
    schedule: Mapped[dict[str, Any] | None]
    releases: Mapped[bool] = flag()
    is_active: Mapped[bool] = flag()
    last_run_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    archived_at: Mapped[datetime | None]
    version: Mapped[int] = counted(1)

    __table_args__ = (
        belongs_to("location_id", "location"),
        unarchived_unique("uq_wave_template_name", "location_id", "name"),
        one_of("kind", WaveKind),
    )


class WaveOrder(MerchantRow):
    """An order's seat in a wave; `position` is its put-wall slot or cart slot number, `place_id` the slot itself."""

    __tablename__ = "wave_order"

    wave_id: Mapped[UUID] = mapped_column(primary_key=True)
    fulfillment_order_id: Mapped[UUID] = mapped_column(primary_key=True)
    position: Mapped[int]
    state: Mapped[str]
    place_id: Mapped[UUID | None]

    __table_args__ = (
        belongs_to("wave_id", "wave"),
        belongs_to("fulfillment_order_id", "fulfillment_order"),
        sa.Index(
            "uq_wave_order_live",
            "merchant_id",
            "fulfillment_order_id",
            unique=True,
            postgresql_where=sa.text("state = 'IN'"),
            sqlite_where=sa.text("state = 'IN'"),
        ),
        one_of("state", WaveOrderState),
    )


class PickList(MerchantObject):
    """What one worker fetches on one walk; until `dark_until` the worker's phone may book it without network.

    `zone` is where a list that is passed on from zone to zone is now.
    """

    __tablename__ = "pick_list"

    number: Mapped[int]
    wave_id: Mapped[UUID]
    location_id: Mapped[UUID]
    status: Mapped[str]
    worker_id: Mapped[UUID | None]
    claimed_at: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    dark_until: Mapped[datetime | None]
    zone: Mapped[str | None]
    created_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    version: Mapped[int] = counted(1)

    __table_args__ = (
        belongs_to("wave_id", "wave"),
        sa.Index("uq_pick_list_number", "merchant_id", "number", unique=True),
        sa.Index("ix_pick_list_status", "merchant_id", "location_id", "status", "id"),
        sa.Index("ix_pick_list_wave_id", "merchant_id", "wave_id"),
        one_of("status", PickListStatus),
    )


class PickLine(MerchantObject):
    """So many of a SKU and lot from one bin, in walk order; serves one or more allocations.

    `meant_lot_id` is the lot it was laid out for, when a picker has swapped it for `lot_id` since.
    """

    __tablename__ = "pick_line"

    pick_list_id: Mapped[UUID]
    sequence: Mapped[int]
    place_id: Mapped[UUID]
    sku_id: Mapped[UUID]
    lot_id: Mapped[UUID]
    meant_lot_id: Mapped[UUID | None]
    quantity: Mapped[int]
    picked_quantity: Mapped[int] = counted()
    short_quantity: Mapped[int] = counted()
    status: Mapped[str]

    __table_args__ = (
        belongs_to("pick_list_id", "pick_list"),
        sa.Index("ix_pick_line_pick_list_id", "merchant_id", "pick_list_id", "sequence"),
        positive("quantity"),
        not_negative("picked_quantity"),
        not_negative("short_quantity"),
        sa.CheckConstraint("picked_quantity + short_quantity <= quantity", name="not_more_than_asked"),
        one_of("status", PickLineStatus),
    )


class Pick(MerchantObject):
    """Units a scan really took, kept for ever; undoing writes `undone_at` and a compensating move.

    A serial-tracked unit has a row of its own, which names it. `scan_id` is the scan that booked them; where goods are
    scanned before the tote they go into (cluster), `item_scan_id` is the scan of the goods.
    """

    __tablename__ = "pick"

    pick_line_id: Mapped[UUID]
    allocation_id: Mapped[UUID]
    fulfillment_line_id: Mapped[UUID]
    sku_id: Mapped[UUID]
    lot_id: Mapped[UUID]
    from_place_id: Mapped[UUID]
    to_place_id: Mapped[UUID]
    quantity: Mapped[int]
    unit_id: Mapped[UUID | None]
    scan_id: Mapped[UUID | None]
    item_scan_id: Mapped[UUID | None]
    worker_id: Mapped[UUID | None]
    at: Mapped[datetime]
    undone_at: Mapped[datetime | None]

    __table_args__ = (
        belongs_to("pick_line_id", "pick_line"),
        sa.Index("ix_pick_pick_line_id", "merchant_id", "pick_line_id"),
        sa.Index("ix_pick_scan_id", "merchant_id", "scan_id"),
        positive("quantity"),
    )


class ToteUse(MerchantRow):
    """What a tote (or slot) holds now: the list it is filled for and, unless it is mixed, the one order."""

    __tablename__ = "tote_use"

    place_id: Mapped[UUID] = mapped_column(primary_key=True)
    pick_list_id: Mapped[UUID]
    fulfillment_order_id: Mapped[UUID | None]
    bound_at: Mapped[datetime]

    __table_args__ = (
        belongs_to("place_id", "place"),
        belongs_to("pick_list_id", "pick_list"),
        sa.Index("ix_tote_use_pick_list_id", "merchant_id", "pick_list_id"),
    )


class ExceptionTask(MerchantObject):
    """A leftover a person must settle: a short pick, goods to put back, a scan that no longer fits."""

    __tablename__ = "exception_task"

    number: Mapped[int]
    location_id: Mapped[UUID]
    kind: Mapped[str]
    status: Mapped[str]
    subject_id: Mapped[UUID]
    sku_id: Mapped[UUID | None]
    place_id: Mapped[UUID | None]
    quantity: Mapped[int] = counted()
    detail: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    done_by: Mapped[UUID | None]
    version: Mapped[int] = counted(1)

    __table_args__ = (
        sa.Index("uq_exception_task_number", "merchant_id", "number", unique=True),
        sa.Index("ix_exception_task_status", "merchant_id", "location_id", "status", "id"),
        sa.Index("ix_exception_task_subject_id", "merchant_id", "subject_id"),
        one_of("kind", TaskKind),
        one_of("status", TaskStatus),
    )
