"""Every kind of label, on every paper, drawn and read back."""

from collections.abc import Callable
from datetime import date
from functools import cache
from typing import Any

import pytest
import zxingcpp
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops
from printed import cells_of, pages_of, picture_of, read, texts_of

from pickmesh.scanner.codes import gtin
from pickmesh.scanner.codes.own import OwnKind
from pickmesh.scanner.codes.parse import CodeKind, parse
from pickmesh.scanner.labels import bars, paper, png, raster
from pickmesh.scanner.labels.pairing import PairingLabel
from pickmesh.scanner.labels.paper import PAPERS, Label
from pickmesh.scanner.labels.place import Arrow, PlaceLabel
from pickmesh.scanner.labels.sheet import Bars, Box, Sheet, Square
from pickmesh.scanner.labels.sku import SkuLabel
from pickmesh.scanner.labels.tote import ToteLabel

Print = Callable[[bytes], Any]
UNSHRUNK = (Phase.explicit, Phase.reuse, Phase.generate)  # drawing is too slow to shrink by
LONGEST = "ABCD-EFGH-IJKL-MNOP-QRST-UVWX-YZ"
LINK = "https://pickmesh.example.com/app/#pickmesh:pair:" + "Ab3_" * 12
GTIN = "04006381333931"

CODE_128, QR = "Code 128", "QR Code"
LABELS: list[tuple[Label, list[tuple[str, str]]]] = [
    (PlaceLabel(OwnKind.BIN, "A01-02-3", "拣货区 A", "WH1", Arrow.UP), [("B-A01-02-3-R", CODE_128)]),
    (PlaceLabel(OwnKind.SLOT, "CART-1-03", location="杭州仓"), [("V-CART-1-03-P", CODE_128)]),
    (PlaceLabel(OwnKind.STATION, "BENCH-1", zone="PACK"), [("S-BENCH-1-Q", CODE_128)]),
    (PlaceLabel(OwnKind.BIN, "W" * 32, "区", "WH1", Arrow.DOWN), [(f"B-{'W' * 32}-D", QR)]),
    (PlaceLabel(OwnKind.BIN, "1"), [("B-1-S", CODE_128)]),
    (ToteLabel("T-0007", "WH1"), [("T-0007-K", QR), ("T-0007-K", CODE_128)]),
    (ToteLabel("T-123456789012"), [("T-123456789012-9", QR), ("T-123456789012-9", CODE_128)]),
    (ToteLabel("BLUE-7", "WH1"), [("V-BLUE-7-W", QR), ("V-BLUE-7-W", CODE_128)]),
    (ToteLabel(LONGEST, "WH1"), [(f"V-{LONGEST}-U", QR)]),
    (SkuLabel("MUG", GTIN, "山茶马克杯", "Camellia mug"), [("4006381333931", "EAN-13")]),
    (SkuLabel("MUG", "00000096385074", "杯"), [("96385074", "EAN-8")]),
    (SkuLabel("MUG", "00036000291452", "杯", unit_quantity=6), [("0036000291452", "EAN-13")]),
    (SkuLabel("MUG", "10012345678902", "极" * 90, "x" * 90, unit_quantity=12), [("10012345678902", "ITF")]),
    (SkuLabel("MUG-350", "MUG-350"), [("MUG-350", CODE_128)]),
    (SkuLabel("中文-01", "中文-01", "杯"), [("中文-01", QR)]),
    (SkuLabel("A>B^C_~\\1", "A>B^C_~\\1"), [("A>B^C_~\\1", CODE_128)]),
    (SkuLabel("K" * 100, "K" * 100, "杯"), [("K" * 100, QR)]),
    (SkuLabel("TEA", GTIN, "龙井", expires_on=date(2026, 12, 31)), [(f"(01){GTIN}(17)261231", CODE_128)]),
    (SkuLabel("TEA", GTIN, "龙井", "Tea", 6, "24", date(2026, 12, 31)), [(f"(01){GTIN}(17)261231(10)24", CODE_128)]),
    (SkuLabel("TEA", GTIN, "龙井", "Tea", 6, "L2026-ABCDEF/0123456"), [(f"(01){GTIN}(10)L2026-ABCDEF/0123456", QR)]),
    (PairingLabel(LINK, "王小明", "2026-11-24 18:00"), [(LINK, QR)]),
    (PairingLabel("x" * 200, "Alexandrina Konstantinopolskaya" * 3, "2026-11-24 18:00"), [("x" * 200, QR)]),
]
NAMES = [f"{type(label).__name__}-{place}" for place, (label, _) in enumerate(LABELS)]
every_label = pytest.mark.parametrize(("label", "said"), LABELS, ids=NAMES)


def said_on(picture: Image.Image, said: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """What is read, in the order of what should be: a QR may lie beside bars or above them."""
    return sorted(read(picture), key=lambda code: [*said, code].index(code))


@cache
def pieces_of(name: str) -> list[Image.Image]:
    """All labels on a paper, as one PDF, cut apart."""
    on = PAPERS[name]
    pages = pages_of(paper.draw_pdf([label for label, _ in LABELS], on))
    return [
        page.crop(tuple(round(each * 8) for each in (left, top, left + on.label_width, top + on.label_height)))
        for page in pages
        for left, top in cells_of(on)
    ]


@pytest.mark.parametrize("place", range(len(LABELS)), ids=NAMES)
def test_a_pdf_reads_back(place: int) -> None:
    said = LABELS[place][1]
    assert said_on(pieces_of("roll")[place], said) == said


@every_label
def test_a_png_reads_back(label: Label, said: list[tuple[str, str]]) -> None:
    picture = picture_of(paper.draw_png([label]))
    assert (picture.size, said_on(picture, said)) == ((480, 320), said)
    assert said_on(picture_of(paper.draw_png([label], times=3)), said) == said


@every_label
def test_zpl_reads_back(print_all: Print, label: Label, said: list[tuple[str, str]]) -> None:
    (page,) = print_all(paper.draw_zpl([label]))
    assert (page.picture.size, said_on(page.picture, said)) == ((480, 320), said)


@pytest.mark.parametrize("place", range(len(LABELS)), ids=NAMES)
@pytest.mark.parametrize("name", ["a4-24", "a4-21", "roll-wide"])
def test_every_label_reads_back_on_every_paper(place: int, name: str) -> None:
    texts = {text for text, _ in LABELS[place][1]}
    assert {text for text, _ in read(pieces_of(name)[place])} == texts


@every_label
@pytest.mark.parametrize("name", PAPERS)
def test_quiet_zones_are_free(label: Label, said: list[tuple[str, str]], name: str) -> None:
    width, height = PAPERS[name].drawn
    laid = paper.lay_out(label, width=width, height=height)
    picture = drawn(laid)
    for element in laid.elements:
        if isinstance(element, Bars):
            quiet = element.symbology.quiet * element.module
            left, right = element.x - quiet, element.x + element.width
            assert (left >= 0, right + quiet <= width) == (True, True)
            rows = (element.y, element.y + element.height)
            assert is_white(picture, (left, rows[0], element.x, rows[1]))
            assert is_white(picture, (right, rows[0], right + quiet, rows[1]))
        if isinstance(element, Square):
            end_x, end_y = element.x + element.size, element.y + element.size
            edges = (element.x - element.quiet, element.y - element.quiet, end_x + element.quiet, end_y + element.quiet)
            assert (edges[0] >= 0, edges[1] >= 0, edges[2] <= width, edges[3] <= height) == (True,) * 4
            assert is_white(picture, (*edges[:2], edges[2], element.y))
            assert is_white(picture, (*edges[:2], element.x, edges[3]))
            assert is_white(picture, (end_x, edges[1], *edges[2:]))
            assert is_white(picture, (edges[0], end_y, *edges[2:]))


@every_label
@pytest.mark.parametrize("name", PAPERS)
def test_nothing_lies_over_another_or_leaves_the_label(label: Label, said: list[tuple[str, str]], name: str) -> None:
    width, height = PAPERS[name].drawn
    whole = Image.new("1", (round(width * 8), round(height * 8)), 0)
    for element in paper.lay_out(label, width=width, height=height).elements:
        assert not isinstance(element, Box)
        inked = raster.raster_of(element)
        assert inked is not None
        place = (inked.x, inked.y, inked.x + inked.ink.width, inked.y + inked.ink.height)
        assert (place[2] <= whole.width, place[3] <= whole.height) == (True, True), element
        assert ImageChops.logical_and(whole.crop(place), inked.ink).getbbox() is None, element
        whole.paste(1, place[:2], inked.ink)


def drawn(laid: Sheet) -> Image.Image:
    return picture_of(png.draw(laid))


def is_white(picture: Image.Image, millimetres: tuple[float, float, float, float]) -> bool:
    left, top, right, bottom = (round(each * 8) for each in millimetres)
    return picture.crop((left, top, right, bottom)).getextrema() == (255, 255)


def test_a_long_code_is_bars_where_there_is_room() -> None:
    label = PlaceLabel(OwnKind.BIN, "AISLE-14-BAY-07-3-L")
    assert read(pages_of(paper.draw_pdf([label]))[0]) == [(label.text, QR)]
    assert read(pages_of(paper.draw_pdf([label], PAPERS["roll-wide"]))[0]) == [(label.text, CODE_128)]


def test_a_scanned_label_says_its_place() -> None:
    for kind in (OwnKind.BIN, OwnKind.SLOT, OwnKind.STATION):
        ((text, _),) = read(picture_of(paper.draw_png([PlaceLabel(kind, "A01-02-3")])))
        scanned = parse(text)
        assert (scanned.own_kind, scanned.own_value, scanned.checked) == (kind, "A01-02-3", True)


def test_a_tote_with_a_number_of_another_spelling_is_a_slot_of_its_code() -> None:
    assert [parse(ToteLabel(code).text).own_value for code in ("T-0007", "T-7", "T-00007")] == [
        "T-0007",
        "T-7",
        "T-00007",
    ]


@pytest.mark.parametrize("lot", ["24", "L2026-ABCDEF/0123456"])  # bars, and a square
def test_lot_and_expiry_are_read_by_the_scanners_own_rules(lot: str) -> None:
    label = SkuLabel("TEA", GTIN, lot=lot, expires_on=date(2026, 12, 31))
    (found,) = zxingcpp.read_barcodes(picture_of(paper.draw_png([label])))
    scanned = parse(found.bytes, symbology=found.symbology_identifier)
    assert (scanned.kind, scanned.gtin, scanned.lot, scanned.expires_on) == (
        CodeKind.GS1, GTIN, lot, date(2026, 12, 31)
    )  # fmt: skip


def test_words_stand_on_the_label() -> None:
    labels = [label for label, _ in LABELS]
    texts = texts_of(paper.draw_pdf(labels))
    assert "A01-02-3" in texts[0]
    assert "拣货区 A" in texts[0]
    assert "▲" in texts[0]
    assert "▼" in texts[3]
    assert "山茶马克杯" in texts[9]
    assert "Camellia mug" in texts[9]
    assert "×6" in texts[11]
    assert texts[12].count("…") == 2
    assert "LOT 24" in texts[18]
    assert "EXP 2026-12-31" in texts[18]
    assert "王小明" in texts[20]
    assert "2026-11-24" in texts[20]


def test_a_character_no_typeface_has_is_marked_and_the_rest_printed() -> None:
    (text,) = texts_of(paper.draw_pdf([SkuLabel("MUG", GTIN, "小\U0001f430\u200d明\x00")]))
    assert "小〓明" in text


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: PlaceLabel(OwnKind.WAVE, "1"), "label of another kind"),
        (lambda: PlaceLabel(OwnKind.BIN, "甲-1"), "is no place code"),
        (lambda: PlaceLabel(OwnKind.BIN, "A" * 33), "is no place code"),
        (lambda: ToteLabel("T 7"), "is no place code"),
        (lambda: SkuLabel("A", ""), "1 to 100 characters"),
        (lambda: SkuLabel("A", "x" * 101), "1 to 100 characters"),
        (lambda: SkuLabel("A", GTIN, unit_quantity=0), "at least one piece"),
        (lambda: SkuLabel("A", GTIN, lot="批"), "no brackets"),
        (lambda: SkuLabel("A", GTIN, lot="A(1)"), "no brackets"),
        (lambda: SkuLabel("A", "A", lot="1"), "is no GTIN"),
        (lambda: PairingLabel("链", "x", ""), "printable ASCII"),
        (lambda: PairingLabel("x" * 201, "x", ""), "printable ASCII"),
    ],
)
def test_what_cannot_be_printed_is_refused(make: Callable[[], Label], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        make()


def test_a_refusal_and_a_label_shown_do_not_tell_the_pairing_link() -> None:
    assert LINK not in repr(PairingLabel(LINK, "王小明", "18:00"))


codes = st.from_regex(r"[0-9A-Z]{1,9}(-[0-9A-Z]{1,9}){0,2}", fullmatch=True) | st.text(
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=1, max_size=32
)
gtins = st.sampled_from((7, 11, 12, 13)).flatmap(
    lambda count: st.text("0123456789", min_size=count, max_size=count).filter(lambda text: text.strip("0") != "")
)


@given(codes, st.sampled_from(sorted(Arrow)) | st.none(), st.sampled_from(sorted(PAPERS)))
@settings(max_examples=30, deadline=None, phases=UNSHRUNK, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_place_code_reads_back(code: str, arrow: Arrow | None, name: str) -> None:
    label = PlaceLabel(OwnKind.BIN, code, "区", "WH1", arrow)
    width, height = PAPERS[name].drawn
    assert [text for text, _ in read(drawn(paper.lay_out(label, width=width, height=height)))] == [label.text]


@given(codes, st.sampled_from(sorted(PAPERS)))
@settings(max_examples=20, deadline=None, phases=UNSHRUNK)
def test_any_tote_reads_back(code: str, name: str) -> None:
    label = ToteLabel(code, "WH1")
    width, height = PAPERS[name].drawn
    assert {text for text, _ in read(drawn(paper.lay_out(label, width=width, height=height)))} == {label.text}


@given(gtins, st.sampled_from(sorted(PAPERS)))
@settings(max_examples=30, deadline=None, phases=UNSHRUNK)
def test_any_gtin_reads_back_as_itself(digits: str, name: str) -> None:
    number = gtin.normalise(gtin.with_check_digit(digits))
    assert number is not None
    width, height = PAPERS[name].drawn
    ((text, _),) = read(drawn(paper.lay_out(SkuLabel("A", number, "杯"), width=width, height=height)))
    assert gtin.normalise(text) == number


@given(st.text(max_size=100), st.text(max_size=100), st.text(min_size=1, max_size=100))
@settings(max_examples=20, deadline=None, phases=UNSHRUNK)
def test_any_names_and_code_print(name_zh: str, name_en: str, code: str) -> None:
    label = SkuLabel(code, code if bars.fits_bars(code) else GTIN, name_zh, name_en)
    for each in PAPERS.values():
        width, height = each.drawn
        assert len(read(drawn(paper.lay_out(label, width=width, height=height)))) == 1
