"""The migrations make what the tables say, go back, and raise the wall around every tenant table."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from databases import APP_ROLE, as_app, make_postgres_database

from pickmesh.core import schema
from pickmesh.core.db import engines, migrate, walls
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
