"""Which keys of a file stood where first, in a few bytes each: a million rows must fit."""

from array import array

_ROOM = 1 << 10
_FULL = 2 / 3
"""How much of the table may be taken before it doubles."""


class FirstRows:
    """The row at which each key was seen first: 12 bytes per place of an open hash table, keys as 64-bit hashes."""

    def __init__(self) -> None:
        self._hashes = array("q", bytes(8 * _ROOM))
        self._rows = array("I", bytes(4 * _ROOM))
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def bytes(self) -> int:
        """Return how much memory the table takes."""
        return len(self._rows) * (self._hashes.itemsize + self._rows.itemsize)

    def first(self, key: object, row: int) -> int:
        """Return the row at which a key was seen first, which is this one (from 1) when it is new."""
        hashed = hash(key) or 1
        place = self._place(hashed)
        if self._rows[place]:
            return self._rows[place]
        self._hashes[place], self._rows[place] = hashed, row
        self._count += 1
        if self._count > len(self._rows) * _FULL:
            self._double()
        return row

    def _place(self, hashed: int) -> int:
        """Return where a hash stands, or the free place where it would."""
        hashes, rows, last = self._hashes, self._rows, len(self._rows) - 1
        place = hashed & last
        while rows[place] and hashes[place] != hashed:
            place = (place + 1) & last
        return place

    def _double(self) -> None:
        hashes, rows = self._hashes, self._rows
        self._hashes = array("q", bytes(2 * len(hashes) * hashes.itemsize))
        self._rows = array("I", bytes(2 * len(rows) * rows.itemsize))
        for hashed, row in zip(hashes, rows, strict=True):
            if row:
                place = self._place(hashed)
                self._hashes[place], self._rows[place] = hashed, row
