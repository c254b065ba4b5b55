"""`pickmesh migrate`: the schema, and on PostgreSQL the application's own login."""

import asyncio
from typing import Annotated

import sqlalchemy as sa
from cyclopts import Parameter

from pickmesh.app import settings
from pickmesh.app.settings import Settings
from pickmesh.core import schema
from pickmesh.core.db import migrate as migrations

assert schema.ROOMS


def migrate(*, revision: Annotated[str, Parameter(help="Another revision than the newest.")] = "head") -> int:
    """Bring the database to this version's schema.

    PICKMESH_MIGRATE_URL is the owner's login; the login named in PICKMESH_DATABASE_URL is then made, or brought up to
    date, with no more rights than it needs. Without PICKMESH_MIGRATE_URL the application's own login migrates.
    """
    chosen = settings.load()
    settings.make_folders(chosen)
    asyncio.run(bring_up(chosen, revision))
    print(f"{settings.database_kind(chosen.owner_url)} is at revision {newest() if revision == 'head' else revision}.")
    return 0


def newest() -> str:
    """Return the revision this version needs."""
    return migrations.newest_revision()


async def bring_up(chosen: Settings, revision: str = "head") -> None:
    """Migrate the database of some settings."""
    login = sa.make_url(chosen.url)
    is_other = chosen.migrate_url is not None and login.username not in {None, sa.make_url(chosen.owner_url).username}
    await migrations.migrate(
        chosen.owner_url,
        revision=revision,
        app_role=login.username if is_other else None,
        app_password=login.password or "" if is_other else "",
    )
