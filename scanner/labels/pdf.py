"""Draws sheets as a PDF in which type is type and bars are vectors."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby

from fpdf import FPDF
from fpdf.enums import TextMode

from pickmesh.scanner.labels import bars, fonts
from pickmesh.scanner.labels.sheet import Badge, Bars, Box, Element, Sheet, Square, Type, moved

_POINTS_PER_MM = 72 / 25.4
_BAR_INSET_MM = 0.012  # renderers blacken every dot a shape touches; unshortened, bars on the grid grow by a dot
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)  # the same label is the same file, byte for byte


@dataclass(frozen=True, slots=True)
class Page:
    """A page's size in mm and the sheets on it, each with the place of its top left corner."""

    width: float
    height: float
    sheets: Sequence[tuple[float, float, Sheet]]


def draw(sheet: Sheet) -> bytes:
    """Return a sheet as a PDF of one page in its own size, the used characters of the typeface inside."""
    return draw_pages([Page(sheet.width, sheet.height, [(0, 0, sheet)])])


def draw_pages(pages: Iterable[Page]) -> bytes:
    """Return pages as one PDF; they are asked for one after the other, so that only one need exist at a time."""
    pdf = FPDF(unit="mm")
    pdf.set_creation_date(_EPOCH)
    pdf.set_auto_page_break(False)
    pdf.add_font("label", "", fonts.font_path())
    for page in pages:
        pdf.add_page(format=(page.width, page.height))
        for right, down, sheet in page.sheets:
            for element in sheet.elements:
                _draw(pdf, moved(element, right=right, down=down))
    return bytes(pdf.output())


def _draw(pdf: FPDF, element: Element) -> None:
    match element:
        case Type():
            _draw_type(pdf, element, grey=0)
        case Box():
            _draw_box(pdf, element)
        case Badge():
            _draw_badge(pdf, element)
        case Bars():
            _draw_bars(pdf, element)
        case Square():
            _draw_square(pdf, element)


def _draw_type(pdf: FPDF, element: Type, *, grey: int) -> None:
    with pdf.local_context():  # else the stroke would stay for all type after it
        pdf.set_font("label", "", element.size * _POINTS_PER_MM)
        pdf.set_text_color(grey)
        if element.bold:
            pdf.set_draw_color(grey)
            pdf.set_line_width(element.size * fonts.BOLD_STROKE * _POINTS_PER_MM)  # fpdf2 takes points here
            pdf.text_mode = TextMode.FILL_STROKE
        pdf.text(element.x, element.baseline, element.text)


def _draw_box(pdf: FPDF, element: Box) -> None:
    pdf.set_line_width(element.line)
    if element.width and element.height:
        pdf.rect(element.x, element.y, element.width, element.height)
    else:
        pdf.line(element.x, element.y, element.x + element.width, element.y + element.height)


def _draw_badge(pdf: FPDF, element: Badge) -> None:
    pdf.set_fill_color(0)
    pdf.rect(element.x, element.y, element.width, element.height, style="F")
    x = element.x + (element.width - fonts.width_mm(element.text, element.size)) / 2
    baseline = element.y + (element.height + element.size * fonts.CAP_HEIGHT) / 2
    _draw_type(pdf, Type(x, baseline, element.size, element.text, bold=True), grey=255)


def _draw_bars(pdf: FPDF, element: Bars) -> None:
    pdf.set_fill_color(0)
    for run in bars.black_runs(element.text, element.symbology):
        height = element.height + (element.guard if run.guards else 0)
        _fill(pdf, element.x + run.start * element.module, element.y, run.width * element.module, height)
    bearer = element.symbology.bearer * element.module
    if bearer:
        for y in (element.y, element.y + element.height - bearer):
            _fill(pdf, element.x, y, element.width, bearer)


def _draw_square(pdf: FPDF, element: Square) -> None:
    pdf.set_fill_color(0)
    module = element.module
    for left, top, width, height in _blocks(bars.squares(element.text, gs1=element.gs1)):
        y, tall = element.y + top * module + _BAR_INSET_MM, height * module - 2 * _BAR_INSET_MM
        _fill(pdf, element.x + left * module, y, width * module, tall)


def _fill(pdf: FPDF, x: float, y: float, width: float, height: float) -> None:
    pdf.rect(x + _BAR_INSET_MM, y, width - 2 * _BAR_INSET_MM, height, style="F")


def _blocks(rows: Sequence[Sequence[bool]]) -> list[tuple[int, int, int, int]]:
    """Gather black modules in rectangles (left, top, width, height): runs that lie under their like are one."""
    done: list[tuple[int, int, int, int]] = []
    growing: dict[tuple[int, int], int] = {}  # (left, width) -> top
    for top, row in enumerate([*rows, [False] * len(rows)]):
        runs = _runs(row)
        for left, width in growing.keys() - runs:
            begun = growing.pop((left, width))
            done.append((left, begun, width, top - begun))
        for run in runs - growing.keys():
            growing[run] = top
    return sorted(done)


def _runs(row: Sequence[bool]) -> set[tuple[int, int]]:
    runs, start = set(), 0
    for black, group in groupby(row):
        width = len(list(group))
        if black:
            runs.add((start, width))
        start += width
    return runs
