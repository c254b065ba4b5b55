"""A partner's location: what a partner has for us is a figure it told, and pieces reserved there are promises of its.

Such a location has no places, no balances and no ledger. Its level reads on hand = told + reserved, so that what is
free there is what the partner told last, less what was promised to orders since.
"""

from collections.abc import Collection, Mapping
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.ids import new_id
from pickmesh.core.stock import events, locks, promises, rules
from pickmesh.core.stock.posting import post
from pickmesh.core.stock.rules import Level
from pickmesh.core.stock.tables import (
    Location,
    LocationKind,
    Reservation,
    ReservationStatus,
    ScanPolicy,
    ShipAt,
    StockLevel,
    WaybillAt,
)

PRIORITY = 1_000
"""Behind every warehouse of ours in lists."""


async def open_location(
    uow: UnitOfWork, *, partner_id: UUID, codes: Collection[str], name: str, time_zone: str
) -> UUID:
    """Make the location of a partner under the first of these codes that is free, or return the one it has.

    Part of a partnership's command, which holds the merchant's lock and has checked who may.
    """
    found = await uow.fetch(
        sa.select(Location.id, Location.code, Location.kind, Location.partner_merchant_id).where(
            uow.mine(Location), uow.among(Location.code, codes), Location.archived_at.is_(None)
        )
    )
    for row in found:
        if row.kind == LocationKind.PARTNER and row.partner_merchant_id == partner_id:
            return UUID(str(row.id))
    taken = {row.code for row in found}
    location_id = new_id()
    made = {
        "id": location_id,
        "kind": LocationKind.PARTNER,
        "code": next(code for code in codes if code not in taken),
        "name": name,
        "time_zone": time_zone,
        "partner_merchant_id": partner_id,
        "priority": PRIORITY,
        "scan_policy": ScanPolicy.PLACE_AND_ITEM,
        "waybill_at": WaybillAt.PACK,
        "ship_at": ShipAt.WEIGH,
        "weight_tolerance_g": 0,
        "created_at": uow.now,
    }
    await uow.insert(Location, [made])
    return location_id


async def set_promised(uow: UnitOfWork, *, told: Mapping[Level, int]) -> None:
    """Let so many pieces be free at partners' levels as the partners told; told again changes nothing.

    Pieces promised to orders already stay promised. Three statements at most, whatever the number of levels.
    """
    if not told:
        return
    levels = await locks.make_and_lock_levels(uow, told)
    changes = {level: quantity - rules.free(levels[level]) for level, quantity in told.items()}
    changes = {level: change for level, change in changes.items() if change}
    await post(uow, levels=levels, by_partners=changes)
    uow.emit(
        events.StockAdjusted(level.sku_id, level.location_id, change, rules.free(levels[level]))
        for level, change in sorted(changes.items())
    )


async def clear_promised(uow: UnitOfWork, *, location_id: UUID) -> None:
    """Let nothing be free at a partner's location any more; what was promised to orders stays promised."""
    found = await uow.fetch(
        sa.select(StockLevel.sku_id).where(
            uow.mine(StockLevel),
            StockLevel.location_id == location_id,
            StockLevel.on_hand - StockLevel.non_sellable > StockLevel.reserved,
        )
    )
    await set_promised(uow, told={Level(location_id, row.sku_id): 0 for row in found})


async def restore_promised(uow: UnitOfWork, *, line_quantities: Mapping[UUID, int]) -> None:
    """Put back what partners had promised to fulfillment lines and was consumed: `consume_promised` taken back.

    Reserved and on hand rise together, so what is free stays as told. Part of an order's command, which holds the
    order's lock.
    """
    if not line_quantities:
        return
    at_partners = sa.and_(
        uow.mine(Location), Location.id == Reservation.location_id, Location.kind == LocationKind.PARTNER
    )
    standing = sa.and_(
        uow.mine(Reservation),
        uow.among(Reservation.line_id, line_quantities),
        Reservation.status.in_([ReservationStatus.OPEN, ReservationStatus.CONSUMED]),
    )
    columns = (Reservation.id, Reservation.line_id, Reservation.location_id, Reservation.sku_id)
    found = await uow.fetch(sa.select(*columns).join(Location, at_partners).where(standing).order_by(Reservation.id))
    newest = {row.line_id: row for row in found}
    risen = rules.summed(
        (Level(row.location_id, row.sku_id), line_quantities[line_id]) for line_id, row in newest.items()
    )
    levels = await locks.lock_levels(uow, risen)
    await post(uow, levels=levels, reserved=risen, by_partners=risen)
    rows = [
        {"id": row.id, "quantity": line_quantities[line_id], "status": ReservationStatus.OPEN}
        for line_id, row in sorted(newest.items(), key=lambda each: each[1].id)
    ]
    await uow.update(Reservation, rows, add=["quantity"])


async def consume_promised(uow: UnitOfWork, *, line_quantities: Mapping[UUID, int]) -> dict[UUID, int]:
    """Take pieces that partners' locations promised to fulfillment lines off their books; return how many of each line.

    Reserved and on hand fall together, so what is free stays as told: for pieces the partner shipped, and for those it
    will not ship. Takes what is still promised and no more. Part of an order's command, which holds the order's lock.
    """
    wanted = {line_id: quantity for line_id, quantity in line_quantities.items() if quantity > 0}
    if not wanted:
        return {}
    levels = await locks.lock_levels_of_lines(uow, wanted)
    at_partners = sa.and_(
        uow.mine(Location), Location.id == Reservation.location_id, Location.kind == LocationKind.PARTNER
    )
    found = await uow.fetch(
        sa.select(
            Reservation.id, Reservation.line_id, Reservation.location_id, Reservation.sku_id, Reservation.quantity
        )
        .join(Location, at_partners)
        .where(
            uow.mine(Reservation),
            uow.among(Reservation.line_id, wanted),
            Reservation.status == ReservationStatus.OPEN,
        )
        .order_by(Reservation.id)
    )
    consumed: dict[UUID, int] = {}
    of_line: dict[UUID, int] = {}
    for row in found:
        taken = min(row.quantity, wanted[row.line_id] - of_line.get(row.line_id, 0))
        if taken:
            consumed[row.id] = taken
            of_line[row.line_id] = of_line.get(row.line_id, 0) + taken
    at = {row.id: Level(row.location_id, row.sku_id) for row in found}
    fallen = rules.summed((at[reservation_id], -quantity) for reservation_id, quantity in consumed.items())
    await post(uow, levels=levels, reserved=fallen, by_partners=fallen)
    quantities = {row.id: row.quantity for row in found}
    await promises.shrink_reservations(uow, consumed, quantities, ReservationStatus.CONSUMED)
    return of_line
