"""docs/files.md names the columns that the imports read: each one, and no other."""

import re
from pathlib import Path

import pytest

from pickmesh.app.files import Columns
from pickmesh.app.imports import catalog, orders, places, stock

PAGE = (Path(__file__).parents[2] / "docs" / "files.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("chapter", "columns"),
    [
        ("Places", places.COLUMNS),
        ("Catalogue", catalog.COLUMNS),
        ("Opening stock", stock.COLUMNS),
        ("Orders", orders.COLUMNS),
    ],
)
def test_every_column_is_described_and_the_required_ones_are_bold(chapter: str, columns: Columns) -> None:
    text = PAGE.split(f"## {chapter}\n")[1].split("\n## ")[0]
    named = re.findall(r"^\| (\**)(\w+)\** \|", text, re.MULTILINE)
    described = [(name, bool(bold)) for bold, name in named if name != "column"]
    assert described == [(name, True) for name in columns.required] + [(name, False) for name in columns.optional]
