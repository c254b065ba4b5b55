"""What shops' own codes stand for: said by people one by one, or by other rooms of the house."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.accounts import locks
from pickmesh.core.accounts import queries as accounts
from pickmesh.core.accounts.queries import ShopRow
from pickmesh.core.catalog import changes, queries, rules, touching
from pickmesh.core.catalog.queries import SkuRow
from pickmesh.core.catalog.refusals import ShopCodeTaken, UnknownShop
from pickmesh.core.catalog.rules import ShopCode
from pickmesh.core.catalog.tables import Sku, SkuMap
from pickmesh.core.catalog.touching import Versions
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import InvalidInput, LimitExceeded, Refusal, Refused
from pickmesh.core.kit.texts import sentence


@dataclass(frozen=True, slots=True)
class NewMapping:
    """A shop's own code and the SKU of ours it is to stand for."""

    shop_id: UUID
    code: str
    sku_id: UUID

    @property
    def key(self) -> ShopCode:
        """The shop and its code."""
        return self.shop_id, self.code


@dataclass(frozen=True, slots=True)
class Mapped:
    """A shop's code that stands for a SKU now; `replaced_sku_id` is the one it stood for before."""

    index: int
    shop_id: UUID
    code: str
    sku_id: UUID
    changed: bool
    replaced_sku_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Unmapped:
    """A shop's code that stands for nothing now."""

    index: int
    shop_id: UUID
    code: str
    changed: bool


@dataclass(slots=True)
class _Batch:
    """Mappings being made, beside what is there."""

    shops: Mapping[UUID, ShopRow]
    skus: Mapping[UUID, SkuRow]
    holders: Mapping[ShopCode, UUID]  # codes of archived SKUs are free
    kept: Mapping[UUID, int]  # how many codes each SKU has
    replace: bool
    versions: Versions | None
    wanted: dict[ShopCode, UUID] = field(default_factory=dict)

    def problem(self, new: NewMapping) -> Refusal | None:
        try:
            self._require_sound(new)
        except Refusal as refusal:
            return refusal
        return None

    def _require_sound(self, new: NewMapping) -> None:
        if new.shop_id not in self.shops:
            raise UnknownShop(field=("shopId",))
        rules.require_code("A shop's code", new.code, "code")
        refused = touching.refusal(self.skus.get(new.sku_id), self.versions)
        if refused is not None:
            raise refused
        if self.wanted.get(new.key, new.sku_id) != new.sku_id:
            message = sentence("{code} stands twice in this batch; keep one.", code=new.code)
            raise InvalidInput(message, field=("code",))
        holder = self.holders.get(new.key)
        if holder not in {None, new.sku_id} and not self.replace:
            raise self._taken(new, self.skus[holder])
        added = sum(sku_id == new.sku_id for sku_id in self.wanted.values())
        if holder != new.sku_id and self.kept.get(new.sku_id, 0) + added >= rules.SHOP_CODES_MAX:
            message = sentence("A SKU has at most {most} shops' codes; take one away first.", most=rules.SHOP_CODES_MAX)
            raise LimitExceeded(message, field=("skuId",))

    def _taken(self, new: NewMapping, holder: SkuRow) -> ShopCodeTaken:
        message = sentence(
            "{shop}'s code {code} stands for {sku} already; map it with “replace” to let it stand for another SKU.",
            shop=self.shops[new.shop_id].code,
            code=new.code,
            sku=holder.code,
        )
        return ShopCodeTaken(message, field=("code",), data={"sku_id": str(holder.id), "sku": holder.code})


async def map_shop_codes(
    uow: UnitOfWork, *, mappings: Sequence[NewMapping], replace: bool = False, versions: Versions | None = None
) -> list[Mapped | Refused]:
    """Let shops' codes stand for SKUs; the same again changes nothing.

    A code that stands for another SKU is refused with its name, unless `replace` says to change that. At most 1,000 in
    a fixed number of statements. Needs catalog:write.
    """
    uow.actor.require(Permission.CATALOG_WRITE)
    touching.require_few(mappings, "mappings")
    await locks.lock_merchant(uow)
    batch = await _read(uow, mappings, replace, versions)
    answers: list[Mapped | Refused] = []
    for index, new in enumerate(mappings):
        problem = batch.problem(new)
        if problem is not None:
            answers.append(Refused(index, problem))
            continue
        holder = batch.holders.get(new.key)
        changed = holder != new.sku_id and new.key not in batch.wanted
        if changed:
            batch.wanted[new.key] = new.sku_id
        answers.append(Mapped(index, new.shop_id, new.code, new.sku_id, changed, holder if changed else None))
    await map_codes(uow, batch.wanted)
    touched = {sku_id for key, new in batch.wanted.items() for sku_id in (new, batch.holders.get(key)) if sku_id}
    await touching.touch(uow, dict.fromkeys(touched, (changes.SHOP_CODES,)))
    return answers


async def _read(uow: UnitOfWork, mappings: Sequence[NewMapping], replace: bool, versions: Versions | None) -> _Batch:
    found = await queries.skus_of_shop_codes(uow, {new.key for new in mappings})
    skus = await queries.skus(uow, {new.sku_id for new in mappings})
    kept = await queries.shop_codes_of(uow, skus)
    return _Batch(
        shops=await accounts.shops_by_id(uow, {new.shop_id for new in mappings}),
        skus={**{sku.id: sku for sku in found.values()}, **skus},
        holders={key: sku.id for key, sku in found.items()},
        kept={sku_id: len(codes) for sku_id, codes in kept.items()},
        replace=replace,
        versions=versions,
    )


async def unmap_shop_codes(uow: UnitOfWork, *, codes: Sequence[ShopCode]) -> list[Unmapped | Refused]:
    """Let shops' codes stand for nothing; orders taken in already keep their SKUs. Twice changes nothing.

    At most 1,000 in a fixed number of statements. Needs catalog:write.
    """
    uow.actor.require(Permission.CATALOG_WRITE)
    touching.require_few(codes, "codes")
    await locks.lock_merchant(uow)
    shops = await accounts.shops_by_id(uow, {shop_id for shop_id, _ in codes})
    found = await queries.skus_of_shop_codes(uow, set(codes))
    if found:
        pairs = uow.among([SkuMap.shop_id, SkuMap.shop_code], list(found))
        await uow.execute(sa.delete(SkuMap).where(uow.mine(SkuMap), pairs))
    await touching.touch(uow, {sku.id: (changes.SHOP_CODES,) for sku in found.values()})
    return [
        Unmapped(index, key[0], key[1], key in found)
        if key[0] in shops
        else Refused(index, UnknownShop(field=("shopId",)))
        for index, key in enumerate(codes)
    ]


async def map_codes(uow: UnitOfWork, codes: Mapping[ShopCode, UUID]) -> None:
    """Let each (shop id, shop's code) stand for a SKU, whatever it stood for before; one statement, twice is once."""
    new = [{"shop_id": shop_id, "shop_code": code, "sku_id": codes[shop_id, code]} for shop_id, code in sorted(codes)]
    await uow.upsert(SkuMap, new, replace=["sku_id"])


async def skus_of_codes(
    uow: UnitOfWork, codes: Collection[str], shop_ids: Collection[UUID]
) -> dict[str, list[tuple[UUID, UUID]]]:
    """Return what codes stand for in any of some shops, as (shop id, SKU id) in the order of shops, by code."""
    of_sku = sa.and_(Sku.merchant_id == SkuMap.merchant_id, Sku.id == SkuMap.sku_id, Sku.archived_at.is_(None))
    found = await uow.fetch(
        sa.select(SkuMap.shop_id, SkuMap.shop_code, SkuMap.sku_id)
        .select_from(sa.join(SkuMap, Sku, of_sku))
        .where(uow.mine(SkuMap), uow.among(SkuMap.shop_id, shop_ids), uow.among(SkuMap.shop_code, codes))
        .order_by(SkuMap.shop_id)
    )
    answer: dict[str, list[tuple[UUID, UUID]]] = {}
    for row in found:
        answer.setdefault(row.shop_code, []).append((row.shop_id, row.sku_id))
    return answer
