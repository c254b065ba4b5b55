"""Carrying out what a round of entries does: one command per kind of effect, for all sessions together.

The order keeps the house's order of locks (stock levels, then balances, then the counters that number parcels) and is
the order in which one session means them: goods are taken before a later entry undoes, seals or weighs.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from pickmesh.core.catalog import look_alikes
from pickmesh.core.floor import effects, pick_loading
from pickmesh.core.floor.desk import Desk, Turn
from pickmesh.core.floor.effects import Effect
from pickmesh.core.floor.pick_task import PickLine, PickTask
from pickmesh.core.floor.tables import ScanKind
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.refusals import Refusal, Refused
from pickmesh.core.kit.texts import sentence
from pickmesh.core.packing import cartons, manifests, parcels, rules, verifying, waybills
from pickmesh.core.packing import commands as packing
from pickmesh.core.packing import locks as packing_locks
from pickmesh.core.picking import commands as picking
from pickmesh.core.picking import kicking, put_backs, shorts, sorting, swaps, totes, walls
from pickmesh.core.picking.rules import PickConfirmation, PickShort
from pickmesh.core.picking.walks import Walks
from pickmesh.core.stock import locks as stock_locks
from pickmesh.core.stock import queries as stock_queries
from pickmesh.core.stock.tables import ZeroCheck

_SHIPPED = sentence("It has shipped.")
_LABEL_FOLLOWS = sentence("Its label follows.")


@dataclass(frozen=True, slots=True)
class Deed:
    """One effect of one entry."""

    desk: Desk
    turn: Turn
    effect: Any


@dataclass(slots=True)
class Round:
    """What the entries of a round do, by kind of effect; afterwards what was refused and what is worth telling."""

    deeds: dict[type[Any], list[Deed]] = field(default_factory=dict)
    refused: list[tuple[Deed, Refusal]] = field(default_factory=list)
    notes: list[tuple[Deed, str]] = field(default_factory=list)
    going_on: list[Deed] = field(default_factory=list)  # sealed parcels whose order gets a next one
    locked_ahead: bool = False

    def add(self, desk: Desk, turn: Turn, done: Sequence[Effect]) -> None:
        """Remember what an entry does."""
        for effect in done:
            self.deeds.setdefault(type(effect), []).append(Deed(desk, turn, effect))

    def of(self, kind: type[Any]) -> list[Deed]:
        """Return the deeds of a kind."""
        return self.deeds.get(kind, [])

    def note_answers(self, deeds: Sequence[Deed], answers: Sequence[Any]) -> list[tuple[Deed, Any]]:
        """Keep refusals; return what was done with its answer."""
        done = []
        for deed, answer in zip(deeds, answers, strict=True):
            if isinstance(answer, Refused):
                self.refused.append((deed, answer.refusal))
            else:
                done.append((deed, answer))
        return done


async def execute(uow: UnitOfWork, work: Round) -> None:
    """Carry out a round; refusals and notes are kept in it."""
    kicked = {deed.effect.fulfillment_order_id for deed in work.of(effects.KickOut)}
    if kicked:
        await kicking.lock_goods_of_orders(uow, kicked)
    for kind, act in _ACTS.items():
        if work.of(kind):
            await act(uow, work, work.of(kind))
    await _open(uow, work)


async def _bind(uow: UnitOfWork, work: Round, deeds: Sequence[Deed]) -> None:
    bindings = [
        totes.ToteBinding(
            deed.effect.place_id, deed.effect.pick_list_id, deed.effect.fulfillment_order_id, deed.desk.worker_id
        )
        for deed in deeds
    ]
    work.note_answers(deeds, await totes.bind_totes(uow, bindings=bindings))


async def _short(uow: UnitOfWork, work: Round, deeds: Sequence[Deed]) -> None:
    reports = [
        PickShort(deed.effect.pick_line_id, deed.effect.quantity, deed.turn.scan_id, deed.desk.worker_id)
        for deed in deeds
    ]
    await _lock_ahead(uow, work)
    for deed, answer in work.note_answers(deeds, await shorts.report_shorts(uow, shorts=reports)):
        if answer.resourced:
            note = sentence("{count} come from another bin, at the end of the list.", count=answer.resourced)
            work.notes.append((deed, note))


async def _lock_ahead(uow: UnitOfWork, work: Round) -> None:
    """Lock what this round takes and swaps before tasks are numbered, and levels a later one may report short."""
    if work.locked_ahead:
        return
    work.locked_ahead = True
    short, swapped, taken = map(work.of, (effects.ReportShort, effects.SwapLot, effects.TakeUnits))
    later = pick_loading.may_be_short({deed.desk.id: deed.desk for own in work.deeds.values() for deed in own}.values())
    if later or (short and (swapped or taken)):
        await stock_locks.lock_levels_of_allocations(uow, _allocations_of(short) | later)
    if swapped or (short and taken):
        places = {deed.effect.to_place_id for deed in taken}
        places |= {deed.desk.task.lines[deed.effect.pick_line_id].place_id for deed in swapped}
        await stock_locks.lock_balances_of_allocations(uow, _allocations_of([*short, *swapped, *taken]), places)


def _allocations_of(deeds: Sequence[Deed]) -> set[UUID]:
    """Return the allocations behind the pick lines that deeds are about."""
    read = [(deed.desk.task.at_work, deed.effect.pick_line_id) for deed in deeds]
    return {share.id for walks, line_id in read if walks is not None for share in walks.shares.get(line_id, ())}


async def _swap(uow: UnitOfWork, work: Round, deeds: Sequence[Deed]) -> None:
    await _lock_ahead(uow, work)
    wanted = [swaps.LotSwap(deed.effect.pick_line_id, deed.effect.lot_id, deed.desk.worker_id) for deed in deeds]
    work.note_answers(deeds, await swaps.swap_lots(uow, swaps=wanted))


async def _put_back(uow: UnitOfWork, work: Round, deeds: Sequence[Deed]) -> None:
    backs = [
        put_backs.PutBackScan(
            deed.effect.task_id,
            deed.effect.to_place_id,
            deed.effect.quantity,
            deed.turn.scan_id,
            deed.effect.unit_id,
            deed.desk.worker_id,
        )
        for deed in deeds
    ]
    work.note_answers(deeds, await put_backs.put_back(uow, backs=backs))


async def _take(uow: UnitOfWork, work: Round, deeds: Sequence[Deed]) -> None:
    picks = [
        PickConfirmation(
            pick_line_id=deed.effect.pick_line_id,
            quantity=deed.effect.quantity,
            to_place_id=deed.effect.to_place_id,
            scan_id=deed.turn.scan_id,
            unit_id=deed.effect.unit_id,
            fulfillment_order_id=deed.effect.fulfillment_order_id,
            worker_id=deed.desk.worker_id,
            item_scan_id=deed.effect.item_scan_id,
        )
        for deed in deeds
    ]
    await _lock_ahead(uow, work)
    taken = work.note_answers(deeds, await picking.confirm_picks(uow, picks=picks, known=_as_read(work, deeds)))
    await _ask_about_bins(uow, work, [deed for deed, answer in taken if answer.line_done])


async def _ask_about_bins(uow: UnitOfWork, work: Round, deeds: Sequence[Deed]) -> None:
    """Ask whoever has taken the last that a bin should hold whether it is empty: a count that costs no walk."""
    said = {deed.turn.scan_id for deed in work.of(effects.ReportShort)}
    last = {deed.effect.pick_line_id: deed for deed in deeds if deed.turn.scan_id not in said}
    asked = {line_id: deed for line_id, deed in last.items() if deed.desk.task.zero_check is not ZeroCheck.OFF}
    bins = {deed.desk.task.lines[line_id].place_id for line_id, deed in asked.items()}
    there = await stock_queries.goods_at(uow, bins) if bins else set()
    for line_id, deed in asked.items():
        note = _zero_question(deed.desk.task, deed.desk.task.lines[line_id], there)
        if note is not None:
            work.notes.append((deed, note))
            deed.desk.state = replace(deed.desk.state, zero_asked=True)


def _zero_question(task: PickTask, line: PickLine, there: Collection[tuple[UUID, UUID]]) -> str | None:
    """Return what to ask a picker after the last piece of a line, by what the bin should still hold."""
    if all(place_id != line.place_id for place_id, _ in there):
        return sentence("Is {place} empty now? Say yes, or how many are left.", place=line.place_code)
    if task.zero_check is ZeroCheck.AT_ZERO and (line.place_id, line.sku_id) not in there:
        words = {"sku": line.sku_code, "place": line.place_code}
        return sentence("Is no {sku} left in {place} now? Say yes, or how many are left.", **words)
    return None


async def _note_confusions(uow: UnitOfWork, work: Round, deeds: Sequence[Deed]) -> None:
    pairs = [(deed.effect.wanted_sku_id, deed.effect.scanned_sku_id) for deed in deeds]
    await look_alikes.record_wrong_scan(uow, pairs)


def _as_read(work: Round, deeds: Sequence[Deed]) -> Walks | None:
    """Return the lists as this round has read them; None when something was booked on one of them since."""
    read = [deed.desk.task.at_work for deed in deeds]
    for deed in deeds:
        deed.desk.task.at_work = None
    is_fresh = read[0] is not None and all(each is read[0] for each in read)
    return read[0] if is_fresh and not any(map(work.of, _CHANGES_WALKS)) else None


async def _undo(uow: UnitOfWork, work: Round, deeds: Sequence[Deed]) -> None:
    await _lock_ahead(uow, work)
    worker_of = {deed.effect.scan_id: deed.desk.worker_id for deed in deeds}
    undone = await picking.undo_picks(uow, scan_ids=[deed.effect.scan_id for deed in deeds], worker_of=worker_of)
    work.note_answers(deeds, undone)


async def _bind_wall(uow: UnitOfWork, work: Round, deeds: Sequence[Deed]) -> None:
    """Give waves their walls, one after the other: it happens once in a wave's life."""
    for deed in deeds:
        try:
            await walls.bind_wall(uow, wave_id=deed.effect.wave_id, slot_id=deed.effect.slot_id)
        except Refusal as refusal:
            work.refused.append((deed, refusal))


async def _sort(uow: UnitOfWork, work: Round, deeds: Sequence[Deed]) -> None:
    scans = [
        sorting.SortScan(
            deed.effect.fulfillment_order_id,
            deed.effect.sku_id,
            deed.effect.from_place_id,
            deed.effect.to_place_id,
            deed.effect.quantity,
            deed.effect.unit_id,
            deed.desk.worker_id,
            back=isinstance(deed.effect, effects.UnsortUnits),
        )
        for deed in deeds
    ]
    work.note_answers(deeds, await sorting.sort_units(uow, scans=scans))


async def _kick_out(uow: UnitOfWork, work: Round, deeds: Sequence[Deed]) -> None:
    kicks = [
        kicking.SlotKick(deed.effect.wave_id, deed.effect.fulfillment_order_id, deed.effect.reason) for deed in deeds
    ]
    work.note_answers(deeds, await kicking.kick_out_of_slots(uow, kicks=kicks))


def _items(deeds: Sequence[Deed]) -> list[rules.VerifyItem]:
    return [
        rules.VerifyItem(
            deed.effect.parcel_id,
            deed.effect.fulfillment_line_id,
            deed.effect.quantity,
            deed.turn.scan_id,
            deed.effect.unit_id,
            deed.desk.worker_id,
        )
        for deed in deeds
    ]


async def _pack(uow: UnitOfWork, work: Round, deeds: Sequence[Deed]) -> None:
    work.note_answers(deeds, await verifying.verify_items(uow, items=_items(deeds)))


async def _choose_cartons(uow: UnitOfWork, work: Round, deeds: Sequence[Deed]) -> None:
    choices = [cartons.CartonChoice(deed.effect.parcel_id, deed.effect.code) for deed in deeds]
    work.note_answers(deeds, await cartons.choose_cartons(uow, choices=choices))


async def _restore_cartons(uow: UnitOfWork, work: Round, deeds: Sequence[Deed]) -> None:
    backs = [cartons.CartonBack(deed.effect.parcel_id, deed.effect.carton_id) for deed in deeds]
    work.note_answers(deeds, await cartons.restore_cartons(uow, backs=backs))


async def _reopen(uow: UnitOfWork, work: Round, deeds: Sequence[Deed]) -> None:
    ids = [deed.effect.parcel_id for deed in deeds]
    work.note_answers(deeds, await parcels.reopen_parcels(uow, parcel_ids=ids))


async def _unpack(uow: UnitOfWork, work: Round, deeds: Sequence[Deed]) -> None:
    work.note_answers(deeds, await verifying.take_out_items(uow, items=_items(deeds)))


async def _force(uow: UnitOfWork, work: Round, deeds: Sequence[Deed]) -> None:
    forcings = [rules.Forcing(deed.effect.parcel_id, deed.effect.reason, deed.turn.actor) for deed in deeds]
    work.note_answers(deeds, await verifying.force_verify(uow, forcings=forcings))


async def _seal(uow: UnitOfWork, work: Round, deeds: Sequence[Deed]) -> None:
    seals = [rules.Seal(deed.effect.parcel_id, not deed.effect.another, deed.desk.worker_id) for deed in deeds]
    sealed = work.note_answers(deeds, await packing.seal_parcels(uow, seals=seals))
    shipped = {answer.parcel_id for _, answer in sealed if answer.shipped}
    for deed, answer in sealed:
        work.notes.append((deed, _SHIPPED if answer.shipped else _LABEL_FOLLOWS))
    work.going_on = [deed for deed, _ in sealed if deed.effect.another]
    await _weigh(uow, work, [deed for deed in work.of(effects.Weigh) if deed.effect.parcel_id not in shipped])


async def _weigh(uow: UnitOfWork, work: Round, deeds: Sequence[Deed]) -> None:
    weighings = [
        rules.Weighing(deed.effect.parcel_id, deed.effect.weight_g, deed.effect.force_reason, deed.turn.actor)
        for deed in deeds
    ]
    for deed, answer in work.note_answers(deeds, await packing.weigh_parcels(uow, weighings=weighings)):
        if answer.shipped:
            work.notes.append((deed, _SHIPPED))


async def _weigh_alone(uow: UnitOfWork, work: Round, deeds: Sequence[Deed]) -> None:
    """Weigh parcels in a round that seals none; one that does has weighed with it."""
    if not work.of(effects.Seal):
        await _weigh(uow, work, deeds)


async def _open(uow: UnitOfWork, work: Round) -> None:
    """Open parcels, last of all because numbering them makes everybody else wait.

    What the sessions' later entries will move is locked before that.
    """
    wanted = [(deed, deed.effect.fulfillment_order_id) for deed in work.of(effects.OpenParcel)]
    wanted += [(deed, deed.desk.state.subject_id) for deed in work.going_on]
    if not wanted:
        return
    waiting = [(deed.desk, order_id) for deed, order_id in wanted if deed.desk.queue]
    goods = {each for desk, order_id in waiting for each in desk.task.bench.goods_of(order_id)}
    if goods:
        await packing_locks.lock_parcels_of_orders(uow, {order_id for _, order_id in wanted})
        if any(turn.entry.kind in _ENDINGS for desk, _ in waiting for turn in desk.queue):
            await stock_locks.lock_levels_of_allocations(uow, goods)
        await stock_locks.lock_balances_of_allocations(uow, goods)
    openings = [rules.Opening(order_id, deed.desk.station_id) for deed, order_id in wanted]
    work.note_answers([deed for deed, _ in wanted], await parcels.open_parcels(uow, openings=openings))


async def _reprint(uow: UnitOfWork, work: Round, deeds: Sequence[Deed]) -> None:
    alike: dict[tuple[str, UUID | None], list[Deed]] = {}
    for deed in deeds:
        alike.setdefault((deed.effect.reason, deed.desk.station_id), []).append(deed)
    for (reason, station_id), own in alike.items():
        ids = [deed.effect.parcel_id for deed in own]
        answers = await waybills.reprint_labels(uow, parcel_ids=ids, reason=reason, station_id=station_id)
        for deed, job_id in work.note_answers(own, answers):
            uow.credit(deed.desk.worker_id, [job_id])


async def _put_on(uow: UnitOfWork, work: Round, deeds: Sequence[Deed]) -> None:
    scans = [
        manifests.ManifestScan(
            getattr(deed.effect, "manifest_id", None), deed.effect.parcel_id, deed.desk.location_id, deed.desk.worker_id
        )
        for deed in deeds
    ]
    for deed, answer in work.note_answers(deeds, await manifests.put_on_manifests(uow, scans=scans)):
        uow.credit(deed.desk.worker_id, [answer.manifest_id])


async def _take_off(uow: UnitOfWork, work: Round, deeds: Sequence[Deed]) -> None:
    scans = [manifests.ManifestScan(deed.effect.manifest_id, deed.effect.parcel_id) for deed in deeds]
    work.note_answers(deeds, await manifests.take_off_manifests(uow, scans=scans))


_CHANGES_WALKS = (effects.BindTote, effects.ReportShort, effects.SwapLot, effects.PutBackUnits)
"""Effects carried out before units are taken that change what was read of lists."""

_ENDINGS = frozenset({ScanKind.SEAL, ScanKind.WEIGHT, ScanKind.FORCE})
Act = Callable[[UnitOfWork, Round, Sequence[Deed]], Awaitable[None]]
_ACTS: Mapping[type[Any], Act] = {
    effects.ChooseCarton: _choose_cartons,
    effects.RestoreCarton: _restore_cartons,
    effects.BindTote: _bind,
    effects.BindWall: _bind_wall,
    effects.ReportShort: _short,
    effects.SwapLot: _swap,
    effects.PutBackUnits: _put_back,
    effects.TakeUnits: _take,
    effects.NoteConfusion: _note_confusions,
    effects.UndoPick: _undo,
    effects.SortUnits: _sort,
    effects.UnsortUnits: _sort,
    effects.KickOut: _kick_out,
    effects.PackUnits: _pack,
    effects.Reopen: _reopen,
    effects.UnpackUnits: _unpack,
    effects.ForcePass: _force,
    effects.Seal: _seal,
    effects.Weigh: _weigh_alone,
    effects.Reprint: _reprint,
    effects.PutOnManifest: _put_on,
    effects.BeginHandover: _put_on,
    effects.TakeOffManifest: _take_off,
}


def subjects_of(deed: Deed) -> set[UUID]:
    """Return what a deed is about, so that the log can tell who did it."""
    names = ("pick_list_id", "pick_line_id", "fulfillment_order_id", "parcel_id", "task_id")
    ids = {getattr(deed.effect, name, None) for name in names} | {deed.desk.subject_id, deed.desk.state.subject_id}
    return {each for each in ids if each is not None}
