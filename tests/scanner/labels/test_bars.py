from collections.abc import Callable
from io import BytesIO
from itertools import groupby
from typing import Any

import pytest
import zxingcpp
from PIL import Image
from printed import pages_of, picture_of, read

from pickmesh.scanner.labels import bars, pdf, png, sheet, zpl
from pickmesh.scanner.labels.bars import Symbology
from pickmesh.scanner.labels.sheet import Bars, Box, Element, Sheet, Square, Type

Print = Callable[[bytes], Any]
RETAIL = [
    (Symbology.EAN_13, "4006381333931", ("4006381333931", "EAN-13")),
    (Symbology.EAN_8, "96385074", ("96385074", "EAN-8")),
    (Symbology.UPC_A, "036000291452", ("0036000291452", "EAN-13")),  # a reader says UPC-A as the EAN-13 it is
    (Symbology.ITF_14, "10012345678902", ("10012345678902", "ITF")),
    (Symbology.GS1_128, "(01)04006381333931", ("(01)04006381333931", "Code 128")),
]


def sheet_of(element: Element) -> Sheet:
    return Sheet(100, 40, (element,))


def row_of(picture: Image.Image, y_mm: float) -> list[bool]:
    """One row of dots, True where it is black."""
    y = round(y_mm * 8)
    return [level < 128 for level in picture.crop((0, y, picture.width, y + 1)).tobytes()]


def widths(row: list[bool]) -> list[int]:
    """The widths of bars and gaps between the outermost bars."""
    runs = [(black, len(list(run))) for black, run in groupby(row)]
    return [width for _, width in runs[1:-1]]


@pytest.mark.parametrize(("symbology", "text", "said"), RETAIL)
@pytest.mark.parametrize("dots", [2, 3])
def test_bars_of_every_kind_read_back_in_every_format(
    print_zpl: Print, symbology: Symbology, text: str, said: tuple[str, str], dots: int
) -> None:
    drawn = sheet_of(Bars(5, 5, 15, text, dots, symbology, guard=1))
    assert read(pages_of(pdf.draw(drawn))[0]) == [said]
    assert read(print_zpl(zpl.draw(drawn)).picture) == [said]
    for times in (1, 2, 3):
        assert read(picture_of(png.draw(drawn, times=times))) == [said]


@pytest.mark.parametrize("symbology", [Symbology.EAN_13, Symbology.ITF_14, Symbology.CODE_128])
def test_bars_are_the_laid_out_dots_wide_in_every_format(print_zpl: Print, symbology: Symbology) -> None:
    text = {Symbology.EAN_13: "4006381333931", Symbology.ITF_14: "10012345678902"}.get(symbology, "B-A01-02-3-R")
    modules = widths([False, *bars.modules(text, symbology), False])
    for dots in (2, 3):
        drawn = sheet_of(Bars(4.125, 5, 15, text, dots, symbology))
        expected = [width * dots for width in modules]
        assert widths(row_of(pages_of(pdf.draw(drawn))[0], 12)) == expected
        assert widths(row_of(print_zpl(zpl.draw(drawn)).picture, 12)) == expected
        assert widths(row_of(picture_of(png.draw(drawn)), 12)) == expected
        assert widths(row_of(picture_of(png.draw(drawn, times=3)), 36)) == [3 * width for width in expected]


@pytest.mark.parametrize("text", ["T-0007-K", "https://pickmesh.example/pair#1", "龙井茶", "A>B^C_~"])
def test_a_square_reads_back_in_every_format(print_zpl: Print, text: str) -> None:
    drawn = sheet_of(Square(5, 5, text, 4))
    assert read(pages_of(pdf.draw(drawn))[0]) == [(text, "QR Code")]
    assert read(print_zpl(zpl.draw(drawn)).picture) == [(text, "QR Code")]
    assert read(picture_of(png.draw(drawn, times=2))) == [(text, "QR Code")]


def test_a_squares_modules_are_whole_dots_in_every_format(print_zpl: Print) -> None:
    rows = bars.squares("T-0007-K")
    drawn = sheet_of(Square(5, 5, "T-0007-K", 5))
    for picture in (pages_of(pdf.draw(drawn))[0], print_zpl(zpl.draw(drawn)).picture, picture_of(png.draw(drawn))):
        for place, row in enumerate(rows):
            dots = row_of(picture, 5 + (place + 0.5) * 5 / 8)
            assert dots[40 : 40 + 5 * len(row)] == [black for black in row for _ in range(5)]


def test_a_gs1_square_says_so() -> None:
    drawn = sheet_of(Square(5, 5, "(01)04006381333931(17)261231(10)L-1", 4, gs1=True))
    (found,) = zxingcpp.read_barcodes(picture_of(png.draw(drawn)))
    assert (found.symbology_identifier, found.bytes) == ("]Q3", b"01040063813339311726123110L-1")


def test_guard_bars_reach_further_down(print_zpl: Print) -> None:
    drawn = sheet_of(Bars(5, 5, 10, "4006381333931", 3, Symbology.EAN_13, guard=2))
    for picture in (pages_of(pdf.draw(drawn))[0], print_zpl(zpl.draw(drawn)).picture, picture_of(png.draw(drawn))):
        assert widths(row_of(picture, 16)) == [3, 3, 3, 129, 3, 3, 3, 129, 3, 3, 3]


def test_png_and_zpl_print_the_same_dots(print_zpl: Print) -> None:
    drawn = Sheet(
        60,
        40,
        (
            Type(3, 8, 5, "拣货区 A01", bold=True),
            Box(1, 1, 58, 38, line=0.5),
            Box(1, 20, 58, 0),
            Bars(5, 22, 12, "96385074", 3, Symbology.EAN_8, guard=1),
            Square(40, 3, "T-0007-K", 4),
        ),
    )
    assert picture_of(png.draw(drawn)).tobytes() == print_zpl(zpl.draw(drawn)).picture.tobytes()


def test_a_png_says_its_size_in_print() -> None:
    with_dpi = Image.open(BytesIO(png.draw(Sheet(60, 40, ()), times=2)))
    assert (with_dpi.size, round(with_dpi.info["dpi"][0])) == ((960, 640), 406)


@pytest.mark.parametrize("times", [0, 7, -1])
def test_a_png_of_other_sizes_is_refused(times: int) -> None:
    with pytest.raises(ValueError, match="1 to 6 times 203 dpi"):
        png.draw(Sheet(60, 40, ()), times=times)


@pytest.mark.parametrize(
    ("text", "symbology"),
    [
        ("", Symbology.CODE_128),
        ("龙", Symbology.CODE_128),
        ("400638133393", Symbology.EAN_13),
        ("40063813339３1", Symbology.EAN_13),
        ("1234567", Symbology.EAN_8),
        ("4006381333931", Symbology.ITF_14),
        ("0104006381333931", Symbology.GS1_128),
        ("(01)", Symbology.GS1_128),
        ("(01)1(10)A(1)", Symbology.GS1_128),
    ],
)
def test_what_bars_cannot_say_is_refused(text: str, symbology: Symbology) -> None:
    with pytest.raises(ValueError, match="cannot be printed as"):
        bars.modules(text, symbology)


@pytest.mark.parametrize("text", ["", "x" * 401])
def test_what_a_square_cannot_say_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="use 1 to 400 characters"):
        bars.squares(text)


def test_a_square_too_small_for_its_text_is_refused() -> None:
    with pytest.raises(ValueError, match="use a larger label"):
        sheet.square_in("x" * 400, x=0, y=0, side=20)
