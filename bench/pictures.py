"""Pictures of barcodes, drawn and then spoilt step by step; the same seed draws the same picture."""

import io
import random
import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import zxingcpp
from PIL import Image, ImageChops, ImageFilter

PAPER = 235
INK = 25
SYMBOLS: Mapping[str, tuple[str, str]] = {
    "EAN-13": ("6957764102201", "EAN13"),
    "EAN-8": ("96385074", "EAN8"),
    "UPC-A": ("036000291452", "UPCA"),
    "Code 128": ("W-0017-K", "Code128"),
    "Code 39": ("B-A01-02-4", "Code39"),
    "ITF": ("09506000134352", "ITF"),
    "QR Code": ("https://pickmesh.example/B/A01-02-3", "QRCode"),
    "Data Matrix": ("SN-20261124-000173", "DataMatrix"),
}
"""What is drawn: a symbol's name, its text and its format as zxing-cpp names it."""


def symbol(text: str, form: str, *, module_px: int = 3, gs1: bool = False) -> Image.Image:
    """Return a symbol as it is printed: black on white with its quiet zone."""
    kind = zxingcpp.barcode_format_from_str(form)
    drawn = zxingcpp.create_barcode(text, kind, gs1=True) if gs1 else zxingcpp.create_barcode(text, kind)
    return Image.fromarray(drawn.to_image(scale=module_px))


def scene(printed: Image.Image, *, margin: int = 60, seed: int = 7) -> Image.Image:
    """Return a photograph of a printed symbol: grey ink on off-white paper on a textured table."""
    label = printed.point(lambda level: PAPER if level else INK)
    size = (label.width + 2 * margin, label.height + 2 * margin)
    table = texture(size, seed)
    table.paste(PAPER, (margin - 15, margin - 15, margin + label.width + 15, margin + label.height + 15))
    table.paste(label, (margin, margin))
    return table


def texture(size: tuple[int, int], seed: int) -> Image.Image:
    """Return a table's grain in mid greys."""
    small = (max(1, size[0] // 9), max(1, size[1] // 9))
    grain = Image.frombytes("L", small, random.Random(seed).randbytes(small[0] * small[1]))
    return grain.resize(size, Image.Resampling.BICUBIC).point(lambda level: 90 + level // 4)


def noisy(picture: Image.Image, amplitude: float, seed: int = 7) -> Image.Image:
    """Add grain of so many levels to each side."""
    raw = random.Random(seed).randbytes(picture.width * picture.height)
    grain = Image.frombytes("L", picture.size, raw).point(lambda level: round(level * amplitude / 128))
    return ImageChops.add(picture, grain, scale=1, offset=-round(amplitude))


def turned(picture: Image.Image, degrees: float) -> Image.Image:
    """Turn a picture, its corners filled with the table's grey."""
    return picture.rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=120)


def faint(picture: Image.Image, levels: float) -> Image.Image:
    """Leave so many levels of contrast around mid grey."""
    return picture.point(lambda level: round(128 + (level - 128) * levels / 210))


def shaded(picture: Image.Image, darkest: float) -> Image.Image:
    """Let the light fall off from one side to the other down to a part of it."""
    ramp = Image.linear_gradient("L").rotate(90).resize(picture.size)
    light = ramp.point(lambda level: round(255 * (darkest + (1 - darkest) * level / 255)))
    return ImageChops.multiply(picture, light)


def skewed(picture: Image.Image, part: float) -> Image.Image:
    """Look at a picture from aside: one edge is shorter by a part on both ends."""
    width, height = picture.size
    inset = round(height * part)
    quad = (0, -inset, 0, height + inset, width, height, width, 0)
    return picture.transform(picture.size, Image.Transform.QUAD, quad, Image.Resampling.BICUBIC, fillcolor=120)


def resized(picture: Image.Image, factor: float) -> Image.Image:
    """Take a picture from further away."""
    size = (max(1, round(picture.width * factor)), max(1, round(picture.height * factor)))
    return picture.resize(size, Image.Resampling.LANCZOS)


def blurred(picture: Image.Image, radius_px: float) -> Image.Image:
    """Put a picture out of focus."""
    return picture.filter(ImageFilter.GaussianBlur(radius_px))


def file_of(picture: Image.Image, form: str = "PNG", **options: object) -> bytes:
    """Return a picture as a file."""
    buffer = io.BytesIO()
    picture.save(buffer, form, **options)
    return buffer.getvalue()


def squeezed(picture: Image.Image, quality: int) -> Image.Image:
    """Return a picture as it comes out of a JPEG of a quality."""
    opened = Image.open(io.BytesIO(file_of(picture, "JPEG", quality=quality)))
    opened.load()
    return opened.convert("L")


def png_of_size(width: int, height: int) -> bytes:
    """Return a PNG whose header promises so many pixels, in a hundred bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 100)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


@dataclass(frozen=True, slots=True)
class Spoilt:
    """A picture, what is printed in it, and how it was spoilt."""

    symbol: str
    text: str
    way: str
    step: int
    picture: Image.Image


WAYS: Mapping[str, tuple[Callable[[Image.Image, float], Image.Image], tuple[float, ...]]] = {
    "as drawn": (lambda picture, _: picture, (0,)),
    "turned": (turned, (15, 45, 90, 180)),
    "blurred": (blurred, (1.0, 1.75, 2.5, 3.0, 3.5)),
    "faint": (lambda picture, levels: noisy(faint(picture, levels), 4), (60, 30, 15, 10, 6)),
    "shaded": (lambda picture, part: noisy(faint(shaded(picture, part), 150), 3), (0.4, 0.15, 0.06, 0.03)),
    "noisy": (noisy, (30, 60, 90, 120)),
    "skewed": (skewed, (0.1, 0.2, 0.35, 0.5)),
    "squeezed": (lambda picture, quality: squeezed(resized(picture, 0.7), round(quality)), (40, 20, 10, 5)),
    "far away": (lambda picture, factor: noisy(resized(picture, factor), 6), (0.67, 0.5, 0.4, 0.33, 0.27)),
    "inverted": (lambda picture, _: ImageChops.invert(picture), (0,)),
    "all at once": (
        lambda picture, part: squeezed(
            noisy(shaded(blurred(turned(resized(picture, 1 - part / 3), 20 * part), 1.6 * part), 1 - part), 40 * part),
            round(100 - 85 * part),
        ),
        (0.2, 0.4, 0.6, 0.8),
    ),
}
"""How pictures are spoilt, and how much, step by step."""


def spoilt(seed: int = 7) -> list[Spoilt]:
    """Return every symbol spoilt in every way, step by step."""
    made = []
    for name, (text, form) in SYMBOLS.items():
        clean = scene(symbol(text, form), seed=seed)
        for way, (spoil, steps) in WAYS.items():
            made += [Spoilt(name, text, way, step, spoil(clean, value)) for step, value in enumerate(steps, start=1)]
    return made
