"""Saving SKUs in part: what is not said stays as it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from pickmesh.core.accounts import locks
from pickmesh.core.catalog import commands, queries, touching
from pickmesh.core.catalog.commands import Saved
from pickmesh.core.catalog.queries import SkuRow
from pickmesh.core.catalog.rules import NewSku
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import Refused

_KEPT = tuple(item.name for item in fields(NewSku) if item.name in {each.name for each in fields(SkuRow)})
_TEXTS = frozenset({"name_zh", "name_en", "option_zh", "option_en", "client"})


@dataclass(frozen=True, slots=True)
class SkuPatch:
    """What is said about the SKU with a code: fields of NewSku by name; those left out stay as they are.

    Of a new SKU they are empty, its currency is the merchant's and its product one of its own.
    """

    code: str
    said: Mapping[str, Any]


async def save_skus(uow: UnitOfWork, *, patches: Sequence[SkuPatch]) -> list[Saved | Refused]:
    """Create SKUs or change what is said about them, found by code; verdicts and limits are save_products' own.

    Two statements more than save_products takes, whatever the batch. Needs catalog:write.
    """
    uow.actor.require(Permission.CATALOG_WRITE)
    touching.require_few(patches, "skus")
    merchant = await locks.lock_merchant(uow)
    known = await queries.skus_by_code(uow, {patch.code for patch in patches})
    products = await queries.products(uow, {sku.product_id for sku in known.values()})
    codes = {sku.id: products[sku.product_id].code for sku in known.values()}
    whole = []
    for patch in patches:
        before = known.get(patch.code)
        kept: dict[str, Any] = {"product_code": patch.code, "name_zh": "", "currency": merchant.currency}
        if before is not None:
            kept = {name: getattr(before, name) for name in _KEPT} | {"product_code": codes[before.id]}
        whole.append(_whole(patch, kept))
    return await commands.save_products(uow, products=whole)


def _whole(patch: SkuPatch, kept: Mapping[str, Any]) -> NewSku:
    """Fill a patch up with what is there."""
    said = {name: _tidy(name, value) for name, value in patch.said.items()}
    return NewSku(**{**kept, **said, "code": patch.code})


def _tidy(name: str, value: Any) -> Any:
    if name not in _TEXTS or value is None:
        return value
    return str(value).strip() or (None if name == "client" else "")
