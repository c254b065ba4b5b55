"""Rows sent ahead: all in the unit of work's one transaction, and lost with it."""

import pytest
import sqlalchemy as sa

from pickmesh.core.journal.ahead import SLICE, Ahead
from pickmesh.core.journal.database import Database
from pickmesh.core.journal.tables import Cursor
from pickmesh.core.kit.actors import Actor


def cursors(*consumers: str) -> list[dict[str, object]]:
    return [{"consumer": consumer, "seq": 1} for consumer in consumers]


async def kept(database: Database, actor: Actor) -> list[str]:
    async with database.reading(actor) as uow:
        found = await uow.fetch(sa.select(Cursor.consumer).where(uow.mine(Cursor)).order_by(Cursor.consumer))
        return [row.consumer for row in found]


async def test_rows_sent_ahead_are_kept_with_what_was_written_after_them(database: Database, merchant: Actor) -> None:
    async with database.unit_of_work(merchant) as uow, Ahead(uow) as ahead:
        await ahead.insert(Cursor, cursors("a", "b"))
        assert await ahead.made(number for number in range(2 * SLICE + 1)) == list(range(2 * SLICE + 1))
        await ahead.insert(Cursor, cursors("c"))
        await ahead.settled()
        await uow.insert(Cursor, cursors("d"))
    assert await kept(database, merchant) == ["a", "b", "c", "d"]


async def test_what_the_database_refuses_fails_the_unit_of_work(database: Database, merchant: Actor) -> None:
    with pytest.raises(sa.exc.IntegrityError):
        async with database.unit_of_work(merchant) as uow, Ahead(uow) as ahead:
            await ahead.insert(Cursor, cursors("a"))
            await ahead.insert(Cursor, cursors("a"))
    assert await kept(database, merchant) == []


async def test_an_error_beside_rows_under_way_loses_them_and_leaves_the_connection_usable(
    database: Database, merchant: Actor
) -> None:
    with pytest.raises(KeyError):
        async with database.unit_of_work(merchant) as uow, Ahead(uow) as ahead:
            await ahead.insert(Cursor, cursors(*(f"{number:04}" for number in range(500))))
            raise KeyError("beside")
    async with database.unit_of_work(merchant) as uow:
        await uow.insert(Cursor, cursors("after"))
    assert await kept(database, merchant) == ["after"]
