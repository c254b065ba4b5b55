"""Bins as an allocation weighs them: which one comes first for some pieces, and by what it beats the next; pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from pickmesh.core.stock.rules import BalanceKey, Candidate


class BinBecause(StrEnum):
    """What speaks for a bin, by what lies there now."""

    LEFT = "LEFT"
    ONLY_BIN = "ONLY_BIN"
    EXPIRES_FIRST = "EXPIRES_FIRST"
    CAME_FIRST = "CAME_FIRST"
    PICK_FACE = "PICK_FACE"
    FEWEST_BINS = "FEWEST_BINS"
    WALK = "WALK"
    OTHER_NOW = "OTHER_NOW"


@dataclass(frozen=True, slots=True)
class BinOption:
    """A bin and lot of a SKU; `free` pieces of it are promised to no one else."""

    place_id: UUID
    place_code: str
    lot_id: UUID
    lot_code: str | None
    expires_on: date | None
    first_in_at: datetime
    role: str | None
    walk_sequence: int
    free: int

    def weighed(self, location_id: UUID, sku_id: UUID) -> Candidate:
        """Return it as `stock.rules` weighs it."""
        return Candidate(
            key=BalanceKey(self.place_id, sku_id, self.lot_id),
            location_id=location_id,
            free=self.free,
            expires_on=self.expires_on,
            first_in_at=self.first_in_at,
            role=self.role,
            walk_sequence=self.walk_sequence,
        )


def because(chosen: Candidate | None, others: Sequence[Candidate], quantity: int) -> BinBecause:
    """Return what speaks for a bin against the others, or that another one comes first by now.

    Without the chosen one its units have left it. The order is that of `stock.rules.allocation_plan`: FEFO, FIFO, pick
    face, fewest bins, walk.
    """
    if chosen is None:
        return BinBecause.LEFT
    if not others:
        return BinBecause.ONLY_BIN
    best = min(others, key=lambda other: (other.age, -min(other.free, quantity), other.walk_sequence, other.key))
    if chosen.age > best.age:
        return BinBecause.OTHER_NOW
    for mine, its, reason in zip(
        chosen.age,
        best.age,
        (BinBecause.EXPIRES_FIRST, BinBecause.CAME_FIRST, BinBecause.PICK_FACE),
        strict=True,
    ):
        if mine != its:
            return reason
    same_age = [other for other in others if other.age == chosen.age]
    if chosen.free >= quantity and not all(other.free >= quantity for other in same_age):
        return BinBecause.FEWEST_BINS
    return BinBecause.WALK


def expired(option: BinOption, today: date) -> bool:
    """Tell whether a bin's lot is past its day, so that nothing is taken from it."""
    return option.expires_on is not None and option.expires_on < today
