"""What rules may know of orders that are kept already, read from the tables in a fixed number of statements."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.catalog.tables import Sku
from pickmesh.core.journal.paged import grouped
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.orders import recipients
from pickmesh.core.orders.conditions import OrderFacts
from pickmesh.core.orders.rule_tables import OrderTag
from pickmesh.core.orders.tables import OrderLine, OrderRecipient, SalesOrder

_ORDER = tuple(SalesOrder.__table__.c)
_RECIPIENT = tuple(OrderRecipient.__table__.c)


async def facts_of_orders(uow: UnitOfWork, order_ids: Collection[UUID]) -> dict[UUID, OrderFacts]:
    """Return what rules may know of orders by id: what is still to be sent, where to, for how much.

    Pieces count what is neither cancelled nor refunded, by the SKU that was ordered. The weight is unknown while a line
    has no SKU or a SKU no weight. For rules inside commands, which show nothing of an address to anybody.
    """
    orders = await uow.fetch(sa.select(*_ORDER).where(uow.mine(SalesOrder), uow.among(SalesOrder.id, order_ids)))
    lines = grouped(await _lines(uow, order_ids), "order_id")
    found = await uow.fetch(
        sa.select(*_RECIPIENT).where(uow.mine(OrderRecipient), uow.among(OrderRecipient.order_id, order_ids))
    )
    where = {row.order_id: row for row in found}
    tags = await uow.fetch(
        sa.select(OrderTag.order_id, OrderTag.tag).where(uow.mine(OrderTag), uow.among(OrderTag.order_id, order_ids))
    )
    tagged = grouped(tags, "order_id")
    return {
        row.id: OrderFacts(
            **_of_order(row),
            **_of_lines(lines.get(row.id, [])),
            **_of_recipient(uow, where.get(row.id)),
            tags=frozenset(each.tag for each in tagged.get(row.id, [])),
        )
        for row in orders
    }


async def _lines(uow: UnitOfWork, order_ids: Collection[UUID]) -> Sequence[sa.Row[Any]]:
    live = OrderLine.quantity - OrderLine.cancelled_quantity - OrderLine.refunded_quantity
    return await uow.fetch(
        sa.select(OrderLine.order_id, OrderLine.sku_id, live.label("live"), Sku.weight_g)
        .outerjoin(Sku, (Sku.merchant_id == OrderLine.merchant_id) & (Sku.id == OrderLine.sku_id))
        .where(uow.mine(OrderLine), uow.among(OrderLine.order_id, order_ids), live > 0)
        .order_by(OrderLine.id)
    )


def _of_order(row: sa.Row[Any]) -> Mapping[str, Any]:
    return {
        "shop_id": row.shop_id,
        "type": row.type,
        "payment_status": row.payment_status,
        "currency": row.currency,
        "goods_minor": row.goods_minor,
        "total_minor": row.goods_minor - row.discount_minor + row.tax_minor + row.freight_minor,
        "ordered_at": row.ordered_at,
        "remark": row.remark,
        "seller_flag": row.seller_flag,
    }


def _of_lines(lines: Sequence[sa.Row[Any]]) -> Mapping[str, Any]:
    skus: dict[UUID, int] = {}
    for line in lines:
        if line.sku_id is not None:
            skus[line.sku_id] = skus.get(line.sku_id, 0) + line.live
    weights = [None if line.weight_g is None else line.weight_g * line.live for line in lines]
    return {
        "lines": len(lines),
        "pieces": sum(line.live for line in lines),
        "skus": skus,
        "weight_g": sum(each for each in weights if each is not None) if weights and None not in weights else None,
    }


def _of_recipient(uow: UnitOfWork, row: sa.Row[Any] | None) -> Mapping[str, Any]:
    if row is None:
        return {}
    opened = recipients.opened_row(uow, row)
    return {
        "country": opened.country,
        "province": opened.province,
        "city": opened.city,
        "district": opened.district,
        "street": opened.street,
        "buyer_key": row.phone_key or row.address_key,
    }
