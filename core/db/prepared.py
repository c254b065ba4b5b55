"""Statements that are built once and run many times: what the scan path asks is the same text every time.

Building and adapting a statement costs more than sending it; one that is kept needs only its values.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.db import rows
from pickmesh.core.db.base import Base

MERCHANT = "merchant_id"
Query = sa.Select[*tuple[Any, ...]] | sa.CompoundSelect[Any] | sa.UpdateBase


class Names:
    """Stands where a unit of work stands in a query: conditions name their values, which are told when it is run."""

    def __init__(self, dialect: str) -> None:
        self.dialect = dialect
        self.listed: dict[str, rows.Column] = {}

    def mine(self, table: type[Base]) -> sa.ColumnElement[bool]:
        """Return the condition that a row belongs to the merchant."""
        return rows.table_of(table).c.merchant_id == sa.bindparam(MERCHANT, type_=sa.Uuid())

    def among(self, column: rows.Column, name: str) -> sa.ColumnElement[bool]:
        """Return the condition that a column is one of the values told under a name."""
        self.listed[name] = column
        return rows.among_named(self.dialect, column, name)


class Prepared:
    """A query by the names of its values; `build` makes it once for each kind of database."""

    def __init__(self, build: Callable[[Names], Query]) -> None:
        self._build = build
        self._built: dict[str, tuple[Query, Mapping[str, rows.Column]]] = {}

    def bound(self, dialect: str, merchant_id: UUID, values: Mapping[str, Any]) -> tuple[Query, dict[str, Any]]:
        """Return the statement and its parameters; a list is told as any iterable."""
        if dialect not in self._built:
            names = Names(dialect)
            self._built[dialect] = self._build(names), names.listed
        statement, listed = self._built[dialect]
        told = {
            name: _listed(dialect, listed[name], value) if name in listed else value for name, value in values.items()
        }
        return statement, {MERCHANT: merchant_id, **told}


def _listed(dialect: str, column: rows.Column, values: Iterable[Any]) -> list[Any]:
    return list(values) if dialect == "postgresql" else rows.plain(column, values)
