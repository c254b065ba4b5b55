"""A warehouse's places: bins walked in serpentine, docks, totes, carts, put wall, benches, MISSING and HOSPITAL."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

from pickmesh.app.demo.world import Warehouse

BAY_MM = 1200
AISLE_MM = 2800
CART_COUNT = 2
CART_SLOTS = 8
WALL_SLOTS = 12
# The last overflow bins of the walk are set aside, from the end backwards.
SET_ASIDE = ("DEFECTIVE", "DEFECTIVE", "RETURNS", "RETURNS", "QUARANTINE", "QUARANTINE")


@dataclass(frozen=True, slots=True)
class Place:
    """One place; `role` and `walk_sequence` only for bins, coordinates where the place stands still."""

    code: str
    kind: str
    role: str = ""
    pool: str = "SELLABLE"
    zone: str = ""
    walk_sequence: int | None = None
    x_mm: int | None = None
    y_mm: int | None = None

    @property
    def is_pick_face(self) -> bool:
        """Whether pickers take sellable goods from here first."""
        return self.role == "PICK"

    @property
    def is_sellable_overflow(self) -> bool:
        """Whether sellable goods wait here for a pick face."""
        return self.role == "OVERFLOW" and self.pool == "SELLABLE"


def places_of(warehouse: Warehouse) -> list[Place]:
    """List a warehouse's places, bins first in walk sequence."""
    return [*_bins(warehouse), *_floor(warehouse), *_movables(warehouse)]


def _bins(warehouse: Warehouse) -> list[Place]:
    sequence = count(1)
    shelves = list(_shelves(warehouse))
    overflow = [shelf for shelf in shelves if shelf[-1] == warehouse.levels]
    pools = dict(zip(reversed(overflow), SET_ASIDE, strict=False))
    return [
        Place(
            code=f"{aisle}-{bay:02d}-{level}",
            kind="BIN",
            role="OVERFLOW" if level == warehouse.levels else "PICK",
            pool=pools.get((number, aisle, bay, level), "SELLABLE"),
            zone=aisle[0],
            walk_sequence=next(sequence),
            x_mm=bay * BAY_MM,
            y_mm=(number + 1) * AISLE_MM,
        )
        for number, aisle, bay, level in shelves
    ]


def _shelves(warehouse: Warehouse) -> Iterator[tuple[int, str, int, int]]:
    """Walk up one aisle and down the next: (aisle number, aisle, bay, level), the top level being overflow."""
    for number, aisle in enumerate(warehouse.aisles):
        bays = range(1, warehouse.bays + 1)
        for bay in bays if number % 2 == 0 else reversed(bays):
            for level in range(1, warehouse.levels + 1):
                yield number, aisle, bay, level


def _floor(warehouse: Warehouse) -> Iterator[Place]:
    depth = (len(warehouse.aisles) + 1) * AISLE_MM
    for number in range(1, warehouse.docks + 1):
        yield Place(f"DOCK-{number}", "DOCK", x_mm=0, y_mm=number * AISLE_MM)
    for number in range(1, warehouse.benches + 1):
        yield Place(f"BENCH-{number}", "BENCH", x_mm=number * 2 * BAY_MM, y_mm=depth)
    for number in range(1, WALL_SLOTS + 1):
        yield Place(f"WALL-1-{number:02d}", "WALL_SLOT", x_mm=(number + 1) * 400, y_mm=depth + AISLE_MM)
    yield Place("MISSING", "MISSING")
    yield Place("HOSPITAL", "HOSPITAL", x_mm=0, y_mm=depth)


def _movables(warehouse: Warehouse) -> Iterator[Place]:
    for number in warehouse.totes:
        yield Place(f"T-{number:04d}", "TOTE")
    for cart in range(1, CART_COUNT + 1):
        for slot in range(1, CART_SLOTS + 1):
            yield Place(f"CART-{cart}-{slot:02d}", "CART_SLOT")
