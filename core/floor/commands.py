"""The one door for everything scanned: batches of many sessions and persons, each entry with exactly one verdict."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from msgspec.structs import replace

from pickmesh.core.db.prepared import Prepared
from pickmesh.core.floor import codes, entries, loading, playing, sessions, state, views
from pickmesh.core.floor.codes import KnownCodes
from pickmesh.core.floor.desk import Desk, Turn
from pickmesh.core.floor.entries import ENTRIES_MAX, Entry, Verdict
from pickmesh.core.floor.pick_task import PickTask
from pickmesh.core.floor.refusals import NeedsPerson, NoSuchSession
from pickmesh.core.floor.tables import Job, Outcome, Scan, ScanKind, ScanSession
from pickmesh.core.floor.views import SessionView
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import LimitExceeded, Refusal
from pickmesh.core.kit.texts import sentence
from pickmesh.core.picking import dark, lists, tasks
from pickmesh.core.picking.rules import RENEW_BELOW
from pickmesh.core.picking.tables import TaskKind
from pickmesh.core.stock import queries as stock_queries
from pickmesh.scanner.codes.parse import CodeKind

_SCANS = Prepared(
    lambda to: (
        sa.select(
            Scan.client_id,
            Scan.session_id,
            Scan.worker_id,
            Scan.entry,
            Scan.outcome,
            Scan.verdict,
            ScanSession.job,
            ScanSession.subject_id,
        )
        .join(ScanSession, sa.and_(to.mine(ScanSession), ScanSession.id == Scan.session_id))
        .where(to.mine(Scan), to.among(Scan.client_id, "client_ids"))
    )
)
_SAME = ("kind", "raw", "raw_base64", "quantity", "weight_g", "lot", "serial", "choice", "answers")
_REUSED = sentence("This clientId was used for another entry: send this one under a clientId of its own.")
_NOT_YOURS = sentence("This clientId is somebody else's: send the entry under one of your own.")


@dataclass(frozen=True, slots=True)
class EntryBatch:
    """Entries of one person for one session; without a session the first scan opens one."""

    actor: Actor
    session_id: UUID | None
    entries: Sequence[Entry]


@dataclass(frozen=True, slots=True)
class BatchResult:
    """One verdict per entry in the order they came, and the session afterwards; or why the batch was not taken."""

    session: SessionView | None
    verdicts: Sequence[Verdict]
    refusal: Refusal | None = None


@dataclass(slots=True)
class _Batch:
    """A batch on its way: its entries within bounds, and the verdicts that are known."""

    source: EntryBatch
    entries: Sequence[Entry]
    desk: Desk | None = None
    refusal: Refusal | None = None
    verdicts: dict[int, Verdict] = field(default_factory=dict)


async def record_entries(uow: UnitOfWork, *, batches: Sequence[EntryBatch]) -> list[BatchResult]:
    """Judge and book entries of many sessions and persons in one unit of work; every entry is kept as it came.

    Entries of a session are applied by `sequence`. One that comes after later ones is still applied if it still fits,
    else it becomes an exception task (outcome EXCEPTION). An entry whose clientId was recorded before is answered as it
    was then, with `repeated`; the same clientId for something else is DUPLICATE and is not kept. A batch is refused as
    a whole, and nothing of it kept, with NOT_FOUND (no such session), NOT_PERMITTED, NEEDS_PERSON, LIMIT_EXCEEDED
    (over 200 entries) or NOTHING_TO_OPEN; the other batches go on. Each batch's own actor is asked for floor:work.
    """
    taken = [
        _Batch(batch, [entries.within_bounds(entry, uow.now) for entry in batch.entries[: ENTRIES_MAX + 1]])
        for batch in batches
    ]
    known = await _seat(uow, taken)
    desks = list({batch.desk.id: batch.desk for batch in taken if batch.desk is not None}.values())
    _queue(taken)
    await loading.load(uow, desks, known, lock=True)
    await _hear_phones(uow, desks)
    await sessions.lock_desks(uow, desks)
    await _answer_repeated(uow, taken, desks)
    await playing.play(uow, desks, known)
    await _write(uow, desks, known)
    await loading.load(uow, playing.with_stale_work(desks), known, lock=False)
    shown = {desk.id: views.view(desk) for desk in desks}
    return [_result(index, batch, shown) for index, batch in enumerate(taken)]


async def record_group(uow: UnitOfWork, items: Sequence[tuple[Actor, EntryBatch]]) -> list[BatchResult]:
    """Record what a group commit brings together: `GroupCommit(database, commands.record_group)`."""
    return await record_entries(uow, batches=[batch for _, batch in items])


async def _seat(uow: UnitOfWork, taken: Sequence[_Batch]) -> KnownCodes:
    """Find or open the session of each batch, and look up everything that was scanned."""
    desks = await sessions.desks_of(uow, {batch.source.session_id for batch in taken if batch.source.session_id})
    opening = [batch for batch in taken if batch.source.session_id is None]
    locations = {desk.location_id for desk in desks.values()}
    if opening:
        locations |= {row.id for row in await stock_queries.locations(uow)}
    said = [entry for batch in taken for entry in batch.entries]
    said += [desk.state.asked.entry for desk in desks.values() if desk.state.asked is not None]
    wide = bool(opening) or any(desk.job is not Job.PICK for desk in desks.values())
    known = await codes.look_up(uow, said, locations, documents=wide)
    for batch in taken:
        try:
            batch.desk = await _desk(uow, batch, desks, known, sorted(locations))
        except Refusal as refusal:
            batch.refusal = refusal
    return known


async def _desk(
    uow: UnitOfWork, batch: _Batch, desks: dict[UUID, Desk], known: KnownCodes, locations: Sequence[UUID]
) -> Desk:
    actor = batch.source.actor
    if len(batch.source.entries) > ENTRIES_MAX:
        raise LimitExceeded(sentence("Send at most {most} entries at once.", most=ENTRIES_MAX), field=("entries",))
    if actor.person_id is None:
        raise NeedsPerson
    if batch.source.session_id is None:
        mine = [each for each in locations if actor.may(Permission.FLOOR_WORK, warehouse_id=each)]
        actor.require(Permission.FLOOR_WORK)
        opened = await sessions.open_by_scan(uow, actor, batch.entries, known, mine)
        return desks.setdefault(opened.id, opened)
    desk = desks.get(batch.source.session_id)
    if desk is None:
        raise NoSuchSession(field=("sessionId",))
    actor.require(Permission.FLOOR_WORK, warehouse_id=desk.location_id)
    return desk


def _queue(taken: Sequence[_Batch]) -> None:
    """Give desks their entries in their sequence; of two with one clientId the first."""
    seen: set[UUID] = set()
    desks: dict[UUID, Desk] = {}
    for index, batch in enumerate(taken):
        if batch.desk is None:
            continue
        desks[batch.desk.id] = batch.desk
        for position, entry in enumerate(batch.entries):
            if entry.client_id not in seen:
                seen.add(entry.client_id)
                batch.desk.queue.append(Turn(index, position, entry, batch.source.actor, new_id()))
    for desk in desks.values():
        ordered = sorted(desk.queue, key=lambda turn: (turn.entry.sequence, turn.batch, turn.position))
        desk.queue = deque(ordered)


async def _hear_phones(uow: UnitOfWork, desks: Sequence[Desk]) -> None:
    """End the dark of lists whose own phones have sent something: what was to be stopped meanwhile is stopped now."""
    walks = [(desk, desk.task.list_id, desk.task.at_work) for desk in desks if isinstance(desk.task, PickTask)]
    heard = [(desk, at_work.lists[list_id]) for desk, list_id, at_work in walks if at_work is not None and desk.queue]
    await dark.hear(uow, [row for desk, row in heard if row.worker_id == desk.worker_id])


async def _answer_repeated(uow: UnitOfWork, taken: Sequence[_Batch], desks: Sequence[Desk]) -> None:
    """Answer entries that came before as they were answered then; asked with the sessions locked, so it stays true."""
    waiting = [turn.entry for desk in desks for turn in desk.queue]
    named = {entry.client_id for entry in waiting} | {entry.answers for entry in waiting if entry.answers is not None}
    earlier = await _earlier(uow, named)
    for batch in taken:
        for position, entry in enumerate(batch.entries if batch.desk is not None else ()):
            if entry.client_id in earlier:
                batch.verdicts[position] = _repeated(entry, batch.source.actor, earlier[entry.client_id])
    for desk in desks:
        desk.queue = deque(turn for turn in desk.queue if turn.entry.client_id not in earlier)
        desk.outcomes = {each: Outcome(row.outcome) for each, row in earlier.items() if _is_of(desk, row)}


def _is_of(desk: Desk, row: Any) -> bool:
    """Tell whether an earlier entry belongs to a desk's work: of its session, or its worker's at the same list."""
    if row.session_id == desk.id:
        return True
    picks = desk.job is Job.PICK and row.job == Job.PICK
    return picks and (row.worker_id, row.subject_id) == (desk.worker_id, desk.subject_id)


async def _earlier(uow: UnitOfWork, client_ids: set[UUID]) -> Mapping[UUID, Any]:
    if not client_ids:
        return {}
    return {row.client_id: row for row in await uow.ask(_SCANS, client_ids=client_ids)}


def _repeated(entry: Entry, actor: Actor, row: Any) -> Verdict:
    if row.worker_id != actor.person_id:
        return Verdict(entry.client_id, Outcome.NOT_YOURS, _NOT_YOURS)
    if not _is_same(_kept(entry), row.entry):
        return Verdict(entry.client_id, Outcome.DUPLICATE, _REUSED)
    return entries.verdict_again(entry.client_id, row.outcome, row.verdict)


def _is_same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return all(one.get(name) == other.get(name) for name in _SAME)


def _kept(entry: Entry, known: KnownCodes | None = None) -> dict[str, Any]:
    """Return an entry as it is kept: exactly as it came, but a pairing code is a secret."""
    kept = entries.as_json(entry)
    scanned = (known or KnownCodes()).read(entry)
    if scanned is not None and scanned.kind is CodeKind.PAIRING:
        kept |= {"raw": codes.PAIRING_SAID}
        kept.pop("raw_base64", None)
    return kept


async def _write(uow: UnitOfWork, desks: Sequence[Desk], known: KnownCodes) -> None:
    """Keep every entry with its verdict, raise tasks for what a person must settle, and write the sessions."""
    turns = [(desk, turn) for desk in desks for turn in desk.done]
    await _raise_tasks(uow, [(desk, turn) for desk, turn in turns if turn.raised is not None])
    played = [desk for desk in desks if desk.done]
    await lists.renew_leases(uow, pick_list_ids=[desk.task.list_id for desk in played if _is_due(uow, desk)])
    await uow.insert(Scan, [_scan_row(uow, desk, turn, known) for desk, turn in turns])
    for desk in played:
        desk.version += 1
    changed = [
        {
            "id": desk.id,
            "subject_id": desk.work_id,
            "state": state.to_json(desk.state),
            "last_sequence": desk.last_sequence,
        }
        for desk in played
    ]
    await uow.update(ScanSession, changed, bump_version=True)


def _is_due(uow: UnitOfWork, desk: Desk) -> bool:
    """Tell whether the lease of a desk's list must be renewed."""
    until = desk.task.lease_until if isinstance(desk.task, PickTask) else None
    return until is not None and until < uow.after(RENEW_BELOW)


async def _raise_tasks(uow: UnitOfWork, raised: Sequence[tuple[Desk, Turn]]) -> None:
    new = [
        tasks.NewTask(
            kind=TaskKind(turn.raised.kind),
            location_id=desk.location_id,
            subject_id=turn.scan_id,
            sku_id=turn.raised.sku_id,
            place_id=turn.raised.place_id,
            quantity=turn.raised.quantity,
            detail={
                "session_id": str(desk.id),
                "worker_id": str(turn.actor.person_id),
                "kind": turn.entry.kind.value,
                "raw": _kept(turn.entry).get("raw"),
                "message": turn.verdict.message if turn.verdict else "",
            },
        )
        for desk, turn in raised
        if turn.raised is not None
    ]
    for (desk, turn), task_id in zip(raised, await tasks.open_tasks(uow, tasks=new), strict=True):
        uow.credit(desk.worker_id, [task_id])
        if turn.verdict is not None:
            turn.verdict = replace(turn.verdict, task_id=task_id)


def _scan_row(uow: UnitOfWork, desk: Desk, turn: Turn, known: KnownCodes) -> dict[str, Any]:
    assert turn.verdict is not None
    entry, kept = turn.entry, _kept(turn.entry, known)
    verdict = turn.verdict.as_json()
    verdict |= {"packed": turn.packed} if turn.packed else {}
    verdict |= {"undid": turn.undid} if turn.undid else {}
    return {
        "id": turn.scan_id,
        "session_id": desk.id,
        "client_id": entry.client_id,
        "sequence": entry.sequence,
        "kind": ScanKind(entry.kind).value,
        "raw": kept.get("raw"),
        "symbology": kept.get("symbology"),
        "source": kept.get("source"),
        "doubtful": entry.doubtful,
        "entry": kept,
        "outcome": turn.verdict.outcome.value,
        "verdict": verdict,
        "worker_id": turn.actor.person_id,
        "recorded_at": entry.recorded_at,
        "received_at": uow.now,
    }


def _result(index: int, batch: _Batch, shown: Mapping[UUID, SessionView]) -> BatchResult:
    if batch.desk is None:
        return BatchResult(None, [], batch.refusal)
    turns = {turn.entry.client_id: turn for turn in batch.desk.done}
    verdicts = [_verdict(index, position, batch, turns) for position in range(len(batch.entries))]
    return BatchResult(shown[batch.desk.id], verdicts)


def _verdict(index: int, position: int, batch: _Batch, turns: Mapping[UUID, Turn]) -> Verdict:
    """Return an entry's verdict; the second of two entries with one clientId is answered as the first."""
    entry = batch.entries[position]
    turn = turns.get(entry.client_id)
    if position in batch.verdicts:
        return batch.verdicts[position]
    if turn is None or turn.verdict is None:
        return Verdict(entry.client_id, Outcome.DUPLICATE, _REUSED)
    if (turn.batch, turn.position) == (index, position):
        return turn.verdict
    if turn.actor.person_id != batch.source.actor.person_id:
        return Verdict(entry.client_id, Outcome.NOT_YOURS, _NOT_YOURS)
    if not _is_same(_kept(entry), _kept(turn.entry)):
        return Verdict(entry.client_id, Outcome.DUPLICATE, _REUSED)
    return replace(turn.verdict, repeated=True)
