"""What shops are told of our stock: policies per shop and SKU, and the figures that follow from them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.accounts.tables import Shop
from pickmesh.core.catalog import queries as catalog
from pickmesh.core.catalog.tables import Sku
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.ids import NIL_ID
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import InvalidInput, LimitExceeded, NotFound, NotPermitted, Refusal, Refused
from pickmesh.core.kit.texts import sentence
from pickmesh.core.stock import events, refusals, rules
from pickmesh.core.stock.promise_tables import PushPolicy

POLICIES_MAX = 1_000
_POLICY = (
    PushPolicy.shop_id,
    PushPolicy.sku_id,
    PushPolicy.share_percent,
    PushPolicy.buffer,
    PushPolicy.cap,
    PushPolicy.paused,
    PushPolicy.updated_at,
)


@dataclass(frozen=True, slots=True)
class NewPolicy:
    """What a shop is told of one SKU, or (without a SKU) of all that have no policy of their own.

    A share of what is available, rounded down, less the buffer, and no more than the cap; a paused one tells 0.
    """

    shop_id: UUID
    sku_id: UUID | None = None
    share_percent: int = 100
    buffer: int = 0
    cap: int | None = None
    paused: bool = False


@dataclass(frozen=True, slots=True)
class PolicySaved:
    """A policy as it stands now."""

    index: int
    shop_id: UUID
    sku_id: UUID | None


async def save_push_policies(uow: UnitOfWork, *, policies: Sequence[NewPolicy]) -> list[PolicySaved | Refused]:
    """Say what shops are told of our stock; the last of several for one shop and SKU counts.

    Shares of several shops may add up to more than 100 %: no order is promised what another one has. At most 1,000;
    needs `stock:write` for each shop.
    """
    uow.actor.require(Permission.STOCK_WRITE)
    checked = await _checked(uow, policies)
    answers: list[PolicySaved | Refused] = []
    rows: dict[tuple[UUID, UUID], dict[str, Any]] = {}
    for index, (one, refusal) in enumerate(zip(policies, checked, strict=True)):
        if refusal is not None:
            answers.append(Refused(index, refusal))
            continue
        answers.append(PolicySaved(index, one.shop_id, one.sku_id))
        rows[one.shop_id, one.sku_id or NIL_ID] = {
            "shop_id": one.shop_id,
            "sku_id": one.sku_id or NIL_ID,
            "share_percent": one.share_percent,
            "buffer": one.buffer,
            "cap": one.cap,
            "paused": one.paused,
            "updated_at": uow.now,
        }
    figures = ["share_percent", "buffer", "cap", "paused", "updated_at"]
    await uow.upsert(PushPolicy, [rows[key] for key in sorted(rows)], replace=figures)
    uow.emit(events.PushPolicySaved(shop_id, _named(sku_id)) for shop_id, sku_id in sorted(rows))
    return answers


async def drop_push_policies(
    uow: UnitOfWork, *, keys: Sequence[tuple[UUID, UUID | None]]
) -> list[PolicySaved | Refused]:
    """Forget policies, so that the shop's own or none applies; those that do not exist are refused."""
    uow.actor.require(Permission.STOCK_WRITE)
    wanted = {(shop_id, sku_id or NIL_ID) for shop_id, sku_id in keys}
    found = await uow.fetch(
        sa.select(PushPolicy.shop_id, PushPolicy.sku_id).where(
            uow.mine(PushPolicy), uow.among((PushPolicy.shop_id, PushPolicy.sku_id), sorted(wanted))
        )
    )
    there = {(row.shop_id, row.sku_id) for row in found if uow.actor.may(Permission.STOCK_WRITE, shop_id=row.shop_id)}
    if there:
        gone = uow.among((PushPolicy.shop_id, PushPolicy.sku_id), sorted(there))
        await uow.execute(sa.delete(PushPolicy).where(uow.mine(PushPolicy), gone))
    uow.emit(events.PushPolicySaved(shop_id, _named(sku_id)) for shop_id, sku_id in sorted(there))
    return [
        PolicySaved(index, shop_id, sku_id)
        if (shop_id, sku_id or NIL_ID) in there
        else Refused(index, NotFound("There is no such policy.", field=("shopId",)))
        for index, (shop_id, sku_id) in enumerate(keys)
    ]


async def _checked(uow: UnitOfWork, policies: Sequence[NewPolicy]) -> list[Refusal | None]:
    """Return what is wrong with each policy."""
    if len(policies) > POLICIES_MAX:
        message = sentence(
            "At most {most} policies go in one call, not {count}.", most=POLICIES_MAX, count=len(policies)
        )
        raise LimitExceeded(message, field=("policies",))
    found = await uow.fetch(
        sa.select(Shop.id).where(
            uow.mine(Shop), uow.among(Shop.id, {one.shop_id for one in policies}), Shop.archived_at.is_(None)
        )
    )
    shops = {row.id for row in found}
    skus = await catalog.skus(uow, {one.sku_id for one in policies if one.sku_id})
    return [_refusal(uow, one, shops, skus) for one in policies]


def _refusal(uow: UnitOfWork, one: NewPolicy, shops: set[UUID], skus: Mapping[UUID, catalog.SkuRow]) -> Refusal | None:
    if one.shop_id not in shops:
        return NotFound("No shop of yours has that id.", field=("shopId",))
    if not uow.actor.may(Permission.STOCK_WRITE, shop_id=one.shop_id):
        return NotPermitted(field=("shopId",))
    if one.sku_id is not None and (one.sku_id not in skus or skus[one.sku_id].archived_at is not None):
        return refusals.UnknownSku(field=("skuId",))
    for name, value, most in (
        ("share_percent", one.share_percent, 100),
        ("buffer", one.buffer, rules.QUANTITY_MAX),
        ("cap", one.cap or 0, rules.QUANTITY_MAX),
    ):
        if not 0 <= value <= most:
            message = sentence("{name} must be between 0 and {most}.", name=name, most=most)
            return InvalidInput(message, field=(name,))
    return None


def _named(sku_id: UUID) -> UUID | None:
    return None if sku_id == NIL_ID else sku_id


async def policies_of_shops(uow: UnitOfWork, shop_ids: Iterable[UUID]) -> Sequence[sa.Row[Any]]:
    """Return the policies of shops, the shop's own (SKU id NIL_ID) first, then by SKU code; for a page of settings."""
    of_sku = sa.and_(uow.mine(Sku), Sku.id == PushPolicy.sku_id)
    return await uow.fetch(
        sa.select(*_POLICY)
        .outerjoin(Sku, of_sku)
        .where(uow.mine(PushPolicy), uow.among(PushPolicy.shop_id, shop_ids))
        .order_by(PushPolicy.shop_id, PushPolicy.sku_id != NIL_ID, Sku.code, PushPolicy.sku_id)
    )


async def policies_for(
    uow: UnitOfWork, shop_ids: Iterable[UUID], sku_ids: Iterable[UUID]
) -> dict[tuple[UUID, UUID], sa.Row[Any]]:
    """Return the policies that may count for these SKUs at these shops, by shop and SKU (NIL_ID: all of the shop)."""
    found = await uow.fetch(
        sa.select(*_POLICY).where(
            uow.mine(PushPolicy),
            uow.among(PushPolicy.shop_id, set(shop_ids)),
            uow.among(PushPolicy.sku_id, {NIL_ID, *sku_ids}),
        )
    )
    return {(row.shop_id, row.sku_id): row for row in found}
