"""Finishing parcels: sealed, weighed, and shipped by whichever of these acts the warehouse ships at."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.accounts.tables import ShortagePolicy
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import NotFound, Refusal, Refused, WrongState
from pickmesh.core.kit.texts import sentence, word
from pickmesh.core.orders import progress
from pickmesh.core.packing import bench, boxing, events, queries, refusals, rules, shipping, verifying, waybills
from pickmesh.core.packing.rules import Bench, BenchParcel, Forcing, Seal, Weighing
from pickmesh.core.packing.tables import Parcel, ParcelState
from pickmesh.core.picking import walls
from pickmesh.core.stock import queries as stock_queries
from pickmesh.core.stock.tables import PlaceKind

Row = sa.Row[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Sealed:
    """A closed parcel, the waybill asked for it, and whether closing it shipped it."""

    index: int
    parcel_id: UUID
    waybill_id: UUID
    expected_weight_g: int | None
    shipped: bool


@dataclass(frozen=True, slots=True)
class Weighed:
    """A weighed parcel, and whether weighing it shipped it."""

    index: int
    parcel_id: UUID
    weight_g: int
    expected_weight_g: int | None
    shipped: bool


async def seal_parcels(uow: UnitOfWork, *, seals: Sequence[Seal]) -> list[Sealed | Refused]:
    """Close parcels; a last one must complete its order. Asks for waybills; ships where the warehouse ships at seal.

    A parcel whose carton nobody named goes in the smallest that takes its contents; what it should weigh is kept, tare
    and all. An order that ships what is there need not wait for units that are short. Refuses item by item: NOT_FOUND,
    WRONG_STATE, INTERCEPTED, EMPTY_PARCEL, NOT_ALL_VERIFIED.
    """
    uow.actor.require(Permission.FLOOR_WORK)
    if not seals:
        return []
    parcels, orders = await bench.lock_bench(uow, {seal.parcel_id for seal in seals})
    standing = await verifying.load(uow, parcels, orders)
    contents = await queries.contents(uow, parcels)
    excused = await _excused(uow, orders, standing)
    refused: dict[int, Refused] = {}
    sealing: dict[UUID, bool] = {}
    for index, seal in enumerate(seals):
        refusal = _seal_refusal(seal, standing, contents, excused)
        if refusal is None and seal.parcel_id not in sealing:
            sealing[seal.parcel_id] = seal.last
        else:
            refused[index] = Refused(index, refusal or WrongState("The parcel is sealed already."))
    boxed = await boxing.box(uow, parcels, {each: contents[each] for each in sealing})
    await boxing.keep(uow, parcels, boxed)
    expected = {each: boxed[each].expected_weight_g for each in sealing}
    await _write_sealed(uow, parcels, sealing, expected)
    sealed_orders = {parcels[each].fulfillment_order_id for each in sealing}
    await progress.mark_packed(uow, _complete(standing, sealed_orders))
    await walls.free_slots(uow, sealed_orders)
    now = {each: replace(parcels[each], state=ParcelState.SEALED) for each in sealing}
    waybill_ids = await waybills.ask(uow, list(now.values()))
    workers = {seal.parcel_id: seal.worker_id for seal in seals}
    shipped = await shipping.ship_due(uow, now, workers) if now else set()
    return [
        refused.get(index)
        or Sealed(
            index, each.parcel_id, waybill_ids[each.parcel_id], expected[each.parcel_id], each.parcel_id in shipped
        )
        for index, each in enumerate(seals)
    ]


async def _excused(uow: UnitOfWork, orders: Mapping[UUID, Row], standing: Bench) -> set[UUID]:
    """Return lines that need not be complete: of orders that ship what is there, once no unit of them waits."""
    ships = {
        order.id
        for order in orders.values()
        if order.short_quantity > 0 and order.shortage_policy == ShortagePolicy.SHIP_AVAILABLE
    }
    lines = [line.id for line in standing.lines.values() if line.fulfillment_order_id in ships]
    found = await stock_queries.allocations_of_lines(uow, lines)
    waiting = {row.line_id for row in found if row.place_kind != PlaceKind.PARCEL}
    return {line_id for line_id in lines if line_id not in waiting}


def _seal_refusal(
    seal: Seal, standing: Bench, contents: Mapping[UUID, Sequence[Row]], excused: Collection[UUID]
) -> Refusal | None:
    parcel = standing.parcels.get(seal.parcel_id)
    unverified: dict[UUID, int] = {}
    if parcel is not None and seal.last:
        unverified = {
            line.id: line.left
            for line in standing.lines.values()
            if line.fulfillment_order_id == parcel.fulfillment_order_id and line.left and line.id not in excused
        }
    return rules.seal_refusal(parcel, is_empty=not contents.get(seal.parcel_id), unverified=unverified)


def _complete(standing: Bench, fulfillment_order_ids: Collection[UUID]) -> set[UUID]:
    return {order_id for order_id in fulfillment_order_ids if standing.order_left(order_id) == 0}


async def _write_sealed(
    uow: UnitOfWork,
    parcels: Mapping[UUID, BenchParcel],
    sealing: Mapping[UUID, bool],
    expected: Mapping[UUID, int | None],
) -> None:
    changed = [
        {
            "id": each,
            "state": ParcelState.SEALED,
            "sealed_at": uow.now,
            "expected_weight_g": expected[each],
        }
        for each in sorted(sealing)
    ]
    await uow.update(Parcel, changed, bump_version=True)
    uow.emit(
        events.ParcelSealed(each, parcels[each].fulfillment_order_id, last) for each, last in sorted(sealing.items())
    )


async def weigh_parcels(uow: UnitOfWork, *, weighings: Sequence[Weighing]) -> list[Weighed | Refused]:
    """Keep what sealed parcels weigh; ships where the warehouse ships at weighing and the label has come.

    A weight outside the warehouse's tolerance is refused with WEIGHT_OFF and the figures, unless somebody with
    pack:force gives a reason. Refuses else NOT_FOUND, WRONG_STATE (not sealed), INTERCEPTED, NOT_PERMITTED.
    """
    uow.actor.require(Permission.FLOOR_WORK)
    if not weighings:
        return []
    parcels, _ = await bench.lock_bench(uow, {weighing.parcel_id for weighing in weighings})
    expected = {each: row.expected_weight_g for each, row in (await queries.parcels(uow, parcels)).items()}
    refused: dict[int, Refused] = {}
    weights: dict[UUID, int] = {}
    forced: list[Forcing] = []
    for index, weighing in enumerate(weighings):
        off = _weigh_refusal(weighing, parcels.get(weighing.parcel_id), expected)
        if isinstance(off, refusals.WeightOff) and weighing.force_reason is not None and weighing.weight_g > 0:
            forcing = Forcing(weighing.parcel_id, weighing.force_reason, weighing.actor)
            off = verifying.force_refusal(uow, forcing)
            forced += [forcing] if off is None else []
        if off is not None:
            refused[index] = Refused(index, off)
        else:
            weights[weighing.parcel_id] = weighing.weight_g
    await uow.update(Parcel, [{"id": each, "weight_g": weights[each]} for each in sorted(weights)], bump_version=True)
    await verifying.mark_forced(uow, parcels, forced, "WEIGHT")
    uow.emit(events.ParcelWeighed(each, weights[each], expected[each]) for each in sorted(weights))
    now = {each: replace(parcels[each], weight_g=weights[each]) for each in weights}
    workers = {each.parcel_id: (each.actor or uow.actor).person_id for each in weighings}
    shipped = await shipping.ship_due(uow, now, workers) if now else set()
    return [
        refused.get(index)
        or Weighed(index, each.parcel_id, each.weight_g, expected[each.parcel_id], each.parcel_id in shipped)
        for index, each in enumerate(weighings)
    ]


def _weigh_refusal(
    weighing: Weighing, parcel: BenchParcel | None, expected: Mapping[UUID, int | None]
) -> Refusal | None:
    if parcel is None:
        return NotFound("No parcel of yours has that id; scan its label again.")
    if parcel.stopped:
        return refusals.Intercepted(data={"fulfillment_order_id": parcel.fulfillment_order_id})
    if parcel.state != ParcelState.SEALED:
        message = sentence("The parcel is {state}; a sealed parcel is weighed.", state=word(parcel.state))
        return WrongState(message, data={"state": parcel.state})
    return rules.weight_refusal(expected[parcel.id], weighing.weight_g, parcel.weight_tolerance_g)
