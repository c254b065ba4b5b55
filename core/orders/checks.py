"""Invariant 4: picked <= required, ordered = live + cancelled + refunded, and what is kept beside it is true.

Rows whose parent is gone are looked for here too, because intake's tables have no foreign keys.
"""

from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa

from pickmesh.core.accounts.tables import Shop
from pickmesh.core.catalog.tables import Sku
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.violations import Violation
from pickmesh.core.orders import rules, shortages
from pickmesh.core.orders.tables import (
    FulfillmentLine,
    FulfillmentOrder,
    Hold,
    OrderLine,
    OrderRecipient,
    Progress,
    SalesOrder,
)
from pickmesh.scanner.codes.own import OwnKind, number_text

INVARIANT = 4
FOUND_MAX = 1_000
"""Most violations of one kind that are told at once."""
PARENTS: Sequence[tuple[Any, Any, Any, str]] = (
    (SalesOrder.id, SalesOrder.shop_id, Shop, "An order belongs to a shop"),
    (OrderLine.id, OrderLine.order_id, SalesOrder, "An order line belongs to an order"),
    (OrderRecipient.order_id, OrderRecipient.order_id, SalesOrder, "A recipient belongs to an order"),
    (FulfillmentOrder.id, FulfillmentOrder.order_id, SalesOrder, "A fulfillment order belongs to an order"),
    (
        FulfillmentLine.id,
        FulfillmentLine.fulfillment_order_id,
        FulfillmentOrder,
        "A fulfillment line belongs to a fulfillment order",
    ),
    (FulfillmentLine.id, FulfillmentLine.order_line_id, OrderLine, "A fulfillment line belongs to an order line"),
    (FulfillmentLine.id, FulfillmentLine.sku_id, Sku, "A fulfillment line asks for a SKU"),
)
"""What intake writes without foreign keys (decision 14): a row's id, the column that names its parent, the parent."""


async def violations(uow: UnitOfWork) -> list[Violation]:
    """Return what is off with orders: rows without a parent, quantities out of bounds or unaccounted for, figures."""
    found: list[Violation] = []
    for check in (_orphans, _bounds, _accounts, _forgotten_lines, _promises, _short_figures, _hold_counts):
        found += await check(uow)
    return found


async def _told(uow: UnitOfWork, statement: Any, sentence: Callable[[sa.Row[Any]], str]) -> list[Violation]:
    rows: Sequence[sa.Row[Any]] = await uow.fetch(statement.limit(FOUND_MAX))
    return [
        Violation(INVARIANT, sentence(row), {name: _plain(value) for name, value in row._mapping.items()})
        for row in rows
    ]


def _plain(value: object) -> object:
    return value if isinstance(value, int | str | None) else str(value)


def _is_live() -> sa.ColumnElement[bool]:
    return FulfillmentOrder.progress.in_(list(rules.LIVE))


def _its_order() -> sa.ColumnElement[bool]:
    return (FulfillmentOrder.merchant_id == FulfillmentLine.merchant_id) & (
        FulfillmentOrder.id == FulfillmentLine.fulfillment_order_id
    )


async def _orphans(uow: UnitOfWork) -> list[Violation]:
    """Every row has the row it belongs to."""
    found: list[Violation] = []
    for key, column, parent, belongs in PARENTS:
        is_there = sa.select(parent.id).where(uow.mine(parent), parent.id == column)
        orphans = sa.select(key.label("id"), column.label("parent_id")).where(
            uow.mine(key.class_), ~sa.exists(is_there)
        )
        found += await _told(uow, orphans, lambda row, belongs=belongs: f"{belongs} that is not there.")  # type: ignore[misc]
    return found


async def _bounds(uow: UnitOfWork) -> list[Violation]:
    line = FulfillmentLine
    outside = sa.or_(
        line.picked_quantity > line.quantity,
        line.packed_quantity > line.picked_quantity,
        line.shipped_quantity > line.packed_quantity,
        line.shipped_quantity < 0,
    )
    columns = (line.id, line.quantity, line.picked_quantity, line.packed_quantity, line.shipped_quantity)
    return await _told(
        uow,
        sa.select(*columns).where(uow.mine(line), outside),
        lambda row: (
            f"A line requires {row.quantity} pieces, {row.picked_quantity} are picked, {row.packed_quantity} packed, "
            f"{row.shipped_quantity} shipped: none may exceed the one before."
        ),
    )


async def _accounts(uow: UnitOfWork) -> list[Violation]:
    """Ordered = live + cancelled + refunded, for every component of every mapped line."""
    live = (
        sa.select(
            FulfillmentLine.order_line_id,
            FulfillmentLine.sku_id,
            sa.func.sum(sa.case((_is_live(), FulfillmentLine.quantity), else_=0)).label("pieces"),
            sa.func.max(FulfillmentLine.per_unit).label("per_unit"),
        )
        .join(FulfillmentOrder, _its_order())
        .where(uow.mine(FulfillmentLine), uow.mine(FulfillmentOrder))
        .group_by(FulfillmentLine.order_line_id, FulfillmentLine.sku_id)
        .subquery()
    )
    due = OrderLine.quantity - OrderLine.cancelled_quantity - OrderLine.refunded_quantity
    statement = (
        sa.select(
            OrderLine.id,
            OrderLine.quantity,
            OrderLine.cancelled_quantity,
            OrderLine.refunded_quantity,
            live.c.sku_id,
            live.c.pieces,
            live.c.per_unit,
        )
        .join(live, live.c.order_line_id == OrderLine.id)
        .where(uow.mine(OrderLine), live.c.pieces != due * live.c.per_unit)
    )
    return await _told(
        uow,
        statement,
        lambda row: (
            f"Of {row.quantity} ordered units {row.cancelled_quantity} are cancelled and {row.refunded_quantity} "
            f"refunded, but {row.pieces} pieces (at {row.per_unit} per unit) are live."
        ),
    )


async def _forgotten_lines(uow: UnitOfWork) -> list[Violation]:
    """A mapped line with units due has fulfillment lines."""
    due = OrderLine.quantity - OrderLine.cancelled_quantity - OrderLine.refunded_quantity
    planned = sa.select(FulfillmentLine.id).where(
        uow.mine(FulfillmentLine), FulfillmentLine.order_line_id == OrderLine.id
    )
    statement = sa.select(OrderLine.id, OrderLine.order_id, due.label("due")).where(
        uow.mine(OrderLine), OrderLine.sku_id.is_not(None), due > 0, ~sa.exists(planned)
    )
    return await _told(uow, statement, lambda row: f"{row.due} ordered units are in no fulfillment order.")


async def _promises(uow: UnitOfWork) -> list[Violation]:
    """A line of a routed, open fulfillment order that is not marked short is promised in full."""
    due = FulfillmentLine.quantity - FulfillmentLine.shipped_quantity
    promised = shortages.reserved_now(uow)
    statement = (
        sa.select(FulfillmentLine.id, FulfillmentOrder.number, due.label("due"), promised.label("promised"))
        .join(FulfillmentOrder, _its_order())
        .where(
            uow.mine(FulfillmentLine),
            uow.mine(FulfillmentOrder),
            FulfillmentOrder.progress == Progress.OPEN,
            FulfillmentOrder.location_id.is_not(None),
            FulfillmentLine.is_short.is_(False),
            promised != due,
        )
    )
    return await _told(
        uow,
        statement,
        lambda row: (
            f"A line of {_number(row)} is not marked short, yet {row.promised} of its {row.due} pieces are promised."
        ),
    )


async def _short_figures(uow: UnitOfWork) -> list[Violation]:
    missing = (
        sa.select(sa.func.coalesce(sa.func.sum(shortages.missing_now(uow)), 0))
        .where(
            uow.mine(FulfillmentLine),
            FulfillmentLine.fulfillment_order_id == FulfillmentOrder.id,
            FulfillmentLine.is_short,
        )
        .correlate(FulfillmentOrder)
        .scalar_subquery()
    )
    statement = sa.select(
        FulfillmentOrder.id, FulfillmentOrder.number, FulfillmentOrder.short_quantity, missing.label("missing")
    ).where(uow.mine(FulfillmentOrder), _is_live(), FulfillmentOrder.short_quantity != missing)
    return await _told(
        uow,
        statement,
        lambda row: f"{_number(row)} says {row.short_quantity} pieces are short, its lines lack {row.missing}.",
    )


async def _hold_counts(uow: UnitOfWork) -> list[Violation]:
    standing = (
        sa.select(sa.func.count())
        .select_from(Hold)
        .where(uow.mine(Hold), Hold.fulfillment_order_id == FulfillmentOrder.id, Hold.released_at.is_(None))
        .correlate(FulfillmentOrder)
        .scalar_subquery()
    )
    statement = sa.select(
        FulfillmentOrder.id, FulfillmentOrder.number, FulfillmentOrder.hold_count, standing.label("standing")
    ).where(uow.mine(FulfillmentOrder), FulfillmentOrder.hold_count != standing)
    return await _told(
        uow, statement, lambda row: f"{_number(row)} counts {row.hold_count} holds, but {row.standing} stand."
    )


def _number(row: sa.Row[Any]) -> str:
    return number_text(OwnKind.FULFILLMENT_ORDER, row.number)
