"""What can happen to orders; payloads carry ids, quantities and amounts, never who the buyer is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from pickmesh.core.kit.events import Event


@dataclass(frozen=True, slots=True)
class OrderImported(Event):
    """An order came in; the subject is the order, pieces are units of SKUs with bundles taken apart."""

    kind: ClassVar[str] = "order_imported"
    number: int
    shop_id: UUID
    total_minor: int
    currency: str
    lines: int
    pieces: int
    short_pieces: int
    held: bool
    fulfillment_order_ids: Sequence[UUID]


@dataclass(frozen=True, slots=True)
class OrderMade(Event):
    """Somebody made an order by hand, and why; `related_order_id` is the order it belongs to."""

    kind: ClassVar[str] = "order_made"
    type: str
    related_order_id: UUID | None
    reason: str


@dataclass(frozen=True, slots=True)
class OrderChanged(Event):
    """An order that was still open took over what its shop now says."""

    kind: ClassVar[str] = "order_changed"
    version: int
    lines_added: int
    lines_removed: int
    lines_changed: int
    fulfillment_order_ids: Sequence[UUID]


@dataclass(frozen=True, slots=True)
class OrderChangeRefused(Event):
    """The shop changed an order that was under way; `differs` names what: lines, refund, address, payment and so on."""

    kind: ClassVar[str] = "order_change_refused"
    shop_id: UUID
    differs: Sequence[str]


@dataclass(frozen=True, slots=True)
class OrderChangeAcknowledged(Event):
    """Somebody has seen to the change of an order that came too late."""

    kind: ClassVar[str] = "order_change_acknowledged"


@dataclass(frozen=True, slots=True)
class OrderMapped(Event):
    """Lines of an order whose shop codes nobody knew found their SKUs."""

    kind: ClassVar[str] = "order_mapped"
    lines: int
    pieces: int
    short_pieces: int


@dataclass(frozen=True, slots=True)
class FulfillmentOrderHeld(Event):
    """A fulfillment order may not go on until this hold is released."""

    kind: ClassVar[str] = "fulfillment_order_held"
    order_id: UUID
    hold_id: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class FulfillmentOrderReleasedHold(Event):
    """A hold was lifted; `holds_left` others still stand."""

    kind: ClassVar[str] = "fulfillment_order_released_hold"
    order_id: UUID
    hold_id: UUID
    reason: str
    holds_left: int


@dataclass(frozen=True, slots=True)
class FulfillmentOrderProgressed(Event):
    """The work on a fulfillment order came to another stage."""

    kind: ClassVar[str] = "fulfillment_order_progressed"
    order_id: UUID
    progress: str


@dataclass(frozen=True, slots=True)
class FulfillmentOrderRouted(Event):
    """A fulfillment order found its location."""

    kind: ClassVar[str] = "fulfillment_order_routed"
    order_id: UUID
    location_id: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class FulfillmentOrderSplit(Event):
    """Part of a fulfillment order went on as one of its own, named by `into_id`."""

    kind: ClassVar[str] = "fulfillment_order_split"
    order_id: UUID
    into_id: UUID
    pieces: int
    backordered: bool


@dataclass(frozen=True, slots=True)
class FulfillmentOrderUnsplit(Event):
    """A part that was split off is back in the fulfillment order it came from, named by `into_id`."""

    kind: ClassVar[str] = "fulfillment_order_unsplit"
    order_id: UUID
    into_id: UUID


@dataclass(frozen=True, slots=True)
class FulfillmentOrderMerged(Event):
    """All of a fulfillment order goes out with another one, named by `into_id`, which may serve another order."""

    kind: ClassVar[str] = "fulfillment_order_merged"
    order_id: UUID
    into_id: UUID
    into_order_id: UUID
    pieces: int


@dataclass(frozen=True, slots=True)
class FulfillmentOrderUnmerged(Event):
    """A merged fulfillment order goes its own way again; `into_id` gave it back its pieces."""

    kind: ClassVar[str] = "fulfillment_order_unmerged"
    order_id: UUID
    into_id: UUID
    into_order_id: UUID
    pieces: int


@dataclass(frozen=True, slots=True)
class FulfillmentOrderShort(Event):
    """Pieces of a fulfillment order are no longer covered by stock."""

    kind: ClassVar[str] = "fulfillment_order_short"
    order_id: UUID
    short_pieces: int


@dataclass(frozen=True, slots=True)
class FulfillmentOrderIntercepted(Event):
    """Work on a fulfillment order must stop; `lines_out` are lines whose units have left their bins."""

    kind: ClassVar[str] = "fulfillment_order_intercepted"
    order_id: UUID
    location_id: UUID | None
    reason: str
    line_ids: Sequence[UUID]
    lines_out: Sequence[UUID]


@dataclass(frozen=True, slots=True)
class FulfillmentOrderStopAsked(Event):
    """A fulfillment order shall stop as soon as the phone without network that has it in hand is heard again."""

    kind: ClassVar[str] = "fulfillment_order_stop_asked"
    order_id: UUID
    location_id: UUID | None
    reason: str
    dark_until: datetime


@dataclass(frozen=True, slots=True)
class FulfillmentOrderCancelled(Event):
    """A fulfillment order will not be carried out; nothing of it is promised any more."""

    kind: ClassVar[str] = "fulfillment_order_cancelled"
    order_id: UUID
    location_id: UUID | None
    reason: str
    line_ids: Sequence[UUID]
    order_cancelled: bool


@dataclass(frozen=True, slots=True)
class OrderShipped(Event):
    """Goods of an order left in a parcel; the subject is the order."""

    kind: ClassVar[str] = "order_shipped"
    shipment_id: UUID
    parcel_id: UUID
    shop_id: UUID
    pieces: int
    fulfillment_order_id: UUID
    complete: bool


@dataclass(frozen=True, slots=True)
class OrderShipmentUndone(Event):
    """A parcel of an order was taken back before the carrier had it."""

    kind: ClassVar[str] = "order_shipment_undone"
    shipment_id: UUID
    parcel_id: UUID
    shop_id: UUID


@dataclass(frozen=True, slots=True)
class OrderTold(Event):
    """The shop has been told of a shipment of its order; the subject is the order."""

    kind: ClassVar[str] = "order_told"
    shipment_id: UUID
    shop_id: UUID


@dataclass(frozen=True, slots=True)
class BackorderFilled(Event):
    """Stock came for lines of a fulfillment order that were short; `short_pieces` are still missing."""

    kind: ClassVar[str] = "backorder_filled"
    order_id: UUID
    location_id: UUID
    progress: str
    line_quantities: dict[str, Any]
    short_pieces: int


@dataclass(frozen=True, slots=True)
class FulfillmentOrderMoved(Event):
    """A fulfillment order was sent to another warehouse; `short_pieces` of it are not there either."""

    kind: ClassVar[str] = "fulfillment_order_moved"
    order_id: UUID
    from_location_id: UUID
    to_location_id: UUID
    reason: str
    short_pieces: int


@dataclass(frozen=True, slots=True)
class FulfillmentOrderPrioritized(Event):
    """A fulfillment order is more or less urgent than before; higher goes first."""

    kind: ClassVar[str] = "fulfillment_order_prioritized"
    order_id: UUID
    priority: int


@dataclass(frozen=True, slots=True)
class FulfillmentOrderRescheduled(Event):
    """A fulfillment order waits for another day, or for none any more."""

    kind: ClassVar[str] = "fulfillment_order_rescheduled"
    order_id: UUID
    fulfill_at: datetime | None


@dataclass(frozen=True, slots=True)
class RoutingRuleChanged(Event):
    """A routing rule was created, changed, switched on or off, or archived."""

    kind: ClassVar[str] = "routing_rule_changed"
    what: str
    version: int


@dataclass(frozen=True, slots=True)
class OrderReviewed(Event):
    """Review rules fitted an order as it came in; the subject is the order.

    `names` are the rules', in their order; `acts` is what each did or could not do: {rule, kind, done, reason, detail}.
    With `merge` the order is joined with open orders to the same recipient.
    """

    kind: ClassVar[str] = "order_reviewed"
    review_rule_ids: Sequence[UUID]
    names: Sequence[str]
    acts: Sequence[dict[str, Any]]
    merge: bool


@dataclass(frozen=True, slots=True)
class OrderGiftDropped(Event):
    """A gift lost its stock and the order goes on without it; the subject is the order."""

    kind: ClassVar[str] = "order_gift_dropped"
    review_rule_id: UUID
    sku_id: UUID
    quantity: int
    fulfillment_order_id: UUID


@dataclass(frozen=True, slots=True)
class OrderTagged(Event):
    """Tags were put on an order or taken off; the subject is the order."""

    kind: ClassVar[str] = "order_tagged"
    added: Sequence[str]
    removed: Sequence[str]


@dataclass(frozen=True, slots=True)
class ReviewRuleSaved(Event):
    """A review rule was written."""

    kind: ClassVar[str] = "review_rule_saved"
    name: str
    created: bool


@dataclass(frozen=True, slots=True)
class ReviewRuleSwitched(Event):
    """A review rule was switched on or off."""

    kind: ClassVar[str] = "review_rule_switched"
    name: str
    is_active: bool


@dataclass(frozen=True, slots=True)
class ReviewRuleArchived(Event):
    """A review rule was taken away for good."""

    kind: ClassVar[str] = "review_rule_archived"
    name: str
