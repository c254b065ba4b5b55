"""Rows as a table: many rows in one statement, the cheapest way each database knows.

PostgreSQL takes one array per column (`unnest`), so the statement's text never depends on the number of rows and stays
prepared; SQLite takes an executemany, which counts as one statement.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal, NamedTuple, cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.elements import SQLColumnExpression

from pickmesh.core.db.base import Base, dump_json

Row = Mapping[str, Any]
Column = SQLColumnExpression[Any]
LONG_BATCH = 50


class Shape(NamedTuple):
    """What a write says beside its values: the text of its statement follows from it."""

    kind: Literal["insert", "upsert", "update"]
    table: type[Base]
    names: tuple[str, ...]
    add: tuple[str, ...] = ()
    replace: tuple[str, ...] = ()
    bump_version: bool = False


def table_of(model: type[Base]) -> sa.Table:
    """Return the table a class describes."""
    return cast(sa.Table, model.__table__)


async def insert(connection: AsyncConnection, table: type[Base], rows: Sequence[Row], *, merchant_id: UUID) -> None:
    """Insert rows of one merchant that all name the same columns; those left out take the database's default."""
    if not rows:
        return
    if connection.dialect.name == "postgresql":
        same, varying = _split(rows)
        values = (*_singles(table, same, rows[0]), *arrays(table, varying, rows))
        await connection.exec_driver_sql(_insert_sql(table, same, varying), (merchant_id, *values))
    else:
        bound = [{"merchant_id": merchant_id, **row} for row in rows]
        await connection.execute(sa.insert(table_of(table)), bound)


async def upsert(
    connection: AsyncConnection,
    table: type[Base],
    rows: Sequence[Row],
    *,
    add: Sequence[str] = (),
    replace: Sequence[str] = (),
) -> None:
    """Insert rows, or where the primary key exists add to and replace the named columns; keys must differ.

    With neither `add` nor `replace` an existing row is left alone. A CHECK is tested on the row as given, so a negative
    difference goes through `add_to` instead.
    """
    if not rows:
        return
    if connection.dialect.name == "postgresql":
        names = tuple(rows[0])
        sql = _upsert_sql(table, names, _conflict_sql(table, tuple(add), tuple(replace)))
        await connection.exec_driver_sql(sql, arrays(table, names, rows))
        return
    statement = sqlite.insert(table_of(table))
    changes = {name: table_of(table).c[name] + statement.excluded[name] for name in add}
    changes |= {name: statement.excluded[name] for name in replace}
    keys = [column.name for column in table_of(table).primary_key.columns]
    conflict = (
        statement.on_conflict_do_update(index_elements=keys, set_=changes)
        if changes
        else statement.on_conflict_do_nothing(index_elements=keys)
    )
    await connection.execute(conflict, list(rows))


async def update(
    connection: AsyncConnection,
    table: type[Base],
    rows: Sequence[Row],
    *,
    merchant_id: UUID,
    add: Sequence[str] = (),
    bump_version: bool = False,
) -> None:
    """Update rows of one merchant found by primary key: other columns named are set, those in `add` are added to.

    Rows all name the same columns, the rest of the primary key among them. A key that does not exist changes nothing.
    """
    if not rows:
        return
    if connection.dialect.name == "postgresql":
        shape = Shape("update", table, tuple(rows[0]), add=tuple(add), bump_version=bump_version)
        await connection.exec_driver_sql(sql_of(shape), (merchant_id, *arrays(table, shape.names, rows)))
        return
    keys, columns = ("merchant_id", *key_names(table)), table_of(table).c
    names = ("merchant_id", *rows[0])
    changes: dict[str, Any] = {
        name: columns[name] + sa.bindparam(f"p_{name}") if name in add else sa.bindparam(f"p_{name}")
        for name in names
        if name not in keys
    }
    if bump_version:
        changes["version"] = columns["version"] + 1
    found = sa.and_(*(columns[name] == sa.bindparam(f"p_{name}") for name in names if name in keys))
    statement = sa.update(table_of(table)).where(found).values(changes)
    told = ({"merchant_id": merchant_id, **row} for row in rows)
    await connection.execute(statement, [{f"p_{name}": row[name] for name in names} for row in told])


def among(dialect: str, columns: Column | Sequence[Column], values: Sequence[Any]) -> sa.ColumnElement[bool]:
    """Return the condition that a column (or several together) is one of the values, as one parameter per column."""
    if isinstance(columns, Sequence):
        return _tuple_among(dialect, columns, values)
    if dialect == "postgresql":
        return columns == sa.any_(sa.literal(list(values), postgresql.ARRAY(_type(columns))))
    listed = sa.func.json_each(sa.literal([_plain(columns, value) for value in values], sa.JSON)).table_valued("value")
    return columns.in_(sa.select(listed.c.value))


def probing(
    dialect: str,
    selected: Sequence[Column],
    keys: Sequence[Column],
    values: Sequence[Sequence[Any]],
    mine: sa.ColumnElement[bool],
) -> sa.Select[*tuple[Any, ...]]:
    """Return the query that looks up rows by a unique key, one look into its index per value.

    PostgreSQL is left no other way: until it has counted a table that has just grown, it would rather read all of it.
    """
    if dialect != "postgresql":
        return sa.select(*selected).where(mine, _tuple_among(dialect, keys, values))
    asked = _unnested(keys, values)
    same = (key == asked.c[f"c{position}"] for position, key in enumerate(keys))
    found = sa.select(*selected).where(mine, *same).limit(1).lateral("found")
    return sa.select(*(found.c[str(cast(sa.ColumnElement[Any], column).key)] for column in selected)).select_from(
        asked.join(found, sa.true())
    )


def among_named(dialect: str, column: Column, name: str) -> sa.ColumnElement[bool]:
    """Return the condition that a column is one of the values told under a name when the statement is run."""
    if dialect == "postgresql":
        return column == sa.any_(sa.bindparam(name, type_=postgresql.ARRAY(_type(column)), required=False))
    listed = sa.func.json_each(sa.bindparam(name, type_=sa.JSON(), required=False)).table_valued("value")
    return column.in_(sa.select(listed.c.value))


def plain(column: Column, values: Iterable[Any]) -> list[Any]:
    """Write values as SQLite stores them, for use inside a JSON list."""
    return [_plain(column, value) for value in values]


def _tuple_among(dialect: str, columns: Sequence[Column], values: Sequence[Sequence[Any]]) -> sa.ColumnElement[bool]:
    if dialect == "postgresql":
        return sa.tuple_(*columns).in_(sa.select(*_unnested(columns, values).c))
    plain = [[_plain(column, part) for column, part in zip(columns, value, strict=True)] for value in values]
    each = sa.func.json_each(sa.literal(plain, sa.JSON)).table_valued("value")
    parts = [sa.func.json_extract(each.c.value, f"$[{position}]") for position in range(len(columns))]
    return sa.tuple_(*columns).in_(sa.select(*parts))


def _unnested(columns: Sequence[Column], values: Sequence[Sequence[Any]]) -> sa.TableValuedAlias:
    """Return values as a table of one array per column, its columns named c0, c1, …."""
    arrays = [
        sa.literal([value[position] for value in values], postgresql.ARRAY(_type(column)))
        for position, column in enumerate(columns)
    ]
    names = [f"c{position}" for position in range(len(columns))]
    return sa.func.unnest(*arrays).table_valued(*names).render_derived()


def _type(column: Column) -> sa.types.TypeEngine[Any]:
    return cast(sa.ColumnElement[Any], column).type


def _plain(column: Column, value: Any) -> Any:
    """Write a value as SQLite stores it, for use inside a JSON list."""
    return value.hex if isinstance(_type(column), sa.Uuid) else value


def _split(rows: Sequence[Row]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Tell which columns hold one and the same thing in every row of a long batch: those are sent once.

    A short batch sends all columns as arrays, so that its statement stays the same whatever is in it.
    """
    names = tuple(rows[0])
    if len(rows) < LONG_BATCH:
        return (), names
    first = rows[0]
    same = tuple(name for name in names if all(row[name] is first[name] for row in rows))
    return (same, tuple(name for name in names if name not in same)) if len(same) < len(names) else ((), names)


@lru_cache(maxsize=1024)
def _insert_sql(table: type[Base], same: tuple[str, ...], varying: tuple[str, ...]) -> str:
    singles = "".join(f", ${index + 2}::{_sql_type(table, name)}" for index, name in enumerate(same))
    first = len(same) + 2
    arrays = ", ".join(f"${index + first}::{_sql_type(table, name)}[]" for index, name in enumerate(varying))
    columns = ", ".join(f'"{name}"' for name in ("merchant_id", *same, *varying))
    # RETURNING keeps Citus from turning this into a COPY, which row-level security forbids.
    return (
        f'INSERT INTO "{table.__tablename__}" ({columns})'
        f" SELECT $1::UUID{singles}, u.* FROM unnest({arrays}) AS u RETURNING 1"
    )


@lru_cache(maxsize=1024)
def _upsert_sql(table: type[Base], names: tuple[str, ...], conflict: str) -> str:
    arrays = ", ".join(f"${index + 1}::{_sql_type(table, name)}[]" for index, name in enumerate(names))
    columns = ", ".join(f'"{name}"' for name in names)
    return f'INSERT INTO "{table.__tablename__}" ({columns}) SELECT * FROM unnest({arrays}){conflict}'


@lru_cache(maxsize=1024)
def _conflict_sql(table: type[Base], add: tuple[str, ...], replace: tuple[str, ...]) -> str:
    keys = ", ".join(f'"{column.name}"' for column in table_of(table).primary_key.columns)
    changes = [f'"{name}" = "{table.__tablename__}"."{name}" + excluded."{name}"' for name in add]
    changes += [f'"{name}" = excluded."{name}"' for name in replace]
    action = f"DO UPDATE SET {', '.join(changes)}" if changes else "DO NOTHING"
    return f" ON CONFLICT ({keys}) {action}"


@lru_cache(maxsize=1024)
def sql_of(shape: Shape, after: str = "") -> str:
    """Return the statement PostgreSQL takes for a merchant's rows: $1 is the merchant, then one array per column.

    `after` is a condition on which it waits. RETURNING lets others wait for it.
    """
    table = f'"{shape.table.__tablename__}"'
    unnested = ", ".join(f"${index + 2}::{_sql_type(shape.table, name)}[]" for index, name in enumerate(shape.names))
    columns = ", ".join(f'"{name}"' for name in shape.names)
    if shape.kind == "update":
        found = "".join(f' AND t."{key}" = u."{key}"' for key in key_names(shape.table))
        return (
            f"UPDATE {table} AS t SET {_changes(shape)} FROM unnest({unnested}) AS u({columns})"
            f' WHERE t."merchant_id" = $1::UUID{found}{f" AND {after}" if after else ""} RETURNING 1'
        )
    conflict = _conflict_sql(shape.table, shape.add, shape.replace) if shape.kind == "upsert" else ""
    return (
        f'INSERT INTO {table} ("merchant_id", {columns}) SELECT $1::UUID, u.* FROM unnest({unnested}) AS u'
        f" WHERE {after or 'true'}{conflict} RETURNING 1"
    )


def _changes(shape: Shape) -> str:
    keys = key_names(shape.table)
    changes = [
        f'"{name}" = t."{name}" + u."{name}"' if name in shape.add else f'"{name}" = u."{name}"'
        for name in shape.names
        if name not in keys
    ]
    return ", ".join([*changes, '"version" = t."version" + 1'] if shape.bump_version else changes)


@lru_cache(maxsize=1024)
def key_names(table: type[Base]) -> tuple[str, ...]:
    """Return the columns that tell a merchant's rows in a table apart."""
    return tuple(column.name for column in table_of(table).primary_key.columns if column.name != "merchant_id")


@lru_cache(maxsize=4096)
def _sql_type(table: type[Base], name: str) -> str:
    declared = table_of(table).c[name].type.compile(dialect=postgresql.dialect())  # type: ignore[no-untyped-call]
    return declared.partition(" COLLATE ")[0]  # how a column sorts is no part of an array's type


def _singles(table: type[Base], names: tuple[str, ...], row: Row) -> list[Any]:
    return [_array(table, name, [row])[0] for name in names]


def arrays(table: type[Base], names: tuple[str, ...], rows: Sequence[Row]) -> tuple[list[Any], ...]:
    """Return rows as one array per column."""
    return tuple(_array(table, name, rows) for name in names)


def _array(table: type[Base], name: str, rows: Sequence[Row]) -> list[Any]:
    if name in _json_names(table):
        return [None if row[name] is None else dump_json(row[name]) for row in rows]
    return [row[name] for row in rows]


@lru_cache(maxsize=1024)
def _json_names(table: type[Base]) -> frozenset[str]:
    return frozenset(column.name for column in table_of(table).c if isinstance(column.type, sa.JSON))
