from datetime import date

import pytest

from pickmesh.scanner.codes import gs1
from pickmesh.scanner.codes.gs1 import Elements
from pickmesh.scanner.codes.parse import CodeKind, parse

FULL = Elements(gtin="09506000134352", lot="ABC123", expires_on=date(2025, 12, 31))


@pytest.mark.parametrize(
    "raw",
    [
        "010950600013435210ABC123\x1d17251231",
        "\x1d010950600013435210ABC123\x1d17251231",
        "010950600013435210ABC123<GS>17251231",
        "010950600013435210ABC123{gs}17251231",
        "010950600013435210ABC123^]17251231",
        "<GS>010950600013435210ABC123<GS>17251231",
        "{FNC1}010950600013435210ABC123{FNC1}17251231",
        "]C1010950600013435210ABC123\x1d17251231",
        "]d2010950600013435210ABC123\x1d17251231\x1d",
        "]Q3010950600013435210ABC123<GS>17251231",
        "]e0010950600013435210ABC123\x1d17251231",
        "01095060001343521725123110ABC123",
        "(01)09506000134352(17)251231(10)ABC123",
        "(01) 09506000134352 (17) 251231 (10) ABC123",
        "（01）09506000134352（17）251231（10）ABC123",
        "https://id.gs1.org/01/09506000134352/10/ABC123?17=251231",
        "HTTPS://brand.example/shop/01/9506000134352/10/ABC123?17=251231&utm_source=box",
    ],
)
def test_every_spelling_of_one_message_reads_the_same(raw: str) -> None:
    scanned = parse(raw)
    assert scanned.kind is CodeKind.GS1
    assert (scanned.gtin, scanned.lot, scanned.expires_on) == (FULL.gtin, FULL.lot, FULL.expires_on)
    assert (scanned.checked, scanned.problem, scanned.candidates[0]) == (True, None, "09506000134352")


def test_bytes_with_separators_read_as_text_does() -> None:
    assert parse(b"]C1010950600013435210ABC123\x1d17251231") == parse("]C1010950600013435210ABC123\x1d17251231")


def test_a_symbology_beside_the_text_serves_as_an_identifier() -> None:
    assert parse("10LOT7", symbology="]C1").lot == "LOT7"
    assert parse("10LOT7", symbology="GS1-128").lot == "LOT7"
    assert parse("0109506000134352", symbology="DATABAR").gtin == "09506000134352"
    assert parse("10LOT7").kind is CodeKind.TEXT


@pytest.mark.parametrize(
    ("raw", "weight_g"),
    [
        ("]C101095060001343523103000750", 750),
        ("]C101095060001343523302001250", 12_500),
        ("]C101095060001343523201000010", 454),
        ("]C1010950600013435231030007503302001250", 750),
    ],
)
def test_weights_come_as_whole_grams_net_before_gross(raw: str, weight_g: int) -> None:
    assert parse(raw).weight_g == weight_g


def test_serial_and_quantity_are_read() -> None:
    scanned = parse("]d2010950600013435221SER-1\x1d3024")
    assert (scanned.serial, scanned.quantity) == ("SER-1", 24)


def test_a_pallet_label_gives_its_number_what_it_holds_and_how_many() -> None:
    scanned = parse("(00)106141412345678907(02)09506000134352(37)48(10)L1")
    assert (scanned.sscc, scanned.gtin, scanned.quantity, scanned.lot) == (
        None,
        "09506000134352",
        48,
        "L1",
    )
    assert scanned.problem == (
        "The check digit of shipping unit number 106141412345678907 is wrong: "
        "scan again, or type the number on the label."
    )
    good = parse("(00)106141412345678908(02)09506000134352(37)48(10)L1")
    assert (good.sscc, good.gtin, good.quantity, good.problem) == ("106141412345678908", "09506000134352", 48, None)
    assert good.candidates[:2] == ("09506000134352", "106141412345678908")


@pytest.mark.parametrize("raw", ["]C10109506000134353", "(01)09506000134353", "https://id.gs1.org/01/09506000134353"])
def test_a_wrong_item_number_is_a_problem_and_not_passed_on(raw: str) -> None:
    scanned = parse(raw)
    assert (scanned.kind, scanned.gtin, scanned.checked) == (CodeKind.GS1, None, False)
    assert scanned.problem == (
        "The check digit of item number 09506000134353 is wrong: scan again, or scan the item's other barcode."
    )


def test_day_nought_is_the_months_last_and_best_before_stands_in_for_expiry() -> None:
    assert parse("(01)09506000134352(17)260200").expires_on == date(2026, 2, 28)
    assert parse("(01)09506000134352(15)260315").expires_on == date(2026, 3, 15)
    assert parse("(01)09506000134352(15)260315(17)260401").expires_on == date(2026, 4, 1)


@pytest.mark.parametrize(
    "raw",
    ["]C1010950600013435217251300", "]C117250231", "(01)09506000134352(10)AB(C)1", "]d2hello", "(01)123", "]C1()"],
)
def test_what_cannot_be_read_as_promised_is_a_problem(raw: str) -> None:
    scanned = parse(raw)
    assert (scanned.kind, scanned.gtin, scanned.lot, scanned.checked) == (CodeKind.GS1, None, None, False)
    assert scanned.problem == "These GS1 data cannot be read: scan again, or scan the item's other barcode."


@pytest.mark.parametrize(
    "raw",
    [
        "(021) 5551234",
        "(9)1",
        "0109506000134353",
        "0201234567",
        "https://shop.example/item/77",
        "https://shop.example/00/abc",
        "http://[/01/",
        "11251232",
        "SF1234567890123",
    ],
)
def test_nothing_that_says_so_is_no_gs1(raw: str) -> None:
    assert parse(raw).kind is CodeKind.TEXT
    assert parse(raw).problem is None


def test_thirteen_plain_digits_are_an_item_and_never_an_invented_message() -> None:
    scanned = parse("9506000134352")
    assert (scanned.kind, scanned.gtin) == (CodeKind.GTIN, "09506000134352")
    assert gs1.read_elements("9506000134352", symbology=None) is None


def test_unmarked_digits_are_gs1_only_when_their_item_number_checks() -> None:
    assert gs1.read_elements("01095060001343521725123110ABC123", symbology=None) == FULL
    assert gs1.read_elements("01095060001343531725123110ABC123", symbology=None) is None
