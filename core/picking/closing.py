"""What follows from changed lines: lines, lists and waves that are finished, or open again."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.picking import events, rules, totes
from pickmesh.core.picking.tables import (
    PickLine,
    PickLineStatus,
    PickList,
    PickListStatus,
    Wave,
    WaveOrder,
    WaveOrderState,
    WaveStatus,
)
from pickmesh.core.picking.work import Held

Row = sa.Row[*tuple[Any, ...]]
Units = Mapping[UUID, int]


@dataclass(frozen=True, slots=True)
class Closed:
    """How things stand after a change: what lines still need, and which lists are finished."""

    left: Units = field(default_factory=dict)
    lists_done: Collection[UUID] = ()


@dataclass(frozen=True, slots=True)
class Changes:
    """Differences in units by pick line; `dropped` ones are not asked for any more, `added` lists got new lines."""

    picked: Units = field(default_factory=dict)
    short: Units = field(default_factory=dict)
    dropped: Units = field(default_factory=dict)
    added: Collection[UUID] = ()


async def advance_lines(uow: UnitOfWork, held: Held, changes: Changes) -> Closed:
    """Write what changed on locked pick lines and let lists and waves follow."""
    touched = sorted({*changes.picked, *changes.short, *changes.dropped})
    if not touched and not changes.added:
        return Closed()
    after = [_after(held.lines[line_id], changes) for line_id in touched]
    await uow.update(PickLine, after)
    left = {row["id"]: _left(row) for row in after}
    concerned = sorted({held.lines[line_id].pick_list_id for line_id in touched} | set(changes.added))
    done = await _close_lists(uow, [held.lists[list_id] for list_id in concerned], held, changes, after)
    uow.emit(_list_events(held, concerned, changes))
    return Closed(left, done)


def _after(line: rules.WorkLine, changes: Changes) -> dict[str, Any]:
    quantity = line.quantity - changes.dropped.get(line.id, 0)
    picked = line.picked + changes.picked.get(line.id, 0)
    short = line.short + changes.short.get(line.id, 0)
    if quantity == 0:  # the row remembers what it once asked for
        status, quantity = PickLineStatus.CANCELLED, line.quantity
    else:
        status = PickLineStatus.DONE if picked + short == quantity else PickLineStatus.OPEN
    return {
        "id": line.id,
        "quantity": quantity,
        "picked_quantity": picked,
        "short_quantity": short,
        "status": status,
    }


def _left(row: Mapping[str, Any]) -> int:
    if row["status"] != PickLineStatus.OPEN:
        return 0
    return int(row["quantity"] - row["picked_quantity"] - row["short_quantity"])


def _list_events(held: Held, concerned: Collection[UUID], changes: Changes) -> Iterator[events.PickListChanged]:
    picked: Counter[UUID] = Counter()
    short: Counter[UUID] = Counter()
    for line_id, quantity in changes.picked.items():
        picked[held.lines[line_id].pick_list_id] += quantity
    for line_id, quantity in changes.short.items():
        short[held.lines[line_id].pick_list_id] += quantity
    for list_id in concerned:
        added = int(list_id in changes.added)
        yield events.PickListChanged(list_id, held.lists[list_id].wave_id, picked[list_id], short[list_id], added)


async def _close_lists(
    uow: UnitOfWork, lists: Collection[Row], held: Held, changes: Changes, after: Sequence[Mapping[str, Any]]
) -> set[UUID]:
    """Finish lists without open lines, and open again those that have some; return the lists that are finished now.

    A list whose every line was dropped is CANCELLED. Finished lists with new lines stand ready for anybody, those with
    undone ones go back to their workers. Waves follow.
    """
    counts = await _line_counts(uow, [row.id for row in lists], held, after)
    ended = {row.id: _ending(counts[row.id]) for row in lists}
    finished = [row for row in lists if ended[row.id] is not None and row.status not in rules.FINISHED]
    reopened = [row for row in lists if ended[row.id] is None and row.status in rules.FINISHED]
    await uow.update(
        PickList,
        [{"id": row.id, "status": ended[row.id], "lease_until": None, "done_at": uow.now} for row in finished],
        bump_version=True,
    )
    await _reopen(uow, reopened, {row.id: row.worker_id for row in reopened if row.id not in changes.added})
    if finished:
        await uow.clear_timers(rules.LEASE_TIMER, [row.id for row in finished])
        await totes.free_totes(uow, await totes.tote_holds_of_lists(uow, [row.id for row in finished]))
        uow.emit(events.PickListDone(row.id, row.wave_id, row.worker_id) for row in finished)
    changed = {row.wave_id for row in (*finished, *reopened)}
    moving = {row.wave_id for row in lists if held.waves[row.wave_id].status != WaveStatus.IN_PROGRESS}
    await _advance_waves(uow, [held.waves[wave_id] for wave_id in sorted(changed | moving)])
    return {list_id for list_id, ending in ended.items() if ending is not None}


async def _line_counts(
    uow: UnitOfWork, list_ids: Collection[UUID], held: Held, after: Sequence[Mapping[str, Any]]
) -> dict[UUID, Counter[str]]:
    """Count lists' lines by status; of lists that were read whole without asking again."""
    now = {row["id"]: str(row["status"]) for row in after}
    counts: dict[UUID, Counter[str]] = {list_id: Counter() for list_id in list_ids}
    for list_id in held.statuses.keys() & counts.keys():
        counts[list_id].update(now.get(line_id, status) for line_id, status in held.statuses[list_id].items())
    others = counts.keys() - held.statuses.keys()
    if not others:
        return counts
    found = await uow.fetch(
        sa.select(PickLine.pick_list_id, PickLine.status, sa.func.count().label("lines"))
        .where(uow.mine(PickLine), uow.among(PickLine.pick_list_id, others))
        .group_by(PickLine.pick_list_id, PickLine.status)
    )
    for row in found:
        counts[row.pick_list_id][row.status] = row.lines
    return counts


def _ending(counts: Counter[str]) -> PickListStatus | None:
    """Return how a list with these lines has ended, None while one is open."""
    if counts[PickLineStatus.OPEN]:
        return None
    return PickListStatus.DONE if counts[PickLineStatus.DONE] else PickListStatus.CANCELLED


async def _reopen(uow: UnitOfWork, lists: Collection[Row], worker_of: Mapping[UUID, UUID | None]) -> None:
    """Open finished lists again, in the hands of these workers or, without one, ready for anybody."""
    until = uow.after(rules.LEASE)
    await uow.update(
        PickList,
        [
            {
                "id": row.id,
                "status": PickListStatus.CLAIMED if worker_of.get(row.id) else PickListStatus.READY,
                "worker_id": worker_of.get(row.id),
                "lease_until": until if worker_of.get(row.id) else None,
                "done_at": None,
            }
            for row in lists
        ],
        bump_version=True,
    )
    await uow.set_timers(rules.LEASE_TIMER, {list_id: until for list_id, worker_id in worker_of.items() if worker_id})


async def _advance_waves(uow: UnitOfWork, waves: Collection[Row]) -> None:
    """Bring waves to where their lists are: begun, finished, or begun again."""
    if not waves:
        return
    unfinished = {
        row.wave_id
        for row in await uow.fetch(
            sa.select(PickList.wave_id)
            .where(
                uow.mine(PickList),
                uow.among(PickList.wave_id, [row.id for row in waves]),
                PickList.status.not_in(rules.FINISHED),
            )
            .distinct()
        )
    }
    over = [row for row in waves if row.id not in unfinished and row.status in rules.RUNNING]
    begun = [row for row in waves if row.id in unfinished and row.status in {WaveStatus.RELEASED, WaveStatus.DONE}]
    await uow.update(
        Wave,
        [{"id": row.id, "status": WaveStatus.DONE, "done_at": uow.now} for row in over]
        + [{"id": row.id, "status": WaveStatus.IN_PROGRESS, "done_at": None} for row in begun],
        bump_version=True,
    )
    if over:
        await uow.execute(
            sa.update(WaveOrder)
            .where(
                uow.mine(WaveOrder),
                uow.among(WaveOrder.wave_id, [row.id for row in over]),
                WaveOrder.state == WaveOrderState.IN,
            )
            .values(state=WaveOrderState.DONE)
        )
        uow.emit(events.WaveDone(row.id, row.location_id) for row in over)
