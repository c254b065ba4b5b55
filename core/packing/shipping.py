"""Shipping: the one command by which goods leave the stock, handing them to the carrier, calling them back before."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import NotFound, Refusal, Refused, WrongState
from pickmesh.core.kit.texts import sentence, word
from pickmesh.core.orders import shipments
from pickmesh.core.orders.shipments import ShippedParcel
from pickmesh.core.packing import bench, events, queries, refusals, rules
from pickmesh.core.packing.rules import BenchParcel
from pickmesh.core.packing.tables import Parcel, ParcelState, WaybillState
from pickmesh.core.stock import places
from pickmesh.core.stock import queries as stock_queries
from pickmesh.core.stock import shipping as stock_shipping
from pickmesh.core.stock.tables import AllocationStatus, ShipAt

Row = sa.Row[*tuple[Any, ...]]
Parcels = Mapping[UUID, BenchParcel]


@dataclass(frozen=True, slots=True)
class Shipped:
    """A parcel whose goods have left; `already` tells that they had before."""

    index: int
    parcel_id: UUID
    already: bool = False


async def ship_parcels(uow: UnitOfWork, *, parcel_ids: Sequence[UUID]) -> list[Shipped | Refused]:
    """Ship sealed parcels: their goods go to the customer, the reservations are consumed, the shops are told.

    A parcel that has shipped answers so again and nothing is done. Refuses item by item: NOT_FOUND, INTERCEPTED,
    NO_WAYBILL, WRONG_STATE (open or voided).
    """
    uow.actor.require(Permission.FLOOR_WORK)
    parcels, _ = await bench.lock_bench(uow, parcel_ids)
    numbers = await _numbers(uow, parcels)
    answers: list[Shipped | Refused] = []
    for index, parcel_id in enumerate(parcel_ids):
        parcel = parcels.get(parcel_id)
        refusal = _ship_refusal(parcel, numbers)
        if refusal is not None or parcel is None:
            answers.append(Refused(index, refusal or NotFound()))
        else:
            answers.append(Shipped(index, parcel_id, already=parcel.state in rules.GONE))
    await ship(uow, parcels, {each.parcel_id for each in answers if isinstance(each, Shipped) and not each.already})
    return answers


async def ship_due(uow: UnitOfWork, parcels: Parcels, workers: Mapping[UUID, UUID | None] | None = None) -> set[UUID]:
    """Ship those of these locked parcels that have all their warehouse's setting waits for; return them.

    `workers` says by parcel who did it, by default the unit of work's person.
    """
    numbers = await _numbers(uow, parcels)
    due = {each.id for each in parcels.values() if rules.is_due_to_ship(each, has_number=each.id in numbers)}
    await ship(uow, parcels, due, workers)
    return due


async def _numbers(uow: UnitOfWork, parcel_ids: Collection[UUID]) -> dict[UUID, Row]:
    live = await queries.live_waybills(uow, parcel_ids)
    return {parcel_id: row for parcel_id, row in live.items() if row.state == WaybillState.ISSUED}


def _ship_refusal(parcel: BenchParcel | None, numbers: Mapping[UUID, Row]) -> Refusal | None:
    if parcel is None:
        return NotFound("No parcel of yours has that id; scan its label again.")
    if parcel.state in rules.GONE:
        return None
    if parcel.stopped:
        return refusals.Intercepted(data={"fulfillment_order_id": parcel.fulfillment_order_id})
    if not rules.may_become(parcel.state, ParcelState.SHIPPED):
        message = sentence("The parcel is {state}; only sealed ones ship.", state=word(parcel.state))
        return WrongState(message, data={"state": parcel.state})
    return None if parcel.id in numbers else refusals.NoWaybill()


async def ship(
    uow: UnitOfWork, parcels: Parcels, going: Collection[UUID], workers: Mapping[UUID, UUID | None] | None = None
) -> None:
    """Ship locked, sealed parcels that have their numbers."""
    if not going:
        return
    numbers = await _numbers(uow, going)
    inside = await bench.goods_at(uow, going)
    ids = [goods.allocation_id for parcel_id in sorted(going) for goods in inside[parcel_id]]
    _all_or_nothing(await stock_shipping.ship_allocations(uow, allocation_ids=ids, actor_of=workers))
    changed = [{"id": each, "state": ParcelState.SHIPPED, "shipped_at": uow.now} for each in sorted(going)]
    await uow.update(Parcel, changed, bump_version=True)
    told = [_told(parcels[each], numbers[each], inside[each]) for each in sorted(going)]
    await shipments.mark_shipped(uow, told)
    uow.emit(
        events.ParcelShipped(
            each.parcel_id,
            each.fulfillment_order_id,
            parcels[each.parcel_id].location_id,
            each.carrier,
            each.waybill,
            sum(each.lines.values()),
        )
        for each in told
    )


def _all_or_nothing(answer: stock_shipping.Shipped) -> None:
    """A parcel ships whole: if stock will not let a unit go, the whole command is taken back."""
    if answer.refused:
        raise answer.refused[0].refusal


def _told(parcel: BenchParcel, waybill: Row, inside: Sequence[rules.Goods]) -> ShippedParcel:
    lines: Counter[UUID] = Counter()
    for goods in inside:
        lines[goods.line_id] += goods.quantity
    return ShippedParcel(parcel.id, parcel.fulfillment_order_id, waybill.carrier, waybill.number, dict(lines))


async def hand_over_parcels(uow: UnitOfWork, *, parcel_ids: Sequence[UUID]) -> list[Shipped | Refused]:
    """Give parcels to the carrier; where the warehouse ships at handover, this ships them too.

    A parcel that was handed over before answers so again. Refuses as `ship_parcels` does, and WRONG_STATE for a sealed
    parcel where the warehouse ships earlier.
    """
    uow.actor.require(Permission.FLOOR_WORK)
    parcels, _ = await bench.lock_bench(uow, parcel_ids)
    numbers = await _numbers(uow, parcels)
    answers: list[Shipped | Refused] = []
    for index, parcel_id in enumerate(parcel_ids):
        parcel = parcels.get(parcel_id)
        refusal = _ship_refusal(parcel, numbers) or _handover_refusal(parcel)
        if refusal is not None or parcel is None:
            answers.append(Refused(index, refusal or NotFound()))
        else:
            answers.append(Shipped(index, parcel_id, already=parcel.state == ParcelState.HANDED_OVER))
    going = sorted({each.parcel_id for each in answers if isinstance(each, Shipped) and not each.already})
    await ship(uow, parcels, [each for each in going if parcels[each].state == ParcelState.SEALED])
    changed = [{"id": each, "state": ParcelState.HANDED_OVER, "handed_over_at": uow.now} for each in going]
    await uow.update(Parcel, changed, bump_version=True)
    await places.archive_parcel_places(uow, parcel_ids=going)
    uow.emit(events.ParcelHandedOver(each, parcels[each].fulfillment_order_id) for each in going)
    return answers


def _handover_refusal(parcel: BenchParcel | None) -> Refusal | None:
    if parcel is None or parcel.state in rules.GONE or parcel.ship_at == ShipAt.HANDOVER:
        return None
    return WrongState(
        "The parcel has not shipped yet; finish it at the pack bench first.", data={"state": parcel.state}
    )


async def unship_parcels(uow: UnitOfWork, *, parcel_ids: Sequence[UUID], reason: str) -> list[Shipped | Refused]:
    """Call shipped parcels back before the carrier has them: goods and promises are as before, by a compensating move.

    The parcel is sealed again and on no manifest, its shop is told that the shipment is undone. A sealed one answers
    `already`. Refuses WRONG_STATE once it is handed over, REASON_NEEDED without a reason. Needs floor:manage.
    """
    uow.actor.require(Permission.FLOOR_MANAGE)
    if not reason.strip():
        raise refusals.ReasonNeeded(field=("reason",))
    parcels, _ = await bench.lock_bench(uow, parcel_ids)
    answers: list[Shipped | Refused] = []
    for index, parcel_id in enumerate(parcel_ids):
        parcel = parcels.get(parcel_id)
        if parcel is None:
            answers.append(Refused(index, NotFound("No parcel of yours has that id; scan its label again.")))
        elif parcel.state == ParcelState.SEALED:
            answers.append(Shipped(index, parcel_id, already=True))
        elif parcel.state == ParcelState.SHIPPED:
            answers.append(Shipped(index, parcel_id))
        else:
            message = sentence(
                "The parcel is {state}; what the carrier has comes back as a return.", state=word(parcel.state)
            )
            answers.append(Refused(index, WrongState(message, data={"state": parcel.state})))
    back = sorted({each.parcel_id for each in answers if isinstance(each, Shipped) and not each.already})
    await _unship(uow, parcels, back)
    uow.emit(events.ParcelUnshipped(each, parcels[each].fulfillment_order_id, reason) for each in back)
    return answers


async def _unship(uow: UnitOfWork, parcels: Parcels, back: Sequence[UUID]) -> None:
    numbers = await _numbers(uow, back)
    held = await queries.contents(uow, back)
    line_ids = {item.fulfillment_line_id for of_parcel in held.values() for item in of_parcel}
    consumed = await stock_queries.allocations_of_lines(uow, line_ids, status=AllocationStatus.CONSUMED)
    ids = [row.id for row in consumed if row.place_id in held]
    _all_or_nothing(await stock_shipping.unship_allocations(uow, allocation_ids=ids))
    changed = [{"id": each, "state": ParcelState.SEALED, "shipped_at": None, "manifest_id": None} for each in back]
    await uow.update(Parcel, changed, bump_version=True)
    told = []
    for parcel_id in back:
        lines: Counter[UUID] = Counter()
        for item in held[parcel_id]:
            lines[item.fulfillment_line_id] += item.quantity
        waybill, parcel = numbers[parcel_id], parcels[parcel_id]
        told.append(ShippedParcel(parcel_id, parcel.fulfillment_order_id, waybill.carrier, waybill.number, dict(lines)))
    await shipments.unmark_shipped(uow, told)
