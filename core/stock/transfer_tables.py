"""Tables of moves that are planned: transfers between warehouses, pick faces and the tasks that fill them."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from pickmesh.core.db.base import MerchantObject, MerchantRow, belongs_to, counted, not_negative, one_of, positive


class TransferStatus(StrEnum):
    """How far a transfer between two warehouses is."""

    PLANNED = "PLANNED"
    SENT = "SENT"
    RECEIVED = "RECEIVED"
    CANCELLED = "CANCELLED"


class ReplenishmentStatus(StrEnum):
    """What became of a task to fill a pick face."""

    OPEN = "OPEN"
    DONE = "DONE"
    CANCELLED = "CANCELLED"


class Transfer(MerchantObject):
    """Goods on their way from one warehouse to another; while they travel they lie in a TRANSIT place with its own id.

    What is planned is reserved at the warehouse it leaves, each line under its own id.
    """

    __tablename__ = "transfer"

    number: Mapped[int]
    from_location_id: Mapped[UUID]
    to_location_id: Mapped[UUID]
    status: Mapped[str]
    note: Mapped[str]
    created_by: Mapped[UUID | None]
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    version: Mapped[int] = counted(1)

    __table_args__ = (
        belongs_to("from_location_id", "location"),
        belongs_to("to_location_id", "location"),
        sa.Index("uq_transfer_number", "merchant_id", "number", unique=True),
        sa.Index("ix_transfer_status", "merchant_id", "status", "id"),
        one_of("status", TransferStatus),
        sa.CheckConstraint("from_location_id <> to_location_id", name="goes_elsewhere"),
    )


class TransferLine(MerchantObject):
    """Pieces of one SKU in a transfer; what was sent and neither received nor lost is in transit."""

    __tablename__ = "transfer_line"

    transfer_id: Mapped[UUID]
    sku_id: Mapped[UUID]
    quantity: Mapped[int]
    sent_quantity: Mapped[int] = counted()
    received_quantity: Mapped[int] = counted()
    lost_quantity: Mapped[int] = counted()

    __table_args__ = (
        belongs_to("transfer_id", "transfer"),
        belongs_to("sku_id", "sku"),
        sa.Index("uq_transfer_line_sku_id", "merchant_id", "transfer_id", "sku_id", unique=True),
        positive("quantity"),
        not_negative("sent_quantity"),
        sa.CheckConstraint("sent_quantity <= quantity", name="sent_in_bounds"),
        sa.CheckConstraint("received_quantity + lost_quantity <= sent_quantity", name="arrived_in_bounds"),
    )


class PickFace(MerchantRow):
    """How much of a SKU a pick bin should hold: below `min_quantity` it is filled up to `max_quantity`."""

    __tablename__ = "pick_face"

    place_id: Mapped[UUID] = mapped_column(primary_key=True)
    sku_id: Mapped[UUID] = mapped_column(primary_key=True)
    location_id: Mapped[UUID]
    min_quantity: Mapped[int]
    max_quantity: Mapped[int]

    __table_args__ = (
        belongs_to("place_id", "place"),
        belongs_to("sku_id", "sku"),
        sa.Index("ix_pick_face_location_id", "merchant_id", "location_id", "sku_id"),
        not_negative("min_quantity"),
        sa.CheckConstraint("max_quantity > min_quantity", name="ordered"),
    )


class ReplenishmentTask(MerchantObject):
    """Pieces to bring from an overflow bin to a pick bin."""

    __tablename__ = "replenishment_task"

    location_id: Mapped[UUID]
    sku_id: Mapped[UUID]
    lot_id: Mapped[UUID]
    from_place_id: Mapped[UUID]
    to_place_id: Mapped[UUID]
    quantity: Mapped[int]
    moved_quantity: Mapped[int] = counted()
    status: Mapped[str]
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    version: Mapped[int] = counted(1)

    __table_args__ = (
        belongs_to("location_id", "location"),
        belongs_to("sku_id", "sku"),
        sa.Index(
            "uq_replenishment_task_open",
            "merchant_id",
            "to_place_id",
            "sku_id",
            "lot_id",
            "from_place_id",
            unique=True,
            postgresql_where=sa.text("status = 'OPEN'"),
            sqlite_where=sa.text("status = 'OPEN'"),
        ),
        sa.Index("ix_replenishment_task_status", "merchant_id", "location_id", "status", "id"),
        positive("quantity"),
        not_negative("moved_quantity"),
        one_of("status", ReplenishmentStatus),
    )
