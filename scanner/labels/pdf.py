"""Draws a sheet as a one-page PDF in which type is type and bars are vectors."""

from datetime import UTC, datetime

from fpdf import FPDF
from fpdf.enums import TextMode

from pickmesh.scanner.labels import bars, fonts
from pickmesh.scanner.labels.sheet import Badge, Bars, Box, Sheet, Type

_POINTS_PER_MM = 72 / 25.4
_BAR_INSET_MM = 0.012  # renderers blacken every dot a shape touches; unshortened, bars on the grid grow by a dot
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)  # the same label is the same file, byte for byte


def draw(sheet: Sheet) -> bytes:
    """Return a sheet as a PDF of one page in its own size, the used characters of the typeface inside."""
    pdf = FPDF(unit="mm", format=(sheet.width, sheet.height))
    pdf.set_creation_date(_EPOCH)
    pdf.set_auto_page_break(False)
    pdf.add_page()
    pdf.add_font("label", "", fonts.font_path())
    for element in sheet.elements:
        match element:
            case Type():
                _draw_type(pdf, element, grey=0)
            case Box():
                _draw_box(pdf, element)
            case Badge():
                _draw_badge(pdf, element)
            case Bars():
                _draw_bars(pdf, element)
    return bytes(pdf.output())


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
    for start, width in bars.black_runs(element.text):
        left = element.x + start * element.module + _BAR_INSET_MM
        pdf.rect(left, element.y, width * element.module - 2 * _BAR_INSET_MM, element.height, style="F")
