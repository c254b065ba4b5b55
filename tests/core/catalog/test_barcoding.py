from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest
from builders_accounts import make_person
from builders_catalog import make_skus, save_skus
from events_told import kinds_told
from hypothesis import given
from hypothesis import strategies as st
from statements import statements

from pickmesh.core.catalog import barcoding, queries
from pickmesh.core.catalog.barcodes import barcode_key
from pickmesh.core.catalog.barcoding import BarcodeAdded, Found, NewSkuBarcode
from pickmesh.core.catalog.rules import BARCODES_MAX, NewBarcode, NewSku
from pickmesh.core.journal.database import Database
from pickmesh.core.kit import languages
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Role
from pickmesh.core.kit.refusals import LimitExceeded, NotPermitted, Refused
from pickmesh.scanner.codes import gtin


async def add(database: Database, actor: Actor, *wanted: NewSkuBarcode, **more: Any) -> list[BarcodeAdded | Refused]:
    async with database.unit_of_work(actor) as uow:
        return await barcoding.add_barcodes(uow, barcodes=wanted, **more)


async def find(database: Database, actor: Actor, code: str) -> Found:
    async with database.reading(actor) as uow:
        return await barcoding.find_barcode(uow, code)


def codes_of(answers: Sequence[Any]) -> list[str | bool]:
    return [answer.refusal.code if isinstance(answer, Refused) else answer.changed for answer in answers]


async def test_a_case_scans_as_its_pieces_and_the_same_again_changes_nothing(
    database: Database, merchant: Actor
) -> None:
    ids = await make_skus(database, merchant, ["TEA"])
    wanted = [NewSkuBarcode(ids["TEA"], "6901234567892"), NewSkuBarcode(ids["TEA"], "16901234567899", 12)]
    assert codes_of(await add(database, merchant, *wanted)) == [True, True]
    assert codes_of(await add(database, merchant, *wanted)) == [False, False]
    assert (await kinds_told(database, merchant))[-1:] == ["sku_changed"]
    assert (await kinds_told(database, merchant)).count("sku_changed") == 1
    found = await find(database, merchant, "16901234567899")
    assert [(hit.sku_id, hit.unit_quantity) for hit in found.hits] == [(ids["TEA"], 12)]


@pytest.mark.parametrize(
    "written",
    ["036000291452", "0036000291452", "00036000291452", "36000291452", " 0 36000 29145 2 ", "]E0036000291452"],
)
async def test_every_way_to_write_a_upc_finds_it(database: Database, merchant: Actor, written: str) -> None:
    ids = await make_skus(database, merchant, ["TISSUE"], barcodes={"TISSUE": "036000291452"})
    found = await find(database, merchant, written)
    assert ([hit.sku_id for hit in found.hits], found.question, found.problem) == ([ids["TISSUE"]], None, None)


async def test_zeros_are_only_ignored_where_the_code_itself_is_unknown(database: Database, merchant: Actor) -> None:
    ids = await make_skus(database, merchant, ["A", "B"], barcodes={"A": "00712", "B": "712"})
    answers = [[hit.sku_id for hit in (await find(database, merchant, text)).hits] for text in ("00712", "712", "0712")]
    assert answers[:2] == [[ids["A"]], [ids["B"]]]
    assert sorted(answers[2]) == sorted(ids.values())


@given(st.integers(1, 10**12 - 1))
def test_a_gtin_without_its_zeros_is_the_same_key(number: int) -> None:
    full = gtin.with_check_digit(str(number).zfill(13))
    forms = barcoding._without_zeros(full.lstrip("0"))
    assert barcode_key(full) in {barcode_key(form) for form in forms}
    assert {form.lstrip("0") for form in forms} == {full.lstrip("0")}


async def test_a_code_of_two_skus_is_a_question_in_the_readers_language(database: Database, merchant: Actor) -> None:
    skus = [
        NewSku("RED", "CUP", "杯子", "Cup", "红", "red", barcodes=(NewBarcode("6901234567892"),)),
        NewSku("BLUE", "CUP", "杯子", "Cup", "蓝", "blue", barcodes=(NewBarcode("6901234567892", 6),)),
    ]
    ids = await save_skus(database, merchant, skus)
    found = await find(database, merchant, "6901234567892")
    assert found.is_ambiguous
    assert [(hit.sku_id, hit.unit_quantity) for hit in found.hits] == [(ids["BLUE"], 6), (ids["RED"], 1)]
    assert found.question == "“6901234567892” stands for 2 SKUs; which one is it: 6 × BLUE Cup blue or RED Cup red?"
    chinese = languages.translate(found.question or "", languages.CHINESE)
    assert chinese == "“6901234567892” 对应 2 个商品，请问是哪一个：6 × BLUE 杯子 蓝 或 RED 杯子 红？"


async def test_adding_tells_who_else_has_the_code(database: Database, merchant: Actor) -> None:
    ids = await make_skus(database, merchant, ["A", "B"], barcodes={"A": "6901234567892"})
    (added,) = await add(database, merchant, NewSkuBarcode(ids["B"], "06901234567892"))
    assert isinstance(added, BarcodeAdded)
    assert (added.changed, added.also) == (True, (ids["A"],))


async def test_an_unknown_code_is_said_with_what_is_wrong_with_it(database: Database, merchant: Actor) -> None:
    assert (await find(database, merchant, "6901234567892")) == Found("6901234567892", [])
    damaged = await find(database, merchant, "")
    assert (damaged.hits, damaged.problem) == ([], "Nothing was read: scan again, or type the code.")
    assert (await find(database, merchant, "\0x\ud800")).hits == []


async def test_what_cannot_be_is_refused_by_itself(database: Database, merchant: Actor) -> None:
    ids = await make_skus(database, merchant, ["A", "B"], barcodes={"A": "6901234567892"})
    answers = await add(
        database,
        merchant,
        NewSkuBarcode(new_id(), "1"),
        NewSkuBarcode(ids["A"], " "),
        NewSkuBarcode(ids["A"], "X", 0),
        NewSkuBarcode(ids["A"], "6901234567892", 6),
        NewSkuBarcode(ids["A"], "OK"),
        NewSkuBarcode(ids["B"], "OK"),
        versions={ids["B"]: 7},
    )
    assert codes_of(answers) == ["NOT_FOUND", "BAD_BARCODE", "INVALID_INPUT", "BAD_BARCODE", True, "STALE_VERSION"]
    stale = answers[5]
    assert isinstance(stale, Refused)
    assert stale.refusal.data == {"id": str(ids["B"]), "version": 1}


async def test_a_sku_has_a_bounded_number_of_barcodes(database: Database, merchant: Actor) -> None:
    ids = await make_skus(database, merchant, ["A"])
    wanted = [NewSkuBarcode(ids["A"], f"X-{number}") for number in range(BARCODES_MAX + 1)]
    assert codes_of(await add(database, merchant, *wanted)) == [*[True] * BARCODES_MAX, "LIMIT_EXCEEDED"]


async def test_an_archived_barcode_scans_as_nothing_and_may_come_back(database: Database, merchant: Actor) -> None:
    ids = await make_skus(database, merchant, ["A"], barcodes={"A": "6901234567892"})
    async with database.unit_of_work(merchant) as uow:
        (row,) = (await queries.barcodes_of(uow, ids.values()))[ids["A"]]
        first = await barcoding.archive_barcodes(uow, barcode_ids=[row.id, new_id()])
        second = await barcoding.archive_barcodes(uow, barcode_ids=[row.id])
    assert [codes_of(first), codes_of(second)] == [[True, "NOT_FOUND"], [False]]
    assert (await find(database, merchant, "6901234567892")).hits == []
    assert codes_of(await add(database, merchant, NewSkuBarcode(ids["A"], "6901234567892", 6))) == [True]


async def test_another_merchants_barcodes_are_not_found(database: Database, merchant: Actor, stranger: Actor) -> None:
    ids = await make_skus(database, merchant, ["A"], barcodes={"A": "6901234567892"})
    assert (await find(database, stranger, "6901234567892")).hits == []
    assert codes_of(await add(database, stranger, NewSkuBarcode(ids["A"], "X"))) == ["NOT_FOUND"]


async def test_giving_barcodes_is_a_permission_and_batches_are_limited(database: Database, merchant: Actor) -> None:
    _, picker = await make_person(database, merchant, Role.PICKER)
    with pytest.raises(NotPermitted):
        await add(database, picker)
    with pytest.raises(LimitExceeded):
        await add(database, merchant, *[NewSkuBarcode(new_id(), "X")] * 1_001)


async def test_the_statements_do_not_grow_with_the_batch(database: Database, merchant: Actor) -> None:
    ids = await make_skus(database, merchant, [f"S{number}" for number in range(60)])
    sent: dict[int, int] = {}
    rest: list[UUID] = list(ids.values())
    for size in (1, 10, 49):
        batch, rest = rest[:size], rest[size:]
        with statements(database) as told:
            await add(database, merchant, *[NewSkuBarcode(sku_id, f"X-{sku_id}") for sku_id in batch])
        sent[size] = len(told)
    assert len(set(sent.values())) == 1, sent
