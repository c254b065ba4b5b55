import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from pickmesh.scanner.codes import gtin, own, wedge
from pickmesh.scanner.codes.own import OwnKind
from pickmesh.scanner.codes.parse import CodeKind, Scanned, parse

ITEM = "6901234567892"
symbologies = st.none() | st.sampled_from(["EAN-13", "UPC-E", "UPCE", "CODE128", "]C1", "]E0", "]Q3", "GS1-128", ""])
fragments = st.sampled_from(
    [ITEM, "]C1", "]E0", "01", "(01)", "(10)", "\x1d", "<GS>", "^]", "https://", "/01/", "W-0017-T", "B-", "-", "１２",
     "3103", "392", "17", "0" * 14, "pickmesh:pair:", "\r\n", "\x00", "\ufeff", "\ud800", "٣", "²", "ß"]
)  # fmt: skip


def test_an_item_barcode_is_kept_as_fourteen_digits_and_looked_up_both_ways() -> None:
    assert parse(ITEM) == Scanned(CodeKind.GTIN, ITEM, gtin="0" + ITEM, checked=True, candidates=("0" + ITEM, ITEM))


@pytest.mark.parametrize(
    ("raw", "symbology"),
    [
        ("04252614", "UPC-E"),
        ("04252614", "UPCE"),
        ("0042100005264", "UPC-E"),
        ("042100005264", "UPC-A"),
        ("]E00042100005264", None),
        ("042100005264", None),
    ],
)
def test_one_item_however_its_symbol_was_sent(raw: str, symbology: str | None) -> None:
    assert parse(raw, symbology=symbology).gtin == "00042100005264"


def test_eight_digits_are_an_ean_8_unless_the_symbol_says_upc_e() -> None:
    assert parse("95012346").gtin == "00000095012346"
    assert parse("04252614", symbology="EAN-8").gtin is None
    assert parse("04252614").gtin is None


def test_an_add_on_is_left_out() -> None:
    assert parse("]E3978020137962451234").gtin == "09780201379624"
    assert parse("9780201379624 51234", symbology="EAN-13").gtin == "09780201379624"


def test_a_typed_number_may_hold_the_spaces_and_hyphens_it_is_printed_with() -> None:
    assert parse("6 901234 567892", typed=True).gtin == "0" + ITEM
    assert parse("978-0-201-37962-4", typed=True).gtin == "09780201379624"
    assert parse("978-0-201-37962-4").kind is CodeKind.TEXT


def test_a_mistyped_number_is_told_which_digit_would_fit() -> None:
    scanned = parse("6901234567893", typed=True)
    assert (scanned.kind, scanned.gtin, scanned.candidates) == (CodeKind.TEXT, None, ("6901234567893",))
    assert scanned.problem == (
        "As a barcode number 6901234567893 would have to end in 2: scan it again, or compare every digit you typed."
    )


def test_a_scanned_waybill_of_thirteen_digits_is_no_problem() -> None:
    assert parse("7712345678901", symbology="CODE128") == Scanned(
        CodeKind.TEXT, "7712345678901", candidates=("7712345678901",)
    )


@pytest.mark.parametrize(
    "raw",
    [
        f"{ITEM}\r\n",
        f"\x02{ITEM}\x03",
        f"\t{ITEM}\t",
        f"  {ITEM} ",
        f"]E0{ITEM}",
        f"\ufeff\u200b{ITEM}\u200d",
        "６９０１２３４５６７８９２",
        f"{ITEM}\n{ITEM}\n",
        f"{ITEM[:5]}\x00{ITEM[5:]}",
        ITEM.encode(),
        "６９０１２３４５６７８９２".encode("gb18030"),
        b"\xef\xbb\xbf" + ITEM.encode(),
    ],
)
def test_wrapping_is_taken_off(raw: str | bytes) -> None:
    scanned = parse(raw)
    assert (scanned.text, scanned.gtin) == (ITEM, "0" + ITEM)


def test_a_chinese_keyboard_types_the_same_code() -> None:
    assert parse("Ｓｋｕ－１２３（Ａ）").candidates == ("Sku-123(A)", "SKU-123(A)")
    assert parse("A01——02", typed=True).text == "A01-02"
    assert parse("苹果　红色").text == "苹果 红色"


def test_bytes_in_gb18030_are_read_as_chinese() -> None:
    assert parse("货位一".encode("gb18030")).text == "货位一"


def test_a_pairing_code_is_told_apart_and_never_looked_up() -> None:
    assert parse("]Q1pickmesh:pair:pm1_abc_SeCrEt") == Scanned(CodeKind.PAIRING, "pickmesh:pair:pm1_abc_SeCrEt")


@pytest.mark.parametrize(
    "base", ["http://192.168.1.5:8000", "https://pick.example.com", "https://pick.example.com/", "http://[fd00::2]:80"]
)
def test_a_pairing_link_is_a_pairing_code_too(base: str) -> None:
    link = own.pairing_link(base, "pmp1_abc_SeCrEt")
    assert link == f"{base.rstrip('/')}/app/#pair=pmp1_abc_SeCrEt"
    assert parse(link) == parse(link.encode()) == Scanned(CodeKind.PAIRING, link)
    assert own.pairing_token(link) == "pmp1_abc_SeCrEt"
    assert parse(f"{base.rstrip('/')}/app/#/lists").kind is CodeKind.TEXT
    assert own.pairing_token(f"{base}/app/?pair=x") is None


@pytest.mark.parametrize(
    "raw",
    [
        "{link}\n6901234567892",
        "6901234567892 {link}",
        "\x02{link}\x03",
        "HTTP://X/APP/#PAIR=pmp1_abc_SeCrEt",
        "http://x/app#pair=pmp1_abc_SeCrEt",
        "a" * wedge.LENGTH_MAX + "{link}",
        "pick\x00mesh:pair:pmp1_abc_SeCrEt",
    ],
)
def test_a_pairing_is_a_secret_whatever_stands_around_it(raw: str) -> None:
    written = raw.format(link=own.pairing_link("http://x", "pmp1_abc_SeCrEt"))
    for scanned in (parse(written), parse(written.encode())):
        assert (scanned.kind, scanned.candidates) == (CodeKind.PAIRING, ())


def test_two_codes_at_once_are_refused() -> None:
    scanned = parse(f"{ITEM}\r\nW-0017-T\r\n")
    assert (scanned.kind, scanned.candidates) == (CodeKind.TEXT, ())
    assert scanned.problem == "Several codes arrived as one: scan them one at a time."


@pytest.mark.parametrize("raw", ["", " \r\n", "\x1d", "]C1", b"", "\u200b"])
def test_nothing_is_told_as_nothing(raw: str | bytes) -> None:
    scanned = parse(raw)
    assert (scanned.text, scanned.candidates) == ("", ())
    assert scanned.problem == "Nothing was read: scan again, or type the code."


def test_the_longest_code_is_read_and_one_longer_refused() -> None:
    assert parse("x" * wedge.LENGTH_MAX).problem is None
    for raw in ("x" * (wedge.LENGTH_MAX + 1), b"x" * (wedge.LENGTH_MAX + 1)):
        scanned = parse(raw)
        assert (scanned.text, scanned.candidates) == ("x" * 64, ())
        assert scanned.problem == "A code has at most 4096 characters: scan one code at a time."


def test_a_code_that_only_looks_like_ours_is_still_looked_up_as_it_stands() -> None:
    assert parse("V-neck-M").candidates == ("V-neck-M", "V-NECK-M")
    label = own.label_text(OwnKind.SLOT, "NECK")
    assert parse(label).candidates == ("NECK", label)


def test_a_scanned_value_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        parse(ITEM).gtin = None  # type: ignore[misc]  # the assignment is what is tested


@given(st.text() | st.binary() | st.lists(fragments, max_size=8).map("".join), symbologies, st.booleans())
@example("]C1392912345", None, False)
@example("]C1" + "9" * 4000, None, False)
@example("]93" + ITEM, None, True)
@example("http://[::1/01/09506000134352", None, False)
@example("\ud800", None, True)
@example(b"\xff\xfe\x00", "UPC-E", True)
def test_no_input_raises_and_every_answer_can_be_stored(raw: str | bytes, symbology: str | None, typed: bool) -> None:
    scanned = parse(raw, symbology=symbology, typed=typed)
    scanned.text.encode()
    assert "\x00" not in scanned.text
    assert all(key and "\x1d" not in key for key in scanned.candidates)
    assert len(set(scanned.candidates)) == len(scanned.candidates) <= 4
    assert scanned.gtin is None or gtin.normalise(scanned.gtin) == scanned.gtin
    assert scanned.quantity is None or scanned.quantity > 0
    assert not (scanned.checked and scanned.problem)
    assert scanned.text or scanned.problem


@given(st.text(max_size=60) | st.lists(fragments, max_size=8).map("".join))
def test_what_is_clean_stays_as_it_is(raw: str) -> None:
    text = wedge.clean(raw).text
    assume(not text.startswith("]"))
    assert wedge.clean(text) == wedge.Cleaned(text, identifier=None, lines=1 if text.strip("\x1d ") else 0)
