"""Why a fulfillment order goes out of its location, and why its units come from their bins.

The location is explained from what was weighed when it was chosen. Bins are explained by weighing them again with what
lies there now, and the answer says so: what has come or gone since may have decided otherwise.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from pickmesh.core.catalog import queries as catalog
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import LimitExceeded
from pickmesh.core.kit.texts import sentence
from pickmesh.core.orders import bins_weighed, here_words, queries
from pickmesh.core.orders.bins_weighed import BinOption
from pickmesh.core.orders.heres import BinChosen, LocationWeighed, WhyHere
from pickmesh.core.orders.rule_tables import RoutingRule
from pickmesh.core.stock import queries as stock_queries
from pickmesh.core.stock.rules import Level
from pickmesh.core.stock.tables import Lot, Place, PlaceKind, Pool, StockBalance

ORDERS_MAX = 50
OPTIONS_MAX = 10
"""Other bins told of one SKU: those that would be taken next."""


async def why_here(
    uow: UnitOfWork, *, fulfillment_order_ids: Collection[UUID] = (), line_ids: Collection[UUID] = ()
) -> list[WhyHere]:
    """Explain where fulfillment orders go out and which bins their units come from, in a fixed number of statements.

    Of a line that is named only its own bins are told. What belongs to warehouses the caller does not work for is left
    out. At most 50 fulfillment orders. Needs `orders:read`.
    """
    uow.actor.require(Permission.ORDERS_READ)
    if len(fulfillment_order_ids) + len(line_ids) > ORDERS_MAX:
        message = sentence("At most {most} fulfillment orders are explained at a time.", most=ORDERS_MAX)
        raise LimitExceeded(message)
    named = await queries.lines(uow, line_ids)
    ids = {*fulfillment_order_ids, *(line.fulfillment_order_id for line in named.values())}
    rows = await queries.fulfillment_orders(uow, ids)
    lines = await queries.lines_of_fulfillment_orders(uow, rows)
    wanted = {
        line.id: line
        for of_order in lines.values()
        for line in of_order
        if line.id in named or line.fulfillment_order_id in set(fulfillment_order_ids)
    }
    known = await _known(uow, rows.values(), wanted.values())
    allocations = await stock_queries.allocations_of_lines(uow, wanted)
    levels = {Level(row.location_id, row.sku_id) for row in allocations}
    options = await _options(uow, levels)
    bins: defaultdict[UUID, list[BinChosen]] = defaultdict(list)
    for row in allocations:
        line = wanted[row.line_id]
        bins[line.fulfillment_order_id].append(_bin(row, options, known, uow.now))
    may = uow.actor.may
    return [
        _explained(row, bins.get(each, []), known, uow.now)
        for each, row in sorted(rows.items())
        if may(Permission.ORDERS_READ, warehouse_id=row.location_id)
    ]


@dataclass(frozen=True, slots=True)
class Known:
    """What the sentences name, by id."""

    locations: Mapping[UUID, sa.Row[Any]]
    skus: Mapping[UUID, catalog.SkuRow]
    rules: Mapping[UUID, str]


async def _known(uow: UnitOfWork, rows: Collection[sa.Row[Any]], lines: Collection[sa.Row[Any]]) -> Known:
    facts = [row.route_facts for row in rows if row.route_facts]
    weighed = {UUID(one["location_id"]) for each in facts for one in each.get("candidates", [])}
    rule_ids = {UUID(each["rule"]) for each in facts if each.get("rule")}
    found = await uow.fetch(
        sa.select(RoutingRule.id, RoutingRule.name).where(uow.mine(RoutingRule), uow.among(RoutingRule.id, rule_ids))
    )
    locations = weighed | {row.location_id for row in rows if row.location_id is not None}
    return Known(
        await stock_queries.locations_by_id(uow, locations),
        await catalog.skus(uow, {line.sku_id for line in lines}),
        {row.id: row.name for row in found},
    )


async def _options(uow: UnitOfWork, levels: Collection[Level]) -> Mapping[Level, list[BinOption]]:
    """Return the bins a wave may take SKUs from now, with what is free in each. One statement."""
    if not levels:
        return {}
    found = (
        sa.select(
            StockBalance.location_id,
            StockBalance.sku_id,
            StockBalance.place_id,
            Place.code.label("place_code"),
            StockBalance.lot_id,
            Lot.code.label("lot_code"),
            Lot.expires_on,
            StockBalance.first_in_at,
            Place.role,
            Place.walk_sequence,
            (StockBalance.quantity - StockBalance.allocated).label("free"),
        )
        .join(Place, sa.and_(uow.mine(Place), Place.id == StockBalance.place_id))
        .outerjoin(Lot, sa.and_(uow.mine(Lot), Lot.id == StockBalance.lot_id))
        .where(
            uow.mine(StockBalance),
            uow.among((StockBalance.location_id, StockBalance.sku_id), sorted(levels)),
            Place.kind == PlaceKind.BIN,
            Place.pool == Pool.SELLABLE,
            Place.archived_at.is_(None),
            sa.or_(Lot.blocked.is_(None), Lot.blocked.is_(sa.false())),
        )
    )
    at: defaultdict[Level, list[BinOption]] = defaultdict(list)
    for row in await uow.fetch(found):
        at[Level(row.location_id, row.sku_id)].append(BinOption(*row[2:]))
    return at


def _bin(row: sa.Row[Any], options: Mapping[Level, list[BinOption]], known: Known, now: datetime) -> BinChosen:
    """Weigh an allocation's bin against the others of its location, its own pieces counted as free there."""
    level = Level(row.location_id, row.sku_id)
    today = now.astimezone(ZoneInfo(known.locations[row.location_id].time_zone)).date()
    fresh = [option for option in options.get(level, []) if not bins_weighed.expired(option, today)]
    in_bin = row.place_id == row.bin_id
    own = next((each for each in fresh if (each.place_id, each.lot_id) == (row.bin_id, row.lot_id)), None)
    chosen = replace(own, free=own.free + row.quantity) if own and in_bin else None
    others = [each for each in fresh if each is not own and each.free > 0]
    others.sort(key=lambda each: (each.weighed(*level).age, each.walk_sequence, each.place_code))
    reason = bins_weighed.because(
        chosen.weighed(*level) if chosen else None, [each.weighed(*level) for each in others], row.quantity
    )
    found = BinChosen(
        allocation_id=row.id,
        line_id=row.line_id,
        sku_id=row.sku_id,
        bin_id=row.bin_id,
        place_id=row.place_id,
        lot_id=row.lot_id,
        quantity=row.quantity,
        because=reason,
        chosen=chosen,
        others=others[:OPTIONS_MAX],
        sentence="",
    )
    return replace(found, sentence=here_words.of_bin(found, row.place_code, known.skus[row.sku_id].code))


def _explained(row: sa.Row[Any], bins: Sequence[BinChosen], known: Known, now: datetime) -> WhyHere:
    facts: Mapping[str, Any] = row.route_facts or {}
    rule_id = UUID(facts["rule"]) if facts.get("rule") else None
    weighed = [
        LocationWeighed(
            location_id=UUID(one["location_id"]),
            covered=one["covered"],
            cost_minor=one.get("cost_minor"),
            priority=one["priority"],
            in_region=bool(one.get("in_region")),
            is_chosen=UUID(one["location_id"]) == row.location_id,
        )
        for one in facts.get("candidates", [])
    ]
    found = WhyHere(
        fulfillment_order_id=row.id,
        location_id=row.location_id,
        reason=row.route_reason,
        strategy=facts.get("strategy"),
        rule_id=rule_id,
        rule_name=known.rules.get(rule_id) if rule_id else None,
        wanted=facts.get("wanted"),
        weighed=weighed,
        bins=bins,
        weighed_at=now,
        sentence="",
    )
    codes = {each: location.code for each, location in known.locations.items()}
    return replace(found, sentence=here_words.of_order(found, codes))
