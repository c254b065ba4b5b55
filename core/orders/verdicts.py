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
    INTERCEPTED = "INTERCEPTED"


class LeaseUse(StrEnum):
    """What became of the timed reservation an order named: its own now, over before, or none of that code."""

    USED = "USED"
    OVER = "OVER"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class OrderVerdict:
    """An order that was taken over: pieces without stock and reasons to hold it are those of now.

    `lease` tells what became of the timed reservation it named, None when it named none.
    """

    index: int
    verdict: Verdict
    order_id: UUID
    short_pieces: int = 0
    holds: tuple[HoldReason, ...] = ()
    lease: LeaseUse | None = None
