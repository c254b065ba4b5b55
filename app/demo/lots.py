"""Lots and their dates of expiry."""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from pickmesh.app.demo.catalog import Sku

NEAR_EXPIRY_SHARE = 0.06


@dataclass(frozen=True, slots=True)
class Lot:
    """A lot as the stock file tells it; empty for what is not tracked by lot."""

    code: str = ""
    expires_on: date | None = None


def lots_of(sku: Sku, random: Random, today: date) -> tuple[Lot, Lot]:
    """Return an older and a newer lot of an article, neither expired; a few of the older ones are near it."""
    if sku.tracking == "lot":
        return _lot(today, random.randrange(120, 300), 0, "A"), _lot(today, random.randrange(10, 100), 0, "B")
    if sku.tracking != "expiry":
        return Lot(), Lot()
    near = random.random() < NEAR_EXPIRY_SHARE
    age = sku.shelf_days - random.randrange(12, 40) if near else int(sku.shelf_days * random.uniform(0.3, 0.6))
    newer_age = int(sku.shelf_days * random.uniform(0.05, 0.25))
    return _lot(today, age, sku.shelf_days, "A"), _lot(today, newer_age, sku.shelf_days, "B")


def expired_lot(sku: Sku, random: Random, today: date) -> Lot:
    """Return a lot of an article that ran out in the last weeks."""
    return _lot(today, sku.shelf_days + random.randrange(3, 30), sku.shelf_days, "X")


def _lot(today: date, age_days: int, shelf_days: int, shift: str) -> Lot:
    produced = today - timedelta(days=age_days)
    return Lot(f"{produced:%Y%m%d}{shift}", produced + timedelta(days=shelf_days) if shelf_days else None)
