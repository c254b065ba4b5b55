"""A shop's order that is short here is picked, packed and shipped by a partner, as people of both would do it."""

import csv
from pathlib import Path
from typing import Any

from system.client import Desk, desks, opened
from system.floor_steps import pack
from system.installation import PASSWORD, Installation
from system.listener import Listener, listening
from system.talk import talking
from system.trading import LAMP, MUG, become_partners, order_file, partnership, set_up, sku_of, supply
from system.walk import fulfillment_orders, picked_to_the_end, released, wait_until

PEOPLE = ("owner@beihai", "owner@linan", "manager@linan", "picker@linan", "packer@linan")
PIECES = {"linan": {MUG: 12, LAMP: 0}, "beihai": {MUG: 0, LAMP: 20}}
LOW_AT, ENOUGH_AT, RECEIVED = 9, 15, 20
PRICE_MICROS, PRICE_MINOR = 20_000_000, 2_000
BY_HAND, BY_ITSELF = "JD-1001", "JD-1002"
ORDERED = {BY_HAND: 1, BY_ITSELF: 2}
DROPSHIPS = "subscription { dropshipChanged(since: 0, side: SUPPLIER) { event dropship { id status } } }"
ALERTS = "subscription { alertRaised(since: 0) { event alert { id kind state } } }"
FOUND = """query ($numbers: [String!]) { orders(externalIds: $numbers, first: 5) { nodes {
  externalId shipments { waybill carrier toldAt lines { quantity } }
  fulfillmentOrders { id status requestStatus location { code } dropship { id status side } } } } }"""


def test_a_short_order_is_shipped_by_a_partner(installation: Installation) -> None:
    installation.settings["worker_sweep_seconds"] = "1"  # what a command imports is found by a sweep
    set_up(installation, PIECES)
    with installation.serving() as address, desks(address, PEOPLE, PASSWORD) as people:
        owner, other_owner, other_manager, picker, packer = people
        watch_mugs(other_manager)
        partner(owner, other_owner)
        with (
            listening(address, other_manager.token, DROPSHIPS) as dropships,
            listening(address, other_manager.token, ALERTS) as alerts,
        ):
            order_by_hand(installation, owner)
            order_by_itself(installation, owner)
            hear_of_both(dropships)
            accept_by_a_tap(installation, address, other_manager)
            waybills = carried_out(other_manager, picker, packer)
            assert_tracking(installation.folder, owner, waybills)
            with talking(installation.folder, address, "owner@beihai", "beihai", installation.settings) as chat:
                chat.hear(*waybills.values())
            assert_books(owner, other_owner)
            assert_low_once(other_manager, alerts)
        for desk in (owner, other_owner):
            assert {one["status"] for one in dropships_of(desk)} == {"SHIPPED"}
    assert "Nothing is off." in installation.run("doctor")


def sku(desk: Desk, code: str) -> dict[str, Any]:
    found = desk.ask(
        "query ($code: String) { sku(code: $code) { id onHand free levels { location { id code } onHand reserved }"
        " balances { quantity place { id code } } } }",
        code=code,
    )["sku"]
    return dict(found)


def watch_mugs(manager: Desk) -> None:
    """Say from how few mugs on the supplier's manager wants to hear of it."""
    mug = sku(manager, sku_of("linan", MUG))
    point = {"skuId": mug["id"], "locationId": mug["levels"][0]["location"]["id"]}
    points = [{**point, "lowAt": LOW_AT, "enoughAt": ENOUGH_AT}]
    manager.do("reorderPointSave", "ReorderPointSaveInput", "reorderPoints { isLow }", reorderPoints=points)


def partner(owner: Desk, other_owner: Desk) -> None:
    """Let each of two merchants supply what the other one sells and does not have."""
    partnership_id = become_partners(owner, other_owner, "linan")
    supply(other_owner, owner, partnership_id, sku_of("linan", MUG), PRICE_MICROS)
    supply(owner, other_owner, partnership_id, sku_of("beihai", LAMP), PRICE_MICROS)
    assert sku(owner, sku_of("beihai", MUG))["free"] == PIECES["linan"][MUG]
    assert sku(other_owner, sku_of("linan", LAMP))["free"] == PIECES["beihai"][LAMP]


def order_by_hand(installation: Installation, owner: Desk) -> None:
    """An order is short, and a person gives it to the partner."""
    order = short_order(installation, owner, BY_HAND)
    (part,) = order["fulfillmentOrders"]
    assert (part["status"], part["dropship"]) == ("BACKORDERED", None)
    asked = [{"id": part["id"]}]
    for _ in range(2):  # the second time changes nothing
        told = owner.do("dropshipSubmit", "DropshipSubmitInput", "dropships { status side }", fulfillmentOrders=asked)
        assert told["dropships"] == [{"status": "SUBMITTED", "side": "DISTRIBUTOR"}]


def order_by_itself(installation: Installation, owner: Desk) -> None:
    """Once short orders go to the partner by themselves, one does."""
    id_ = partnership(owner)["id"]
    owner.do(
        "partnershipChange",
        "PartnershipChangeInput",
        "partnership { autoRoute }",
        id=id_,
        autoAccept=False,
        autoRoute=True,
    )
    short_order(installation, owner, BY_ITSELF)

    def given() -> bool:
        (part,) = order_of(owner, BY_ITSELF)["fulfillmentOrders"]
        return bool(part["dropship"]) and part["location"]["code"] == "LINAN"

    wait_until("the way to the partner", given)


def short_order(installation: Installation, desk: Desk, number: str) -> dict[str, Any]:
    """Import an order of mugs, which the distributor has none of."""
    path = order_file(installation.folder, "beihai", number, ORDERED[number])
    assert installation.imported("orders", path, merchant="beihai")["created"] == 1
    return order_of(desk, number)


def order_of(desk: Desk, number: str) -> dict[str, Any]:
    (found,) = desk.ask(FOUND, numbers=[number])["orders"]["nodes"]
    return dict(found)


def dropships_of(desk: Desk) -> list[dict[str, Any]]:
    query = "{ dropships(first: 10) { nodes { id status side parcels { waybill } } } }"
    found: list[dict[str, Any]] = desk.ask(query)["dropships"]["nodes"]
    assert len(found) == len(ORDERED)
    return found


def hear_of_both(heard: Listener) -> None:
    """The supplier's screens hear of both requests."""
    received: set[str] = set()
    while len(received) < len(ORDERED):
        *_, last = heard.until(lambda news: news["event"] == "dropship_received")
        received.add(last["dropship"]["id"])


def accept_by_a_tap(installation: Installation, address: str, manager: Desk) -> None:
    """The supplier's manager is told of both in chat, and that mugs are few now, and accepts both by one tap."""
    with talking(installation.folder, address, "manager@linan", "linan", installation.settings) as chat:
        chat.hear("D-0001", "D-0002", "LI-MUG")
        chat.type("/waiting")
        chat.hear("全部接受（2）")
        chat.type("1")
        chat.hear("已接受 2 个")
    assert {one["status"] for one in dropships_of(manager)} == {"ACCEPTED"}


def carried_out(manager: Desk, picker: Desk, packer: Desk) -> dict[int, str]:
    """Pick and pack both by scans; return the waybills by how many mugs are in the parcel."""
    orders = [order for order in fulfillment_orders(manager) if order["order"]["shop"]["code"] == "partner-beihai"]
    assert [order["status"] for order in orders] == ["OPEN"] * len(ORDERED)
    by_quantity = {order["lines"][0]["quantity"]: order for order in orders}
    waybills = {}
    for number, pick_list in enumerate(released(manager, orders), 1):
        (line,) = pick_list["lines"]
        session = opened(picker, job="PICK", pickListId=pick_list["id"])
        assert session.scan(f"T-000{number}") == "ACCEPTED"
        assert picked_to_the_end(session)[-1] == "TASK_DONE"
        parcel = pack(packer, by_quantity[line["quantity"]], f"T-000{number}")
        waybills[line["quantity"]] = parcel["waybill"]["number"]
    return waybills


def assert_tracking(folder: Path, manager: Desk, waybills: dict[int, str]) -> None:
    """The distributor's orders show the supplier's waybills, and their shop has been told of each, once."""
    for number, quantity in ORDERED.items():
        wait_until("the shop's answer", lambda number=number: is_told(manager, number))
        found = order_of(manager, number)
        assert [(one["waybill"], one["lines"][0]["quantity"]) for one in found["shipments"]] == [
            (waybills[quantity], quantity)
        ]
        assert [part["status"] for part in found["fulfillmentOrders"]] == ["SHIPPED"]
        assert [part["dropship"]["status"] for part in found["fulfillmentOrders"]] == ["SHIPPED"]
    with (folder / "var" / "outbox" / "beihai" / "beihai-jd.csv").open(encoding="utf-8-sig", newline="") as lines:
        told = {line["order"]: line["waybill"] for line in csv.DictReader(lines)}
    assert told == {number: waybills[quantity] for number, quantity in ORDERED.items()}
    assert [path.name for path in (folder / "var" / "outbox" / "linan").glob("*")] == []


def is_told(desk: Desk, number: str) -> bool:
    return any(one["toldAt"] for one in order_of(desk, number)["shipments"])


def assert_books(owner: Desk, other_owner: Desk) -> None:
    """What the distributor owes is what the supplier is owed: the agreed price of what left."""
    amount = PRICE_MINOR * sum(ORDERED.values())
    assert partnership(other_owner)["owed"] == [{"currency": "CNY", "amountMinor": amount}]
    assert partnership(owner)["owed"] == [{"currency": "CNY", "amountMinor": -amount}]
    left = PIECES["linan"][MUG] - sum(ORDERED.values())
    assert sku(other_owner, sku_of("linan", MUG))["onHand"] == left
    wait_until("the figure", lambda: sku(owner, sku_of("beihai", MUG))["free"] == left)


def assert_low_once(manager: Desk, alerts: Listener) -> None:
    """That mugs were low was told once; goods that come in end it by themselves."""
    low = alerts.until(is_low_stock("alert_raised"))
    mug = sku(manager, sku_of("linan", MUG))
    (place,) = [one["place"]["id"] for one in mug["balances"] if one["place"]["code"] == "A01-01-1"]
    receipts = [{"placeId": place, "skuId": mug["id"], "quantity": RECEIVED}]
    manager.do("stockReceive", "StockReceiveInput", "received { quantity }", receipts=receipts)
    told = low + alerts.until(is_low_stock("alert_resolved"))
    of_stock = [news["event"] for news in told if news["alert"]["kind"] == "LOW_STOCK"]
    assert of_stock.count("alert_raised") == of_stock.count("alert_resolved") == 1
    query = "{ alerts(kinds: [LOW_STOCK], first: 5) { nodes { state } } }"
    assert manager.ask(query)["alerts"]["nodes"] == [{"state": "RESOLVED"}]


def is_low_stock(event: str) -> Any:
    return lambda news: (news["event"], news["alert"]["kind"]) == (event, "LOW_STOCK")
