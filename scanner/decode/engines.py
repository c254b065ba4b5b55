"""The two engines: zxing-cpp, always there, and ZBar, a second opinion where its library is installed."""

import importlib
from collections.abc import Callable, Collection, Iterator
from functools import lru_cache
from typing import Any, Protocol

import zxingcpp
from PIL import Image

from pickmesh.scanner.codes import gtin, wedge
from pickmesh.scanner.decode.barcode import Reading

ZXING = "zxing-cpp"
ZBAR = "zbar"
ZBAR_MISSING = (
    "ZBar's library is not installed: barcodes in pictures are read by zxing-cpp alone;"
    " `apt install libzbar0` adds a second opinion."
)
_FORMATS = "EAN13,EAN8,UPCA,UPCE,Code128,Code39,Code93,Codabar,ITF,DataBar,QRCode,MicroQRCode,DataMatrix,PDF417,Aztec"
"""Names, not zxing-cpp's own objects: those would still live when Python ends, and be complained about."""
_ZBAR_NAMES = {
    "EAN13": ("EAN-13", "]E0"),
    "EAN8": ("EAN-8", "]E4"),
    "UPCE": ("UPC-E", "]E0"),
    "CODE128": ("Code 128", "]C0"),
    "CODE39": ("Code 39", "]A0"),
    "I25": ("ITF", "]I0"),
    "QRCODE": ("QR Code", "]Q1"),
}
_QUALITY_MIN = 2
_LENGTH_MIN = {"Code 39": 3, "ITF": 6}
"""ZBar finds shorter ones, and any of quality 1, in pictures that hold no code."""


class Engine(Protocol):
    """Reads all barcodes of a grey picture."""

    name: str

    def read(self, picture: Image.Image, *, coarse: bool = False) -> list[Reading]:
        """Return what it read; `coarse` takes one threshold for the whole picture, where the engine can."""
        ...


class Zxing:
    """zxing-cpp with the formats of a warehouse."""

    name = ZXING

    def read(self, picture: Image.Image, *, coarse: bool = False) -> list[Reading]:
        """Return what zxing-cpp reads."""
        binarizer = zxingcpp.Binarizer.GlobalHistogram if coarse else zxingcpp.Binarizer.LocalAverage
        formats = zxingcpp.barcode_formats_from_str(_FORMATS)
        found = zxingcpp.read_barcodes(picture, formats=formats, text_mode=zxingcpp.TextMode.Plain, binarizer=binarizer)
        return [_of_zxing(each) for each in found if each.valid and each.text]


def _of_zxing(found: Any) -> Reading:
    place = found.position
    corners = (place.top_left, place.top_right, place.bottom_right, place.bottom_left)
    return Reading(
        text=found.text,
        data=found.bytes,
        symbology=str(found.format),
        identifier=found.symbology_identifier,
        corners=tuple((corner.x, corner.y) for corner in corners),
        engine=ZXING,
    )


class Zbar:
    """ZBar with the symbols of a warehouse, without those it makes out of nothing."""

    name = ZBAR

    def __init__(self, pyzbar: Any) -> None:
        self._decode = pyzbar.decode
        self._symbols = [pyzbar.ZBarSymbol[name] for name in _ZBAR_NAMES]

    def read(self, picture: Image.Image, *, coarse: bool = False) -> list[Reading]:
        """Return what ZBar reads; it has no coarse way."""
        return list(self._readings(self._decode(picture, symbols=self._symbols)))

    def _readings(self, found: Collection[Any]) -> Iterator[Reading]:
        for each in found:
            name, identifier = _ZBAR_NAMES[each.type]
            text = _text(each.data, name)
            weak_read = each.type != "QRCODE" and each.quality < _QUALITY_MIN  # ZBar rates every QR code 1
            if not text or weak_read or len(text) < _LENGTH_MIN.get(name, 1):
                continue
            yield Reading(
                text=text,
                data=each.data,
                symbology=name,
                identifier=_identifier(identifier, text),
                corners=_corners([(point.x, point.y) for point in each.polygon]),
                engine=ZBAR,
                quality=None if name == "QR Code" else each.quality,
            )


def _text(data: bytes, symbology: str) -> str:
    text = data.decode("utf-8", errors="replace")
    full = gtin.expand_upc_e(text) if symbology == "UPC-E" else None
    return full.zfill(13) if full else text


def _identifier(identifier: str, text: str) -> str:
    """Say what ZBar does not: separators are only in GS1-128, and whether an ITF checks."""
    if identifier in {"]C0", "]Q1"} and wedge.GROUP_SEPARATOR in text:
        return {"]C0": "]C1", "]Q1": "]Q3"}[identifier]
    return "]I1" if identifier == "]I0" and gtin.normalise(text) else identifier


def _corners(hull: list[tuple[int, int]]) -> tuple[tuple[float, float], ...]:
    """Return the four outermost of a hull's points: ZBar tells where it crossed the bars, not the symbol's corners."""
    return (
        min(hull, key=lambda point: point[0] + point[1]),
        max(hull, key=lambda point: point[0] - point[1]),
        max(hull, key=lambda point: point[0] + point[1]),
        min(hull, key=lambda point: point[0] - point[1]),
    )


def load_zbar(importer: Callable[[str], Any] = importlib.import_module) -> Zbar | None:
    """Return ZBar when pyzbar and the library it wraps can be loaded, else None."""
    try:
        return Zbar(importer("pyzbar.pyzbar"))
    except (ImportError, OSError):
        return None


@lru_cache(maxsize=1)
def zbar() -> Zbar | None:
    """Return this process's ZBar; None where it is not installed."""
    return load_zbar()


def zbar_absence() -> str | None:
    """Say in one sentence that ZBar is not there and what adds it; None when it is."""
    return None if zbar() else ZBAR_MISSING


@lru_cache(maxsize=1)
def zxing() -> Zxing:
    """Return this process's zxing-cpp."""
    return Zxing()
