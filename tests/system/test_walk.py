"""From a shop's file to a shipped parcel: one order's whole way, by the command line, HTTP and WebSocket."""

import csv
from pathlib import Path
from typing import Any

from system.client import Desk, desks
from system.floor_steps import pack, pack_with_mistakes, pick_late_and_out_of_order, pick_short, pick_with_mistakes
from system.installation import PASSWORD, Installation
from system.listener import listening
from system.walk import fulfillment_orders, import_all, is_plain, lookup, released, set_up, wait_until

PEOPLE = ("manager@linan", "picker1@linan", "packer1@linan")


def test_from_a_shops_file_to_a_shipped_parcel(installation: Installation) -> None:
    set_up(installation)
    linan, beihai, yunduan = installation.demo.merchants
    first = import_all(installation, linan)
    assert {kind: counts["refused"] for kind, counts in first.items()} == dict.fromkeys(first, 0)
    again = import_all(installation, linan)
    assert {kind: counts["unchanged"] for kind, counts in again.items()} == {
        kind: counts["rows"] for kind, counts in first.items()
    }
    assert import_all(installation, beihai)["orders"]["refused"] == 0  # GB18030
    assert import_all(installation, yunduan)["orders"]["refused"] == 0  # XLSX
    with installation.serving() as address, desks(address, PEOPLE, PASSWORD) as (manager, picker, packer):
        with listening(address, manager.token) as events:
            shipped = walk_the_floor(manager, picker, packer)
            told = events.until(lambda event: event["kind"] == "order_shipped")
        assert [event["seq"] for event in told] == list(range(1, len(told) + 1))
        assert_in_the_shops_file(installation.folder, shipped)
    assert "Nothing is off." in installation.run("doctor")


def walk_the_floor(manager: Desk, picker: Desk, packer: Desk) -> list[tuple[dict[str, Any], str]]:
    """Wave, pick, pack and ship three orders; return those that left, each with its waybill."""
    plain = [order for order in fulfillment_orders(manager) if is_plain(order)]
    several = next(order for order in plain if len(order["lines"]) >= 2 and not has_bundle(order))
    bundle = next(order for order in plain if has_bundle(order))
    short = next(order for order in plain if len(order["lines"]) == 1 and order["lines"][0]["quantity"] >= 3)
    before = {code: on_hand(manager, code) for order in (several, bundle, short) for code in pieces_of(order)}
    lists = {one["lines"][0]["sku"]["code"]: one for one in released(manager, [several, bundle, short])}

    def list_of(order: dict[str, Any]) -> dict[str, Any]:
        return next(lists[code] for code in pieces_of(order) if code in lists)

    pick_with_mistakes(picker, list_of(several), "T-0001")
    pick_late_and_out_of_order(picker, list_of(bundle), "T-0002")
    missing = pick_short(picker, list_of(short), "T-0003")
    parcels = [pack_with_mistakes(packer, several, "T-0001"), pack(packer, bundle, "T-0002")]
    shipped = list(zip([several, bundle], [parcel["waybill"]["number"] for parcel in parcels], strict=True))
    for order, waybill in shipped:
        assert_told(manager, order, waybill)
        assert_found(manager, order, waybill)
    for order in (several, bundle):
        for code, pieces in pieces_of(order).items():
            assert on_hand(manager, code) == before[code] - pieces, code
    assert_short_is_known(manager, short, missing)
    return shipped


def has_bundle(order: dict[str, Any]) -> bool:
    return any(line["bundle"] for line in order["lines"])


def pieces_of(order: dict[str, Any]) -> dict[str, int]:
    pieces: dict[str, int] = {}
    for line in order["lines"]:
        code = line["sku"]["code"]
        pieces[code] = pieces.get(code, 0) + line["quantity"]
    return pieces


def on_hand(desk: Desk, code: str) -> int:
    return int(desk.ask("query ($code: String) { sku(code: $code) { onHand } }", code=code)["sku"]["onHand"])


def assert_told(desk: Desk, order: dict[str, Any], waybill: str) -> None:
    """The shop's order shows its tracking, and the shop has been told."""
    query = """query ($id: ID!) { order(id: $id) { shipments { waybill toldAt lines { quantity } }
      fulfillmentOrders { status } } }"""

    def told() -> dict[str, Any] | None:
        found: dict[str, Any] = desk.ask(query, id=order["order"]["id"])["order"]
        return found if found["shipments"] and found["shipments"][0]["toldAt"] else None

    found = wait_until("the shop's answer", told)
    assert [one["waybill"] for one in found["shipments"]] == [waybill]
    assert [one["status"] for one in found["fulfillmentOrders"]] == ["SHIPPED"]


def assert_found(desk: Desk, order: dict[str, Any], waybill: str) -> None:
    """A merchant finds it by whatever is at hand."""
    code = order["lines"][0]["sku"]["code"]
    sku = desk.ask("query ($code: String) { sku(code: $code) { nameZh barcodes { code } } }", code=code)["sku"]
    for term in (code, sku["barcodes"][0]["code"], sku["nameZh"]):
        assert ("Sku", code) in lookup(desk, term), term
    assert_tells_what_is_free_and_where(desk, sku["nameZh"], code)
    assert ("FulfillmentOrder", order["number"]) in lookup(desk, order["number"])
    for term in (order["order"]["number"], order["order"]["externalId"]):
        assert ("Order", order["order"]["number"]) in lookup(desk, term), term
    assert "Parcel" in {kind for kind, _ in lookup(desk, waybill)}


def assert_tells_what_is_free_and_where(desk: Desk, term: str, code: str) -> None:
    """A look-up by a Chinese name tells how many are free and available, and in which bins they lie."""
    query = """query ($term: String!) { lookup(term: $term) { ... on Sku { code free available onHand
      balances { quantity allocated place { code kind } } } } }"""
    found = next(hit for hit in desk.ask(query, term=term)["lookup"] if hit.get("code") == code)
    assert found["onHand"] == sum(balance["quantity"] for balance in found["balances"])
    in_bins = [balance for balance in found["balances"] if balance["place"]["kind"] == "BIN"]
    assert found["available"] == found["free"] <= sum(each["quantity"] - each["allocated"] for each in in_bins)
    assert all(balance["place"]["code"] for balance in found["balances"])


def assert_short_is_known(desk: Desk, order: dict[str, Any], pick_list: dict[str, Any]) -> None:
    """What was not in the bin came from another one, or the order waits for it and a person has a task."""
    found = desk.ask(
        "query ($id: ID!) { node(id: $id) { ... on FulfillmentOrder { status exceptionTasks { kind } } } }",
        id=order["id"],
    )["node"]
    picked = sum(line["pickedQuantity"] for line in pick_list["lines"])
    if picked == order["lines"][0]["quantity"]:
        assert len({line["place"]["code"] for line in pick_list["lines"]}) == 2
    else:
        assert (found["status"], [task["kind"] for task in found["exceptionTasks"]]) == ("BACKORDERED", ["SHORT_PICK"])


def assert_in_the_shops_file(folder: Path, shipped: list[tuple[dict[str, Any], str]]) -> None:
    """The shop's own file has one line for each order that left."""
    for order, waybill in shipped:
        path = folder / "var" / "outbox" / "linan" / f"{order['order']['shop']['code']}.csv"
        with path.open(encoding="utf-8-sig", newline="") as lines:
            told = [line for line in csv.DictReader(lines) if order["order"]["externalId"] in line.values()]
        assert [waybill in line.values() for line in told] == [True]
