"""The database of these settings, for every process that needs it."""

from pathlib import Path

import sqlalchemy as sa

from pickmesh.app import settings
from pickmesh.app.settings import Settings
from pickmesh.core import schema
from pickmesh.core.journal.database import Database

assert schema.ROOMS  # importing it declares every table, which the walls must know


def open_database(chosen: Settings) -> Database:
    """Return the database of these settings; nothing is connected yet, folders and secret are made when missing."""
    settings.make_folders(chosen)
    return Database(chosen.url, vault=settings.vault(chosen), pool_size=chosen.database_connections_max)


def open_to_look(chosen: Settings) -> Database:
    """Return the database of these settings without making a secret: nothing must be sealed with it."""
    settings.make_folders(chosen)
    vault = settings.vault(chosen, make=False)
    return Database(chosen.url, vault=vault, pool_size=chosen.database_connections_max)


def is_there(chosen: Settings) -> bool:
    """Tell whether a database is given or made."""
    url = sa.make_url(chosen.url)
    return url.get_backend_name() != "sqlite" or (url.database is not None and Path(url.database).exists())


def missing_sentence() -> str:
    """Return what to do where there is no database: look at the demo's when there is one in this folder."""
    if (settings.DEMO_DATA / settings.DATABASE_FILE).exists():
        return (
            f"There is no database here, but the demo's data is under {settings.DEMO_DATA}: say"
            f" {settings.PREFIX}DATA={settings.DEMO_DATA} for it, or `pickmesh migrate` for a database of your own."
        )
    return "There is no database yet: `pickmesh demo` makes one to try, `pickmesh migrate` your own."
