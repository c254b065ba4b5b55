"""How many pieces each shop should show under each of its codes, and which of these figures may have changed."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from pickmesh.core.accounts.tables import Shop
from pickmesh.core.catalog import events as catalog_events
from pickmesh.core.catalog.tables import BundleComponent, Sku, SkuMap
from pickmesh.core.journal import reading
from pickmesh.core.journal.tables import EventRow
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.ids import NIL_ID
from pickmesh.core.kit.paging import Page, PageRequest, page_of
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import InvalidInput
from pickmesh.core.stock import bundles, events, push, queries, rules

EVENTS_MAX = 1_000
"""Events of the log looked through in one go."""

FIGURES_MAX = 2_500
"""Most changed figures answered in one go; where more may have changed, whole shops are to be read anew."""

_CHANGES_SKU = frozenset({*events.CHANGES_AVAILABLE, catalog_events.SkuCreated.kind, catalog_events.SkuChanged.kind})


@dataclass(frozen=True, slots=True)
class Policy:
    """What a shop is told of what is available; as it stands, all of it."""

    share_percent: int = 100
    buffer: int = 0
    cap: int | None = None
    paused: bool = False

    def told(self, available: int) -> int:
        """Return the figure to tell, never below zero."""
        if self.paused:
            return 0
        figure = max(0, available * self.share_percent // 100 - self.buffer)
        return figure if self.cap is None else min(figure, self.cap)


@dataclass(frozen=True, slots=True)
class PushFigure:
    """What a shop should show under one of its codes: `quantity`, which `policy` makes of what is `available`."""

    shop_id: UUID
    shop_code: str
    sku_id: UUID
    quantity: int
    available: int
    policy: Policy


@dataclass(frozen=True, slots=True)
class PushChanges:
    """What may have changed after an event: figures as they are now, and shops to be read anew as a whole.

    Ask again after `up_to`, at once when there is `more`.
    """

    up_to: int
    more: bool
    figures: Sequence[PushFigure]
    shop_ids: Sequence[UUID]


async def push_figures(
    uow: UnitOfWork,
    request: PageRequest,
    *,
    shop_ids: Collection[UUID] | None = None,
    sku_ids: Collection[UUID] | None = None,
) -> Page[PushFigure]:
    """Return a page of what shops should show, by shop and code; of the shops the caller works for. Five statements."""
    uow.actor.require(Permission.STOCK_READ)
    wanted = _mapped(uow, shop_ids, sku_ids)
    key = (SkuMap.shop_id, SkuMap.shop_code)
    if request.cursor is not None:
        here = sa.tuple_(*(sa.literal(part) for part in _cursor(request.cursor)))
        wanted = wanted.where(sa.tuple_(*key) < here if request.backwards else sa.tuple_(*key) > here)
    order = [column.desc() for column in key] if request.backwards else list(key)
    rows = await uow.fetch(wanted.order_by(*order).limit(request.limit + 1))
    page = page_of(rows, request, lambda row: (str(row.shop_id), row.shop_code))
    return Page(await _figures(uow, page.items), page.cursors, page.has_next, page.has_previous)


async def push_changes(uow: UnitOfWork, *, after: int, shop_ids: Collection[UUID] | None = None) -> PushChanges:
    """Return which figures may have changed by what the log tells after an event number, as they are now.

    Looks through at most 1,000 events: nothing that commits later has a lower number, so whoever goes on from `up_to`
    misses nothing.
    """
    uow.actor.require(Permission.STOCK_READ)
    last = await reading.last_seq(uow)
    up_to = max(after, min(last, after + EVENTS_MAX))
    told = await _told(uow, after, up_to)
    whole = {event.subject_id for event in told if event.kind == events.PushPolicySaved.kind and not _sku(event)}
    stocked = {event.subject_id for event in told if event.kind != events.PushPolicySaved.kind}
    skus = stocked | await _bundles_with(uow, stocked) | {sku_id for event in told if (sku_id := _sku(event))}
    wanted = _mapped(uow, shop_ids, skus).order_by(SkuMap.shop_id, SkuMap.shop_code).limit(FIGURES_MAX + 1)
    rows = await uow.fetch(wanted)
    if len(rows) > FIGURES_MAX:
        whole |= await _shops(uow)
    figures = await _figures(uow, [row for row in rows if row.shop_id not in whole])
    theirs = whole if shop_ids is None else whole & set(shop_ids)
    may = uow.actor.may
    seen = sorted(each for each in theirs if may(Permission.STOCK_READ, shop_id=each))
    return PushChanges(up_to, last > up_to, figures, seen)


def _mapped(
    uow: UnitOfWork, shop_ids: Collection[UUID] | None, sku_ids: Collection[UUID] | None
) -> sa.Select[*tuple[Any, ...]]:
    """Return the query of shops' codes that stand for SKUs of ours, archived shops and SKUs left out."""
    found = (
        sa.select(SkuMap.shop_id, SkuMap.shop_code, SkuMap.sku_id, Sku.is_bundle)
        .join(Sku, sa.and_(uow.mine(Sku), Sku.id == SkuMap.sku_id))
        .join(Shop, sa.and_(uow.mine(Shop), Shop.id == SkuMap.shop_id))
        .where(uow.mine(SkuMap), Sku.archived_at.is_(None), Shop.archived_at.is_(None))
    )
    for column, values in (
        (SkuMap.shop_id, shop_ids),
        (SkuMap.sku_id, sku_ids),
        (SkuMap.shop_id, uow.actor.shop_ids),
    ):
        if values is not None:
            found = found.where(uow.among(column, values))
    return found


def _cursor(cursor: tuple[object, ...]) -> tuple[UUID, str]:
    try:
        shop_id, code = cursor
        return UUID(str(shop_id)), str(code)
    except ValueError:
        raise InvalidInput("That cursor is not one of this list's; start again from the first page.") from None


async def _figures(uow: UnitOfWork, rows: Sequence[sa.Row[Any]]) -> list[PushFigure]:
    """Return what rows of codes should show."""
    available = await available_of(uow, {row.sku_id: row.is_bundle for row in rows})
    policies = await push.policies_for(uow, {row.shop_id for row in rows}, {row.sku_id for row in rows})
    return [_figure(row, available[row.sku_id], policies) for row in rows]


def _figure(row: sa.Row[Any], available: int, policies: Mapping[tuple[UUID, UUID], sa.Row[Any]]) -> PushFigure:
    found = policies.get((row.shop_id, row.sku_id)) or policies.get((row.shop_id, NIL_ID))
    policy = Policy() if found is None else Policy(found.share_percent, found.buffer, found.cap, bool(found.paused))
    return PushFigure(row.shop_id, row.shop_code, row.sku_id, policy.told(available), available, policy)


async def available_of(uow: UnitOfWork, skus: Mapping[UUID, bool]) -> dict[UUID, int]:
    """Return what is available of SKUs at all locations, told which of them are bundles; as lists of SKUs show it.

    Each location counts for itself and none below zero; a bundle is available where one location has all its parts.
    """
    of_bundles = await bundles.levels_of_bundles(uow, [sku_id for sku_id, is_bundle in skus.items() if is_bundle])
    plain = await queries.levels_of(uow, [sku_id for sku_id, is_bundle in skus.items() if not is_bundle])
    pairs = [(level.sku_id, int(level.available)) for level in plain]
    pairs += [(bundle_id, level.available) for bundle_id, levels in of_bundles.items() for level in levels]
    return {**dict.fromkeys(skus, 0), **rules.summed(pairs)}


async def _told(uow: UnitOfWork, after: int, up_to: int) -> Sequence[sa.Row[Any]]:
    """Return the events of a stretch of the log after which figures may be others."""
    kinds = _CHANGES_SKU | {events.PushPolicySaved.kind}
    return await uow.fetch(
        sa.select(EventRow.kind, EventRow.subject_id, EventRow.payload).where(
            uow.mine(EventRow),
            EventRow.seq > after,
            EventRow.seq <= up_to,
            uow.among(EventRow.kind, sorted(kinds)),
        )
    )


def _sku(event: sa.Row[Any]) -> UUID | None:
    """Return the one SKU a policy was saved for."""
    if event.kind != events.PushPolicySaved.kind or event.payload["sku_id"] is None:
        return None
    return UUID(event.payload["sku_id"])


async def _bundles_with(uow: UnitOfWork, sku_ids: Collection[UUID]) -> set[UUID]:
    """Return the bundles these SKUs are in, those that hold such a bundle too."""
    inner, outer = aliased(BundleComponent), aliased(BundleComponent)
    holds = sa.and_(outer.merchant_id == inner.merchant_id, outer.component_sku_id == inner.bundle_sku_id)
    found = await uow.fetch(
        sa.select(inner.bundle_sku_id, outer.bundle_sku_id.label("outer_sku_id"))
        .select_from(sa.outerjoin(inner, outer, holds))
        .where(inner.merchant_id == uow.merchant_id, uow.among(inner.component_sku_id, sku_ids))
    )
    return {each for row in found for each in row if each is not None}


async def _shops(uow: UnitOfWork) -> set[UUID]:
    return {row.id for row in await uow.fetch(sa.select(Shop.id).where(uow.mine(Shop), Shop.archived_at.is_(None)))}
