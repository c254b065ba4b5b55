"""Tables of stock: locations and places, lots and serial units, ledger, levels, balances, reservations, allocations."""

from datetime import date, datetime
from enum import StrEnum
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
    partial_index,
    positive,
    unarchived_unique,
)


class LocationKind(StrEnum):
    """A warehouse of ours, or a partner who fulfils for us."""

    WAREHOUSE = "WAREHOUSE"
    PARTNER = "PARTNER"


class PlaceKind(StrEnum):
    """Where units can be; the last four are virtual and have no balances."""

    BIN = "BIN"
    DOCK = "DOCK"
    TOTE = "TOTE"
    CART_SLOT = "CART_SLOT"
    WALL_SLOT = "WALL_SLOT"
    BENCH = "BENCH"
    PARCEL = "PARCEL"
    HOSPITAL = "HOSPITAL"
    MISSING = "MISSING"
    TRANSIT = "TRANSIT"
    SUPPLIER = "SUPPLIER"
    CUSTOMER = "CUSTOMER"
    ADJUSTMENT = "ADJUSTMENT"
    SCRAP = "SCRAP"


class Pool(StrEnum):
    """What the goods of a place are good for; only SELLABLE may be promised."""

    SELLABLE = "SELLABLE"
    DEFECTIVE = "DEFECTIVE"
    RETURNS = "RETURNS"
    QUARANTINE = "QUARANTINE"


class BinRole(StrEnum):
    """What a bin is for."""

    PICK = "PICK"
    OVERFLOW = "OVERFLOW"


class ToteState(StrEnum):
    """What state a tote is in; other places have none."""

    EMPTY = "EMPTY"
    STOCKED = "STOCKED"
    IN_HOSPITAL = "IN_HOSPITAL"


class ScanPolicy(StrEnum):
    """What a picker must scan for a line."""

    PLACE = "PLACE"
    ITEM = "ITEM"
    PLACE_AND_ITEM = "PLACE_AND_ITEM"
    EVERY_UNIT = "EVERY_UNIT"


class LotSwap(StrEnum):
    """Whether a picker may take another lot from the bin than the one that is meant."""

    ALLOW = "ALLOW"
    FEFO_ONLY = "FEFO_ONLY"
    NEVER = "NEVER"


class ZeroCheck(StrEnum):
    """When a picker is asked whether nothing is left: never, at an empty bin, at the last piece of the goods."""

    OFF = "OFF"
    EMPTY_BIN = "EMPTY_BIN"
    AT_ZERO = "AT_ZERO"


class WaybillAt(StrEnum):
    """When a waybill number is asked for."""

    RELEASE = "RELEASE"
    PACK = "PACK"


class ShipAt(StrEnum):
    """Which act ships a parcel."""

    SEAL = "SEAL"
    WEIGH = "WEIGH"
    HANDOVER = "HANDOVER"


class ReservationStatus(StrEnum):
    """What became of a promise."""

    OPEN = "OPEN"
    LOST = "LOST"
    RELEASED = "RELEASED"
    CONSUMED = "CONSUMED"


class AllocationStatus(StrEnum):
    """What became of units promised at a place."""

    OPEN = "OPEN"
    RELEASED = "RELEASED"
    CONSUMED = "CONSUMED"


class UnitState(StrEnum):
    """Where a serial-tracked unit is in its life."""

    IN_STOCK = "IN_STOCK"
    SHIPPED = "SHIPPED"
    GONE = "GONE"


class Location(MerchantObject):
    """A warehouse or a partner: the place stock is promised at; `cut_off` is the local time HH:MM parcels leave.

    What follows the cut-off is how fast people work here, by which waves are estimated: `pickers` walk at once, in mm
    per second; the others are tenths of a second per list, bin, piece, piece at a wall, piece on a cart and parcel.
    """

    __tablename__ = "location"

    kind: Mapped[str]
    code: Mapped[str]
    name: Mapped[str]
    time_zone: Mapped[str]
    partner_merchant_id: Mapped[UUID | None]
    priority: Mapped[int] = counted(100)
    scan_policy: Mapped[str]
    lot_swap: Mapped[str] = mapped_column(server_default=LotSwap.FEFO_ONLY.value)
    zero_check: Mapped[str] = mapped_column(server_default=ZeroCheck.EMPTY_BIN.value)
    waybill_at: Mapped[str]
    ship_at: Mapped[str]
    weight_tolerance_g: Mapped[int]
    cut_off: Mapped[str | None]
    pickers: Mapped[int] = counted(1)
    walk_mm_per_s: Mapped[int] = counted(1_000)
    list_ds: Mapped[int] = counted(600)
    stop_ds: Mapped[int] = counted(60)
    unit_ds: Mapped[int] = counted(25)
    sort_ds: Mapped[int] = counted(40)
    slot_ds: Mapped[int] = counted(15)
    pack_ds: Mapped[int] = counted(300)
    created_at: Mapped[datetime]
    archived_at: Mapped[datetime | None]
    version: Mapped[int] = counted(1)

    __table_args__ = (
        unarchived_unique("uq_location_code", "code"),
        one_of("kind", LocationKind),
        one_of("scan_policy", ScanPolicy),
        one_of("lot_swap", LotSwap),
        one_of("zero_check", ZeroCheck),
        one_of("waybill_at", WaybillAt),
        one_of("ship_at", ShipAt),
    )


class Place(MerchantObject):
    """A bin, a tote, a bench …; the parcel's place has the parcel's own id."""

    __tablename__ = "place"

    location_id: Mapped[UUID]
    kind: Mapped[str]
    pool: Mapped[str]
    role: Mapped[str | None]
    code: Mapped[str]
    zone: Mapped[str | None]
    walk_sequence: Mapped[int] = counted()
    x_mm: Mapped[int | None]
    y_mm: Mapped[int | None]
    tote_state: Mapped[str | None]
    created_at: Mapped[datetime]
    archived_at: Mapped[datetime | None]
    version: Mapped[int] = counted(1)

    __table_args__ = (
        belongs_to("location_id", "location"),
        unarchived_unique("uq_place_code", "location_id", "code"),
        sa.Index("ix_place_code", "merchant_id", "code"),
        one_of("kind", PlaceKind),
        one_of("pool", Pool),
    )


class Lot(MerchantObject):
    """A batch of goods; goods without one have the lot NIL_ID, which has no row."""

    __tablename__ = "lot"

    sku_id: Mapped[UUID]
    code: Mapped[str]
    expires_on: Mapped[date | None]
    blocked: Mapped[bool] = flag()
    created_at: Mapped[datetime]

    __table_args__ = (
        belongs_to("sku_id", "sku"),
        sa.Index("uq_lot_code", "merchant_id", "sku_id", "code", unique=True),
    )


class StockUnit(MerchantObject):
    """One serial-tracked unit and where it is."""

    __tablename__ = "stock_unit"

    sku_id: Mapped[UUID]
    serial: Mapped[str]
    lot_id: Mapped[UUID]
    place_id: Mapped[UUID]
    state: Mapped[str]
    created_at: Mapped[datetime]

    __table_args__ = (
        belongs_to("sku_id", "sku"),
        belongs_to("place_id", "place"),
        sa.Index("uq_stock_unit_serial", "merchant_id", "serial", "sku_id", unique=True),
        sa.Index("ix_stock_unit_place_id", "merchant_id", "place_id", "sku_id"),
        one_of("state", UnitState),
    )


class StockLevel(MerchantRow):
    """What a location has of a SKU; free = on_hand - non_sellable - reserved and is never below zero."""

    __tablename__ = "stock_level"

    location_id: Mapped[UUID] = mapped_column(primary_key=True)
    sku_id: Mapped[UUID] = mapped_column(primary_key=True)
    on_hand: Mapped[int] = counted()
    non_sellable: Mapped[int] = counted()
    reserved: Mapped[int] = counted()
    buffer: Mapped[int] = counted()
    incoming: Mapped[int] = counted()

    __table_args__ = (
        belongs_to("location_id", "location"),
        belongs_to("sku_id", "sku"),
        sa.Index("ix_stock_level_sku_id", "merchant_id", "sku_id"),
        not_negative("on_hand"),
        not_negative("non_sellable"),
        not_negative("reserved"),
        not_negative("buffer"),
        not_negative("incoming"),
        sa.CheckConstraint("on_hand - non_sellable - reserved >= 0", name="free_not_negative"),
    )


class StockBalance(MerchantRow):
    """What lies at a physical place, and how much of it is promised there."""

    __tablename__ = "stock_balance"

    place_id: Mapped[UUID] = mapped_column(primary_key=True)
    sku_id: Mapped[UUID] = mapped_column(primary_key=True)
    lot_id: Mapped[UUID] = mapped_column(primary_key=True)
    location_id: Mapped[UUID]
    quantity: Mapped[int] = counted()
    allocated: Mapped[int] = counted()
    first_in_at: Mapped[datetime]

    __table_args__ = (
        belongs_to("place_id", "place"),
        sa.Index("ix_stock_balance_sku_id", "merchant_id", "location_id", "sku_id"),
        not_negative("quantity"),
        not_negative("allocated"),
        sa.CheckConstraint("allocated <= quantity", name="allocated_is_there"),
    )


class StockMove(MerchantObject):
    """One entry of the double-entry ledger; never updated, never deleted, no foreign key points here."""

    __tablename__ = "stock_move"

    sku_id: Mapped[UUID]
    lot_id: Mapped[UUID]
    from_place_id: Mapped[UUID]
    to_place_id: Mapped[UUID]
    quantity: Mapped[int]
    reason: Mapped[str]
    document_id: Mapped[UUID | None]
    line_id: Mapped[UUID | None]
    unit_id: Mapped[UUID | None]
    unit_cost_micros: Mapped[int] = counted()
    actor_id: Mapped[UUID | None]
    at: Mapped[datetime]

    __table_args__ = (
        sa.Index("ix_stock_move_sku_id", "merchant_id", "sku_id", "id"),
        sa.Index("ix_stock_move_document_id", "merchant_id", "document_id"),
        partial_index("ix_stock_move_return", "line_id", where="reason = 'RETURN'"),
        partial_index("ix_stock_move_unit_id", "unit_id", "id", where="unit_id IS NOT NULL"),
        positive("quantity"),
        sa.CheckConstraint("from_place_id <> to_place_id", name="goes_elsewhere"),
    )


class Reservation(MerchantObject):
    """A promise of a location's stock to a fulfillment line; `quantity` is what is still open.

    No foreign keys: one is written per line of every order, and `checks.py` looks for those without a location or SKU.
    """

    __tablename__ = "reservation"

    location_id: Mapped[UUID]
    sku_id: Mapped[UUID]
    line_id: Mapped[UUID]
    group_id: Mapped[UUID]
    quantity: Mapped[int]
    status: Mapped[str]
    rank_at: Mapped[datetime]
    created_at: Mapped[datetime]

    __table_args__ = (
        sa.Index("ix_reservation_line_id", "merchant_id", "line_id"),
        partial_index("ix_reservation_open", "location_id", "sku_id", "rank_at", where="status = 'OPEN'"),
        not_negative("quantity"),
        one_of("status", ReservationStatus),
    )


class Allocation(MerchantObject):
    """Units at a place promised to a fulfillment line: `place_id` follows them, `work_line_id` is the pick line."""

    __tablename__ = "allocation"

    reservation_id: Mapped[UUID]
    line_id: Mapped[UUID]
    work_line_id: Mapped[UUID | None]
    location_id: Mapped[UUID]
    place_id: Mapped[UUID]
    bin_id: Mapped[UUID]
    sku_id: Mapped[UUID]
    lot_id: Mapped[UUID]
    quantity: Mapped[int]
    status: Mapped[str]
    created_at: Mapped[datetime]

    __table_args__ = (
        belongs_to("reservation_id", "reservation"),
        belongs_to("place_id", "place"),
        sa.Index("ix_allocation_line_id", "merchant_id", "line_id"),
        sa.Index("ix_allocation_work_line_id", "merchant_id", "work_line_id"),
        partial_index("ix_allocation_open", "place_id", "sku_id", where="status = 'OPEN'"),
        positive("quantity"),
        one_of("status", AllocationStatus),
    )
