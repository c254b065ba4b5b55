"""The database of these settings, for every process that needs it."""

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
