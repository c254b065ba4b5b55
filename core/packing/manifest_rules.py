"""Rules of handovers 交接: which parcels a driver may take on a manifest, and what two counts differ by."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from pickmesh.core.kit.refusals import NotFound, Refusal, WrongState
from pickmesh.core.kit.texts import sentence
from pickmesh.core.packing import refusals
from pickmesh.core.packing.tables import ManifestState, ParcelState
from pickmesh.core.stock.tables import ShipAt


class Fault(StrEnum):
    """Why a parcel may not go on a manifest."""

    CLOSED = "CLOSED"
    UNKNOWN = "UNKNOWN"
    OTHER_PLACE = "OTHER_PLACE"
    HANDED_OVER = "HANDED_OVER"
    VOIDED = "VOIDED"
    STOPPED = "STOPPED"
    TWICE = "TWICE"
    OTHER_MANIFEST = "OTHER_MANIFEST"
    NO_NUMBER = "NO_NUMBER"
    OTHER_CARRIER = "OTHER_CARRIER"
    NOT_SEALED = "NOT_SEALED"
    NOT_WEIGHED = "NOT_WEIGHED"
    NOT_SHIPPED = "NOT_SHIPPED"


_LACKS = (Fault.NOT_SEALED, Fault.NOT_WEIGHED, Fault.NOT_SHIPPED)
_NOT_HERE = sentence("The parcel is gone, given up or at another warehouse; it is not handed over here.")


@dataclass(slots=True)
class ParcelThere:
    """A parcel at the dock: its carrier, if it has a number, and the manifest it is on (`manifest_number` for people).

    `stopped` orders go no further.
    """

    id: UUID
    number: str
    fulfillment_order_id: UUID
    location_id: UUID
    state: str
    stopped: bool
    ship_at: str
    weight_g: int | None
    carrier: str | None
    manifest_id: UUID | None
    manifest_number: str | None = None


@dataclass(slots=True)
class ManifestNow:
    """A manifest as it stands: how many parcels are on it, and how many more wait for its carrier here."""

    id: UUID
    number: str
    location_id: UUID
    carrier: str
    state: str
    count: int = 0
    waiting: int = 0

    @property
    def expected(self) -> int:
        """How many parcels there are to hand over."""
        return self.count + self.waiting


def fault(parcel: ParcelThere | None, manifest: ManifestNow) -> Fault | None:
    """Tell why a parcel may not go on a manifest; None when it may."""
    if manifest.state != ManifestState.OPEN:
        return Fault.CLOSED
    if parcel is None:
        return Fault.UNKNOWN
    known = {
        Fault.OTHER_PLACE: parcel.location_id != manifest.location_id,
        Fault.HANDED_OVER: parcel.state == ParcelState.HANDED_OVER,
        Fault.VOIDED: parcel.state == ParcelState.VOIDED,
        Fault.STOPPED: parcel.stopped and parcel.state != ParcelState.SHIPPED,
        Fault.TWICE: parcel.manifest_id == manifest.id,
        Fault.OTHER_MANIFEST: parcel.manifest_id is not None,
        Fault.OTHER_CARRIER: parcel.carrier not in {None, manifest.carrier},
    }
    return next((found for found, holds in known.items() if holds), None) or _unready(parcel)


def _unready(parcel: ParcelThere) -> Fault | None:
    """Tell what a parcel that has not shipped still lacks; where handing over ships, it may lack its weight."""
    if parcel.state == ParcelState.SHIPPED:
        return None
    if parcel.state != ParcelState.SEALED:
        return Fault.NOT_SEALED
    if parcel.ship_at == ShipAt.WEIGH and parcel.weight_g is None:
        return Fault.NOT_WEIGHED
    if parcel.carrier is None:
        return Fault.NO_NUMBER
    return None if parcel.ship_at == ShipAt.HANDOVER else Fault.NOT_SHIPPED


def refusal(found: Fault, parcel: ParcelThere | None, manifest: ManifestNow) -> Refusal:
    """Return a fault as a command refuses it."""
    if found is Fault.CLOSED:
        return WrongState("The manifest is closed; open a new one for further parcels.")
    if parcel is None or found is Fault.UNKNOWN:
        return NotFound("No parcel of yours has that id; scan its label again.")
    known: dict[Fault, Refusal] = {
        Fault.STOPPED: refusals.Intercepted(data={"fulfillment_order_id": parcel.fulfillment_order_id}),
        Fault.NO_NUMBER: refusals.NoWaybill(),
        Fault.OTHER_CARRIER: refusals.WrongCarrier(data={"carrier": parcel.carrier, "wanted": manifest.carrier}),
        Fault.OTHER_MANIFEST: refusals.OnOtherManifest(data={"manifest_id": parcel.manifest_id}),
        **dict.fromkeys(_LACKS, refusals.NotReady(data={"lacks": found.value})),
    }
    return known.get(found) or WrongState(_NOT_HERE, data={"state": parcel.state})
