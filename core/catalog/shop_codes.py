"""Codes that other rooms of the house give a SKU in a shop, beside those its owner keeps."""

from collections.abc import Mapping
from uuid import UUID

from pickmesh.core.catalog.tables import SkuMap
from pickmesh.core.journal.unit_of_work import UnitOfWork


async def map_codes(uow: UnitOfWork, codes: Mapping[tuple[UUID, str], UUID]) -> None:
    """Let each (shop id, shop's code) stand for a SKU, whatever it stood for before; one statement, twice is once."""
    new = [{"shop_id": shop_id, "shop_code": code, "sku_id": codes[shop_id, code]} for shop_id, code in sorted(codes)]
    await uow.upsert(SkuMap, new, replace=["sku_id"])
