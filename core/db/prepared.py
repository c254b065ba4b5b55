"""Statements that are built once and run many times: what the scan path asks is the same text every time.

Building and adapting a statement costs more than sending it; one that is kept needs only its values. PostgreSQL's
driver is asked directly: a query through all of SQLAlchemy costs six times as much.
"""

from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from pickmesh.core.db import rows
from pickmesh.core.db.base import Base, UtcTime

MERCHANT = "merchant_id"
Query = sa.Select[*tuple[Any, ...]] | sa.CompoundSelect[Any] | sa.UpdateBase


class Names:
    """Stands where a unit of work stands in a query: conditions name their values, which are told when it is run."""

    def __init__(self, dialect: str) -> None:
        self.dialect = dialect
        self.listed: dict[str, rows.Column] = {}

    def mine(self, table: type[Base]) -> sa.ColumnElement[bool]:
        """Return the condition that a row belongs to the merchant."""
        return rows.table_of(table).c.merchant_id == sa.bindparam(MERCHANT, type_=sa.Uuid(), required=False)

    def among(self, column: rows.Column, name: str) -> sa.ColumnElement[bool]:
        """Return the condition that a column is one of the values told under a name."""
        self.listed[name] = column
        return rows.among_named(self.dialect, column, name)


Built = tuple[Query, Mapping[str, rows.Column]]


class Prepared:
    """A query by the names of its values; `build` makes it once for each kind of database."""

    def __init__(self, build: Callable[[Names], Query]) -> None:
        self._build = build
        self._built: dict[str, Built] = {}
        self._direct: _Direct | None = None

    async def run(
        self, connection: AsyncConnection, merchant_id: UUID, values: Mapping[str, Any]
    ) -> Sequence[sa.Row[Any]]:
        """Run the query and return its rows; a list is told as any iterable."""
        dialect = connection.dialect
        if dialect.name == "postgresql":
            if self._direct is None:
                self._direct = _direct(self._built_for(dialect.name), dialect)
            return await self._direct.run(connection, {MERCHANT: merchant_id, **values})
        statement, listed = self._built_for(dialect.name)
        told = {name: rows.plain(listed[name], value) if name in listed else value for name, value in values.items()}
        return (await connection.execute(statement, {MERCHANT: merchant_id, **told})).all()

    def _built_for(self, dialect: str) -> Built:
        if dialect not in self._built:
            names = Names(dialect)
            self._built[dialect] = self._build(names), names.listed
        return self._built[dialect]


@dataclass(frozen=True, slots=True)
class _Direct:
    """A query as PostgreSQL's driver takes it: its text, its values in their order, how a row is made of an answer."""

    sql: str
    order: Sequence[str]
    fixed: Mapping[str, Any]
    listed: frozenset[str]
    row: Callable[[Iterable[Any]], Any]
    read: Mapping[int, Callable[[Any], Any]]

    async def run(self, connection: AsyncConnection, values: Mapping[str, Any]) -> Sequence[Any]:
        told = [self._told(name, values) for name in self.order]
        connection.sync_engine.dispatch.before_cursor_execute(  # those who watch statements see this one too
            connection.sync_connection, None, self.sql, told, None, False
        )
        driver = (await connection.get_raw_connection()).driver_connection
        assert driver is not None
        try:
            found = await driver.fetch(self.sql, *told)
        except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            lost = driver.is_closed()
            raise sa.exc.OperationalError(
                self.sql, None, error, hide_parameters=True, connection_invalidated=lost
            ) from error
        return [self._row(each) for each in found] if self.read else [self.row(each) for each in found]

    def _told(self, name: str, values: Mapping[str, Any]) -> Any:
        if name not in values:
            return self.fixed[name]
        return list(values[name]) if name in self.listed else values[name]

    def _row(self, found: Sequence[Any]) -> Any:
        parts = list(found)
        for position, read in self.read.items():
            if parts[position] is not None:
                parts[position] = read(parts[position])
        return self.row(parts)


def _direct(built: Built, dialect: sa.Dialect) -> _Direct:
    statement, listed = built
    compiled = statement.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
    columns = list(statement.exported_columns)
    readers = {
        position: column.type.dialect_impl(dialect).result_processor(dialect, None)
        for position, column in enumerate(columns)
        if not isinstance(column.type, UtcTime)  # the driver's times are UTC
    }
    return _Direct(
        sql=compiled.string,
        order=compiled.positiontup or (),
        fixed={name: value for name, value in compiled.params.items() if value is not None},
        listed=frozenset(listed),
        row=_row_class([str(column.key) for column in columns])._make,
        read={position: read for position, read in readers.items() if read is not None},
    )


def _row_class(names: Sequence[str]) -> Any:
    """Return a class whose rows are read as SQLAlchemy's are: by position, by attribute and as a mapping."""
    plain: Any = namedtuple("Found", " ".join(names))  # type: ignore[misc]  # the names are those of a query
    return type("Found", (plain,), {"__slots__": (), "_mapping": property(plain._asdict)})
