"""Tables that people send: CSV in UTF-8 or GB18030, or the first sheet of an Excel workbook, read row by row.

A file is looked over before anything is done with it: its size, its encoding, its header, every line's quoting. What is
wrong with the file as a whole refuses the whole file; what is wrong with one row is for the importer to say.
"""

import codecs
import csv
import difflib
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import openpyxl

from pickmesh.core.kit.refusals import Refusal

CELL_LENGTH_MAX = 32_767
"""Longest cell, Excel's own limit."""
UNPACKED_TIMES_MAX = 20
"""How many times the size limit a workbook may unpack to."""
EXACT_DIGITS_MAX = 15
"""A spreadsheet keeps no more digits of a number."""
PROBLEM = "problem"
"""A column of any file that is not read: what was wrong with a row when it was sent before."""
_CHUNK = 1 << 20
_LIKE_A_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_WORKBOOK, _OLD_WORKBOOK = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"


class FileRefused(Refusal):
    """The file cannot be read as a table."""

    code: ClassVar[str] = "FILE_REFUSED"


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns a kind of file has, in the order they are written."""

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()

    @property
    def known(self) -> tuple[str, ...]:
        """All columns, the required ones first."""
        return self.required + self.optional


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row: its number as a spreadsheet shows it (the header's is 1) and its cells by column, trimmed.

    `problem` says what is wrong with the row as such; its cells are then not to be used.
    """

    number: int
    cells: Mapping[str, str]
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a file is read."""

    bytes_max: int = 100_000_000
    rows_max: int = 1_000_000


@dataclass(frozen=True, slots=True)
class Table:
    """A file that was looked over: `rows` reads it from the start, one row at a time."""

    path: Path
    kind: str  # utf-8 | utf-8-sig | gb18030 | xlsx
    columns: tuple[str, ...]
    delimiter: str
    row_count: int
    """Rows below the header; of a workbook, as many as it says it has."""

    def rows(self) -> Iterator[TableRow]:
        """Yield the rows below the header; blank ones are left out but counted."""
        for number, record in self.records():
            yield self._row(number, record)

    def records(self) -> Iterator[tuple[int, list[str]]]:
        """Yield the same rows as they stand in the file, each with its number."""
        records = _workbook_records(self.path) if self.kind == "xlsx" else _csv_records(self)
        next(records)
        for number, record in enumerate(records, 2):
            if any(record):
                yield number, record

    def _row(self, number: int, record: Sequence[str]) -> TableRow:
        cells = _fitted(record, len(self.columns), pad=self.kind == "xlsx")
        if len(cells) != len(self.columns):
            problem = (
                f"This row has {len(cells)} cells but the header names {len(self.columns)} columns;"
                " put text that holds a comma between double quotes."
            )
            return TableRow(number, {}, problem)
        named = zip(self.columns, cells, strict=True)
        return TableRow(number, {name: unguarded(cell) for name, cell in named if name != PROBLEM})


def guarded(text: str) -> str:
    """Return a text as it is written into CSV: with an apostrophe where a spreadsheet would take it for a formula."""
    return f"'{text}" if _LIKE_A_FORMULA.match(text) else text


def unguarded(text: str) -> str:
    """Return what was written with `guarded`."""
    return text[1:] if text[:1] == "'" and _LIKE_A_FORMULA.match(text) else text


def open_table(path: Path, columns: Columns, limits: Limits) -> Table:
    """Look a file over and return it ready to be read; refuses what is no such table, naming the remedy."""
    size = _size(path)
    if size > limits.bytes_max:
        raise FileRefused(
            f"“{path.name}” has {size:,} bytes and the limit is {limits.bytes_max:,};"
            " split it into smaller files, or raise PICKMESH_FILE_BYTES_MAX."
        )
    if size == 0:
        raise FileRefused(
            f"“{path.name}” is empty; its first row must name the columns: {', '.join(columns.required)}."
        )
    table = _looked_over(path, limits)
    if table.row_count > limits.rows_max:
        raise FileRefused(
            f"“{path.name}” has {table.row_count:,} rows and the limit is {limits.rows_max:,};"
            " split it into smaller files, or raise PICKMESH_FILE_ROWS_MAX."
        )
    _check_header(table, columns)
    return table


def _size(path: Path) -> int:
    try:
        if not path.is_file():
            raise FileRefused(f"There is no file “{path}”; check the name and the folder.")
        return path.stat().st_size
    except OSError as error:
        raise FileRefused(f"“{path}” cannot be read: {error.strerror}.") from None


def _looked_over(path: Path, limits: Limits) -> Table:
    with path.open("rb") as file:
        start = file.read(4)
    if start == _WORKBOOK:
        return _workbook(path, limits)
    if path.suffix.lower() in {".xlsx", ".xlsm", ".xls"} or start == _OLD_WORKBOOK:
        raise _no_workbook(path)
    return _csv(path)


def _check_header(table: Table, columns: Columns) -> None:
    found = table.columns
    twice = sorted({name for name in found if name and found.count(name) > 1})
    missing = [name for name in columns.required if name not in found]
    unknown = [name for name in found if name not in {*columns.known, PROBLEM}]
    name = table.path.name
    if missing:
        raise FileRefused(
            f"“{name}” lacks the column{_s(missing)} {', '.join(missing)}; its first row must name:"
            f" {', '.join(columns.required)} (and may name: {', '.join(columns.optional) or 'nothing else'})."
        )
    if twice:
        raise FileRefused(f"“{name}” names the column{_s(twice)} {', '.join(twice)} more than once; keep one of each.")
    if unknown:
        raise FileRefused(
            f"“{name}” has the unknown column{_s(unknown)} {', '.join(_with_hint(each, columns) for each in unknown)};"
            f" rename or remove {'it' if len(unknown) == 1 else 'them'}. Known are: {', '.join(columns.known)}."
        )


def _s(names: Sequence[str]) -> str:
    return "" if len(names) == 1 else "s"


def _with_hint(name: str, columns: Columns) -> str:
    close = difflib.get_close_matches(name, columns.known, 1)
    return f"“{name}”" + (f" (did you mean “{close[0]}”?)" if close else "")


def _csv(path: Path) -> Table:
    kind = _encoding(path)
    with path.open(encoding=kind, newline="") as file:
        first = file.readline(CELL_LENGTH_MAX)
    delimiter = max(",;\t", key=first.count)
    table = Table(path, kind, (), delimiter, 0)
    header: tuple[str, ...] = ()
    number = 0
    try:
        for number, record in enumerate(_csv_records(table), 1):
            if number == 1:
                header = _header(record)
    except csv.Error as error:
        raise FileRefused(
            f"“{path.name}” cannot be read as CSV at row {number + 1} ({error});"
            " look for a double quote that is not closed there, or save the file again as CSV UTF-8."
        ) from None
    return Table(path, kind, header, delimiter, number - 1)


def _header(record: Sequence[str]) -> tuple[str, ...]:
    names = [name.strip().lower() for name in record]
    while names and not names[-1]:
        names.pop()
    return tuple(names)


def _encoding(path: Path) -> str:
    """Tell which encoding a whole file can be read in: UTF-8 first, since it is the one that says no to others."""
    with path.open("rb") as file:
        start = file.read(3)
    if start[:2] in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}:
        raise FileRefused(f"“{path.name}” is written in UTF-16; save it as “CSV UTF-8” and import that.")
    candidates = ["utf-8-sig"] if start == codecs.BOM_UTF8 else ["utf-8", "gb18030"]
    for candidate in candidates:
        if _bad_byte(path, candidate) is None:
            return candidate
    raise FileRefused(
        f"“{path.name}” is neither UTF-8 nor GB18030 (byte {_bad_byte(path, candidates[0])} is not UTF-8);"
        " save it as “CSV UTF-8” and import that."
    )


def _bad_byte(path: Path, encoding: str) -> int | None:
    """Return where a file cannot be read in an encoding, counted in bytes from 0, or None when it can."""
    decoder = codecs.getincrementaldecoder(encoding)()
    done = 0
    with path.open("rb") as file:
        while True:
            chunk = file.read(_CHUNK)
            held = len(decoder.getstate()[0])
            try:
                decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                return done - held + error.start
            if not chunk:
                return None
            done += len(chunk)


def _csv_records(table: Table) -> Iterator[list[str]]:
    with table.path.open(encoding=table.kind, newline="") as file:
        for record in csv.reader(file, delimiter=table.delimiter, strict=True):
            yield [cell.strip() for cell in record]


def _workbook(path: Path, limits: Limits) -> Table:
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
            if unpacked <= limits.bytes_max * UNPACKED_TIMES_MAX and archive.testzip() is None:
                return _sheet_looked_over(path)
    except Exception as error:  # whatever the reader stumbles over, the person can only save the file anew
        raise _no_workbook(path) from error
    raise _no_workbook(path)


def _no_workbook(path: Path) -> FileRefused:
    return FileRefused(
        f"“{path.name}” is not an Excel workbook (.xlsx) that can be read; open it in a spreadsheet program and save it"
        " as .xlsx or as CSV UTF-8."
    )


def _sheet_looked_over(path: Path) -> Table:
    count = 0
    header: tuple[str, ...] = ()
    for count, record in enumerate(_workbook_records(path), 1):
        if count == 1:
            header = _header(record)
    return Table(path, "xlsx", header, ",", max(count - 1, 0))


def _workbook_records(path: Path) -> Iterator[list[str]]:
    book: Any = openpyxl.load_workbook(path, read_only=True, data_only=True)
    try:
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # some programs write a wrong size into the file
        for values in sheet.iter_rows(values_only=True):
            yield [_cell(value) for value in values]
    finally:
        book.close()


def _cell(value: object) -> str:
    """Write a spreadsheet's value as text; a number with more digits than a spreadsheet keeps comes with a mark."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time().isoformat() == "00:00:00" else value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int | float):
        return _number(value)
    return str(value).strip()


def _number(value: int | float) -> str:
    """Write a number without an exponent, except where digits are lost: there the exponent shows that they are."""
    if abs(value) >= 10**EXACT_DIGITS_MAX:
        return f"{value:E}"
    exact = Decimal(repr(value))
    return f"{exact:f}".rstrip("0").rstrip(".") if exact != exact.to_integral_value() else str(int(exact))


def _fitted(record: Sequence[str], width: int, *, pad: bool) -> list[str]:
    """Cut blank cells beyond the header's columns, and fill up what a workbook leaves out at a row's end."""
    cells = list(record)
    while len(cells) > width and not cells[-1]:
        cells.pop()
    return cells + [""] * (width - len(cells)) if pad else cells
