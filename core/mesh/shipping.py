"""Parcels of dropships: the supplier's leave its floor and are told of; the distributor's order ships by that."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.refusals import Refusal
from pickmesh.core.mesh import books, documents, dropship_queries, events, locks, messages, refusals, rules
from pickmesh.core.mesh.books import Goods
from pickmesh.core.mesh.documents import Step
from pickmesh.core.mesh.messages import Envelope, ShippedLine
from pickmesh.core.mesh.tables import Dropship, DropshipLine, DropshipParcel, DropshipStatus, Side
from pickmesh.core.orders import locks as order_locks
from pickmesh.core.orders import partner as orders
from pickmesh.core.orders import queries as order_queries
from pickmesh.core.orders.shipments import ShippedParcel

Row = sa.Row[Any]


@dataclass(slots=True)
class _Sent:
    """A dropship whose parcels are told of: how much of each line has gone with the parcels before."""

    row: Row
    lines: Mapping[int, Row]
    gone: dict[int, int]
    told: list[messages.Shipped]

    @property
    def complete(self) -> bool:
        """Tell whether nothing is left to ship."""
        return all(self.gone[number] == line.quantity for number, line in self.lines.items())


async def tell_shipped(uow: UnitOfWork, which: sa.ColumnElement[bool]) -> dict[UUID, Row]:
    """Tell distributors of parcels with goods of theirs, and book what they owe; return the dropships as they are then.

    Each parcel is told of once, however often its order is looked at; one that was called back before is not.
    """
    supplied = which & (Dropship.side == Side.SUPPLIER)
    locked = await locks.lock_dropships(uow, supplied)
    if not locked:
        return {}
    lines = await dropship_queries.lines_of_dropships(uow, locked)
    known = await dropship_queries.parcels_of_dropships(uow, locked)
    by_order = {row.order_id: row for row in locked.values() if row.order_id is not None}
    told = {(each, parcel.parcel_id) for each, own in known.items() for parcel in own}
    sent = {each: _sent(row, lines.get(each, [])) for each, row in locked.items()}
    found = await order_queries.shipments_of_orders(uow, by_order)
    for shipment in sorted((one for own in found.values() for one in own), key=lambda one: one.id):
        row = by_order[shipment.order_id]
        if shipment.undone_at is None and (row.id, shipment.parcel_id) not in told:
            told.add((row.id, shipment.parcel_id))
            _add(sent[row.id], shipment)
    going = [one for one in sent.values() if one.told]
    await _write(uow, going)
    return await locks.lock_dropships(uow, supplied) if going else locked


def _sent(row: Row, lines: Sequence[Row]) -> _Sent:
    return _Sent(row, {line.line: line for line in lines}, {line.line: line.shipped_quantity for line in lines}, [])


def _add(sent: _Sent, shipment: Row) -> None:
    told = []
    for one in shipment.lines:
        number, quantity = int(one["external_line_id"]), int(one["quantity"])
        line = sent.lines[number]
        amount = rules.amount_of(line.amount_minor, line.quantity, sent.gone[number], quantity)
        sent.gone[number] += quantity
        told.append(ShippedLine(number, quantity, amount))
    parcel = (shipment.parcel_id, shipment.carrier, shipment.waybill, shipment.shipped_at)
    sent.told.append(messages.Shipped(*parcel, tuple(told)))


async def _write(uow: UnitOfWork, sent: Sequence[_Sent]) -> None:
    if not sent:
        return
    await _record(uow, [(one.row, message) for one in sent for message in one.told])
    unanswered = [one for one in sent if one.row.status == DropshipStatus.SUBMITTED]
    before = {one.row.id: [messages.Accepted()] for one in unanswered}  # what has shipped is accepted by that
    steps = [
        Step(
            one.row,
            _after(DropshipStatus(one.row.status), one.complete),
            [*before.get(one.row.id, []), *one.told],
            answered=True,
            complete=one.complete,
            reason=one.row.reason,
        )
        for one in sent
    ]
    ids = await documents.take(uow, steps)
    goods = [
        Goods(one.row, message_id, _amount(message))
        for one, own in zip(sent, ids, strict=True)
        for message, message_id in zip(one.told, own[-len(one.told) :], strict=True)
    ]
    await books.post_goods(uow, goods)
    for one, step in zip(sent, steps, strict=True):
        last = one.told[-1]
        uow.emit(_event(step, message, complete=one.complete and message is last) for message in one.told)


def _after(status: DropshipStatus, complete: bool) -> DropshipStatus:
    if complete:
        return DropshipStatus.SHIPPED
    return DropshipStatus.ACCEPTED if status == DropshipStatus.SUBMITTED else status


def _amount(message: messages.Shipped) -> int:
    return sum(line.amount_minor for line in message.lines)


async def _record(uow: UnitOfWork, told: Sequence[tuple[Row, messages.Shipped]]) -> None:
    """Write the parcels, and add their pieces to the lines of their dropships."""
    parcels = [
        {
            "dropship_id": row.id,
            "parcel_id": message.parcel_id,
            "carrier": message.carrier,
            "waybill": message.waybill,
            "shipped_at": message.shipped_at,
        }
        for row, message in told
    ]
    await uow.insert(DropshipParcel, parcels)
    pieces: dict[tuple[UUID, int], int] = {}
    for row, message in told:
        for line in message.lines:
            pieces[row.id, line.line] = pieces.get((row.id, line.line), 0) + line.quantity
    changed = [
        {"dropship_id": dropship_id, "line": number, "shipped_quantity": quantity}
        for (dropship_id, number), quantity in sorted(pieces.items())
    ]
    await uow.update(DropshipLine, changed, add=["shipped_quantity"])


def _event(step: Step, message: messages.Shipped, *, complete: bool) -> events.DropshipShipped:
    return events.DropshipShipped(
        **documents.about(step.row, step.status, step.row.version + 1),
        parcel_id=message.parcel_id,
        pieces=sum(line.quantity for line in message.lines),
        amount_minor=_amount(message),
        complete=complete,
    )


async def on_shipped(uow: UnitOfWork, envelope: Envelope, message: messages.Shipped) -> None:
    """A parcel left our partner: our order ships by it, its shop is told, and we owe what it cost.

    A parcel heard of before changes nothing. Refuses IMPOSSIBLE_PARCEL.
    """
    row = await documents.heard_of(uow, envelope)
    status = documents.heard(row, message.kind)
    known = await dropship_queries.parcels_of_dropships(uow, [row.id])
    if any(parcel.parcel_id == message.parcel_id for parcel in known.get(row.id, ())):
        return
    lines = {line.line: line for line in (await dropship_queries.lines_of_dropships(uow, [row.id]))[row.id]}
    problem = _problem(lines, message)
    if problem is not None:
        raise problem
    left = {number: line.quantity - line.shipped_quantity for number, line in lines.items()}
    for line in message.lines:
        left[line.line] -= line.quantity
    complete = not any(left.values())
    await order_locks.lock_orders(uow, [row.order_id])
    await order_locks.lock_fulfillment_orders(uow, [row.fulfillment_order_id])
    pieces = {lines[line.line].fulfillment_line_id: line.quantity for line in message.lines}
    parcel = ShippedParcel(message.parcel_id, row.fulfillment_order_id, message.carrier, message.waybill, pieces)
    await orders.ship_at_partner(uow, [parcel])
    await _record(uow, [(row, message)])
    await books.post_goods(uow, [Goods(row, envelope.message_id, _amount(message))])
    step = Step(row, DropshipStatus.SHIPPED if complete else status, answered=True, complete=complete)
    await documents.take(uow, [step])
    uow.emit([_event(step, message, complete=complete)])


def _problem(lines: Mapping[int, Row], message: messages.Shipped) -> Refusal | None:
    """Return why a parcel cannot be what was agreed, None when it is."""
    numbers = [line.line for line in message.lines]
    if not numbers or len(set(numbers)) < len(numbers) or not set(numbers) <= lines.keys():
        return refusals.ImpossibleParcel()
    for told in message.lines:
        line = lines[told.line]
        if not 0 < told.quantity <= line.quantity - line.shipped_quantity:
            return refusals.ImpossibleParcel()
        agreed = rules.amount_of(line.amount_minor, line.quantity, line.shipped_quantity, told.quantity)
        if told.amount_minor != agreed:
            return refusals.ImpossibleParcel(data={"agreed_minor": agreed, "told_minor": told.amount_minor})
    return None


HANDLERS: Mapping[str, Any] = {messages.Shipped.kind: on_shipped}
"""Which messages are dealt with here."""
