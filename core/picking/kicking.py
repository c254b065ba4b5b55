"""Taking orders out of waves 剔出 without breaking these, and calling whole waves off."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.refusals import LimitExceeded, NotFound, Refusal, Refused, WrongState
from pickmesh.core.kit.texts import sentence, word
from pickmesh.core.orders import cancel, progress, stopping
from pickmesh.core.orders import locks as order_locks
from pickmesh.core.orders.tables import Progress
from pickmesh.core.picking import events, laying_out, locks, put_backs, refusals, rules, walls, waves, work
from pickmesh.core.picking.tables import Wave, WaveOrderState, WaveStatus
from pickmesh.core.stock import locks as stock_locks

BATCH_MAX = 1_000
WAVE_CANCELLED = "WAVE_CANCELLED"
Row = sa.Row[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class KickedOut:
    """An order that left its wave; with `comes_back` its picked goods go back to their bins before it is open again."""

    fulfillment_order_id: UUID
    comes_back: bool


@dataclass(frozen=True, slots=True)
class CancelledWave:
    """A wave that was called off: orders that left it, and those that stay because they are packed or out of reach.

    It is CANCELLED when none stays, DONE when those that stay need no more walks, and goes on for them otherwise.
    """

    wave_id: UUID
    status: str
    kicked_out: Sequence[KickedOut]
    kept: Sequence[UUID]


async def kick_out(
    uow: UnitOfWork, *, wave_id: UUID, fulfillment_order_ids: Sequence[UUID], reason: str
) -> list[KickedOut | Refused]:
    """Take orders out of a wave, also a running one; the others go on, and these are open for another wave.

    What lies in bins is taken off the pick lists at once. What has left its bin comes back by put-back tasks, and until
    then the order waits as intercepted; that goes as long as nothing of it is packed, also when all walks are done and
    it waits in a tote or a slot. Refuses item by item: NOT_FOUND, NOT_IN_WAVE for an order that is no part of the wave
    (any more), ALREADY_PACKED when some of it lies in a parcel, IN_THE_DARK while a phone without network has it in
    hand. At most 1,000.
    """
    _require_few(fulfillment_order_ids)
    orders = await order_locks.lock_fulfillment_orders(uow, fulfillment_order_ids)
    wave = await waves.locked_wave(uow, wave_id)
    seated = set(await waves.seated_orders(uow, wave_id, *_STILL_THERE))
    packed = await progress.packed_in_part(uow, orders)
    answers: list[KickedOut | Refused] = []
    leaving: dict[UUID, Row] = {}
    for index, each in enumerate(fulfillment_order_ids):
        row = orders.get(each)
        refusal = refusals.NotInWave() if row is not None and each not in seated else _refusal(uow, row, packed)
        if refusal is not None or row is None:
            answers.append(Refused(index, refusal or NotFound()))
        else:
            leaving[each] = row
            answers.append(KickedOut(each, comes_back=False))
    out = await _take_out(uow, wave, leaving, reason)
    if leaving and wave.status == WaveStatus.PLANNED and not seated - leaving.keys():
        await _end_wave(uow, wave)
    return [
        answer
        if isinstance(answer, Refused)
        else KickedOut(answer.fulfillment_order_id, answer.fulfillment_order_id in out)
        for answer in answers
    ]


@dataclass(frozen=True, slots=True)
class SlotKick:
    """An order that somebody takes out of its wave where its goods are sorted, and why."""

    wave_id: UUID
    fulfillment_order_id: UUID
    reason: str


async def lock_goods_of_orders(uow: UnitOfWork, fulfillment_order_ids: Collection[UUID]) -> None:
    """Lock the stock levels that taking orders out will move, before anything else of the unit of work moves stock."""
    goods = await laying_out.units_of_orders(uow, fulfillment_order_ids)
    await stock_locks.lock_levels_of_allocations(uow, [row.id for row in goods])


async def kick_out_of_slots(uow: UnitOfWork, *, kicks: Sequence[SlotKick]) -> list[KickedOut | Refused]:
    """Take orders that are being sorted out of their waves at once; lists and put-back tasks follow by reaction.

    Locks the orders only, for whoever scans holds locks that come after waves and lists; the caller has asked for
    floor:manage. Refuses item by item: NOT_FOUND, NOT_IN_WAVE, INTERCEPTED (stopped already), ALREADY_PACKED,
    NOTHING_PICKED, IN_THE_DARK.
    """
    orders = await order_locks.lock_fulfillment_orders(uow, {kick.fulfillment_order_id for kick in kicks})
    seats = await walls.waves_seated(uow, orders)
    packed = await progress.packed_in_part(uow, orders)
    out = {
        row.fulfillment_order_id for row in await laying_out.units_of_orders(uow, orders) if row.place_id != row.bin_id
    }
    answers: list[KickedOut | Refused] = []
    leaving: dict[UUID, SlotKick] = {}
    for index, kick in enumerate(kicks):
        order_id = kick.fulfillment_order_id
        row = orders.get(order_id)
        refusal = _slot_refusal(uow, row, kick, seated=seats.get(order_id, ()), packed=packed, out=out)
        if refusal is not None:
            answers.append(Refused(index, refusal))
        else:
            leaving.setdefault(order_id, kick)
            answers.append(KickedOut(order_id, comes_back=True))
    for kick in leaving.values():
        await waves.write_kicked_out(uow, kick.wave_id, [kick.fulfillment_order_id], kick.reason)
        stopped = {kick.fulfillment_order_id: orders[kick.fulfillment_order_id]}
        await cancel.call_back(uow, stopped, reason=kick.reason)
    return answers


def _slot_refusal(
    uow: UnitOfWork,
    row: Row | None,
    kick: SlotKick,
    *,
    seated: Collection[UUID],
    packed: Collection[UUID],
    out: Collection[UUID],
) -> Refusal | None:
    if row is not None and work.is_stopped(row):
        return refusals.Intercepted(data={"fulfillment_order_id": row.id})
    if row is not None and kick.wave_id not in seated:
        return refusals.NotInWave()
    refusal = _refusal(uow, row, packed)
    if refusal is None and kick.fulfillment_order_id not in out:
        return refusals.NothingPicked(data={"fulfillment_order_id": kick.fulfillment_order_id})
    return refusal


async def cancel_wave(
    uow: UnitOfWork, *, wave_id: UUID, reason: str = WAVE_CANCELLED, version: int | None = None
) -> CancelledWave:
    """Call a planned or running wave off: its orders are open again, what was picked goes back to its bins.

    Orders that are packed, or that a phone without network has in hand, stay and are told. Refuses WRONG_STATE when the
    wave is over, STALE_VERSION when a version is given and the wave has another one by now.
    """
    orders = await order_locks.lock_fulfillment_orders(uow, await waves.seated_orders(uow, wave_id, *_STILL_THERE))
    wave = await waves.locked_wave(uow, wave_id)
    locks.refuse_stale(wave, version)
    if not rules.may_become(rules.WAVE_MOVES, wave.status, WaveStatus.CANCELLED):
        message = sentence("The wave is {state} already.", state=word(wave.status))
        raise WrongState(message, data={"status": wave.status})
    seated = [each for each in await waves.seated_orders(uow, wave_id, *_STILL_THERE) if each in orders]
    packed = await progress.packed_in_part(uow, orders)
    leaving = {each: orders[each] for each in seated if _refusal(uow, orders[each], packed) is None}
    if len(leaving) == len(seated):
        await _end_wave(uow, wave)
    out = await _take_out(uow, wave, leaving, reason)
    status = (await locks.lock_waves(uow, [wave_id]))[wave_id].status
    kept = [each for each in seated if each not in leaving]
    return CancelledWave(wave_id, status, [KickedOut(each, each in out) for each in leaving], kept)


def _require_few(ids: Collection[UUID]) -> None:
    if len(ids) > BATCH_MAX:
        message = sentence("At most {most} fulfillment orders go in one call; send them in parts.", most=BATCH_MAX)
        raise LimitExceeded(message)


def _refusal(uow: UnitOfWork, row: Row | None, packed: Collection[UUID]) -> Refusal | None:
    if row is None:
        return NotFound()
    if row.id in packed or row.progress not in _MAY_LEAVE:
        return refusals.AlreadyPacked(data={"fulfillment_order_id": row.id})
    return stopping.in_the_dark(row) if stopping.is_dark(uow, row) else None


_MAY_LEAVE = (Progress.OPEN, Progress.RELEASED, Progress.IN_PROGRESS)
_STILL_THERE = (WaveOrderState.IN, WaveOrderState.DONE)


async def _take_out(uow: UnitOfWork, wave: Row, leaving: Mapping[UUID, Row], reason: str) -> set[UUID]:
    """Take locked orders out of a locked wave; return those with units out of their bins."""
    if not leaving:
        return set()
    await waves.write_kicked_out(uow, wave.id, list(leaving), reason)
    if wave.status == WaveStatus.PLANNED:
        return set()
    await work.lock_lines(uow, await laying_out.work_of_orders(uow, leaving))
    await lock_goods_of_orders(uow, leaving)  # calling orders back moves levels once their bins are free
    units = await laying_out.units_of_orders(uow, leaving)
    out = {row.fulfillment_order_id for row in units if row.place_id != row.bin_id}
    stays = {each: row for each, row in leaving.items() if row.intercepted_at is None}
    await laying_out.take_off_lists(uow, leaving)
    await progress.unmark_begun(uow, stays.keys() - out)
    await cancel.call_back(uow, {each: row for each, row in stays.items() if each in out}, reason=reason)
    await put_backs.open_put_backs(uow, out)
    await walls.free_slots(uow, leaving)
    return out


async def _end_wave(uow: UnitOfWork, wave: Row) -> None:
    await uow.update(Wave, [{"id": wave.id, "status": WaveStatus.CANCELLED, "done_at": uow.now}], bump_version=True)
    uow.emit([events.WaveCancelled(wave.id, wave.location_id)])
