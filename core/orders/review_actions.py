"""What review rules do to orders whose conditions hold, as data: parsed, kept as JSON, and pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from pickmesh.core.kit.refusals import InvalidInput
from pickmesh.core.kit.texts import sentence
from pickmesh.core.orders.holds import BY_CAUSE, TEXT_LENGTH_MAX
from pickmesh.core.orders.incoming import QUANTITY_MAX
from pickmesh.core.orders.tables import HoldReason

ACTIONS_MAX = 20
LOCATIONS_MAX = 50
TAG_LENGTH_MAX = 50
PRIORITY_MAX = 1_000_000
LIMIT_MAX = 1_000_000_000
HOLD_REASONS = tuple(reason for reason in HoldReason if reason not in BY_CAUSE)
"""Reasons a rule may hold for: those a person may hold for."""


class ActionKind(StrEnum):
    """What a rule does; STOP keeps later rules from the order."""

    HOLD = "HOLD"
    RELEASE = "RELEASE"
    TAG = "TAG"
    PRIORITY = "PRIORITY"
    ROUTE = "ROUTE"
    MERGE = "MERGE"
    GIFT = "GIFT"
    STOP = "STOP"


REPEATABLE = frozenset({ActionKind.HOLD, ActionKind.TAG})


@dataclass(frozen=True, slots=True)
class Action:
    """One thing a rule does: what it needs to know stands in the fields of its kind.

    HOLD: `reason`, `note`. TAG: `tag`. PRIORITY: `priority`. ROUTE: `location_ids`, the best first. GIFT: `quantity`
    pieces of `sku_id` once per buyer, at most `limit_total` pieces to all of them.
    """

    kind: ActionKind
    reason: HoldReason | None = None
    note: str = ""
    tag: str = ""
    priority: int = 0
    location_ids: tuple[UUID, ...] = ()
    sku_id: UUID | None = None
    quantity: int = 0
    limit_total: int | None = None


Path = tuple[str | int, ...]


def dumped(actions: Iterable[Action]) -> list[dict[str, Any]]:
    """Return actions as they are kept."""
    return [{"kind": action.kind.value, **_DUMPED[action.kind](action)} for action in actions]


def _nothing(_action: Action) -> dict[str, Any]:
    return {}


_DUMPED: Mapping[ActionKind, Callable[[Action], dict[str, Any]]] = {
    ActionKind.HOLD: lambda action: {"reason": action.reason and action.reason.value, "note": action.note},
    ActionKind.RELEASE: _nothing,
    ActionKind.TAG: lambda action: {"tag": action.tag},
    ActionKind.PRIORITY: lambda action: {"priority": action.priority},
    ActionKind.ROUTE: lambda action: {"location_ids": [str(each) for each in action.location_ids]},
    ActionKind.MERGE: _nothing,
    ActionKind.GIFT: lambda action: {
        "sku_id": str(action.sku_id),
        "quantity": action.quantity,
        "limit_total": action.limit_total,
    },
    ActionKind.STOP: _nothing,
}


def loaded(kept: Iterable[Mapping[str, Any]]) -> tuple[Action, ...]:
    """Return actions that were kept: `dumped` backwards."""
    return tuple(_loaded_one(each) for each in kept)


def _loaded_one(kept: Mapping[str, Any]) -> Action:
    return Action(
        kind=ActionKind(kept["kind"]),
        reason=HoldReason(kept["reason"]) if kept.get("reason") else None,
        note=kept.get("note", ""),
        tag=kept.get("tag", ""),
        priority=kept.get("priority", 0),
        location_ids=tuple(UUID(each) for each in kept.get("location_ids", ())),
        sku_id=UUID(kept["sku_id"]) if kept.get("sku_id") else None,
        quantity=kept.get("quantity", 0),
        limit_total=kept.get("limit_total"),
    )


def parsed(told: Sequence[Mapping[str, Any]], path: Path = ("actions",)) -> tuple[Action, ...]:
    """Return actions as somebody told them, each {kind, …} as `dumped`; refuses what cannot be done, where it stands.

    Of PRIORITY, ROUTE, GIFT and the like a rule has one; what it approves it cannot hold as well.
    """
    if not 1 <= len(told) <= ACTIONS_MAX:
        raise InvalidInput(sentence("A rule does 1 to {most} things.", most=ACTIONS_MAX), field=path)
    actions = tuple(_parsed_one(each, (*path, index)) for index, each in enumerate(told))
    seen: set[Action | ActionKind] = set()
    for index, action in enumerate(actions):
        known = action if action.kind in REPEATABLE else action.kind
        if known in seen:
            message = sentence("A rule does this once: {kind}. Make another rule for the second.", kind=action.kind)
            raise InvalidInput(message, field=(*path, index, "kind"))
        seen.add(known)
        if action.kind is ActionKind.HOLD and ActionKind.RELEASE in {each.kind for each in actions}:
            raise InvalidInput(sentence("A rule cannot both hold and release an order."), field=(*path, index, "kind"))
    return actions


def _parsed_one(told: Mapping[str, Any], path: Path) -> Action:
    kind = next((each for each in ActionKind if each.value == told.get("kind")), None)
    if kind is None:
        listed = ", ".join(each.value for each in ActionKind)
        raise InvalidInput(sentence("Choose one of these: {choices}.", choices=listed), field=(*path, "kind"))
    return _PARSED[kind](kind, told, path)


def _plain(kind: ActionKind, _told: Mapping[str, Any], _path: Path) -> Action:
    return Action(kind)


def _hold(kind: ActionKind, told: Mapping[str, Any], path: Path) -> Action:
    reason = next((each for each in HOLD_REASONS if each.value == told.get("reason")), None)
    if reason is None:
        listed = ", ".join(each.value for each in HOLD_REASONS)
        raise InvalidInput(sentence("Choose one of these: {choices}.", choices=listed), field=(*path, "reason"))
    note = told.get("note") or ""
    if len(note) > TEXT_LENGTH_MAX or "\x00" in note:
        raise InvalidInput(
            sentence("A note has at most {most} characters.", most=TEXT_LENGTH_MAX), field=(*path, "note")
        )
    return Action(kind, reason=reason, note=note)


def _tag(kind: ActionKind, told: Mapping[str, Any], path: Path) -> Action:
    return Action(kind, tag=tag_of(told.get("tag") or "", (*path, "tag")))


def tag_of(told: str, path: Path) -> str:
    """Return a tag as it is kept; refuses what is none."""
    tag = " ".join(told.split())
    if not 1 <= len(tag) <= TAG_LENGTH_MAX or not tag.isprintable():
        raise InvalidInput(sentence("A tag has 1 to {most} characters.", most=TAG_LENGTH_MAX), field=path)
    return tag


def _priority(kind: ActionKind, told: Mapping[str, Any], path: Path) -> Action:
    priority = told.get("priority")
    if not isinstance(priority, int) or abs(priority) > PRIORITY_MAX:
        message = sentence("The priority must be between -{most} and {most}.", most=PRIORITY_MAX)
        raise InvalidInput(message, field=(*path, "priority"))
    return Action(kind, priority=priority)


def _route(kind: ActionKind, told: Mapping[str, Any], path: Path) -> Action:
    ids = told.get("location_ids") or []
    if not 1 <= len(ids) <= LOCATIONS_MAX:
        message = sentence("Name 1 to {most} warehouses, the best first.", most=LOCATIONS_MAX)
        raise InvalidInput(message, field=(*path, "location_ids"))
    found = (_id(each, (*path, "location_ids", index)) for index, each in enumerate(ids))
    return Action(kind, location_ids=tuple(dict.fromkeys(found)))


def _gift(kind: ActionKind, told: Mapping[str, Any], path: Path) -> Action:
    quantity, limit = told.get("quantity"), told.get("limit_total")
    if not isinstance(quantity, int) or not 1 <= quantity <= QUANTITY_MAX:
        message = sentence("The quantity must be between 1 and {most}.", most=QUANTITY_MAX)
        raise InvalidInput(message, field=(*path, "quantity"))
    if limit is not None and not (isinstance(limit, int) and quantity <= limit <= LIMIT_MAX):
        message = sentence(
            "The limit counts pieces given to all buyers: at least one gift, at most {most}.", most=LIMIT_MAX
        )
        raise InvalidInput(message, field=(*path, "limit_total"))
    return Action(kind, sku_id=_id(told.get("sku_id"), (*path, "sku_id")), quantity=quantity, limit_total=limit)


def _id(told: object, path: Path) -> UUID:
    try:
        return UUID(str(told))
    except ValueError:
        raise InvalidInput(sentence("“{told}” is not an id.", told=str(told)[:40]), field=path) from None


_PARSED: Mapping[ActionKind, Callable[[ActionKind, Mapping[str, Any], Path], Action]] = {
    ActionKind.HOLD: _hold,
    ActionKind.RELEASE: _plain,
    ActionKind.TAG: _tag,
    ActionKind.PRIORITY: _priority,
    ActionKind.ROUTE: _route,
    ActionKind.MERGE: _plain,
    ActionKind.GIFT: _gift,
    ActionKind.STOP: _plain,
}
