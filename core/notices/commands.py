"""Telling people: a notice is posted, changes in place, becomes its own outcome; statements do not depend on how many.

Who is told is decided by the caller, who also holds a lock on the subject, so that two never post about it at once.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.ids import new_id
from pickmesh.core.notices import events, locks, rules
from pickmesh.core.notices.locks import Row
from pickmesh.core.notices.rules import Closing, NewNotice
from pickmesh.core.notices.tables import DeliveryState, Medium, Notice, NoticeDelivery, NoticeState

Key = tuple[UUID, str, UUID]
"""Person, kind, subject: of these there is one notice."""


async def post(uow: UnitOfWork, notices: Sequence[NewNotice]) -> list[UUID]:
    """Tell people; return each one's notice. About a subject they were told of before, the notice changes in place.

    One that would say the same again is left alone: nobody is told twice. One that changed is unread and on its way
    again. Of several for the same person, kind and subject the last one counts.
    """
    if not notices:
        return []
    newest = {_key(each.person_id, each.kind, each.subject_id): each for each in notices}
    known = await _known(uow, {each.subject_id for each in notices})
    new = {key: new_id() for key in newest if key not in known}
    await uow.insert(Notice, [_row(uow, new[key], newest[key]) for key in new])
    await uow.insert(NoticeDelivery, [_delivery(uow, id_, medium) for id_ in new.values() for medium in Medium])
    changed = [
        (known[key], each.state, rules.content(each.text, each.actions))
        for key, each in newest.items()
        if key in known and _differs(known[key], each.state, rules.content(each.text, each.actions))
    ]
    uow.emit(
        events.NoticePosted(id_, newest[key].person_id, newest[key].kind, newest[key].state, 1)
        for key, id_ in new.items()
    )
    await _change(uow, changed)
    ids = {key: row.id for key, row in known.items()} | new
    return [ids[_key(each.person_id, each.kind, each.subject_id)] for each in notices]


async def close(uow: UnitOfWork, closings: Sequence[Closing]) -> list[UUID]:
    """Let notices become their own outcome for everybody who was told; return those that changed.

    Nothing can be done about them any more. In a chat the message changes; one that never got there is not sent.
    """
    outcome = {(each.kind.value, each.subject_id): rules.content(each.text) for each in closings}
    told = await _known(uow, {each.subject_id for each in closings})
    changed = [
        (row, NoticeState.CLOSED, outcome[row.kind, row.subject_id])
        for row in told.values()
        if (row.kind, row.subject_id) in outcome
        and _differs(row, NoticeState.CLOSED, outcome[row.kind, row.subject_id])
    ]
    await _change(uow, changed)
    return [row.id for row, _, _ in changed]


async def read(uow: UnitOfWork, notice_ids: Collection[UUID]) -> list[UUID]:
    """Mark the caller's own notices as seen; return those that were unseen. Others' are left alone."""
    locked = await locks.lock_notices(uow, notice_ids)
    unseen = [row for row in locked.values() if row.person_id == uow.actor.person_id and row.read_at is None]
    await uow.update(Notice, [{"id": row.id, "read_at": uow.now} for row in unseen])
    uow.emit(events.NoticeRead(row.id, row.person_id, row.version) for row in unseen)
    return [row.id for row in unseen]


async def _known(uow: UnitOfWork, subject_ids: Collection[UUID]) -> dict[Key, Row]:
    if not subject_ids:
        return {}
    found = await locks.lock_notices_about(uow, subject_ids)
    return {_key(row.person_id, row.kind, row.subject_id): row for row in found}


def _key(person_id: UUID, kind: str, subject_id: UUID) -> Key:
    return person_id, str(kind), subject_id


def _differs(row: Row, state: NoticeState, content: Mapping[str, Any]) -> bool:
    return bool(row.state != state or row.text != content)


async def _change(uow: UnitOfWork, changed: Sequence[tuple[Row, NoticeState, dict[str, Any]]]) -> None:
    """Write what notices say now and send it on its way."""
    await uow.update(
        Notice,
        [
            {"id": row.id, "state": state, "text": content, "changed_at": uow.now, "read_at": None}
            for row, state, content in changed
        ],
        bump_version=True,
    )
    await _send_again(uow, {row.id: (row.version + 1, state) for row, state, _ in changed})
    uow.emit(events.NoticePosted(row.id, row.person_id, row.kind, state, row.version + 1) for row, state, _ in changed)


async def _send_again(uow: UnitOfWork, now: Mapping[UUID, tuple[int, NoticeState]]) -> None:
    deliveries = await locks.deliveries_of(uow, list(now)) if now else []
    await uow.update(NoticeDelivery, list(_sent_again(uow, deliveries, now)))


def _sent_again(
    uow: UnitOfWork, deliveries: Iterable[Row], now: Mapping[UUID, tuple[int, NoticeState]]
) -> Iterable[dict[str, Any]]:
    for row in deliveries:
        version, state = now[row.notice_id]
        key = {"notice_id": row.notice_id, "medium": row.medium}
        if row.medium == Medium.APP:
            yield key | {"state": DeliveryState.SENT, "version": version, "attempts": 0, "sent_at": uow.now}
            continue
        is_closed = state == NoticeState.CLOSED
        going = rules.after_closing(row.version) if is_closed else DeliveryState.WAITING
        yield key | {"state": going, "version": row.version, "attempts": 0, "sent_at": row.sent_at}


def _row(uow: UnitOfWork, id_: UUID, notice: NewNotice) -> dict[str, Any]:
    return {
        "id": id_,
        "person_id": notice.person_id,
        "kind": notice.kind,
        "state": notice.state,
        "subject_id": notice.subject_id,
        "text": rules.content(notice.text, notice.actions),
        "posted_at": uow.now,
        "changed_at": uow.now,
    }


def _delivery(uow: UnitOfWork, notice_id: UUID, medium: Medium) -> dict[str, Any]:
    """Return a delivery's row: what the app shows is there at once, a chat has to be reached."""
    there = medium == Medium.APP
    return {
        "notice_id": notice_id,
        "medium": medium,
        "state": DeliveryState.SENT if there else DeliveryState.WAITING,
        "version": 1 if there else 0,
        "sent_at": uow.now if there else None,
    }
