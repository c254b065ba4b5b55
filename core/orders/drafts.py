"""New orders on their way into rows: what intake, review rules and routing tell each other about one."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from pickmesh.core.orders.incoming import Amounts, NewOrder
from pickmesh.core.orders.plans import Plan
from pickmesh.core.orders.tables import HoldReason


@dataclass(slots=True)
class Draft:
    """A new order on its way into rows."""

    index: int
    order: NewOrder
    id: UUID
    content_hash: str
    amounts: Amounts
    lines: list[dict[str, Any]] = field(default_factory=list)
    plans: list[Plan] = field(default_factory=list)
    holds: list[HoldReason] = field(default_factory=list)
    number: int = 0
