"""Updates of messengers come at least once; what is done about one is done in the unit of work that notes it."""

from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from pickmesh.core.chats.tables import ButtonKey, ChatInvitation, ChatUpdate, Messenger
from pickmesh.core.db.rows import table_of
from pickmesh.core.journal.unit_of_work import UnitOfWork

UPDATES_KEPT_FOR = timedelta(days=7)
"""So long an update may come again and is known; messengers give up after a day."""
KEYS_KEPT_FOR = timedelta(days=7)
"""So long an expired key is told apart from an unknown one."""


async def first_time(uow: UnitOfWork, messenger: Messenger, update: str) -> bool:
    """Note an update; False when it was dealt with before. A twin that is being dealt with is waited for."""
    insert = postgresql.insert if uow.dialect == "postgresql" else sqlite.insert
    row = {"merchant_id": uow.merchant_id, "messenger": messenger, "update_id": update, "at": uow.now}
    noted = await uow.execute(insert(table_of(ChatUpdate)).values(row).on_conflict_do_nothing())
    return noted.rowcount == 1


async def forget_old(uow: UnitOfWork) -> int:
    """Delete updates, keys of buttons and invitations that have been over for a week; return how many."""
    over = uow.now - KEYS_KEPT_FOR
    old = (
        sa.delete(ChatUpdate).where(uow.mine(ChatUpdate), ChatUpdate.at < uow.now - UPDATES_KEPT_FOR),
        sa.delete(ButtonKey).where(uow.mine(ButtonKey), ButtonKey.expires_at < over),
        sa.delete(ChatInvitation).where(uow.mine(ChatInvitation), ChatInvitation.expires_at < over),
    )
    return sum([(await uow.execute(each)).rowcount for each in old])
