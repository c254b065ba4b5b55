"""Verification by scan: units go into parcels with exact quantities, come out again, or pass by force with a reason."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import NotFound, NotPermitted, Refusal, Refused
from pickmesh.core.kit.texts import sentence
from pickmesh.core.orders import progress
from pickmesh.core.packing import bench, events, queries, refusals, rules, stations
from pickmesh.core.packing.rules import Bench, BenchParcel, Forcing, Goods, Part, VerifyItem
from pickmesh.core.packing.tables import Parcel, ParcelItem
from pickmesh.core.picking import totes
from pickmesh.core.stock import carrying
from pickmesh.core.stock.rules import MoveReason

Row = sa.Row[*tuple[Any, ...]]
Key = tuple[UUID, UUID, UUID]


@dataclass(frozen=True, slots=True)
class Verified:
    """Units that are in a parcel (or out of it again); what the line and the order still lack after the whole batch."""

    index: int
    parcel_id: UUID
    fulfillment_line_id: UUID
    quantity: int
    line_left: int
    order_left: int


@dataclass(frozen=True, slots=True)
class Forced:
    """A parcel into which the rest of its order went without scans."""

    index: int
    parcel_id: UUID
    quantity: int


async def verify_items(uow: UnitOfWork, *, items: Sequence[VerifyItem]) -> list[Verified | Refused]:
    """Book units that scans saw going into parcels, in a fixed number of statements.

    The goods move from tote, slot or bench into the parcel and the line counts them as packed. Refuses item by item:
    NOT_FOUND, WRONG_STATE (the parcel is closed), INTERCEPTED, TOO_MANY and NOT_PICKED with the figures, and what stock
    refuses of serial-tracked units.
    """
    uow.actor.require(Permission.FLOOR_WORK)
    if not items:
        return []
    parcels, orders = await bench.lock_bench(uow, {item.parcel_id for item in items})
    standing = await load(uow, parcels, orders)
    parts, refused = rules.decide_verifications(items, standing)
    booked, late = await _put_in(uow, items, parts)
    await _write_packed(uow, parcels, [(items[part.index].parcel_id, part) for part in booked])
    no = {each.index: each for each in (*refused, *late)}
    return [no.get(index) or _verified(index, item, standing) for index, item in enumerate(items)]


async def load(uow: UnitOfWork, parcels: Mapping[UUID, BenchParcel], orders: Collection[UUID]) -> Bench:
    """Return locked parcels with the lines of their orders and the goods that wait at hand."""
    lines = await bench.bench_lines(uow, orders)
    return Bench(parcels, lines, await bench.goods_of_lines(uow, lines))


def _verified(index: int, item: VerifyItem, standing: Bench) -> Verified:
    line = standing.lines[item.fulfillment_line_id]
    order_left = standing.order_left(line.fulfillment_order_id)
    return Verified(index, item.parcel_id, line.id, item.quantity, standing.left(line.id), order_left)


async def _put_in(
    uow: UnitOfWork, items: Sequence[VerifyItem], parts: Sequence[Part]
) -> tuple[list[Part], list[Refused]]:
    carries = [
        carrying.Carry(
            allocation_id=part.goods.allocation_id,
            to_place_id=items[part.index].parcel_id,
            quantity=part.quantity,
            unit_id=items[part.index].unit_id,
            actor_id=items[part.index].worker_id,
        )
        for part in parts
    ]
    answers = await carrying.carry_allocations(uow, carries=carries, reason=MoveReason.PACK)
    pairs = list(zip(parts, answers, strict=True))
    booked = [part for part, answer in pairs if not isinstance(answer, Refused)]
    late = [Refused(part.index, answer.refusal) for part, answer in pairs if isinstance(answer, Refused)]
    return booked, late


async def _write_packed(
    uow: UnitOfWork, parcels: Mapping[UUID, BenchParcel], booked: Sequence[tuple[UUID, Part]]
) -> None:
    """Write what lies in parcels now, tell orders, and free the totes that were emptied."""
    inside: Counter[Key] = Counter()
    skus: dict[Key, UUID] = {}
    for parcel_id, part in booked:
        key = (parcel_id, part.goods.line_id, part.goods.lot_id)
        inside[key] += part.quantity
        skus[key] = part.goods.sku_id
    await uow.upsert(
        ParcelItem,
        [_item(key, inside[key], sku_id=skus[key]) for key in sorted(inside)],
        add=["quantity"],
    )
    await progress.record_packed(uow, _by_line(inside))
    await _touch(uow, parcels, _by_parcel(inside))
    await totes.free_totes(uow, {part.goods.place_id for _, part in booked})


def _item(key: Key, quantity: int, **more: UUID) -> dict[str, Any]:
    return {"parcel_id": key[0], "fulfillment_line_id": key[1], "lot_id": key[2], "quantity": quantity, **more}


def _by_line(inside: Mapping[Key, int]) -> Counter[UUID]:
    deltas: Counter[UUID] = Counter()
    for (_, line_id, _), quantity in inside.items():
        deltas[line_id] += quantity
    return deltas


def _by_parcel(inside: Mapping[Key, int]) -> Counter[UUID]:
    deltas: Counter[UUID] = Counter()
    for (parcel_id, _, _), quantity in inside.items():
        deltas[parcel_id] += quantity
    return deltas


async def _touch(uow: UnitOfWork, parcels: Mapping[UUID, BenchParcel], deltas: Mapping[UUID, int]) -> None:
    await uow.update(Parcel, [{"id": each, "state": parcels[each].state} for each in sorted(deltas)], bump_version=True)
    uow.emit(
        events.ParcelVerified(each, parcels[each].fulfillment_order_id, quantity)
        for each, quantity in sorted(deltas.items())
    )


async def take_out_items(uow: UnitOfWork, *, items: Sequence[VerifyItem]) -> list[Verified | Refused]:
    """Take verified units out of open parcels again: they lie on the station's bench and count as not packed.

    Also for stopped orders, whose goods go on to their put-back. Refuses item by item: NOT_FOUND, WRONG_STATE,
    TOO_MANY, NO_STATION.
    """
    uow.actor.require(Permission.FLOOR_WORK)
    if not items:
        return []
    parcels, orders = await bench.lock_bench(uow, {item.parcel_id for item in items})
    benches = await stations.stations(uow, {each.station_id for each in parcels.values() if each.station_id})
    inside = await bench.goods_at(uow, parcels)
    parts, refused = _choose_out(items, parcels, inside)
    carries = [
        carrying.Carry(
            allocation_id=part.goods.allocation_id,
            to_place_id=benches[_station_of(parcels[items[part.index].parcel_id])].place_id,
            quantity=part.quantity,
            unit_id=items[part.index].unit_id,
            actor_id=items[part.index].worker_id,
        )
        for part in parts
    ]
    answers = await carrying.carry_allocations(uow, carries=carries, reason=MoveReason.PACK)
    late: dict[int, Refused] = {}
    taken: Counter[Key] = Counter()
    for part, answer in zip(parts, answers, strict=True):
        if isinstance(answer, Refused):
            late[part.index] = Refused(part.index, answer.refusal)
        else:
            taken[part.goods.place_id, part.goods.line_id, part.goods.lot_id] -= part.quantity
    await _write_taken_out(uow, parcels, taken)
    standing = await load(uow, parcels, orders)
    no = {**refused, **late}
    return [no.get(index) or _verified(index, item, standing) for index, item in enumerate(items)]


def _station_of(parcel: BenchParcel) -> UUID:
    if parcel.station_id is None:
        raise refusals.NoStation()
    return parcel.station_id


def _choose_out(
    items: Sequence[VerifyItem], parcels: Mapping[UUID, BenchParcel], inside: Mapping[UUID, Sequence[Goods]]
) -> tuple[list[Part], dict[int, Refused]]:
    left = {goods.allocation_id: goods.quantity for of_parcel in inside.values() for goods in of_parcel}
    parts: list[Part] = []
    refused: dict[int, Refused] = {}
    for index, item in enumerate(items):
        there = [each for each in inside.get(item.parcel_id, ()) if each.line_id == item.fulfillment_line_id]
        at_hand = sum(left[goods.allocation_id] for goods in there)
        refusal = _out_refusal(parcels.get(item.parcel_id), item, at_hand)
        if refusal is not None:
            refused[index] = Refused(index, refusal)
            continue
        wanted = item.quantity
        for goods in there:
            part = min(wanted, left[goods.allocation_id])
            if part:
                left[goods.allocation_id] -= part
                wanted -= part
                parts.append(Part(index, goods, part))
    return parts, refused


def _out_refusal(parcel: BenchParcel | None, item: VerifyItem, at_hand: int) -> Refusal | None:
    closed = rules.open_refusal(parcel)
    if closed is not None or parcel is None:
        return closed or NotFound()
    if parcel.station_id is None:
        return refusals.NoStation()
    if not 0 < item.quantity <= at_hand:
        figures = {"asked": item.quantity, "left": at_hand}
        message = sentence("Only {left} of these are in the parcel, not {asked}.", left=at_hand, asked=item.quantity)
        return refusals.TooMany(message, data=figures)
    return None


async def _write_taken_out(uow: UnitOfWork, parcels: Mapping[UUID, BenchParcel], taken: Mapping[Key, int]) -> None:
    if not taken:
        return
    before = {
        (row.parcel_id, row.fulfillment_line_id, row.lot_id): row.quantity
        for of_parcel in (await queries.contents(uow, {key[0] for key in taken})).values()
        for row in of_parcel
    }
    emptied = [key for key in sorted(taken) if before[key] + taken[key] == 0]
    fewer = [_item(key, taken[key]) for key in sorted(taken) if before[key] + taken[key] > 0]
    await uow.update(ParcelItem, fewer, add=["quantity"])
    columns = [ParcelItem.parcel_id, ParcelItem.fulfillment_line_id, ParcelItem.lot_id]
    await uow.execute(sa.delete(ParcelItem).where(uow.mine(ParcelItem), uow.among(columns, emptied)))
    await progress.record_packed(uow, _by_line(taken))
    await _touch(uow, parcels, _by_parcel(taken))


async def force_verify(uow: UnitOfWork, *, forcings: Sequence[Forcing]) -> list[Forced | Refused]:
    """Let parcels pass without scanning: everything of the order that waits at hand counts as put into the parcel.

    Needs pack:force and a reason, both kept with the event. Refuses item by item: NOT_PERMITTED, REASON_NEEDED,
    NOT_FOUND, WRONG_STATE, INTERCEPTED.
    """
    if not forcings:
        return []
    parcels, orders = await bench.lock_bench(uow, {forcing.parcel_id for forcing in forcings})
    standing = await load(uow, parcels, orders)
    refused: dict[int, Refused] = {}
    rest: list[tuple[UUID, Part]] = []
    for index, forcing in enumerate(forcings):
        parcel = parcels.get(forcing.parcel_id)
        refusal = force_refusal(uow, forcing) or rules.parcel_refusal(parcel)
        if refusal is not None or parcel is None:
            refused[index] = Refused(index, refusal or NotFound())
            continue
        for line in standing.lines.values():
            quantity = standing.at_hand(line.id) if line.fulfillment_order_id == parcel.fulfillment_order_id else 0
            rest += [(parcel.id, part) for part in standing.take(index, line.id, quantity)]
    actors = [(forcing.actor or uow.actor).person_id for forcing in forcings]
    carries = [
        carrying.Carry(part.goods.allocation_id, parcel_id, part.quantity, actor_id=actors[part.index])
        for parcel_id, part in rest
    ]
    for answer in await carrying.carry_allocations(uow, carries=carries, reason=MoveReason.PACK):
        if isinstance(answer, Refused):
            raise answer.refusal
    await _write_packed(uow, parcels, rest)
    passed = {index: forcing for index, forcing in enumerate(forcings) if index not in refused}
    await mark_forced(uow, parcels, passed.values(), "VERIFY")
    moved: Counter[int] = Counter()
    for _, part in rest:
        moved[part.index] += part.quantity
    return [
        refused.get(index) or Forced(index, forcing.parcel_id, moved[index]) for index, forcing in enumerate(forcings)
    ]


def force_refusal(uow: UnitOfWork, forcing: Forcing) -> Refusal | None:
    """Tell why somebody may not force; None when they may and said why."""
    actor = forcing.actor or uow.actor
    if not actor.may(Permission.PACK_FORCE):
        permission = Permission.PACK_FORCE.value
        message = sentence(
            "This needs the permission {permission}; ask a manager to pass the parcel.", permission=permission
        )
        return NotPermitted(message, data={"permission": permission})
    return None if forcing.reason.strip() else refusals.ReasonNeeded(field=("reason",))


async def mark_forced(
    uow: UnitOfWork, parcels: Mapping[UUID, BenchParcel], forcings: Collection[Forcing], what: str
) -> None:
    """Remember that parcels passed by force, who let them, and why."""
    changed = sorted({forcing.parcel_id for forcing in forcings})
    await uow.update(Parcel, [{"id": each, "forced": True} for each in changed], bump_version=True)
    uow.emit(
        events.PassForced(
            forcing.parcel_id,
            parcels[forcing.parcel_id].fulfillment_order_id,
            (forcing.actor or uow.actor).person_id,
            what,
            forcing.reason,
        )
        for forcing in forcings
    )
