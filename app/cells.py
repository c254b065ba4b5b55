"""Cells of a row as values: what cannot be read is remembered with its column and the remedy, and the row goes on."""

import re
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from enum import StrEnum
from typing import TypeVar

from pickmesh.app.files import EXACT_DIGITS_MAX, TableRow
from pickmesh.core.kit import money

Choice = TypeVar("Choice", bound=StrEnum)
TEXT_LENGTH_MAX = 500
CODE_LENGTH_MAX = 100
INTEGER_MAX = 1_000_000_000
PIECES_MAX = 1_000_000
_LOST_DIGITS = re.compile(r"\d(?:[.,]\d+)?E\+\d+", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one cell, or with the row when no column is named."""

    row: int
    column: str
    message: str
    code: str = "BAD_CELL"


class Cells:
    """One row being read; `problems` is what was wrong with it so far."""

    def __init__(self, row: TableRow) -> None:
        self.number = row.number
        self._cells = row.cells
        self.problems: list[Problem] = []

    def refuse(self, column: str, message: str) -> None:
        """Remember what is wrong with a cell."""
        self.problems.append(Problem(self.number, column, message))

    def text(self, column: str, *, required: bool = False, length_max: int = TEXT_LENGTH_MAX) -> str:
        """Return a cell's text, empty when there is none."""
        value = self._cells.get(column, "")
        if required and not value:
            self.refuse(column, f"{column} is empty; fill it in.")
        elif len(value) > length_max:
            self.refuse(column, f"{column} has {len(value)} characters and the limit is {length_max}; shorten it.")
        elif _CONTROL.search(value):
            self.refuse(column, f"{column} holds control characters; type the cell again.")
        return value

    def code(self, column: str, *, required: bool = True) -> str:
        """Return a code or number that must have come through whole; spreadsheets like to round long ones."""
        return self.whole(column, self.text(column, required=required, length_max=CODE_LENGTH_MAX))

    def whole(self, column: str, value: str) -> str:
        """Return a code out of a cell, remembering when a spreadsheet has rounded it."""
        if _LOST_DIGITS.fullmatch(value):
            self.refuse(
                column,
                f"{column} “{value}” lost digits in a spreadsheet, which keeps {EXACT_DIGITS_MAX};"
                " format the column as text and paste the code again.",
            )
        return value

    def has(self, column: str) -> bool:
        """Tell whether the file has a column at all."""
        return column in self._cells

    def integer(
        self, column: str, *, minimum: int, maximum: int = INTEGER_MAX, default: int | None = None
    ) -> int | None:
        """Return a whole number within bounds; an empty cell gives the default, or is refused without one."""
        value = self.text(column)
        if not value:
            if default is None:
                self.refuse(column, f"{column} is empty; write a whole number of {minimum} or more.")
            return default
        try:
            number = int(value) if value.isascii() else None
        except ValueError:
            number = None
        if number is None or "_" in value:
            self.refuse(column, f"{column} “{value}” is not a whole number; write digits only, such as 12.")
        elif not minimum <= number <= maximum:
            self.refuse(column, f"{column} {number} is out of bounds; it must be between {minimum} and {maximum}.")
        else:
            return number
        return default

    def measure(self, column: str, *, minimum: int = 1) -> int | None:
        """Return a weight, length or position, None when the cell is empty."""
        return self.integer(column, minimum=minimum) if self._cells.get(column) else None

    def price(self, column: str, *, required: bool = False) -> int:
        """Return a price in millionths of the major unit, 0 when the cell is empty."""
        return self._money(column, required, None)

    def amount(self, column: str, currency: str) -> int:
        """Return an amount in minor units of a currency, 0 when the cell is empty."""
        return self._money(column, False, currency)

    def _money(self, column: str, required: bool, currency: str | None) -> int:
        value = self.text(column, required=required)
        if not value:
            return 0
        try:
            return money.parse_price(value) if currency is None else money.parse_amount(value, currency)
        except ValueError as error:
            self.refuse(column, f"{column}: {error}.")
            return 0

    def currency(self, column: str, default: str) -> str:
        """Return an ISO 4217 code."""
        value = self.text(column) or default
        if not re.fullmatch(r"[A-Z]{3}", value):
            self.refuse(column, f"{column} “{value}” is not a currency; write three capital letters, such as CNY.")
            return default
        return value

    def choice(self, column: str, choices: type[Choice], default: Choice | None = None) -> Choice | None:
        """Return one of the choices, in any case; an empty cell gives the default, or is refused without one."""
        value = self.text(column).upper()
        if not value and default is not None:
            return default
        try:
            return choices(value)
        except ValueError:
            listed = ", ".join(choice.value for choice in choices)
            self.refuse(column, f"{column} “{self.text(column)}” is not known; write one of {listed}.")
            return default

    def moment(self, column: str, zone: tzinfo, *, required: bool = False) -> datetime | None:
        """Return a time as an aware datetime; one without a zone is read in the merchant's."""
        value = self.text(column, required=required)
        if not value:
            return None
        try:
            moment = datetime.fromisoformat(value.replace("/", "-"))
        except ValueError:
            self.refuse(column, f"{column} “{value}” is not a time; write it as 2026-11-24 09:30:00.")
            return None
        return moment if moment.tzinfo else moment.replace(tzinfo=zone)

    def day(self, column: str) -> date | None:
        """Return a day, None when the cell is empty."""
        value = self.text(column)
        if not value:
            return None
        try:
            return date.fromisoformat(value.replace("/", "-"))
        except ValueError:
            self.refuse(column, f"{column} “{value}” is not a day; write it as 2026-11-24.")
            return None

    def pieces(self, column: str, text: str) -> int:
        """Return how many pieces stand behind a `*` in a list, 1 when nothing does."""
        if text and not (text.isascii() and text.isdecimal() and 1 <= int(text) <= PIECES_MAX):
            self.refuse(column, f"{column}: “{text}” is not a number of pieces; write code*12.")
            return 1
        return int(text or 1)

    def pairs(self, column: str, separator: str) -> list[tuple[str, str]]:
        """Return a list such as `A*2;B` as pairs of what stands before and after the separator ("" after none)."""
        parts = (part.strip() for part in self.text(column, length_max=10 * TEXT_LENGTH_MAX).split(";"))
        split = (part.partition(separator) for part in parts if part)
        return [(before.strip(), after.strip()) for before, _, after in split]
