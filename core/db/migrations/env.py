"""Runs migrations on the connection `core.db.migrate` hands over."""

from typing import Any, Literal

from alembic import context
from sqlalchemy.sql.elements import False_, True_

from pickmesh.core.db.base import Base, Json, UtcTime


def rendered(kind: str, item: Any, autogen: Any) -> str | Literal[False]:
    """Write our own types by their names and yes/no as such, not as one database writes it; the rest as alembic does."""
    if kind == "server_default" and isinstance(getattr(item, "arg", None), False_ | True_):
        return f"sa.{item.arg}()"
    if kind != "type":
        return False
    if isinstance(item, UtcTime):
        return "base.UtcTime()"
    return "base.Json" if item is Json else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    transaction_per_migration=True,
    render_as_batch=True,  # SQLite cannot alter a table in place
    render_item=rendered,
    user_module_prefix="base.",
)
with context.begin_transaction():
    context.run_migrations()
