"""SKUs and products that leave the catalog and come back: history names them, so nothing is deleted.

Whether something may leave is for core/orders/archiving.py to say, which sees stock and work as well.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.accounts import locks
from pickmesh.core.catalog import events, queries, touching
from pickmesh.core.catalog.queries import ProductRow, SkuRow
from pickmesh.core.catalog.refusals import CodeTaken, PartArchived
from pickmesh.core.catalog.tables import BundleComponent, Product, Sku
from pickmesh.core.catalog.touching import Versions
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import Refusal, Refused
from pickmesh.core.kit.texts import sentence


@dataclass(frozen=True, slots=True)
class Moved:
    """A SKU or product that is archived now, or (restored) back; `sku_ids` went with it."""

    index: int
    id: UUID
    sku_ids: tuple[UUID, ...]
    changed: bool


@dataclass(frozen=True, slots=True)
class Group:
    """What leaves or comes back together or not at all: a SKU (its archived product with it), or a whole product."""

    index: int
    id: UUID
    skus: Sequence[SkuRow]
    product: ProductRow | None = None

    @property
    def moved(self) -> Moved:
        """The answer when it is done."""
        return Moved(self.index, self.id, tuple(sku.id for sku in self.skus), changed=True)


async def write_archived(uow: UnitOfWork, groups: Sequence[Group]) -> None:
    """Take SKUs and products out of the catalog, with their versions, and tell it."""
    await _write(uow, groups, archived=True)


async def _write(uow: UnitOfWork, groups: Sequence[Group], *, archived: bool) -> None:
    at = uow.now if archived else None
    sku_ids = list(dict.fromkeys(sku.id for group in groups for sku in group.skus))
    product_ids = list(dict.fromkeys(group.product.id for group in groups if group.product is not None))
    # Products first: a SKU never stands in the catalog without its product.
    await uow.update(Product, [{"id": id_, "archived_at": at} for id_ in product_ids], bump_version=True)
    await uow.update(Sku, [{"id": id_, "archived_at": at} for id_ in sku_ids], bump_version=True)
    if archived:
        uow.emit(events.ProductArchived(id_) for id_ in product_ids)
        uow.emit(events.SkuArchived(id_) for id_ in sku_ids)
    else:
        uow.emit(events.ProductRestored(id_) for id_ in product_ids)
        uow.emit(events.SkuRestored(id_) for id_ in sku_ids)


async def bundles_holding(uow: UnitOfWork, sku_ids: Collection[UUID]) -> dict[UUID, list[tuple[UUID, str]]]:
    """Return the bundles in the catalog that list a SKU as their part, as (id, code) by code, by the SKU."""
    of_bundle = sa.and_(Sku.merchant_id == BundleComponent.merchant_id, Sku.id == BundleComponent.bundle_sku_id)
    found = await uow.fetch(
        sa.select(BundleComponent.component_sku_id, Sku.id, Sku.code)
        .select_from(sa.join(BundleComponent, Sku, of_bundle))
        .where(uow.mine(BundleComponent), uow.among(BundleComponent.component_sku_id, sku_ids))
        .where(Sku.archived_at.is_(None))
        .order_by(Sku.code)
    )
    answer: dict[UUID, list[tuple[UUID, str]]] = defaultdict(list)
    for row in found:
        answer[row.component_sku_id].append((row.id, row.code))
    return dict(answer)


async def restore_skus(
    uow: UnitOfWork, *, sku_ids: Sequence[UUID], versions: Versions | None = None
) -> list[Moved | Refused]:
    """Bring SKUs back with their barcodes, shop codes and, where it is archived, their product; twice is once.

    Refused where another SKU has the code by now, or a component is still archived. At most 1,000 in a fixed number of
    statements. Needs catalog:write; `versions` are what the caller has read.
    """
    uow.actor.require(Permission.CATALOG_WRITE)
    touching.require_few(sku_ids, "skus")
    await locks.lock_merchant(uow)
    skus = await queries.skus(uow, set(sku_ids))
    products = await queries.products(uow, {sku.product_id for sku in skus.values()})
    groups: list[Group] = []
    answers: dict[int, Moved | Refused] = {}
    for index, sku_id in enumerate(sku_ids):
        sku = skus.get(sku_id)
        refused = touching.refusal(sku, versions, field="id", archived=True)
        if refused is not None or sku is None:
            answers[index] = Refused(index, refused or Refusal())
        elif sku.archived_at is None:
            answers[index] = Moved(index, sku_id, (), changed=False)
        else:
            product = products[sku.product_id]
            groups.append(Group(index, sku_id, [sku], product if product.archived_at else None))
    answers |= await _restore(uow, groups)
    return [answers[index] for index in range(len(sku_ids))]


async def restore_products(
    uow: UnitOfWork, *, product_ids: Sequence[UUID], versions: Versions | None = None
) -> list[Moved | Refused]:
    """Bring products back with the SKUs that were archived together with them; twice is once.

    Refusals and limits are those of restore_skus; a product comes back whole or not at all.
    """
    uow.actor.require(Permission.CATALOG_WRITE)
    touching.require_few(product_ids, "products")
    await locks.lock_merchant(uow)
    products = await queries.products(uow, set(product_ids))
    skus = await _archived_skus(uow, products)
    groups: list[Group] = []
    answers: dict[int, Moved | Refused] = {}
    for index, product_id in enumerate(product_ids):
        product = products.get(product_id)
        refused = touching.refusal(product, versions, field="id", archived=True)
        if refused is not None or product is None:
            answers[index] = Refused(index, refused or Refusal())
        elif product.archived_at is None:
            answers[index] = Moved(index, product_id, (), changed=False)
        else:
            together = [sku for sku in skus.get(product_id, ()) if sku.archived_at == product.archived_at]
            groups.append(Group(index, product_id, together, product))
    answers |= await _restore(uow, groups)
    return [answers[index] for index in range(len(product_ids))]


async def _archived_skus(uow: UnitOfWork, product_ids: Collection[UUID]) -> Mapping[UUID, list[SkuRow]]:
    found = await uow.fetch(
        sa.select(Sku.id).where(uow.mine(Sku), uow.among(Sku.product_id, product_ids), Sku.archived_at.is_not(None))
    )
    rows = await queries.skus(uow, [row.id for row in found])
    answer: dict[UUID, list[SkuRow]] = defaultdict(list)
    for sku in sorted(rows.values(), key=lambda each: each.code):
        answer[sku.product_id].append(sku)
    return answer


async def _restore(uow: UnitOfWork, groups: Sequence[Group]) -> dict[int, Moved | Refused]:
    """Restore what can be; a group whose part is neither here nor coming back falls, until nothing more falls."""
    if not groups:
        return {}
    refused = await _taken(uow, groups)
    parts = await queries.parts_of(uow, {sku.id for group in groups for sku in group.skus if sku.is_bundle})
    named = await queries.skus(uow, {part for listed in parts.values() for part, _ in listed})
    while True:
        left = [group for group in groups if group.index not in refused]
        back = {sku.id for group in left for sku in group.skus}
        absent = {part: sku for part, sku in named.items() if sku.archived_at is not None and part not in back}
        fallen = {group.index: lacking for group in left if (lacking := _lacking(group, parts, absent))}
        if not fallen:
            break
        refused |= fallen
    await _write(uow, left, archived=False)
    return {group.index: group.moved for group in left} | {
        index: Refused(index, refusal) for index, refusal in refused.items()
    }


def _lacking(
    group: Group, parts: Mapping[UUID, Sequence[tuple[UUID, int]]], absent: Mapping[UUID, SkuRow]
) -> Refusal | None:
    gone = [absent[part] for sku in group.skus for part, _ in parts.get(sku.id, ()) if part in absent]
    if not gone:
        return None
    codes = sorted(sku.code for sku in gone)
    message = sentence(
        "A bundle needs {sku}, which is archived; restore that first, or together with the bundle.", sku=codes[0]
    )
    return PartArchived(message, field=("id",), data={"skus": codes, "sku_ids": [str(sku.id) for sku in gone]})


async def _taken(uow: UnitOfWork, groups: Sequence[Group]) -> dict[int, Refusal]:
    """Return, by index, the groups whose codes others have: SKUs and products of the catalog, or earlier groups."""
    skus = await queries.skus_by_code(uow, {sku.code for group in groups for sku in group.skus})
    products = await queries.products_by_code(uow, {group.product.code for group in groups if group.product})
    sku_codes = {code: row.id for code, row in skus.items()}
    product_codes = {code: row.id for code, row in products.items()}
    refused: dict[int, Refusal] = {}
    for group in groups:
        taken = [sku.code for sku in group.skus if sku_codes.get(sku.code, sku.id) != sku.id]
        if taken:
            refused[group.index] = _code_taken(taken[0], sku_codes[taken[0]], "sku_id")
        elif group.product and product_codes.get(group.product.code, group.product.id) != group.product.id:
            code = group.product.code
            refused[group.index] = _code_taken(code, product_codes[code], "product_id")
        else:
            sku_codes |= {sku.code: sku.id for sku in group.skus}
            product_codes |= {group.product.code: group.product.id} if group.product else {}
    return refused


def _code_taken(code: str, holder: UUID, name: str) -> CodeTaken:
    message = sentence(
        "{code} is the code of another one by now; archive that one first, then restore this.", code=code
    )
    return CodeTaken(message, field=("id",), data={"code": code, name: str(holder)})
