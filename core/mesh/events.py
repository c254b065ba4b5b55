"""What can happen between partners: to partnerships, to offers, to dropships."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from pickmesh.core.kit.events import Event


@dataclass(frozen=True, slots=True)
class PartnershipChanged(Event):
    """A partnership was asked for, accepted or ended, by either side; the subject is the partnership."""

    kind: ClassVar[str] = "partnership_changed"
    status: str
    version: int


@dataclass(frozen=True, slots=True)
class OffersChanged(Event):
    """Offers to a partner were made, changed or withdrawn; the subject is the partnership."""

    kind: ClassVar[str] = "offers_changed"
    offer_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class FiguresTold(Event):
    """A partner was told other figures; the subject is the partnership."""

    kind: ClassVar[str] = "figures_told"
    offers: int


@dataclass(frozen=True, slots=True)
class PartnerOffersChanged(Event):
    """A partner's offers or their figures are others now; the subject is the partnership."""

    kind: ClassVar[str] = "partner_offers_changed"
    partner_offers: int


@dataclass(frozen=True, slots=True)
class PartnerSkusMapped(Event):
    """SKUs of ours stand for a partner's offers now, or no longer; the subject is the partnership."""

    kind: ClassVar[str] = "partner_skus_mapped"
    sku_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class PartnerMessageRefused(Event):
    """A message between partners cannot be taken; the subject is the partnership, `by_us` whether we refused it."""

    kind: ClassVar[str] = "partner_message_refused"
    message_id: UUID
    message_kind: str
    code: str
    by_us: bool


# Dropships: the subject is the dropship, on the side of the merchant whose log tells it


@dataclass(frozen=True, slots=True)
class DropshipEvent(Event):
    """Something happened to a dropship; what it has come to is `status` as of `version`."""

    partnership_id: UUID
    order_id: UUID | None
    fulfillment_order_id: UUID | None
    side: str
    status: str
    version: int


@dataclass(frozen=True, slots=True)
class DropshipSubmitted(DropshipEvent):
    """A short order of ours was given to a partner to ship."""

    kind: ClassVar[str] = "dropship_submitted"
    pieces: int


@dataclass(frozen=True, slots=True)
class DropshipReceived(DropshipEvent):
    """A partner asks us to ship; it waits for an answer until `answer_by`."""

    kind: ClassVar[str] = "dropship_received"
    pieces: int
    answer_by: datetime


@dataclass(frozen=True, slots=True)
class DropshipAccepted(DropshipEvent):
    """The supplier will ship."""

    kind: ClassVar[str] = "dropship_accepted"


@dataclass(frozen=True, slots=True)
class DropshipRejected(DropshipEvent):
    """The supplier will not ship, or not the rest; `note` is what it wrote beside the reason."""

    kind: ClassVar[str] = "dropship_rejected"
    reason: str
    note: str


@dataclass(frozen=True, slots=True)
class DropshipCancellationRequested(DropshipEvent):
    """The distributor asks the supplier not to ship."""

    kind: ClassVar[str] = "dropship_cancellation_requested"


@dataclass(frozen=True, slots=True)
class DropshipCancellationRejected(DropshipEvent):
    """The supplier cannot stop any more; it goes on."""

    kind: ClassVar[str] = "dropship_cancellation_rejected"


@dataclass(frozen=True, slots=True)
class DropshipCancelled(DropshipEvent):
    """The supplier has stopped; both sides are done."""

    kind: ClassVar[str] = "dropship_cancelled"


@dataclass(frozen=True, slots=True)
class DropshipShipped(DropshipEvent):
    """A parcel left the supplier; `complete` when nothing is left to ship."""

    kind: ClassVar[str] = "dropship_shipped"
    parcel_id: UUID
    pieces: int
    amount_minor: int
    complete: bool


@dataclass(frozen=True, slots=True)
class DropshipUnshipped(DropshipEvent):
    """A parcel that had left the supplier was called back; the amount is no longer owed."""

    kind: ClassVar[str] = "dropship_unshipped"
    parcel_id: UUID
    pieces: int
    amount_minor: int
