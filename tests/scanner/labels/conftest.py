"""A printer for tests: puts the ZPL II commands our labels use on a page of dots, by the language's manual."""

import re
from collections.abc import Callable

import pytest
import zxingcpp
from PIL import Image, ImageDraw

_COMMAND = re.compile(r"\^(CI|PW|LL|LH|LS|FO|GB|GFA|BY|BC|FH|FD|FS|PQ|XA|XZ)([^^]*)")
_COUNTS = {chr(ord("G") + n): n + 1 for n in range(19)} | {chr(ord("g") + n): 20 * (n + 1) for n in range(20)}


class Page:
    """What a label's commands print: the picture and the data of its barcodes."""

    def __init__(self, zpl: bytes) -> None:
        text = zpl.decode()
        commands = _COMMAND.findall(text)
        assert "".join(f"^{name}{rest}" for name, rest in commands) == text, "a command this printer does not know"
        assert commands[0][0] == "XA"
        assert ("CI", "28\n") in commands
        self._at, self._module, self._height, self._escape = (0, 0), 2, 0, ""
        self.barcodes: list[str] = []
        width, height = (int(next(rest for name, rest in commands if name == key)) for key in ("PW", "LL"))
        self.picture = Image.new("L", (width, height), 255)
        for name, rest in commands:
            getattr(self, f"_{name.lower()}", lambda _: None)(rest.strip())

    def _fo(self, rest: str) -> None:
        x, y = rest.split(",")
        self._at = int(x), int(y)

    def _gb(self, rest: str) -> None:
        width, height, line = (int(part) for part in rest.split(","))
        x, y = self._at
        corner = (x + max(width, line) - 1, y + max(height, line) - 1)
        ImageDraw.Draw(self.picture).rectangle((self._at, corner), outline=0, width=line)

    def _gfa(self, rest: str) -> None:
        first, total, row_bytes, data = rest.removeprefix(",").split(",", 3)
        assert first == total
        bits = unpacked(data, row_bytes=int(row_bytes))
        assert len(bits) == int(total)
        raster = Image.frombytes("1", (int(row_bytes) * 8, int(total) // int(row_bytes)), bits)
        self.picture.paste(0, self._at, raster)

    def _by(self, rest: str) -> None:
        self._module = int(rest)

    def _bc(self, rest: str) -> None:
        orientation, height, line, above, check, mode = rest.split(",")
        assert (orientation, line, above, check, mode) == ("N", "N", "N", "N", "A")
        self._height = int(height)

    def _fh(self, rest: str) -> None:
        self._escape = rest

    def _fd(self, rest: str) -> None:
        data = re.sub(f"{self._escape}([0-9A-F]{{2}})", lambda found: chr(int(found[1], 16)), rest)
        self.barcodes.append(data)
        symbol = zxingcpp.create_barcode(data, zxingcpp.BarcodeFormat.Code128)
        bars = Image.fromarray(symbol.to_image(scale=1, add_quiet_zones=False))
        self.picture.paste(bars.resize((bars.width * self._module, self._height), Image.Resampling.NEAREST), self._at)


def unpacked(data: str, *, row_bytes: int) -> bytes:
    """Undo ZPL II's compression of hexadecimal rows."""
    rows: list[str] = []
    row, count = "", 0
    for character in data:
        if character == ":":
            assert row == ""
            rows.append(rows[-1])
        elif character == ",":
            rows.append(row.ljust(row_bytes * 2, "0"))
            row = ""
        elif character in _COUNTS:
            count += _COUNTS[character]
        else:
            row += character * (count or 1)
            count = 0
        if len(row) == row_bytes * 2:
            rows.append(row)
            row = ""
    assert (row, count) == ("", 0)
    return bytes.fromhex("".join(rows))


def printed(zpl: bytes) -> list[Page]:
    """Print formats one after the other, each as often as it says."""
    pages = []
    for part in zpl.decode().split("^XA")[1:]:
        copies = re.search(r"\^PQ([0-9]+)", part)
        assert copies is not None
        pages += [Page(("^XA" + part).encode())] * int(copies[1])
    return pages


@pytest.fixture
def print_all() -> Callable[[bytes], list[Page]]:
    return printed


@pytest.fixture
def print_zpl() -> Callable[[bytes], Page]:
    return Page


@pytest.fixture
def unpack_zpl() -> Callable[..., bytes]:
    return unpacked
