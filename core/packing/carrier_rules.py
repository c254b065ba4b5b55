"""Carriers a merchant has, and rules 快递规则: which of them takes which orders, in the order the rules are asked."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.accounts import locks as account_locks
from pickmesh.core.db import rows
from pickmesh.core.db.prepared import Names, Prepared
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import InvalidInput, LimitExceeded, NotFound, Refusal, Refused, StaleVersion
from pickmesh.core.kit.saving import Saving
from pickmesh.core.kit.texts import sentence
from pickmesh.core.orders import conditions
from pickmesh.core.orders.conditions import Condition
from pickmesh.core.packing import events, queries, refusals
from pickmesh.core.packing.carriers import LOCAL
from pickmesh.core.packing.tables import CarrierAccount, CarrierRule

RULES_MAX = 200
"""Most carrier rules that are not archived."""
NAME_LENGTH_MAX = 100
CODE_LENGTH_MAX = 32
POSITION_MAX = 1_000_000
RULE = tuple(rows.table_of(CarrierRule).c)
Row = sa.Row[*tuple[Any, ...]]
Versions = Mapping[UUID, int]


@dataclass(frozen=True, slots=True)
class CarrierRuleToSave:
    """A rule as somebody wants it: a new one without `id`, last in line without a `position`.

    Conditions are told as `conditions.parsed` takes them; all must hold. `carrier` is an account's code.
    """

    name: str
    carrier: str
    conditions: Sequence[Mapping[str, Any]] = ()
    position: int | None = None
    is_active: bool = True
    id: UUID | None = None
    version: int | None = None


@dataclass(frozen=True, slots=True)
class ActiveRule:
    """A rule in force."""

    id: UUID
    name: str
    carrier: str
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class CarrierToSave:
    """A carrier a merchant ships with: its code on waybills, its name on labels, the adapter that speaks with it."""

    code: str
    name: str
    kind: str = LOCAL


async def save_carriers(uow: UnitOfWork, *, carriers: Sequence[CarrierToSave]) -> list[str]:
    """Make carriers or rename those that have these codes; return the codes. Needs `floor:manage`.

    Refuses INVALID_INPUT as a whole.
    """
    uow.actor.require(Permission.FLOOR_MANAGE)
    await account_locks.lock_merchant(uow)
    known = {row.code: row for row in await queries.carrier_accounts(uow)}
    told = {_text(each.code, "code", CODE_LENGTH_MAX).upper(): each for each in carriers}
    new = [
        {
            "id": new_id(),
            "code": code,
            "name": _text(each.name, "name", NAME_LENGTH_MAX),
            "kind": _text(each.kind, "kind", CODE_LENGTH_MAX),
            "settings": {},
            "created_at": uow.now,
        }
        for code, each in told.items()
        if code not in known
    ]
    changed = [
        {"id": known[code].id, "name": _text(each.name, "name", NAME_LENGTH_MAX)}
        for code, each in told.items()
        if code in known
    ]
    await uow.insert(CarrierAccount, new)
    await uow.update(CarrierAccount, sorted(changed, key=lambda row: row["id"]))
    return list(told)


def _text(text: str, name: str, most: int) -> str:
    stripped = text.strip()
    if not 1 <= len(stripped) <= most:
        raise InvalidInput(sentence("{name} has 1 to {most} characters.", name=name, most=most), field=(name,))
    return stripped


async def carrier_codes(uow: UnitOfWork) -> list[str]:
    """Return the codes orders may go with: the accounts by code, then the local carrier everybody has."""
    return list(dict.fromkeys([*(str(row.code) for row in await queries.carrier_accounts(uow)), LOCAL]))


async def require_carrier(uow: UnitOfWork, carrier: str) -> None:
    """Refuse UNKNOWN_CARRIER, with those that are known, for a code nothing can go with."""
    codes = await carrier_codes(uow)
    if carrier not in codes:
        raise refusals.UnknownCarrier(field=("carrier",), data={"known": codes})


async def save_carrier_rules(uow: UnitOfWork, *, rules: Sequence[CarrierRuleToSave]) -> list[UUID | Refused]:
    """Make carrier rules or bring them to what is told; return each one's id, or why not.

    Refuses a name another rule has (NAME_TAKEN), UNKNOWN_CARRIER, conditions that cannot be asked, a version that is
    not the present one, and more than 200 rules. Orders that have a carrier keep it. Needs `floor:manage`.
    """
    uow.actor.require(Permission.FLOOR_MANAGE)
    if len(rules) > RULES_MAX:
        raise LimitExceeded(sentence("At most {most} carrier rules go in one call.", most=RULES_MAX))
    await account_locks.lock_merchant(uow)
    saving = _Saving({row.id: row for row in await carrier_rules(uow)}, await carrier_codes(uow))
    answers: list[UUID | Refused] = []
    for index, rule in enumerate(rules):
        try:
            answers.append(saving.save(rule))
        except Refusal as refusal:
            answers.append(Refused(index, refusal))
    await uow.insert(CarrierRule, [{**row, "created_at": uow.now} for row in saving.new.values()])
    await uow.update(CarrierRule, [saving.changed[each] for each in sorted(saving.changed)], bump_version=True)
    uow.emit(events.CarrierRuleChanged(each, "CREATED") for each in saving.new)
    uow.emit(events.CarrierRuleChanged(each, "CHANGED") for each in saving.changed)
    return answers


class _Saving(Saving):
    """A batch of rules beside those that stand."""

    def __init__(self, known: Mapping[UUID, Row], codes: Sequence[str]) -> None:
        super().__init__(
            known,
            key="name",
            taken=refusals.NameTaken,
            most=RULES_MAX,
            full=sentence("There are {most} carrier rules already; archive some.", most=RULES_MAX),
            twice=sentence("This rule stands twice in the batch; send it once."),
        )
        self.codes = codes
        self.last = max((row.position for row in known.values()), default=0)

    def save(self, rule: CarrierRuleToSave) -> UUID:
        """Decide what one rule comes to."""
        row = self.standing(rule)
        return self.take(row, self._content(rule, row))

    def _content(self, rule: CarrierRuleToSave, row: Row | None) -> dict[str, Any]:
        if rule.carrier not in self.codes:
            raise refusals.UnknownCarrier(field=("carrier",), data={"known": self.codes})
        if rule.position is not None and not 0 <= rule.position <= POSITION_MAX:
            message = sentence("Give a whole number from 0 to {most}.", most=POSITION_MAX)
            raise InvalidInput(message, field=("position",))
        position = rule.position if rule.position is not None else row.position if row is not None else self.last + 1
        self.last = max(self.last, position)
        return {
            "name": _text(rule.name, "name", NAME_LENGTH_MAX),
            "position": position,
            "is_active": rule.is_active,
            "conditions": conditions.dumped(conditions.parsed(rule.conditions)),
            "carrier": rule.carrier,
        }


async def archive_carrier_rules(
    uow: UnitOfWork, *, ids: Sequence[UUID], versions: Versions | None = None
) -> list[UUID | Refused]:
    """Put carrier rules away for good; orders keep their carriers. Needs `floor:manage`."""
    uow.actor.require(Permission.FLOOR_MANAGE)
    await account_locks.lock_merchant(uow)
    known = {row.id: row for row in await carrier_rules(uow)}
    answers: list[UUID | Refused] = []
    for index, each in enumerate(ids):
        expected = (versions or {}).get(each)
        if each not in known:
            answers.append(Refused(index, NotFound()))
        elif expected is not None and expected != known[each].version:
            stale = StaleVersion(data={"id": str(each), "version": known[each].version})
            answers.append(Refused(index, stale))
        else:
            answers.append(each)
    gone = sorted({answer for answer in answers if isinstance(answer, UUID)})
    changed = [{"id": each, "is_active": False, "archived_at": uow.now} for each in gone]
    await uow.update(CarrierRule, changed, bump_version=True)
    uow.emit(events.CarrierRuleChanged(each, "ARCHIVED") for each in gone)
    return answers


async def carrier_rules(uow: UnitOfWork, *, archived: bool = False) -> Sequence[Row]:
    """Return the carrier rules in the order they are asked; archived ones too when they are asked for."""
    found = sa.select(*RULE).where(uow.mine(CarrierRule)).order_by(CarrierRule.position, CarrierRule.id)
    return await uow.fetch(found if archived else found.where(CarrierRule.archived_at.is_(None)))


async def carrier_rules_by_id(uow: UnitOfWork, ids: Collection[UUID]) -> dict[UUID, Row]:
    """Return carrier rules by id, archived ones too."""
    found = await uow.fetch(sa.select(*RULE).where(uow.mine(CarrierRule), uow.among(CarrierRule.id, ids)))
    return {row.id: row for row in found}


def _active(to: Names) -> sa.Select[*tuple[Any, ...]]:
    return (
        sa.select(CarrierRule.id, CarrierRule.name, CarrierRule.carrier, CarrierRule.conditions)
        .where(to.mine(CarrierRule), CarrierRule.is_active, CarrierRule.archived_at.is_(None))
        .order_by(CarrierRule.position, CarrierRule.id)
    )


_ACTIVE = Prepared(_active)


async def active_rules(uow: UnitOfWork) -> list[ActiveRule]:
    """Return the rules in force, in the order they are asked."""
    return [
        ActiveRule(row.id, row.name, row.carrier, conditions.loaded(row.conditions)) for row in await uow.ask(_ACTIVE)
    ]
