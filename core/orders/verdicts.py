"""What an intake answers about each order it was told of."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from pickmesh.core.orders.tables import HoldReason


class Verdict(StrEnum):
    """What became of an order in an intake."""

    CREATED = "CREATED"
    UNCHANGED = "UNCHANGED"
    MERGED = "MERGED"


@dataclass(frozen=True, slots=True)
class OrderVerdict:
    """An order that was taken over: pieces without stock and reasons to hold it are those of now."""

    index: int
    verdict: Verdict
    order_id: UUID
    short_pieces: int = 0
    holds: tuple[HoldReason, ...] = ()
