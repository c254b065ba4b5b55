"""The tenant wall under the application: what each database refuses when a statement forgets its merchant.

PostgreSQL has row-level security (forced, by policy on `app.merchant_id`). SQLite has none, so every statement is
looked at before it runs: one that names a tenant table must carry the merchant of its transaction as a parameter.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from pickmesh.core.db.base import tenant_tables

_TABLE = re.compile(r"\b(?:FROM|JOIN|INTO|UPDATE)\s+\"?(\w+)\"?|,\s*\"?(\w+)\"?(?=\s+AS\s)", re.IGNORECASE)
MERCHANT_SETTING = "app.merchant_id"


class UnboundStatementError(AssertionError):
    """A statement touches tenant tables without naming the merchant of its transaction: a bug, never an answer."""


async def bind(connection: AsyncConnection, merchant_id: UUID | None) -> None:
    """Bind the transaction that has just begun to one merchant (None: to none, the directory only)."""
    if connection.dialect.name == "postgresql":
        setting = "" if merchant_id is None else str(UUID(str(merchant_id)))
        await connection.exec_driver_sql(f"SET LOCAL {MERCHANT_SETTING} = '{setting}'")
    else:
        connection.info["merchant"] = merchant_id.hex if merchant_id else None


def guard(engine: sa.Engine) -> None:
    """Refuse unbound statements on an SQLite engine."""
    sa.event.listen(engine, "before_cursor_execute", _refuse_unbound)


def _refuse_unbound(  # noqa: PLR0917 - SQLAlchemy calls it by position
    connection: sa.Connection, cursor: Any, statement: str, parameters: Any, context: Any, executemany: bool
) -> None:
    if not touches_tenant(statement) or connection.info.get("unwalled"):
        return
    merchant = connection.info.get("merchant")
    if merchant is None or "merchant_id" not in statement:
        raise UnboundStatementError(f"no merchant is bound to: {statement}")
    for values in parameters if executemany else [parameters]:
        if merchant not in _values(values):
            raise UnboundStatementError(f"the merchant of this transaction is not among the parameters of: {statement}")


def _values(parameters: Any) -> Iterable[Any]:
    return parameters.values() if isinstance(parameters, dict) else parameters


@lru_cache(maxsize=4096)
def touches_tenant(statement: str) -> bool:
    """Tell whether a statement names a table inside the tenant wall."""
    return not tenant_tables().isdisjoint(named_tables(statement))


def named_tables(statement: str) -> Iterator[str]:
    """Yield the tables a statement reads or writes, as text search finds them."""
    for match in _TABLE.finditer(statement):
        yield match.group(1) or match.group(2)


def policy_statements(tables: Iterable[str]) -> Iterator[str]:
    """Yield the PostgreSQL statements that raise the wall around tables."""
    mine = f"merchant_id = NULLIF(current_setting('{MERCHANT_SETTING}', true), '')::uuid"
    for table in tables:
        yield f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY'
        yield f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY'
        yield f'CREATE POLICY {table}_of_merchant ON "{table}" USING ({mine}) WITH CHECK ({mine})'


def raise_walls(connection: sa.Connection, tables: Iterable[str]) -> None:
    """Put new tenant tables behind row-level security; on SQLite the guard looks at statements instead."""
    if connection.dialect.name == "postgresql":
        for statement in policy_statements(tables):
            connection.exec_driver_sql(statement)


@contextmanager
def lowered(connection: sa.Connection, tables: Sequence[str]) -> Iterator[None]:
    """Let a migration change rows of every merchant in these tables; the wall holds their owner again afterwards."""
    if connection.dialect.name != "postgresql":
        yield
        return
    for table in tables:
        connection.exec_driver_sql(f'ALTER TABLE "{table}" NO FORCE ROW LEVEL SECURITY')
    yield
    for table in tables:
        connection.exec_driver_sql(f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY')


async def breaches(connection: AsyncConnection) -> list[str]:
    """Return the tenant tables whose wall is down on PostgreSQL: row-level security off, not forced, or no policy."""
    if connection.dialect.name != "postgresql":
        return []
    held = await connection.exec_driver_sql(
        "SELECT c.relname FROM pg_class c JOIN pg_policy p ON p.polrelid = c.oid"
        " WHERE c.relrowsecurity AND c.relforcerowsecurity"
    )
    return sorted(tenant_tables() - {row[0] for row in held})


async def is_walled(connection: AsyncConnection) -> bool:
    """Tell whether this login is held by row-level security: no superuser, no BYPASSRLS, not the tables' owner."""
    if connection.dialect.name != "postgresql":
        return True
    row = (
        await connection.exec_driver_sql(
            "SELECT r.rolsuper OR r.rolbypassrls OR EXISTS (SELECT 1 FROM pg_class c WHERE c.relowner = r.oid"
            " AND c.relname = 'stock_move') FROM pg_roles r WHERE r.rolname = current_user"
        )
    ).one()
    return not row[0]
