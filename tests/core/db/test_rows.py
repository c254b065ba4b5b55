"""Rows as a table behave alike on both databases."""

import pytest
import sqlalchemy as sa

from pickmesh.core.db.base import Written, dump_json
from pickmesh.core.db.rows import probing
from pickmesh.core.journal.database import Database
from pickmesh.core.journal.tables import Counter, Outbox
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id


async def counters(uow: UnitOfWork) -> dict[str, int]:
    found = await uow.fetch(sa.select(Counter.kind, Counter.last).where(uow.mine(Counter)))
    return {row.kind: row.last for row in found}


async def test_upsert_adds_where_the_key_exists_and_inserts_where_not(database: Database, merchant: Actor) -> None:
    async with database.unit_of_work(merchant) as uow:
        await uow.insert(Counter, [{"kind": "a", "last": 5}])
        await uow.upsert(Counter, [{"kind": "a", "last": 2}, {"kind": "b", "last": 3}], add=["last"])
        assert await counters(uow) == {"a": 7, "b": 3}
        await uow.upsert(Counter, [{"kind": "a", "last": 1}, {"kind": "c", "last": 4}], replace=["last"])
        assert await counters(uow) == {"a": 1, "b": 3, "c": 4}
        await uow.upsert(Counter, [{"kind": "a", "last": 99}, {"kind": "d", "last": 6}])
        assert await counters(uow) == {"a": 1, "b": 3, "c": 4, "d": 6}


async def test_update_sets_adds_and_leaves_unknown_keys_alone(database: Database, merchant: Actor) -> None:
    async with database.unit_of_work(merchant) as uow:
        await uow.insert(Counter, [{"kind": "a", "last": 5}, {"kind": "b", "last": 5}])
        await uow.update(Counter, [{"kind": "a", "last": -2}, {"kind": "nobody", "last": 1}], add=["last"])
        await uow.update(Counter, [{"kind": "b", "last": 9}])
        assert await counters(uow) == {"a": 3, "b": 9}


async def test_among_takes_single_and_composite_keys_json_and_no_values(database: Database, merchant: Actor) -> None:
    first, second = new_id(), new_id()
    row = {"channel": "shop", "payload": {"名": ["x", 1]}, "created_at": None, "due_at": None}
    async with database.unit_of_work(merchant) as uow:
        row |= {"created_at": uow.now, "due_at": uow.now}
        await uow.insert(Outbox, [{"id": first, "target": "a", **row}, {"id": second, "target": "b", **row}])
        found = await uow.fetch(
            sa.select(Outbox.id, Outbox.payload, Outbox.due_at).where(
                uow.mine(Outbox), uow.among([Outbox.id, Outbox.target], [(first, "a"), (second, "wrong")])
            )
        )
        assert [(item.id, item.payload, item.due_at) for item in found] == [(first, {"名": ["x", 1]}, uow.now)]
        nobody = sa.select(Outbox.id).where(uow.mine(Outbox), uow.among(Outbox.id, []))
        assert await uow.fetch(nobody) == []


@pytest.mark.parametrize("rows", [1, 2_000])
async def test_any_number_of_rows_goes_in_one_statement(database: Database, merchant: Actor, rows: int) -> None:
    statements: list[str] = []
    sa.event.listen(database.engine.sync_engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    async with database.unit_of_work(merchant) as uow:
        statements.clear()
        await uow.insert(Counter, [{"kind": str(index), "last": index} for index in range(rows)])
        await uow.settled()
        assert len(statements) == 1


async def test_probing_finds_rows_by_a_unique_key_and_only_the_merchants_own(
    database: Database, merchant: Actor, stranger: Actor
) -> None:
    for actor, last in ((merchant, 1), (stranger, 2)):
        async with database.unit_of_work(actor) as uow:
            await uow.insert(Counter, [{"kind": kind, "last": last} for kind in ("a", "b")])
    async with database.reading(merchant) as uow:
        asked = [("a", 1), ("b", 2), ("nobody", 1)]
        found = await uow.fetch(
            probing(uow.dialect, (Counter.kind, Counter.last), (Counter.kind, Counter.last), asked, uow.mine(Counter))
        )
        assert [tuple(row) for row in found] == [("a", 1)]
        nobody = probing(uow.dialect, (Counter.kind,), (Counter.kind,), [], uow.mine(Counter))
        assert await uow.fetch(nobody) == []


async def test_a_value_that_is_json_already_is_stored_as_it_stands(database: Database, merchant: Actor) -> None:
    written = Written(dump_json({"名": [1, "x"]}))
    new = [
        {"id": new_id(), "channel": "shop", "target": str(index), "payload": payload}
        for index, payload in enumerate([written, {"plain": True}])
    ]
    async with database.unit_of_work(merchant) as uow:
        await uow.insert(Outbox, [{**row, "created_at": uow.now, "due_at": uow.now} for row in new])
        found = await uow.fetch(sa.select(Outbox.payload).where(uow.mine(Outbox)).order_by(Outbox.target))
    assert [row.payload for row in found] == [{"名": [1, "x"]}, {"plain": True}]
