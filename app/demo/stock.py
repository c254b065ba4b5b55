"""Opening stock of a warehouse: how much of each article lies in which bin, with lots, expiry dates and serials."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import cycle
from random import Random

from pickmesh.app.demo.catalog import Sku
from pickmesh.app.demo.lots import Lot, expired_lot, lots_of
from pickmesh.app.demo.places import Place

BIN_MM3 = 60_000_000  # what of a pick face is really used
FACE_PIECES = (4, 60)
SERIAL_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
UNWANTED_EMPTY_SHARE = 0.03  # articles nobody ordered and nobody has
SET_ASIDE_ROWS = 8
EXPIRED_ROWS = 2


@dataclass(frozen=True, slots=True)
class StockRow:
    """Pieces of one article (and lot) in one bin; a serial stands alone, with quantity 1."""

    place: Place
    sku: Sku
    quantity: int
    lot: str = ""
    expires_on: date | None = None
    serial: str = ""


def opening_stock(
    skus: Sequence[Sku],
    places: Sequence[Place],
    *,
    demand: Counter[str],
    short: Mapping[str, int],
    random: Random,
    today: date,
) -> list[StockRow]:
    """Stock a warehouse: enough for all `demand` but the `short` articles, the most wanted nearest to the start.

    Each article has one pick face, shared when there are more articles than faces; what the face does not hold lies in
    overflow. A few pieces lie in the bins set aside for defects, returns and quarantine.
    """
    singles = [sku for sku in skus if not sku.is_bundle]
    by_demand = sorted(singles, key=lambda sku: (-demand[sku.sku], sku.sku))
    faces = cycle([place for place in places if place.is_pick_face])
    overflow = cycle([place for place in places if place.is_sellable_overflow])
    rows: list[StockRow] = []
    for sku, face in zip(by_demand, faces, strict=False):
        pieces = short[sku.sku] if sku.sku in short else _pieces(sku, demand[sku.sku], random)
        if sku.tracking == "serial":
            rows += [StockRow(face, sku, 1, serial=_serial(sku, random)) for _ in range(pieces)]
            continue
        older, newer = lots_of(sku, random, today)
        in_face = min(pieces, _face_pieces(sku))
        rows += [_row(face, sku, quantity, lot) for lot, quantity in _lots_in_face(in_face, older, newer, random)]
        if pieces > in_face:
            rows.append(_row(next(overflow), sku, pieces - in_face, newer))
    return rows + _set_aside(singles, places, random, today)


def _pieces(sku: Sku, wanted: int, random: Random) -> int:
    """Stock what is wanted and a surplus, large for what is cheap and for what sells well."""
    if not wanted and random.random() < UNWANTED_EMPTY_SHARE:
        return 0
    if sku.tracking == "serial":
        return wanted + random.randrange(4, 13)
    least, most = (24, 96) if sku.price_fen < 3000 else (10, 48) if sku.price_fen < 10000 else (3, 18)
    return wanted + wanted // 2 + random.randrange(least, most)


def _face_pieces(sku: Sku) -> int:
    length, width, height = sku.size_mm
    least, most = FACE_PIECES
    return max(least, min(most, BIN_MM3 // (length * width * height)))


def _lots_in_face(pieces: int, older: Lot, newer: Lot, random: Random) -> list[tuple[Lot, int]]:
    """Fill a pick face from the older lot, now and then with the last of it beside a newer one."""
    if not pieces:
        return []
    if older.code and pieces >= 6 and random.random() < 0.2:
        left = random.randrange(1, pieces // 2)
        return [(older, left), (newer, pieces - left)]
    return [(older, pieces)]


def _row(place: Place, sku: Sku, quantity: int, lot: Lot) -> StockRow:
    return StockRow(place, sku, quantity, lot.code, lot.expires_on)


def _serial(sku: Sku, random: Random) -> str:
    return f"{sku.product[-5:]}{''.join(random.choices(SERIAL_LETTERS, k=9))}"


def _set_aside(skus: Sequence[Sku], places: Sequence[Place], random: Random, today: date) -> list[StockRow]:
    damaged = cycle([place for place in places if place.pool in {"DEFECTIVE", "RETURNS"}])
    quarantine = cycle([place for place in places if place.pool == "QUARANTINE"])
    plain = random.sample([sku for sku in skus if not sku.tracking], SET_ASIDE_ROWS)
    perishable = random.sample([sku for sku in skus if sku.tracking == "expiry"], EXPIRED_ROWS)
    return [StockRow(next(damaged), sku, random.randrange(1, 4)) for sku in plain] + [
        _row(next(quarantine), sku, random.randrange(2, 9), expired_lot(sku, random, today)) for sku in perishable
    ]
