"""Parcels as boxes: opened at a station, opened again, given up."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.accounts.tables import ShortagePolicy
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import NotFound, Refusal, Refused, WrongState
from pickmesh.core.kit.texts import joined, sentence, word
from pickmesh.core.orders import locks as order_locks
from pickmesh.core.orders import progress
from pickmesh.core.orders.rules import UNDER_WAY
from pickmesh.core.packing import bench, events, locks, printing, queries, refusals, rules, stations, waybills
from pickmesh.core.packing.rules import Opening
from pickmesh.core.packing.tables import Parcel, ParcelItem, ParcelState, WaybillState
from pickmesh.core.stock import places
from pickmesh.scanner.codes.own import OwnKind, number_text

Row = sa.Row[*tuple[Any, ...]]

_ONLY_SEALED = sentence("Only sealed parcels are opened again.")
_TOO_LATE = sentence("It can no longer be given up.")


@dataclass(frozen=True, slots=True)
class OpenedParcel:
    """A box that stands ready; `created` is False when it stood there before."""

    index: int
    parcel_id: UUID
    number: int
    fulfillment_order_id: UUID
    sequence: int
    created: bool


@dataclass(frozen=True, slots=True)
class ChangedParcel:
    """A parcel that went over into another state; `already` tells that it was there before."""

    index: int
    parcel_id: UUID
    already: bool = False


async def open_parcels(uow: UnitOfWork, *, openings: Sequence[Opening]) -> list[OpenedParcel | Refused]:
    """Open a parcel for each order, or return the one that is open; the box is a place that goods are carried into.

    Refuses item by item: NOT_FOUND, INTERCEPTED, ORDER_SHORT (an order that ships only complete lacks units),
    NOT_PICKED (nothing of it is out of its bins), WRONG_STATE (not released, or all of it is packed).
    """
    if not openings:
        return []
    orders = await order_locks.lock_fulfillment_orders(uow, {each.fulfillment_order_id for each in openings})
    for location_id in {order.location_id for order in orders.values() if order.location_id}:
        uow.actor.require(Permission.FLOOR_WORK, warehouse_id=location_id)
    known = await locks.lock_parcels_of_orders(uow, orders)
    benches = await stations.stations(uow, {each.station_id for each in openings if each.station_id})
    lines = await bench.bench_lines(uow, orders)
    at_hand = {goods.line_id for goods in await bench.goods_of_lines(uow, lines)}
    ready = {lines[line_id].fulfillment_order_id for line_id in at_hand}
    refused: dict[int, Refusal] = {}
    standing: dict[UUID, Mapping[str, Any]] = {}
    begun: dict[UUID, dict[str, Any]] = {}
    new: dict[UUID, dict[str, Any]] = {}
    for index, opening in enumerate(openings):
        order = orders.get(opening.fulfillment_order_id)
        station = benches.get(opening.station_id) if opening.station_id else None
        refusal = _order_refusal(order, opening, station)
        if refusal is not None or order is None:
            refused[index] = refusal or NotFound()
            continue
        before = next((row for row in known[order.id] if row.state == ParcelState.OPEN), None)
        if before is not None:
            standing[order.id] = {name: before._mapping[name] for name in ("id", "number", "sequence")}
        elif order.id in ready and (ahead := _prepared(known[order.id])) is not None:
            begun.setdefault(order.id, {**ahead, "station_id": opening.station_id})
        elif order.id in ready:
            new.setdefault(order.id, _new_parcel(uow, order, opening, len(known[order.id]) + 1))
        else:
            refused[index] = _nothing_at_hand(order, lines)
    await write_new(uow, list(new.values()))
    await _begin(uow, list(begun.values()), orders)
    new |= begun
    uow.emit(events.ParcelOpened(row["id"], order_id, row["station_id"]) for order_id, row in new.items())
    await progress.mark_in_progress(uow, new)
    return _opened(openings, refused, standing, new)


def _prepared(known: Sequence[Row]) -> dict[str, Any] | None:
    """Return the box for which a number was asked ahead, if there is one."""
    found = next((row for row in known if row.state == ParcelState.PREPARED), None)
    return None if found is None else {name: found._mapping[name] for name in ("id", "number", "sequence")}


async def _begin(uow: UnitOfWork, begun: Sequence[Mapping[str, Any]], orders: Mapping[UUID, Row]) -> None:
    """Let boxes that were prepared be packed at stations; labels whose numbers have come are printed at once."""
    if not begun:
        return
    changed = [{"id": row["id"], "state": ParcelState.OPEN, "station_id": row["station_id"]} for row in begun]
    await uow.update(Parcel, sorted(changed, key=lambda row: row["id"]), bump_version=True)
    rows = await queries.parcels(uow, {row["id"] for row in begun})
    live = await queries.live_waybills(uow, rows)
    numbered = {each: row.id for each, row in live.items() if row.state == WaybillState.ISSUED}
    await printing.queue_labels(uow, await bench.bench_parcels(uow, rows.values(), orders), numbered, reason="ISSUED")


def _order_refusal(order: Row | None, opening: Opening, station: Row | None) -> Refusal | None:
    if order is None:
        return NotFound("No fulfillment order of yours has that id; look it up again.")
    if bench.is_stopped(order):
        return refusals.Intercepted(data={"fulfillment_order_id": order.id})
    if order.progress not in UNDER_WAY:
        return WrongState(sentence("The order is {state}; only released ones are packed.", state=word(order.progress)))
    if opening.station_id is not None and (station is None or station.location_id != order.location_id):
        return NotFound("That station is not in the order's warehouse; open it at a bench there.")
    if order.short_quantity > 0 and order.shortage_policy == ShortagePolicy.WAIT_FOR_ALL:
        return refusals.OrderShort(data={"short": order.short_quantity})
    return None


def _nothing_at_hand(order: Row, lines: Mapping[UUID, rules.BenchLine]) -> Refusal:
    left = sum(line.left for line in lines.values() if line.fulfillment_order_id == order.id)
    return refusals.NotPicked(data={"left": left}) if left else WrongState("All of the order is packed already.")


def _new_parcel(uow: UnitOfWork, order: Row, opening: Opening, sequence: int) -> dict[str, Any]:
    return {
        "id": new_id(),
        "fulfillment_order_id": order.id,
        "location_id": order.location_id,
        "station_id": opening.station_id,
        "state": ParcelState.OPEN,
        "sequence": sequence,
        "created_at": uow.now,
    }


def _opened(
    openings: Sequence[Opening],
    refused: Mapping[int, Refusal],
    standing: Mapping[UUID, Mapping[str, Any]],
    new: Mapping[UUID, Mapping[str, Any]],
) -> list[OpenedParcel | Refused]:
    answers: list[OpenedParcel | Refused] = []
    first: set[UUID] = set()
    for index, opening in enumerate(openings):
        if index in refused:
            answers.append(Refused(index, refused[index]))
            continue
        order_id = opening.fulfillment_order_id
        parcel = new[order_id] if order_id in new else standing[order_id]
        created = order_id in new and order_id not in first
        first.add(order_id)
        answers.append(OpenedParcel(index, parcel["id"], parcel["number"], order_id, parcel["sequence"], created))
    return answers


async def write_new(uow: UnitOfWork, new: Sequence[dict[str, Any]]) -> None:
    """Number and write parcels and, with the same ids, the places they are."""
    if not new:
        return
    for parcel, number in zip(new, await uow.next_numbers("parcel", len(new)), strict=True):
        parcel["number"] = number
    boxes = [
        places.NewParcelPlace(parcel["id"], parcel["location_id"], number_text(OwnKind.PARCEL, parcel["number"]))
        for parcel in new
    ]
    await places.open_parcel_places(uow, parcels=boxes)
    await uow.insert(Parcel, new)


async def reopen_parcels(
    uow: UnitOfWork, *, parcel_ids: Sequence[UUID], reason: str = ""
) -> list[ChangedParcel | Refused]:
    """Open sealed parcels again, to check or change what is in them; their weights are forgotten, the reason kept."""
    uow.actor.require(Permission.FLOOR_WORK)
    parcels, _ = await bench.lock_bench(uow, parcel_ids)
    answers = [
        _transition(index, parcels.get(parcel_id), ParcelState.OPEN, _ONLY_SEALED)
        for index, parcel_id in enumerate(parcel_ids)
    ]
    reopened = sorted({each.parcel_id for each in answers if isinstance(each, ChangedParcel) and not each.already})
    changed = [
        {
            "id": parcel_id,
            "state": ParcelState.OPEN,
            "sealed_at": None,
            "weight_g": None,
            "expected_weight_g": None,
            "forced": False,
            "manifest_id": None,
        }
        for parcel_id in reopened
    ]
    await uow.update(Parcel, changed, bump_version=True)
    await progress.unmark_packed(uow, {parcels[parcel_id].fulfillment_order_id for parcel_id in reopened})
    uow.emit(events.ParcelReopened(each, parcels[each].fulfillment_order_id, reason.strip()) for each in reopened)
    return answers


def _transition(
    index: int, parcel: rules.BenchParcel | None, wanted: ParcelState, remedy: str
) -> ChangedParcel | Refused:
    if parcel is None:
        return Refused(index, NotFound("No parcel of yours has that id; scan its label again."))
    if parcel.state == wanted:
        return ChangedParcel(index, parcel.id, already=True)
    if not rules.may_become(parcel.state, wanted):
        message = joined(sentence("The parcel is {state}.", state=word(parcel.state)), remedy)
        return Refused(index, WrongState(message, data={"state": parcel.state}))
    return ChangedParcel(index, parcel.id)


async def void_parcels(uow: UnitOfWork, *, parcel_ids: Sequence[UUID], reason: str) -> list[ChangedParcel | Refused]:
    """Give parcels up that hold nothing any more; their waybills are voided with them.

    Refuses REASON_NEEDED as a whole, and WRONG_STATE for a parcel that has shipped or still holds goods.
    """
    uow.actor.require(Permission.FLOOR_WORK)
    if not reason.strip():
        raise refusals.ReasonNeeded(field=("reason",))
    parcels, _ = await bench.lock_bench(uow, parcel_ids)
    inside = await bench.goods_at(uow, parcels)
    answers: list[ChangedParcel | Refused] = []
    for index, parcel_id in enumerate(parcel_ids):
        answer = _transition(index, parcels.get(parcel_id), ParcelState.VOIDED, _TOO_LATE)
        if isinstance(answer, ChangedParcel) and not answer.already and inside.get(parcel_id):
            answer = Refused(index, WrongState("Take the goods out of the parcel first."))
        answers.append(answer)
    voided = sorted({each.parcel_id for each in answers if isinstance(each, ChangedParcel) and not each.already})
    await _give_up(uow, parcels, voided, reason)
    return answers


async def _give_up(
    uow: UnitOfWork, parcels: Mapping[UUID, rules.BenchParcel], voided: Collection[UUID], reason: str
) -> None:
    if not voided:
        return
    await waybills.void_live(uow, voided, reason)
    await uow.execute(sa.delete(ParcelItem).where(uow.mine(ParcelItem), uow.among(ParcelItem.parcel_id, voided)))
    await uow.update(Parcel, [{"id": each, "state": ParcelState.VOIDED} for each in voided], bump_version=True)
    await places.archive_parcel_places(uow, parcel_ids=voided)
    uow.emit(events.ParcelVoided(each, parcels[each].fulfillment_order_id, reason) for each in voided)


async def void_prepared(uow: UnitOfWork, fulfillment_order_ids: Collection[UUID]) -> None:
    """Give up the boxes that were only prepared for orders which went out of their waves; their numbers go back."""
    orders = await order_locks.lock_fulfillment_orders(uow, fulfillment_order_ids)
    known = await locks.lock_parcels_of_orders(uow, orders)
    rows = [row for of_order in known.values() for row in of_order if row.state == ParcelState.PREPARED]
    await _give_up(uow, await bench.bench_parcels(uow, rows, orders), sorted(row.id for row in rows), "KICKED_OUT")


async def void_parcels_of_orders(uow: UnitOfWork, fulfillment_order_ids: Collection[UUID]) -> None:
    """Give up the unshipped parcels of stopped orders whose goods are all back in their bins."""
    orders = await order_locks.lock_fulfillment_orders(uow, fulfillment_order_ids)
    stopped = {order_id: order for order_id, order in orders.items() if bench.is_stopped(order)}
    known = await locks.lock_parcels_of_orders(uow, stopped)
    rows = [row for of_order in known.values() for row in of_order if rules.may_become(row.state, ParcelState.VOIDED)]
    parcels = await bench.bench_parcels(uow, rows, stopped)
    inside = await bench.goods_at(uow, parcels)
    emptied: dict[UUID, list[UUID]] = defaultdict(list)
    for parcel in parcels.values():
        if not inside.get(parcel.id):
            emptied[parcel.fulfillment_order_id].append(parcel.id)
    await _give_up(uow, parcels, sorted(each for ids in emptied.values() for each in ids), "PUT_BACK")
