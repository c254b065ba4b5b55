"""Engines: SQLite tuned for one durable file, PostgreSQL through asyncpg."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from pickmesh.core.db import walls
from pickmesh.core.db.base import dump_json

SQLITE_BUSY_WAIT_MS = 15_000
POOL_SIZE = 20
PREPARED_STATEMENTS_MAX = 1_000
"""Statements a connection keeps prepared: the driver's 100 are fewer than we have."""

READ_ONLY = "pickmesh_read_only"


def normalised_url(url: str) -> sa.URL:
    """Return the URL with its async driver; `postgres://`, `postgresql://` and `sqlite://` are all understood."""
    parsed = make_url(url)
    backend = parsed.get_backend_name()
    if backend in {"postgresql", "postgres"}:
        return parsed.set(drivername="postgresql+asyncpg")
    if backend == "sqlite":
        return parsed.set(drivername="sqlite+aiosqlite")
    raise ValueError(f"“{backend}” is not a database pickmesh runs on; use sqlite:///file or postgresql://…")


def create_engine(url: str, *, pool_size: int = POOL_SIZE, **options: Any) -> AsyncEngine:
    """Return an async engine for SQLite or PostgreSQL; nothing is connected yet."""
    parsed = normalised_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite_engine(parsed, options)
    return create_async_engine(
        parsed,
        pool_size=pool_size,
        max_overflow=0,
        json_serializer=dump_json,
        hide_parameters=True,  # they may be personal data, and errors are logged
        connect_args={
            "server_settings": {"citus.propagate_set_commands": "local", "timezone": "UTC"},
            "prepared_statement_cache_size": PREPARED_STATEMENTS_MAX,
        },
        **options,
    )


def _sqlite_engine(url: sa.URL, options: dict[str, Any]) -> AsyncEngine:
    engine = create_async_engine(
        url,
        json_serializer=dump_json,
        hide_parameters=True,
        connect_args={"timeout": SQLITE_BUSY_WAIT_MS / 1000},
        **options,
    )
    sa.event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    sa.event.listen(engine.sync_engine, "begin", _begin_sqlite)
    walls.guard(engine.sync_engine)
    return engine


def _begin_sqlite(connection: sa.Connection) -> None:
    """Writers take the lock at once: a lock upgraded in mid-transaction is refused instead of waited for."""
    reads = connection.get_execution_options().get(READ_ONLY)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _prepare_sqlite(raw: Any, record: Any) -> None:
    raw.isolation_level = None  # transactions begin where the unit of work says, not where the driver guesses
    cursor = raw.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
