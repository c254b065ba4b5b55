"""Low stock: available pieces of a SKU at a location against its reorder point; low once, until there is enough."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.alerts import locks, raising, rules
from pickmesh.core.alerts.rules import Finding
from pickmesh.core.alerts.tables import AlertKind, ReorderPoint, Severity
from pickmesh.core.catalog import queries as catalog
from pickmesh.core.catalog.queries import SkuRow
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.texts import Named, sentence
from pickmesh.core.stock import queries as stock

Place = tuple[UUID, UUID]
"""SKU and location."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """A reorder point and what is available there now."""

    point: Any
    available: int
    is_low: bool

    @property
    def turned(self) -> bool:
        return self.is_low != bool(self.point.is_low)


async def look_at(uow: UnitOfWork, places: Collection[Place]) -> None:
    """Compare what is available with the reorder points there; raise what became low, resolve what is enough again.

    Reads two lists and is done when nothing turned. What turned is locked and looked at again, so that a reorder point
    that is being changed is seen as it will be.
    """
    points = await _points(uow, places)
    if not points:
        return
    available = await _available(uow, {point.sku_id for point in points})
    turned = {seen.point.id for seen in (_seen(point, available) for point in points) if _matters(seen)}
    if not turned:
        return
    locked = await locks.lock_points(uow, turned)
    seen = [each for each in (_seen(point, available) for point in locked.values()) if _matters(each)]
    await uow.update(ReorderPoint, [{"id": each.point.id, "is_low": each.is_low} for each in seen if each.turned])
    await raising.settle(uow, AlertKind.LOW_STOCK, await _findings(uow, seen))


async def _points(uow: UnitOfWork, places: Collection[Place]) -> Sequence[sa.Row[Any]]:
    which = uow.among(locks.PLACE, sorted(places))
    return await uow.fetch(sa.select(*locks.POINT).where(uow.mine(ReorderPoint), which))


async def _available(uow: UnitOfWork, sku_ids: Collection[UUID]) -> Mapping[Place, int]:
    return {(row.sku_id, row.location_id): row.available for row in await stock.levels_of(uow, sorted(sku_ids))}


def _seen(point: Any, available: Mapping[Place, int]) -> _Seen:
    pieces = available.get((point.sku_id, point.location_id), 0)
    is_low = rules.is_low_now(
        was_low=bool(point.is_low), available=pieces, low_at=point.low_at, enough_at=point.enough_at
    )
    return _Seen(point, pieces, is_low)


def _matters(seen: _Seen) -> bool:
    """Tell whether there may be something to do: it turned, or what was low has run out."""
    return seen.turned or (seen.is_low and rules.low_severity(seen.available) == Severity.CRITICAL)


async def _findings(uow: UnitOfWork, seen: Sequence[_Seen]) -> list[Finding]:
    if not seen:
        return []
    skus = await catalog.skus(uow, {each.point.sku_id for each in seen})
    locations = await stock.locations_by_id(uow, {each.point.location_id for each in seen})
    return [_finding(each, skus[each.point.sku_id], locations[each.point.location_id].code) for each in seen]


def _finding(seen: _Seen, sku: SkuRow, location: str) -> Finding:
    """Say how things stand; that it ran out is another matter and grows the revision, some more or fewer are not.

    What turned low just now is raised; what was low before and ran out may have been settled by hand and stays so.
    """
    point, severity = seen.point, rules.low_severity(seen.available)
    return Finding(
        subject_id=point.id,
        is_wrong=seen.is_low,
        text=_text(seen, sku, location),
        location_id=point.location_id,
        severity=severity,
        detail={
            "sku_id": str(point.sku_id),
            "available": seen.available,
            "low_at": point.low_at,
            "enough_at": point.enough_at,
        },
        revision=int(severity == Severity.CRITICAL),
        may_raise=seen.turned,
    )


def _text(seen: _Seen, sku: SkuRow, location: str) -> str:
    name, low = Named(sku.name_en, sku.name_zh), seen.point.low_at
    if not seen.is_low:
        return sentence(
            "{sku} {name} is there again at {location}: {available} available.",
            sku=sku.code,
            name=name,
            location=location,
            available=seen.available,
        )
    if seen.available <= 0:
        return sentence(
            "{sku} {name} has run out at {location}; {low} or fewer is low.",
            sku=sku.code,
            name=name,
            location=location,
            low=low,
        )
    return sentence(
        "{sku} {name} is low at {location}: {available} available; {low} or fewer is low.",
        sku=sku.code,
        name=name,
        location=location,
        available=seen.available,
        low=low,
    )
