"""Tags on orders, and orders approved after a person looked at them."""

from dataclasses import replace
from uuid import UUID

import pytest
from tests.builders_orders import House, bring_in, make_house, new_order, only_fulfillment_order
from tests.builders_review import set_review_policy
from tests.events_told import events_told
from tests.statements import statements

from pickmesh.core.accounts.tables import ReviewPolicy
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.paging import PageRequest
from pickmesh.core.kit.refusals import InvalidInput, LimitExceeded, NotFound, NotPermitted, Refused
from pickmesh.core.orders import approving, holds, lists, tags
from pickmesh.core.orders.approving import Approved
from pickmesh.core.orders.lists import OrderFilter
from pickmesh.core.orders.tables import HoldReason, PaymentStatus
from pickmesh.core.orders.tags import Tagged


@pytest.fixture
async def house(database: Database, merchant: Actor) -> House:
    return await make_house(database, merchant, {"CUP": 5_000})


async def some_orders(database: Database, merchant: Actor, house: House, count: int, mark: str = "T") -> list[UUID]:
    told = [new_order(house, f"{mark}-{number}", {"CUP": 1}) for number in range(count)]
    return [verdict.order_id for verdict in await bring_in(database, merchant, *told)]


async def tag(
    database: Database, actor: Actor, ids: list[UUID], add: list[str], remove: list[str] | None = None
) -> list[Tagged | Refused]:
    async with database.unit_of_work(actor) as uow:
        return await tags.tag_orders(uow, order_ids=ids, add=add, remove=remove or [])


async def approve(database: Database, actor: Actor, *ids: UUID) -> list[Approved | Refused]:
    async with database.unit_of_work(actor) as uow:
        return await approving.approve_orders(uow, order_ids=ids)


async def test_tags_go_on_and_come_off_and_twice_changes_nothing(
    database: Database, merchant: Actor, house: House
) -> None:
    (one,) = await some_orders(database, merchant, house, 1)
    assert await tag(database, merchant, [one], ["vip", "加 急 "]) == [Tagged(one, ("vip", "加 急"), True)]
    assert await tag(database, merchant, [one], ["vip"]) == [Tagged(one, ("vip", "加 急"), False)]
    assert await tag(database, merchant, [one], ["new"], ["vip", "none"]) == [Tagged(one, ("new", "加 急"), True)]
    told = [event.payload for event in await events_told(database, merchant) if event.kind == "order_tagged"]
    assert told == [{"added": ["vip", "加 急"], "removed": []}, {"added": ["new"], "removed": ["vip"]}]


async def test_orders_are_found_by_any_of_their_tags(database: Database, merchant: Actor, house: House) -> None:
    one, two, three = await some_orders(database, merchant, house, 3)
    await tag(database, merchant, [one, two], ["vip"])
    await tag(database, merchant, [three], ["late", "other"])
    async with database.reading(merchant) as uow:
        page = await lists.order_page(uow, PageRequest(limit=10), OrderFilter(tags=["late", "vip"]))
        only = await lists.order_page(uow, PageRequest(limit=10), OrderFilter(tags=["other"]))
    assert [row.id for row in page.items] == [three, two, one]
    assert [row.id for row in only.items] == [three]


async def test_an_order_of_nobody_of_another_shop_or_with_too_many_tags_is_refused(
    database: Database, merchant: Actor, house: House
) -> None:
    (one,) = await some_orders(database, merchant, house, 1)
    stranger = replace(merchant, shop_ids=frozenset({new_id()}))
    for actor, order_id, refusal in ((merchant, new_id(), NotFound), (stranger, one, NotPermitted)):
        (answer,) = await tag(database, actor, [order_id], ["x"])
        assert isinstance(answer, Refused)
        assert isinstance(answer.refusal, refusal)
        (answer,) = await approve(database, actor, order_id)
        assert isinstance(answer, Refused)
        assert isinstance(answer.refusal, refusal)
    for start in (0, 20):
        await tag(database, merchant, [one], [f"t{number}" for number in range(start, start + 20)])
    (answer,) = await tag(database, merchant, [one], [f"u{number}" for number in range(11)])
    assert isinstance(answer, Refused)
    assert isinstance(answer.refusal, InvalidInput)
    with pytest.raises(LimitExceeded):
        await tag(database, merchant, [one], [f"u{number}" for number in range(21)])


async def test_approving_lifts_the_look_and_leaves_every_other_hold(
    database: Database, merchant: Actor, house: House
) -> None:
    await set_review_policy(database, merchant, house.shop_id, ReviewPolicy.MANUAL)
    paid, unpaid = await bring_in(
        database,
        merchant,
        new_order(house, "T-1", {"CUP": 1}),
        new_order(house, "T-2", {"CUP": 1}, payment_status=PaymentStatus.UNPAID),
    )
    ids = [paid.order_id, unpaid.order_id]
    assert await approve(database, merchant, *ids, ids[0]) == [
        Approved(ids[0], True),
        Approved(ids[1], True),
        Approved(ids[0], False),
    ]
    rows = [await only_fulfillment_order(database, merchant, each) for each in ids]
    assert [row.hold_count for row in rows] == [0, 1]
    assert await approve(database, merchant, *ids) == [Approved(each, False) for each in ids]


async def test_a_review_hold_can_also_be_set_and_lifted_by_hand(
    database: Database, merchant: Actor, house: House
) -> None:
    (order_id,) = await some_orders(database, merchant, house, 1)
    row = await only_fulfillment_order(database, merchant, order_id)
    async with database.unit_of_work(merchant) as uow:
        (held,) = await holds.hold(uow, fulfillment_order_ids=[row.id], reason=HoldReason.REVIEW)
        assert isinstance(held, holds.Held)
    assert await approve(database, merchant, order_id) == [Approved(order_id, True)]
    assert (await only_fulfillment_order(database, merchant, order_id)).hold_count == 0


async def test_tagging_and_approving_1_10_and_500_orders_take_the_same_number_of_statements(
    database: Database, merchant: Actor, house: House
) -> None:
    await set_review_policy(database, merchant, house.shop_id, ReviewPolicy.MANUAL)
    counts = []
    for size in (1, 10, 500):
        ids = await some_orders(database, merchant, house, size, f"S{size}")
        with statements(database) as tagged:
            await tag(database, merchant, ids, ["a", "b"])
        with statements(database) as untagged:
            await tag(database, merchant, ids, [], ["a"])
        with statements(database) as approved:
            await approve(database, merchant, *ids)
        counts.append((len(tagged), len(untagged), len(approved)))
    assert counts[0] == counts[1] == counts[2]
