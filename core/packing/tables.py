"""Tables of packing: stations, cartons, parcels and contents, waybills, carriers, manifests, print jobs."""

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
    one_of,
    positive,
    unarchived_unique,
)


class ParcelState(StrEnum):
    """How far a parcel is; PREPARED has a number asked for ahead, and nobody has begun to pack it."""

    PREPARED = "PREPARED"
    OPEN = "OPEN"
    SEALED = "SEALED"
    SHIPPED = "SHIPPED"
    HANDED_OVER = "HANDED_OVER"
    VOIDED = "VOIDED"


class WaybillState(StrEnum):
    """Whether a carrier has given a number."""

    REQUESTED = "REQUESTED"
    ISSUED = "ISSUED"
    FAILED = "FAILED"
    VOIDED = "VOIDED"


class ManifestState(StrEnum):
    """Whether parcels are still being scanned for a handover."""

    OPEN = "OPEN"
    CLOSED = "CLOSED"


class PrintState(StrEnum):
    """How far a print job is: an agent has it (TAKEN) before a byte leaves; UNSURE may be on paper, a person looks."""

    QUEUED = "QUEUED"
    TAKEN = "TAKEN"
    PRINTING = "PRINTING"
    PRINTED = "PRINTED"
    FAILED = "FAILED"
    UNSURE = "UNSURE"


class Station(MerchantObject):
    """A pack bench with a printer; its place is the bench's."""

    __tablename__ = "station"

    location_id: Mapped[UUID]
    place_id: Mapped[UUID]
    code: Mapped[str]
    printer_format: Mapped[str]
    created_at: Mapped[datetime]

    __table_args__ = (
        belongs_to("location_id", "location"),
        belongs_to("place_id", "place"),
        sa.Index("uq_station_code", "merchant_id", "location_id", "code", unique=True),
    )


class Parcel(MerchantObject):
    """A box for one fulfillment order; it is also a place, with the same id.

    `packaging_micros` is what its carton cost when it was chosen, whatever cartons cost later.
    """

    __tablename__ = "parcel"

    number: Mapped[int]
    fulfillment_order_id: Mapped[UUID]
    location_id: Mapped[UUID]
    station_id: Mapped[UUID | None]
    state: Mapped[str]
    sequence: Mapped[int]
    weight_g: Mapped[int | None]
    expected_weight_g: Mapped[int | None]
    carton_id: Mapped[UUID | None]
    packaging_micros: Mapped[int | None]
    packaging_currency: Mapped[str | None]
    manifest_id: Mapped[UUID | None]
    forced: Mapped[bool] = flag()
    created_at: Mapped[datetime]
    sealed_at: Mapped[datetime | None]
    shipped_at: Mapped[datetime | None]
    handed_over_at: Mapped[datetime | None]
    version: Mapped[int] = counted(1)

    __table_args__ = (
        belongs_to("fulfillment_order_id", "fulfillment_order"),
        sa.Index("uq_parcel_number", "merchant_id", "number", unique=True),
        sa.Index("uq_parcel_sequence", "merchant_id", "fulfillment_order_id", "sequence", unique=True),
        sa.Index("ix_parcel_manifest_id", "merchant_id", "manifest_id"),
        sa.Index("ix_parcel_state", "merchant_id", "location_id", "state", "id"),
        one_of("state", ParcelState),
    )


class ParcelItem(MerchantRow):
    """What lies in a parcel."""

    __tablename__ = "parcel_item"

    parcel_id: Mapped[UUID] = mapped_column(primary_key=True)
    fulfillment_line_id: Mapped[UUID] = mapped_column(primary_key=True)
    lot_id: Mapped[UUID] = mapped_column(primary_key=True)
    sku_id: Mapped[UUID]
    quantity: Mapped[int]

    __table_args__ = (
        belongs_to("parcel_id", "parcel"),
        belongs_to("fulfillment_line_id", "fulfillment_line"),
        positive("quantity"),
    )


class Waybill(MerchantObject):
    """A carrier's number for a parcel; voided ones stay."""

    __tablename__ = "waybill"

    parcel_id: Mapped[UUID]
    carrier: Mapped[str]
    number: Mapped[str | None]
    sort_code: Mapped[str]
    state: Mapped[str]
    requested_at: Mapped[datetime]
    issued_at: Mapped[datetime | None]
    voided_at: Mapped[datetime | None]
    last_error: Mapped[str | None]

    __table_args__ = (
        belongs_to("parcel_id", "parcel"),
        sa.Index("ix_waybill_parcel_id", "merchant_id", "parcel_id"),
        sa.Index(
            "uq_waybill_number",
            "merchant_id",
            "carrier",
            "number",
            unique=True,
            postgresql_where=sa.text("number IS NOT NULL"),
            sqlite_where=sa.text("number IS NOT NULL"),
        ),
        one_of("state", WaybillState),
    )


class PrintJob(MerchantObject):
    """A label to print at a station; a reprint needs a reason.

    `run_id` is one run of the program `agent` that has it, or had it last; the job is its own until `until`.
    """

    __tablename__ = "print_job"

    station_id: Mapped[UUID]
    parcel_id: Mapped[UUID]
    waybill_id: Mapped[UUID]
    format: Mapped[str]
    state: Mapped[str]
    reason: Mapped[str]
    created_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    last_error: Mapped[str | None]
    agent: Mapped[str | None]
    run_id: Mapped[UUID | None]
    taken_at: Mapped[datetime | None]
    until: Mapped[datetime | None]
    attempts: Mapped[int] = counted()

    __table_args__ = (
        belongs_to("station_id", "station"),
        belongs_to("parcel_id", "parcel"),
        sa.Index("ix_print_job_state", "merchant_id", "station_id", "state", "id"),
        one_of("state", PrintState),
    )


class CarrierAccount(MerchantObject):
    """A merchant's contract with a carrier; `kind` names the adapter that speaks with it."""

    __tablename__ = "carrier_account"

    code: Mapped[str]
    name: Mapped[str]
    kind: Mapped[str]
    settings: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    archived_at: Mapped[datetime | None]

    __table_args__ = (sa.Index("uq_carrier_account_code", "merchant_id", "code", unique=True),)


class CarrierRule(MerchantObject):
    """Which carrier takes orders of some kind; the first rule by position that fits decides."""

    __tablename__ = "carrier_rule"

    name: Mapped[str]
    position: Mapped[int]
    is_active: Mapped[bool] = flag()
    conditions: Mapped[list[Any]]
    carrier: Mapped[str]
    created_at: Mapped[datetime]
    archived_at: Mapped[datetime | None]
    version: Mapped[int] = counted(1)

    __table_args__ = (unarchived_unique("uq_carrier_rule_name", "name"),)


class Carton(MerchantObject):
    """A box or bag to pack in: inner measures in millimetres, what it weighs and costs itself, what it carries."""

    __tablename__ = "carton"

    code: Mapped[str]
    name: Mapped[str]
    length_mm: Mapped[int]
    width_mm: Mapped[int]
    height_mm: Mapped[int]
    tare_g: Mapped[int] = counted()
    max_weight_g: Mapped[int | None]
    cost_micros: Mapped[int] = counted()
    currency: Mapped[str]
    created_at: Mapped[datetime]
    archived_at: Mapped[datetime | None]
    version: Mapped[int] = counted(1)

    __table_args__ = (
        unarchived_unique("uq_carton_code", "code"),
        positive("length_mm"),
        positive("width_mm"),
        positive("height_mm"),
    )


class Manifest(MerchantObject):
    """Parcels handed to one carrier's driver at once, scanned one by one and counted on both sides.

    `told_count` is how many the driver signed for.
    """

    __tablename__ = "manifest"

    number: Mapped[int]
    location_id: Mapped[UUID]
    carrier: Mapped[str]
    state: Mapped[str]
    told_count: Mapped[int | None]
    note: Mapped[str]
    opened_by: Mapped[UUID | None]
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    version: Mapped[int] = counted(1)

    __table_args__ = (
        belongs_to("location_id", "location"),
        sa.Index("uq_manifest_number", "merchant_id", "number", unique=True),
        sa.Index("ix_manifest_state", "merchant_id", "location_id", "state", "id"),
        one_of("state", ManifestState),
    )
