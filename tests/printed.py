"""Printed labels looked at as a scanner does: pages of dots, and the codes that are read from them."""

from io import BytesIO

import pypdfium2
import zxingcpp
from PIL import Image

from pickmesh.scanner.labels.paper import Paper
from pickmesh.scanner.labels.sheet import DOTS_PER_MM

POINTS_PER_MM = 72 / 25.4


def pages_of(pdf: bytes) -> list[Image.Image]:
    """Return a PDF's pages in dots of a thermal head, eight to the millimetre."""
    with pypdfium2.PdfDocument(pdf) as document:
        return [_rendered(page) for page in document]


def _rendered(page: pypdfium2.PdfPage) -> Image.Image:
    """Render a page in its very number of dots: pdfium rounds a page up to whole dots, and would stretch it to them."""
    sides = page.get_size()
    scale = min(round(side / POINTS_PER_MM * DOTS_PER_MM) / side for side in sides)
    picture: Image.Image = page.render(scale=scale * (1 - 1e-9)).to_pil().convert("L")
    return picture


def cells_of(on: Paper) -> list[tuple[float, float]]:
    """Return where a paper's labels lie on a page, in millimetres from the top left, row by row."""
    return [
        (on.left + column * on.step_x, on.top + row * on.step_y)
        for row in range(on.rows)
        for column in range(on.columns)
    ]


def sizes_of(pdf: bytes) -> list[tuple[float, ...]]:
    """Return the sizes of a PDF's pages in millimetres."""
    with pypdfium2.PdfDocument(pdf) as document:
        return [tuple(round(side / POINTS_PER_MM, 1) for side in page.get_size()) for page in document]


def texts_of(pdf: bytes) -> list[str]:
    """Return the text of each page."""
    texts = []
    with pypdfium2.PdfDocument(pdf) as document:
        for page in document:
            textpage = page.get_textpage()
            texts.append(textpage.get_text_range())
            textpage.close()
    return texts


def picture_of(png: bytes) -> Image.Image:
    """Return a PNG."""
    return Image.open(BytesIO(png)).convert("L")


def read(picture: Image.Image) -> list[tuple[str, str]]:
    """Return the text and the kind of every code in a picture, from top to bottom and left to right."""
    found = sorted(
        zxingcpp.read_barcodes(picture), key=lambda code: (code.position.top_left.y, code.position.top_left.x)
    )
    return [(code.text, str(code.format)) for code in found]
