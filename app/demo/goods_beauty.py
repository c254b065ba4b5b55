"""北海小铺's cosmetics and 3C accessories."""

from pickmesh.app.demo import goods
from pickmesh.app.demo.goods import Line, Template

COSMETICS = (
    Template(
        "LIP",
        "丝绒哑光唇釉",
        "velvet lip glaze",
        goods.LIP_SHADES,
        32,
        (85, 22, 22),
        (39, 89),
        "expiry",
        1095,
        packed=True,
    ),
    Template(
        "MSK",
        "玻尿酸补水面膜十片",
        "hyaluronic masks, 10",
        goods.ONE,
        290,
        (160, 120, 60),
        (39, 89),
        "expiry",
        1095,
        packed=True,
    ),
    Template(
        "CLN",
        "氨基酸洁面乳",
        "amino acid cleanser",
        goods.BOTTLES,
        130,
        (160, 55, 40),
        (29, 69),
        "expiry",
        1095,
        packed=True,
    ),
    Template(
        "TON",
        "积雪草爽肤水",
        "centella toner",
        goods.BOTTLES,
        150,
        (150, 50, 50),
        (49, 99),
        "expiry",
        1095,
        packed=True,
    ),
    Template(
        "SER", "烟酰胺精华液", "niacinamide serum", goods.ONE, 95, (110, 40, 40), (79, 169), "expiry", 1095, packed=True
    ),
    Template(
        "SUN", "清透防晒霜", "light sunscreen", goods.ONE, 75, (140, 45, 35), (49, 109), "expiry", 1095, packed=True
    ),
    Template("HND", "乳木果护手霜", "shea hand cream", goods.SCENTS, 85, (140, 50, 35), (15, 35), "lot", packed=True),
    Template(
        "FND", "持妆粉底液", "long-wear foundation", goods.SKIN_TONES, 120, (110, 40, 40), (69, 149), "expiry", 1095
    ),
    Template("SHM", "生姜洗发水", "ginger shampoo", goods.BOTTLES, 180, (170, 60, 50), (19, 39), "lot", packed=True),
    Template("PUF", "不吃粉美妆蛋", "make-up sponge", goods.TWO_COLOURS, 12, (60, 45, 45), (5, 12), packed=True),
)

ELECTRONICS = (
    Template(
        "CBL",
        "编织快充数据线",
        "braided fast-charge cable",
        goods.CABLE_COLOURS,
        45,
        (160, 90, 20),
        (12, 29),
        packed=True,
    ),
    Template(
        "CHG", "65W氮化镓充电器", "65 W GaN charger", goods.GADGET_COLOURS, 130, (90, 70, 60), (79, 139), packed=True
    ),
    Template("PWR", "自带线充电宝", "power bank with cable", goods.CAPACITIES, 230, (150, 75, 30), (79, 129), "serial"),
    Template("CAS", "磁吸手机壳", "magnetic phone case", goods.CASE_COLOURS, 42, (190, 105, 20), (19, 49)),
    Template("FLM", "钢化膜两片装", "tempered glass, 2", goods.PHONES, 60, (190, 105, 15), (9, 25), packed=True),
    Template(
        "BUD",
        "降噪蓝牙耳机",
        "noise-cancelling earbuds",
        goods.GADGET_COLOURS,
        120,
        (110, 110, 45),
        (129, 299),
        "serial",
    ),
    Template("STD", "铝合金手机支架", "aluminium phone stand", goods.GADGET_COLOURS, 240, (130, 100, 40), (25, 59)),
    Template("MSE", "静音无线鼠标", "silent wireless mouse", goods.GADGET_COLOURS, 95, (130, 90, 50), (39, 79)),
    Template(
        "KBD", "三模机械键盘", "tri-mode mechanical keyboard", goods.GADGET_COLOURS, 980, (360, 150, 50), (169, 329)
    ),
    Template(
        "WCH", "运动智能手表", "sports smart watch", goods.GADGET_COLOURS, 160, (110, 100, 80), (199, 459), "serial"
    ),
    Template("SDC", "高速存储卡", "high-speed memory card", goods.CARDS, 12, (120, 90, 8), (35, 59)),
    Template("HUB", "七合一扩展坞", "7-in-1 USB-C hub", goods.ONE, 110, (150, 80, 25), (89, 169)),
)

LINES = (Line("beauty", COSMETICS), Line("tech", ELECTRONICS))
