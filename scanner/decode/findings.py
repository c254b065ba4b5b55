"""What several attempts at one picture found together: the same symbol once, contradictions marked."""

from collections.abc import Collection
from dataclasses import dataclass

from PIL import Image

from pickmesh.scanner.decode import doubts
from pickmesh.scanner.decode.barcode import Barcode, Corners, Reading


@dataclass(slots=True)
class _Found:
    reading: Reading
    corners: Corners
    expected: bool
    doubtful: bool
    contested: bool = False

    @property
    def is_sure(self) -> bool:
        return self.expected or not (self.doubtful or self.contested)


class Findings:
    """Readings of one picture, gathered attempt by attempt."""

    def __init__(self, expected: Collection[str]) -> None:
        self.expected = expected
        self._found: list[_Found] = []

    @property
    def has_expected(self) -> bool:
        """Whether one of those expected was read."""
        return any(each.expected for each in self._found)

    @property
    def has_sure(self) -> bool:
        """Whether something was read beyond doubt."""
        return any(each.is_sure for each in self._found)

    def add(self, reading: Reading, picture: Image.Image, corners: Corners, *, late: bool) -> None:
        """Take a reading in; another one of the same symbol takes a doubt away, a different one of the place adds it.

        `picture` is the version it was read in, `corners` are in pixels of the picture as it came.
        """
        new = _Found(
            reading,
            corners,
            expected=doubts.is_expected(reading, self.expected),
            doubtful=doubts.is_doubtful(reading, picture, expected=self.expected, late=late),
        )
        here = [each for each in self._found if _same_place(each.corners, corners)]
        same = next((each for each in here if _same_code(each.reading, reading)), None)
        if same is not None:
            same.doubtful = same.doubtful and new.doubtful
            return
        for rival in here:
            if rival.reading.is_linear and reading.is_linear:
                rival.contested = new.contested = True
        self._found.append(new)

    def open_trade_places(self) -> list[Corners]:
        """Return where trade numbers were read that are not expected."""
        return [each.corners for each in self._found if each.reading.is_trade_number and not each.expected]

    def barcodes(self) -> list[Barcode]:
        """Return what was found, the expected first, then the sure, then the doubtful.

        One symbol holds one code: where something sure lies, a doubtful reading of the same place is left out.
        """
        sure = [each for each in self._found if each.is_sure]
        told = [
            each
            for each in self._found
            if each.is_sure or not any(_same_place(each.corners, other.corners) for other in sure)
        ]
        ranked = sorted(told, key=lambda each: (not each.expected, not each.is_sure))
        return [_barcode(each) for each in ranked]


def _barcode(found: _Found) -> Barcode:
    return Barcode(
        text=found.reading.text,
        data=found.reading.data,
        symbology=found.reading.symbology,
        identifier=found.reading.identifier,
        position=found.corners,
        engine=found.reading.engine,
        doubtful=not found.is_sure,
    )


def _same_code(one: Reading, other: Reading) -> bool:
    """Tell whether two readings say the same; engines differ in what they call it."""
    return one.text == other.text or one.data == other.data


def _same_place(one: Corners, other: Corners) -> bool:
    """Tell whether one's centre lies within the other's box: ZBar tells only where it crossed the bars."""
    return _holds(one, _centre(other)) or _holds(other, _centre(one))


def _centre(corners: Corners) -> tuple[float, float]:
    return sum(x for x, _ in corners) / 4, sum(y for _, y in corners) / 4


def _holds(corners: Corners, point: tuple[float, float]) -> bool:
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    slack = max(max(xs) - min(xs), max(ys) - min(ys)) * 0.1 + 2
    inside_x = min(xs) - slack <= point[0] <= max(xs) + slack
    return inside_x and min(ys) - slack <= point[1] <= max(ys) + slack
