"""Units a picker does not find: booked as missing at once, fetched from another bin, else short and a person's task."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import Refused
from pickmesh.core.orders import progress
from pickmesh.core.picking import closing, events, resourcing, rules, tasks, work
from pickmesh.core.picking.rules import PickShort, Taken, WorkLine
from pickmesh.core.picking.tables import TaskKind
from pickmesh.core.stock import put_backs


@dataclass(frozen=True, slots=True)
class ShortReported:
    """Missing units that were booked; `resourced` come from another bin, `backordered` are short and have tasks."""

    index: int
    pick_line_id: UUID
    pick_list_id: UUID
    quantity: int
    resourced: int
    backordered: int
    list_done: bool
    task_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class _Lost:
    """Units of one share that are missing, and how many of them come from elsewhere."""

    index: int
    share: rules.Share
    location_id: UUID
    quantity: int
    resourced: int = 0

    @property
    def missing(self) -> int:
        return self.quantity - self.resourced


async def report_shorts(uow: UnitOfWork, *, shorts: Sequence[PickShort]) -> list[ShortReported | Refused]:
    """Book units that are not in their bin, in a fixed number of statements.

    They move to MISSING and the last seats of the line lose them. What other bins have free is promised to the same
    order and becomes a further line at the end of the list; the rest is short, and a SHORT_PICK task tells of it. In
    one unit of work call this before `confirm_picks`, because it locks stock levels. Refuses LINE_CLOSED, NOT_YOURS,
    TOO_MANY.
    """
    uow.actor.require(Permission.FLOOR_WORK)
    if not shorts:
        return []
    named = [replace(short, worker_id=short.worker_id or uow.actor.person_id) for short in shorts]
    held = await work.lock_lines(uow, {short.pick_line_id for short in named})
    taken, refused = rules.decide_shorts(named, rules.Tally(held.lines))
    lost, late = await _lose(uow, named, taken)
    lines_of = [held.lines[named[each.index].pick_line_id] for each in lost]
    wanted = [
        resourcing.Wanted(each.share, each.location_id, each.quantity, line.pick_list_id)
        for each, line in zip(lost, lines_of, strict=True)
    ]
    found = await resourcing.fetch_elsewhere(uow, wanted)
    lost = [replace(each, resourced=got) for each, got in zip(lost, found, strict=True)]
    await progress.record_short(uow, _by_fulfillment_line(lost))
    added = {line.pick_list_id for line, each in zip(lines_of, lost, strict=True) if each.resourced}
    closed = await closing.advance_lines(uow, held, closing.Changes(short=_by_line(named, lost), added=added))
    task_ids = await _open_tasks(uow, named, lost)
    _emit(uow, named, held.lines, lost)
    answers = _Answers(named, held.lines, lost, task_ids, closed)
    return answers.all({each.index: each for each in (*refused, *late)})


async def _lose(
    uow: UnitOfWork, shorts: Sequence[PickShort], taken: Sequence[Taken]
) -> tuple[list[_Lost], list[Refused]]:
    losses = [
        put_backs.Loss(part.share.allocation_id, part.quantity, actor_id=shorts[part.index].worker_id) for part in taken
    ]
    answers = await put_backs.lose_allocations(uow, losses=losses)
    lost: list[_Lost] = []
    late: list[Refused] = []
    for part, answer in zip(taken, answers, strict=True):
        if isinstance(answer, Refused):
            late.append(Refused(part.index, answer.refusal))
        else:
            lost.append(_Lost(part.index, part.share, answer.location_id, part.quantity))
    return lost, late


def _by_fulfillment_line(lost: Sequence[_Lost]) -> Counter[UUID]:
    missing: Counter[UUID] = Counter()
    for each in lost:
        missing[each.share.line_id] += each.missing
    return missing


def _by_line(shorts: Sequence[PickShort], lost: Sequence[_Lost]) -> Counter[UUID]:
    short: Counter[UUID] = Counter()
    for each in lost:
        short[shorts[each.index].pick_line_id] += each.quantity
    return short


async def _open_tasks(uow: UnitOfWork, shorts: Sequence[PickShort], lost: Sequence[_Lost]) -> Mapping[int, list[UUID]]:
    """Open a task for every order that now lacks units; return the tasks by the item that found them missing."""
    lacking = [each for each in lost if each.missing and not each.share.stopped]
    new = [
        tasks.NewTask(
            kind=TaskKind.SHORT_PICK,
            location_id=each.location_id,
            subject_id=each.share.fulfillment_order_id,
            sku_id=each.share.sku_id,
            place_id=each.share.place_id,
            quantity=each.missing,
            detail={
                "pick_line_id": str(shorts[each.index].pick_line_id),
                "fulfillment_line_id": str(each.share.line_id),
                "scan_id": str(shorts[each.index].scan_id) if shorts[each.index].scan_id else None,
            },
        )
        for each in lacking
    ]
    of_item: dict[int, list[UUID]] = defaultdict(list)
    for each, task_id in zip(lacking, await tasks.open_tasks(uow, tasks=new), strict=True):
        of_item[each.index].append(task_id)
    return of_item


def _emit(uow: UnitOfWork, shorts: Sequence[PickShort], lines: Mapping[UUID, WorkLine], lost: Sequence[_Lost]) -> None:
    together: dict[UUID, list[_Lost]] = defaultdict(list)
    for each in lost:
        together[shorts[each.index].pick_line_id].append(each)
    uow.emit(
        events.PickLineShort(
            line_id,
            lines[line_id].pick_list_id,
            own[0].share.place_id,
            own[0].share.sku_id,
            sum(each.quantity for each in own),
            sum(each.resourced for each in own),
        )
        for line_id, own in together.items()
    )


@dataclass(frozen=True, slots=True)
class _Answers:
    shorts: Sequence[PickShort]
    lines: Mapping[UUID, WorkLine]
    lost: Sequence[_Lost]
    task_ids: Mapping[int, list[UUID]]
    closed: closing.Closed

    def all(self, refused: Mapping[int, Refused]) -> list[ShortReported | Refused]:
        """Return one answer per item, in the order of the input."""
        return [refused.get(index) or self._answer(index, short) for index, short in enumerate(self.shorts)]

    def _answer(self, index: int, short: PickShort) -> ShortReported:
        own = [each for each in self.lost if each.index == index]
        list_id = self.lines[short.pick_line_id].pick_list_id
        return ShortReported(
            index=index,
            pick_line_id=short.pick_line_id,
            pick_list_id=list_id,
            quantity=short.quantity,
            resourced=sum(each.resourced for each in own),
            backordered=sum(each.missing for each in own),
            list_done=list_id in self.closed.lists_done,
            task_ids=tuple(self.task_ids.get(index, ())),
        )
