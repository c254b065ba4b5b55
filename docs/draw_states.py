"""Writes what orders-and-stock.md shows of the code's own tables into the page: `python docs/draw_states.py`.

The states and arrows come from walking every situation that `status` and `supported_actions` of core/orders/rules.py
know; what an act changes stands in `ACTS` and `EVENTS` here, and a test does each of them to a real order and compares.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from uuid import UUID

from pickmesh.core.orders import rules
from pickmesh.core.orders.backorders import FILLABLE
from pickmesh.core.orders.rules import Action, Facts, Status
from pickmesh.core.orders.tables import Progress
from pickmesh.core.stock import rules as stock_rules
from pickmesh.core.stock.rules import PlaceFacts
from pickmesh.core.stock.tables import PlaceKind, Pool

PAGE = Path(__file__).with_name("orders-and-stock.md")
NOW = datetime(2026, 11, 24, 4, tzinfo=UTC)
HERE = UUID(int=1)


@dataclass(frozen=True, slots=True)
class Situation:
    """How far a fulfillment order is, and the facts beside it."""

    progress: Progress
    facts: Facts

    @property
    def status(self) -> Status:
        """Return what people are shown."""
        return rules.status(self.progress, self.facts, NOW)

    def at(self, progress: Progress) -> "Situation":
        """Return the same at another stage."""
        return replace(self, progress=progress)

    def having(self, **facts: object) -> "Situation":
        """Return the same with other facts."""
        return replace(self, facts=replace(self.facts, **facts))  # type: ignore[arg-type]  # names of Facts


Change = Callable[[Situation], Situation]

ACTS: Mapping[Action, Change] = {
    Action.HOLD: lambda one: one.having(hold_count=1),
    Action.RELEASE_HOLD: lambda one: one.having(hold_count=0),
    Action.CANCEL: lambda one: one.at(Progress.CANCELLED),
    Action.INTERCEPT: lambda one: one.having(intercepted_at=NOW, short_quantity=0),
    Action.MERGE: lambda one: one.at(Progress.MERGED),
    Action.RELEASE: lambda one: one.at(Progress.RELEASED),
    Action.PICK: lambda one: one.at(Progress.IN_PROGRESS),
    Action.PACK: lambda one: one.at(Progress.PACKED),
    Action.SHIP: lambda one: one.at(Progress.SHIPPED),
    Action.RESCHEDULE: lambda one: one.having(fulfill_at=NOW + timedelta(days=1)),
}
"""What an act makes of a fulfillment order; the actions left out leave its status as it is."""

EVENTS: Mapping[str, tuple[Callable[[Situation], bool], Change]] = {
    "its day comes": (lambda one: one.facts.fulfill_at is not None, lambda one: one.having(fulfill_at=None)),
    "stock arrives": (lambda one: one.facts.short_quantity > 0, lambda one: one.having(short_quantity=0)),
    "its stock is lost": (
        lambda one: one.progress in FILLABLE and one.facts.intercepted_at is None and not one.facts.short_quantity,
        lambda one: one.having(short_quantity=1),
    ),
    "its goods are back": (
        lambda one: one.status is Status.INTERCEPTED,
        lambda one: one.at(Progress.CANCELLED),
    ),
}
"""What happens by itself: when it may, and what it makes of a fulfillment order."""


def beginnings() -> Iterator[Situation]:
    """Return every situation an order may be in right after its intake."""
    for held, day, short in product((0, 1), (None, NOW + timedelta(days=1)), (0, 1)):
        yield Situation(Progress.OPEN, Facts(hold_count=held, fulfill_at=day, short_quantity=short, location_id=HERE))


def ways_on(one: Situation) -> Iterator[tuple[str, Situation]]:
    """Return what may be done or happen in a situation, and what comes of it."""
    for action in rules.supported_actions(one.progress, one.facts, NOW):
        if action in ACTS:
            yield action.value, ACTS[action](one)
    for name, (may_happen, change) in EVENTS.items():
        if one.progress not in rules.FINAL and may_happen(one):
            yield name, change(one)


def reachable() -> set[Situation]:
    """Return every situation that can come of an intake."""
    waiting, seen = list(beginnings()), set(beginnings())
    while waiting:
        new = {other for _, other in ways_on(waiting.pop())} - seen
        waiting += new
        seen |= new
    return seen


def arrows() -> dict[tuple[Status, Status], set[str]]:
    """Return the arrows between statuses that can be reached, with what causes them."""
    found: dict[tuple[Status, Status], set[str]] = {}
    for one in reachable():
        for name, other in ways_on(one):
            if one.status is not other.status:
                found.setdefault((one.status, other.status), set()).add(name)
    return {pair: found[pair] for pair in sorted(found, key=_in_order)}


def _in_order(pair: tuple[Status, Status]) -> tuple[int, int]:
    order = list(Status)
    return order.index(pair[0]), order.index(pair[1])


def diagram() -> str:
    """Return the statuses of a fulfillment order and the ways between them, as Mermaid."""
    first = sorted({one.status for one in beginnings()}, key=list(Status).index)
    lines = ["```mermaid", "stateDiagram-v2"]
    lines += [f"    [*] --> {status}" for status in first]
    lines += [f"    {begin} --> {end}: {', '.join(sorted(causes))}" for (begin, end), causes in arrows().items()]
    lines += [f"    {status} --> [*]" for status in Status if status in set(rules.FINAL)]
    return "\n".join([*lines, "```"])


def actions() -> str:
    """Return what may be done in each status, as a table."""
    seen: dict[Status, set[Action]] = {}
    for one, place, flagged in product(reachable(), (None, HERE), (False, True)):
        known = one.having(location_id=place, is_split_off=flagged, takes_others=flagged)
        possible = rules.supported_actions(known.progress, known.facts, NOW)
        seen.setdefault(known.status, set()).update(possible)
    rows = ["| status | what may be done, as far as the rest of the order allows it |", "| --- | --- |"]
    for status in Status:
        names = [action for action in Action if action in seen[status]]
        rows.append(f"| {status} | {', '.join(names) or 'nothing more'} |")
    return "\n".join(rows)


def places() -> str:
    """Return which places count where, as a table."""
    rows = ["| kind of place | on hand | may be promised |", "| --- | --- | --- |"]
    for kind in PlaceKind:
        share = stock_rules.share_of_level(PlaceFacts(HERE, HERE, kind, Pool.SELLABLE), lot_blocked=False)
        promised = "no"
        if kind in stock_rules.CARRIER_KINDS:
            promised = "only to the order it is there for"
        elif share.on_hand > share.non_sellable:
            promised = "yes"
        on_hand = "incoming" if share.incoming else "yes" if share.on_hand else "no"
        rows.append(f"| {kind} | {on_hand} | {promised} |")
    return "\n".join(rows)


PARTS: Mapping[str, Callable[[], str]] = {"diagram": diagram, "actions": actions, "places": places}


def filled(page: str) -> str:
    """Return a page with every generated part as the code has it now."""
    for name, draw in PARTS.items():
        begin, end = f"<!-- {name}: made by draw_states.py -->\n", f"<!-- end of {name} -->"
        before, rest = page.split(begin)
        page = before + begin + draw() + "\n" + end + rest.split(end)[1]
    return page


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    sys.stdout.write(f"{PAGE.name} is up to date.\n")
