"""Who is in the demo's world: three merchants, their five shops and two warehouses."""

from dataclasses import dataclass
from datetime import timedelta, timezone

TIME_ZONE = "Asia/Shanghai"
CHINA = timezone(timedelta(hours=8))
CURRENCY = "CNY"


@dataclass(frozen=True, slots=True)
class Shop:
    """A merchant's shop on a platform; `promise_days` is how long after the order a parcel may leave."""

    code: str
    platform: str
    name_zh: str
    name_en: str
    promise_days: int
    share: int  # of the merchant's orders, relative


@dataclass(frozen=True, slots=True)
class Warehouse:
    """A warehouse as a grid of bins: `aisles` by zone, each with `bays`, each with `levels`."""

    code: str
    name_zh: str
    name_en: str
    province: str
    city: str
    aisles: tuple[str, ...]
    bays: int
    levels: int
    docks: int
    totes: range
    benches: int

    @property
    def bin_count(self) -> int:
        """How many bins the grid holds."""
        return len(self.aisles) * self.bays * self.levels


@dataclass(frozen=True, slots=True)
class Merchant:
    """A merchant, what it sells and how much of it the demo makes."""

    code: str
    sku_prefix: str
    name_zh: str
    name_en: str
    shops: tuple[Shop, ...]
    warehouse: Warehouse | None
    single_skus: int
    bundles: int
    orders: int
    orders_format: str  # utf-8 | gb18030 | xlsx


WH1 = Warehouse(
    "WH1", "杭州仓", "Hangzhou", "浙江省", "杭州市", ("A01", "A02", "A03", "B01", "B02"), 11, 4, 3, range(1, 25), 4
)
WH2 = Warehouse(
    "WH2", "东莞仓", "Dongguan", "广东省", "东莞市", ("A01", "A02", "A03", "B01", "B02"), 9, 4, 2, range(25, 41), 3
)

LINAN = Merchant(
    code="linan",
    sku_prefix="LA",
    name_zh="林安家居",
    name_en="Linan Home",
    shops=(
        Shop("linan-taobao", "TAOBAO", "林安家居旗舰店", "Linan Home Flagship", 3, 3),
        Shop("linan-douyin", "DOUYIN", "林安好物直播间", "Linan Live", 2, 2),
    ),
    warehouse=WH1,
    single_skus=316,
    bundles=14,
    orders=260,
    orders_format="utf-8",
)
BEIHAI = Merchant(
    code="beihai",
    sku_prefix="BH",
    name_zh="北海小铺",
    name_en="Beihai Goods",
    shops=(
        Shop("beihai-jd", "JD", "北海小铺专营店", "Beihai Goods JD", 2, 2),
        Shop("beihai-pdd", "PDD", "北海小铺工厂店", "Beihai Goods Factory", 3, 3),
    ),
    warehouse=WH2,
    single_skus=298,
    bundles=12,
    orders=220,
    orders_format="gb18030",
)
YUNDUAN = Merchant(
    code="yunduan",
    sku_prefix="YD",
    name_zh="云端优选",
    name_en="Cloud Select",
    shops=(Shop("yunduan-shopify", "SHOPIFY", "云端优选商城", "Cloud Select Store", 3, 1),),
    warehouse=None,
    single_skus=156,
    bundles=4,
    orders=120,
    orders_format="xlsx",
)

SUPPLIERS = (LINAN, BEIHAI)
MERCHANTS = (LINAN, BEIHAI, YUNDUAN)
