"""Rules of cartons: which is the smallest that takes some goods, and how goods that fit none are divided.

A carton takes goods when every piece goes in by one of its six rotations, when they are not too heavy, and when they
stack: alike pieces in rows, layers and columns, different ones by volume with room left for air and padding.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import permutations
from uuid import UUID

FILL_PERCENT = 85
"""So much of a carton different pieces may take up together: people pack by hand, and nothing tiles a box."""


@dataclass(frozen=True, slots=True)
class Box:
    """A carton by its inner measures; `max_weight_g` None carries anything."""

    id: UUID
    length_mm: int
    width_mm: int
    height_mm: int
    tare_g: int = 0
    max_weight_g: int | None = None
    cost_micros: int = 0

    @property
    def sides(self) -> tuple[int, int, int]:
        """Its inner sides in mm, the longest first."""
        return _sorted(self.length_mm, self.width_mm, self.height_mm)

    @property
    def volume(self) -> int:
        """Its inside in cubic mm."""
        return self.length_mm * self.width_mm * self.height_mm


@dataclass(frozen=True, slots=True)
class Piece:
    """Pieces of one SKU; what is not known of it is None."""

    sku_id: UUID
    quantity: int
    length_mm: int | None = None
    width_mm: int | None = None
    height_mm: int | None = None
    weight_g: int | None = None

    @property
    def sides(self) -> tuple[int, int, int] | None:
        """The sides of one piece in mm, the longest first; None unless all are known."""
        if not (self.length_mm and self.width_mm and self.height_mm):
            return None
        return _sorted(self.length_mm, self.width_mm, self.height_mm)

    @property
    def volume(self) -> int:
        """The volume of one piece in cubic mm; 0 when it is not known."""
        sides = self.sides
        return sides[0] * sides[1] * sides[2] if sides else 0


@dataclass(frozen=True, slots=True)
class Part:
    """A carton and the pieces by SKU that go into it."""

    carton_id: UUID
    pieces: Mapping[UUID, int]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What to pack in: one part when one carton takes all, several when it must be divided, none when nothing helps.

    `unmeasured` are SKUs whose measures nobody has told; `too_big` are those a single piece of which fits no carton.
    """

    parts: Sequence[Part] = ()
    unmeasured: Sequence[UUID] = ()
    too_big: Sequence[UUID] = ()

    @property
    def carton_id(self) -> UUID | None:
        """The one carton that takes everything, if there is one."""
        return self.parts[0].carton_id if len(self.parts) == 1 else None


@dataclass(slots=True)
class _Open:
    """A carton that is being filled."""

    box: Box
    pieces: dict[UUID, Piece] = field(default_factory=dict)

    def room_for(self, piece: Piece) -> int:
        """Return how many of these still go in beside what is there."""
        least, most = 0, piece.quantity
        while least < most:
            middle = (least + most + 1) // 2
            least, most = (middle, most) if fits(self.box, self._with(piece, middle)) else (least, middle - 1)
        return least

    def put(self, piece: Piece, quantity: int) -> None:
        """Put so many in."""
        self.pieces[piece.sku_id] = _of(piece, quantity)

    def _with(self, piece: Piece, quantity: int) -> list[Piece]:
        return [*self.pieces.values(), _of(piece, quantity)]


def suggest(boxes: Iterable[Box], content: Sequence[Piece]) -> Suggestion:
    """Return the smallest carton for some goods, or how they go into several; of equal ones the cheapest.

    Without content or cartons, and while a measure is not known, there is no part.
    """
    ordered = sorted(boxes, key=lambda box: (box.volume, box.sides, box.cost_micros, box.id))
    pieces = [piece for piece in content if piece.quantity > 0]
    unmeasured = [piece.sku_id for piece in pieces if piece.sides is None]
    if not ordered or not pieces or unmeasured:
        return Suggestion(unmeasured=unmeasured)
    smallest = _smallest(ordered, pieces)
    if smallest is not None:
        return Suggestion([Part(smallest.id, {piece.sku_id: piece.quantity for piece in pieces})])
    too_big = [piece.sku_id for piece in pieces if _smallest(ordered, [_of(piece, 1)]) is None]
    return Suggestion(too_big=too_big) if too_big else Suggestion(_divided(ordered, pieces))


def fits(box: Box, content: Sequence[Piece]) -> bool:
    """Tell whether a carton takes all of these; a weight nobody knows counts as none."""
    weight = sum((piece.weight_g or 0) * piece.quantity for piece in content)
    if box.max_weight_g is not None and weight > box.max_weight_g:
        return False
    if not all(_goes_in(box, piece) for piece in content):
        return False
    if len(content) == 1:
        return stacked(box, content[0]) >= content[0].quantity
    return sum(piece.volume * piece.quantity for piece in content) * 100 <= box.volume * FILL_PERCENT


def stacked(box: Box, piece: Piece) -> int:
    """Return how many alike pieces lie in a carton in rows, layers and columns, turned the best way."""
    sides = piece.sides
    if sides is None:
        return 0
    return max((box.length_mm // x) * (box.width_mm // y) * (box.height_mm // z) for x, y, z in permutations(sides))


def _goes_in(box: Box, piece: Piece) -> bool:
    sides = piece.sides
    return sides is not None and all(side <= inner for side, inner in zip(sides, box.sides, strict=True))


def _smallest(ordered: Sequence[Box], content: Sequence[Piece]) -> Box | None:
    return next((box for box in ordered if fits(box, content)), None)


def _divided(ordered: Sequence[Box], content: Sequence[Piece]) -> list[Part]:
    """Fill the biggest carton that takes a piece, the bulkiest goods first, then shrink each to what it holds."""
    filled: list[_Open] = []
    for piece in sorted(content, key=lambda each: (-each.volume, each.sku_id)):
        left = piece.quantity
        for open_box in filled:
            left -= _pour(open_box, piece, left)
        while left:
            biggest = next(box for box in reversed(ordered) if fits(box, [_of(piece, 1)]))
            filled.append(_Open(biggest))
            left -= _pour(filled[-1], piece, left)
    return [_shrunk(ordered, each) for each in filled]


def _pour(open_box: _Open, piece: Piece, left: int) -> int:
    quantity = open_box.room_for(_of(piece, left)) if left else 0
    if quantity:
        open_box.put(piece, quantity)
    return quantity


def _shrunk(ordered: Sequence[Box], filled: _Open) -> Part:
    content = list(filled.pieces.values())
    box = _smallest(ordered, content) or filled.box
    return Part(box.id, {piece.sku_id: piece.quantity for piece in content})


def _of(piece: Piece, quantity: int) -> Piece:
    return Piece(piece.sku_id, quantity, piece.length_mm, piece.width_mm, piece.height_mm, piece.weight_g)


def _sorted(one: int, two: int, three: int) -> tuple[int, int, int]:
    first, second, third = sorted((one, two, three), reverse=True)
    return first, second, third
