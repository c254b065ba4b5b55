"""What stock must know about SKUs, and the lots they come in."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from pickmesh.core.catalog.tables import Sku
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.ids import NIL_ID
from pickmesh.core.stock import refusals
from pickmesh.core.stock.tables import Lot

LOT_CODE_LENGTH_MAX = 60
LOT_OVER_TIMER = "lot_over"
"""The timer that goes off when a lot's expiry day is over."""


@dataclass(frozen=True, slots=True)
class SkuFacts:
    """How a SKU is kept and what a piece costs."""

    id: UUID
    is_bundle: bool
    lot_tracked: bool
    expiry_tracked: bool
    serial_tracked: bool
    cost_micros: int


@dataclass(frozen=True, slots=True)
class LotWish:
    """A lot as goods arrive with it; `over_at` is when its expiry day is over at the warehouse."""

    sku_id: UUID
    code: str
    expires_on: date | None
    over_at: datetime | None


@dataclass(frozen=True, slots=True)
class LotFacts:
    """A lot as it is known."""

    id: UUID
    expires_on: date | None
    blocked: bool


NO_LOT = LotFacts(NIL_ID, None, False)


async def sku_facts(uow: UnitOfWork, sku_ids: Iterable[UUID]) -> dict[UUID, SkuFacts]:
    """Return how SKUs are kept, by id; archived ones have no entry."""
    found = sa.select(
        Sku.id, Sku.is_bundle, Sku.lot_tracked, Sku.expiry_tracked, Sku.serial_tracked, Sku.cost_micros
    ).where(uow.mine(Sku), uow.among(Sku.id, sku_ids), Sku.archived_at.is_(None))
    return {
        row.id: SkuFacts(
            row.id, row.is_bundle, row.lot_tracked, row.expiry_tracked, row.serial_tracked, row.cost_micros
        )
        for row in await uow.fetch(found)
    }


def lot_wish(sku: SkuFacts, code: str, expires_on: date | None, time_zone: str) -> LotWish | None:
    """Return the lot goods of a SKU arrive with; None for a SKU that is not kept by lot.

    Goods that expire but name no lot go by their date. Refuses LOT_NEEDED when what the SKU needs is missing.
    """
    if not (sku.lot_tracked or sku.expiry_tracked):
        return None
    code = code.strip().upper()
    if sku.expiry_tracked and expires_on is None:
        raise refusals.LotNeeded("These goods expire; give the expiry date.", field=("expiresOn",))
    if not code and sku.expiry_tracked and expires_on is not None:
        code = expires_on.isoformat()
    if not 1 <= len(code) <= LOT_CODE_LENGTH_MAX:
        message = f"These goods are kept by lot; give a lot code of 1 to {LOT_CODE_LENGTH_MAX} characters."
        raise refusals.LotNeeded(message, field=("lotCode",))
    return LotWish(sku.id, code, expires_on, None if expires_on is None else _over_at(expires_on, time_zone))


def _over_at(day: date, time_zone: str) -> datetime:
    return datetime.combine(day, time.min, ZoneInfo(time_zone)) + timedelta(days=1)


def lot_id_of(sku_id: UUID, code: str) -> UUID:
    """Return a lot's id, which follows from its SKU and code: two receipts of a new lot at once make one lot."""
    return uuid5(sku_id, code)


async def known_lots(uow: UnitOfWork, wishes: Iterable[LotWish]) -> Mapping[UUID, LotFacts]:
    """Return the lots goods arrive with, making those not known yet as the first to name them says.

    Those whose expiry day is over come blocked, the others are blocked when it is (`reactions.py`).
    """
    wanted: dict[UUID, LotWish] = {}
    for wish in wishes:
        wanted.setdefault(lot_id_of(wish.sku_id, wish.code), wish)
    if not wanted:
        return {}
    new = [
        {
            "id": lot_id,
            "sku_id": wish.sku_id,
            "code": wish.code,
            "expires_on": wish.expires_on,
            "blocked": wish.over_at is not None and wish.over_at <= uow.now,
            "created_at": uow.now,
        }
        for lot_id, wish in sorted(wanted.items())
    ]
    await uow.upsert(Lot, new)
    known = await lot_facts(uow, wanted)
    ahead = {
        lot_id: wish.over_at
        for lot_id, wish in wanted.items()
        if wish.over_at and wish.over_at > uow.now and wish.expires_on == known[lot_id].expires_on
    }
    await uow.set_timers(LOT_OVER_TIMER, ahead)
    return known


async def lot_facts(uow: UnitOfWork, lot_ids: Iterable[UUID]) -> dict[UUID, LotFacts]:
    """Return lots by id; NIL_ID, the lot of goods without one, is always among them."""
    found = sa.select(Lot.id, Lot.expires_on, Lot.blocked).where(uow.mine(Lot), uow.among(Lot.id, lot_ids))
    known = {row.id: LotFacts(row.id, row.expires_on, row.blocked) for row in await uow.fetch(found)}
    return {NIL_ID: NO_LOT, **known}
