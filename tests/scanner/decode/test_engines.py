"""Two engines, one way to speak; and what remains where ZBar's library is missing."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from pickmesh.bench import pictures
from pickmesh.scanner.decode import engines
from pickmesh.scanner.decode.barcode import Reading

EAN = "6957764102201"
needs_zbar = pytest.mark.skipif(engines.zbar() is None, reason="libzbar0 is not installed here")

WITHOUT_LIBRARY = """
import ctypes.util
ctypes.util.find_library = lambda name: None
"""
READ = """
from pickmesh.bench import pictures
from pickmesh.scanner.decode import cascade, engines
print(engines.zbar_absence())
for name, (text, form) in pictures.SYMBOLS.items():
    (found,) = cascade.decode_opened(pictures.shaded(pictures.scene(pictures.symbol(text, form)), 0.4))
    print(found.symbology, found.engine)
"""


def test_without_zbars_library_everything_is_read_by_zxing_and_said_so(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(WITHOUT_LIBRARY)
    told = subprocess.run(
        [sys.executable, "-c", READ],
        env={"PYTHONPATH": str(tmp_path), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert told[0] == engines.ZBAR_MISSING
    assert len(told) == 1 + len(pictures.SYMBOLS)
    assert {line.rpartition(" ")[2] for line in told[1:]} == {"zxing-cpp"}


@pytest.mark.parametrize("error", [ImportError("no pyzbar"), OSError("libzbar.so.0: wrong ELF class")])
def test_a_library_that_cannot_be_loaded_is_a_missing_one(error: Exception) -> None:
    def importer(name: str) -> Any:
        raise error

    assert engines.load_zbar(importer) is None


@needs_zbar
@pytest.mark.parametrize("name", [name for name in pictures.SYMBOLS if name != "Data Matrix"])
def test_both_engines_call_a_symbol_the_same(name: str) -> None:
    text, form = pictures.SYMBOLS[name]
    picture = pictures.scene(pictures.symbol(text, form))
    said = [_said(engine, picture) for engine in (engines.zxing(), engines.zbar())]
    assert said[0] == said[1]


def _said(engine: engines.Engine | None, picture: Image.Image) -> tuple[str, str, str]:
    assert engine is not None
    (found,) = engine.read(picture)
    assert isinstance(found, Reading)
    return found.text, found.symbology, found.identifier


@needs_zbar
def test_both_engines_expand_a_upc_e() -> None:
    picture = pictures.scene(pictures.symbol("01234565", "UPCE"))
    assert _said(engines.zxing(), picture) == _said(engines.zbar(), picture) == ("0012345000065", "UPC-E", "]E0")


@needs_zbar
def test_zbar_tells_gs1_by_its_separators() -> None:
    drawn = pictures.symbol("(01)09506000134352(10)ABC123(17)271231", "Code128", gs1=True)
    assert _said(engines.zbar(), pictures.scene(drawn))[2] == "]C1"


@needs_zbar
def test_what_zbar_makes_out_of_nothing_is_dropped() -> None:
    zbar = engines.zbar()
    assert zbar is not None
    short = pictures.scene(pictures.symbol("AB", "Code39"))
    assert [each.text for each in engines.zxing().read(short)] == ["AB"]
    assert zbar.read(short) == []
