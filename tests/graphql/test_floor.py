"""Work by scan through the front: a session, entries with a verdict each, repeats, refusals, one look-up box."""

import asyncio
import base64
from typing import Any

import pytest_asyncio
import sqlalchemy as sa
from tests.builders_accounts import make_shop
from tests.builders_catalog import save_skus
from tests.builders_orders import House, bring_in, new_order
from tests.builders_stock import Warehouse, make_warehouse

from pickmesh.core.catalog.rules import NewBarcode, NewShopCode, NewSku
from pickmesh.core.floor.tables import Scan
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Role
from pickmesh.core.picking import waves
from pickmesh.core.picking.tables import WaveKind
from pickmesh.core.stock import receipts
from pickmesh.core.stock.receipts import Receipt
from pickmesh.graphql.ids import global_id

NEXT = """mutation ($input: FloorTaskNextInput!) { floorTaskNext(input: $input) {
  session { id version job instruction progress { done total } lease { id until } supportedActions
    next { placeCode skuCode remaining place { code } } }
  userErrors { code field }
} }"""
RECORD = """mutation ($input: ScanRecordInput!) { scanRecord(input: $input) {
  verdicts { clientId outcome message tone repeated choices { id label } }
  session { id version progress { done total } next { placeCode skuCode remaining } instruction }
  userErrors { code field message }
} }"""
LOOKUP = """query ($term: String!) { lookup(term: $term) {
  __typename ... on Sku { code free balances { place { code } quantity } } ... on Order { externalId }
  ... on Place { code } ... on PickList { number }
} }"""


@pytest_asyncio.fixture
async def warehouse(database: Database, merchant: Actor) -> Warehouse:
    """Two orders of a kettle and a cup each, released as two lists."""
    shop_id = await make_shop(database, merchant, "TB")
    made = await make_warehouse(database, merchant)
    goods = [
        NewSku(
            code, f"P-{code}", name, code.title(), barcodes=(NewBarcode(ean),), shop_codes=(NewShopCode("TB", code),)
        )
        for code, name, ean in (("KETTLE", "烧水壶", "6901234567892"), ("CUP", "杯子", "6901234567908"))
    ]
    skus = await save_skus(database, merchant, goods)
    async with database.unit_of_work(merchant) as uow:
        came = [Receipt(place, sku, 10) for place, sku in zip(made.bins.values(), skus.values(), strict=False)]
        await receipts.receive_stock(uow, receipts=came)
    house = House("TB", shop_id, skus)
    await bring_in(database, merchant, *(new_order(house, f"E100{n}", {"KETTLE": 1, "CUP": 1}) for n in (1, 2)))
    async with database.unit_of_work(merchant) as uow:
        planned = await waves.plan_wave(uow, location_id=made.location_id, kind=WaveKind.DISCRETE)
        await waves.release_wave(uow, wave_id=planned.wave_id)
    return made


@pytest_asyncio.fixture
async def picker(client_of: Any, merchant: Actor) -> Any:
    return await client_of(merchant, Role.PICKER)


def entry(raw: str, sequence: int, **more: Any) -> dict[str, Any]:
    return {
        "clientId": str(new_id()),
        "sequence": sequence,
        "recordedAt": "2026-11-24T04:00:00Z",
        "kind": "SCAN",
        "raw": raw,
        "source": "WEDGE",
        **more,
    }


async def opened(picker: Any, warehouse: Warehouse) -> dict[str, Any]:
    wanted = {"locationId": global_id("Location", warehouse.location_id)}
    answer = (await picker.run(NEXT, input=wanted))["floorTaskNext"]
    assert answer["userErrors"] == []
    session: dict[str, Any] = answer["session"]
    return session


async def record(picker: Any, session: Any, *entries: Any, **more: Any) -> dict[str, Any]:
    wanted = {"sessionId": session and session["id"], "entries": list(entries), **more}
    found: dict[str, Any] = (await picker.run(RECORD, input=wanted))["scanRecord"]
    return found


def outcomes(answer: dict[str, Any]) -> list[str]:
    return [verdict["outcome"] for verdict in answer["verdicts"]]


async def test_the_next_task_is_a_list_with_one_instruction(picker: Any, warehouse: Warehouse) -> None:
    session = await opened(picker, warehouse)
    assert (session["job"], session["progress"]) == ("PICK", {"done": 0, "total": 2})
    assert (session["next"], session["supportedActions"]) == (None, ["SCAN", "UNDO"])
    assert "tote" in session["instruction"]
    assert session["lease"]["until"] == "2026-11-24T04:30:00Z"
    await record(picker, session, entry("T-0001", 1))
    again = await opened(picker, warehouse)
    assert again["id"] == session["id"]
    assert again["next"]["placeCode"] == again["next"]["place"]["code"] == "A-01"


async def test_a_list_is_picked_by_scans_each_with_its_verdict(picker: Any, warehouse: Warehouse) -> None:
    session = await opened(picker, warehouse)
    answer = await record(
        picker,
        session,
        entry("T-0001", 1),
        entry("A-01", 2),
        entry("6901234567908", 3),
        entry("6901234567892", 4),
        entry("A-02", 5),
        entry("6901234567908", 6),
    )
    assert answer["userErrors"] == []
    assert outcomes(answer) == ["ACCEPTED", "ACCEPTED", "WRONG_ITEM", "LINE_DONE", "ACCEPTED", "TASK_DONE"]
    assert answer["verdicts"][2]["tone"] == "WRONG"
    assert answer["session"]["progress"] == {"done": 2, "total": 2}


async def test_an_entry_sent_again_is_answered_as_before_and_books_nothing(
    picker: Any, warehouse: Warehouse, database: Database, merchant: Actor
) -> None:
    session = await opened(picker, warehouse)
    entries = [entry("T-0001", 1), entry("A-01", 2), entry("6901234567892", 3)]
    first = await record(picker, session, *entries)
    again = await record(picker, session, *entries)
    assert outcomes(again) == outcomes(first)
    assert [verdict["repeated"] for verdict in again["verdicts"]] == [True, True, True]
    assert again["session"]["progress"] == {"done": 1, "total": 2}
    async with database.reading(merchant) as uow:
        assert await uow.scalar(sa.select(sa.func.count()).select_from(Scan).where(uow.mine(Scan))) == 3


async def test_bytes_that_are_no_text_are_kept(picker: Any, warehouse: Warehouse) -> None:
    session = await opened(picker, warehouse)
    read = {**entry("", 1, rawBase64=base64.b64encode(b"\xff\xfe\x00").decode()), "raw": None}
    assert outcomes(await record(picker, session, read)) == ["UNKNOWN_CODE"]


async def test_what_is_no_base64_has_a_verdict_and_the_others_of_its_batch_are_booked(
    picker: Any, warehouse: Warehouse, database: Database, merchant: Actor
) -> None:
    session = await opened(picker, warehouse)
    wrong = {**entry("", 3, rawBase64="%%%é"), "raw": None}
    count = {**entry("", 4, rawBase64="%", kind="QUANTITY", quantity=1), "raw": None}
    sent = [entry("T-0001", 1), entry("A-01", 2), wrong, count, entry("6901234567892", 5)]
    answer = await record(picker, session, *sent)
    assert (answer["userErrors"], outcomes(answer)) == (
        [],
        ["ACCEPTED", "ACCEPTED", "UNKNOWN_CODE", "UNKNOWN_CODE", "LINE_DONE"],
    )
    assert "rawBase64" in answer["verdicts"][2]["message"]
    assert answer["session"]["progress"] == {"done": 1, "total": 2}
    again = await record(picker, session, wrong)
    assert again["verdicts"] == [{**answer["verdicts"][2], "repeated": True}]
    async with database.reading(merchant) as uow:
        kept = await uow.fetch(sa.select(Scan.raw, Scan.outcome).where(uow.mine(Scan)).order_by(Scan.sequence))
    assert [(row.raw, row.outcome) for row in kept][2:4] == [("", "UNKNOWN_CODE")] * 2


async def test_more_entries_than_allowed_are_refused_together(picker: Any, warehouse: Warehouse) -> None:
    session = await opened(picker, warehouse)
    answer = await record(picker, session, *(entry("A-01", number) for number in range(201)))
    assert (answer["verdicts"], answer["userErrors"][0]["code"]) == ([], "LIMIT_EXCEEDED")


async def test_a_lease_names_the_session_of_its_list(picker: Any, warehouse: Warehouse) -> None:
    session = await opened(picker, warehouse)
    answer = await record(picker, None, entry("T-0001", 1), leaseId=session["lease"]["id"])
    assert (outcomes(answer), answer["session"]["id"]) == (["ACCEPTED"], session["id"])


async def test_a_finished_list_answers_a_repeated_batch_by_its_lease_as_it_did(
    picker: Any, warehouse: Warehouse
) -> None:
    session = await opened(picker, warehouse)
    lease = session["lease"]["id"]
    codes = ("T-0001", "A-01", "6901234567892", "A-02", "6901234567908")
    batch = [entry(code, number) for number, code in enumerate(codes, 1)]
    first = await record(picker, None, *batch, leaseId=lease)
    assert outcomes(first)[-1] == "TASK_DONE", outcomes(first)
    again = await record(picker, None, *batch, leaseId=lease)
    by_session = await record(picker, session, *batch)
    assert again["userErrors"] == []
    assert outcomes(again) == outcomes(by_session) == outcomes(first)
    assert all(verdict["repeated"] for verdict in again["verdicts"])
    late = await record(picker, None, entry("6901234567892", 9), leaseId=lease)
    assert outcomes(late) == ["TOO_MANY"]


async def test_a_lease_of_a_list_that_is_not_there_is_refused_by_its_own_field(picker: Any) -> None:
    answer = await record(picker, None, entry("T-0001", 1), leaseId=global_id("PickList", new_id()))
    assert [(error["code"], error["field"]) for error in answer["userErrors"]] == [("NOT_FOUND", ["leaseId"])]


async def test_a_first_scan_opens_what_it_names(picker: Any, warehouse: Warehouse) -> None:
    answer = await record(picker, None, entry("6901234567892", 1))
    assert answer["userErrors"] == []
    assert answer["session"]["instruction"] != ""
    refused = await record(picker, None, entry("", 1, kind="SKIP"))
    assert [error["code"] for error in refused["userErrors"]] == ["NOTHING_TO_OPEN"]


async def test_a_session_of_nobody_and_a_program_are_refused(
    picker: Any, owner: Any, database: Database, warehouse: Warehouse
) -> None:
    gone = {"id": global_id("ScanSession", new_id())}
    answer = await record(picker, gone, entry("A-01", 1))
    assert [(error["code"], error["field"]) for error in answer["userErrors"]] == [("NOT_FOUND", ["sessionId"])]
    made = "mutation ($i: ApiKeyCreateInput!) { apiKeyCreate(input: $i) { token } }"
    key = (await owner.run(made, i={"name": "erp", "permissions": ["FLOOR_READ", "FLOOR_WORK"]}))["apiKeyCreate"]
    picker.http.headers["authorization"] = f"Bearer {key['token']}"
    answer = await record(picker, gone, entry("A-01", 1))
    assert [error["code"] for error in answer["userErrors"]] == ["NEEDS_PERSON"]


async def test_scans_of_many_at_once_each_get_their_own_answer(
    client_of: Any, merchant: Actor, warehouse: Warehouse
) -> None:
    pickers = [await client_of(merchant, Role.PICKER) for _ in range(2)]
    sessions = [await opened(picker, warehouse) for picker in pickers]
    totes = list(warehouse.totes)
    waiting = [
        record(picker, session, entry(tote, 1), entry("A-01", 2), entry("6901234567892", 3))
        for picker, session, tote in zip(pickers, sessions, totes, strict=True)
    ]
    answers = await asyncio.gather(*waiting)
    assert [outcomes(answer) for answer in answers] == [["ACCEPTED", "ACCEPTED", "LINE_DONE"]] * 2
    assert [answer["session"]["id"] for answer in answers] == [session["id"] for session in sessions]


async def test_one_box_finds_goods_orders_places_and_lists(owner: Any, picker: Any, warehouse: Warehouse) -> None:
    for term in ("6901234567892", "KETTLE", "烧水壶", "ssh"):
        (found,) = (await owner.run(LOOKUP, term=term))["lookup"]
        assert (found["__typename"], found["code"], found["free"]) == ("Sku", "KETTLE", 8)
        assert found["balances"] == [{"place": {"code": "A-01"}, "quantity": 10}]
    assert (await owner.run(LOOKUP, term="E1001"))["lookup"] == [{"__typename": "Order", "externalId": "E1001"}]
    assert (await owner.run(LOOKUP, term="a-01"))["lookup"] == [{"__typename": "Place", "code": "A-01"}]
    assert (await owner.run(LOOKUP, term="L-0001"))["lookup"] == [{"__typename": "PickList", "number": "L-0001"}]
    by_phone = (await owner.run(LOOKUP, term="5678"))["lookup"]
    assert {found["externalId"] for found in by_phone} == {"E1001", "E1002"}
    assert (await picker.run(LOOKUP, term="5678"))["lookup"] == []
    assert (await owner.run(LOOKUP, term="nothing at all"))["lookup"] == []


async def test_a_session_is_closed_by_its_worker_only(
    picker: Any, owner: Any, database: Database, merchant: Actor, warehouse: Warehouse
) -> None:
    session = await opened(picker, warehouse)
    close = "mutation ($i: ScanSessionCloseInput!) { scanSessionClose(input: $i) { userErrors { code field } } }"
    wanted = {"id": session["id"]}
    refused = (await owner.run(close, i=wanted))["scanSessionClose"]["userErrors"]
    assert refused == [{"code": "NOT_FOUND", "field": ["id"]}]
    assert (await picker.run(close, i=wanted))["scanSessionClose"]["userErrors"] == []
    shown = await owner.run("query ($id: ID!) { scanSession(id: $id) { worker { name } } }", id=session["id"])
    assert shown["scanSession"] == {"worker": {"name": "小王"}}


def speaking(client: Any, header: str | None) -> Any:
    """Let a client ask for a language; without one it is the person's."""
    client.http.headers.pop("accept-language", None)
    if header is not None:
        client.http.headers["accept-language"] = header
    return client


def said(answer: dict[str, Any]) -> list[str]:
    return [verdict["message"] for verdict in answer["verdicts"]]


async def test_a_walk_is_told_in_the_language_of_the_request_or_of_the_person(
    picker: Any, warehouse: Warehouse
) -> None:
    speaking(picker, None)
    session = await opened(picker, warehouse)
    assert session["instruction"] == "请扫描一个空周转箱。"
    walk = [entry("T-0001", 1), entry("NOPE", 2), entry("A-01", 3), entry("6901234567892", 4, doubtful=True)]
    answer = await record(picker, session, *walk)
    assert said(answer) == [
        "用周转箱 T-0001 装货。请去 A-01：1 件 KETTLE。",
        "找不到 NOPE：请扫描另一个条码，或输入商品编码。",
        "请拿 1 件 KETTLE 烧水壶。",
        "条码读得不清楚。是 6901234567892 吗？请确认，或重新扫描。",
    ]
    assert answer["verdicts"][3]["choices"] == [{"id": "yes", "label": "6901234567892"}]
    assert answer["session"]["instruction"] == "请从 A-01 拿 1 件 KETTLE。"
    again = await record(speaking(picker, "fr, en-GB;q=0.8"), session, *walk)
    assert said(again) == [
        "Fill tote T-0001. Go to A-01: 1 × KETTLE.",
        "Nothing here goes by NOPE: scan the other barcode, or type the SKU.",
        "Take 1 × KETTLE Kettle.",
        "The code was read with doubt. Is it 6901234567892? Confirm, or scan again.",
    ]
    assert again["session"]["instruction"] == "Take 1 × KETTLE from A-01."
    third = await record(speaking(picker, "zh"), session, *walk)
    assert (said(third), {verdict["repeated"] for verdict in third["verdicts"]}) == (said(answer), {True})


async def test_the_name_of_what_comes_next_is_in_the_language(picker: Any, warehouse: Warehouse) -> None:
    session = await opened(picker, warehouse)
    await record(picker, session, entry("T-0001", 1))
    shown = "query ($id: ID!) { scanSession(id: $id) { next { skuName } } }"
    names = [
        (await speaking(picker, header).run(shown, id=session["id"]))["scanSession"]["next"]["skuName"]
        for header in ("en", "zh-CN", None)
    ]
    assert names == ["Kettle", "烧水壶", "烧水壶"]


async def test_refusals_and_errors_are_told_in_the_language(picker: Any, client_of: Any, merchant: Actor) -> None:
    english = await client_of(merchant, Role.PICKER, locale="en")
    gone = {"id": global_id("ScanSession", new_id())}
    told = [
        (await record(speaking(client, header), gone, entry("A-01", 1)))["userErrors"][0]["message"]
        for client, header in ((picker, None), (english, None), (english, "zh-CN"))
    ]
    assert told == [
        "作业已失效：请重新打开作业后再扫描。",
        "No scan session of yours has that id; open one and send the same entries there.",
        "作业已失效：请重新打开作业后再扫描。",
    ]
    error = (await picker.raw(LOOKUP, term="x" * 501))["errors"][0]
    assert (error["message"], error["extensions"]["code"]) == ("一次最多查询 500 个字符。", "INVALID_INPUT")


async def test_a_refusal_told_again_under_its_key_is_told_in_the_language_asked_for_now(
    owner: Any, warehouse: Warehouse
) -> None:
    move = """mutation ($i: StockMoveInput!) { stockMove(input: $i) { userErrors { code message } } }"""
    a, b = list(warehouse.bins.values())[:2]
    row = {"skuId": global_id("Sku", new_id()), "lotId": None, "quantity": 1}
    places = {"fromPlaceId": global_id("Place", a), "toPlaceId": global_id("Place", b)}
    wanted = {"moves": [{**row, **places}], "idempotencyKey": "once"}
    told = [
        (await speaking(owner, header).run(move, i=wanted))["stockMove"]["userErrors"] for header in ("en", "zh-CN")
    ]
    assert told == [
        [
            {
                "code": "UNKNOWN_SKU",
                "message": "No SKU of yours has that id or code; check the code or import the SKU first.",
            }
        ],
        [{"code": "UNKNOWN_SKU", "message": "没有这个商品：请核对编码，或先导入商品。"}],
    ]
