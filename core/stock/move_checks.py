"""Invariants of goods on the move: transfers, what travels, what came back, and serial-tracked units."""

from collections.abc import Callable, Iterable
from typing import Any

import sqlalchemy as sa

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.violations import Violation
from pickmesh.core.stock.rules import MoveReason
from pickmesh.core.stock.tables import (
    Allocation,
    AllocationStatus,
    Place,
    PlaceKind,
    Reservation,
    ReservationStatus,
    StockBalance,
    StockLevel,
    StockMove,
    StockUnit,
    UnitState,
)
from pickmesh.core.stock.transfer_tables import ReplenishmentTask, Transfer, TransferLine, TransferStatus

FIGURES, SHIPPED = 3, 4
FOUND_MAX = 100
"""Most violations of one kind that are listed."""


async def violations(uow: UnitOfWork) -> list[Violation]:
    """Return what is off with goods on the move, in a fixed number of statements."""
    return [
        *await _incoming(uow),
        *await _travelling(uow),
        *await _transfer_promises(uow),
        *await _returned(uow),
        *await _units(uow),
        *await _tasks(uow),
    ]


def _violations(invariant: int, rows: Iterable[sa.Row[Any]], sentence: Callable[[Any], str]) -> list[Violation]:
    return [
        Violation(invariant, sentence(row), {name: str(value) for name, value in row._mapping.items()}) for row in rows
    ]


def _zero(name: str) -> sa.Label[int]:
    return sa.literal(0, sa.BigInteger).label(name)


async def _incoming(uow: UnitOfWork) -> list[Violation]:
    """Incoming is what lies in the TRANSIT places of a location."""
    lying = (
        sa.select(Place.location_id, StockBalance.sku_id, StockBalance.quantity.label("travels"), _zero("incoming"))
        .join(Place, sa.and_(uow.mine(Place), Place.id == StockBalance.place_id))
        .where(uow.mine(StockBalance), Place.kind == PlaceKind.TRANSIT)
    )
    told = sa.select(StockLevel.location_id, StockLevel.sku_id, _zero("travels"), StockLevel.incoming).where(
        uow.mine(StockLevel)
    )
    figures = sa.union_all(lying, told).subquery()
    travels, incoming = sa.func.sum(figures.c.travels), sa.func.sum(figures.c.incoming)
    found = (
        sa.select(figures.c.location_id, figures.c.sku_id, travels.label("travels"), incoming.label("incoming"))
        .group_by(figures.c.location_id, figures.c.sku_id)
        .having(travels != incoming)
        .limit(FOUND_MAX)
    )
    return _violations(
        FIGURES,
        await uow.fetch(found),
        lambda row: (
            f"Location {row.location_id} counts {row.incoming} of SKU {row.sku_id} as incoming, but {row.travels} "
            "travel there."
        ),
    )


async def _travelling(uow: UnitOfWork) -> list[Violation]:
    """What a transfer line sent and neither received nor lost lies in the transfer's TRANSIT place."""
    told = sa.select(
        TransferLine.transfer_id,
        TransferLine.sku_id,
        (TransferLine.sent_quantity - TransferLine.received_quantity - TransferLine.lost_quantity).label("told"),
        _zero("travels"),
    ).where(uow.mine(TransferLine))
    lying = (
        sa.select(StockBalance.place_id, StockBalance.sku_id, _zero("told"), StockBalance.quantity)
        .join(Place, sa.and_(uow.mine(Place), Place.id == StockBalance.place_id))
        .where(uow.mine(StockBalance), Place.kind == PlaceKind.TRANSIT)
    )
    figures = sa.union_all(told, lying).subquery()
    expected, travels = sa.func.sum(figures.c.told), sa.func.sum(figures.c.travels)
    found = (
        sa.select(figures.c.transfer_id, figures.c.sku_id, expected.label("told"), travels.label("travels"))
        .group_by(figures.c.transfer_id, figures.c.sku_id)
        .having(expected != travels)
        .limit(FOUND_MAX)
    )
    return _violations(
        FIGURES,
        await uow.fetch(found),
        lambda row: (
            f"Transfer {row.transfer_id} says {row.told} of SKU {row.sku_id} travel, but {row.travels} lie in its "
            "TRANSIT place."
        ),
    )


async def _transfer_promises(uow: UnitOfWork) -> list[Violation]:
    """A transfer line holds no more than is still to be sent, and nothing when the transfer is no longer PLANNED."""
    to_come = sa.case(
        (Transfer.status == TransferStatus.PLANNED, TransferLine.quantity - TransferLine.sent_quantity), else_=0
    )
    held = sa.func.sum(Reservation.quantity)
    found = (
        sa.select(TransferLine.transfer_id, TransferLine.id, to_come.label("to_come"), held.label("held"))
        .join(Transfer, sa.and_(uow.mine(Transfer), Transfer.id == TransferLine.transfer_id))
        .join(Reservation, sa.and_(uow.mine(Reservation), Reservation.line_id == TransferLine.id))
        .where(uow.mine(TransferLine), Reservation.status == ReservationStatus.OPEN)
        .group_by(
            TransferLine.transfer_id,
            TransferLine.id,
            Transfer.status,
            TransferLine.quantity,
            TransferLine.sent_quantity,
        )
        .having(held > to_come)
        .limit(FOUND_MAX)
    )
    return _violations(
        FIGURES,
        await uow.fetch(found),
        lambda row: (
            f"Transfer {row.transfer_id} holds {row.held} of a line of which {row.to_come} are still to be sent."
        ),
    )


async def _returned(uow: UnitOfWork) -> list[Violation]:
    """Of a line no more came back than it shipped."""
    came = sa.select(StockMove.line_id, StockMove.quantity.label("came"), _zero("sold")).where(
        uow.mine(StockMove), StockMove.reason == MoveReason.RETURN.value
    )
    lines = sa.select(StockMove.line_id).where(uow.mine(StockMove), StockMove.reason == MoveReason.RETURN.value)
    sold = sa.select(Allocation.line_id, _zero("came"), Allocation.quantity).where(
        uow.mine(Allocation), Allocation.status == AllocationStatus.CONSUMED, Allocation.line_id.in_(lines)
    )
    figures = sa.union_all(came, sold).subquery()
    back, out = sa.func.sum(figures.c.came), sa.func.sum(figures.c.sold)
    found = (
        sa.select(figures.c.line_id, back.label("came"), out.label("sold"))
        .group_by(figures.c.line_id)
        .having(back > out)
        .limit(FOUND_MAX)
    )
    return _violations(
        SHIPPED,
        await uow.fetch(found),
        lambda row: f"Of line {row.line_id} {row.came} came back, but it shipped {row.sold}.",
    )


async def _units(uow: UnitOfWork) -> list[Violation]:
    """No more serial-tracked units are recorded at a location than lie there and travel there.

    Within one they may be recorded at another place than they lie: pieces reported missing without a name.
    """
    recorded = (
        sa.select(Place.location_id, StockUnit.sku_id, sa.literal(1, sa.BigInteger).label("units"), _zero("lying"))
        .join(Place, sa.and_(uow.mine(Place), Place.id == StockUnit.place_id))
        .where(uow.mine(StockUnit), StockUnit.state == UnitState.IN_STOCK)
    )
    lying = sa.select(StockBalance.location_id, StockBalance.sku_id, _zero("units"), StockBalance.quantity).where(
        uow.mine(StockBalance)
    )
    figures = sa.union_all(recorded, lying).subquery()
    units, here = sa.func.sum(figures.c.units), sa.func.sum(figures.c.lying)
    found = (
        sa.select(figures.c.location_id, figures.c.sku_id, units.label("units"), here.label("lying"))
        .group_by(figures.c.location_id, figures.c.sku_id)
        .having(units > here)
        .limit(FOUND_MAX)
    )
    return _violations(
        FIGURES,
        await uow.fetch(found),
        lambda row: (
            f"Location {row.location_id} holds {row.lying} of SKU {row.sku_id}, but {row.units} serial numbers are "
            "recorded there."
        ),
    )


async def _tasks(uow: UnitOfWork) -> list[Violation]:
    """A task to fill a pick face moved no more than it asks for."""
    found = (
        sa.select(ReplenishmentTask.id, ReplenishmentTask.quantity, ReplenishmentTask.moved_quantity)
        .where(uow.mine(ReplenishmentTask), ReplenishmentTask.moved_quantity > ReplenishmentTask.quantity)
        .limit(FOUND_MAX)
    )
    return _violations(
        FIGURES,
        await uow.fetch(found),
        lambda row: f"Replenishment {row.id} of {row.quantity} moved {row.moved_quantity}.",
    )
