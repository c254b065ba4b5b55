from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from databases import VAULT

from pickmesh.app import health
from pickmesh.app.health import State
from pickmesh.core.journal.database import Database


async def set_revision(database: Database, revision: str) -> None:
    async with database.engine.begin() as connection:
        await connection.execute(sa.text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})


@pytest.fixture
async def migrated(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[Database]:
    path = tmp_path / "migrated.sqlite3"
    path.write_bytes(sqlite_template.read_bytes())
    database = Database(f"sqlite:///{path}", vault=VAULT)
    yield database
    await database.dispose()


async def test_a_database_of_this_versions_schema_is_ready_until_the_process_stops(migrated: Database) -> None:
    assert await health.problem(migrated, State()) is None
    assert await health.problem(migrated, State(stopping=True)) == "stopping"


async def test_an_empty_database_and_one_from_the_future_are_named(migrated: Database, tmp_path: Path) -> None:
    empty = Database(f"sqlite:///{tmp_path / 'empty.sqlite3'}", vault=VAULT)
    assert await health.problem(empty, State()) == "the database is empty; run `pickmesh migrate`"
    await empty.dispose()
    await set_revision(migrated, "9999_not_yet")
    assert await health.problem(migrated, State()) == (
        "the database's schema 9999_not_yet is newer than this version of pickmesh; update pickmesh"
    )


async def test_a_database_that_does_not_answer_is_not_ready_and_no_secret_is_told() -> None:
    nobody = Database("postgresql://pickmesh:secret-word@127.0.0.1:9/none", vault=VAULT)
    assert await health.problem(nobody, State()) == "the database cannot be reached (ConnectionRefusedError)"
