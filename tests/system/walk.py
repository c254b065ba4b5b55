"""The steps of the walk, each as a person does it."""

import time
from collections.abc import Callable
from typing import Any

from system.client import Desk, Session, opened, pick_line
from system.installation import Installation

from pickmesh.app.demo.files import MerchantFiles

FULFILLMENT_ORDERS = """query ($after: String) { fulfillmentOrders(first: 250, after: $after) {
  pageInfo { hasNextPage endCursor }
  nodes { id number status shortQuantity location { id code } order { id number externalId shop { code } }
    lines { quantity isShort bundle { code } sku { id code lotTracked expiryTracked serialTracked } } } } }"""
WAIT_S_MAX = 60


def set_up(installation: Installation) -> None:
    """Make schema, merchants, shops and people by the command line."""
    installation.run("migrate")
    for merchant in installation.manifest["merchants"]:
        code = merchant["code"]
        installation.run("merchant", "add", code, "--name", merchant["name_zh"])
        for shop in merchant["shops"]:
            platform = shop["platform"].lower()
            told = ("--name", shop["code"], "--platform", platform, "--merchant", code)
            installation.run("shop", "add", shop["code"], *told)
    for sign_in, role in (("manager@linan", "manager"), ("picker1@linan", "picker"), ("packer1@linan", "packer")):
        installation.run("user", "add", sign_in, "--name", sign_in, "--role", role, "--merchant", "linan")


def import_all(installation: Installation, files: MerchantFiles) -> dict[str, dict[str, int]]:
    """Import all files of a merchant that it has; return the counts of each."""
    given = {"places": files.places, "catalog": files.catalog, "stock": files.stock, "orders": files.orders}
    more = {"stock": ("--as", "opening")}
    return {
        kind: installation.imported(kind, path, *more.get(kind, ()), merchant=files.merchant)
        for kind, path in given.items()
        if path is not None
    }


def fulfillment_orders(desk: Desk) -> list[dict[str, Any]]:
    """Return all fulfillment orders, page by page."""
    found: list[dict[str, Any]] = []
    after = None
    while True:
        page = desk.ask(FULFILLMENT_ORDERS, after=after)["fulfillmentOrders"]
        found += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


def is_plain(order: dict[str, Any]) -> bool:
    """Tell whether an order is open and its goods carry no lots or serial numbers."""
    flags = ("lotTracked", "expiryTracked", "serialTracked")
    return order["status"] == "OPEN" and not any(line["sku"][flag] for line in order["lines"] for flag in flags)


def released(manager: Desk, orders: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Plan and release a discrete wave of just these orders; return its pick lists by order."""
    location_id = orders[0]["location"]["id"]
    ids = [order["id"] for order in orders]
    wave = manager.do(
        "wavePlan",
        "WavePlanInput",
        "wave { id number status version }",
        locationId=location_id,
        kind="DISCRETE",
        fulfillmentOrderIds=ids,
    )["wave"]
    assert wave["status"] == "PLANNED"
    told = manager.do(
        "waveRelease",
        "WaveReleaseInput",
        """wave { status } kickedOut { id } pickLists { id number status
           lines { sequence quantity place { code walkSequence } sku { code } } }""",
        id=wave["id"],
        ifVersion=wave["version"],
    )
    assert (told["wave"]["status"], told["kickedOut"]) == ("RELEASED", [])
    lists: list[dict[str, Any]] = told["pickLists"]
    for pick_list in lists:
        walked = [line["place"]["walkSequence"] for line in pick_list["lines"]]
        assert walked == sorted(walked)
    return lists


def picked_to_the_end(session: Session) -> list[str]:
    """Do line after line as the screen says until nothing is left; return all outcomes."""
    outcomes: list[str] = []
    while session.screen["step"] != "DONE":
        outcomes += pick_line(session)
    return outcomes


def packing_at(packer: Desk, location_id: str) -> Session:
    """Open a packing session at the warehouse's first bench."""
    stations = packer.ask("query ($id: ID!) { stations(locationId: $id) { id code } }", id=location_id)["stations"]
    return opened(packer, job="PACK", stationId=stations[0]["id"])


def wait_until(what: str, answer: Callable[[], Any]) -> Any:
    """Ask again until there is an answer."""
    end = time.monotonic() + WAIT_S_MAX
    while time.monotonic() < end:
        found = answer()
        if found:
            return found
        time.sleep(0.2)
    raise AssertionError(f"{what} never came")


def lookup(desk: Desk, term: str) -> list[tuple[str, str]]:
    """Ask across kinds; return what was found as (type, name)."""
    told = desk.ask(
        """query ($term: String!) { lookup(term: $term) { __typename
           ... on Sku { code } ... on Place { placeCode: code } ... on Order { number }
           ... on FulfillmentOrder { number } ... on Parcel { number } ... on Wave { number }
           ... on PickList { number } ... on ExceptionTask { number } } }""",
        term=term,
    )["lookup"]
    return [(hit["__typename"], hit.get("code") or hit.get("placeCode") or hit.get("number")) for hit in told]
