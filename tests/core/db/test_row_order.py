"""The guard of all database tests: rows nobody put in order come in another one than they were written in."""

import row_order
import sqlalchemy as sa

from pickmesh.core.catalog.tables import Sku
from pickmesh.core.db.prepared import Names, Prepared
from pickmesh.core.journal.database import Database
from pickmesh.core.journal.tables import Counter
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.actors import Actor

KINDS = [f"kind-{number}" for number in range(6)]
WRITTEN = [{"kind": kind, "last": number // 3} for number, kind in enumerate(KINDS)]


def by_last(names: Names) -> sa.Select[str]:
    return sa.select(Counter.kind, Counter.last).where(names.mine(Counter)).order_by(Counter.last.desc())


ALL = Prepared(lambda names: sa.select(Counter.kind).where(names.mine(Counter)))
BY_LAST = Prepared(by_last)


async def write(uow: UnitOfWork) -> None:
    await uow.insert(Counter, WRITTEN)
    await uow.settled()


async def test_rows_of_a_query_without_an_order_come_in_another(database: Database, merchant: Actor) -> None:
    async with database.unit_of_work(merchant) as uow:
        await write(uow)
        mine = sa.select(Counter.kind).where(uow.mine(Counter))
        found = [row.kind for row in await uow.fetch(mine)]
        asked = [row.kind for row in await uow.ask(ALL)]
        ordered = [row.kind for row in await uow.fetch(mine.order_by(Counter.kind))]
    assert sorted(found) == sorted(asked) == KINDS == ordered
    assert KINDS not in (found, asked)


async def test_rows_that_are_equal_by_the_order_come_in_another(database: Database, merchant: Actor) -> None:
    async with database.unit_of_work(merchant) as uow:
        await write(uow)
        mine = sa.select(Counter.kind, Counter.last).where(uow.mine(Counter)).order_by(Counter.last.desc())
        both = [list(map(tuple, await uow.fetch(mine))), list(map(tuple, await uow.ask(BY_LAST)))]
    for found in both:
        assert [last for _, last in found] == [1, 1, 1, 0, 0, 0]
        assert {kind for kind, _ in found[:3]} == set(KINDS[3:])
        assert [kind for kind, _ in found] != [*KINDS[3:], *KINDS[:3]]


async def test_rows_an_update_returns_come_in_another(database: Database, merchant: Actor) -> None:
    async with database.unit_of_work(merchant) as uow:
        await write(uow)
        changed = await uow.execute(sa.update(Counter).where(uow.mine(Counter)).values(last=7).returning(Counter.kind))
        found = [row.kind for row in changed]
    assert sorted(found) == KINDS
    assert found != KINDS


def test_only_an_order_of_the_rows_themselves_counts() -> None:
    assert row_order.is_unordered("SELECT code FROM sku")
    assert row_order.is_unordered("WITH a AS (SELECT 1 ORDER BY (1)) SELECT row_number() OVER (ORDER BY b) FROM a")
    assert row_order.is_unordered("UPDATE sku SET name = 'x' RETURNING id")
    assert not row_order.is_unordered("SELECT code FROM (SELECT code FROM sku) AS a\n ORDER BY code LIMIT 3")
    assert not row_order.is_unordered("PRAGMA table_info(sku)")


def test_what_a_query_orders_by_is_found_among_its_columns() -> None:
    query = sa.select(Sku.id, Sku.code).order_by(Sku.code.desc().nulls_last(), Sku.id)
    assert row_order.positions_of(query, [[column] for column in query.exported_columns]) == (1, 0)
    unseen = sa.select(Sku.id).order_by(sa.func.lower(Sku.code))
    assert row_order.positions_of(unseen, [[column] for column in unseen.exported_columns]) is None
