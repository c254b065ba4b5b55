"""Ids as clients see them, also inside refusals' data and events' payloads, where core writes bare uuids."""

import base64
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from graphene.utils.str_converters import to_camel_case

NAMED = {
    "actor": "Worker",
    "alert": "Alert",
    "api_key": "ApiKey",
    "bin": "Place",
    "carrier_rule": "CarrierRule",
    "carton": "Carton",
    "link": "ChatAccount",
    "dropship": "Dropship",
    "exception_task": "ExceptionTask",
    "from_location": "Location",
    "from_lot": "Lot",
    "from_place": "Place",
    "from_worker": "Worker",
    "fulfillment_line": "FulfillmentLine",
    "fulfillment_order": "FulfillmentOrder",
    "hold": "Hold",
    "into": "FulfillmentOrder",
    "into_order": "Order",
    "line": "FulfillmentLine",
    "location": "Location",
    "lot": "Lot",
    "manifest": "Manifest",
    "offer": "Offer",
    "order": "Order",
    "order_line": "OrderLine",
    "other_sku": "Sku",
    "left_behind_parcel": "Parcel",
    "missing_parcel": "Parcel",
    "parcel": "Parcel",
    "partner_offer": "PartnerOffer",
    "partnership": "Partnership",
    "person": "Person",
    "pick_line": "PickLine",
    "pick_list": "PickList",
    "too_big_sku": "Sku",
    "unmeasured_sku": "Sku",
    "place": "Place",
    "print_job": "PrintJob",
    "product": "Product",
    "review_rule": "ReviewRule",
    "routing_rule": "RoutingRule",
    "shop": "Shop",
    "related_order": "Order",
    "sku": "Sku",
    "station": "Station",
    "template": "WaveTemplate",
    "to_location": "Location",
    "to_place": "Place",
    "transfer": "Transfer",
    "transfer_line": "TransferLine",
    "unit": "StockUnit",
    "wave": "Wave",
    "replenishment_task": "ReplenishmentTask",
    "scan_session": "ScanSession",
    "session": "ScanSession",
    "waybill": "Waybill",
    "work": "PickList",
    "worker": "Worker",
}
"""The type of the object whose uuid stands under `<name>_id` or `<name>_ids`."""

SUBJECTS = {
    "alert": "Alert",
    "allocation": "FulfillmentLine",
    "api_key": "ApiKey",
    "backorder": "FulfillmentOrder",
    "carrier_rule": "CarrierRule",
    "carton": "Carton",
    "chat": "ChatAccount",
    "chat_invited": "Person",
    "dropship": "Dropship",
    "exception_task": "ExceptionTask",
    "figures": "Partnership",
    "fulfillment_order": "FulfillmentOrder",
    "goods_put_back": "FulfillmentOrder",
    "goods_sorted": "FulfillmentOrder",
    "language": "Person",
    "lot_swapped": "PickLine",
    "location": "Location",
    "manifest": "Manifest",
    "merchant": "Merchant",
    "notice": "Notice",
    "offers": "Partnership",
    "order": "Order",
    "pairing": "Person",
    "parcel": "Parcel",
    "partner": "Partnership",
    "partnership": "Partnership",
    "password": "Person",
    "person": "Person",
    "pick_line": "PickLine",
    "pick_list": "PickList",
    "place": "Place",
    "print_job": "PrintJob",
    "product": "Product",
    "push_policy": "Shop",
    "reorder_point": "ReorderPoint",
    "reservation_lost": "FulfillmentLine",
    "reservation_released": "Sku",
    "review_rule": "ReviewRule",
    "scan_session": "ScanSession",
    "routing_rule": "RoutingRule",
    "sellable": "Sku",
    "shop": "Shop",
    "signed": "Person",
    "sku": "Sku",
    "stock": "Sku",
    "stock_lease": "StockLease",
    "timer": "Timer",
    "transfer": "Transfer",
    "units_missing": "FulfillmentLine",
    "wave": "Wave",
    "wave_template": "WaveTemplate",
    "waybill": "Parcel",
}
"""The type of an event's subject, by what its kind begins with; the longest beginning counts."""


def global_id(type_name: str, id: UUID | str) -> str:
    """Return the id a client sees: base64 of “Type:uuid”."""
    return base64.urlsafe_b64encode(f"{type_name}:{id}".encode()).decode()


def subject_type(kind: str) -> str | None:
    """Return the type of what an event of a kind happened to."""
    known = [begin for begin in SUBJECTS if kind == begin or kind.startswith(f"{begin}_")]
    return SUBJECTS[max(known, key=len)] if known else None


def shown(data: Mapping[str, Any], *, subject: str | None = None) -> dict[str, Any]:
    """Return core's data as clients read it: names in camel case, uuids of known types as global ids.

    `subject` is the type of what stands under `id`.
    """
    return {to_camel_case(name): _shown(name, value, subject) for name, value in data.items()}


def _shown(name: str, value: Any, subject: str | None) -> Any:
    type_name = subject if name == "id" else NAMED.get(name.removesuffix("_ids").removesuffix("_id"))
    if type_name is None or value is None or not name.endswith(("id", "_ids")):
        return value
    if isinstance(value, list | tuple):
        return [global_id(type_name, item) for item in value]
    return global_id(type_name, value)
