"""A code as large as a space allows: what people read from the aisle."""

import re
from collections.abc import Iterator

from pickmesh.scanner.labels import fonts, sheet
from pickmesh.scanner.labels.sheet import Type

_LINES_MAX = 3
_LINE = 0.95  # of the type size: capitals have no descenders
_LINE_LENGTH_MIN = 4  # characters; T-0007 is never two lines
_WORTH_A_LINE = 1.3
_GROUPS = re.compile(r"[^-]*-?")


def set_large(code: str, *, left: float, top: float, width: float, height: float, size_max: float) -> list[Type]:
    """Set a code of capitals in the middle of a space, on as many lines as make it largest, at most three."""
    lines, size = _largest(code, width=width, height=height, size_max=size_max)
    first = top + (height - (len(lines) - 1) * size * _LINE + size * fonts.CAP_HEIGHT) / 2
    return [
        sheet.centred(line, left=left, width=width, baseline=first + place * size * _LINE, size=size, bold=True)
        for place, line in enumerate(lines)
    ]


def _largest(code: str, *, width: float, height: float, size_max: float) -> tuple[list[str], float]:
    """Choose the breaking with the largest type; a line more must be worth it."""
    best: list[str] = []
    best_size = 0.0
    for lines in _broken(code):
        size = min(size_max, _size_of(lines, width=width, height=height))
        if not best or size > best_size * _WORTH_A_LINE:
            best, best_size = lines, size
    return best, best_size


def _size_of(lines: list[str], *, width: float, height: float) -> float:
    widest = max(fonts.width_mm(line, 1) for line in lines) + fonts.BOLD_STROKE
    return min(width / widest, 0.95 * height / (fonts.CAP_HEIGHT + (len(lines) - 1) * _LINE))


def _broken(code: str) -> Iterator[list[str]]:
    """Break a code into one, two and three lines, after hyphens where it has any, else anywhere."""
    groups = [group for group in _GROUPS.findall(code) if group]
    for count in range(1, _LINES_MAX + 1):
        parts = groups if len(groups) >= count else list(code)
        lines = _balanced(parts, count) if len(parts) >= count else []
        if lines and (count == 1 or min(map(len, lines)) >= _LINE_LENGTH_MIN):
            yield lines


def _balanced(parts: list[str], count: int) -> list[str]:
    """Join parts to a number of lines of about the same length."""
    lines, left = [], parts
    for lines_left in range(count, 1, -1):
        share, taken, length = len("".join(left)) / lines_left, 0, 0
        while taken <= len(left) - lines_left and (not taken or length + len(left[taken]) / 2 <= share):
            length += len(left[taken])
            taken += 1
        lines.append("".join(left[:taken]))
        left = left[taken:]
    return [*lines, "".join(left)]
