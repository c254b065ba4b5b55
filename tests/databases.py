"""What the database fixtures are made of, for tests that need more than a fixture."""

import sqlalchemy as sa

from pickmesh.core import schema
from pickmesh.core.accounts.tables import Merchant
from pickmesh.core.db import engines
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor, system_actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.vault import Vault

APP_ROLE = "pickmesh_test_app"
assert schema.METADATA.tables
VAULT = Vault({"test": b"not a secret, only thirty-two by"})


async def make_postgres_database(server_url: str, name: str, *, template: str = "template1") -> str:
    """Create a database (dropping one of that name) and return its URL for the server's own superuser."""
    engine = engines.create_engine(server_url)
    async with engine.connect() as connection:
        autocommit = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await autocommit.exec_driver_sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        await autocommit.exec_driver_sql(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    await engine.dispose()
    return sa.make_url(server_url).set(database=name).render_as_string(hide_password=False)


def as_app(url: str) -> str:
    """Return the same database's URL for the application's walled login."""
    changed = sa.make_url(url).set(username=APP_ROLE, password="app")
    return changed.render_as_string(hide_password=False)


async def make_merchant(database: Database, code: str | None = None) -> Actor:
    """Create a bare merchant and return its system actor."""
    actor = system_actor(new_id())
    async with database.unit_of_work(actor) as uow:
        row = {
            "code": code or f"m{actor.merchant_id.hex}",
            "name": "测试商家",
            "time_zone": "Asia/Shanghai",
            "currency": "CNY",
            "locale": "zh-CN",
            "created_at": uow.now,
        }
        await uow.insert(Merchant, [row])
    return actor
