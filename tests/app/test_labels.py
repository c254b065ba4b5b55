"""Labels over HTTP: who may have which, what is refused, and that many cost no more statements than one."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from builders_accounts import make_person, make_token
from builders_catalog import save_skus
from builders_floor import bring_orders, get_number, make_floor, packed, pick_list, release
from builders_stock import make_warehouse
from importing import make_shopkeeper
from printed import pages_of, picture_of, read, sizes_of
from processes import run
from statements import statements

from pickmesh.app import composition
from pickmesh.app.settings import Settings
from pickmesh.core.catalog.rules import NewBarcode, NewSku
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.permissions import Role
from pickmesh.core.stock.places import NewPlace
from pickmesh.scanner.codes.own import OwnKind, label_text
from pickmesh.scanner.labels.paper import PAPERS

MUG = "4006381333931"
PAGE = Path(__file__).parents[2] / "docs" / "labels.md"


@dataclass
class Counter:
    """A house with labels to fetch."""

    database: Database
    web: Any
    actor: Actor

    async def token(self, role: Role) -> str:
        person_id, _ = await make_person(self.database, self.actor, role)
        return await make_token(self.database, self.actor, person_id)

    async def get(self, path: str, token: str | None, *, language: str = "en", **parameters: Any) -> httpx.Response:
        transport = httpx.ASGITransport(app=self.web)
        headers = {"accept-language": language} | ({"authorization": f"Bearer {token}"} if token else {})
        async with httpx.AsyncClient(transport=transport, base_url="http://house") as client:
            return await client.get(f"/labels/{path}", headers=headers, params=parameters)


@pytest.fixture
async def counter(database: Database, tmp_path: Path) -> Counter:
    house = composition.build(Settings(data=tmp_path), database, with_worker=False)
    return Counter(database, house.web(), await make_shopkeeper(database))


@pytest.fixture
async def warehouse(counter: Counter) -> Counter:
    others = [
        NewPlace("WH1", "CART-1-01", "CART_SLOT"),
        NewPlace("WH1", "A-09", "BIN", zone="拣货区"),
        NewPlace("WH1", "甲-1", "BIN"),
        NewPlace("WH1", "A_9", "BIN"),
    ]
    await make_warehouse(counter.database, counter.actor, others=others)
    return counter


@pytest.fixture
async def shelf(counter: Counter) -> Counter:
    goods = [
        NewSku("MUG", "P", "马克杯", "Mug", "蓝色", "blue",
               barcodes=(NewBarcode("X-MUG"), NewBarcode(MUG), NewBarcode("10012345678902", 6))),
        NewSku("TEA", "P", "龙井茶", barcodes=(NewBarcode("96385074"),)),
        NewSku("BAG", "P", "袋子"),
    ]  # fmt: skip
    await save_skus(counter.database, counter.actor, goods)
    return counter


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["errors"][0]["extensions"]["code"]


def message_of(answer: httpx.Response) -> str:
    return str(answer.json()["errors"][0]["message"])


def said(picture: Any) -> set[str]:
    return {text for text, _ in read(picture)}


async def test_places_come_in_the_order_they_were_asked_for(warehouse: Counter) -> None:
    token = await warehouse.token(Role.PICKER)
    codes = ["T-0001", "BENCH-1", "a-02", "CART-1-01", "DOCK-1"]
    answer = await warehouse.get("places.pdf", token, location="wh1", code=codes)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    assert answer.headers["content-disposition"] == 'inline; filename="places.pdf"'
    assert [said(page) for page in pages_of(answer.content)] == [
        {label_text(OwnKind.TOTE, "T-0001")},
        {label_text(OwnKind.STATION, "BENCH-1")},
        {label_text(OwnKind.BIN, "A-02")},
        {label_text(OwnKind.SLOT, "CART-1-01")},
        {label_text(OwnKind.BIN, "DOCK-1")},
    ]


async def test_a_prefix_gives_all_that_begin_so_by_code_and_no_wild_cards(warehouse: Counter) -> None:
    token = await warehouse.token(Role.PICKER)
    answer = await warehouse.get("places.zpl", token, location="WH1", prefix="a-0")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zpl")
    places = [answer.content.index(f"^FD{label_text(OwnKind.BIN, f'A-0{number}')}".encode()) for number in (1, 2, 3, 9)]
    assert places == sorted(places)
    assert answer.content.count(b"^XA") == 4
    for wild in ("A%", "%", "_", "A_0"):
        assert code_of(await warehouse.get("places.zpl", token, location="WH1", prefix=wild)) == (404, "NOT_FOUND")


async def test_places_with_no_label_are_left_out(warehouse: Counter) -> None:
    token = await warehouse.token(Role.PICKER)
    for code in ("MISSING", "SUPPLIER", "NOWHERE"):
        answer = await warehouse.get("places.pdf", token, location="WH1", code=[code, "A-01"])
        assert code_of(answer) == (404, "NOT_FOUND")
        assert message_of(answer) == f"No place that takes a label has the code {code}."


async def test_a_code_a_label_cannot_hold_is_told(warehouse: Counter) -> None:
    token = await warehouse.token(Role.PICKER)
    answer = await warehouse.get("places.pdf", token, location="WH1", prefix="")
    assert code_of(answer) == (422, "INVALID_INPUT")
    assert message_of(answer).startswith("Place A_9 cannot be labelled: ")


async def test_sheets_and_arrows(warehouse: Counter) -> None:
    token = await warehouse.token(Role.PICKER)
    asked = {"location": "WH1", "code": ["A-01", "A-02"], "paper": "a4-24", "arrow": "up"}
    answer = await warehouse.get("places.pdf", token, **asked)
    assert sizes_of(answer.content) == [(210.0, 297.0)]
    assert said(pages_of(answer.content)[0]) == {label_text(OwnKind.BIN, code) for code in ("A-01", "A-02")}
    plain = await warehouse.get("places.pdf", token, **{**asked, "arrow": "down"})
    assert plain.content != answer.content


async def test_a_png_is_of_one_label(warehouse: Counter) -> None:
    token = await warehouse.token(Role.PICKER)
    one = await warehouse.get("places.png", token, location="WH1", code="A-09")
    assert (one.headers["content-type"], said(picture_of(one.content))) == (
        "image/png", {label_text(OwnKind.BIN, "A-09")}
    )  # fmt: skip
    two = await warehouse.get("places.png", token, location="WH1", code=["A-09", "A-01"])
    assert code_of(two) == (422, "INVALID_INPUT")
    assert message_of(two) == "A PNG shows a single label; ask for PDF or ZPL to print several."
    told = await warehouse.get("places.png", token, language="zh-CN", location="WH1", code=["A-09", "A-01"])
    assert message_of(told) == "PNG 只能显示一张标签：打印多张请用 PDF 或标签机格式。"


@pytest.mark.parametrize(
    ("path", "asked", "sentence"),
    [
        ("places.pdf", {"code": "A-01"}, "location=CODE"),
        ("places.pdf", {"location": "WH1"}, "by code or by prefix"),
        ("places.pdf", {"location": "WH1", "code": "A-01", "prefix": "A"}, "by code or by prefix"),
        ("places.pdf", {"location": ["WH1", "WH1"], "code": "A-01"}, "location is given once"),
        ("places.pdf", {"location": "WH1", "code": ""}, "A code has 1 to 100 characters"),
        (
            "places.pdf",
            {"location": "WH1", "code": "A-01", "arrow": "left"},
            "arrow “left” cannot be read; write it as up, down",
        ),
        ("places.pdf", {"location": "WH1", "code": "A-01", "paper": "a5"}, "roll, roll-wide, a4-24, a4-21"),
        ("places.pdf", {"location": "WH1", "code": "A-01", "size": "9"}, "There is no parameter “size”"),
        ("places.zpl", {"location": "WH1", "code": "A-01", "paper": "a4-24"}, "ZPL is for rolls"),
        ("skus.pdf", {}, "Say which goods"),
        ("skus.pdf", {"code": "MUG", "copies": "0"}, "copies must be 1 to 1000"),
        ("skus.pdf", {"code": "MUG", "copies": "many"}, "copies “many” cannot be read; write it as 3"),
        ("skus.pdf", {"code": "MUG", "units": "-1"}, "units must be at least 1"),
        ("skus.pdf", {"code": "MUG", "expires": "31.12.2026"}, "cannot be read; write it as 2026-12-31"),
        ("skus.pdf", {"code": ["MUG", "TEA"], "lot": "1"}, "belongs to one SKU"),
        ("skus.pdf", {"code": "MUG", "lot": "批号"}, "SKU MUG: Lot '批号' cannot be printed"),
        ("skus.pdf", {"code": "BAG", "lot": "1"}, "SKU BAG: 'BAG' is no GTIN"),
    ],
)
async def test_what_makes_no_sense_is_refused_in_words(
    warehouse: Counter, shelf: Counter, path: str, asked: dict[str, Any], sentence: str
) -> None:
    answer = await shelf.get(path, await shelf.token(Role.PICKER), **asked)
    assert code_of(answer) == (422, "INVALID_INPUT")
    assert sentence in message_of(answer)


async def test_over_a_thousand_labels_are_refused(counter: Counter) -> None:
    token = await counter.token(Role.PICKER)
    for path, asked in (
        ("places.pdf", {"location": "WH1", "code": ["A"] * 1001}),
        ("skus.zpl", {"code": ["A"] * 501, "copies": 2}),
    ):
        answer = await counter.get(path, token, **asked)
        assert code_of(answer) == (422, "LIMIT_EXCEEDED")
        assert "are too many for one file; ask for at most 1000 at a time" in message_of(answer)


async def test_a_prefix_of_over_a_thousand_places_is_refused(counter: Counter) -> None:
    await make_warehouse(counter.database, counter.actor, bins=[f"Z{place:04d}" for place in range(1001)])
    answer = await counter.get("places.pdf", await counter.token(Role.PICKER), location="WH1", prefix="Z")
    assert code_of(answer) == (422, "LIMIT_EXCEEDED")
    assert message_of(answer) == "Over 1000 places begin with “Z”, too many for one file; give a longer prefix."


async def test_goods_are_labelled_with_their_barcode_or_their_code(shelf: Counter) -> None:
    token = await shelf.token(Role.PICKER)
    answer = await shelf.get("skus.pdf", token, code=["TEA", "MUG", "BAG"], copies=2)
    barcodes = [said(page) for page in pages_of(answer.content)]
    assert barcodes == [{"96385074"}] * 2 + [{MUG}] * 2 + [{"BAG"}] * 2
    case = await shelf.get("skus.png", token, code="MUG", units=6)
    assert said(picture_of(case.content)) == {"10012345678902"}
    lot = await shelf.get("skus.png", token, code="MUG", lot="24", expires="2026-12-31")
    assert said(picture_of(lot.content)) == {f"(01)0{MUG}(17)261231(10)24"}


async def test_unknown_goods_and_packs_are_told(shelf: Counter) -> None:
    token = await shelf.token(Role.PICKER)
    unknown = await shelf.get("skus.pdf", token, code=["MUG", "CUP", "POT"])
    assert (code_of(unknown), message_of(unknown)) == ((404, "NOT_FOUND"), "No SKU has the code CUP, POT.")
    pack = await shelf.get("skus.pdf", token, code="TEA", units=12)
    assert code_of(pack) == (404, "NOT_FOUND")
    assert message_of(pack) == "SKU TEA has no barcode for 12 units; give it one first."


async def test_another_merchants_places_and_goods_are_not_found(warehouse: Counter, shelf: Counter) -> None:
    stranger = Counter(shelf.database, shelf.web, await make_shopkeeper(shelf.database))
    token = await stranger.token(Role.OWNER)
    for path, asked in (
        ("places.pdf", {"location": "WH1", "code": "A-01"}),
        ("places.pdf", {"location": "WH1", "prefix": "A"}),
        ("skus.pdf", {"code": "MUG"}),
    ):
        assert code_of(await stranger.get(path, token, **asked)) == (404, "NOT_FOUND")
    await make_warehouse(stranger.database, stranger.actor, bins=["Q-01"])
    assert code_of(await stranger.get("places.pdf", token, location="WH1", code="A-01")) == (404, "NOT_FOUND")
    assert code_of(await warehouse.get("places.pdf", token, location="WH1", prefix="A")) == (404, "NOT_FOUND")


async def test_labels_need_a_token_and_the_datas_own_permission(warehouse: Counter, shelf: Counter) -> None:
    powerless = await shelf.token(Role.APP)
    for path, asked, permission in (
        ("places.pdf", {"location": "WH1", "code": "A-01"}, "stock:read"),
        ("skus.pdf", {"code": "MUG"}, "catalog:read"),
    ):
        for token in (None, "pm_wrong"):
            nobody = await shelf.get(path, token, **asked)
            assert code_of(nobody) == (401, "SIGN_IN_NEEDED")
            assert nobody.headers["www-authenticate"] == "Bearer"
        denied = await shelf.get(path, powerless, **asked)
        assert code_of(denied) == (403, "NOT_PERMITTED")
        assert permission in message_of(denied)
        assert (await shelf.get(path, await shelf.token(Role.PURCHASER), **asked)).status_code == 200


async def test_another_format_is_not_found(shelf: Counter) -> None:
    answer = await shelf.get("skus.gif", await shelf.token(Role.PICKER), code="MUG")
    assert (code_of(answer), message_of(answer)) == (
        (404, "NOT_FOUND"), "Labels come as pdf, png, zpl, not as “gif”."
    )  # fmt: skip


async def test_many_labels_take_as_many_statements_as_one(warehouse: Counter, shelf: Counter) -> None:
    token = await shelf.token(Role.PICKER)
    few: list[dict[str, Any]] = [{"location": "WH1", "code": "A-01"}, {"location": "WH1", "prefix": "A-01"}]
    many = [{"location": "WH1", "code": ["A-01", "A-02", "T-0001"]}, {"location": "WH1", "prefix": "A-0"}]
    pairs = [*zip(["places.zpl"] * 2, few, many, strict=True)]
    pairs.append(("skus.zpl", {"code": "MUG"}, {"code": ["MUG", "TEA", "BAG"], "copies": 9}))
    for path, one, several in pairs:
        assert (await shelf.get(path, token, **one)).status_code == 200
        counts = []
        for asked in (one, several):
            with statements(shelf.database) as sent:
                assert (await shelf.get(path, token, **asked)).status_code == 200
            counts.append(len(sent))
        assert counts[0] == counts[1]


async def test_a_parcels_label_comes_as_a_picture_too(counter: Counter) -> None:
    floor = await make_floor(counter.database, counter.actor, {"A-01": {"MUG": 5}})
    (order_id,) = await bring_orders(floor, {"8001": {"MUG": 2}})
    (list_id,) = (await release(floor)).pick_list_ids
    await pick_list(floor, list_id, "T-0001")
    parcel_id = await packed(floor, order_id, {"MUG": 2})
    packer, picker = await counter.token(Role.PACKER), await counter.token(Role.PICKER)
    waiting = await counter.get(f"parcel/{parcel_id}.png", packer)
    assert code_of(waiting) == (409, "NO_WAYBILL")
    waybill = await get_number(floor, parcel_id)
    open_to_all, masked = [await counter.get(f"parcel/{parcel_id}.png", token) for token in (packer, picker)]
    assert (open_to_all.status_code, open_to_all.headers["content-type"]) == (200, "image/png")
    picture = picture_of(open_to_all.content)
    assert (picture.size, said(picture)) == ((800, 1200), {waybill.number, label_text(OwnKind.PARCEL, "P-0001")})
    assert masked.content != open_to_all.content


def test_the_command_line_writes_files_and_tells_what_to_print_them_on(tmp_path: Path) -> None:
    places = "warehouse,place,kind\nWH1,A01-02-3,BIN\nWH1,A01-02-4,BIN\nWH1,T-0007,TOTE\n"
    (tmp_path / "places.csv").write_text(places, encoding="utf-8")
    (tmp_path / "catalog.csv").write_text(f"sku,name_zh,barcodes\nMUG,马克杯,{MUG}\n", encoding="utf-8")
    for arguments in (("migrate",), ("merchant", "add", "linan", "--name", "林安"), ("import-places", "places.csv"),
                      ("import-catalog", "catalog.csv")):  # fmt: skip
        assert run(tmp_path, *arguments, merchant="linan").returncode == 0
    asked = ("labels", "places", "--location", "WH1", "--out")
    done = run(tmp_path, *asked, "all.pdf", "--prefix", "", "--paper", "a4-24", merchant="linan")
    assert done.stdout == (
        "all.pdf: 3 labels. Print on A4 sheets of 3 × 8 labels 70 × 37 mm without gutters, at 100 % size.\n"
    )
    assert said(pages_of((tmp_path / "all.pdf").read_bytes())[0]) == {"B-A01-02-3-R", "B-A01-02-4-P", "T-0007-K"}
    done = run(tmp_path, "labels", "skus", "--code", "MUG", "--copies", "2", "--out", "mugs.zpl", merchant="linan")
    assert done.stdout == (
        "mugs.zpl: 2 labels. Print on a roll of labels 60 × 40 mm, sent as it is to a ZPL printer of 203 dpi.\n"
    )
    assert b"^PQ2" in (tmp_path / "mugs.zpl").read_bytes()
    for out, problem in (
        ("a.gif", "pickmesh: “a.gif” must end in one of .pdf, .png, .zpl: its ending says what is drawn.\n"),
        ("no/a.pdf", "pickmesh: “no/a.pdf” cannot be written (No such file or directory); say another --out FILE.\n"),
    ):
        refused = run(tmp_path, *asked, out, "--code", "A01-02-3", merchant="linan")
        assert (refused.returncode, refused.stderr) == (2, problem)


def test_the_page_names_every_paper_and_parameter_and_shows_pictures_that_are_there() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert re.findall(r"^\| `([a-z0-9-]+)` \|", page, re.MULTILINE) == ["paper", *PAPERS]
    for name in ("location", "code", "prefix", "arrow", "copies", "units", "lot", "expires", "paper"):
        assert re.search(rf"`{name}\b", page), name
    for picture in re.findall(r"\]\((.+?\.png)\)", page):
        assert (PAGE.parent / picture).is_file(), picture
