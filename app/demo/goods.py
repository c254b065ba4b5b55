"""What a line of goods is made of: a template and the options it is sold in."""

from dataclasses import dataclass
from itertools import product


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of an article; `scale` multiplies its template's weight and price."""

    code: str
    zh: str
    en: str
    scale: float = 1.0


@dataclass(frozen=True, slots=True)
class Template:
    """An article before brand and series: grams, millimetres and a price band in yuan."""

    code: str
    zh: str
    en: str
    options: tuple[Option, ...]
    weight_g: int
    size_mm: tuple[int, int, int]
    price_yuan: tuple[int, int]
    tracking: str = ""  # "" | lot | expiry | serial
    shelf_days: int = 0
    packed: bool = False  # also comes as an inner of 6 and a case of 24


@dataclass(frozen=True, slots=True)
class Line:
    """Templates sold under the same brands and series; `words` is a key of vocabulary.BRANDS and SERIES."""

    words: str
    templates: tuple[Template, ...]


def crossed(first: tuple[Option, ...], second: tuple[Option, ...]) -> tuple[Option, ...]:
    """Every pair of two choices (colour and size) as one option."""
    return tuple(
        Option(f"{a.code}-{b.code}", f"{a.zh},{b.zh}", f"{a.en}, {b.en}", a.scale * b.scale)
        for a, b in product(first, second)
    )


def in_sizes(*colours: Option) -> tuple[Option, ...]:
    """The colours of a garment, each in every size."""
    return crossed(colours, SIZES)


ONE = (Option("STD", "标准款", "Standard"),)

WHITE = Option("WHT", "米白", "Off-white")
GREY = Option("GRY", "雾霾灰", "Haze grey")
GREEN = Option("GRN", "豆绿", "Sage green")
BLUE = Option("BLU", "雾蓝", "Mist blue")
PINK = Option("PNK", "樱花粉", "Sakura pink")
BLACK = Option("BLK", "曜石黑", "Obsidian black")
KHAKI = Option("KHK", "卡其", "Khaki")
NAVY = Option("NVY", "藏青", "Navy")

HOME_COLOURS = (WHITE, GREY, GREEN, BLUE)
SOFT_COLOURS = (WHITE, PINK, BLUE)
TWO_COLOURS = (WHITE, GREY)
WEAR_COLOURS = (WHITE, BLACK, KHAKI, NAVY)
GADGET_COLOURS = (BLACK, WHITE)

SIZES = (
    Option("S", "S码", "S"),
    Option("M", "M码", "M"),
    Option("L", "L码", "L"),
    Option("XL", "XL码", "XL"),
)
SHOE_SIZES = (
    Option("36", "36-37码", "EU 36-37"),
    Option("38", "38-39码", "EU 38-39"),
    Option("40", "40-41码", "EU 40-41"),
    Option("42", "42-43码", "EU 42-43"),
)
BED_SIZES = (
    Option("150", "1.5米床", "1.5 m bed"),
    Option("180", "1.8米床", "1.8 m bed", 1.15),
    Option("200", "2.0米床", "2.0 m bed", 1.3),
)
PAN_SIZES = (
    Option("24", "24厘米", "24 cm"),
    Option("28", "28厘米", "28 cm", 1.2),
    Option("32", "32厘米", "32 cm", 1.4),
)
CUP_SIZES = (Option("350", "350毫升", "350 ml"), Option("500", "500毫升", "500 ml", 1.25))
BOX_SIZES = (
    Option("S", "小号", "Small", 0.6),
    Option("M", "中号", "Medium"),
    Option("L", "大号", "Large", 1.5),
)
PACKS = (
    Option("P1", "单包装", "Single pack"),
    Option("P3", "三包装", "Pack of 3", 2.8),
)
BAG_WEIGHTS = (
    Option("1K5", "1.5公斤", "1.5 kg"),
    Option("5K", "5公斤", "5 kg", 3.1),
    Option("10K", "10公斤", "10 kg", 6.0),
)
CABLES = (Option("1M", "1米", "1 m"), Option("2M", "2米", "2 m", 1.35))
PHONES = (
    Option("A61", "6.1英寸", "6.1 inch"),
    Option("A67", "6.7英寸", "6.7 inch", 1.05),
    Option("B64", "6.4英寸安卓", "6.4 inch Android"),
    Option("B68", "6.8英寸安卓", "6.8 inch Android", 1.08),
)
CAPACITIES = (Option("10K", "10000毫安时", "10,000 mAh"), Option("20K", "20000毫安时", "20,000 mAh", 1.6))
CARDS = (Option("64G", "64GB", "64 GB"), Option("128G", "128GB", "128 GB", 1.7), Option("256G", "256GB", "256 GB", 3.0))

SNACK_FLAVOURS = (
    Option("ORG", "原味", "Original"),
    Option("SPI", "香辣味", "Spicy"),
    Option("SEA", "海盐味", "Sea salt"),
)
SWEET_FLAVOURS = (
    Option("VAN", "香草味", "Vanilla"),
    Option("COC", "可可味", "Cocoa"),
    Option("MAT", "抹茶味", "Matcha"),
)
PET_FLAVOURS = (
    Option("CHK", "鸡肉味", "Chicken"),
    Option("TUN", "金枪鱼味", "Tuna"),
    Option("DUK", "鸭肉味", "Duck"),
)
SCENTS = (
    Option("OSM", "桂花香", "Osmanthus"),
    Option("CED", "雪松香", "Cedar"),
    Option("GAR", "栀子香", "Gardenia"),
)
LIP_SHADES = (
    Option("101", "101枫叶红", "101 Maple red"),
    Option("102", "102豆沙", "102 Bean paste"),
    Option("105", "105奶茶", "105 Milk tea"),
    Option("108", "108蜜桃", "108 Peach"),
)
SKIN_TONES = (Option("N10", "N10亮肤", "N10 Fair"), Option("N20", "N20自然", "N20 Natural"))
BOTTLES = (Option("100", "100毫升", "100 ml"), Option("200", "200毫升", "200 ml", 1.7))

CUP_COLOURS = crossed(SOFT_COLOURS, CUP_SIZES)
BOX_COLOURS = crossed(TWO_COLOURS, BOX_SIZES)
BED_COLOURS = crossed(HOME_COLOURS, BED_SIZES)
SHOE_COLOURS = crossed(TWO_COLOURS, SHOE_SIZES)
CABLE_COLOURS = crossed(GADGET_COLOURS, CABLES)
CASE_COLOURS = crossed(GADGET_COLOURS, PHONES)
LEASHES = crossed((BLACK, BLUE), BOX_SIZES)
WEAR = in_sizes(*WEAR_COLOURS)
