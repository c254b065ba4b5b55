"""Merges: parcels of one buyer become one and part again; what stops or ships the whole acts on all its orders."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from tests.builders_orders import (
    BUYER,
    ORDERED_AT,
    House,
    bring_in,
    fulfillment_orders,
    lines_of,
    make_house,
    new_order,
    only_fulfillment_order,
    order_lines,
    pick,
    put_all_back,
    put_on_floor,
    react,
    receive,
    reserved,
)
from tests.events_told import events_told, kinds_told

from pickmesh.core.accounts.tables import ShortagePolicy
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.refusals import Refused
from pickmesh.core.orders import cancel, carriers, checks, holds, intake, mergeable, merging, queries, shipments, splits
from pickmesh.core.orders.incoming import NewOrder
from pickmesh.core.orders.merging import Merged, Unmerged
from pickmesh.core.orders.shipments import ShippedParcel
from pickmesh.core.orders.splits import Split
from pickmesh.core.orders.tables import FulfillmentOrder, HoldReason, PaymentStatus, Shipment
from pickmesh.core.stock import checks as stock_checks

GOODS = {"CUP": 20, "LID": 20}


async def nothing_is_off(database: Database, merchant: Actor) -> None:
    async with database.reading(merchant) as uow:
        assert await checks.violations(uow) + await stock_checks.violations(uow) == []


async def merge(database: Database, merchant: Actor, *groups: tuple[UUID, ...], **named: Any) -> list[Merged | Refused]:
    async with database.unit_of_work(merchant) as uow:
        answers = await merging.merge_fulfillment_orders(uow, merges=groups, **named)
    await nothing_is_off(database, merchant)
    return answers


async def unmerge(database: Database, merchant: Actor, *ids: UUID, **named: Any) -> list[Unmerged | Refused]:
    async with database.unit_of_work(merchant) as uow:
        answers = await merging.unmerge_fulfillment_orders(uow, ids=ids, **named)
    await nothing_is_off(database, merchant)
    return answers


async def two(database: Database, merchant: Actor, house: House, **second: Any) -> tuple[sa.Row[Any], sa.Row[Any]]:
    """Bring in two orders of one buyer, of two cups and of a lid; return their fulfillment orders."""
    found = await bring_in(
        database, merchant, new_order(house, "T-1", {"CUP": 2}), new_order(house, "T-2", {"LID": 1}, **second)
    )
    one, other = [await only_fulfillment_order(database, merchant, verdict.order_id) for verdict in found]
    return one, other


async def merged(database: Database, merchant: Actor, house: House) -> tuple[sa.Row[Any], sa.Row[Any]]:
    one, other = await two(database, merchant, house)
    assert await merge(database, merchant, (other.id, one.id)) == [Merged(one.id, (other.id,))]
    return one, other


async def row_of(database: Database, merchant: Actor, each: UUID) -> sa.Row[Any]:
    async with database.reading(merchant) as uow:
        return (await queries.fulfillment_orders(uow, [each]))[each]


async def test_the_older_takes_the_lines_in_with_their_promises_and_the_earlier_promise_counts(
    database: Database, merchant: Actor
) -> None:
    house = await make_house(database, merchant, GOODS)
    sooner = ORDERED_AT + timedelta(hours=5)
    one, other = await two(database, merchant, house, ship_by=sooner, priority=7)
    (cup,), (lid,) = [await lines_of(database, merchant, each.id) for each in (one, other)]
    assert await merge(database, merchant, (other.id, one.id)) == [Merged(one.id, (other.id,))]
    assert [(line.id, line.order_id) for line in await lines_of(database, merchant, one.id)] == [
        (cup.id, one.order_id),
        (lid.id, other.order_id),
    ]
    whole, part = [await row_of(database, merchant, each.id) for each in (one, other)]
    assert (whole.progress, whole.ship_by, whole.priority, whole.version) == ("OPEN", sooner, 7, one.version + 1)
    assert (part.progress, part.merged_into_id, part.version) == ("MERGED", one.id, other.version + 1)
    assert [await reserved(database, merchant, house, code) for code in ("CUP", "LID")] == [2, 1]
    told = (await events_told(database, merchant))[-1]
    assert (told.kind, told.subject_id) == ("fulfillment_order_merged", other.id)
    assert told.payload["into_id"] == str(one.id)
    assert told.payload["pieces"] == 1


async def test_undone_everything_is_as_it_was(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, GOODS)
    one, other = await two(database, merchant, house, ship_by=ORDERED_AT + timedelta(hours=5), priority=7)
    before = [[line.id for line in await lines_of(database, merchant, each.id)] for each in (one, other)]
    await merge(database, merchant, (one.id, other.id))
    assert await unmerge(database, merchant, one.id) == [Unmerged(one.id, (other.id,))]
    assert [[line.id for line in await lines_of(database, merchant, each.id)] for each in (one, other)] == before
    for row in (one, other):
        now = await row_of(database, merchant, row.id)
        same = {"progress", "location_id", "ship_by", "priority", "shortage_policy", "merged_into_id", "hold_count"}
        assert {name: now._mapping[name] for name in same} == {name: row._mapping[name] for name in same}
    assert (await kinds_told(database, merchant))[-1] == "fulfillment_order_unmerged"
    (again,) = await unmerge(database, merchant, one.id)
    assert isinstance(again, Refused)
    assert again.refusal.code == "NOT_MERGED"


async def test_one_of_three_goes_back_and_the_others_stay_together(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, GOODS)
    sooner = [ORDERED_AT + timedelta(hours=hours) for hours in (30, 5, 20)]
    found = await bring_in(
        database,
        merchant,
        *(new_order(house, f"T-{index}", {"CUP": 1}, ship_by=at) for index, at in enumerate(sooner)),
    )
    one, two_, three = [(await only_fulfillment_order(database, merchant, each.order_id)).id for each in found]
    await merge(database, merchant, (one, two_))
    assert await merge(database, merchant, (three, one)) == [Merged(one, (three,))]
    assert await unmerge(database, merchant, two_) == [Unmerged(one, (two_,))]
    assert (await row_of(database, merchant, one)).ship_by == sooner[2]
    assert len(await lines_of(database, merchant, one)) == 2
    assert (await row_of(database, merchant, two_)).ship_by == sooner[1]
    await unmerge(database, merchant, three)
    assert (await row_of(database, merchant, one)).ship_by == sooner[0]


async def test_what_has_taken_others_in_goes_on_taking_even_an_older_one(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, GOODS)
    found = await bring_in(database, merchant, *(new_order(house, f"T-{n}", {"CUP": 1}) for n in range(5)))
    ids = [(await only_fulfillment_order(database, merchant, each.order_id)).id for each in found]
    await merge(database, merchant, (ids[1], ids[2]), (ids[3], ids[4]))
    assert await merge(database, merchant, (ids[0], ids[1])) == [Merged(ids[1], (ids[0],))]
    (answer,) = await merge(database, merchant, (ids[1], ids[3]))
    assert isinstance(answer, Refused)
    assert answer.refusal.code == "CANNOT_MERGE"


ELSEWHERE = replace(BUYER, street="文三路 270 号")
NO_PHONE = replace(BUYER, phone="")
DIFFERENT: list[tuple[Mapping[str, Any], str]] = [
    ({"recipient": ELSEWHERE}, "CANNOT_MERGE"),
    ({"recipient": replace(BUYER, phone="13900000000")}, "CANNOT_MERGE"),
    ({"recipient": NO_PHONE}, "CANNOT_MERGE"),
    ({"payment_status": PaymentStatus.COD}, "CANNOT_MERGE"),
    ({"payment_status": PaymentStatus.UNPAID}, "CANNOT_MERGE"),
    ({"fulfill_at": ORDERED_AT + timedelta(days=900)}, "CANNOT_MERGE"),
    ({"lines": [replace(new_order(House("", new_id(), {}), "", {"X": 1}).lines[0], shop_code="?")]}, "CANNOT_MERGE"),
]


@pytest.mark.parametrize(("second", "code"), DIFFERENT)
async def test_what_may_not_share_a_parcel_is_refused(
    database: Database, merchant: Actor, second: Mapping[str, Any], code: str
) -> None:
    house = await make_house(database, merchant, GOODS)
    one, other = await two(database, merchant, house, **second)
    (answer,) = await merge(database, merchant, (one.id, other.id))
    assert isinstance(answer, Refused)
    assert answer.refusal.code == code
    assert (await row_of(database, merchant, other.id)).progress == "OPEN"


async def test_two_without_a_phone_number_are_not_one_buyer(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, GOODS)
    found = await bring_in(
        database, merchant, *(new_order(house, f"T-{n}", {"CUP": 1}, recipient=NO_PHONE) for n in (1, 2))
    )
    ids = tuple([(await only_fulfillment_order(database, merchant, each.order_id)).id for each in found])
    (answer,) = await merge(database, merchant, ids)
    assert isinstance(answer, Refused)
    async with database.reading(merchant) as uow:
        assert await mergeable.suggestions(uow) == []


async def test_cash_on_delivery_goes_with_cash_on_delivery(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, GOODS)
    cash = PaymentStatus.COD
    found = await bring_in(
        database, merchant, *(new_order(house, f"T-{n}", {"CUP": 1}, payment_status=cash) for n in (1, 2))
    )
    one, other = [(await only_fulfillment_order(database, merchant, each.order_id)).id for each in found]
    assert await merge(database, merchant, (one, other)) == [Merged(one, (other,))]


async def test_released_stale_unknown_lonely_and_twice_named_ones_are_refused_each_by_itself(
    database: Database, merchant: Actor
) -> None:
    house = await make_house(database, merchant, GOODS)
    found = await bring_in(database, merchant, *(new_order(house, f"T-{n}", {"CUP": 1}) for n in range(6)))
    ids = [(await only_fulfillment_order(database, merchant, each.order_id)).id for each in found]
    await put_on_floor(database, merchant, ids[5])
    groups = [
        (ids[0], ids[5]),
        (ids[0], new_id()),
        (ids[0], ids[0]),
        (ids[0], ids[1]),
        (ids[1], ids[2]),
        (ids[3], ids[4]),
    ]
    answers = await merge(database, merchant, *groups, versions={ids[3]: 9})
    codes = [answer.refusal.code if isinstance(answer, Refused) else "" for answer in answers]
    assert codes == ["ALREADY_RELEASED", "NOT_FOUND", "CANNOT_MERGE", "", "CANNOT_MERGE", "STALE_VERSION"]


async def test_a_merge_that_is_released_can_no_longer_be_undone(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, GOODS)
    one, other = await merged(database, merchant, house)
    await put_on_floor(database, merchant, one.id)
    answers = await unmerge(database, merchant, one.id, other.id)
    assert [answer.refusal.code for answer in answers if isinstance(answer, Refused)] == ["ALREADY_RELEASED"] * 2


async def test_orders_that_wait_for_the_same_review_merge_and_come_back_with_their_holds(
    database: Database, merchant: Actor
) -> None:
    house = await make_house(database, merchant, GOODS)
    one, other = await two(database, merchant, house)
    async with database.unit_of_work(merchant) as uow:
        await holds.hold(uow, fulfillment_order_ids=[one.id], reason=HoldReason.REVIEW)
    (answer,) = await merge(database, merchant, (one.id, other.id))
    assert isinstance(answer, Refused)
    async with database.unit_of_work(merchant) as uow:
        await holds.hold(uow, fulfillment_order_ids=[other.id], reason=HoldReason.REVIEW)
    await merge(database, merchant, (one.id, other.id))
    await unmerge(database, merchant, other.id)
    assert [(await row_of(database, merchant, each.id)).hold_count for each in (one, other)] == [1, 1]


async def test_cancelling_the_whole_cancels_every_order_in_it(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, GOODS)
    one, other = await merged(database, merchant, house)
    async with database.unit_of_work(merchant) as uow:
        (part, whole) = await cancel.cancel_fulfillment_orders(uow, ids=[other.id, one.id], reason="BUYER")
    assert isinstance(part, Refused)
    assert part.refusal.code == "WRONG_STATE"
    assert isinstance(whole, cancel.Cancelled)
    async with database.reading(merchant) as uow:
        orders = await queries.orders(uow, [one.order_id, other.order_id])
    assert [row.cancelled_at is not None for row in orders.values()] == [True, True]
    for row in (one, other):
        (line,) = (await order_lines(database, merchant, row.order_id)).values()
        assert line.cancelled_quantity == line.quantity
    assert [await reserved(database, merchant, house, code) for code in ("CUP", "LID")] == [0, 0]
    await nothing_is_off(database, merchant)


async def test_an_order_merged_into_another_stays_alive_while_the_rest_of_it_is_cancelled(
    database: Database, merchant: Actor
) -> None:
    house = await make_house(database, merchant, GOODS)
    first, second = await bring_in(
        database, merchant, new_order(house, "T-1", {"CUP": 2}), new_order(house, "T-2", {"LID": 1, "CUP": 1})
    )
    one = await only_fulfillment_order(database, merchant, first.order_id)
    other = await only_fulfillment_order(database, merchant, second.order_id)
    lid = (await lines_of(database, merchant, other.id))[0]
    async with database.unit_of_work(merchant) as uow:
        (cut,) = await splits.split_fulfillment_orders(uow, splits=[Split(other.id, {lid.group_id: 1})])
    assert isinstance(cut, splits.SplitOff)
    await merge(database, merchant, (one.id, other.id))
    async with database.unit_of_work(merchant) as uow:
        await cancel.cancel_fulfillment_orders(uow, ids=[cut.into_id], reason="BUYER")
    async with database.reading(merchant) as uow:
        assert (await queries.orders(uow, [second.order_id]))[second.order_id].cancelled_at is None
    await nothing_is_off(database, merchant)


async def test_intercepted_on_the_floor_every_order_ends_once_the_goods_are_back(
    database: Database, merchant: Actor
) -> None:
    house = await make_house(database, merchant, GOODS)
    one, other = await merged(database, merchant, house)
    await put_on_floor(database, merchant, one.id)
    await pick(database, merchant, house, one.id, {"LID": 1})
    async with database.unit_of_work(merchant) as uow:
        (answer,) = await cancel.intercept(uow, ids=[one.id], reason="BUYER")
    assert isinstance(answer, cancel.Cancelled)
    assert answer.outcome == "INTERCEPTED"
    await put_all_back(database, merchant, house, one.id)
    await react(database, merchant)
    async with database.reading(merchant) as uow:
        orders = await queries.orders(uow, [one.order_id, other.order_id])
    assert [row.cancelled_at is not None for row in orders.values()] == [True, True]
    await nothing_is_off(database, merchant)


async def test_tracking_goes_back_once_per_order_with_its_own_lines(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, GOODS)
    one, other = await merged(database, merchant, house)
    lines = await lines_of(database, merchant, one.id)
    left = ShippedParcel(new_id(), one.id, "SF", "SF1", {line.id: line.quantity for line in lines})
    async with database.unit_of_work(merchant) as uow:
        for line in lines:
            await uow.update(
                queries.FulfillmentLine,
                [{"id": line.id, "picked_quantity": line.quantity, "packed_quantity": line.quantity}],
            )
        await shipments.mark_shipped(uow, [left])
    async with database.reading(merchant) as uow:
        told = await uow.fetch(
            sa.select(Shipment.external_id, Shipment.order_id, Shipment.lines)
            .where(uow.mine(Shipment))
            .order_by(Shipment.external_id)
        )
    assert [(row.external_id, row.order_id, row.lines) for row in told] == [
        ("T-1", one.order_id, [{"external_line_id": "1", "quantity": 2, "pieces": 2}]),
        ("T-2", other.order_id, [{"external_line_id": "1", "quantity": 1, "pieces": 1}]),
    ]
    assert (await row_of(database, merchant, one.id)).progress == "SHIPPED"


def changed(house: House, number: str, wanted: Mapping[str, int]) -> NewOrder:
    return new_order(house, number, wanted, recipient=ELSEWHERE)


@pytest.mark.parametrize("which", [0, 1])
async def test_an_order_its_shop_changes_goes_its_own_way_again(
    database: Database, merchant: Actor, which: int
) -> None:
    house = await make_house(database, merchant, GOODS)
    rows = await merged(database, merchant, house)
    told = [changed(house, "T-1", {"CUP": 3}), changed(house, "T-2", {"LID": 4})][which]
    (verdict,) = await bring_in(database, merchant, told)
    assert verdict.verdict == "MERGED"
    progresses = [(await row_of(database, merchant, row.id)).progress for row in rows]
    assert progresses == ["OPEN", "OPEN"]
    (line,) = await lines_of(database, merchant, rows[which].id)
    assert line.quantity == (3, 4)[which]
    await nothing_is_off(database, merchant)


async def test_a_change_of_a_merged_order_on_the_floor_is_refused_and_nothing_parts(
    database: Database, merchant: Actor
) -> None:
    house = await make_house(database, merchant, GOODS)
    one, other = await merged(database, merchant, house)
    await put_on_floor(database, merchant, one.id)
    async with database.unit_of_work(merchant) as uow:
        (answer,) = await intake.import_orders(uow, orders=[new_order(house, "T-2", {"LID": 4})])
    assert isinstance(answer, Refused)
    assert answer.refusal.code == "ORDER_UNDER_WAY"
    assert (await row_of(database, merchant, other.id)).progress == "MERGED"


async def test_the_short_part_of_each_order_goes_by_itself_and_the_merge_can_still_be_undone(
    database: Database, merchant: Actor
) -> None:
    house = await make_house(database, merchant, {"CUP": 4, "LID": 0}, policy=ShortagePolicy.SHIP_AVAILABLE)
    found = await bring_in(database, merchant, *(new_order(house, f"T-{n}", {"CUP": 1}) for n in (1, 2)))
    one, other = [await only_fulfillment_order(database, merchant, each.order_id) for each in found]
    await merge(database, merchant, (one.id, other.id))
    lines = await lines_of(database, merchant, one.id)
    async with database.unit_of_work(merchant) as uow:
        cuts = await splits.split_fulfillment_orders(uow, splits=[Split(one.id, {line.group_id: 1 for line in lines})])
    assert isinstance(cuts[0], Refused)
    async with database.unit_of_work(merchant) as uow:
        (cut,) = await splits.split_fulfillment_orders(uow, splits=[Split(one.id, {lines[1].group_id: 1})])
    assert isinstance(cut, splits.SplitOff)
    off = await row_of(database, merchant, cut.into_id)
    assert (off.order_id, off.split_from_id) == (other.order_id, one.id)
    assert await unmerge(database, merchant, one.id) == [Unmerged(one.id, (other.id,))]
    assert (await row_of(database, merchant, other.id)).progress == "CANCELLED"  # its goods go out in the split-off
    assert len(await fulfillment_orders(database, merchant, other.order_id)) == 2


async def test_short_goods_are_filled_where_they_were_merged_to(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, {"CUP": 2, "LID": 0})
    one, _ = await merged(database, merchant, house)
    assert (await row_of(database, merchant, one.id)).short_quantity == 1
    await receive(database, merchant, house, {"LID": 1})
    await react(database, merchant)
    assert (await row_of(database, merchant, one.id)).short_quantity == 0
    await nothing_is_off(database, merchant)


async def test_suggestions_are_the_groups_that_can_be_merged_as_they_stand(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, GOODS)
    one, other = await two(database, merchant, house)
    await bring_in(database, merchant, new_order(house, "T-3", {"CUP": 1}, recipient=ELSEWHERE))
    async with database.reading(merchant) as uow:
        found = await mergeable.suggestions(uow, location_id=house.warehouses["HZ1"])
        assert [each.fulfillment_order_ids for each in found] == [(one.id, other.id)]
        assert await mergeable.suggestions(uow, location_id=new_id()) == []
    await merge(database, merchant, found[0].fulfillment_order_ids)
    async with database.reading(merchant) as uow:
        assert await mergeable.suggestions(uow) == []


async def goes_with(database: Database, merchant: Actor, named: Mapping[UUID, str | None]) -> None:
    async with database.unit_of_work(merchant) as uow:
        await carriers.set_carriers(uow, named)


async def test_orders_of_different_carriers_are_neither_proposed_nor_merged_and_it_is_said_which(
    database: Database, merchant: Actor
) -> None:
    house = await make_house(database, merchant, GOODS)
    found = await bring_in(database, merchant, *(new_order(house, f"T-{n}", {"CUP": 1}) for n in range(1, 6)))
    ids = [(await only_fulfillment_order(database, merchant, each.order_id)).id for each in found]
    await goes_with(database, merchant, {ids[0]: "ZTO", ids[1]: "SF", ids[3]: "SF"})
    (answer,) = await merge(database, merchant, (ids[0], ids[1], ids[2]))
    assert isinstance(answer, Refused)
    assert "(SF, ZTO)" in answer.refusal.message
    async with database.reading(merchant) as uow:
        proposed = [each.fulfillment_order_ids for each in await mergeable.suggestions(uow)]
    assert proposed == [(ids[0], ids[2], ids[4]), (ids[1], ids[3])]
    taken = await merge(database, merchant, *proposed)
    assert [answer.into_id for answer in taken if isinstance(answer, Merged)] == [ids[0], ids[1]]


async def test_a_merge_goes_with_the_carrier_named_for_a_part_until_that_part_leaves(
    database: Database, merchant: Actor
) -> None:
    house = await make_house(database, merchant, GOODS)
    one, other = await two(database, merchant, house)
    await goes_with(database, merchant, {other.id: "SF"})
    await merge(database, merchant, (one.id, other.id))
    assert (await row_of(database, merchant, one.id)).carrier == "SF"
    await unmerge(database, merchant, other.id)
    parted = [(await row_of(database, merchant, each.id)).carrier for each in (one, other)]
    assert parted == [None, "SF"]
    await merge(database, merchant, (one.id, other.id))
    await goes_with(database, merchant, {one.id: "ZTO"})  # by hand since: that stays
    await unmerge(database, merchant, other.id)
    parted = [(await row_of(database, merchant, each.id)).carrier for each in (one, other)]
    assert parted == ["ZTO", "SF"]


async def test_orders_find_their_partners_by_themselves_and_twice_changes_nothing(
    database: Database, merchant: Actor
) -> None:
    house = await make_house(database, merchant, GOODS)
    one, other = await two(database, merchant, house)
    await bring_in(database, merchant, new_order(house, "T-3", {"CUP": 1}, recipient=ELSEWHERE))
    for expected in ([Merged(one.id, (other.id,))], []):
        async with database.unit_of_work(merchant) as uow:
            assert await merging.merge_same_recipient(uow, [other.order_id]) == expected
    await nothing_is_off(database, merchant)


async def test_nothing_of_a_fulfillment_order_is_read_by_anstranger(
    database: Database, merchant: Actor, stranger: Actor
) -> None:
    house = await make_house(database, merchant, GOODS)
    one, other = await two(database, merchant, house)
    (answer,) = await merge(database, stranger, (one.id, other.id))
    assert isinstance(answer, Refused)
    assert answer.refusal.code == "NOT_FOUND"
    async with database.reading(merchant) as uow:
        count = await uow.scalar(sa.select(sa.func.count()).where(uow.mine(FulfillmentOrder)))
    assert count == 2


async def test_a_merge_says_which_of_them_cannot_go_and_a_merged_one_that_it_is_merged(
    database: Database, merchant: Actor
) -> None:
    house = await make_house(database, merchant, {"CUP": 9})
    verdicts = await bring_in(database, merchant, *(new_order(house, f"T-{n}", {"CUP": 1}) for n in (1, 2, 3)))
    one, two, three = [(await only_fulfillment_order(database, merchant, each.order_id)).id for each in verdicts]
    async with database.unit_of_work(merchant) as uow:
        (merged,) = await merging.merge_fulfillment_orders(uow, merges=[(one, two)])
        assert isinstance(merged, merging.Merged)
        again, unknown = await merging.merge_fulfillment_orders(uow, merges=[(three, two), (new_id(),)])
    assert isinstance(again, Refused)
    assert isinstance(unknown, Refused)
    assert (again.refusal.code, again.refusal.field) == ("CANNOT_MERGE", ("fulfillment_orders", "1"))
    assert "merged already" in again.refusal.message
    assert (unknown.refusal.code, unknown.refusal.field) == ("NOT_FOUND", ("fulfillment_orders", "0"))
