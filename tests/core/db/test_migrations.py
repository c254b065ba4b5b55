"""The migrations make what the tables say, go back, and raise the wall around every tenant table."""

import asyncio
import os
import re
import subprocess
import sys
import textwrap
import uuid
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from databases import APP_ROLE, as_app, make_postgres_database

from pickmesh.core import schema
from pickmesh.core.db import base, drafting, engines, migrate, walls
from pickmesh.core.db.base import DirectoryRow, tenant_tables
from pickmesh.core.journal.database import Database


def differences(connection: sa.Connection) -> list[object]:
    return compare_metadata(MigrationContext.configure(connection), schema.METADATA)


async def test_migrated_databases_have_exactly_the_declared_tables(fresh_database: Database) -> None:
    async with fresh_database.engine.connect() as connection:
        connection.info["unwalled"] = True
        assert await connection.run_sync(differences) == []
        assert await migrate.current_revision(connection) == migrate.newest_revision()


async def test_migrations_go_down_to_nothing_and_up_again(tmp_path: Path, postgres_server: str, worker_id: str) -> None:
    for url in (
        f"sqlite:///{tmp_path / 'down.sqlite3'}",
        await make_postgres_database(postgres_server, f"pickmesh_down_{worker_id}"),
    ):
        await migrate.migrate(url)
        await migrate.migrate(url, revision="base")
        engine = engines.create_engine(url)
        async with engine.connect() as connection:
            left = await connection.run_sync(lambda raw: sa.inspect(raw).get_table_names())
            assert left == ["alembic_version"]
        await engine.dispose()
        await migrate.migrate(url)


async def test_every_tenant_table_is_behind_forced_row_level_security(postgres_database: Database) -> None:
    query = "SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity"
    async with postgres_database.engine.connect() as connection:
        walled = {row[0] for row in await connection.exec_driver_sql(query)}
        assert walled == tenant_tables()
        assert await walls.is_walled(connection)


async def test_a_superuser_login_is_known_to_be_unwalled(postgres_server: str, postgres_template: str) -> None:
    engine = engines.create_engine(postgres_server)
    async with engine.connect() as connection:
        assert not await walls.is_walled(connection)
    await engine.dispose()


@pytest.mark.parametrize("table", ["event", "stock_move", "scan"])
async def test_the_applications_login_can_only_append_to_the_logs(postgres_database: Database, table: str) -> None:
    query = sa.text("SELECT has_table_privilege(:role, :table, :right)")
    async with postgres_database.engine.connect() as connection:
        rights = {
            right: await connection.scalar(query, {"role": APP_ROLE, "table": table, "right": right})
            for right in ("SELECT", "INSERT", "UPDATE", "DELETE")
        }
    assert rights == {"SELECT": True, "INSERT": True, "UPDATE": False, "DELETE": False}


def test_every_key_and_index_of_a_tenant_table_is_led_by_the_merchant() -> None:
    astray = []
    for name in sorted(tenant_tables()):
        table = schema.METADATA.tables[name]
        leads = [next(iter(table.primary_key.columns)).name]
        leads += [next(iter(index.columns)).name for index in table.indexes]
        leads += [next(iter(key.columns)).name for key in table.foreign_key_constraints]
        astray += [name] if set(leads) != {"merchant_id"} else []
    assert astray == []


def test_every_constraint_has_a_name_short_enough_for_a_shard_suffix() -> None:
    names = [
        item.name
        for table in schema.METADATA.tables.values()
        for item in (*table.constraints, *table.indexes)
        if not isinstance(item, sa.UniqueConstraint)
    ]
    assert [name for name in names if not name or len(str(name)) > 63 - 7] == []


def test_only_the_directory_lies_outside_the_wall() -> None:
    directory = {mapper.local_table.name for mapper in DirectoryRow.registry.mappers} - tenant_tables()  # type: ignore[attr-defined]
    assert directory == {"directory_entry", "merchant_wake", "sign_in_throttle", "worker_lease"}


def test_the_test_login_differs_from_the_servers() -> None:
    assert as_app("postgresql://postgres:@/x?host=/tmp/y").startswith(f"postgresql://{APP_ROLE}:app@")


async def test_a_wall_that_somebody_took_down_is_found(
    postgres_server: str, postgres_template: str, worker_id: str
) -> None:
    url = await make_postgres_database(postgres_server, f"pickmesh_walls_{worker_id}", template=postgres_template)
    engine = engines.create_engine(url)
    async with engine.begin() as connection:
        assert await walls.breaches(connection) == []
        await connection.exec_driver_sql("ALTER TABLE stock_move NO FORCE ROW LEVEL SECURITY")
        await connection.exec_driver_sql("DROP POLICY event_of_merchant ON event")
        assert await walls.breaches(connection) == ["event", "stock_move"]
    await engine.dispose()


def checks_of(connection: sa.Connection) -> dict[str, set[tuple[str | None, str]]]:
    there = sa.inspect(connection)
    return {
        name: {(each["name"], each["sqltext"]) for each in there.get_check_constraints(name)}
        for name in there.get_table_names()
        if name != "alembic_version"
    }


async def test_migrations_make_the_checks_the_tables_declare(
    tmp_path: Path, postgres_server: str, worker_id: str
) -> None:
    """Both are given back by the database, which may write them in its own way: a changed one must be migrated."""
    for migrated, created in (
        (f"sqlite:///{tmp_path / 'migrated.sqlite3'}", f"sqlite:///{tmp_path / 'created.sqlite3'}"),
        (
            await make_postgres_database(postgres_server, f"pickmesh_migrated_{worker_id}"),
            await make_postgres_database(postgres_server, f"pickmesh_created_{worker_id}"),
        ),
    ):
        await migrate.migrate(migrated)
        engine = engines.create_engine(created)
        async with engine.begin() as connection:
            connection.info["unwalled"] = True
            await connection.run_sync(schema.METADATA.create_all)
            declared = await connection.run_sync(checks_of)
        await engine.dispose()
        engine = engines.create_engine(migrated)
        async with engine.connect() as connection:
            connection.info["unwalled"] = True
            assert await connection.run_sync(checks_of) == declared
            assert await connection.run_sync(differences) == []
        await engine.dispose()
        assert any("UNSURE" in text for _, text in declared["print_job"])


async def test_with_nothing_changed_no_migration_is_written(tmp_path: Path) -> None:
    assert await drafting.write_migration("nothing new", folder=tmp_path) is None
    assert list(tmp_path.iterdir()) == []


async def test_a_name_that_makes_no_file_name_is_refused(tmp_path: Path) -> None:
    for name in ("", "Print jobs", "../print", "print_jobs", " x"):
        with pytest.raises(ValueError, match="names no migration"):
            await drafting.write_migration(name, folder=tmp_path)


async def test_print_jobs_go_down_to_the_first_version_and_up_again(
    tmp_path: Path, postgres_server: str, worker_id: str
) -> None:
    states = ("QUEUED", "TAKEN", "PRINTING", "PRINTED", "FAILED", "UNSURE")
    ids = [f"{number:032x}" for number in range(1, 7)]
    for url in (
        f"sqlite:///{tmp_path / 'jobs.sqlite3'}",
        await make_postgres_database(postgres_server, f"pickmesh_jobs_{worker_id}"),
    ):
        await migrate.migrate(url)
        engine = engines.create_engine(url)
        async with engine.connect() as connection:
            await connection.run_sync(furnish_rows, ids, states)
            await connection.commit()
        await migrate.migrate(url, revision="0001")
        assert await states_of(engine) == ["QUEUED", "QUEUED", "PRINTING", "PRINTED", "FAILED", "FAILED"]
        await migrate.migrate(url)
        assert await states_of(engine) == ["QUEUED", "QUEUED", "PRINTING", "PRINTED", "FAILED", "FAILED"]
        async with engine.connect() as connection:
            connection.info["unwalled"] = True
            assert await connection.run_sync(differences) == []
            assert await walls.breaches(connection) == []
        await engine.dispose()


async def states_of(engine: sa.ext.asyncio.AsyncEngine) -> list[str]:
    async with engine.connect() as connection:
        connection.info["unwalled"] = True
        return [row[0] for row in await connection.exec_driver_sql("SELECT state FROM print_job ORDER BY id")]


def furnish_rows(connection: sa.Connection, ids: list[str], states: tuple[str, ...]) -> None:
    """Write print jobs with all they hang on, by the tables as this version declares them."""
    connection.info["unwalled"] = True
    rows: dict[str, dict[str, object]] = {}
    for table in schema.METADATA.sorted_tables:
        if table.name in {"location", "place", "station", "sales_order", "shop", "fulfillment_order", "parcel"}:
            rows[table.name] = {
                column.name: filled(column)
                for column in table.columns
                if not column.nullable and column.server_default is None
            }
            connection.execute(table.insert(), [rows[table.name]])
    job = schema.METADATA.tables["print_job"]
    plain = {
        column.name: filled(column) for column in job.columns if not column.nullable and column.server_default is None
    }
    made = [{**plain, "id": uuid.UUID(own), "state": state} for own, state in zip(ids, states, strict=True)]
    connection.execute(job.insert(), made)


def filled(column: sa.Column[object]) -> object:
    """Return something a column takes: the one id there is, the first of its choices, a plain value."""
    checks = [str(each.sqltext) for each in column.table.constraints if isinstance(each, sa.CheckConstraint)]
    choices = [re.search(rf"^{column.name} IN \('(\w+)'", text) for text in checks]
    if found := [match[1] for match in choices if match]:
        return found[0]
    kinds = {uuid.UUID: uuid.UUID(int=1), str: "x", int: 1, bool: False, bytes: b"x", dict: {}}
    kind = column.type.python_type if not isinstance(column.type, base.UtcTime) else datetime
    return kinds.get(kind, datetime(2026, 11, 24, tzinfo=UTC))


DRAFT = """
import asyncio, importlib.util, sys
from pathlib import Path
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy.orm import Mapped
from datetime import datetime
from uuid import UUID
from typing import Any
from pickmesh.core import schema
from pickmesh.core.db import base, drafting, engines, migrate, walls

class Probe(base.MerchantObject):
    __tablename__ = "probe"
    parcel_id: Mapped[UUID]
    told: Mapped[dict[str, Any]]
    at: Mapped[datetime | None]
    quantity: Mapped[int] = base.counted(1)
    forced: Mapped[bool] = base.flag()
    __table_args__ = (
        base.belongs_to("parcel_id", "parcel"),
        base.positive("quantity"),
        sa.Index("ix_probe_at", "merchant_id", "at"),
    )

class Probed(base.DirectoryRow):
    __tablename__ = "probed"
    id: Mapped[UUID] = sa.orm.mapped_column(primary_key=True)

sku = schema.METADATA.tables["sku"]
sku.append_column(sa.Column("colour", sa.Text()))

def work(connection, path):
    spec = importlib.util.spec_from_file_location("draft", path)
    draft = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(draft)
    with Operations.context(MigrationContext.configure(connection)):
        draft.upgrade()
        there = sa.inspect(connection)
        print("made", sorted({"probe", "probed"} & set(there.get_table_names())), there.has_table("sku"))
        print("colour", "colour" in {each["name"] for each in there.get_columns("sku")})
        if connection.dialect.name == "postgresql":
            held = connection.exec_driver_sql(
                "SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity AND relname IN"
                " ('probe', 'probed')"
            )
            print("walled", [row[0] for row in held])
        draft.downgrade()
        there = sa.inspect(connection)
        print("left", [name for name in ("probe", "probed") if there.has_table(name)])

async def main():
    folder, *urls = sys.argv[1:]
    path = await drafting.write_migration("probes", folder=Path(folder))
    print("file", path.name)
    for url in urls:
        engine = engines.create_engine(url)
        async with engine.connect() as connection:
            connection.info["unwalled"] = True
            await connection.run_sync(work, path)
            await connection.commit()
        await engine.dispose()

asyncio.run(main())
"""


async def test_a_written_migration_makes_new_tables_and_walls_those_of_merchants(
    tmp_path: Path, postgres_server: str, worker_id: str
) -> None:
    """In a process of its own, because its tables are part of the product from then on."""
    sqlite = f"sqlite:///{tmp_path / 'draft.sqlite3'}"
    postgres = await make_postgres_database(postgres_server, f"pickmesh_draft_{worker_id}")
    for url in (sqlite, postgres):
        await migrate.migrate(url)
    (tmp_path / "versions").mkdir()
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", textwrap.dedent(DRAFT), tmp_path / "versions", sqlite, postgres],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "PYTHONWARNINGS": "error"},
    )
    assert done.returncode == 0, done.stderr
    number = f"{int(migrate.newest_revision()) + 1:04d}"
    made = ["made ['probe', 'probed'] True", "colour True"]
    assert done.stdout.splitlines() == [
        f"file {number}_probes.py",
        *made,
        "left []",
        *made,
        "walled ['probe']",
        "left []",
    ]
    text = (tmp_path / "versions" / f"{number}_probes.py").read_text(encoding="utf-8")
    assert 'sa.Column("forced", sa.Boolean(), server_default=sa.false(), nullable=False)' in text
    assert 'sa.Column("told", base.Json, nullable=False)' in text
    assert 'walls.raise_walls(op.get_bind(), ["probe"])' in text
