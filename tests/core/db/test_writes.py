"""What is written waits and goes together on PostgreSQL, in its order; what is read afterwards has all of it."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from tests.statements import statements

from pickmesh.core.journal.database import Database
from pickmesh.core.journal.tables import Counter, Cursor, Outbox
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id


async def counters(uow: UnitOfWork) -> dict[str, int]:
    found = await uow.fetch(sa.select(Counter.kind, Counter.last).where(uow.mine(Counter)))
    return {row.kind: row.last for row in found}


async def test_writes_to_several_tables_are_one_statement_and_all_are_there(
    database: Database, merchant: Actor
) -> None:
    letter = {"id": new_id(), "channel": "shop", "target": "a", "payload": {"名": ["x", 1]}}
    async with database.unit_of_work(merchant) as uow:
        with statements(database) as sent:
            await uow.insert(Counter, [{"kind": "a", "last": 5}, {"kind": "b", "last": 6}])
            await uow.upsert(Cursor, [{"consumer": "c", "seq": 7}], replace=["seq"])
            await uow.insert(Outbox, [{**letter, "created_at": uow.now, "due_at": uow.now}])
            assert await counters(uow) == {"a": 5, "b": 6}
        assert len(sent) == (2 if uow.dialect == "postgresql" else 4)
    async with database.reading(merchant) as uow:
        assert await uow.scalar(sa.select(Cursor.seq).where(uow.mine(Cursor))) == 7
        row = await uow.first(sa.select(Outbox.payload, Outbox.due_at).where(uow.mine(Outbox)))
        assert row is not None and row.payload == {"名": ["x", 1]} and row.due_at > uow.now - timedelta(hours=1)


async def test_a_row_that_is_written_twice_has_both_writes_in_their_order(database: Database, merchant: Actor) -> None:
    async with database.unit_of_work(merchant) as uow:
        await uow.insert(Counter, [{"kind": "a", "last": 1}, {"kind": "b", "last": 1}])
        await uow.update(Counter, [{"kind": "a", "last": 10}], add=["last"])
        await uow.upsert(Counter, [{"kind": "a", "last": 2}, {"kind": "c", "last": 4}], add=["last"])
        await uow.update(Counter, [{"kind": "b", "last": 9}])
        await uow.update(Counter, [{"kind": "b", "last": 1}], add=["last"])
    async with database.reading(merchant) as uow:
        assert await counters(uow) == {"a": 13, "b": 10, "c": 4}


async def test_different_rows_of_one_table_wait_for_each_other(database: Database, merchant: Actor) -> None:
    async with database.unit_of_work(merchant) as uow:
        await uow.insert(Counter, [{"kind": "a", "last": 1}])
        with statements(database) as sent:
            await uow.upsert(Counter, [{"kind": "b", "last": 3}], add=["last"])
            await uow.update(Counter, [{"kind": "c", "last": 9}])
            assert await counters(uow) == {"a": 1, "b": 3}
        assert len(sent) == (2 if uow.dialect == "postgresql" else 3)


async def test_rows_may_be_changed_after_they_were_written(database: Database, merchant: Actor) -> None:
    row = {"kind": "a", "last": 1}
    async with database.unit_of_work(merchant) as uow:
        await uow.insert(Counter, [row])
        row["last"] = 99
        assert await counters(uow) == {"a": 1}


async def test_what_the_database_refuses_is_told_at_the_latest_when_the_unit_ends(
    database: Database, merchant: Actor
) -> None:
    with pytest.raises(sa.exc.IntegrityError):
        async with database.unit_of_work(merchant) as uow:
            await uow.insert(Cursor, [{"consumer": "kept", "seq": 1}])
            await uow.insert(Counter, [{"kind": "a", "last": 1}])
            await uow.insert(Counter, [{"kind": "a", "last": 2}])
    async with database.reading(merchant) as uow:
        assert await counters(uow) == {}


async def test_numbers_come_after_what_was_written_before(database: Database, merchant: Actor) -> None:
    async with database.unit_of_work(merchant) as uow:
        await uow.insert(Counter, [{"kind": "wave", "last": 41}])
        assert list(await uow.next_numbers("wave", 2)) == [42, 43]
