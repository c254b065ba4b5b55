import resource
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest
from printed import cells_of, pages_of, picture_of, read, sizes_of

from pickmesh.scanner.codes.own import OwnKind
from pickmesh.scanner.labels import paper
from pickmesh.scanner.labels.paper import LABELS_MAX, PAPERS, ROLL, TooManyLabels, WrongPaper
from pickmesh.scanner.labels.place import PlaceLabel
from pickmesh.scanner.labels.sku import SkuLabel
from pickmesh.scanner.labels.tote import ToteLabel

Print = Callable[[bytes], Any]
MUG = SkuLabel("MUG", "04006381333931", "马克杯")
SHEETS = [name for name, one in PAPERS.items() if not one.is_roll]


def bins(count: int) -> list[PlaceLabel]:
    return [PlaceLabel(OwnKind.BIN, f"A{place:04d}-1", "拣货区", "WH1") for place in range(count)]


@pytest.mark.parametrize("name", SHEETS)
def test_sheets_hold_their_labels_in_reading_order_and_the_rest_goes_to_the_next(name: str) -> None:
    on = PAPERS[name]
    labels = bins(on.columns * on.rows + 2)
    drawn = paper.draw_pdf(labels, on)
    assert sizes_of(drawn) == [(210.0, 297.0)] * 2
    first, second = pages_of(drawn)
    cells = cells_of(on)
    for page, here in ((first, labels[:-2]), (second, labels[-2:])):
        said = []
        for left, top in cells[: len(here)]:
            corners = (left, top, left + on.label_width, top + on.label_height)
            said += read(page.crop(tuple(round(each * 8) for each in corners)))
        assert said == [(label.text, "Code 128") for label in here]
    left, top = cells[2]
    assert second.crop((round(left * 8), 0, 1680, 2376)).getextrema() == (255, 255)


@pytest.mark.parametrize("name", SHEETS)
def test_sheets_lie_on_the_page_with_equal_margins(name: str) -> None:
    on = PAPERS[name]
    wide = on.left * 2 + (on.columns - 1) * on.step_x + on.label_width
    tall = on.top * 2 + (on.rows - 1) * on.step_y + on.label_height
    assert (wide == pytest.approx(210, abs=0.1), tall == pytest.approx(297, abs=0.3)) == (True, True)


@pytest.mark.parametrize("name", SHEETS)
def test_what_an_office_printer_leaves_white_is_left_white(name: str) -> None:
    on = PAPERS[name]
    (page,) = pages_of(paper.draw_pdf([ToteLabel("T-0007")] * (on.columns * on.rows), on))
    edge = 34  # dots, 4.25 mm
    assert page.crop((0, 0, page.width, edge)).getextrema() == (255, 255)
    assert page.crop((0, page.height - edge, page.width, page.height)).getextrema() == (255, 255)
    assert page.crop((0, 0, edge, page.height)).getextrema() == (255, 255)
    assert page.crop((page.width - edge, 0, page.width, page.height)).getextrema() == (255, 255)


def test_a_roll_has_one_label_a_page() -> None:
    labels = [*bins(2), ToteLabel("T-0007"), MUG]
    drawn = paper.draw_pdf(labels)
    assert sizes_of(drawn) == [(60.0, 40.0)] * 4
    said = [{text for text, _ in read(page)} for page in pages_of(drawn)]
    assert said == [{labels[0].text}, {labels[1].text}, {"T-0007-K"}, {"4006381333931"}]


def test_copies_are_printed_as_often_as_asked(print_all: Print) -> None:
    labels = [MUG, MUG, MUG, *bins(1), MUG]
    zpl = paper.draw_zpl(labels)
    assert zpl.count(b"^XA") == 3
    said = [read(page.picture)[0][0] for page in print_all(zpl)]
    assert said == ["4006381333931"] * 3 + [bins(1)[0].text, "4006381333931"]
    assert [read(page)[0][0] for page in pages_of(paper.draw_pdf(labels))] == said


def test_the_same_labels_are_the_same_file() -> None:
    assert paper.draw_pdf(bins(3)) == paper.draw_pdf(bins(3))
    assert paper.draw_zpl(bins(3)) == paper.draw_zpl(bins(3))
    assert paper.draw_png(bins(1)) == paper.draw_png(bins(1))


def test_a_png_shows_one_label_on_a_roll() -> None:
    assert picture_of(paper.draw_png([MUG], times=2)).size == (960, 640)
    for labels, on in ((bins(2), ROLL), (bins(1), PAPERS["a4-24"])):
        with pytest.raises(WrongPaper, match="ask for PDF or ZPL"):
            paper.draw_png(labels, on)


def test_zpl_is_for_rolls() -> None:
    with pytest.raises(WrongPaper, match="print a4-21 from a PDF"):
        paper.draw_zpl(bins(1), PAPERS["a4-21"])


@pytest.mark.parametrize("draw", [paper.draw_pdf, paper.draw_zpl, paper.draw_png])
def test_none_and_too_many_are_refused(draw: Callable[[list[PlaceLabel]], bytes]) -> None:
    with pytest.raises(ValueError, match="no label"):
        draw([])
    with pytest.raises(TooManyLabels, match="1001 labels are too many for one file; ask for at most 1000"):
        draw(bins(1) * (LABELS_MAX + 1))


@pytest.mark.parametrize("draw", [paper.draw_pdf, paper.draw_zpl])
def test_a_thousand_labels_take_seconds_and_little_memory(draw: Callable[[list[PlaceLabel]], bytes]) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun = time.process_time()
    assert len(draw(bins(LABELS_MAX))) < 10_000_000
    assert time.process_time() - begun < 30
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown * (1 if sys.platform == "darwin" else 1024) < 300_000_000
