"""Rows of the demo's files: what stands under which header."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from pickmesh.app.demo.catalog import Sku
from pickmesh.app.demo.orders import Order
from pickmesh.app.demo.places import Place
from pickmesh.app.demo.stock import StockRow
from pickmesh.app.demo.world import CURRENCY, TIME_ZONE, Warehouse


def _columns(text: str) -> tuple[str, ...]:
    return tuple(text.split(","))


PLACES_HEADER = _columns("warehouse,warehouse_name,time_zone,place,kind,role,pool,zone,walk_sequence,x_mm,y_mm")
CATALOG_HEADER = _columns(
    "sku,product,name_zh,name_en,option_zh,option_en,barcodes,weight_g,length_mm,width_mm,height_mm,"
    "price,cost,currency,tracking,components,shop_codes"
)
STOCK_HEADER = _columns("warehouse,place,sku,quantity,lot,expires_on,serial")
ORDERS_HEADER = _columns(
    "shop,order,line,ordered_at,paid_at,sku,quantity,unit_price,currency,payment,freight,recipient,phone,"
    "country,province,city,district,street,postcode,ship_by,remark,seller_flag"
)

Cell = str | int | None
Row = list[Cell]


def place_rows(warehouse: Warehouse, places: Sequence[Place]) -> Iterator[Row]:
    """Give the rows of places.csv."""
    for place in places:
        yield [
            warehouse.code,
            warehouse.name_zh,
            TIME_ZONE,
            place.code,
            place.kind,
            place.role,
            place.pool,
            place.zone,
            place.walk_sequence,
            place.x_mm,
            place.y_mm,
        ]


def catalog_rows(skus: Sequence[Sku]) -> Iterator[Row]:
    """Give the rows of catalog.csv."""
    for sku in skus:
        yield [
            sku.sku,
            sku.product,
            sku.name_zh,
            sku.name_en,
            sku.option_zh,
            sku.option_en,
            ";".join(_counted(barcode, pieces) for barcode, pieces in sku.barcodes),
            sku.weight_g,
            *sku.size_mm,
            _yuan(sku.price_fen),
            _fine_yuan(sku.cost_per_10k),
            CURRENCY,
            sku.tracking,
            ";".join(f"{component}*{pieces}" for component, pieces in sku.components),
            ";".join(f"{shop}:{code}" for shop, code in sku.shop_codes.items()),
        ]


def stock_rows(warehouse: Warehouse, stock: Sequence[StockRow]) -> Iterator[Row]:
    """Give the rows of stock.csv."""
    for row in stock:
        expires_on = row.expires_on.isoformat() if row.expires_on else ""
        yield [warehouse.code, row.place.code, row.sku.sku, row.quantity, row.lot, expires_on, row.serial]


def order_rows(orders: Sequence[Order]) -> Iterator[Row]:
    """Give the rows of orders.csv or orders.xlsx: one per line, the order's own columns repeated on each."""
    for order in orders:
        district = order.buyer.district
        for number, line in enumerate(order.lines, 1):
            yield [
                order.shop.code,
                order.number,
                str(number),
                _moment(order.ordered_at),
                _moment(order.paid_at),
                line.sku.shop_codes[order.shop.code],
                line.quantity,
                _yuan(line.unit_price_fen),
                CURRENCY,
                order.payment,
                _yuan(order.freight_fen),
                order.buyer.name,
                order.buyer.phone,
                "CN",
                district.province,
                district.city,
                district.name,
                order.buyer.street,
                district.postcode,
                _moment(order.ship_by),
                order.remark,
                order.seller_flag,
            ]


def _counted(barcode: str, pieces: int) -> str:
    return barcode if pieces == 1 else f"{barcode}*{pieces}"


def _moment(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"


def _fine_yuan(per_10k: int) -> str:
    """Write a cost with two decimals, or as many as it needs."""
    if per_10k % 100 == 0:
        return _yuan(per_10k // 100)
    return f"{per_10k // 10_000}.{per_10k % 10_000:04d}".rstrip("0")
