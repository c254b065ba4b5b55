"""Rules tried on past orders: the trial says what intake would have done, and nothing is written."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.builders_orders import BUYER, House, bring_in, count, make_house, new_order
from tests.builders_review import gift_of, gifts_given, make_rule, remark_says, set_review_policy
from tests.events_told import events_told
from tests.statements import statements

from pickmesh.core.accounts.tables import ReviewPolicy
from pickmesh.core.journal.database import Database
from pickmesh.core.journal.tables import EventRow
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import ROLE_PERMISSIONS, Permission, Role
from pickmesh.core.kit.refusals import InvalidInput, NotFound, NotPermitted
from pickmesh.core.orders import tags, trials
from pickmesh.core.orders.incoming import NewLine
from pickmesh.core.orders.recipients import NewRecipient
from pickmesh.core.orders.refusals import UnknownReference
from pickmesh.core.orders.review_rules import RuleDraft
from pickmesh.core.orders.rule_tables import GiftGiven, OrderTag, ReviewRule
from pickmesh.core.orders.tables import Hold, OrderLine
from pickmesh.core.orders.trials import ActionTrial, HeldAmount, Trial

WRITTEN = (EventRow, ReviewRule, OrderTag, GiftGiven, Hold, OrderLine)


def someone(number: int, street: str = "文三路") -> NewRecipient:
    return replace(BUYER, phone=f"139{number:08d}", street=f"{street} {number} 号")


async def tried(database: Database, actor: Actor, **told: Any) -> Trial:
    asked = {name: told.pop(name) for name in ("since", "last") if name in told}
    draft = RuleDraft(**({"name": "try", "conditions": [], "actions": [{"kind": "STOP"}]} | told))
    async with database.reading(actor) as uow:
        return await trials.try_review_rule(uow, draft=draft, **asked)


@pytest.fixture
async def house(database: Database, merchant: Actor) -> House:
    return await make_house(database, merchant, {"CUP": 500, "TOY": 3}, bundles={"SET": {"CUP": 2}})


async def test_a_trial_counts_the_orders_the_rule_fits_and_writes_nothing(
    database: Database, merchant: Actor, house: House
) -> None:
    verdicts = await bring_in(
        database,
        merchant,
        new_order(house, "T-1", {"CUP": 1}, remark="急"),
        new_order(house, "T-2", {"CUP": 2}, remark="急件"),
        new_order(house, "T-3", {"CUP": 3}),
    )
    before = [await count(database, merchant, table) for table in WRITTEN]
    actions = [{"kind": "HOLD", "reason": "CLIENT"}, {"kind": "TAG", "tag": "late"}, {"kind": "RELEASE"}]
    trial = await tried(database, merchant, conditions=[remark_says("急")], actions=actions[:2])
    assert (trial.tried, trial.matched) == (3, 2)
    assert trial.first == (verdicts[1].order_id, verdicts[0].order_id)
    assert [(each.kind.value, each.detail, each.orders) for each in trial.actions] == [
        ("HOLD", "CLIENT", 2),
        ("TAG", "late", 2),
    ]
    assert trial.held == (HeldAmount("CNY", 2, 1_250 + 2_500),)
    assert trial.gift is None
    assert [await count(database, merchant, table) for table in WRITTEN] == before


async def test_a_release_counts_only_where_orders_would_have_waited(
    database: Database, merchant: Actor, house: House
) -> None:
    await bring_in(database, merchant, new_order(house, "T-1", {"CUP": 1}))
    (without,) = (await tried(database, merchant, actions=[{"kind": "RELEASE"}])).actions
    await set_review_policy(database, merchant, house.shop_id, ReviewPolicy.MANUAL)
    (with_policy,) = (await tried(database, merchant, actions=[{"kind": "RELEASE"}])).actions
    assert (without, with_policy) == (
        ActionTrial(without.kind, "", 0),
        ActionTrial(without.kind, "", 1),
    )


async def test_gifts_are_counted_once_per_buyer_up_to_the_limit_with_their_cost(
    database: Database, merchant: Actor, house: House
) -> None:
    buyers = [1, 1, 2, 3, 4, 4]
    await bring_in(
        database,
        merchant,
        *(new_order(house, f"T-{n}", {"CUP": 1}, recipient=someone(each)) for n, each in enumerate(buyers)),
    )
    trial = await tried(database, merchant, actions=[gift_of(house.skus["TOY"], 2, 6)])
    gift = trial.gift
    assert gift is not None
    assert (gift.orders, gift.pieces, gift.free_now) == (3, 6, 3)
    assert (gift.refused_before, gift.refused_limit) == (1, 2)
    assert [each.orders for each in trial.actions] == [3]


async def test_past_gifts_are_not_goods_the_buyer_ordered(database: Database, merchant: Actor, house: House) -> None:
    await make_rule(database, merchant, "toy", [gift_of(house.skus["TOY"])])
    await bring_in(database, merchant, new_order(house, "T-1", {"CUP": 2}))
    two = {"field": "PIECES", "operator": "AT_MOST", "value": 2}
    no_toy = {"field": "SKU", "operator": "IS_NONE_OF", "value": [str(house.skus["TOY"])]}
    assert (await tried(database, merchant, conditions=[two, no_toy])).matched == 1


async def test_only_the_newest_orders_since_a_moment_are_looked_at(
    database: Database, merchant: Actor, house: House
) -> None:
    orders = [new_order(house, f"T-{number}", {"CUP": 1}) for number in range(5)]
    later = orders[-1].ordered_at.replace(hour=9)
    await bring_in(database, merchant, *orders[:3], *(replace(each, ordered_at=later) for each in orders[3:]))
    assert (await tried(database, merchant, last=4)).tried == 4
    assert (await tried(database, merchant, since=later)).tried == 2


async def test_at_most_fifty_of_the_orders_that_fit_are_shown(
    database: Database, merchant: Actor, house: House
) -> None:
    await bring_in(database, merchant, *(new_order(house, f"T-{number}", {"CUP": 1}) for number in range(60)))
    trial = await tried(database, merchant)
    assert (trial.matched, len(trial.first)) == (60, 50)


async def test_streets_are_read_only_for_rules_that_ask_and_people_who_may(
    database: Database, merchant: Actor, house: House
) -> None:
    await bring_in(database, merchant, new_order(house, "T-1", {"CUP": 1}))
    street = {"field": "ADDRESS_WORDS", "operator": "CONTAINS_ANY", "value": ["文三路"]}
    blind = replace(merchant, permissions=ROLE_PERMISSIONS[Role.PURCHASER])
    assert (await tried(database, merchant, conditions=[street])).matched == 1
    assert (await tried(database, blind)).matched == 1
    with pytest.raises(NotPermitted):
        await tried(database, blind, conditions=[street])
    with pytest.raises(NotPermitted):
        await tried(database, replace(merchant, permissions=frozenset({Permission.STOCK_READ})))


async def test_whoever_works_for_some_shops_tries_on_their_orders_only(
    database: Database, merchant: Actor, house: House
) -> None:
    await bring_in(database, merchant, new_order(house, "T-1", {"CUP": 1}))
    assert (await tried(database, replace(merchant, shop_ids=frozenset({new_id()})))).tried == 0


async def test_weights_and_tags_are_looked_up_when_asked_for(database: Database, merchant: Actor, house: House) -> None:
    one, two = await bring_in(
        database, merchant, new_order(house, "T-1", {"SET": 1}), new_order(house, "T-2", {"CUP": 1})
    )
    async with database.unit_of_work(merchant) as uow:
        await tags.tag_orders(uow, order_ids=[two.order_id], add=["vip"])
    heavy = {"field": "WEIGHT_G", "operator": "AT_LEAST", "value": 150}
    vip = {"field": "TAG", "operator": "IS_ANY_OF", "value": ["VIP"]}
    assert (await tried(database, merchant, conditions=[heavy])).first == (one.order_id,)
    assert (await tried(database, merchant, conditions=[vip])).first == (two.order_id,)


async def test_a_rule_that_is_saved_and_off_is_tried_as_it_stands(
    database: Database, merchant: Actor, house: House
) -> None:
    await bring_in(database, merchant, new_order(house, "T-1", {"CUP": 1}, remark="急"))
    rule_id = await make_rule(
        database, merchant, "late", [gift_of(house.skus["TOY"])], [remark_says("急")], is_active=False
    )
    async with database.reading(merchant) as uow:
        trial = await trials.try_saved_rule(uow, rule_id=rule_id)
        with pytest.raises(NotFound):
            await trials.try_saved_rule(uow, rule_id=new_id())
    assert (trial.matched, trial.gift and trial.gift.orders) == (1, 1)
    assert await gifts_given(database, merchant) == []


async def test_what_cannot_be_tried_is_refused(database: Database, merchant: Actor) -> None:
    for told in ({"last": 0}, {"last": 5_001}, {"name": ""}, {"conditions": [{"field": "MOON"}]}):
        with pytest.raises(InvalidInput):
            await tried(database, merchant, **told)
    with pytest.raises(UnknownReference):
        await tried(database, merchant, actions=[gift_of(new_id())])


async def test_a_trial_of_1_10_and_900_orders_takes_the_same_number_of_statements(
    database: Database, merchant: Actor, house: House
) -> None:
    street = {"field": "ADDRESS_WORDS", "operator": "CONTAINS_ANY", "value": ["文三路"]}
    heavy = {"field": "WEIGHT_G", "operator": "AT_LEAST", "value": 1}
    sent = []
    for size in (1, 10, 900):
        await bring_in(
            database, merchant, *(new_order(house, f"{size}-{number}", {"CUP": 1}) for number in range(size))
        )
        with statements(database) as told:
            trial = await tried(
                database, merchant, conditions=[street, heavy], actions=[gift_of(house.skus["TOY"])], last=1_000
            )
        assert trial.matched == trial.tried
        sent.append(len(told))
    assert sent[0] == sent[1] == sent[2]


pieces = st.integers(1, 4)
told_orders = st.lists(
    st.tuples(st.sampled_from(["", "急", "call me"]), pieces, st.integers(1, 3), st.sampled_from(["CUP", "SET", "?"])),
    min_size=1,
    max_size=6,
)
told_rules = st.lists(
    st.sampled_from(
        [
            remark_says("急"),
            {"field": "REMARK", "operator": "IS_EMPTY"},
            {"field": "PIECES", "operator": "AT_LEAST", "value": 2},
            {"field": "WEIGHT_G", "operator": "AT_MOST", "value": 300},
            {"field": "AMOUNT", "operator": "BELOW", "value": {"minor": 3_000, "currency": "CNY"}},
            {"field": "ADDRESS_WORDS", "operator": "CONTAINS_ANY", "value": ["1 号"]},
            {"field": "LINES", "operator": "AT_MOST", "value": 1},
        ]
    ),
    max_size=3,
)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(told=told_orders, conditions=told_rules)
async def test_a_trial_on_past_orders_finds_those_intake_would_have_found(
    database: Database, merchant: Actor, told: list[tuple[str, int, int, str]], conditions: list[dict[str, Any]]
) -> None:
    house = await the_house(database, merchant)
    run = new_id().hex
    rule_id = await make_rule(database, merchant, run, [{"kind": "TAG", "tag": "hit"}], conditions)
    orders = [
        new_order(
            house,
            f"{run}-{number}",
            {},
            remark=remark,
            recipient=someone(buyer),
            lines=[NewLine("1", code, quantity, 12_500_000)],
        )
        for number, (remark, quantity, buyer, code) in enumerate(told)
    ]
    after = (await events_told(database, merchant))[-1].seq
    await bring_in(database, merchant, *orders)
    hit = {
        event.subject_id
        for event in await events_told(database, merchant, after=after)
        if event.kind == "order_reviewed" and str(rule_id) in event.payload["review_rule_ids"]
    }
    trial = await tried(database, merchant, conditions=conditions, last=len(orders))
    assert set(trial.first) == hit


_HOUSES: dict[UUID, House] = {}


async def the_house(database: Database, merchant: Actor) -> House:
    """Return the one house all examples share."""
    if merchant.merchant_id not in _HOUSES:
        _HOUSES[merchant.merchant_id] = await make_house(database, merchant, {"CUP": 500}, bundles={"SET": {"CUP": 2}})
    return _HOUSES[merchant.merchant_id]
