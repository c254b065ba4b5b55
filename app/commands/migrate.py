"""`pickmesh migrate`: the schema, and on PostgreSQL the application's own login."""

import asyncio
from typing import Annotated

import sqlalchemy as sa
from cyclopts import Parameter

from pickmesh.app import settings
from pickmesh.app.settings import Settings
from pickmesh.core import schema
from pickmesh.core.db import drafting
from pickmesh.core.db import migrate as migrations

assert schema.ROOMS


def migrate(
    *,
    revision: Annotated[str, Parameter(help="Another revision than the newest.")] = "head",
    write: Annotated[
        str | None, Parameter(help="For developers: touch no database, write the next migration under this name.")
    ] = None,
) -> int:
    """Bring the database to this version's schema.

    PICKMESH_MIGRATE_URL is the owner's login; the login named in PICKMESH_DATABASE_URL is then made, or brought up to
    date, with no more rights than it needs. Without PICKMESH_MIGRATE_URL the application's own login migrates.

    With --write "print jobs" the tables in the code are compared with what the migrations make, and the difference is
    written as core/db/migrations/versions/NNNN_print_jobs.py: columns, keys, indexes, changed CHECKs, and row-level
    security around new tenant tables. Read it, add what moves data, and commit it; written migrations are not edited.
    """
    if write is not None:
        return _write(write)
    chosen = settings.load()
    settings.make_folders(chosen)
    asyncio.run(bring_up(chosen, revision))
    print(f"{settings.database_kind(chosen.owner_url)} is at revision {newest() if revision == 'head' else revision}.")
    return 0


def _write(name: str) -> int:
    try:
        written = asyncio.run(drafting.write_migration(name))
    except ValueError as error:
        raise settings.SettingsError(f"{error}.") from None
    print("The tables are what the migrations make; nothing is written." if written is None else f"Wrote {written}.")
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
