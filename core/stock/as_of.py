"""Stock as of any past moment, summed from the ledger: exact to the microsecond in which each move was written.

A SKU's moves lie together in the ledger's index (merchant, SKU, id), so the cost is that of the moves of the SKUs asked
for; the moment is compared with the moves' own, not with their ids, which are only roughly in the same order.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.catalog.tables import Sku
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.paging import Page, PageRequest, page_of
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import InvalidInput, LimitExceeded
from pickmesh.core.kit.texts import sentence
from pickmesh.core.stock import queries, rules
from pickmesh.core.stock.rules import LevelFigures, PlaceFacts
from pickmesh.core.stock.tables import Lot, Place, PlaceKind, StockMove, StockUnit

SKUS_MAX = 250
"""Most SKUs, or places, asked for in one go."""

_VIRTUAL = sorted(rules.VIRTUAL_KINDS)


class BalanceAsOf(NamedTuple):
    """What lay at a place at a moment; the place's pool and the lot's block are those of now."""

    place_id: UUID
    sku_id: UUID
    lot_id: UUID
    location_id: UUID
    quantity: int
    place_code: str
    place_kind: str
    pool: str
    lot_code: str | None
    expires_on: Any
    lot_blocked: bool


class LevelAsOf(NamedTuple):
    """What a location had of a SKU at a moment: on hand, on its way, and what of it would not be sellable today."""

    location_id: UUID
    sku_id: UUID
    on_hand: int
    non_sellable: int
    incoming: int


async def balances_as_of(
    uow: UnitOfWork,
    at: datetime,
    *,
    sku_ids: Collection[UUID] | None = None,
    location_id: UUID | None = None,
    place_ids: Collection[UUID] | None = None,
) -> list[BalanceAsOf]:
    """Return what lay where at a moment, moves of that very moment counted in, by location, place, SKU and lot.

    Asked by SKUs, by places, or both, at most 250 of each; goods in transit lie at their TRANSIT place. A moment still
    to come is answered as of now.
    """
    uow.actor.require(Permission.STOCK_READ)
    _require_bounds(sku_ids, place_ids)
    rows = await uow.fetch(_balances(uow, _sums(uow, at, sku_ids, place_ids), location_id))
    return [BalanceAsOf(*row)._replace(lot_blocked=bool(row.lot_blocked)) for row in rows]


async def levels_as_of(
    uow: UnitOfWork, at: datetime, *, sku_ids: Collection[UUID], location_id: UUID | None = None
) -> list[LevelAsOf]:
    """Return what each location had of SKUs at a moment; locations that had nothing are left out."""
    return levels_in(await balances_as_of(uow, at, sku_ids=sku_ids, location_id=location_id))


def levels_in(balances: Iterable[BalanceAsOf]) -> list[LevelAsOf]:
    """Sum what lay where by location and SKU."""
    figures: dict[tuple[UUID, UUID], LevelFigures] = {}
    for row in balances:
        place = PlaceFacts(row.place_id, row.location_id, row.place_kind, row.pool)
        share = rules.share_of_level(place, row.lot_blocked)
        travelling = row.quantity if row.place_kind == PlaceKind.TRANSIT else 0
        key = (row.location_id, row.sku_id)
        before = figures.get(key, LevelFigures())
        figures[key] = before._replace(
            on_hand=before.on_hand + share.on_hand * row.quantity,
            non_sellable=before.non_sellable + share.non_sellable * row.quantity,
            incoming=before.incoming + travelling,
        )
    return [LevelAsOf(*key, each.on_hand, each.non_sellable, each.incoming) for key, each in sorted(figures.items())]


class UnitAsOf(NamedTuple):
    """A serial-tracked piece and where it lay at a moment."""

    place_id: UUID
    sku_id: UUID
    lot_id: UUID
    serial: str


async def units_as_of(uow: UnitOfWork, at: datetime, sku_ids: Collection[UUID]) -> list[UnitAsOf]:
    """Return where the serial-tracked pieces of SKUs lay at a moment, by serial number; one statement.

    A piece that was lost without anybody knowing which one it was is where its last move left it.
    """
    uow.actor.require(Permission.STOCK_READ)
    _require_bounds(sku_ids, None)
    ends = [
        sa.select(place.label("place_id"), StockMove.unit_id, sa.literal(sign).label("pieces")).where(
            uow.mine(StockMove),
            StockMove.at <= at,
            StockMove.unit_id.is_not(None),
            uow.among(StockMove.sku_id, sku_ids),
        )
        for place, sign in ((StockMove.to_place_id, 1), (StockMove.from_place_id, -1))
    ]
    both = sa.union_all(*ends).subquery()
    lying = (
        sa.select(both.c.place_id, both.c.unit_id)
        .group_by(both.c.place_id, both.c.unit_id)
        .having(sa.func.sum(both.c.pieces) > 0)
        .subquery()
    )
    found = (
        sa.select(lying.c.place_id, StockUnit.sku_id, StockUnit.lot_id, StockUnit.serial)
        .join(StockUnit, sa.and_(uow.mine(StockUnit), StockUnit.id == lying.c.unit_id))
        .join(Place, sa.and_(uow.mine(Place), Place.id == lying.c.place_id))
        .where(Place.kind.not_in(_VIRTUAL))
        .order_by(StockUnit.serial, StockUnit.sku_id)
    )
    return [UnitAsOf(*row) for row in await uow.fetch(found)]


class SkuAsOf(NamedTuple):
    """A SKU's stock at a moment: what each location had, and what lay where."""

    sku_id: UUID
    at: datetime
    levels: Sequence[LevelAsOf]
    balances: Sequence[BalanceAsOf]

    @property
    def on_hand(self) -> int:
        """Return the pieces all locations had."""
        return sum(level.on_hand for level in self.levels)


async def skus_as_of(
    uow: UnitOfWork, at: datetime, sku_ids: Collection[UUID], *, location_id: UUID | None = None
) -> dict[UUID, SkuAsOf]:
    """Return the stock of SKUs at a moment, by SKU; one statement for at most 250."""
    lying: defaultdict[UUID, list[BalanceAsOf]] = defaultdict(list)
    for row in await balances_as_of(uow, at, sku_ids=sku_ids, location_id=location_id):
        lying[row.sku_id].append(row)
    return {sku_id: SkuAsOf(sku_id, min(at, uow.now), levels_in(lying[sku_id]), lying[sku_id]) for sku_id in sku_ids}


async def sku_page_as_of(
    uow: UnitOfWork,
    request: PageRequest,
    at: datetime,
    *,
    location_id: UUID | None = None,
    sku_ids: Collection[UUID] | None = None,
) -> Page[SkuAsOf]:
    """Return the stock of all SKUs at a moment, a page of them by code, archived ones too, without bundles."""
    uow.actor.require(Permission.STOCK_READ)
    key = (Sku.code, Sku.id)
    found = sa.select(*key).where(uow.mine(Sku), Sku.is_bundle.is_(sa.false()))
    if sku_ids is not None:
        found = found.where(uow.among(Sku.id, sku_ids))
    rows = await uow.fetch(queries.keyset(found, key, request, str, UUID))
    page = page_of(rows, request, lambda row: (row.code, str(row.id)))
    then = await skus_as_of(uow, at, [row.id for row in page.items], location_id=location_id)
    return Page([then[row.id] for row in page.items], page.cursors, page.has_next, page.has_previous)


def _require_bounds(sku_ids: Collection[UUID] | None, place_ids: Collection[UUID] | None) -> None:
    if sku_ids is None and place_ids is None:
        raise InvalidInput("Ask for balances by SKU or by place.")
    for name, asked in (("skuIds", sku_ids), ("placeIds", place_ids)):
        if asked is not None and len(asked) > SKUS_MAX:
            message = sentence("Ask for at most {most} at a time, not {count}.", most=SKUS_MAX, count=len(asked))
            raise LimitExceeded(message, field=(name,))


def _sums(
    uow: UnitOfWork, at: datetime, sku_ids: Collection[UUID] | None, place_ids: Collection[UUID] | None
) -> sa.Subquery:
    """Return the query of everything that came less everything that went until a moment, per place, SKU and lot."""
    ends = []
    for place, sign in ((StockMove.to_place_id, 1), (StockMove.from_place_id, -1)):
        moves = sa.select(
            place.label("place_id"), StockMove.sku_id, StockMove.lot_id, (sign * StockMove.quantity).label("quantity")
        ).where(uow.mine(StockMove), StockMove.at <= at)
        if sku_ids is not None:
            moves = moves.where(uow.among(StockMove.sku_id, sku_ids))
        if place_ids is not None:
            moves = moves.where(uow.among(place, place_ids))
        ends.append(moves)
    both = sa.union_all(*ends).subquery()
    total = sa.func.sum(both.c.quantity)
    return (
        sa.select(both.c.place_id, both.c.sku_id, both.c.lot_id, total.label("quantity"))
        .group_by(both.c.place_id, both.c.sku_id, both.c.lot_id)
        .having(total != 0)
        .subquery()
    )


def _balances(uow: UnitOfWork, sums: sa.Subquery, location_id: UUID | None) -> sa.Select[*tuple[Any, ...]]:
    """Return the query of balances at physical places, with what is to be told of the place and the lot."""
    found = (
        sa.select(
            sums.c.place_id,
            sums.c.sku_id,
            sums.c.lot_id,
            Place.location_id,
            sa.cast(sums.c.quantity, sa.BigInteger).label("quantity"),
            Place.code,
            Place.kind,
            Place.pool,
            Lot.code,
            Lot.expires_on,
            sa.func.coalesce(Lot.blocked, sa.false()).label("lot_blocked"),
        )
        .join(Place, sa.and_(uow.mine(Place), Place.id == sums.c.place_id))
        .outerjoin(Lot, sa.and_(uow.mine(Lot), Lot.id == sums.c.lot_id))
        .where(Place.kind.not_in(_VIRTUAL))
        .order_by(Place.location_id, Place.code, sums.c.sku_id, sums.c.lot_id)
    )
    return found if location_id is None else found.where(Place.location_id == location_id)
