"""Many labels at once: on a roll, one after the other, or on office sheets of many, as one PDF."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from pickmesh.scanner.labels import pairing, pdf, place, png, sku, tote, zpl
from pickmesh.scanner.labels.pairing import PairingLabel
from pickmesh.scanner.labels.place import PlaceLabel
from pickmesh.scanner.labels.sheet import Sheet
from pickmesh.scanner.labels.sku import SkuLabel
from pickmesh.scanner.labels.tote import ToteLabel

LABELS_MAX = 1_000

Label = PlaceLabel | ToteLabel | SkuLabel | PairingLabel
"""The labels that come in any size; a parcel's has its own, and a roll to itself."""


@dataclass(frozen=True, slots=True)
class Paper:
    """Labels as they are bought, lengths in mm; a roll is a page of one label.

    `inset` stays white at each label's edges: sheets are cut a little off, and office printers leave 4 mm white.
    """

    name: str
    about: str
    label_width: float
    label_height: float
    columns: int = 1
    rows: int = 1
    page_width: float = 0
    page_height: float = 0
    left: float = 0
    top: float = 0
    step_x: float = 0  # from one label's left edge to the next one's: with a gutter, more than its width
    step_y: float = 0
    inset: float = 0

    @property
    def is_roll(self) -> bool:
        """Tell whether it holds one label after the other."""
        return self.columns * self.rows == 1

    @property
    def page(self) -> tuple[float, float]:
        """Width and height of a page."""
        return (self.page_width or self.label_width, self.page_height or self.label_height)

    @property
    def drawn(self) -> tuple[float, float]:
        """Width and height of what is drawn of a label."""
        return (self.label_width - 2 * self.inset, self.label_height - 2 * self.inset)


_A4 = {"page_width": 210, "page_height": 297}
PAPERS: Mapping[str, Paper] = {
    paper.name: paper
    for paper in (
        Paper("roll", "a roll of labels 60 × 40 mm", 60, 40),
        Paper("roll-wide", "a roll of labels 100 × 50 mm", 100, 50),
        Paper(
            "a4-24", "A4 sheets of 3 × 8 labels 70 × 37 mm without gutters, at 100 % size",
            70, 37, 3, 8, **_A4, left=0, top=0.5, step_x=70, step_y=37, inset=4.5,
        ),
        Paper(
            "a4-21", "A4 sheets of 3 × 7 labels 63.5 × 38.1 mm (as Avery L7160), at 100 % size",
            63.5, 38.1, 3, 7, **_A4, left=7.25, top=15.125, step_x=66, step_y=38.1, inset=2,
        ),
    )
}  # fmt: skip
ROLL = PAPERS["roll"]


class TooManyLabels(ValueError):
    """More labels were asked for than one file holds."""


class WrongPaper(ValueError):
    """That format cannot be printed on that paper."""


def lay_out(label: Label, *, width: float, height: float) -> Sheet:
    """Set a label of any kind in a size. Raises ValueError when its code cannot be set so small."""
    match label:
        case PlaceLabel():
            return place.lay_out(label, width=width, height=height)
        case ToteLabel():
            return tote.lay_out(label, width=width, height=height)
        case SkuLabel():
            return sku.lay_out(label, width=width, height=height)
        case PairingLabel():
            return pairing.lay_out(label, width=width, height=height)


def draw_pdf(labels: Sequence[Label], paper: Paper = ROLL) -> bytes:
    """Return labels as one PDF, as many pages as they need. Raises TooManyLabels, and ValueError for none."""
    _require_count(labels)
    return pdf.draw_pages(_pages(labels, paper))


def draw_zpl(labels: Sequence[Label], paper: Paper = ROLL) -> bytes:
    """Return labels as ZPL II formats one after the other. Raises TooManyLabels, WrongPaper, ValueError for none."""
    _require_count(labels)
    if not paper.is_roll:
        raise WrongPaper(f"ZPL is for rolls; print {paper.name} from a PDF, or choose a roll.")
    return b"".join(zpl.draw(sheet, copies=copies) for sheet, copies in _sheets(labels, paper))


def draw_png(labels: Sequence[Label], paper: Paper = ROLL, *, times: int = 1) -> bytes:
    """Return one label as a PNG of 203 dpi, or `times` as much. Raises WrongPaper for several labels, or no roll."""
    _require_count(labels)
    if len(labels) > 1 or not paper.is_roll:
        raise WrongPaper(
            "A PNG shows a single label on a roll; ask for PDF or ZPL to print several, for PDF on sheets."
        )
    ((sheet, _),) = _sheets(labels, paper)
    return png.draw(sheet, times=times)


def _require_count(labels: Sequence[Label]) -> None:
    if not labels:
        raise ValueError("There is no label to draw.")
    if len(labels) > LABELS_MAX:
        raise TooManyLabels(f"{len(labels)} labels are too many for one file; ask for at most {LABELS_MAX} at a time.")


def _sheets(labels: Sequence[Label], paper: Paper) -> Iterator[tuple[Sheet, int]]:
    """Lay labels out one at a time, those that follow their like once, with how many they are."""
    width, height = paper.drawn
    for label, same in groupby(labels):
        yield lay_out(label, width=width, height=height), len(list(same))


def _pages(labels: Sequence[Label], paper: Paper) -> Iterator[pdf.Page]:
    width, height = paper.page
    sheets = (sheet for sheet, copies in _sheets(labels, paper) for _ in range(copies))
    while placed := list(zip(_corners(paper), sheets, strict=False)):
        yield pdf.Page(width, height, [(right, down, sheet) for (right, down), sheet in placed])


def _corners(paper: Paper) -> list[tuple[float, float]]:
    return [
        (paper.left + column * paper.step_x + paper.inset, paper.top + row * paper.step_y + paper.inset)
        for row in range(paper.rows)
        for column in range(paper.columns)
    ]
