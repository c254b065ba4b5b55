"""Review rules written by people: what is refused and where, versions, order, switches, archive."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builders_orders import House, make_house
from tests.builders_review import gift_of, make_rule, remark_says
from tests.conftest import NOON
from tests.events_told import kinds_told
from tests.statements import statements

from pickmesh.core.catalog.tables import Sku
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import ROLE_PERMISSIONS, Role
from pickmesh.core.kit.refusals import InvalidInput, NotFound, NotPermitted, Refusal, Refused, StaleVersion
from pickmesh.core.orders import review_actions, review_rules
from pickmesh.core.orders.refusals import NameTaken, UnknownReference
from pickmesh.core.orders.review_actions import ActionKind
from pickmesh.core.orders.review_rules import RuleDraft, Saved, Switch

TAG = {"kind": "TAG", "tag": "x"}


@pytest.fixture
async def house(database: Database, merchant: Actor) -> House:
    return await make_house(database, merchant, {"CUP": 5}, bundles={"SET": {"CUP": 2}})


def draft(name: str = "a", **changes: Any) -> RuleDraft:
    return replace(RuleDraft(name=name, conditions=[], actions=[TAG]), **changes)


async def save(database: Database, actor: Actor, *rules: RuleDraft) -> list[Saved | Refused]:
    async with database.unit_of_work(actor) as uow:
        return await review_rules.save_review_rules(uow, rules=rules)


async def switch(database: Database, actor: Actor, *switches: Switch) -> list[Saved | Refused]:
    async with database.unit_of_work(actor) as uow:
        return await review_rules.switch_review_rules(uow, switches=switches)


async def names(database: Database, actor: Actor) -> list[tuple[str, bool]]:
    async with database.reading(actor) as uow:
        return [(row.name, row.is_active) for row in await review_rules.review_rules(uow)]


async def refusal_of(database: Database, actor: Actor, rule: RuleDraft) -> tuple[type[Refusal], str]:
    (answer,) = await save(database, actor, rule)
    assert isinstance(answer, Refused)
    return type(answer.refusal), ".".join(answer.refusal.field)


async def test_a_new_rule_is_off_and_last_and_saved_again_changes_nothing(database: Database, merchant: Actor) -> None:
    first, second = await save(database, merchant, draft("a"), draft("b", conditions=[remark_says("x")]))
    assert isinstance(first, Saved)
    assert isinstance(second, Saved)
    assert await names(database, merchant) == [("a", False), ("b", False)]
    (again,) = await save(database, merchant, draft("b", id=second.rule_id, conditions=[remark_says("x")]))
    assert again == Saved(second.rule_id, False)
    (renamed,) = await save(database, merchant, draft("c", id=second.rule_id, if_version=1))
    assert renamed == Saved(second.rule_id, True)
    assert (await kinds_told(database, merchant)).count("review_rule_saved") == 3


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"starts_at": NOON, "ends_at": NOON}, "ends_at"),
        ({"conditions": [{"field": "MOON"}]}, "conditions.0.field"),
        ({"actions": []}, "actions"),
        ({"actions": [{"kind": "SING"}]}, "actions.0.kind"),
        ({"actions": [TAG, {"kind": "HOLD", "reason": "UNMAPPED_SKU"}]}, "actions.1.reason"),
        ({"actions": [{"kind": "HOLD", "reason": "CLIENT", "note": "x" * 501}]}, "actions.0.note"),
        ({"actions": [{"kind": "TAG", "tag": "x" * 51}]}, "actions.0.tag"),
        ({"actions": [{"kind": "TAG", "tag": "  "}]}, "actions.0.tag"),
        ({"actions": [{"kind": "PRIORITY", "priority": 1_000_001}]}, "actions.0.priority"),
        ({"actions": [{"kind": "ROUTE", "location_ids": []}]}, "actions.0.location_ids"),
        ({"actions": [{"kind": "ROUTE", "location_ids": ["HZ"]}]}, "actions.0.location_ids.0"),
        ({"actions": [gift_of(new_id(), 0)]}, "actions.0.quantity"),
        ({"actions": [gift_of(new_id(), 2, 1)]}, "actions.0.limit_total"),
        ({"actions": [{"kind": "STOP"}, {"kind": "STOP"}]}, "actions.1.kind"),
        ({"actions": [TAG, TAG]}, "actions.1.kind"),
        ({"actions": [{"kind": "RELEASE"}, {"kind": "HOLD", "reason": "CLIENT"}]}, "actions.1.kind"),
    ],
)
async def test_what_cannot_be_asked_or_done_is_refused_where_it_stands(
    database: Database, merchant: Actor, changes: dict[str, Any], where: str
) -> None:
    assert await refusal_of(database, merchant, draft(**changes)) == (InvalidInput, where)


async def test_ids_of_nothing_of_ours_and_bundles_as_gifts_are_refused(
    database: Database, merchant: Actor, house: House
) -> None:
    unknown = str(new_id())
    shop = {"field": "SHOP", "operator": "IS_ANY_OF", "value": [unknown]}
    sku = {"field": "SKU", "operator": "AT_LEAST", "value": {"sku_ids": [unknown], "pieces": 1}}
    for changes, where in (
        ({"conditions": [shop]}, "conditions.0.value"),
        ({"conditions": [sku]}, "conditions.0.value"),
        ({"actions": [gift_of(new_id())]}, "actions.0.sku_id"),
        ({"actions": [{"kind": "ROUTE", "location_ids": [unknown]}]}, "actions.0.location_ids"),
    ):
        assert await refusal_of(database, merchant, draft(**changes)) == (UnknownReference, where)
    bundle = draft(actions=[gift_of(house.skus["SET"])])
    assert await refusal_of(database, merchant, bundle) == (InvalidInput, "actions.0.sku_id")
    known = {"field": "SHOP", "operator": "IS_ANY_OF", "value": [str(house.shop_id)]}
    route = {"kind": "ROUTE", "location_ids": [str(house.warehouses["HZ1"])]}
    (answer,) = await save(
        database, merchant, draft(conditions=[known], actions=[route, gift_of(house.skus["CUP"], 1, 5)])
    )
    assert isinstance(answer, Saved)


async def test_names_are_unique_among_rules_that_stand_also_within_a_batch(database: Database, merchant: Actor) -> None:
    first, second = await save(database, merchant, draft("a"), draft("a"))
    assert isinstance(first, Saved)
    assert isinstance(second, Refused)
    assert isinstance(second.refusal, NameTaken)
    async with database.unit_of_work(merchant) as uow:
        once = await review_rules.archive_review_rules(uow, rule_ids=[first.rule_id])
        twice = await review_rules.archive_review_rules(uow, rule_ids=[first.rule_id])
    assert (once, twice) == ([Saved(first.rule_id, True)], [Saved(first.rule_id, False)])
    (again,) = await save(database, merchant, draft("a"))
    assert isinstance(again, Saved)


async def test_stale_versions_and_unknown_rules_are_refused(database: Database, merchant: Actor) -> None:
    rule_id = await make_rule(database, merchant, "a", [TAG])
    stale, unknown = draft("b", id=rule_id, if_version=1), draft("c", id=new_id())
    assert [await refusal_of(database, merchant, each) for each in (stale, unknown)] == [
        (StaleVersion, ""),
        (NotFound, ""),
    ]
    answers = await switch(database, merchant, Switch(rule_id, False, 1), Switch(new_id(), True))
    assert [type(each.refusal) for each in answers if isinstance(each, Refused)] == [StaleVersion, NotFound]


async def test_switching_is_told_once_and_asks_again_whether_all_is_there(
    database: Database, merchant: Actor, house: House
) -> None:
    rule_id = await make_rule(database, merchant, "a", [gift_of(house.skus["CUP"])], is_active=False)
    assert await switch(database, merchant, Switch(rule_id, True)) == [Saved(rule_id, True)]
    assert await switch(database, merchant, Switch(rule_id, True)) == [Saved(rule_id, False)]
    assert (await kinds_told(database, merchant)).count("review_rule_switched") == 1
    await switch(database, merchant, Switch(rule_id, False))
    async with database.unit_of_work(merchant) as uow:
        await uow.update(Sku, [{"id": house.skus["CUP"], "archived_at": NOON}])
    (answer,) = await switch(database, merchant, Switch(rule_id, True))
    assert isinstance(answer, Refused)
    assert isinstance(answer.refusal, UnknownReference)


async def test_rules_are_put_in_order(database: Database, merchant: Actor) -> None:
    ids = [await make_rule(database, merchant, name, [TAG]) for name in "abcd"]
    async with database.unit_of_work(merchant) as uow:
        await review_rules.order_review_rules(uow, rule_ids=[ids[2], ids[0]])
    assert [name for name, _ in await names(database, merchant)] == ["c", "a", "b", "d"]
    async with database.unit_of_work(merchant) as uow:
        with pytest.raises(NotFound):
            await review_rules.order_review_rules(uow, rule_ids=[new_id()])


async def test_whoever_works_for_some_shops_only_may_not_write_rules(database: Database, merchant: Actor) -> None:
    limited = replace(merchant, shop_ids=frozenset({new_id()}))
    picker = replace(merchant, permissions=ROLE_PERMISSIONS[Role.PICKER])
    for actor in (limited, picker):
        with pytest.raises(NotPermitted):
            await save(database, actor, draft())


async def test_the_number_of_statements_does_not_grow_with_the_number_of_rules(
    database: Database, merchant: Actor, house: House
) -> None:
    counts = []
    for size in (1, 10, 60):
        rules = [draft(f"{size}-{number}", actions=[gift_of(house.skus["CUP"])]) for number in range(size)]
        with statements(database) as sent:
            saved = await save(database, merchant, *rules)
        with statements(database) as switched:
            await switch(database, merchant, *(Switch(each.rule_id, True) for each in saved if isinstance(each, Saved)))
        counts.append((len(sent), len(switched)))
    assert counts[0] == counts[1] == counts[2]


ids = st.uuids().map(str)
told_actions = st.one_of(
    st.fixed_dictionaries(
        {
            "kind": st.just("HOLD"),
            "reason": st.sampled_from([each.value for each in review_actions.HOLD_REASONS]),
            "note": st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=5),
        }
    ),
    st.fixed_dictionaries({"kind": st.just("TAG"), "tag": st.sampled_from(["a", "加急", "b c"])}),
    st.fixed_dictionaries({"kind": st.just("PRIORITY"), "priority": st.integers(-1_000_000, 1_000_000)}),
    st.fixed_dictionaries({"kind": st.just("ROUTE"), "location_ids": st.lists(ids, min_size=1, max_size=3)}),
    st.fixed_dictionaries(
        {
            "kind": st.just("GIFT"),
            "sku_id": ids,
            "quantity": st.integers(1, 9),
            "limit_total": st.none() | st.integers(9, 99),
        }
    ),
    st.sampled_from([{"kind": kind} for kind in ("MERGE", "STOP")]),
)


@given(st.lists(told_actions, min_size=1, max_size=6, unique_by=lambda told: told["kind"]))
def test_actions_come_back_as_they_were_kept(told: list[dict[str, Any]]) -> None:
    made = review_actions.parsed(told)
    assert review_actions.loaded(review_actions.dumped(made)) == made
    assert review_actions.parsed(review_actions.dumped(made)) == made
    assert [each.kind for each in made] == [ActionKind(each["kind"]) for each in told]


def test_a_window_is_a_time_with_an_end_after_its_start() -> None:
    rule = draft(starts_at=NOON, ends_at=NOON + timedelta(seconds=1))
    assert review_rules.parsed(rule).name == "a"
