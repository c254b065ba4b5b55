"""The pool a wave is planned from: orders that may be released, with what planning must know of them."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from pickmesh.core.catalog import queries as catalog
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.refusals import NotFound
from pickmesh.core.orders import priorities
from pickmesh.core.orders import queries as order_queries
from pickmesh.core.orders.rule_tables import OrderTag
from pickmesh.core.orders.tables import FulfillmentOrder, SalesOrder
from pickmesh.core.picking import laying_out, routes, walls, wave_rules
from pickmesh.core.picking.rules import Share
from pickmesh.core.picking.tables import WaveKind, WaveOrder, WaveOrderState
from pickmesh.core.picking.wave_rules import Candidate, Chosen
from pickmesh.core.stock import allocations
from pickmesh.core.stock import queries as stock_queries
from pickmesh.core.stock import rules as stock_rules
from pickmesh.core.stock.cut_offs import first_cut_off
from pickmesh.core.stock.tables import Place, PlaceKind

POOL_MAX = 20_000
"""Most orders that are looked at one by one for a wave, the most urgent ones."""

Row = sa.Row[*tuple[Any, ...]]
_MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Pool:
    """Orders a wave of a warehouse may take, the most urgent first, each with its lines; `location` is its row."""

    location: Row
    candidates: Sequence[Candidate]
    found: Mapping[UUID, order_queries.Releasable]


async def read_pool(
    uow: UnitOfWork,
    location_id: UUID,
    kind: WaveKind,
    chosen: Chosen,
    *,
    limit: int = POOL_MAX,
    ids: Collection[UUID] | None = None,
) -> Pool:
    """Return what may be released, sits in no wave and is as chosen, in a fixed number of statements.

    `limit` is how many a wave takes at most: where the database itself can tell which fit, no more are read.
    """
    location = (await stock_queries.locations_by_id(uow, [location_id])).get(location_id)
    if location is None:
        raise NotFound("No warehouse of yours has that id; look it up again.", field=("locationId",))
    is_by_order = chosen.is_read_by_order or kind is WaveKind.HOT_SALE
    found = await order_queries.releasable(
        uow,
        location_id=location_id,
        limit=len(ids) if ids is not None else POOL_MAX if is_by_order else limit,
        single_piece=True if kind is WaveKind.SINGLE_ITEM and ids is None else None,
        ids=ids,
        conditions=[_without_seat(uow), *_conditions(uow, chosen, location)],
    )
    by_id = {each.order.id: each for each in found}
    candidates = [_candidate(each, location) for each in found]
    if chosen.needs_sizes:
        candidates = await _sized(uow, candidates)
    if chosen.zone is not None:
        candidates = await _zoned(uow, Pool(location, candidates, by_id))
    return Pool(location, [each for each in candidates if wave_rules.fits(chosen, each)], by_id)


async def read_seated(uow: UnitOfWork, location_id: UUID, ids: Collection[UUID]) -> Pool:
    """Return those of a planned wave's orders that could be released now."""
    location = (await stock_queries.locations_by_id(uow, [location_id]))[location_id]
    found = await order_queries.releasable(uow, location_id=location_id, limit=len(ids), ids=ids)
    return Pool(location, [_candidate(each, location) for each in found], {each.order.id: each for each in found})


def _without_seat(uow: UnitOfWork) -> sa.ColumnElement[bool]:
    seat = sa.select(WaveOrder.wave_id).where(
        uow.mine(WaveOrder),
        WaveOrder.fulfillment_order_id == FulfillmentOrder.id,
        WaveOrder.state == WaveOrderState.IN,
    )
    return ~sa.exists(seat.correlate(FulfillmentOrder))


def _conditions(uow: UnitOfWork, chosen: Chosen, location: Row) -> list[sa.ColumnElement[bool]]:
    """Return what of a choice the database can tell by itself."""
    conditions: list[sa.ColumnElement[bool]] = []
    if chosen.carriers:
        conditions.append(uow.among(FulfillmentOrder.carrier, chosen.carriers))
    if chosen.priority_at_least is not None:
        conditions.append(FulfillmentOrder.priority >= chosen.priority_at_least)
    until = leave_by(chosen, location, uow.now)
    if until is not None:
        conditions.append(_leaves_by(until, location))
    if chosen.shop_ids:
        theirs = sa.select(SalesOrder.id).where(uow.mine(SalesOrder), uow.among(SalesOrder.shop_id, chosen.shop_ids))
        conditions.append(FulfillmentOrder.order_id.in_(theirs))
    if chosen.tags:
        tagged = sa.select(OrderTag.order_id).where(uow.mine(OrderTag), uow.among(OrderTag.tag, chosen.tags))
        conditions.append(FulfillmentOrder.order_id.in_(tagged))
    return conditions


def leave_by(chosen: Chosen, location: Row, now: datetime) -> datetime | None:
    """Return by when chosen orders must leave a warehouse; None when that does not matter."""
    told = [] if chosen.leave_by is None else [chosen.leave_by]
    if chosen.leave_within is not None:
        told.append(now + chosen.leave_within)
    if chosen.by_next_cut_off and location.cut_off is not None:
        told.append(first_cut_off(now, location.cut_off, location.time_zone))
    return min(told, default=None)


def _leaves_by(until: datetime, location: Row) -> sa.ColumnElement[bool]:
    """Return the condition that an order must leave by a moment: its last cut-off comes no later."""
    if location.cut_off is None:
        return FulfillmentOrder.ship_by <= until
    return FulfillmentOrder.ship_by < first_cut_off(until + _MOMENT, location.cut_off, location.time_zone)


def _candidate(found: order_queries.Releasable, location: Row) -> Candidate:
    contents: Counter[UUID] = Counter()
    for line in found.lines:
        contents[line.sku_id] += line.quantity
    by = priorities.leave_by(found.order.ship_by, location)
    return Candidate(found.order.id, tuple(sorted(contents.items())), by, found.order.carrier)


async def _sized(uow: UnitOfWork, candidates: Sequence[Candidate]) -> list[Candidate]:
    """Add what orders weigh and how much room they take, as far as their goods are known."""
    skus = await catalog.skus(uow, {sku_id for each in candidates for sku_id, _ in each.contents})
    weights = {sku_id: sku.weight_g for sku_id, sku in skus.items()}
    volumes = {sku_id: _volume(sku) for sku_id, sku in skus.items()}
    return [
        replace(each, weight_g=_total(each.contents, weights), volume_mm3=_total(each.contents, volumes))
        for each in candidates
    ]


def _volume(sku: Any) -> int | None:
    if sku.length_mm is None or sku.width_mm is None or sku.height_mm is None:
        return None
    return int(sku.length_mm * sku.width_mm * sku.height_mm)


def _total(contents: wave_rules.Contents, of_sku: Mapping[UUID, int | None]) -> int | None:
    total = 0
    for sku_id, quantity in contents:
        each = of_sku.get(sku_id)
        if each is None:
            return None
        total += each * quantity
    return total


async def _zoned(uow: UnitOfWork, pool: Pool) -> list[Candidate]:
    """Add in which zones orders' units would be taken; none of an order that no bins would fill."""
    proposal = await propose_bins(uow, pool, [each.fulfillment_order_id for each in pool.candidates])
    places = await stock_queries.places(uow, {share.place_id for share in proposal.shares})
    zones: dict[UUID, set[str | None]] = defaultdict(set)
    for share in proposal.shares:
        zones[share.fulfillment_order_id].add(places[share.place_id].zone)
    return [replace(each, zones=frozenset(zones.get(each.fulfillment_order_id, ()))) for each in pool.candidates]


@dataclass(frozen=True, slots=True)
class Proposal:
    """From which bins orders would be served if they were released now; `short` are those no bins would fill."""

    shares: Sequence[Share]
    short: frozenset[UUID]


async def propose_bins(uow: UnitOfWork, pool: Pool, order_ids: Sequence[UUID]) -> Proposal:
    """Choose bins for orders as a release would, without promising any."""
    found = [pool.found[order_id] for order_id in order_ids]
    needs = [
        stock_rules.Need(
            line.id,
            line.id,
            stock_rules.Level(pool.location.id, line.sku_id),
            line.quantity,
            each.order.ship_by,
            line.group_id,
        )
        for each in found
        for line in each.lines
    ]
    candidates = await allocations.candidates_seen(uow, {need.level for need in needs})
    takes, missing = stock_rules.allocation_plan(needs, candidates, {pool.location.id: _today(uow, pool.location)})
    order_of = {line.id: each.order.id for each in found for line in each.lines}
    short = frozenset(order_of[need.line_id] for need, _ in missing)
    shares = [_share(take, order_of[take.need.line_id]) for take in takes]
    return Proposal([share for share in shares if share.fulfillment_order_id not in short], short)


def _share(take: stock_rules.Take, order_id: UUID) -> Share:
    line_id = take.need.line_id
    return Share(line_id, order_id, line_id, take.key.place_id, take.key.sku_id, take.key.lot_id, take.quantity)


def _today(uow: UnitOfWork, location: Row) -> date:
    return uow.now.astimezone(ZoneInfo(location.time_zone)).date()


async def walk_of(
    uow: UnitOfWork, location_id: UUID, place_ids: Collection[UUID]
) -> tuple[list[routes.Stop], routes.Ground]:
    """Return places as stops in the order of the walk, and the ground they are on."""
    walk = routes.walk_order(await laying_out.stops_of(uow, place_ids))
    return walk, routes.survey(walk, await _measures(uow, location_id))


async def _measures(uow: UnitOfWork, location_id: UUID) -> routes.Measures | None:
    """Return how far a warehouse's aisles go and where its benches are; None when no bin has coordinates."""
    low, high = sa.func.min(Place.x_mm).label("low"), sa.func.max(Place.x_mm).label("high")
    found = await uow.fetch(
        sa.select(Place.kind, low, high, sa.func.min(Place.y_mm).label("y"))
        .where(
            uow.mine(Place),
            Place.location_id == location_id,
            Place.kind.in_([PlaceKind.BIN, PlaceKind.BENCH]),
            Place.archived_at.is_(None),
            Place.x_mm.is_not(None),
            Place.y_mm.is_not(None),
        )
        .group_by(Place.kind)
    )
    of_kind = {row.kind: row for row in found}
    bins, benches = of_kind.get(PlaceKind.BIN), of_kind.get(PlaceKind.BENCH)
    return None if bins is None else routes.Measures(bins.low, bins.high, benches and (benches.low, benches.y))


async def wall_slots(uow: UnitOfWork, location_id: UUID) -> int | None:
    """Return how many slots the largest put wall of a warehouse has; None without any."""
    of_wall = Counter(slot.wall for slot in await walls.slots_of(uow, location_id))
    return max(of_wall.values(), default=None)
