"""A merchant to measure with: one warehouse, eight hundred SKUs in bins, stock that does not run out."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from pickmesh.app import memory, settings
from pickmesh.core import schema
from pickmesh.core.accounts import commands as accounts
from pickmesh.core.accounts.commands import NewShop
from pickmesh.core.accounts.tables import Platform
from pickmesh.core.catalog import commands as catalog
from pickmesh.core.catalog.rules import NewBarcode, NewShopCode, NewSku
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.refusals import Refused
from pickmesh.core.kit.vault import Vault
from pickmesh.core.orders.incoming import NewLine, NewOrder
from pickmesh.core.orders.recipients import NewRecipient
from pickmesh.core.orders.tables import PaymentStatus
from pickmesh.core.stock import places, queries, receipts
from pickmesh.core.stock.places import NewPlace
from pickmesh.core.stock.receipts import Receipt

SKUS = 800
PLENTY = 1_000_000
WAREHOUSE = "WH"
SEED = 20261124
SECRET = "a benchmark keeps no secret at all"
assert schema.ROOMS  # importing it declares every table, which the walls must know


@dataclass(frozen=True, slots=True)
class World:
    """What a benchmark works with; `barcodes` are what a scanner reads on the SKU of the same index."""

    database: Database
    actor: Actor
    shop_id: UUID
    location_id: UUID
    codes: tuple[str, ...]


def open_database(url: str, *, connections: int = 20) -> Database:
    """Open a database with the vault that a serving process of the benchmark has too."""
    memory.settle()
    return Database(url, vault=Vault({settings.SECRET_KEY_ID: SECRET.encode()}), pool_size=connections)


async def build(database: Database, *, totes: int = 0) -> World:
    """Make the merchant through the same commands everybody uses."""
    code = f"bench-{new_id().hex[:20]}"
    actor = await accounts.create_merchant(
        database, code=code, name="Bench", time_zone="Asia/Shanghai", currency="CNY", locale="en"
    )
    codes = tuple(f"SKU-{index:04}" for index in range(SKUS))
    async with database.unit_of_work(actor) as uow:
        (shop_id,) = await accounts.create_shops(uow, shops=[NewShop("bench", "Bench", Platform.OTHER)])
        assert not isinstance(shop_id, Refused)
        skus = await catalog.save_products(uow, products=[new_sku(one) for one in codes])
        bins = [NewPlace(WAREHOUSE, f"A{index:04}", "BIN", role="PICK", walk_sequence=index) for index in range(SKUS)]
        boxes = [NewPlace(WAREHOUSE, f"T-{index:04}", "TOTE") for index in range(1, totes + 1)]
        saved = await places.save_places(uow, places=[*bins, *boxes, NewPlace(WAREHOUSE, "BENCH-1", "BENCH")])
        stock = [
            Receipt(place.place_id, sku.sku_id, PLENTY)
            for place, sku in zip(saved, skus, strict=False)
            if not isinstance(place, Refused) and not isinstance(sku, Refused)
        ]
        await receipts.receive_stock(uow, receipts=stock)
        location = await queries.location_by_code(uow, WAREHOUSE)
        assert location is not None
    return World(database, actor, shop_id, location.id, codes)


def new_sku(code: str) -> NewSku:
    """Return a SKU with its barcode and the shop's code for it."""
    return NewSku(
        code,
        product_code=code,
        name_zh=f"测试商品{code}",
        name_en=f"Thing {code}",
        weight_g=250,
        price_micros=19_900_000,
        barcodes=(NewBarcode(code, 1),),
        shop_codes=(NewShopCode("bench", code),),
    )


def new_orders(world: World, count: int, *, first: int = 0) -> list[NewOrder]:
    """Return orders of 1.6 lines on average, like a shop's: three of five have one line."""
    dice = random.Random(SEED + first)
    ordered_at = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
    return [
        NewOrder(
            shop_id=world.shop_id,
            external_id=f"E{first + index:09}",
            ordered_at=ordered_at,
            paid_at=ordered_at,
            ship_by=ordered_at + timedelta(hours=dice.randint(1, 48)),
            payment_status=PaymentStatus.PAID,
            currency="CNY",
            recipient=_recipient(dice, first + index),
            lines=[
                NewLine(str(number), code, dice.randint(1, 3), 19_900_000)
                for number, code in enumerate(dice.sample(world.codes, dice.choice((1, 1, 1, 2, 3))), 1)
            ],
        )
        for index in range(count)
    ]


def _recipient(dice: random.Random, index: int) -> NewRecipient:
    return NewRecipient(
        name=f"测试{index}",
        phone=f"1380000{dice.randint(0, 9999):04}",
        street=f"测试路{index}号",
        country="CN",
        province="浙江省",
        city="杭州市",
        district="西湖区",
        postcode="310000",
    )
