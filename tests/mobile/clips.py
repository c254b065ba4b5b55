"""Clips for Chromium's fake camera: labels held up one after the other, on a textured table, never quite still."""

import io
import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import zxingcpp
from PIL import Image, ImageDraw, ImageOps

WIDTH, HEIGHT = 1280, 720
FRAMES_PER_SECOND = 30
"""Chromium plays a file of JPEG pictures at this rate, over and over."""
FRAMES_PER_POSE = 3
SHOWN_S = 2.0
BLANK_S = 1.4
"""Longer than a code must be gone before it counts anew."""


@dataclass(frozen=True, slots=True)
class Held:
    """A label in front of the camera; `width` is its share of the picture's, None is an empty hand."""

    text: str | None
    format: str = "Code128"
    width: float = 0.45
    seconds: float = SHOWN_S


BLANK = Held(None, seconds=BLANK_S)


def trade(code: str, width: float = 0.45) -> Held:
    """Return goods held up by their EAN-13."""
    return Held(code, "EAN13", width)


def label(text: str, width: float = 0.5) -> Held:
    """Return one of our labels, Code 128."""
    return Held(text, "Code128", width)


def write_clip(path: Path, shown: Sequence[Held]) -> Path:
    """Write a clip that begins empty and shows one thing after the other with blanks between."""
    with path.open("wb") as clip:
        for held in shown:
            for part in (BLANK, held):
                clip.writelines(_frames(part))
    return path


def barcode(text: str, format: str, scale: int = 4) -> Image.Image:
    """Draw a barcode with its quiet zone."""
    symbol = zxingcpp.create_barcode(text, getattr(zxingcpp.BarcodeFormat, format))
    drawn = memoryview(symbol.to_image(scale=scale, add_quiet_zones=True))
    height, width = drawn.shape
    bars = Image.frombytes("L", (width, height), drawn.tobytes())
    card = Image.new("L", (bars.width + 40, bars.height + 40), 255)
    card.paste(bars, (20, 20))
    return card


def _frames(held: Held) -> Iterator[bytes]:
    background = _background()
    card = barcode(held.text, held.format) if held.text is not None else None
    poses = round(held.seconds * FRAMES_PER_SECOND / FRAMES_PER_POSE)
    for pose in range(poses):
        frame = background.copy()
        if card is not None:
            _hold(frame, card, held.width, pose)
        data = io.BytesIO()
        frame.save(data, "JPEG", quality=70)
        yield from [data.getvalue()] * FRAMES_PER_POSE


def _hold(frame: Image.Image, card: Image.Image, share: float, pose: int) -> None:
    """Paste a card turned and moved a little, differently in every pose, as a hand does."""
    width = round(WIDTH * share)
    scaled = card.resize((width, round(card.height * width / card.width)), Image.Resampling.LANCZOS)
    degrees = 5 * math.sin(pose * 0.7)
    mask = Image.new("L", scaled.size, 255).rotate(degrees, Image.Resampling.BICUBIC, expand=True)
    turned = scaled.rotate(degrees, Image.Resampling.BICUBIC, expand=True)
    left = (WIDTH - turned.width) // 2 + round(24 * math.sin(pose * 0.9))
    top = (HEIGHT - turned.height) // 2 + round(18 * math.cos(pose * 0.6))
    frame.paste(turned.convert("RGB"), (left, top), mask)


def _background() -> Image.Image:
    """Draw a table of brown boards with grain, the same in every clip."""
    size = (WIDTH // 4, HEIGHT // 4)
    grain = Image.frombytes("L", size, random.Random(4).randbytes(size[0] * size[1]))
    board = ImageOps.colorize(grain, (114, 86, 60), (138, 110, 84))
    picture = board.resize((WIDTH, HEIGHT), Image.Resampling.BILINEAR)
    draw = ImageDraw.Draw(picture)
    for top in range(0, HEIGHT, 120):
        draw.line((0, top, WIDTH, top), fill=(70, 52, 38), width=3)
    return picture
