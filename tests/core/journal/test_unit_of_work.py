from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

import pytest
import sqlalchemy as sa

from pickmesh.core.accounts.tables import Merchant
from pickmesh.core.db.walls import UnboundStatementError
from pickmesh.core.journal.database import Database
from pickmesh.core.journal.tables import EventRow
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.events import Event
from pickmesh.core.kit.ids import new_id


@dataclass(frozen=True, slots=True)
class Rang(Event):
    kind: ClassVar[str] = "bell_rang"
    times: int


async def events_of(database: Database, actor: Actor) -> list[tuple[int, int]]:
    async with database.reading(actor) as uow:
        found = await uow.fetch(
            sa.select(EventRow.seq, EventRow.payload).where(uow.mine(EventRow)).order_by(EventRow.seq)
        )
    return [(row.seq, row.payload["times"]) for row in found]


async def test_events_are_numbered_without_gaps_over_several_units(database: Database, merchant: Actor) -> None:
    for first in (1, 3):
        async with database.unit_of_work(merchant) as uow:
            uow.emit(Rang(new_id(), times) for times in (first, first + 1))
    assert await events_of(database, merchant) == [(1, 1), (2, 2), (3, 3), (4, 4)]


async def test_a_unit_that_fails_leaves_neither_rows_nor_events(database: Database, merchant: Actor) -> None:
    with pytest.raises(RuntimeError, match="broken"):
        async with database.unit_of_work(merchant) as uow:
            uow.emit([Rang(new_id(), 1)])
            await uow.execute(sa.update(Merchant).where(uow.mine(Merchant)).values(name="changed"))
            raise RuntimeError("broken")
    assert await events_of(database, merchant) == []
    async with database.reading(merchant) as uow:
        assert await uow.scalar(sa.select(Merchant.name).where(uow.mine(Merchant))) == "测试商家"


async def test_numbers_of_one_kind_never_repeat(database: Database, merchant: Actor) -> None:
    async with database.unit_of_work(merchant) as uow:
        assert list(await uow.next_numbers("wave", 2)) == [1, 2]
    async with database.unit_of_work(merchant) as uow:
        assert list(await uow.next_numbers("wave", 3)) == [3, 4, 5]
        assert list(await uow.next_numbers("tote", 1)) == [1]


async def test_another_merchants_rows_are_not_seen(database: Database, merchant: Actor, stranger: Actor) -> None:
    async with database.reading(stranger) as uow:
        found = await uow.fetch(sa.select(Merchant.code).where(uow.mine(Merchant)))
    assert [row.code for row in found] == [f"m{stranger.merchant_id.hex}"]


async def test_sqlite_refuses_a_statement_that_binds_no_merchant(
    shared_databases: dict[str, Database], merchant: Actor
) -> None:
    async with shared_databases["sqlite"].reading(merchant) as uow:
        with pytest.raises(UnboundStatementError):
            await uow.fetch(sa.select(Merchant.code))


async def test_sqlite_refuses_a_statement_bound_to_another_merchant(
    shared_databases: dict[str, Database], merchant: Actor
) -> None:
    async with shared_databases["sqlite"].reading(merchant) as uow:
        with pytest.raises(UnboundStatementError):
            await uow.fetch(sa.select(Merchant.code).where(Merchant.merchant_id == UUID(int=7)))


async def test_postgresql_shows_an_unbound_statement_only_its_own_rows(
    postgres_database: Database, stranger: Actor
) -> None:
    async with postgres_database.directory() as connection:
        assert (await connection.execute(sa.select(Merchant.code))).all() == []
        assert (await connection.execute(sa.text("SELECT count(*) FROM merchant"))).scalar() == 0
