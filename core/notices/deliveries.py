"""How notices get to people outside the app: what waits, what got there, what did not."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.db.rows import table_of
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.notices import locks, queries, rules
from pickmesh.core.notices.queries import NoticeRow
from pickmesh.core.notices.tables import DeliveryState, Medium, Notice, NoticeDelivery

ERROR_LENGTH_MAX = 200
WAITING_MAX = 250


@dataclass(frozen=True, slots=True)
class Waiting:
    """A notice on its way; `delivered` is the version that got there before, 0 for none."""

    notice: NoticeRow
    delivered: int
    attempts: int


@dataclass(frozen=True, slots=True)
class Delivered:
    """A version of a notice that got there."""

    notice_id: UUID
    version: int


@dataclass(frozen=True, slots=True)
class Failed:
    """A version that did not get there, and why; a final failure is not tried again until the notice changes."""

    notice_id: UUID
    version: int
    error: str
    is_final: bool = False


async def waiting(
    uow: UnitOfWork,
    medium: Medium,
    *,
    person_ids: Collection[UUID] | None = None,
    after: UUID | None = None,
    limit: int = WAITING_MAX,
) -> list[Waiting]:
    """Return what waits for delivery, oldest first, to some people or to everybody; after a notice when one is named.

    Who has no chat waits until they have one: name the people who do.
    """
    of_notice = sa.and_(uow.mine(Notice), Notice.id == NoticeDelivery.notice_id)
    found = (
        sa.select(*queries.NOTICE, NoticeDelivery.version.label("delivered"), NoticeDelivery.attempts)
        .join(NoticeDelivery, of_notice)
        .where(
            uow.mine(NoticeDelivery),
            NoticeDelivery.medium == medium,
            NoticeDelivery.state == sa.literal_column(f"'{DeliveryState.WAITING}'"),  # so the partial index serves it
        )
        .order_by(NoticeDelivery.notice_id)
        .limit(min(limit, WAITING_MAX))
    )
    if person_ids is not None:
        found = found.where(uow.among(Notice.person_id, sorted(person_ids)))
    if after is not None:
        found = found.where(NoticeDelivery.notice_id > after)
    return [Waiting(queries.notice_of(row), row.delivered, row.attempts) for row in await uow.fetch(found)]


async def delivered(uow: UnitOfWork, medium: Medium, arrived: Sequence[Delivered]) -> None:
    """Note which versions got there; a notice that changed meanwhile stays on its way. Told again, nothing changes."""
    newest = {each.notice_id: each.version for each in sorted(arrived, key=lambda each: each.version)}
    notices, deliveries = await _locked(uow, medium, newest)
    await uow.update(
        NoticeDelivery,
        [
            {
                "notice_id": row.notice_id,
                "medium": medium,
                "state": rules.after_delivery(notices[row.notice_id].version, newest[row.notice_id]),
                "version": newest[row.notice_id],
                "attempts": 0,
                "sent_at": uow.now,
                "last_error": None,
            }
            for row in deliveries
            if row.version < newest[row.notice_id] <= notices[row.notice_id].version
        ],
    )


async def failed(uow: UnitOfWork, medium: Medium, failures: Sequence[Failed]) -> None:
    """Note what did not get there: it is tried again, eight times at most, unless the failure is final.

    A failure of a version that is no longer the newest, or of what got there meanwhile, changes nothing.
    """
    newest = {each.notice_id: each for each in failures}
    notices, deliveries = await _locked(uow, medium, newest)
    await uow.update(
        NoticeDelivery,
        [
            {
                "notice_id": row.notice_id,
                "medium": medium,
                "state": rules.after_failure(row.attempts + 1, is_final=newest[row.notice_id].is_final),
                "attempts": row.attempts + 1,
                "last_error": newest[row.notice_id].error[:ERROR_LENGTH_MAX],
            }
            for row in deliveries
            if row.state == DeliveryState.WAITING and newest[row.notice_id].version == notices[row.notice_id].version
        ],
    )


async def forget_deliveries(uow: UnitOfWork, medium: Medium, person_id: UUID) -> int:
    """Let what waits for a person rest, because they have no way to hear of it (any more); return how many.

    A notice that changes later is on its way again.
    """
    theirs = sa.select(Notice.id).where(uow.mine(Notice), Notice.person_id == person_id)
    columns = table_of(NoticeDelivery).c
    resting = sa.update(NoticeDelivery).where(
        uow.mine(NoticeDelivery),
        columns.medium == medium,
        columns.state == DeliveryState.WAITING,
        columns.notice_id.in_(theirs),
    )
    return (await uow.execute(resting.values(state=DeliveryState.FAILED, last_error="UNREACHABLE"))).rowcount


async def _locked(
    uow: UnitOfWork, medium: Medium, notice_ids: Collection[UUID]
) -> tuple[dict[UUID, locks.Row], list[locks.Row]]:
    notices = await locks.lock_notices(uow, notice_ids)
    deliveries = await locks.deliveries_of(uow, list(notices))
    return notices, [row for row in deliveries if row.medium == medium]
