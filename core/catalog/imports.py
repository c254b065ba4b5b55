"""Reading what a batch of SKUs meets in the catalog, and writing what it changes: all set-based."""

from collections.abc import Collection, Iterable, Sequence
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.accounts import queries as accounts
from pickmesh.core.catalog import changes, events, queries, terms
from pickmesh.core.catalog.changes import Change
from pickmesh.core.catalog.rules import Draft, Known, NewSku, ShopCode
from pickmesh.core.catalog.tables import Barcode, BundleComponent, Product, SearchTerm, Sku, SkuMap
from pickmesh.core.db import rows
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.ids import new_id


async def known_around(uow: UnitOfWork, products: Sequence[NewSku]) -> Known:
    """Read what the catalog holds around a batch, in a fixed number of statements."""
    named = {part.sku_code for new in products for part in new.components or ()}
    skus = await queries.skus_by_code(uow, named | {new.code for new in products})
    asked = {(each.shop, each.code) for new in products for each in new.shop_codes or ()}
    shops = {code: row.id for code, row in (await accounts.shops_by_code(uow, {shop for shop, _ in asked})).items()}
    own_ids = [skus[code].id for code in {new.code for new in products} & skus.keys()]
    barcodes = await queries.barcodes_of(uow, own_ids)
    shop_codes = await _shop_codes(uow, {(shops[shop], code) for shop, code in asked if shop in shops}, own_ids)
    shop_codes_of: dict[UUID, set[ShopCode]] = {}
    for shop_code, sku_id in shop_codes.items():
        shop_codes_of.setdefault(sku_id, set()).add(shop_code)
    return Known(
        skus,
        shops,
        shop_codes,
        {sku_id: frozenset(codes) for sku_id, codes in shop_codes_of.items()},
        {sku_id: {row.code: row for row in rows} for sku_id, rows in barcodes.items()},
        await _components(uow, {row.id for row in skus.values()}),
    )


async def _shop_codes(uow: UnitOfWork, pairs: Collection[ShopCode], sku_ids: Collection[UUID]) -> dict[ShopCode, UUID]:
    """Read what shops' codes stand for; what an archived SKU still holds is free for others."""
    asked = uow.among([SkuMap.shop_id, SkuMap.shop_code], pairs) | uow.among(SkuMap.sku_id, sku_ids)
    of_sku = sa.and_(Sku.merchant_id == SkuMap.merchant_id, Sku.id == SkuMap.sku_id, Sku.archived_at.is_(None))
    found = await uow.fetch(
        sa.select(SkuMap.shop_id, SkuMap.shop_code, SkuMap.sku_id)
        .select_from(sa.join(SkuMap, Sku, of_sku))
        .where(uow.mine(SkuMap), asked)
    )
    return {(row.shop_id, row.shop_code): row.sku_id for row in found}


async def _components(uow: UnitOfWork, sku_ids: set[UUID]) -> dict[UUID, dict[UUID, int]]:
    """Read the components two steps up and down from SKUs: as far as bundles nest."""
    bundle, part = BundleComponent.bundle_sku_id, BundleComponent.component_sku_id
    known: dict[UUID, dict[UUID, int]] = {}
    for _ in range(2):
        touching = uow.among(bundle, sku_ids) | uow.among(part, sku_ids)
        found = await uow.fetch(
            sa.select(bundle, part, BundleComponent.quantity).where(uow.mine(BundleComponent), touching)
        )
        for row in found:
            known.setdefault(row.bundle_sku_id, {})[row.component_sku_id] = row.quantity
        sku_ids = {id_ for row in found for id_ in (row.bundle_sku_id, row.component_sku_id)}
    return known


async def save_styles(uow: UnitOfWork, drafts: Sequence[Draft]) -> dict[str, UUID]:
    """Create or rename the products of drafts; return their ids by code."""
    names = changes.product_names(drafts)
    existing = await queries.products_by_code(uow, names)
    created = {code: new_id() for code in names if code not in existing}
    await uow.insert(
        Product,
        [{"id": id_, "code": code, **_named(names[code][0]), "created_at": uow.now} for code, id_ in created.items()],
    )
    before = changes.names_before(drafts)
    renamed = {
        product.id: names[code][0]
        for code, product in existing.items()
        if changes.is_renamed(product, names[code], before.get(code, ()))
    }
    await uow.update(Product, [{"id": id_, **_named(name)} for id_, name in renamed.items()], bump_version=True)
    uow.emit(events.ProductCreated(id_) for id_ in created.values())
    uow.emit(events.ProductRenamed(id_) for id_ in renamed)
    return created | {code: product.id for code, product in existing.items()}


def _named(name: tuple[str, str]) -> dict[str, str]:
    return {"name_zh": name[0], "name_en": name[1]}


async def write(uow: UnitOfWork, changed: Sequence[Change], known: Known) -> None:
    """Write what changes, and tell it."""
    await uow.insert(Sku, [_sku(change) | {"created_at": uow.now} for change in changed if change.is_new])
    await uow.update(Sku, [_sku(change) for change in changed if not change.is_new], bump_version=True)
    await _write_barcodes(uow, _with(changed, changes.BARCODES), known)
    await _write_components(uow, _with(changed, changes.COMPONENTS))
    await _write_shop_codes(uow, _with(changed, changes.SHOP_CODES))
    await _write_terms(uow, [change for change in changed if change.is_found_otherwise])
    uow.emit(_event(change) for change in changed)


def _with(changed: Sequence[Change], part: str) -> list[Draft]:
    return [change.draft for change in changed if part in change.what]


def _sku(change: Change) -> dict[str, object]:
    return {"id": change.draft.id, **change.details}


def _event(change: Change) -> events.SkuCreated | events.SkuChanged:
    if change.is_new:
        return events.SkuCreated(change.draft.id, UUID(str(change.details["product_id"])))
    return events.SkuChanged(change.draft.id, change.what)


async def _write_barcodes(uow: UnitOfWork, drafts: Sequence[Draft], known: Known) -> None:
    new, recounted, gone = [], [], []
    for draft in drafts:
        wanted, kept = draft.barcodes or {}, known.barcodes.get(draft.id, {})
        for code, quantity in wanted.items():
            if code not in kept:
                row = {"sku_id": draft.id, "code": code, "unit_quantity": quantity, "created_at": uow.now}
                new.append({"id": new_id(), **row})
            elif kept[code].unit_quantity != quantity:
                recounted.append({"id": kept[code].id, "unit_quantity": quantity})
        gone += [{"id": row.id, "archived_at": uow.now} for code, row in kept.items() if code not in wanted]
    await uow.update(Barcode, gone)
    await uow.update(Barcode, recounted)
    await uow.insert(Barcode, new)


async def _write_components(uow: UnitOfWork, drafts: Sequence[Draft]) -> None:
    await _clear(uow, BundleComponent, BundleComponent.bundle_sku_id, drafts)
    await uow.insert(
        BundleComponent,
        [
            {"bundle_sku_id": draft.id, "component_sku_id": part, "quantity": quantity}
            for draft in drafts
            for part, quantity in (draft.components or {}).items()
        ],
    )


async def _write_shop_codes(uow: UnitOfWork, drafts: Sequence[Draft]) -> None:
    # Cleared for the whole batch before anything is set, so that a code may pass from one SKU to another.
    await _clear(uow, SkuMap, SkuMap.sku_id, drafts)
    new = [
        {"shop_id": shop_id, "shop_code": code, "sku_id": draft.id}
        for draft in drafts
        for shop_id, code in sorted(draft.shop_codes or ())
    ]
    await uow.upsert(SkuMap, new, replace=["sku_id"])


async def _write_terms(uow: UnitOfWork, changed: Sequence[Change]) -> None:
    wanted = {(term, change.draft.id) for change in changed for term in terms.terms_of(_texts(change.draft.new))}
    kept = await _kept_terms(uow, [change.draft.id for change in changed if not change.is_new])
    gone = kept - wanted
    if gone:
        pairs = uow.among([sa.type_coerce(SearchTerm.term, sa.Text), SearchTerm.sku_id], gone)
        await uow.execute(sa.delete(SearchTerm).where(uow.mine(SearchTerm), pairs))
    await uow.insert(SearchTerm, [{"term": term, "sku_id": sku_id} for term, sku_id in sorted(wanted - kept)])


def _texts(new: NewSku) -> Iterable[str]:
    return new.code, new.product_code, new.name_zh, new.name_en, new.option_zh, new.option_en


async def _kept_terms(uow: UnitOfWork, sku_ids: Sequence[UUID]) -> set[tuple[str, UUID]]:
    if not sku_ids:
        return set()
    of_skus = uow.among(SearchTerm.sku_id, sku_ids)
    found = await uow.fetch(sa.select(SearchTerm.term, SearchTerm.sku_id).where(uow.mine(SearchTerm), of_skus))
    return {(row.term, row.sku_id) for row in found}


async def _clear(
    uow: UnitOfWork, table: type[BundleComponent | SkuMap], column: rows.Column, drafts: Sequence[Draft]
) -> None:
    """Delete what SKUs had before, when there are any."""
    if drafts:
        ids = [draft.id for draft in drafts]
        await uow.execute(sa.delete(table).where(uow.mine(table), uow.among(column, ids)))
