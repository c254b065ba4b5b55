"""The demo's login on PostgreSQL: whoever gives a superuser's URL is served through a walled login all the same."""

import hashlib
import hmac
import re

import sqlalchemy as sa
from pydantic import SecretStr

from pickmesh.app import settings
from pickmesh.app.settings import Settings
from pickmesh.core.db import engines


async def walled(chosen: Settings) -> Settings:
    """Return the settings to serve with: a login of the demo's own when the given one can make it."""
    url = engines.normalised_url(chosen.url)
    if url.get_backend_name() == "sqlite" or chosen.migrate_url is not None or not await _may_make_logins(chosen.url):
        return chosen
    own = url.set(username=_role(url.database or ""), password=_password(chosen, url))
    changed = {"migrate_url": chosen.database_url, "database_url": SecretStr(own.render_as_string(hide_password=False))}
    return chosen.model_copy(update=changed)


async def _may_make_logins(url: str) -> bool:
    engine = engines.create_engine(url, pool_size=1)
    try:
        async with engine.connect() as connection:
            asked = sa.text("SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user")
            return bool(await connection.scalar(asked))
    finally:
        await engine.dispose()


def _role(database: str) -> str:
    return f"demo_{re.sub(r'[^a-z0-9_]', '_', database.lower())}"[:63]


def _password(chosen: Settings, url: sa.URL) -> str:
    """Return the same password at every start, which nobody else can know."""
    secret = settings.kept_secret(chosen.data)
    return hmac.new(secret, f"login of {url.host} {url.database}".encode(), hashlib.sha256).hexdigest()
