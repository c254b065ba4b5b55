"""The label that pairs a person's phone: a QR of a link, whose it is, until when it is good. Its link is a secret."""

from dataclasses import dataclass, field

from pickmesh.scanner.labels import bars, fonts, sheet
from pickmesh.scanner.labels.sheet import Element, Sheet, Type

WIDTH_MM, HEIGHT_MM = 60, 40
LINK_LENGTH_MAX = 200

_MARGIN = 2.0
_SIZES = (5.5, 4.8, 4.2, 3.6, 3.0, 2.5, 2.0)


@dataclass(frozen=True, slots=True)
class PairingLabel:
    """What stands on a pairing label. Raises ValueError for a link that is not 1 to 200 printable ASCII characters."""

    link: str = field(repr=False)
    name: str
    valid_until: str  # as it is printed, 2026-11-24 18:00

    def __post_init__(self) -> None:
        if not bars.fits_bars(self.link) or len(self.link) > LINK_LENGTH_MAX:
            raise ValueError(f"A pairing link is 1 to {LINK_LENGTH_MAX} printable ASCII characters.")


def lay_out(label: PairingLabel, *, width: float = WIDTH_MM, height: float = HEIGHT_MM) -> Sheet:
    """Set the QR left, the words right of it."""
    square = sheet.square_in(label.link, x=0, y=0, side=min(height, width * 0.65))
    left = square.x + square.size + max(square.quiet, 2)
    room = width - left - _MARGIN
    name, size = fonts.wrapped(
        [fonts.printable(label.name)],
        width=room / (1 + fonts.BOLD_STROKE),
        height=height * 0.4,
        sizes=_sizes(fonts.printable(label.name), width=room / (1 + fonts.BOLD_STROKE)),
        leading=1.2,
    )
    elements: list[Element] = [square, *sheet.paragraph(name, x=left, top=_MARGIN, size=size, leading=1.2, bold=True)]
    words = ("手机扫码登录", "Scan to sign in", "有效期至 Valid until", *label.valid_until.split())
    step = min(3.6, height * 0.09)
    for place, word in enumerate(reversed(words)):
        shown, word_size = fonts.fitted(fonts.printable(word), width=room, size=step * 0.8, smallest=1.4)
        elements.append(Type(left, height - _MARGIN - 0.6 - place * step, word_size, shown))
    return Sheet(width, height, tuple(elements))


def _sizes(name: str, *, width: float) -> tuple[float, ...]:
    """Return the type sizes at which every word of a name fits a line; all of them when a word never does."""
    whole = tuple(size for size in _SIZES if all(fonts.width_mm(word, size) <= width for word in name.split()))
    return whole or _SIZES
