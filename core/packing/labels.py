"""What stands on a parcel's label; a front draws it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from pickmesh.core.accounts.tables import Merchant
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import NotFound
from pickmesh.core.orders import queries as order_queries
from pickmesh.core.orders import recipients
from pickmesh.core.packing import queries, refusals
from pickmesh.core.packing.tables import ParcelState, WaybillState
from pickmesh.core.stock import queries as stock_queries
from pickmesh.scanner.codes.own import OwnKind, number_text

Row = sa.Row[*tuple[Any, ...]]
SERVICE = "标准"
SPACE = " "


@dataclass(frozen=True, slots=True)
class LabelData:
    """A parcel's label in texts as they are printed; the recipient is masked unless the caller may read recipients."""

    carrier: str
    waybill: str
    service: str
    sort_code: str
    route: str
    sender_lines: tuple[str, ...]
    recipient_name: str
    recipient_phone: str
    recipient_address_lines: tuple[str, ...]
    number: str
    weight_g: int | None
    pieces: str
    order_numbers: tuple[str, ...]
    printed_at: str


async def label_of(uow: UnitOfWork, parcel_id: UUID) -> LabelData:
    """Return what stands on the label of a parcel, with the time of the warehouse.

    Refuses NOT_FOUND and NO_WAYBILL.
    """
    uow.actor.require(Permission.FLOOR_READ)
    parcel = (await queries.parcels(uow, [parcel_id])).get(parcel_id)
    if parcel is None:
        raise NotFound("No parcel of yours has that id; scan its label again.")
    waybill = (await queries.live_waybills(uow, [parcel_id])).get(parcel_id)
    if waybill is None or waybill.state != WaybillState.ISSUED:
        raise refusals.NoWaybill()
    order = (await order_queries.fulfillment_orders(uow, [parcel.fulfillment_order_id]))[parcel.fulfillment_order_id]
    recipient = await _recipient(uow, order.order_id)
    location = (await stock_queries.locations_by_id(uow, [parcel.location_id]))[parcel.location_id]
    return LabelData(
        carrier=await _carrier_name(uow, waybill.carrier),
        waybill=waybill.number,
        service=SERVICE,
        sort_code=waybill.sort_code,
        route=SPACE.join(part for part in (recipient.province, recipient.city, recipient.district) if part),
        sender_lines=await _sender(uow, location),
        recipient_name=recipient.name,
        recipient_phone=recipient.phone,
        recipient_address_lines=_address_lines(recipient),
        number=number_text(OwnKind.PARCEL, parcel.number),
        weight_g=parcel.weight_g or parcel.expected_weight_g,
        pieces=await _pieces(uow, parcel),
        order_numbers=await _order_numbers(uow, parcel_id),
        printed_at=uow.now.astimezone(ZoneInfo(location.time_zone)).strftime("%Y-%m-%d %H:%M"),
    )


async def _recipient(uow: UnitOfWork, order_id: UUID) -> recipients.Recipient:
    reveal = uow.actor.may(Permission.RECIPIENTS_READ)
    found = await recipients.recipients_of(uow, [order_id], reveal=reveal)
    if order_id not in found:
        raise NotFound("The order has no recipient any more; its buyer's data were erased.")
    return found[order_id]


def _address_lines(recipient: recipients.Recipient) -> tuple[str, ...]:
    region = "".join((recipient.province, recipient.city, recipient.district))
    return tuple(line for line in (region, recipient.street, recipient.postcode) if line)


async def _carrier_name(uow: UnitOfWork, code: str) -> str:
    names = {row.code: row.name for row in await queries.carrier_accounts(uow)}
    return str(names.get(code, code))


async def _sender(uow: UnitOfWork, location: Row) -> tuple[str, ...]:
    merchant = await uow.scalar(sa.select(Merchant.name).where(uow.mine(Merchant)))
    return (str(merchant), str(location.name))


async def _pieces(uow: UnitOfWork, parcel: Row) -> str:
    """Return which of the order's parcels this is, such as 1/2; given up ones do not count."""
    siblings: Mapping[UUID, Sequence[Row]] = await queries.parcels_of_orders(uow, [parcel.fulfillment_order_id])
    kept = [row.id for row in siblings[parcel.fulfillment_order_id] if row.state != ParcelState.VOIDED]
    return f"{kept.index(parcel.id) + 1}/{len(kept)}" if parcel.id in kept else "1/1"


async def _order_numbers(uow: UnitOfWork, parcel_id: UUID) -> tuple[str, ...]:
    """Return the shop's numbers of the orders that have goods in the parcel."""
    items = (await queries.contents(uow, [parcel_id]))[parcel_id]
    lines = await order_queries.lines(uow, {item.fulfillment_line_id for item in items})
    found = await order_queries.orders(uow, {line.order_id for line in lines.values()})
    return tuple(sorted(row.external_id for row in found.values()))
