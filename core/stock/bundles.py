"""How many bundles can be sold: of every part enough, whole at one location."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from pickmesh.core.catalog import queries as catalog
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.stock import queries


@dataclass(frozen=True, slots=True)
class PartLevel:
    """What a location has of a part: `free` for orders in hand, `available` for shops."""

    free: int
    available: int


@dataclass(frozen=True, slots=True)
class BundleLevel:
    """How many whole bundles a location can make up, and the part that runs out first."""

    location_id: UUID
    free: int
    available: int
    limited_by_id: UUID


Parts = Sequence[tuple[UUID, int]]
"""What one bundle holds: plain SKUs and pieces of each."""


def bundle_levels(parts: Parts, levels: Mapping[UUID, Mapping[UUID, PartLevel]]) -> list[BundleLevel]:
    """Return what each location can make up of a bundle, in the order of their ids; `levels` is by location and SKU.

    Nothing is moved between locations for a bundle, so figures of different ones never complete each other. Of parts
    equally scarce the first is named.
    """
    nothing = PartLevel(0, 0)
    answer = []
    for location_id in sorted(levels) if parts else ():
        at = levels[location_id]
        free = min(max(at.get(sku_id, nothing).free, 0) // quantity for sku_id, quantity in parts)
        by_part = [(max(at.get(sku_id, nothing).available, 0) // quantity, sku_id) for sku_id, quantity in parts]
        available, limited_by = min(by_part, key=lambda each: each[0])
        answer.append(BundleLevel(location_id, free, available, limited_by))
    return answer


async def levels_of_bundles(uow: UnitOfWork, bundle_ids: Iterable[UUID]) -> dict[UUID, list[BundleLevel]]:
    """Return how many of each bundle each location can make up; two statements, however many bundles.

    Locations without any of its parts are left out, and so is a SKU that is no bundle.
    """
    parts = await catalog.components_of(uow, bundle_ids)
    by_sku: dict[UUID, dict[UUID, PartLevel]] = {}
    for row in await queries.levels_of(uow, {sku_id for listed in parts.values() for sku_id, _ in listed}):
        by_sku.setdefault(row.sku_id, {})[row.location_id] = PartLevel(row.free, row.available)
    return {bundle_id: bundle_levels(listed, _by_location(listed, by_sku)) for bundle_id, listed in parts.items()}


def _by_location(parts: Parts, by_sku: Mapping[UUID, Mapping[UUID, PartLevel]]) -> dict[UUID, dict[UUID, PartLevel]]:
    answer: dict[UUID, dict[UUID, PartLevel]] = {}
    for sku_id, _ in parts:
        for location_id, level in by_sku.get(sku_id, {}).items():
            answer.setdefault(location_id, {})[sku_id] = level
    return answer
