"""Trading over GraphQL: from an invitation to a shipped dropship's neighbours, on both sides and live."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
from tests.builders_dropships import (
    Trade,
    Trader,
    assert_sound,
    floor_ships,
    make_trade,
    make_trader,
    owed,
    short_order,
    supplier_order,
)
from tests.builders_mesh import pump

from pickmesh.core.journal.database import Database
from pickmesh.core.kit.permissions import Role
from pickmesh.graphql.ids import global_id
from pickmesh.graphql.relay import parsed

PARTNERSHIPS = "{ partnerships { id partnerCode status supportedActions shop { code } location { code kind } } }"
INVITE = """mutation ($input: PartnershipInviteInput!) { partnershipInvite(input: $input) {
    partnership { id status currency hoursToAnswer supportedActions } userErrors { code field } } }"""
ACCEPT = """mutation ($input: PartnershipAcceptInput!) { partnershipAccept(input: $input) {
    partnership { status autoAccept shop { platform } location { kind } } userErrors { code } } }"""
CHANGE = """mutation ($input: PartnershipChangeInput!) { partnershipChange(input: $input) {
    partnership { autoRoute } userErrors { code } } }"""
END = """mutation ($input: PartnershipEndInput!) { partnershipEnd(input: $input) {
    partnership { status supportedActions } userErrors { code } } }"""
OFFER = """mutation ($input: OfferSaveInput!) { offerSave(input: $input) {
    offers { id priceMicros sharePercent toldQuantity sku { code } } userErrors { code field } } }"""
WITHDRAW = """mutation ($input: OfferWithdrawInput!) { offerWithdraw(input: $input) {
    offers { withdrawnAt } userErrors { code field } } }"""
OFFERED = """query ($id: ID, $open: Boolean!) { partnerOffers(partnershipId: $id, onlyUnmapped: $open) { nodes {
    id code toldQuantity priceMicros sku { code } } } }"""
PROPOSED = """query ($id: ID!) { partnerSkuProposals(partnershipId: $id) {
    because sku { id code } partnerOffer { id } } }"""
MAP = """mutation ($input: PartnerSkuMapInput!) { partnerSkuMap(input: $input) {
    partnerOffers { sku { code } } userErrors { code field } } }"""
SUBMIT = """mutation ($input: DropshipSubmitInput!) { dropshipSubmit(input: $input) {
    dropships { id side status supportedActions } userErrors { code field } } }"""
ANSWER = """mutation ($input: %sInput!) { %s(input: $input) {
    dropships { id status reason supportedActions } userErrors { code field data } } }"""
DROPSHIPS = """query ($side: DropshipSide, $statuses: [DropshipStatus!]) {
  dropships(side: $side, statuses: $statuses) { nodes {
    id number side status currency goodsMinor answerBy supportedActions
    partnership { partnerCode } order { number } fulfillmentOrder { number }
    lines { quantity shippedQuantity priceMicros amountMinor sku { code } }
    parcels { waybill } timeline { kind } } } }"""
PARCELS = "mutation ($input: %sInput!) { %s(input: $input) { parcels { state } userErrors { code } } }"
CHANGED = """subscription ($since: Long, $side: DropshipSide) {
    dropshipChanged(since: $since, side: $side) { seq event dropship { status } } }"""


def answer_of(name: str) -> str:
    return ANSWER % (name[0].upper() + name[1:], name)


@dataclass
class Houses:
    """Two merchants who trade, and their owners."""

    trade: Trade
    distributor: Any
    supplier: Any

    async def short(self, number: str) -> str:
        """Bring an order to the distributor that it cannot ship; return its fulfillment order."""
        return global_id("FulfillmentOrder", await short_order(self.trade.distributor, number, {"LAMP": 2}))

    async def given(self, number: str) -> str:
        """Give an order to the supplier; return the dropship."""
        order = {"id": await self.short(number)}
        answer = (await self.distributor.run(SUBMIT, input={"fulfillmentOrders": [order]}))["dropshipSubmit"]
        assert answer["userErrors"] == []
        await self.trade.pump()
        dropship_id: str = answer["dropships"][0]["id"]
        return dropship_id

    async def answer(self, who: Any, name: str, *dropship_ids: str, **more: Any) -> Mapping[str, Any]:
        """Do something to dropships, and let the other side hear."""
        given = {"dropshipIds": list(dropship_ids), **more}
        answer: Mapping[str, Any] = (await who.run(answer_of(name), input=given))[name]
        await self.trade.pump()
        return answer


@pytest_asyncio.fixture
async def houses(database: Database, client_of: Any) -> Houses:
    trade = await make_trade(database, {"LAMP": 10})
    clients = [await client_of(trader.member.actor) for trader in trade.both]
    return Houses(trade, *clients)


async def test_two_merchants_become_partners_offer_map_and_part(database: Database, client_of: Any) -> None:
    one = await make_trader(database, "one", {"LAMP": 0})
    two = await make_trader(database, "two", {"LAMP": 10})
    me, other = [await client_of(trader.member.actor) for trader in (one, two)]
    terms = {"partner": two.member.code, "currency": "CNY", "hoursToAnswer": 12}
    invited = (await me.run(INVITE, input=terms))["partnershipInvite"]["partnership"]
    assert (invited["status"], invited["hoursToAnswer"]) == ("INVITED", 12)
    assert invited["supportedActions"] == ["CHANGE", "END"]
    await pump(database, one.member, two.member)
    (asked,) = (await other.run(PARTNERSHIPS))["partnerships"]
    assert (asked["status"], asked["supportedActions"], asked["shop"]) == ("ASKED", ["ACCEPT", "END"], None)
    agreed = (await other.run(ACCEPT, input={"id": asked["id"], "autoAccept": True}))["partnershipAccept"]
    assert agreed["partnership"] == {
        "status": "ACTIVE",
        "autoAccept": True,
        "shop": {"platform": "PARTNER"},
        "location": {"kind": "PARTNER"},
    }
    await pump(database, one.member, two.member)
    again = (await me.run(INVITE, input=terms))["partnershipInvite"]
    assert [each["code"] for each in again["userErrors"]] == ["ALREADY_PARTNERS"]
    unknown = (await me.run(INVITE, input={**terms, "partner": "nobody-here"}))["partnershipInvite"]
    assert unknown["userErrors"] == [{"code": "UNKNOWN_MERCHANT", "field": ["partner"]}]
    changed = await me.run(CHANGE, input={"id": invited["id"], "autoAccept": False, "autoRoute": True})
    assert changed["partnershipChange"]["partnership"] == {"autoRoute": True}
    await _offer_and_map(database, one, two, me, other, invited["id"])
    ended = (await me.run(END, input={"id": invited["id"]}))["partnershipEnd"]["partnership"]
    assert ended == {"status": "ENDED", "supportedActions": []}
    await pump(database, one.member, two.member)
    assert [each["status"] for each in (await other.run(PARTNERSHIPS))["partnerships"]] == ["ENDED"]


async def _offer_and_map(database: Database, one: Trader, two: Trader, me: Any, other: Any, id: str) -> None:
    lamp = {"partnershipId": id, "skuId": global_id("Sku", two.member.skus["LAMP"]), "priceMicros": 8_000_000}
    offers = [lamp, {**lamp, "sharePercent": 0}, {**lamp, "skuId": global_id("Sku", UUID(int=9))}]
    saved = (await other.run(OFFER, input={"offers": offers[::2]}))["offerSave"]
    assert [(each["sku"]["code"], each["sharePercent"], each["toldQuantity"]) for each in saved["offers"]] == [
        ("LAMP", 100, 10)
    ]
    assert saved["userErrors"] == [{"code": "NOT_FOUND", "field": ["offers", "1", "skuId"]}]
    wrong = (await other.run(OFFER, input={"offers": offers[1:2]}))["offerSave"]
    assert wrong["userErrors"] == [{"code": "INVALID_INPUT", "field": ["offers", "0", "sharePercent"]}]
    await pump(database, one.member, two.member)
    (offered,) = (await me.run(OFFERED, id=id, open=True))["partnerOffers"]["nodes"]
    assert (offered["code"], offered["toldQuantity"], offered["sku"]) == ("LAMP", 10, None)
    (proposed,) = (await me.run(PROPOSED, id=id))["partnerSkuProposals"]
    assert (proposed["because"], proposed["sku"]["code"]) == ("CODE", "LAMP")
    pair = {"partnerOfferId": proposed["partnerOffer"]["id"], "skuId": proposed["sku"]["id"]}
    mapped = await me.run(MAP, input={"pairs": [pair, {**pair, "skuId": global_id("Sku", UUID(int=9))}]})
    assert mapped["partnerSkuMap"]["partnerOffers"] == [{"sku": {"code": "LAMP"}}]
    assert mapped["partnerSkuMap"]["userErrors"] == [{"code": "NOT_FOUND", "field": ["pairs", "1", "skuId"]}]
    assert (await me.run(OFFERED, id=id, open=True))["partnerOffers"]["nodes"] == []
    levels = await me.run('{ sku(code: "LAMP") { levels { free location { kind } } } }')
    assert {"free": 10, "location": {"kind": "PARTNER"}} in levels["sku"]["levels"]
    gone = (await other.run(WITHDRAW, input={"offerIds": [saved["offers"][0]["id"]]}))["offerWithdraw"]
    assert gone["offers"][0]["withdrawnAt"] is not None
    await pump(database, one.member, two.member)
    assert (await me.run(OFFERED, id=id, open=False))["partnerOffers"]["nodes"] == []


async def test_an_order_goes_to_the_partner_who_accepts_it(houses: Houses) -> None:
    short = await houses.short("T-1")
    enough = global_id("FulfillmentOrder", UUID(int=3))
    asked = {"fulfillmentOrders": [{"id": enough}, {"id": short, "ifVersion": 99}, {"id": short}]}
    answer = (await houses.distributor.run(SUBMIT, input=asked))["dropshipSubmit"]
    assert answer["userErrors"][0] == {"code": "NOT_FOUND", "field": ["fulfillmentOrders", "0"]}
    answer = (await houses.distributor.run(SUBMIT, input={"fulfillmentOrders": [{"id": short}]}))["dropshipSubmit"]
    (given,) = answer["dropships"]
    assert (given["side"], given["status"], given["supportedActions"]) == ("DISTRIBUTOR", "SUBMITTED", ["CANCEL"])
    await houses.trade.pump()
    (asked_for,) = (await houses.supplier.run(DROPSHIPS, side="SUPPLIER", statuses=["SUBMITTED"]))["dropships"]["nodes"]
    assert (asked_for["id"], asked_for["supportedActions"]) == (given["id"], ["ACCEPT", "REJECT"])
    assert asked_for["lines"] == [
        {
            "quantity": 2,
            "shippedQuantity": 0,
            "priceMicros": 8_000_000,
            "amountMinor": 1_600,
            "sku": {"code": "LAMP"},
        }
    ]
    assert (asked_for["goodsMinor"], asked_for["currency"]) == (1_600, "CNY")
    assert asked_for["timeline"] == [{"kind": "dropship_received"}]
    accepted = await houses.answer(houses.supplier, "dropshipAccept", given["id"])
    assert [each["status"] for each in accepted["dropships"]] == ["ACCEPTED"]
    for client, side in ((houses.distributor, "DISTRIBUTOR"), (houses.supplier, "SUPPLIER")):
        (seen,) = (await client.run(DROPSHIPS))["dropships"]["nodes"]
        assert (seen["side"], seen["status"]) == (side, "ACCEPTED")
        number = "query ($number: String!) { dropship(number: $number) { id } }"
        assert (await client.run(number, number=seen["number"])) == {"dropship": {"id": given["id"]}}
        part = "query ($number: String!) { fulfillmentOrder(number: $number) { dropship { id side } } }"
        of_order = await client.run(part, number=seen["fulfillmentOrder"]["number"])
        assert of_order == {"fulfillmentOrder": {"dropship": {"id": given["id"], "side": side}}}
    foreign = await houses.answer(houses.distributor, "dropshipAccept", given["id"])
    assert [(each["code"], each["field"]) for each in foreign["userErrors"]] == [
        ("NOT_THE_SUPPLIER", ["dropshipIds", "0"])
    ]


async def test_a_parcel_called_back_shows_on_both_sides_and_so_does_its_way_out(houses: Houses) -> None:
    trade = houses.trade
    dropship = await houses.given("T-1")
    await houses.answer(houses.supplier, "dropshipAccept", dropship)
    theirs = await supplier_order(trade, parsed(dropship)[1])
    parcel = global_id("Parcel", await floor_ships(trade.supplier, theirs, {"LAMP": 2}))
    await trade.pump()
    seen = [await _shown(houses)]
    for name, more in (("parcelUnship", {"reason": "wrong label"}), ("parcelShip", {})):
        done = await houses.supplier.run(
            PARCELS % (name[0].upper() + name[1:], name), input={"parcelIds": [parcel], **more}
        )
        assert done[name]["userErrors"] == []
        await trade.pump()
        seen.append(await _shown(houses))
    assert seen == [[("SHIPPED", 2, 1)] * 2, [("ACCEPTED", 0, 0)] * 2, [("SHIPPED", 2, 1)] * 2]
    (ours,) = (await houses.distributor.run(DROPSHIPS))["dropships"]["nodes"]
    kinds = [event["kind"] for event in ours["timeline"]]
    assert (kinds.count("dropship_shipped"), kinds.count("dropship_unshipped")) == (2, 1)
    assert await owed(trade.distributor, trade.partnership_id) == {"CNY": -1600}
    await assert_sound(*trade.both)


async def _shown(houses: Houses) -> list[tuple[str, int, int]]:
    """Return the dropship's status, its pieces that are out, and how many numbers are known, as each side sees it."""
    shown = []
    for client in (houses.distributor, houses.supplier):
        (row,) = (await client.run(DROPSHIPS))["dropships"]["nodes"]
        shown.append((row["status"], sum(line["shippedQuantity"] for line in row["lines"]), len(row["parcels"])))
    return shown


async def test_many_are_answered_in_one_call_and_each_refusal_names_its_item(houses: Houses) -> None:
    ids = [await houses.given(f"T-{number}") for number in range(3)]
    unknown = global_id("Dropship", UUID(int=4))
    rejected = await houses.answer(houses.supplier, "dropshipReject", ids[0], unknown, reason="PRICE", note="太低")
    assert [(each["status"], each["reason"]) for each in rejected["dropships"]] == [("REJECTED", "PRICE")]
    assert [(each["code"], each["field"]) for each in rejected["userErrors"]] == [
        ("UNKNOWN_DROPSHIP", ["dropshipIds", "1"])
    ]
    expired = await houses.answer(houses.supplier, "dropshipReject", ids[1], reason="EXPIRED")
    assert [each["field"] for each in expired["userErrors"]] == [["reason"]]
    accepted = await houses.answer(houses.supplier, "dropshipAccept", *ids)
    assert [each["status"] for each in accepted["dropships"]] == ["ACCEPTED", "ACCEPTED"]
    assert [(each["code"], each["field"]) for each in accepted["userErrors"]] == [("ANSWERED", ["dropshipIds", "0"])]
    called_off = await houses.answer(houses.distributor, "dropshipCancel", ids[2], ids[0], reason="buyer")
    assert [each["status"] for each in called_off["dropships"]] == ["CANCELLATION_REQUESTED"]
    assert [each["code"] for each in called_off["userErrors"]] == ["DROPSHIP_ENDED"]
    seen = {each["id"]: each["status"] for each in (await houses.distributor.run(DROPSHIPS))["dropships"]["nodes"]}
    assert seen == {ids[0]: "REJECTED", ids[1]: "ACCEPTED", ids[2]: "CANCELLED"}


async def test_a_reconnect_loses_no_change_of_a_dropship(houses: Houses, open_socket: Any) -> None:
    given = await houses.given("T-1")
    socket = await open_socket(houses.distributor.token)
    await socket.subscribe(CHANGED, since=0)
    submitted = (await socket.next())["dropshipChanged"]
    assert submitted["event"] == "dropship_submitted"
    await socket.connection.close()
    await houses.answer(houses.supplier, "dropshipAccept", given)
    socket = await open_socket(houses.distributor.token)
    await socket.subscribe(CHANGED, since=submitted["seq"])
    accepted = (await socket.next())["dropshipChanged"]
    assert (accepted["event"], accepted["dropship"]) == ("dropship_accepted", {"status": "ACCEPTED"})
    other = await open_socket(houses.supplier.token)
    await other.subscribe(CHANGED, since=0, side="SUPPLIER")
    events = [(await other.next())["dropshipChanged"]["event"] for _ in range(2)]
    assert events == ["dropship_received", "dropship_accepted"]


@pytest.mark.parametrize("role", [Role.PICKER, Role.PACKER])
async def test_the_floor_sees_no_prices_and_no_partners(houses: Houses, client_of: Any, role: Role) -> None:
    await houses.given("T-1")
    worker = await client_of(houses.trade.supplier.member.actor, role)
    assert await worker.code(PARTNERSHIPS) == "NOT_PERMITTED"
    seen = await worker.raw("{ dropships { nodes { number goodsMinor lines { priceMicros } } } }")
    if role is Role.PICKER:
        assert seen["errors"][0]["extensions"]["code"] == "NOT_PERMITTED"
    else:
        assert {error["extensions"]["code"] for error in seen["errors"]} == {"NOT_PERMITTED"}
        (node,) = seen["data"]["dropships"]["nodes"]
        assert (node["goodsMinor"], node["lines"]) == (None, [{"priceMicros": None}])
        assert node["number"].startswith("D-")


async def test_support_answers_dropships_and_purchasers_offer(houses: Houses, client_of: Any) -> None:
    given = await houses.given("T-1")
    actor = houses.trade.supplier.member.actor
    support, purchaser = await client_of(actor, Role.SUPPORT), await client_of(actor, Role.PURCHASER)
    refused = await houses.answer(purchaser, "dropshipAccept", given)
    assert [each["code"] for each in refused["userErrors"]] == ["NOT_PERMITTED"]
    assert (await houses.answer(support, "dropshipAccept", given))["userErrors"] == []
    (partnership,) = (await purchaser.run(PARTNERSHIPS))["partnerships"]
    sku_id = global_id("Sku", houses.trade.supplier.member.skus["LAMP"])
    offers = [{"partnershipId": partnership["id"], "skuId": sku_id, "priceMicros": 9_000_000}]
    assert (await purchaser.run(OFFER, input={"offers": offers}))["offerSave"]["userErrors"] == []
    ending = (await purchaser.run(END, input={"id": partnership["id"]}))["partnershipEnd"]
    assert [each["code"] for each in ending["userErrors"]] == ["NOT_PERMITTED"]
