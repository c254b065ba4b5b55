"""What shops' codes stand for at intake: SKUs, and what is in the bundles among them.

Each answer is asked of one table by lists of values, which the database serves from an index however large the table
has grown and however little it knows about it yet.
"""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.catalog import queries as catalog
from pickmesh.core.catalog.tables import Sku, SkuMap
from pickmesh.core.journal.unit_of_work import UnitOfWork

Codes = Mapping[tuple[UUID, str], UUID]
"""The SKU each (shop, shop's code) stands for; unmapped codes are missing."""

Components = Mapping[UUID, Sequence[tuple[UUID, int]]]
"""What each bundle holds: components with their pieces per bundle."""


async def known_goods(
    uow: UnitOfWork, pairs: Collection[tuple[UUID, str]], named: Codes | None = None
) -> tuple[Codes, Components]:
    """Return the SKU of each (shop, shop's code) and what is in the bundles among them; archived SKUs do not count.

    `named` are those that are known before, from orders people make.
    """
    if not pairs:
        return {}, {}
    before = named or {}
    mapped = await uow.fetch(
        sa.select(SkuMap.shop_id, SkuMap.shop_code, SkuMap.sku_id).where(
            uow.mine(SkuMap),
            uow.among(SkuMap.shop_id, {shop_id for shop_id, _ in pairs}),
            uow.among(SkuMap.shop_code, {code for _, code in pairs}),
        )
    )
    found = await uow.fetch(
        sa.select(Sku.id, Sku.is_bundle).where(
            uow.mine(Sku),
            uow.among(Sku.id, {*before.values(), *(row.sku_id for row in mapped)}),
            Sku.archived_at.is_(None),
        )
    )
    usable = {row.id for row in found}
    codes = {(row.shop_id, row.shop_code): row.sku_id for row in mapped if row.sku_id in usable}
    codes.update({pair: sku_id for pair, sku_id in before.items() if sku_id in usable})
    bundles = [row.id for row in found if row.is_bundle]
    return codes, await catalog.components_of(uow, bundles) if bundles else {}
