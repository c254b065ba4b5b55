"""What can happen in packing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from pickmesh.core.kit.events import Event


@dataclass(frozen=True, slots=True)
class ParcelOpened(Event):
    """A box stands ready for a fulfillment order."""

    kind: ClassVar[str] = "parcel_opened"
    fulfillment_order_id: UUID
    station_id: UUID | None


@dataclass(frozen=True, slots=True)
class ParcelVerified(Event):
    """Units were verified into a parcel, or taken out again when the quantity is negative."""

    kind: ClassVar[str] = "parcel_verified"
    fulfillment_order_id: UUID
    quantity: int


@dataclass(frozen=True, slots=True)
class PassForced(Event):
    """Somebody who may let a parcel pass without scan or against the scale, and said why."""

    kind: ClassVar[str] = "parcel_pass_forced"
    fulfillment_order_id: UUID
    person_id: UUID | None
    what: str
    reason: str


@dataclass(frozen=True, slots=True)
class ParcelSealed(Event):
    """A parcel is closed; `last` tells that it completes its order."""

    kind: ClassVar[str] = "parcel_sealed"
    fulfillment_order_id: UUID
    last: bool


@dataclass(frozen=True, slots=True)
class ParcelReopened(Event):
    """A sealed parcel was opened again; `reason` is empty where nobody was asked why."""

    kind: ClassVar[str] = "parcel_reopened"
    fulfillment_order_id: UUID
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ParcelWeighed(Event):
    """A parcel was weighed."""

    kind: ClassVar[str] = "parcel_weighed"
    weight_g: int
    expected_weight_g: int | None


@dataclass(frozen=True, slots=True)
class WaybillRequested(Event):
    """A carrier is asked for a number."""

    kind: ClassVar[str] = "waybill_requested"
    waybill_id: UUID
    carrier: str


@dataclass(frozen=True, slots=True)
class WaybillIssued(Event):
    """A carrier gave a number."""

    kind: ClassVar[str] = "waybill_issued"
    waybill_id: UUID
    carrier: str
    number: str


@dataclass(frozen=True, slots=True)
class WaybillFailed(Event):
    """A carrier will not give a number; a person must look."""

    kind: ClassVar[str] = "waybill_failed"
    waybill_id: UUID
    error: str


@dataclass(frozen=True, slots=True)
class WaybillVoided(Event):
    """A carrier's number is no longer used."""

    kind: ClassVar[str] = "waybill_voided"
    waybill_id: UUID
    carrier: str
    reason: str


@dataclass(frozen=True, slots=True)
class ParcelShipped(Event):
    """A parcel's goods have left the stock."""

    kind: ClassVar[str] = "parcel_shipped"
    fulfillment_order_id: UUID
    location_id: UUID
    carrier: str
    waybill: str
    quantity: int


@dataclass(frozen=True, slots=True)
class ParcelUnshipped(Event):
    """A shipped parcel was called back before the carrier had it."""

    kind: ClassVar[str] = "parcel_unshipped"
    fulfillment_order_id: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class ParcelHandedOver(Event):
    """The carrier has the parcel."""

    kind: ClassVar[str] = "parcel_handed_over"
    fulfillment_order_id: UUID


@dataclass(frozen=True, slots=True)
class ParcelVoided(Event):
    """A parcel is given up; it will never ship."""

    kind: ClassVar[str] = "parcel_voided"
    fulfillment_order_id: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class PrintJobQueued(Event):
    """A label waits to be printed at a station, anew or again."""

    kind: ClassVar[str] = "print_job_queued"
    station_id: UUID
    parcel_id: UUID


@dataclass(frozen=True, slots=True)
class PrintJobDone(Event):
    """A label is on paper."""

    kind: ClassVar[str] = "print_job_done"
    station_id: UUID
    parcel_id: UUID


@dataclass(frozen=True, slots=True)
class PrintJobFailed(Event):
    """A label will not be printed: its printer refused it, or its waybill was voided."""

    kind: ClassVar[str] = "print_job_failed"
    station_id: UUID
    parcel_id: UUID


@dataclass(frozen=True, slots=True)
class PrintJobUnsure(Event):
    """A label may be on paper or not; somebody must look before it is printed again."""

    kind: ClassVar[str] = "print_job_unsure"
    station_id: UUID
    parcel_id: UUID


@dataclass(frozen=True, slots=True)
class CartonSaved(Event):
    """A kind of carton was made or changed."""

    kind: ClassVar[str] = "carton_saved"
    created: bool


@dataclass(frozen=True, slots=True)
class CartonArchived(Event):
    """A kind of carton is not used any more."""

    kind: ClassVar[str] = "carton_archived"


@dataclass(frozen=True, slots=True)
class CartonChosen(Event):
    """A parcel goes in a carton, which costs so much."""

    kind: ClassVar[str] = "parcel_carton_chosen"
    fulfillment_order_id: UUID
    carton_id: UUID
    cost_micros: int
    currency: str


@dataclass(frozen=True, slots=True)
class CartonTakenOff(Event):
    """No carton is chosen for a parcel any more."""

    kind: ClassVar[str] = "parcel_carton_taken_off"
    fulfillment_order_id: UUID


@dataclass(frozen=True, slots=True)
class CarrierRuleChanged(Event):
    """A carrier rule was made, changed or put away."""

    kind: ClassVar[str] = "carrier_rule_changed"
    what: str


@dataclass(frozen=True, slots=True)
class CarrierDecided(Event):
    """A rule or, with a reason, a person decided which carrier an order goes with; None leaves it open again."""

    kind: ClassVar[str] = "fulfillment_order_carrier_decided"
    carrier: str | None
    carrier_rule_id: UUID | None
    reason: str


@dataclass(frozen=True, slots=True)
class ManifestOpened(Event):
    """Parcels are gathered for a carrier's driver."""

    kind: ClassVar[str] = "manifest_opened"
    location_id: UUID
    carrier: str


@dataclass(frozen=True, slots=True)
class ManifestClosed(Event):
    """A driver took the parcels on a manifest and signed for so many; what was not scanned or not given is named."""

    kind: ClassVar[str] = "manifest_closed"
    location_id: UUID
    carrier: str
    parcels: int
    told_count: int
    missing_parcel_ids: Sequence[UUID]
    left_behind_parcel_ids: Sequence[UUID]


@dataclass(frozen=True, slots=True)
class ParcelOnManifest(Event):
    """A parcel was scanned onto a manifest."""

    kind: ClassVar[str] = "parcel_on_manifest"
    fulfillment_order_id: UUID
    manifest_id: UUID


@dataclass(frozen=True, slots=True)
class ParcelOffManifest(Event):
    """A parcel came off its manifest again."""

    kind: ClassVar[str] = "parcel_off_manifest"
    fulfillment_order_id: UUID
