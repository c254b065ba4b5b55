"""北海小铺's clothing and pet goods."""

from pickmesh.app.demo import goods
from pickmesh.app.demo.goods import Line, Template

CLOTHING = (
    Template("TEE", "重磅纯棉T恤", "heavyweight cotton tee", goods.WEAR, 240, (300, 240, 25), (39, 79)),
    Template(
        "HDY", "加绒连帽卫衣", "fleece hoodie", goods.in_sizes(goods.BLACK, goods.KHAKI), 620, (360, 300, 70), (99, 189)
    ),
    Template(
        "SHT", "法式衬衫", "French shirt", goods.in_sizes(goods.WHITE, goods.BLUE), 210, (300, 240, 25), (69, 139)
    ),
    Template(
        "JNS", "直筒牛仔裤", "straight jeans", goods.in_sizes(goods.BLUE, goods.BLACK), 580, (340, 280, 50), (89, 169)
    ),
    Template("DRS", "碎花连衣裙", "floral dress", goods.in_sizes(goods.PINK), 320, (320, 260, 30), (99, 199)),
    Template(
        "SOC",
        "精梳棉中筒袜五双",
        "combed cotton socks, 5 pairs",
        goods.WEAR_COLOURS,
        190,
        (220, 140, 40),
        (15, 29),
        packed=True,
    ),
    Template("SCF", "仿羊绒围巾", "cashmere-feel scarf", goods.WEAR_COLOURS, 230, (300, 240, 50), (39, 89)),
    Template("CAP", "水洗棒球帽", "washed baseball cap", goods.WEAR_COLOURS, 95, (260, 190, 120), (25, 59)),
    Template(
        "PJM",
        "莫代尔家居服",
        "modal loungewear",
        goods.in_sizes(goods.PINK, goods.GREY),
        460,
        (320, 260, 60),
        (79, 149),
    ),
    Template("DWN", "轻薄羽绒服", "light down jacket", goods.in_sizes(goods.BLACK), 480, (340, 280, 90), (199, 399)),
    Template("TOT", "帆布托特包", "canvas tote bag", goods.WEAR_COLOURS, 310, (380, 340, 30), (29, 69)),
)

PETS = (
    Template(
        "DOG", "全价成犬粮", "complete dog food", goods.BAG_WEIGHTS, 1540, (320, 220, 90), (45, 79), "expiry", 540
    ),
    Template(
        "CAT", "冻干双拼猫粮", "freeze-dried cat food", goods.BAG_WEIGHTS, 1540, (320, 220, 90), (59, 99), "expiry", 540
    ),
    Template(
        "WET", "主食猫罐头", "cat food tin", goods.PET_FLAVOURS, 195, (75, 75, 55), (7, 13), "expiry", 730, packed=True
    ),
    Template(
        "STK",
        "猫条二十支",
        "lickable cat treats, 20",
        goods.PET_FLAVOURS,
        310,
        (180, 120, 80),
        (19, 39),
        "expiry",
        540,
        packed=True,
    ),
    Template("LIT", "豆腐猫砂", "tofu cat litter", goods.PACKS, 2650, (350, 250, 110), (19, 29)),
    Template("TOY", "逗猫棒", "cat teaser wand", goods.ONE, 35, (420, 40, 30), (5, 15), packed=True),
    Template("LSH", "反光牵引绳", "reflective dog leash", goods.LEASHES, 190, (200, 140, 50), (25, 59)),
    Template("NST", "可拆洗宠物窝", "washable pet bed", goods.BOX_SIZES, 1100, (500, 450, 180), (49, 99)),
    Template("PBL", "陶瓷宠物碗", "ceramic pet bowl", goods.TWO_COLOURS, 460, (150, 150, 60), (19, 39), packed=True),
    Template("NAI", "宠物指甲剪", "pet nail clipper", goods.ONE, 75, (150, 50, 20), (12, 29), packed=True),
)

LINES = (Line("wear", CLOTHING), Line("pet", PETS))
