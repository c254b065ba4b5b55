"""Bring a database to this version's schema, and on PostgreSQL make the login the application uses."""

import re
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from pickmesh.core.db import engines

VERSIONS = Path(__file__).with_name("migrations") / "versions"
_ROLE = re.compile(r"[a-z_][a-z0-9_]{0,62}")


class DanglingRowsError(AssertionError):
    """A migration left rows whose parents are gone: it is a bug, and nothing of it is kept."""


def config(connection: sa.Connection | None = None) -> Config:
    """Return alembic's settings for our migrations, bound to a connection when one is given."""
    settings = Config()
    settings.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    settings.attributes["connection"] = connection
    return settings


def newest_revision() -> str:
    """Return the revision this version's code needs."""
    return str(ScriptDirectory.from_config(config()).get_current_head())


async def current_revision(connection: AsyncConnection) -> str | None:
    """Return the revision a database is at, None when it is empty."""
    return await connection.run_sync(lambda raw: MigrationContext.configure(raw).get_current_revision())


async def migrate(url: str, *, revision: str = "head", app_role: str | None = None, app_password: str = "") -> None:
    """Upgrade (or downgrade, to an older revision) the schema; `app_role` gets a login with no more than it needs."""
    engine = engines.create_engine(url)
    try:
        async with engine.connect() as connection:
            connection.info["unwalled"] = True
            await connection.run_sync(_move_to, revision)
            await connection.commit()
        if app_role and engine.dialect.name == "postgresql":
            await _grant(engine, app_role, app_password)
    finally:
        await engine.dispose()


def _move_to(connection: sa.Connection, revision: str) -> None:
    """Move in one transaction. SQLite changes a table by making it anew, which its foreign keys must not notice.

    Only between transactions can they be switched off; that none dangles afterwards is looked at before the commit.
    """
    is_sqlite = connection.dialect.name == "sqlite"
    if is_sqlite:
        cursor = connection.connection.cursor()
        cursor.execute("PRAGMA foreign_keys=OFF")
        cursor.close()
    move = command.downgrade if _is_below(connection, revision) else command.upgrade
    move(config(connection), revision)
    if is_sqlite:
        dangling = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        if dangling:
            raise DanglingRowsError(f"rows without what they belong to, as (table, row, parent, key): {dangling[:5]}")


def _is_below(connection: sa.Connection, revision: str) -> bool:
    newest_first = [script.revision for script in ScriptDirectory.from_config(config()).walk_revisions()] + ["base"]
    now = MigrationContext.configure(connection).get_current_revision() or "base"
    if revision not in newest_first or now not in newest_first:
        return False  # “head”, or a revision of a newer version: alembic says what it thinks of that
    return newest_first.index(revision) > newest_first.index(now)


async def _grant(engine: AsyncEngine, role: str, password: str) -> None:
    if not _ROLE.fullmatch(role):
        raise ValueError(f"“{role}” is not a role name: small letters, digits and underscores, at most 63")
    async with engine.begin() as connection:
        for statement in await _grants(connection, role, password):
            await connection.exec_driver_sql(statement)


async def _grants(connection: AsyncConnection, role: str, password: str) -> list[str]:
    known: Any = await connection.scalar(sa.text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role})
    secret = f" PASSWORD '{password.replace(chr(39), chr(39) * 2)}'" if password else ""
    attributes = f"LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE{secret}"
    append_only = ("event", "stock_move", "scan")
    return [
        f'{"ALTER" if known else "CREATE"} ROLE "{role}" {attributes}',
        f'GRANT USAGE ON SCHEMA public TO "{role}"',
        f'GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO "{role}"',
        f'REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM "{role}"',
        *(f'REVOKE UPDATE, DELETE ON "{table}" FROM "{role}"' for table in append_only),
    ]
