"""What a picker and a packer do in the walk, mistakes and all."""

import re
from typing import Any

import httpx
from system.client import Desk, Session, opened, pick_line
from system.walk import packing_at, wait_until

PARCEL = """query ($id: ID!) { node(id: $id) { ... on Parcel { id number state weightG expectedWeightG
  waybill { carrier number state } labels { pdf zpl } printJobs { state format } } } }"""


def pick_with_mistakes(picker: Desk, pick_list: dict[str, Any], tote: str) -> None:
    """Claim a list and pick it, doing nearly everything wrong once; each scan gets its verdict."""
    session = opened(picker, job="PICK", pickListId=pick_list["id"])
    first, second = pick_list["lines"][:2]
    assert session.scan(first["place"]["code"]) == "NEEDS_PLACE"  # no tote yet
    assert session.scan(tote) == "ACCEPTED"
    assert session.scan("6900000000000") == "UNKNOWN_CODE"
    assert session.scan("A99-99-9") == "UNKNOWN_CODE"
    assert session.scan("MISSING") == "WRONG_PLACE"
    assert session.scan(session.barcode()) == "NEEDS_PLACE"
    assert session.scan(first["place"]["code"]) == "ACCEPTED"
    assert session.scan(second["sku"]["code"]) == "WRONG_ITEM"
    assert session.tell("SCAN", raw=session.barcode(), doubtful=True) not in {"ACCEPTED", "LINE_DONE", "TASK_DONE"}
    assert session.tell("QUANTITY", quantity=10_000) in {"WRONG_ITEM", "TOO_MANY"}
    barcode, pieces = session.barcode(), first["quantity"]
    entries = [session.entry(raw=barcode) for _ in range(pieces)]
    assert [one["outcome"] for one in session.send(*entries)] == ["ACCEPTED"] * (pieces - 1) + ["LINE_DONE"]
    repeated = session.send(*entries)  # a phone that never heard the answer sends them again
    assert [(one["outcome"], one["repeated"]) for one in repeated][-1] == ("LINE_DONE", True)
    assert session.scan(session.next["placeCode"]) == "ACCEPTED"
    assert session.scan(barcode) in {"TOO_MANY", "WRONG_ITEM"}  # one piece more of what is all taken
    while session.screen["step"] != "DONE":
        if session.screen["step"] == "PLACE":
            pick_line(session)
        else:
            session.scan(session.barcode())
    assert session.screen["progress"]["done"] == sum(line["quantity"] for line in pick_list["lines"])


def pick_late_and_out_of_order(picker: Desk, pick_list: dict[str, Any], tote: str) -> None:
    """Pick a whole list in a dead zone: all of it comes at once, the last entry first, and then once more."""
    session = opened(picker, job="PICK", pickListId=pick_list["id"])
    assert session.scan(tote) == "ACCEPTED"
    codes = barcodes_of(picker, [line["sku"]["code"] for line in pick_list["lines"]])
    entries = []
    for line in pick_list["lines"]:
        entries.append(session.entry(raw=line["place"]["code"]))
        entries += [session.entry(raw=codes[line["sku"]["code"]]) for _ in range(line["quantity"])]
    verdicts = session.send(*reversed(entries))
    assert verdicts[0]["outcome"] == "TASK_DONE"
    assert {one["outcome"] for one in verdicts} <= {"ACCEPTED", "LINE_DONE", "TASK_DONE"}
    assert session.screen["step"] == "DONE"
    assert [one["repeated"] for one in session.send(*entries)] == [True] * len(entries)


def pick_short(picker: Desk, pick_list: dict[str, Any], tote: str) -> dict[str, Any]:
    """Claim a list, key how many there are, find one piece too few and say so; follow the screen to the end."""
    claimed = picker.do("pickListClaim", "PickListClaimInput", "pickList { status leaseUntil }", id=pick_list["id"])
    assert claimed["pickList"]["status"] == "CLAIMED" and claimed["pickList"]["leaseUntil"]
    session = opened(picker, job="PICK", pickListId=pick_list["id"])
    assert session.scan(tote) == "ACCEPTED"
    wanted = session.next["remaining"]
    assert session.scan(session.next["placeCode"]) == "ACCEPTED"
    assert session.tell("QUANTITY", quantity=wanted - 1) == "WRONG_ITEM"  # what it is was not scanned yet
    assert session.scan(session.barcode()) == "ACCEPTED"
    assert session.tell("QUANTITY", quantity=wanted - 1) == "ACCEPTED"
    assert session.tell("SHORT", quantity=5) == "TOO_MANY"
    assert session.tell("SHORT", quantity=1) == "SHORT_RECORDED"
    while session.screen["step"] != "DONE":
        pick_line(session)
    told = picker.ask(
        "query ($id: ID!) { node(id: $id) { ... on PickList { status lines { place { code } pickedQuantity"
        " shortQuantity } } } }",
        id=pick_list["id"],
    )["node"]
    assert told["status"] == "DONE"
    assert sum(line["shortQuantity"] for line in told["lines"]) == 1
    return dict(told)


def barcodes_of(desk: Desk, codes: list[str]) -> dict[str, str]:
    """Return what a single piece of each SKU scans as."""
    found = {}
    for code in codes:
        sku = desk.ask("query ($code: String) { sku(code: $code) { barcodes { code unitQuantity } } }", code=code)[
            "sku"
        ]
        found[code] = next(one["code"] for one in sku["barcodes"] if one["unitQuantity"] == 1)
    return found


def begin_packing(packer: Desk, order: dict[str, Any], tote: str) -> Session:
    """Sit down at a bench and scan the order's tote."""
    session = packing_at(packer, order["location"]["id"])
    assert session.scan(tote) == "ACCEPTED"
    return session


def verify_rest(session: Session) -> None:
    """Scan piece after piece as the screen asks until all are in."""
    while session.screen["step"] == "ITEMS":
        assert session.scan(session.barcode()) in {"ACCEPTED", "LINE_DONE"}


def pack_with_mistakes(packer: Desk, order: dict[str, Any], tote: str) -> dict[str, Any]:
    """Verify, weigh and close a parcel with mistakes on the way; return it as shipped, its label issued."""
    session = begin_packing(packer, order, tote)
    assert session.tell("SEAL") == "NEEDS_QUANTITY"
    assert session.scan("6900000000000") == "UNKNOWN_CODE"
    assert session.tell("WEIGHT", weightG=100) == "NEEDS_QUANTITY"
    verify_rest(session)
    assert session.scan(order["lines"][0]["sku"]["code"]) == "TOO_MANY"
    assert session.tell("WEIGHT", weightG=9) == "EXCEPTION"
    assert session.tell("FORCE", reason="it is what it is") == "NOT_YOURS"  # forcing is a permission
    return weigh_and_ship(packer, session)


def pack(packer: Desk, order: dict[str, Any], tote: str) -> dict[str, Any]:
    """Verify, weigh and close a parcel; return it as shipped, its label issued."""
    session = begin_packing(packer, order, tote)
    verify_rest(session)
    return weigh_and_ship(packer, session)


def weigh_and_ship(packer: Desk, session: Session) -> dict[str, Any]:
    """Put the parcel on the scale, wait for its waybill, look at its label."""
    parcel_id = session.screen["parcel"]["id"]
    (light,) = session.send(session.entry("WEIGHT", weightG=1))
    told = re.search(r"instead of (\d+) g", light["message"])
    assert light["outcome"] == "EXCEPTION" and told, light
    assert session.tell("WEIGHT", weightG=int(told[1]) + 20) == "TASK_DONE"
    assert session.screen["step"] == "OPEN"

    def labelled() -> dict[str, Any] | None:
        parcel = packer.ask(PARCEL, id=parcel_id)["node"]
        return parcel if parcel["waybill"] and parcel["waybill"]["number"] and parcel["labels"] else None

    parcel: dict[str, Any] = wait_until("the waybill", labelled)
    pdf, zpl = (packer.http.get(parcel["labels"][kind]) for kind in ("pdf", "zpl"))
    assert (pdf.status_code, pdf.content[:5]) == (200, b"%PDF-")
    assert (zpl.status_code, zpl.text[:3]) == (200, "^XA")
    assert parcel["waybill"]["number"] in zpl.text
    assert httpx.get(f"{packer.address}{parcel['labels']['pdf']}").status_code == 401
    assert [job["state"] for job in parcel["printJobs"]] == ["QUEUED"]
    return parcel
