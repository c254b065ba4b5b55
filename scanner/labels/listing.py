"""A document that lists things, on A4: title, barcode, facts, a table over as many pages as it takes, signatures."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pickmesh.scanner.labels import fonts, pdf, sheet
from pickmesh.scanner.labels.pdf import Page
from pickmesh.scanner.labels.sheet import Box, Element, Sheet, Type

WIDTH_MM, HEIGHT_MM = 210, 297
_LEFT, _RIGHT, _BOTTOM = 15, 195, 275
_ROW, _SIZE, _FACT = 6.0, 3.2, 5.2
_HEAD_TOP, _FIRST_TOP = 15.0, 45.0


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading and its share of the width."""

    title: str
    share: float


@dataclass(frozen=True, slots=True)
class Listing:
    """What stands in a list; every text is printed as given, cells too long for their column are cut with `…`.

    `code` is printed as bars. Raises ValueError for rows that have not a cell for each column.
    """

    title: str
    code: str
    facts: Sequence[tuple[str, str]]
    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]
    signatures: Sequence[str] = ()

    def __post_init__(self) -> None:
        if any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError("Every row needs a cell for each column.")


def draw_pdf(listing: Listing) -> bytes:
    """Return the list as a PDF; the same list gives the same bytes."""
    return pdf.draw_pages(Page(WIDTH_MM, HEIGHT_MM, [(0, 0, each)]) for each in lay_out(listing))


def lay_out(listing: Listing) -> list[Sheet]:
    """Set a list page by page; each page after the first begins with the columns' titles again."""
    pages = list(_pages(listing))
    sheets = []
    for number, (top, rows) in enumerate(pages, 1):
        elements = _first(listing) if number == 1 else []
        elements += _titles(listing, top)
        elements += [each for place, row in enumerate(rows, 1) for each in _row(listing, row, top + place * _ROW)]
        elements += _foot(listing, number, len(pages))
        if number == len(pages):
            elements += _signatures(listing)
        sheets.append(Sheet(WIDTH_MM, HEIGHT_MM, tuple(elements)))
    return sheets


def _pages(listing: Listing) -> Iterator[tuple[float, Sequence[Sequence[str]]]]:
    """Yield where the table begins on each page, and its rows; the last page leaves room for signatures."""
    top = _FIRST_TOP + (len(listing.facts) + 1) // 2 * _FACT
    rest = list(listing.rows)
    while True:
        room = int((_BOTTOM - top) / _ROW) - 1
        last_room = room - (5 if listing.signatures else 0)
        if len(rest) <= last_room:
            yield top, rest
            return
        count = min(len(rest), room)
        yield top, rest[:count]
        rest, top = rest[count:], _HEAD_TOP


def _first(listing: Listing) -> list[Element]:
    title, size = fonts.fitted(fonts.printable(listing.title), width=95, size=8, smallest=4)
    elements: list[Element] = [
        Type(_LEFT, 24, size, title, bold=True),
        sheet.centred_bars(listing.code, left=115, width=80, y=14, height=14, module_dots_max=3),
        sheet.centred(listing.code, left=115, width=80, baseline=33, size=4.5, bold=True),
    ]
    for place, (name, value) in enumerate(listing.facts):
        x, y = _LEFT + place % 2 * 90, 42 + place // 2 * _FACT
        text, fact_size = fonts.fitted(fonts.printable(f"{name} {value}"), width=88, size=3.6, smallest=2.4)
        elements.append(Type(x, y, fact_size, text))
    return elements


def _places(listing: Listing) -> Iterator[tuple[float, float]]:
    whole = sum(column.share for column in listing.columns)
    x = float(_LEFT)
    for column in listing.columns:
        width = (_RIGHT - _LEFT) * column.share / whole
        yield x, width
        x += width


def _titles(listing: Listing, top: float) -> list[Element]:
    row = [column.title for column in listing.columns]
    return [*_cells(listing, row, top, bold=True), Box(_LEFT, top + 1.8, _RIGHT - _LEFT, 0, line=0.4)]


def _row(listing: Listing, row: Sequence[str], y: float) -> list[Element]:
    return [*_cells(listing, row, y), Box(_LEFT, y + 1.8, _RIGHT - _LEFT, 0, line=0.1)]


def _cells(listing: Listing, row: Sequence[str], y: float, *, bold: bool = False) -> list[Element]:
    cells: list[Element] = []
    for text, (x, width) in zip(row, _places(listing), strict=True):
        fitted, size = fonts.fitted(fonts.printable(text), width=width - 2, size=_SIZE, smallest=2.2)
        cells.append(Type(x, y, size, fitted, bold=bold))
    return cells


def _foot(listing: Listing, number: int, count: int) -> list[Element]:
    text, size = fonts.fitted(fonts.printable(listing.title), width=120, size=2.8, smallest=2)
    page = f"{number}/{count}"
    return [Type(_LEFT, 287, size, text), sheet.right(page, edge=_RIGHT, baseline=287, size=2.8)]


def _signatures(listing: Listing) -> list[Element]:
    elements: list[Element] = []
    width = (_RIGHT - _LEFT) / max(1, len(listing.signatures))
    for place, name in enumerate(listing.signatures):
        x = _LEFT + place * width
        text, size = fonts.fitted(fonts.printable(name), width=width - 10, size=3.2, smallest=2.2)
        elements += [Box(x, 272, width - 10, 0), Type(x, 277, size, text)]
    return elements
