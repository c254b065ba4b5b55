"""Goods that left: shipped pieces, the shipment each shop order is told of, and taking that back."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.db import rows
from pickmesh.core.journal import outbox
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.ids import new_id
from pickmesh.core.orders import events, incoming
from pickmesh.core.orders.tables import FulfillmentLine, FulfillmentOrder, OrderLine, Progress, SalesOrder, Shipment

CHANNEL = "shop"


@dataclass(frozen=True, slots=True)
class ShippedParcel:
    """A parcel that left: `lines` are pieces by fulfillment line."""

    parcel_id: UUID
    fulfillment_order_id: UUID
    carrier: str
    waybill: str
    lines: Mapping[UUID, int]


async def mark_shipped(uow: UnitOfWork, shipped: Sequence[ShippedParcel]) -> list[UUID]:
    """Record parcels that left and tell each shop about its orders; return the ids of the shipments written.

    A fulfillment order is SHIPPED once all its pieces have left. Tracking goes back once per parcel and (shop, external
    order), through the outbox, with that order's lines: `quantity` counts the shop's own units (a bundle is one). Of
    gifts a shop knows nothing: they are left out, and a parcel of gifts alone is kept but told to nobody.
    """
    lines = await _lines(uow, shipped)
    await _add_shipped(uow, shipped, 1)
    written = [row for parcel in shipped for row in _shipments(uow, parcel, lines)]
    await uow.insert(Shipment, written)
    complete = await _complete(uow, {parcel.fulfillment_order_id for parcel in shipped})
    await uow.update(
        FulfillmentOrder,
        [{"id": each, "progress": Progress.SHIPPED, "shipped_at": uow.now} for each in sorted(complete)],
        bump_version=True,
    )
    await outbox.post(uow, [_letter(row) for row in written if _is_told(row["external_id"], row["lines"])])
    parcels = {parcel.parcel_id: parcel for parcel in shipped}
    uow.emit(_shipped_event(row, parcels[row["parcel_id"]], lines, complete) for row in written)
    return [row["id"] for row in written]


async def mark_told(uow: UnitOfWork, shipment_ids: Collection[UUID]) -> None:
    """Note that shops have been told of shipments; what was noted before stays as it is."""
    new = await uow.fetch(
        sa.select(Shipment.id, Shipment.order_id, Shipment.shop_id)
        .where(uow.mine(Shipment), uow.among(Shipment.id, shipment_ids), Shipment.told_at.is_(None))
        .order_by(Shipment.id)
    )
    await uow.update(Shipment, [{"id": row.id, "told_at": uow.now} for row in new])
    uow.emit(events.OrderTold(row.order_id, row.id, row.shop_id) for row in new)


async def unmark_shipped(uow: UnitOfWork, shipped: Sequence[ShippedParcel]) -> None:
    """Take the shipping of parcels back before the carrier has them; each shop is told that its shipment is undone."""
    undone = await uow.fetch(
        sa.select(
            Shipment.id,
            Shipment.order_id,
            Shipment.shop_id,
            Shipment.external_id,
            Shipment.parcel_id,
            Shipment.waybill,
            Shipment.lines,
        )
        .where(
            uow.mine(Shipment),
            uow.among(Shipment.parcel_id, [parcel.parcel_id for parcel in shipped]),
            Shipment.undone_at.is_(None),
        )
        .order_by(Shipment.id)
    )
    still_out = {row.parcel_id for row in undone}
    taken_back = [parcel for parcel in shipped if parcel.parcel_id in still_out]
    await _add_shipped(uow, taken_back, -1)
    await uow.update(Shipment, [{"id": row.id, "undone_at": uow.now} for row in undone])
    await _reopen(uow, {parcel.fulfillment_order_id for parcel in taken_back})
    await outbox.post(
        uow,
        [
            outbox.NewLetter(
                CHANNEL,
                str(row.shop_id),
                {
                    "kind": "shipment_undone",
                    "shipment_id": str(row.id),
                    "external_id": row.external_id,
                    "waybill": row.waybill,
                },
            )
            for row in undone
            if _is_told(row.external_id, row.lines)
        ],
    )
    uow.emit(events.OrderShipmentUndone(row.order_id, row.id, row.parcel_id, row.shop_id) for row in undone)


async def _reopen(uow: UnitOfWork, ids: set[UUID]) -> None:
    """Bring shipped fulfillment orders back to PACKED; one that was not complete yet stays where it is."""
    table = rows.table_of(FulfillmentOrder)
    await uow.execute(
        sa.update(FulfillmentOrder)
        .where(
            uow.mine(FulfillmentOrder),
            uow.among(FulfillmentOrder.id, ids),
            FulfillmentOrder.progress == Progress.SHIPPED,
        )
        .values(progress=Progress.PACKED, shipped_at=None, version=table.c.version + 1)
    )


async def _lines(uow: UnitOfWork, shipped: Sequence[ShippedParcel]) -> dict[UUID, sa.Row[Any]]:
    line_ids = {line_id for parcel in shipped for line_id in parcel.lines}
    found = await uow.fetch(
        sa.select(
            FulfillmentLine.id,
            FulfillmentLine.order_id,
            FulfillmentLine.sku_id,
            FulfillmentLine.per_unit,
            OrderLine.external_line_id,
            OrderLine.gift_rule_id,
            SalesOrder.shop_id,
            SalesOrder.external_id,
        )
        .join(
            OrderLine,
            (OrderLine.merchant_id == FulfillmentLine.merchant_id) & (OrderLine.id == FulfillmentLine.order_line_id),
        )
        .join(
            SalesOrder,
            (SalesOrder.merchant_id == FulfillmentLine.merchant_id) & (SalesOrder.id == FulfillmentLine.order_id),
        )
        .where(uow.mine(FulfillmentLine), uow.among(FulfillmentLine.id, line_ids))
    )
    return {row.id: row for row in found}


async def _add_shipped(uow: UnitOfWork, shipped: Sequence[ShippedParcel], sign: int) -> None:
    deltas: dict[UUID, int] = {}
    for parcel in shipped:
        for line_id, quantity in parcel.lines.items():
            deltas[line_id] = deltas.get(line_id, 0) + sign * quantity
    changed = [{"id": line_id, "shipped_quantity": delta} for line_id, delta in sorted(deltas.items())]
    await uow.update(FulfillmentLine, changed, add=["shipped_quantity"])


def _shipments(uow: UnitOfWork, parcel: ShippedParcel, lines: Mapping[UUID, sa.Row[Any]]) -> list[dict[str, Any]]:
    """Return one shipment row per order that has goods in the parcel, in the order of their ids."""
    by_order: dict[UUID, list[tuple[sa.Row[Any], int]]] = {}
    for line_id, quantity in parcel.lines.items():
        line = lines[line_id]
        by_order.setdefault(line.order_id, []).append((line, quantity))
    return [_shipment(uow, parcel, order_id, went) for order_id, went in sorted(by_order.items())]


def _shipment(
    uow: UnitOfWork, parcel: ShippedParcel, order_id: UUID, went: Sequence[tuple[sa.Row[Any], int]]
) -> dict[str, Any]:
    """Return what the shop is told of an order's lines in a parcel: all but gifts; all lines name the same order."""
    told: dict[str, list[tuple[sa.Row[Any], int]]] = {}
    for line, quantity in went:
        if line.gift_rule_id is None:
            told.setdefault(line.external_line_id, []).append((line, quantity))
    external_id = went[0][0].external_id
    return {
        "id": new_id(),
        "order_id": order_id,
        "shop_id": went[0][0].shop_id,
        "external_id": external_id,
        "parcel_id": parcel.parcel_id,
        "carrier": parcel.carrier,
        "waybill": parcel.waybill,
        "lines": [_told_line(external_line_id, parts) for external_line_id, parts in sorted(told.items())],
        "shipped_at": uow.now,
        "told_at": None if _is_told(external_id, told) else uow.now,
    }


def _is_told(external_id: str, lines: Collection[Any]) -> bool:
    """Tell whether a shop hears of a shipment: not of gifts alone, nor of an order people made, which it never had."""
    return bool(lines) and not incoming.is_made(external_id)


def _told_line(external_line_id: str, parts: Sequence[tuple[sa.Row[Any], int]]) -> dict[str, Any]:
    """Tell a line in the shop's units: of a bundle as many as all its components in the parcel make up."""
    pieces: dict[UUID, int] = {}
    for line, quantity in parts:
        pieces[line.sku_id] = pieces.get(line.sku_id, 0) + quantity
    return {
        "external_line_id": external_line_id,
        "quantity": min(pieces[line.sku_id] // line.per_unit for line, _ in parts),
        "pieces": sum(quantity for _, quantity in parts),
    }


async def _complete(uow: UnitOfWork, ids: set[UUID]) -> set[UUID]:
    """Return which fulfillment orders have nothing left to ship."""
    left = await uow.fetch(
        sa.select(FulfillmentLine.fulfillment_order_id)
        .where(
            uow.mine(FulfillmentLine),
            uow.among(FulfillmentLine.fulfillment_order_id, ids),
            FulfillmentLine.shipped_quantity < FulfillmentLine.quantity,
        )
        .distinct()
    )
    return ids - {row.fulfillment_order_id for row in left}


def _letter(row: Mapping[str, Any]) -> outbox.NewLetter:
    payload = {
        "kind": "shipment",
        "shipment_id": str(row["id"]),
        "external_id": row["external_id"],
        "carrier": row["carrier"],
        "waybill": row["waybill"],
        "lines": row["lines"],
    }
    return outbox.NewLetter(CHANNEL, str(row["shop_id"]), payload)


def _shipped_event(
    row: Mapping[str, Any], parcel: ShippedParcel, lines: Mapping[UUID, sa.Row[Any]], complete: set[UUID]
) -> events.OrderShipped:
    went = (quantity for line_id, quantity in parcel.lines.items() if lines[line_id].order_id == row["order_id"])
    return events.OrderShipped(
        subject_id=row["order_id"],
        shipment_id=row["id"],
        parcel_id=row["parcel_id"],
        shop_id=row["shop_id"],
        pieces=sum(went),
        fulfillment_order_id=parcel.fulfillment_order_id,
        complete=parcel.fulfillment_order_id in complete,
    )
