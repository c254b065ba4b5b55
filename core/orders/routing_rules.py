"""Routing rules 分仓规则: which warehouses orders of some kind go to, kept as data, in the order they are asked."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.accounts import locks as account_locks
from pickmesh.core.db.prepared import Names, Prepared
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import InvalidInput, LimitExceeded, NotFound, Refusal, Refused, StaleVersion
from pickmesh.core.kit.saving import Saving
from pickmesh.core.kit.texts import sentence
from pickmesh.core.orders import conditions, events
from pickmesh.core.orders.refusals import NameTaken, NotAWarehouse
from pickmesh.core.orders.route_rules import Rule
from pickmesh.core.orders.rule_tables import RoutingRule, RoutingStrategy
from pickmesh.core.stock import queries as stock_queries
from pickmesh.core.stock.tables import LocationKind

RULES_MAX = 200
"""Most routing rules that are not archived."""
NAME_LENGTH_MAX = 100
POSITION_MAX = 1_000_000
RULE = tuple(RoutingRule.__table__.c)
Versions = Mapping[UUID, int]


@dataclass(frozen=True, slots=True)
class RuleToSave:
    """A rule as somebody wants it: a new one without `id`, last in line without a `position`.

    Conditions are told as `conditions.parsed` takes them. No locations: all warehouses may be taken.
    """

    name: str
    strategy: RoutingStrategy = RoutingStrategy.COVERS_MOST
    conditions: Sequence[Mapping[str, Any]] = ()
    location_ids: Sequence[UUID] = ()
    position: int | None = None
    is_active: bool = False
    id: UUID | None = None
    version: int | None = None


async def save_routing_rules(uow: UnitOfWork, *, rules: Sequence[RuleToSave]) -> list[UUID | Refused]:
    """Make routing rules or bring them to what is told; return each one's id, or why not.

    Refuses a name another rule has, conditions that cannot be asked, locations that are no warehouses of ours, a
    version that is not the present one, and more than 200 rules. Orders routed already stay where they are. Needs
    `floor:manage`.
    """
    uow.actor.require(Permission.FLOOR_MANAGE)
    if len(rules) > RULES_MAX:
        raise LimitExceeded(sentence("At most {most} routing rules go in one call.", most=RULES_MAX))
    await account_locks.lock_merchant(uow)
    saving = _Saving({row.id: row for row in await routing_rules(uow)}, await warehouse_ids(uow))
    answers: list[UUID | Refused] = []
    for index, rule in enumerate(rules):
        try:
            answers.append(saving.save(rule))
        except Refusal as refusal:
            answers.append(Refused(index, refusal))
    own = {"created_by": uow.actor.person_id, "created_at": uow.now}
    await uow.insert(RoutingRule, [{**row, **own} for row in saving.new.values()])
    await uow.update(RoutingRule, [saving.changed[each] for each in sorted(saving.changed)], bump_version=True)
    _tell(uow, saving.new, "CREATED", {})
    _tell(uow, saving.changed, "CHANGED", saving.known)
    return answers


class _Saving(Saving):
    """A batch of rules beside those that stand."""

    def __init__(self, known: Mapping[UUID, sa.Row[Any]], there: Collection[UUID]) -> None:
        super().__init__(
            known,
            key="name",
            taken=NameTaken,
            most=RULES_MAX,
            full=sentence("There are {most} routing rules already; archive some.", most=RULES_MAX),
            twice=sentence("This rule stands twice in the batch; send it once."),
        )
        self.there = there
        self.last = max((row.position for row in known.values()), default=0)

    def save(self, rule: RuleToSave) -> UUID:
        """Decide what one rule comes to."""
        row = self.standing(rule)
        return self.take(row, self._content(rule, row))

    def _content(self, rule: RuleToSave, row: sa.Row[Any] | None) -> dict[str, Any]:
        name = rule.name.strip()
        if not 1 <= len(name) <= NAME_LENGTH_MAX:
            message = sentence("A name has 1 to {most} characters.", most=NAME_LENGTH_MAX)
            raise InvalidInput(message, field=("name",))
        if rule.position is not None and not 0 <= rule.position <= POSITION_MAX:
            raise InvalidInput(
                sentence("Give a whole number from 0 to {most}.", most=POSITION_MAX), field=("position",)
            )
        parsed = conditions.parsed(rule.conditions)
        for index, location_id in enumerate(rule.location_ids):
            if location_id not in self.there:
                raise NotAWarehouse(field=("location_ids", index))
        position = rule.position if rule.position is not None else row.position if row is not None else self.last + 1
        self.last = max(self.last, position)
        return {
            "name": name,
            "position": position,
            "is_active": rule.is_active,
            "conditions": conditions.dumped(parsed),
            "strategy": rule.strategy.value,
            "location_ids": [str(each) for each in dict.fromkeys(rule.location_ids)],
        }


async def switch_routing_rules(
    uow: UnitOfWork, *, ids: Sequence[UUID], active: bool, versions: Versions | None = None
) -> list[UUID | Refused]:
    """Switch routing rules on or off; return each one's id, or why not. Twice changes nothing. Needs `floor:manage`."""
    answers, rows = await _locked(uow, ids, versions)
    changed = {row.id: {"id": row.id, "is_active": active} for row in rows.values() if row.is_active != active}
    await uow.update(RoutingRule, [changed[each] for each in sorted(changed)], bump_version=True)
    _tell(uow, changed, "SWITCHED_ON" if active else "SWITCHED_OFF", rows)
    return answers


async def archive_routing_rules(
    uow: UnitOfWork, *, ids: Sequence[UUID], versions: Versions | None = None
) -> list[UUID | Refused]:
    """Put routing rules away for good; orders they routed keep the reason. Needs `floor:manage`."""
    answers, rows = await _locked(uow, ids, versions)
    gone = {each: {"id": each, "is_active": False, "archived_at": uow.now} for each in rows}
    await uow.update(RoutingRule, [gone[each] for each in sorted(gone)], bump_version=True)
    _tell(uow, gone, "ARCHIVED", rows)
    return answers


async def _locked(
    uow: UnitOfWork, ids: Sequence[UUID], versions: Versions | None
) -> tuple[list[UUID | Refused], dict[UUID, sa.Row[Any]]]:
    uow.actor.require(Permission.FLOOR_MANAGE)
    if len(ids) > RULES_MAX:
        raise LimitExceeded(sentence("At most {most} routing rules go in one call.", most=RULES_MAX))
    await account_locks.lock_merchant(uow)
    known = {row.id: row for row in await routing_rules(uow)}
    answers: list[UUID | Refused] = []
    good: dict[UUID, sa.Row[Any]] = {}
    for index, each in enumerate(ids):
        row = known.get(each)
        expected = (versions or {}).get(each)
        if row is None:
            answers.append(Refused(index, NotFound()))
        elif expected is not None and expected != row.version:
            answers.append(Refused(index, StaleVersion(data={"id": str(each), "version": row.version})))
        else:
            good[each] = row
            answers.append(each)
    return answers, good


def _tell(uow: UnitOfWork, changed: Collection[UUID], what: str, before: Mapping[UUID, sa.Row[Any]]) -> None:
    uow.emit(
        events.RoutingRuleChanged(each, what, before[each].version + 1 if each in before else 1) for each in changed
    )


async def routing_rules(uow: UnitOfWork, *, archived: bool = False) -> Sequence[sa.Row[Any]]:
    """Return the routing rules in the order they are asked; archived ones too when they are asked for."""
    found = sa.select(*RULE).where(uow.mine(RoutingRule)).order_by(RoutingRule.position, RoutingRule.id)
    return await uow.fetch(found if archived else found.where(RoutingRule.archived_at.is_(None)))


async def routing_rules_by_id(uow: UnitOfWork, ids: Collection[UUID]) -> dict[UUID, sa.Row[Any]]:
    """Return routing rules by id, archived ones too."""
    found = await uow.fetch(sa.select(*RULE).where(uow.mine(RoutingRule), uow.among(RoutingRule.id, ids)))
    return {row.id: row for row in found}


def _active(to: Names) -> sa.Select[*tuple[Any, ...]]:
    return (
        sa.select(RoutingRule.id, RoutingRule.conditions, RoutingRule.strategy, RoutingRule.location_ids)
        .where(to.mine(RoutingRule), RoutingRule.is_active, RoutingRule.archived_at.is_(None))
        .order_by(RoutingRule.position, RoutingRule.id)
    )


_ACTIVE = Prepared(_active)


async def active_rules(uow: UnitOfWork) -> list[Rule]:
    """Return the rules in force, in the order they are asked."""
    return [
        Rule(
            row.id,
            conditions.loaded(row.conditions),
            RoutingStrategy(row.strategy),
            tuple(UUID(each) for each in row.location_ids),
        )
        for row in await uow.ask(_ACTIVE)
    ]


async def warehouse_ids(uow: UnitOfWork) -> set[UUID]:
    """Return the ids of the merchant's own warehouses that are not archived."""
    return {row.id for row in await stock_queries.locations(uow) if row.kind == LocationKind.WAREHOUSE}
