"""Row locks of notices: a notice guards its deliveries. They come after every lock of a business room."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.db.rows import table_of
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.notices.tables import Notice, NoticeDelivery

NOTICE = tuple(table_of(Notice).c)
DELIVERY = tuple(table_of(NoticeDelivery).c)
Row = sa.Row[*tuple[Any, ...]]


async def lock_notices(uow: UnitOfWork, notice_ids: Collection[UUID]) -> dict[UUID, Row]:
    """Lock notices by id; unknown ones are missing."""
    return {row.id: row for row in await _locked(uow, uow.among(Notice.id, sorted(notice_ids)))}


async def lock_notices_about(uow: UnitOfWork, subject_ids: Collection[UUID]) -> list[Row]:
    """Lock everybody's notices about subjects, of any kind."""
    return await _locked(uow, uow.among(Notice.subject_id, sorted(subject_ids)))


async def deliveries_of(uow: UnitOfWork, notice_ids: Collection[UUID]) -> list[Row]:
    """Return the deliveries of locked notices."""
    found = sa.select(*DELIVERY).where(uow.mine(NoticeDelivery), uow.among(NoticeDelivery.notice_id, notice_ids))
    return list(await uow.fetch(found.order_by(NoticeDelivery.notice_id, NoticeDelivery.medium)))


async def _locked(uow: UnitOfWork, which: sa.ColumnElement[bool]) -> list[Row]:
    found = sa.select(*NOTICE).where(uow.mine(Notice), which).order_by(Notice.id).with_for_update()
    return list(await uow.fetch(found))
