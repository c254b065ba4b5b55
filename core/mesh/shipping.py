"""Parcels of dropships: the supplier's leave its floor and are told of; the distributor's order ships by that.

A parcel that is called back is told of likewise, and a later one of the same id is another parcel for the partner.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.refusals import Refusal
from pickmesh.core.mesh import books, documents, dropship_queries, events, locks, messages, refusals, rules
from pickmesh.core.mesh.books import Goods
from pickmesh.core.mesh.documents import Step
from pickmesh.core.mesh.events import DropshipEvent
from pickmesh.core.mesh.messages import Envelope, ShippedLine
from pickmesh.core.mesh.tables import Dropship, DropshipLine, DropshipParcel, DropshipStatus, Side
from pickmesh.core.orders import locks as order_locks
from pickmesh.core.orders import partner as orders
from pickmesh.core.orders import queries as order_queries
from pickmesh.core.orders.shipments import ShippedParcel

Row = sa.Row[Any]
Parcel = messages.Shipped | messages.Unshipped


@dataclass(slots=True)
class _Sent:
    """A dropship whose parcels are told of: how much of each line has gone, which parcels the partner knows of."""

    row: Row
    lines: Mapping[int, Row]
    gone: dict[int, int]
    known: dict[UUID, Any]
    told: list[Parcel] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Tell whether nothing is left to ship."""
        return all(self.gone[number] == line.quantity for number, line in self.lines.items())


async def tell_shipped(uow: UnitOfWork, which: sa.ColumnElement[bool]) -> dict[UUID, Row]:
    """Tell distributors of parcels with goods of theirs that left or were called back, and book what they owe by that.

    Return the dropships as they are then. Each is told of once, however often its order is looked at; a parcel that
    was called back before anybody was told of it is not.
    """
    supplied = which & (Dropship.side == Side.SUPPLIER)
    locked = await locks.lock_dropships(uow, supplied)
    if not locked:
        return {}
    lines = await dropship_queries.lines_of_dropships(uow, locked)
    known = await dropship_queries.parcels_of_dropships(uow, locked)
    by_order = {row.order_id: row for row in locked.values() if row.order_id is not None}
    sent = {each: _sent(row, lines.get(each, []), known.get(each, [])) for each, row in locked.items()}
    found = await order_queries.shipments_of_orders(uow, by_order)
    for order_id, own in found.items():
        _tell_back(sent[by_order[order_id].id], own)
    for shipment in sorted((one for own in found.values() for one in own), key=lambda one: one.id):
        one = sent[by_order[shipment.order_id].id]
        if shipment.undone_at is None and shipment.parcel_id not in one.known:
            _add(one, shipment)
    going = [one for one in sent.values() if one.told]
    await _write(uow, going)
    return await locks.lock_dropships(uow, supplied) if going else locked


def _sent(row: Row, lines: Sequence[Row], known: Sequence[Row]) -> _Sent:
    gone = {line.line: line.shipped_quantity for line in lines}
    return _Sent(row, {line.line: line for line in lines}, gone, {parcel.parcel_id: parcel for parcel in known})


def _tell_back(sent: _Sent, shipments: Sequence[Row]) -> None:
    """Tell of parcels the partner knows of whose shipping was taken back, also when they have left anew since."""
    for parcel in sorted(sent.known.values(), key=lambda parcel: parcel.parcel_id):
        told = [one for one in shipments if _is_of(parcel, one)]
        if told and all(one.undone_at is not None for one in told):
            _take_back(sent, told[-1])


def _is_of(parcel: Row, shipment: Row) -> bool:
    """Tell whether it is by this shipment that the partner was told of a parcel."""
    names = ("parcel_id", "carrier", "waybill", "shipped_at")
    return all(getattr(parcel, name) == getattr(shipment, name) for name in names)


def _take_back(sent: _Sent, shipment: Row) -> None:
    told = []
    for one in shipment.lines:
        number, quantity = int(one["external_line_id"]), int(one["quantity"])
        sent.gone[number] -= quantity
        told.append(ShippedLine(number, quantity, _cost(sent.lines[number], sent.gone[number], quantity)))
    del sent.known[shipment.parcel_id]
    sent.told.append(messages.Unshipped(shipment.parcel_id, tuple(told)))


def _add(sent: _Sent, shipment: Row) -> None:
    told = []
    for one in shipment.lines:
        number, quantity = int(one["external_line_id"]), int(one["quantity"])
        told.append(ShippedLine(number, quantity, _cost(sent.lines[number], sent.gone[number], quantity)))
        sent.gone[number] += quantity
    sent.known[shipment.parcel_id] = shipment
    parcel = (shipment.parcel_id, shipment.carrier, shipment.waybill, shipment.shipped_at)
    sent.told.append(messages.Shipped(*parcel, tuple(told)))


def _cost(line: Row, before: int, quantity: int) -> int:
    """Return what pieces of a line cost after `before` others; what comes back are the pieces that went last."""
    return rules.amount_of(line.amount_minor, line.quantity, before, quantity)


async def _write(uow: UnitOfWork, sent: Sequence[_Sent]) -> None:
    if not sent:
        return
    await _record(uow, [(one.row, message) for one in sent for message in one.told])
    unanswered = [one for one in sent if one.row.status == DropshipStatus.SUBMITTED]
    before = {one.row.id: [messages.Accepted()] for one in unanswered}  # what has shipped is accepted by that
    steps = [
        Step(
            one.row,
            rules.after_parcels(DropshipStatus(one.row.status), complete=one.complete, back=_came_back(one)),
            [*before.get(one.row.id, []), *one.told],
            answered=True,
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


def _came_back(sent: _Sent) -> bool:
    return any(isinstance(message, messages.Unshipped) for message in sent.told)


def _sign(message: Parcel) -> int:
    return 1 if isinstance(message, messages.Shipped) else -1


def _amount(message: Parcel) -> int:
    """Return what is owed more by a parcel; less than nothing for one that was called back."""
    return _sign(message) * sum(line.amount_minor for line in message.lines)


async def _record(uow: UnitOfWork, told: Sequence[tuple[Row, Parcel]]) -> None:
    """Write parcels that are out now, take those away that are not, and count their pieces on the dropships' lines."""
    back = {(row.id, message.parcel_id) for row, message in told if isinstance(message, messages.Unshipped)}
    key = [DropshipParcel.dropship_id, DropshipParcel.parcel_id]
    if back:
        await uow.execute(sa.delete(DropshipParcel).where(uow.mine(DropshipParcel), uow.among(key, sorted(back))))
    parcels = [
        {
            "dropship_id": row.id,
            "parcel_id": message.parcel_id,
            "carrier": message.carrier,
            "waybill": message.waybill,
            "shipped_at": message.shipped_at,
        }
        for row, message in told
        if isinstance(message, messages.Shipped)
    ]
    await uow.insert(DropshipParcel, parcels)
    pieces: dict[tuple[UUID, int], int] = {}
    for row, message in told:
        for line in message.lines:
            pieces[row.id, line.line] = pieces.get((row.id, line.line), 0) + _sign(message) * line.quantity
    changed = [
        {"dropship_id": dropship_id, "line": number, "shipped_quantity": quantity}
        for (dropship_id, number), quantity in sorted(pieces.items())
        if quantity
    ]
    await uow.update(DropshipLine, changed, add=["shipped_quantity"])


def _event(step: Step, message: Parcel, *, complete: bool) -> DropshipEvent:
    about = documents.about(step.row, step.status, step.row.version + 1)
    about |= {"parcel_id": message.parcel_id, "pieces": sum(line.quantity for line in message.lines)}
    if isinstance(message, messages.Unshipped):
        return events.DropshipUnshipped(**about, amount_minor=-_amount(message))
    return events.DropshipShipped(**about, amount_minor=_amount(message), complete=complete)


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
    before = {number: line.shipped_quantity for number, line in lines.items()}
    problem = _problem(lines, message, before)
    if problem is not None:
        raise problem
    left = {number: line.quantity - line.shipped_quantity for number, line in lines.items()}
    for line in message.lines:
        left[line.line] -= line.quantity
    complete = not any(left.values())
    await _lock_orders(uow, row)
    parcel = _parcel(row, lines, message, message.carrier, message.waybill)
    await orders.ship_at_partner(uow, [parcel])
    await _record(uow, [(row, message)])
    await books.post_goods(uow, [Goods(row, envelope.message_id, _amount(message))])
    step = Step(row, DropshipStatus.SHIPPED if complete else status, answered=True)
    await documents.take(uow, [step])
    uow.emit([_event(step, message, complete=complete)])


async def on_unshipped(uow: UnitOfWork, envelope: Envelope, message: messages.Unshipped) -> None:
    """A parcel of our partner's was called back: our order waits for it again, its shop is told, we owe it no longer.

    If we had asked for the order back, that stands again. Refuses IMPOSSIBLE_PARCEL.
    """
    row = await documents.heard_of(uow, envelope)
    status = documents.heard(row, message.kind)
    known = {
        each.parcel_id: each for each in (await dropship_queries.parcels_of_dropships(uow, [row.id])).get(row.id, ())
    }
    lines = {line.line: line for line in (await dropship_queries.lines_of_dropships(uow, [row.id]))[row.id]}
    told = {line.line: line.quantity for line in message.lines}
    before = {number: line.shipped_quantity - told.get(number, 0) for number, line in lines.items()}
    problem = _problem(lines, message, before)
    if problem is not None or message.parcel_id not in known:
        raise problem or refusals.ImpossibleParcel()
    await _lock_orders(uow, row)
    gone = known[message.parcel_id]
    goes_on = row.status == DropshipStatus.REJECTED  # that was our partner's last word on what we asked back
    parcel = _parcel(row, lines, message, gone.carrier, gone.waybill)
    asked_back = await orders.unship_at_partner(uow, [parcel], goes_on=goes_on)
    await _record(uow, [(row, message)])
    await books.post_goods(uow, [Goods(row, envelope.message_id, _amount(message))])
    step = Step(row, DropshipStatus.CANCELLATION_REQUESTED if asked_back else status, answered=True)
    await documents.take(uow, [step])
    uow.emit([_event(step, message, complete=False)])


async def _lock_orders(uow: UnitOfWork, row: Row) -> None:
    await order_locks.lock_orders(uow, [row.order_id])
    await order_locks.lock_fulfillment_orders(uow, [row.fulfillment_order_id])


def _parcel(row: Row, lines: Mapping[int, Row], message: Parcel, carrier: str, waybill: str) -> ShippedParcel:
    pieces = {lines[line.line].fulfillment_line_id: line.quantity for line in message.lines}
    return ShippedParcel(message.parcel_id, row.fulfillment_order_id, carrier, waybill, pieces)


def _problem(lines: Mapping[int, Row], message: Parcel, before: Mapping[int, int]) -> Refusal | None:
    """Return why a parcel cannot be what was agreed, None when it is; `before` are the pieces that went without it."""
    numbers = [line.line for line in message.lines]
    if not numbers or len(set(numbers)) < len(numbers) or not set(numbers) <= lines.keys():
        return refusals.ImpossibleParcel()
    for told in message.lines:
        line = lines[told.line]
        if not 0 < told.quantity <= line.quantity - before[told.line] or before[told.line] < 0:
            return refusals.ImpossibleParcel()
        agreed = _cost(line, before[told.line], told.quantity)
        if told.amount_minor != agreed:
            return refusals.ImpossibleParcel(data={"agreed_minor": agreed, "told_minor": told.amount_minor})
    return None


HANDLERS: Mapping[str, Any] = {messages.Shipped.kind: on_shipped, messages.Unshipped.kind: on_unshipped}
"""Which messages are dealt with here."""
