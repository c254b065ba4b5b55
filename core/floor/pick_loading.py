"""Reading pick lists for the interpreter: lines, shares and totes as they stand."""

from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from pickmesh.core.floor.codes import CodesAt, KnownCodes
from pickmesh.core.floor.desk import Desk
from pickmesh.core.floor.entries import Entry
from pickmesh.core.floor.pick_task import Booked, PickLine, PickTask, Share, Tote
from pickmesh.core.floor.tables import Scan, ScanKind
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.picking import swaps as picking_swaps
from pickmesh.core.picking.tables import Pick, PickLineStatus, PickListStatus, WaveKind
from pickmesh.core.picking.walks import Walks
from pickmesh.core.picking.work import is_called_off
from pickmesh.core.stock import swaps
from pickmesh.core.stock.tables import AllocationStatus, LotSwap, ScanPolicy, ZeroCheck
from pickmesh.scanner.codes.own import OwnKind, number_text

Row = sa.Row[*tuple[Any, ...]]


async def pick_tasks(uow: UnitOfWork, at_work: Walks, named: Collection[UUID]) -> dict[UUID, PickTask]:
    """Return pick lists as the interpreter sees them; `named` are client ids of entries that may be undone."""
    tasks = {list_id: _task(uow, at_work, row) for list_id, row in at_work.lists.items()}
    if named:
        await _add_booked(uow, tasks, named)
    return tasks


def _task(uow: UnitOfWork, at_work: Walks, row: Row) -> PickTask:
    lines = {line.id: _line(line) for line in at_work.lines[row.id]}
    for line_id, line in lines.items():
        line.shares = [
            Share(each.fulfillment_order_id, each.quantity, is_called_off(each))
            for each in at_work.shares.get(line_id, ())
            if each.place_id == each.bin_id and each.status == AllocationStatus.OPEN
        ]
    totes = at_work.totes.get(row.id, ())
    return PickTask(
        list_id=row.id,
        number=number_text(OwnKind.PICK_LIST, row.number),
        kind=WaveKind(at_work.waves[row.wave_id].kind),
        status=PickListStatus(row.status),
        worker_id=row.worker_id,
        claimed_at=row.claimed_at,
        lease_until=row.lease_until,
        policy=ScanPolicy(row.scan_policy),
        lot_swap=LotSwap(row.lot_swap),
        zero_check=ZeroCheck(row.zero_check),
        was_dark=row.dark_until is not None,
        today=uow.now.astimezone(ZoneInfo(row.time_zone)).date(),
        lines=lines,
        totes={each.place_id: Tote(each.place_id, each.place_code, each.fulfillment_order_id) for each in totes},
        seats={
            order_id: number_text(OwnKind.FULFILLMENT_ORDER, number)
            for order_id, number in at_work.served(row.id).items()
        },
        zone=row.zone,
        at_work=at_work,
    )


def _line(row: Row) -> PickLine:
    return PickLine(
        id=row.id,
        sequence=row.sequence,
        place_id=row.place_id,
        place_code=row.place_code,
        sku_id=row.sku_id,
        sku_code=row.sku_code,
        sku_name=row.name_en or "",
        name_zh=row.name_zh or "",
        quantity=row.quantity,
        picked=row.picked_quantity,
        short=row.short_quantity,
        lot_id=row.lot_id,
        lot_code=row.lot_code,
        expires_on=row.expires_on,
        lot_tracked=row.lot_tracked,
        serial_tracked=row.serial_tracked,
        closed=row.status != PickLineStatus.OPEN,
        cancelled=row.status == PickLineStatus.CANCELLED,
        looks_like=row.looks_like or "",
        was_swapped=row.meant_lot_id is not None,
        zone=row.zone,
    )


async def _add_booked(uow: UnitOfWork, tasks: Mapping[UUID, PickTask], named: Collection[UUID]) -> None:
    """Add what earlier entries took from these lists, so that it can be undone."""
    line_list = {line_id: task for task in tasks.values() for line_id in task.lines}
    found = await uow.fetch(
        sa.select(Scan.client_id, Pick.scan_id, Pick.pick_line_id, Pick.quantity, Pick.undone_at)
        .join(Pick, (Pick.merchant_id == Scan.merchant_id) & (Pick.scan_id == Scan.id))
        .where(uow.mine(Scan), uow.among(Scan.client_id, named))
        .order_by(Pick.id)
    )
    for row in found:
        task = line_list.get(row.pick_line_id)
        if task is None:
            continue
        before = task.booked.get(row.client_id)
        quantity = row.quantity + (before.quantity if before else 0)
        task.booked[row.client_id] = Booked(row.scan_id, row.pick_line_id, quantity, row.undone_at is not None)


async def add_lots(uow: UnitOfWork, desks: Collection[Desk], known: KnownCodes) -> None:
    """Add what else lies where lines wait, to tasks of pickers who say another lot than their lines name.

    Two statements when somebody does, none as a rule. Whose phone was in the dark is remembered for the whole batch.
    """
    for desk in desks:
        desk.was_dark = desk.was_dark or desk.task.was_dark
    asking = {desk.task.list_id: desk.task for desk in desks if _says_another(desk, known.at(desk.location_id))}
    goods = {(line.place_id, line.sku_id) for task in asking.values() for line in _lines_by_lot(task)}
    if not goods:
        return
    lots = await swaps.lots_at(uow, goods, lock=False)
    exchangeable = await picking_swaps.exchangeable(uow, goods, but=asking)
    for task in asking.values():
        task.lots, task.exchangeable = lots, exchangeable


def _lines_by_lot(task: PickTask) -> list[PickLine]:
    return [line for line in task.lines.values() if line.left and line.lot_tracked and line.lot_code is not None]


def _says_another(desk: Desk, codes: CodesAt) -> bool:
    """Tell whether a waiting entry, or the question it answers, says a lot or a unit that no waiting line is of."""
    lines = _lines_by_lot(desk.task)
    names = {(line.lot_code or "").strip().upper() for line in lines}
    questions = [
        state.asked for state in (desk.state, desk.state.late) if state is not None and state.asked is not None
    ]
    entries = [*(turn.entry for turn in desk.queue), *(asked.entry for asked in questions)]
    said = {asked.lot.code for asked in questions if asked.lot} | {entry.lot.code for entry in entries if entry.lot}
    units = [unit for entry in entries if entry.serial for unit in codes.units(entry.serial)]
    for code in filter(None, map(codes.of, entries)):
        said |= {code.scanned.lot} if code.scanned.lot else set()
        units += [*code.units, *(codes.units(code.scanned.serial) if code.scanned.serial else ())]
    of_lines = {(line.sku_id, line.lot_id) for line in lines}
    return bool(lines) and (
        any(each.strip().upper() not in names for each in said)
        or any((unit.sku_id, unit.lot_id) not in of_lines for unit in units)
    )


def may_be_short(desks: Iterable[Desk]) -> set[UUID]:
    """Return the allocations behind lists of which entries that still wait may report something missing."""
    waiting = [desk.task for desk in desks if any(turn.entry.kind in _MISSING for turn in desk.queue)]
    read = [(task, task.at_work) for task in waiting if isinstance(task, PickTask) and task.at_work is not None]
    return {share.id for task, walks in read for line_id in task.lines for share in walks.shares.get(line_id, ())}


_MISSING = frozenset({ScanKind.SHORT, ScanKind.QUANTITY})
ASKING = timedelta(minutes=2)
"""So long after an entry somebody is believed to wait for its answer."""


def is_settled(desk: Desk, entry: Entry) -> bool:
    """Tell whether nobody waits to be asked about an entry: the phone kept it in the dark, or its worker went on."""
    task = desk.task
    if not isinstance(task, PickTask):
        return False
    return desk.was_dark or (bool(desk.queue) and desk.queue[-1].entry.recorded_at - entry.recorded_at > ASKING)
