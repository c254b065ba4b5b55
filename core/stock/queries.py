"""What may be asked about stock."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal import paged
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.paging import Page, PageRequest, page_of
from pickmesh.core.kit.refusals import InvalidInput
from pickmesh.core.stock import rules
from pickmesh.core.stock.rules import PlaceFacts
from pickmesh.core.stock.tables import (
    Allocation,
    AllocationStatus,
    Location,
    Lot,
    Place,
    Reservation,
    StockBalance,
    StockLevel,
    StockMove,
    StockUnit,
)

Rows = Sequence[sa.Row[Any]]

_FREE = StockLevel.on_hand - StockLevel.non_sellable - StockLevel.reserved
AVAILABLE = sa.case((StockLevel.buffer < _FREE, _FREE - StockLevel.buffer), else_=0)
"""What shops and partners are told: `rules.available` as SQL."""

LEVEL = (
    StockLevel.location_id,
    StockLevel.sku_id,
    StockLevel.on_hand,
    StockLevel.non_sellable,
    StockLevel.reserved,
    StockLevel.buffer,
    StockLevel.incoming,
    _FREE.label("free"),
    AVAILABLE.label("available"),
)
"""The figures of a level, with `free` and `available`, as every answer shows them."""

LOT = (Lot.id, Lot.sku_id, Lot.code, Lot.expires_on, Lot.blocked, Lot.created_at)
_LOCATION = (
    Location.id,
    Location.kind,
    Location.code,
    Location.name,
    Location.time_zone,
    Location.partner_merchant_id,
    Location.priority,
    Location.scan_policy,
    Location.lot_swap,
    Location.zero_check,
    Location.waybill_at,
    Location.ship_at,
    Location.weight_tolerance_g,
    Location.cut_off,
    Location.pickers,
    Location.walk_mm_per_s,
    Location.list_ds,
    Location.stop_ds,
    Location.unit_ds,
    Location.sort_ds,
    Location.slot_ds,
    Location.pack_ds,
    Location.created_at,
    Location.archived_at,
    Location.version,
)
_PLACE = (
    Place.id,
    Place.location_id,
    Place.kind,
    Place.pool,
    Place.role,
    Place.code,
    Place.zone,
    Place.walk_sequence,
    Place.x_mm,
    Place.y_mm,
    Place.tote_state,
    Place.created_at,
    Place.archived_at,
    Place.version,
)
_ALLOCATION = (
    Allocation.id,
    Allocation.reservation_id,
    Allocation.line_id,
    Allocation.work_line_id,
    Allocation.location_id,
    Allocation.place_id,
    Place.code.label("place_code"),
    Place.kind.label("place_kind"),
    Place.tote_state,
    Allocation.bin_id,
    Allocation.sku_id,
    Allocation.lot_id,
    Allocation.quantity,
    Allocation.status,
    Allocation.created_at,
)
MOVE = (
    StockMove.id,
    StockMove.sku_id,
    StockMove.lot_id,
    StockMove.from_place_id,
    StockMove.to_place_id,
    StockMove.quantity,
    StockMove.reason,
    StockMove.document_id,
    StockMove.line_id,
    StockMove.unit_id,
    StockMove.unit_cost_micros,
    StockMove.actor_id,
    StockMove.at,
)


async def levels_of(uow: UnitOfWork, sku_ids: Iterable[UUID]) -> Rows:
    """Return what each location has of these SKUs: the stored figures, `free` and `available`."""
    found = (
        sa.select(*LEVEL)
        .where(uow.mine(StockLevel), uow.among(StockLevel.sku_id, sku_ids))
        .order_by(StockLevel.sku_id, StockLevel.location_id)
    )
    return await uow.fetch(found)


async def free_levels(uow: UnitOfWork, sku_ids: Iterable[UUID]) -> dict[rules.Level, int]:
    """Return free per location and SKU, unlocked: for routing to look at before it reserves."""
    return {rules.Level(row.location_id, row.sku_id): row.free for row in await levels_of(uow, sku_ids)}


async def balances_of(
    uow: UnitOfWork,
    *,
    sku_ids: Collection[UUID] | None = None,
    place_ids: Collection[UUID] | None = None,
    location_id: UUID | None = None,
) -> Rows:
    """Return what lies where, with place, pool and lot, in walk order; by SKUs, by places, or both."""
    if sku_ids is None and place_ids is None:
        raise InvalidInput("Ask for balances by SKU or by place.")
    found = (
        sa.select(
            StockBalance.place_id,
            StockBalance.sku_id,
            StockBalance.lot_id,
            StockBalance.location_id,
            StockBalance.quantity,
            StockBalance.allocated,
            StockBalance.first_in_at,
            Place.code.label("place_code"),
            Place.kind.label("place_kind"),
            Place.tote_state,
            Place.pool,
            Place.role,
            Place.walk_sequence,
            Lot.code.label("lot_code"),
            Lot.expires_on,
            Lot.blocked.label("lot_blocked"),
        )
        .join(Place, sa.and_(uow.mine(Place), Place.id == StockBalance.place_id))
        .outerjoin(Lot, sa.and_(uow.mine(Lot), Lot.id == StockBalance.lot_id))
        .where(uow.mine(StockBalance), StockBalance.quantity > 0)
        .order_by(StockBalance.sku_id, Place.walk_sequence, Place.code, StockBalance.place_id, StockBalance.lot_id)
    )
    if sku_ids is not None:
        found = found.where(uow.among(StockBalance.sku_id, sku_ids))
    if place_ids is not None:
        found = found.where(uow.among(StockBalance.place_id, place_ids))
    if location_id is not None:
        found = found.where(StockBalance.location_id == location_id)
    return await uow.fetch(found)


async def places(uow: UnitOfWork, place_ids: Iterable[UUID]) -> dict[UUID, sa.Row[Any]]:
    """Return places by id."""
    found = sa.select(*_PLACE).where(uow.mine(Place), uow.among(Place.id, place_ids))
    return {row.id: row for row in await uow.fetch(found)}


async def place_facts(uow: UnitOfWork, place_ids: Iterable[UUID]) -> dict[UUID, PlaceFacts]:
    """Return what a posting must know about places that are not archived, by id."""
    found = sa.select(Place.id, Place.location_id, Place.kind, Place.pool).where(
        uow.mine(Place), uow.among(Place.id, place_ids), Place.archived_at.is_(None)
    )
    return {row.id: PlaceFacts(row.id, row.location_id, row.kind, row.pool) for row in await uow.fetch(found)}


async def places_of_kind(uow: UnitOfWork, kinds: Collection[str]) -> dict[tuple[UUID, str], PlaceFacts]:
    """Return each location's first place of these kinds, by location and kind: virtual places and MISSING have one."""
    found = (
        sa.select(Place.id, Place.location_id, Place.kind, Place.pool)
        .where(uow.mine(Place), uow.among(Place.kind, sorted(kinds)), Place.archived_at.is_(None))
        .order_by(Place.id.desc())
    )
    return {
        (row.location_id, row.kind): PlaceFacts(row.id, row.location_id, row.kind, row.pool)
        for row in await uow.fetch(found)
    }


async def places_by_code(uow: UnitOfWork, codes: Iterable[str], location_id: UUID | None = None) -> Rows:
    """Return unarchived places of these codes (upper or lower case), at one location or all; several may share one."""
    found = sa.select(*_PLACE).where(
        uow.mine(Place),
        uow.among(Place.code, sorted({code.strip().upper() for code in codes})),
        Place.archived_at.is_(None),
    )
    if location_id is not None:
        found = found.where(Place.location_id == location_id)
    return await uow.fetch(found.order_by(Place.location_id, Place.code))


async def places_with_prefix(
    uow: UnitOfWork, location_id: UUID, prefix: str, *, kinds: Collection[str], limit: int
) -> Rows:
    """Return a location's unarchived places of these kinds whose code begins with a prefix, in the order of codes."""
    found = sa.select(*_PLACE).where(
        uow.mine(Place),
        Place.location_id == location_id,
        Place.code.startswith(prefix.strip().upper(), autoescape=True),
        uow.among(Place.kind, sorted(kinds)),
        Place.archived_at.is_(None),
    )
    return await uow.fetch(found.order_by(Place.code, Place.id).limit(limit))


async def place_page(
    uow: UnitOfWork,
    request: PageRequest,
    *,
    location_id: UUID | None = None,
    kind: str | None = None,
    zone: str | None = None,
    role: str | None = None,
    pool: str | None = None,
    prefix: str | None = None,
) -> Page[sa.Row[Any]]:
    """Return unarchived places in the order of their codes; of a zone, role or pool, or whose codes begin so."""
    found = sa.select(*_PLACE).where(uow.mine(Place), Place.archived_at.is_(None))
    for column, wanted in (
        (Place.location_id, location_id),
        (Place.kind, kind),
        (Place.zone, zone),
        (Place.role, role),
        (Place.pool, pool),
    ):
        if wanted is not None:
            found = found.where(column == wanted)
    if prefix is not None:
        found = found.where(Place.code.startswith(prefix.strip().upper(), autoescape=True))
    rows = await uow.fetch(keyset(found, (Place.code, Place.id), request, str, UUID))
    return page_of(rows, request, lambda row: (row.code, str(row.id)))


async def locations(uow: UnitOfWork) -> Rows:
    """Return the unarchived locations, warehouses and partners, by priority and code."""
    found = sa.select(*_LOCATION).where(uow.mine(Location), Location.archived_at.is_(None))
    return await uow.fetch(found.order_by(Location.priority, Location.code))


async def locations_by_id(uow: UnitOfWork, location_ids: Iterable[UUID]) -> dict[UUID, sa.Row[Any]]:
    """Return locations by id, archived ones too."""
    found = sa.select(*_LOCATION).where(uow.mine(Location), uow.among(Location.id, location_ids))
    return {row.id: row for row in await uow.fetch(found)}


async def location_by_code(uow: UnitOfWork, code: str) -> sa.Row[Any] | None:
    """Return the unarchived location of a code, upper or lower case."""
    return await uow.first(
        sa.select(*_LOCATION).where(
            uow.mine(Location), Location.code == code.strip().upper(), Location.archived_at.is_(None)
        )
    )


async def move_page(
    uow: UnitOfWork,
    request: PageRequest,
    *,
    sku_id: UUID | None = None,
    place_id: UUID | None = None,
    document_id: UUID | None = None,
) -> Page[sa.Row[Any]]:
    """Return ledger moves, the newest first."""
    found = sa.select(*MOVE).where(uow.mine(StockMove))
    if sku_id is not None:
        found = found.where(StockMove.sku_id == sku_id)
    if place_id is not None:
        found = found.where(sa.or_(StockMove.from_place_id == place_id, StockMove.to_place_id == place_id))
    if document_id is not None:
        found = found.where(StockMove.document_id == document_id)
    return await paged.page_by_id(uow, found, StockMove.id, request)


async def allocations(uow: UnitOfWork, allocation_ids: Iterable[UUID]) -> Rows:
    """Return allocations whatever their status, with the code and kind of the place their units are at."""
    return await _allocations(uow, uow.among(Allocation.id, allocation_ids))


async def allocations_of_lines(
    uow: UnitOfWork, line_ids: Iterable[UUID], *, status: str | None = AllocationStatus.OPEN
) -> Rows:
    """Return the allocations of fulfillment lines; open ones unless another status (or None: all) is asked for."""
    condition = uow.among(Allocation.line_id, line_ids)
    return await _allocations(uow, condition if status is None else sa.and_(condition, Allocation.status == status))


async def allocations_of_work_lines(
    uow: UnitOfWork, work_line_ids: Iterable[UUID], *, status: str | None = AllocationStatus.OPEN
) -> Rows:
    """Return the allocations of pick lines; open ones unless another status (or None: all) is asked for."""
    condition = uow.among(Allocation.work_line_id, work_line_ids)
    return await _allocations(uow, condition if status is None else sa.and_(condition, Allocation.status == status))


async def allocations_at_places(uow: UnitOfWork, place_ids: Iterable[UUID]) -> Rows:
    """Return the open allocations whose units lie at these places: what is in a tote, on a bench, in a parcel."""
    condition = uow.among(Allocation.place_id, place_ids)
    return await _allocations(uow, sa.and_(condition, Allocation.status == AllocationStatus.OPEN))


async def _allocations(uow: UnitOfWork, condition: sa.ColumnElement[bool]) -> Rows:
    found = sa.select(*_ALLOCATION).join(Place, sa.and_(uow.mine(Place), Place.id == Allocation.place_id))
    return await uow.fetch(found.where(uow.mine(Allocation), condition).order_by(Allocation.id))


async def reservations_of_lines(uow: UnitOfWork, line_ids: Iterable[UUID]) -> Rows:
    """Return the reservations of fulfillment lines, whatever their status; `quantity` is what is still open."""
    found = sa.select(
        Reservation.id,
        Reservation.location_id,
        Reservation.sku_id,
        Reservation.line_id,
        Reservation.group_id,
        Reservation.quantity,
        Reservation.status,
        Reservation.rank_at,
        Reservation.created_at,
    ).where(uow.mine(Reservation), uow.among(Reservation.line_id, line_ids))
    return await uow.fetch(found.order_by(Reservation.id))


async def lots(uow: UnitOfWork, lot_ids: Iterable[UUID]) -> dict[UUID, sa.Row[Any]]:
    """Return lots by id; NIL_ID has none."""
    rows = await uow.fetch(sa.select(*LOT).where(uow.mine(Lot), uow.among(Lot.id, lot_ids)))
    return {row.id: row for row in rows}


async def units_by_serial(uow: UnitOfWork, serials: Iterable[str]) -> Rows:
    """Return serial-tracked units of these serial numbers, of any SKU and in any state."""
    found = sa.select(
        StockUnit.id, StockUnit.sku_id, StockUnit.serial, StockUnit.lot_id, StockUnit.place_id, StockUnit.state
    ).where(uow.mine(StockUnit), uow.among(StockUnit.serial, sorted({serial.strip().upper() for serial in serials})))
    return await uow.fetch(found.order_by(StockUnit.serial, StockUnit.sku_id))


async def units_at_places(uow: UnitOfWork, place_ids: Iterable[UUID]) -> Rows:
    """Return the serial-tracked units at places, in the order of their serial numbers."""
    found = sa.select(
        StockUnit.id, StockUnit.sku_id, StockUnit.serial, StockUnit.lot_id, StockUnit.place_id, StockUnit.state
    ).where(uow.mine(StockUnit), uow.among(StockUnit.place_id, place_ids))
    return await uow.fetch(found.order_by(StockUnit.sku_id, StockUnit.serial))


def keyset(
    found: sa.Select[*tuple[Any, ...]], key: Sequence[Any], request: PageRequest, *kinds: Any
) -> sa.Select[*tuple[Any, ...]]:
    """Return the query of one row more than a page, after the page's cursor, in the order of the key's columns.

    `kinds` read the parts of a cursor as what they are; a cursor of another list is refused.
    """
    if request.cursor is not None:
        try:
            parts = [kind(part) for kind, part in zip(kinds, request.cursor, strict=True)]
        except (ValueError, TypeError, AttributeError):
            message = "That cursor is not one of this list's; start again from the first page."
            raise InvalidInput(message) from None
        here = sa.tuple_(*(sa.literal(part) for part in parts))
        found = found.where(sa.tuple_(*key) < here if request.backwards else sa.tuple_(*key) > here)
    order = [column.desc() if request.backwards else column for column in key]
    return found.order_by(*order).limit(request.limit + 1)


async def goods_at(uow: UnitOfWork, place_ids: Collection[UUID]) -> set[tuple[UUID, UUID]]:
    """Return which SKUs lie at these places, as (place, SKU), whatever they are promised for."""
    found = await uow.fetch(
        sa.select(StockBalance.place_id, StockBalance.sku_id)
        .where(uow.mine(StockBalance), uow.among(StockBalance.place_id, place_ids), StockBalance.quantity > 0)
        .distinct()
    )
    return {(row.place_id, row.sku_id) for row in found}
