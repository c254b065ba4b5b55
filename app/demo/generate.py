"""The whole demo in memory, from a seed: catalogues, orders, places, opening stock and people of every merchant."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from random import Random

from pickmesh.app.demo import shortage, world
from pickmesh.app.demo.barcodes import Gtins
from pickmesh.app.demo.bundles import bundle_skus
from pickmesh.app.demo.catalog import Sku, resold_skus, single_skus
from pickmesh.app.demo.orders import Order, orders_of
from pickmesh.app.demo.people import Person, staff_of
from pickmesh.app.demo.places import Place, places_of
from pickmesh.app.demo.stock import StockRow, opening_stock

RESOLD_SHARE = {"linan": 92, "beihai": 64}  # how many of each supplier's articles the reseller lists


@dataclass(frozen=True, slots=True)
class Supply:
    """Whose article a reseller's article really is."""

    supplier: str
    sku: str


@dataclass(frozen=True, slots=True)
class MerchantDemo:
    """All that is made for one merchant; `supplies` maps a reseller's SKUs to its suppliers'."""

    merchant: world.Merchant
    people: list[Person]
    skus: list[Sku]
    orders: list[Order]
    places: list[Place]
    stock: list[StockRow]
    supplies: dict[str, Supply]


def generate(*, seed: int, today: date) -> list[MerchantDemo]:
    """Make the demo; the same seed and day give the same demo, and each part draws from a stream of its own."""
    randoms = _Streams(seed)
    skus, supplies = _catalogues(randoms)
    orders = {
        merchant.code: orders_of(merchant, skus[merchant.code], randoms.stream("orders", merchant), today)
        for merchant in world.MERCHANTS
    }
    lines = _needed_of_suppliers(skus, orders, supplies)
    demos = []
    for merchant in world.MERCHANTS:
        places = places_of(merchant.warehouse) if merchant.warehouse else []
        stock: list[StockRow] = []
        if merchant.warehouse:
            needed, random = lines[merchant.code], randoms.stream("stock", merchant)
            demand, short = shortage.total_demand(needed), shortage.short_stock(needed, random)
            stock = opening_stock(skus[merchant.code], places, demand=demand, short=short, random=random, today=today)
        demos.append(
            MerchantDemo(
                merchant=merchant,
                people=staff_of(merchant, randoms.stream("people", merchant)),
                skus=skus[merchant.code],
                orders=orders[merchant.code],
                places=places,
                stock=stock,
                supplies={} if merchant.warehouse else supplies,
            )
        )
    return demos


class _Streams:
    """Independent random streams of one seed, so that a change of one part leaves the others as they were."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def stream(self, part: str, merchant: world.Merchant) -> Random:
        return Random(f"{self._seed}/{part}/{merchant.code}")


def _catalogues(randoms: _Streams) -> tuple[dict[str, list[Sku]], dict[str, Supply]]:
    skus: dict[str, list[Sku]] = {}
    gtins = Gtins(randoms.stream("barcodes", world.LINAN))
    for merchant in world.SUPPLIERS:
        random = randoms.stream("catalog", merchant)
        singles = single_skus(merchant, random, gtins)
        skus[merchant.code] = singles + bundle_skus(merchant, singles, random, gtins)
    random = randoms.stream("catalog", world.YUNDUAN)
    sources = [
        (supplier, sku)
        for supplier, wanted in RESOLD_SHARE.items()
        for sku in random.sample([sku for sku in skus[supplier] if not sku.is_bundle], wanted)
    ]
    resold = resold_skus(world.YUNDUAN, [sku for _, sku in sources], random)
    skus[world.YUNDUAN.code] = resold + bundle_skus(world.YUNDUAN, resold, random, gtins)
    return skus, {
        own.sku: Supply(supplier, source.sku) for own, (supplier, source) in zip(resold, sources, strict=True)
    }


def _needed_of_suppliers(
    skus: Mapping[str, Sequence[Sku]], orders: Mapping[str, Sequence[Order]], supplies: Mapping[str, Supply]
) -> dict[str, list[dict[str, int]]]:
    """Return, per supplier, what each order line asks of its shelves, the reseller's lines included."""
    needed: dict[str, list[dict[str, int]]] = {supplier.code: [] for supplier in world.SUPPLIERS}
    for merchant in world.MERCHANTS:
        for sku, quantity in _ordered(orders[merchant.code]):
            per_supplier: dict[str, dict[str, int]] = {}
            for component, pieces in sku.components or ((sku.sku, 1),):
                supply = supplies.get(component, Supply(merchant.code, component))
                per_supplier.setdefault(supply.supplier, {})[supply.sku] = pieces * quantity
            for supplier, pieces_by_sku in per_supplier.items():
                needed[supplier].append(pieces_by_sku)
    return needed


def _ordered(orders: Sequence[Order]) -> Iterable[tuple[Sku, int]]:
    return ((line.sku, line.quantity) for order in orders for line in order.lines)
