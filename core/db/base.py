"""What every table shares: named constraints, the merchant first in every key, UTC times, text choices."""

import json
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NAMING = {
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_1_name)s",
    "uq": "uq_%(table_name)s_%(column_1_name)s",
    "ix": "ix_%(table_name)s_%(column_1_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}


class UtcTime(sa.types.TypeDecorator[datetime]):
    """An aware UTC datetime to the microsecond; SQLite keeps it as text that sorts by time."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Refuse naive datetimes; hand SQLite the UTC wall time."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored time needs its zone")
        in_utc = value.astimezone(UTC)
        return in_utc if dialect.name == "postgresql" else in_utc.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Give back an aware UTC datetime."""
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


_write_json = json.JSONEncoder(default=str, separators=(",", ":"), ensure_ascii=False).encode


class Written(str):
    """A value as JSON already, which is stored as it stands."""

    __slots__ = ()


def dump_json(value: object) -> str:
    """Write JSON the way every column and event payload is written: compact, ids and times as text."""
    return value if isinstance(value, Written) else _write_json(value)


Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


class Base(DeclarativeBase):
    """All tables of pickmesh."""

    metadata = sa.MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        int: sa.BigInteger,
        str: sa.Text,
        UUID: sa.Uuid,
        datetime: UtcTime,
        date: sa.Date,
        dict[str, Any]: Json,
        list[Any]: Json,
        bytes: sa.LargeBinary,
    }


class DirectoryRow(Base):
    """A table outside the tenant wall: no business and no personal data."""

    __abstract__ = True


class MerchantRow(Base):
    """A row inside one merchant's wall: `merchant_id` leads its primary key."""

    __abstract__ = True

    merchant_id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-2)


class MerchantObject(MerchantRow):
    """A row with an id of its own."""

    __abstract__ = True

    id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-1)


def belongs_to(column: str, table: str, target: str = "id") -> sa.ForeignKeyConstraint:
    """Return a foreign key that stays within the merchant."""
    return sa.ForeignKeyConstraint(["merchant_id", column], [f"{table}.merchant_id", f"{table}.{target}"])


def one_of(column: str, choices: type[StrEnum]) -> sa.CheckConstraint:
    """Return a named CHECK that a text column holds one of the choices."""
    allowed = ", ".join(f"'{choice.value}'" for choice in choices)
    return sa.CheckConstraint(f"{column} IN ({allowed})", name=f"{column}_known")


def positive(column: str) -> sa.CheckConstraint:
    """Return a named CHECK that a column is above zero."""
    return sa.CheckConstraint(f"{column} > 0", name=f"{column}_positive")


def not_negative(column: str) -> sa.CheckConstraint:
    """Return a named CHECK that a column is zero or more."""
    return sa.CheckConstraint(f"{column} >= 0", name=f"{column}_not_negative")


def counted(default: int = 0) -> Mapped[int]:
    """Return a number column the database fills when a row does not name it."""
    return mapped_column(server_default=str(default))


def flag() -> Mapped[bool]:
    """Return a yes/no column that is no unless a row says yes."""
    return mapped_column(sa.Boolean(create_constraint=False), server_default=sa.false())


def tenant_tables() -> frozenset[str]:
    """Return the names of all tables inside the tenant wall."""
    return frozenset(
        mapper.local_table.name  # type: ignore[attr-defined]  # every one of ours maps a Table
        for mapper in Base.registry.mappers
        if issubclass(mapper.class_, MerchantRow)
    )


def partial_index(name: str, *columns: str, where: str, unique: bool = False) -> sa.Index:
    """Return an index of the merchant's rows that meet a condition, written as both databases read it."""
    condition = sa.text(where)
    return sa.Index(name, "merchant_id", *columns, unique=unique, postgresql_where=condition, sqlite_where=condition)


def unarchived_unique(name: str, *columns: str) -> sa.Index:
    """Return a unique index among the rows that are not archived."""
    return partial_index(name, *columns, where="archived_at IS NULL", unique=True)
