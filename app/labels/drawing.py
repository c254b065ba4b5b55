"""Labels drawn in a format on a paper; what cannot be drawn so is a refusal."""

from collections.abc import Sequence

from pickmesh.app.labels.asked import Format
from pickmesh.core.kit.refusals import InvalidInput, LimitExceeded
from pickmesh.scanner.labels import paper, parcel
from pickmesh.scanner.labels.paper import Label, Paper
from pickmesh.scanner.labels.parcel import ParcelLabel

_DRAW = {Format.PDF: paper.draw_pdf, Format.PNG: paper.draw_png, Format.ZPL: paper.draw_zpl}
_DRAW_PARCEL = {Format.PDF: parcel.draw_pdf, Format.PNG: parcel.draw_png, Format.ZPL: parcel.draw_zpl}


def draw(labels: Sequence[Label], wanted: Format, on: Paper) -> bytes:
    """Return labels as one file. Takes seconds for a thousand; refuses formats that cannot hold them, and too many."""
    if wanted is Format.PNG and (len(labels) > 1 or not on.is_roll):
        raise InvalidInput("A PNG shows a single label; ask for PDF or ZPL to print several.", field=("format",))
    if wanted is Format.ZPL and not on.is_roll:
        raise InvalidInput("ZPL is for rolls; ask for a PDF to print on sheets.", field=("paper",))
    try:
        return _DRAW[wanted](labels, on)
    except paper.TooManyLabels as error:
        raise LimitExceeded(str(error)) from None
    except ValueError as error:
        raise InvalidInput(str(error)) from None


def draw_parcel(label: ParcelLabel, wanted: Format) -> bytes:
    """Return a parcel's label, 100 by 150 mm."""
    return _DRAW_PARCEL[wanted](label)
