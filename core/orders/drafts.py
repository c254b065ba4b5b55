"""New orders on their way into rows: what intake, review rules and routing tell each other about one."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

from pickmesh.core.orders.incoming import Amounts, NewOrder
from pickmesh.core.orders.plans import Plan
from pickmesh.core.orders.review_actions import Action, ActionKind
from pickmesh.core.orders.review_rules import Rule
from pickmesh.core.orders.tables import HoldReason
from pickmesh.core.orders.verdicts import LeaseUse


class ReviewHold(NamedTuple):
    """A hold review put on a new order."""

    reason: HoldReason
    handle: str
    note: str = ""


@dataclass(slots=True)
class Act:
    """What a review rule did to a new order, or could not do and why; `detail` is the tag, reason, SKU or the like."""

    rule: Rule
    kind: ActionKind
    detail: str = ""
    done: bool = True
    reason: str = ""

    def payload(self) -> dict[str, Any]:
        """Return it as the log keeps it."""
        return {
            "rule": self.rule.name,
            "kind": self.kind.value,
            "done": self.done,
            "reason": self.reason,
            "detail": self.detail,
        }


@dataclass(slots=True)
class Gift:
    """A gift a rule wants in a new order: the order line it becomes, and the line that carries it out."""

    act: Act
    action: Action
    buyer_key: str
    order_line: dict[str, Any]
    line_id: UUID


@dataclass(slots=True)
class Draft:
    """A new order on its way into rows.

    What review did to it: `hits` are the rules that fitted, `acts` what they did. `lines` are rows of order lines; a
    gift's joins them once it has stock.
    """

    index: int
    order: NewOrder
    id: UUID
    content_hash: str
    amounts: Amounts
    lines: list[dict[str, Any]] = field(default_factory=list)
    plans: list[Plan] = field(default_factory=list)
    holds: list[HoldReason] = field(default_factory=list)
    number: int = 0
    lease: LeaseUse | None = None
    hits: list[Rule] = field(default_factory=list)
    acts: list[Act] = field(default_factory=list)
    review_holds: list[ReviewHold] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    gifts: list[Gift] = field(default_factory=list)
    rule_priority: int | None = None
    is_released: bool = False
    is_merged: bool = False

    @property
    def priority(self) -> int:
        """Return its priority: a rule's, else what the shop told."""
        return self.order.priority if self.rule_priority is None else self.rule_priority

    @property
    def hold_reasons(self) -> list[HoldReason]:
        """Return every reason it waits for, those of review last."""
        return [*self.holds, *(held.reason for held in self.review_holds)]
