"""Orders of the last three days: skewed demand, mostly single items, hot-sale runs, bundles, remarks, COD."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import accumulate
from random import Random

from pickmesh.app.demo import vocabulary
from pickmesh.app.demo.catalog import Sku
from pickmesh.app.demo.order_numbers import OrderNumbers
from pickmesh.app.demo.people import Buyer, Buyers
from pickmesh.app.demo.world import CHINA, Merchant, Shop

SINGLE_SHARE = 0.60  # one line of one piece of one article 一单一件
PAIR_SHARE = 0.05  # the same two hot articles in every order 爆款
DOUBLE_SHARE = 0.04  # two pieces of the same hot article in every order
BUNDLE_SHARE = 0.05
COD_SHARE = 0.03
UNPAID_SHARE = 0.04
FREE_FREIGHT_FEN = 5900
CUT_OFFS = (time(11, 30), time(16, 0), time(20, 0))
BUSY_HOURS = (3, 1, 1, 1, 1, 1, 2, 4, 7, 10, 12, 11, 9, 9, 9, 9, 8, 7, 7, 9, 14, 16, 14, 8)  # weight of each hour
DAYS_AGO = (5, 3, 2)  # weight of yesterday, the day before, the third day

Content = Sequence[tuple[Sku, int]]


@dataclass(frozen=True, slots=True)
class OrderLine:
    """Pieces of one article at the price the buyer got, in fen."""

    sku: Sku
    quantity: int
    unit_price_fen: int


@dataclass(frozen=True, slots=True)
class Order:
    """A buyer's order as the shop's file tells it."""

    shop: Shop
    number: str
    ordered_at: datetime
    paid_at: datetime | None
    payment: str  # PAID | UNPAID | COD
    freight_fen: int
    buyer: Buyer
    ship_by: datetime
    remark: str
    seller_flag: str
    lines: tuple[OrderLine, ...]


class Demand:
    """What buyers want: articles by popularity, the n-th wanted 1/n as much as the first."""

    def __init__(self, skus: Sequence[Sku], random: Random) -> None:
        self._random = random
        singles = [sku for sku in skus if not sku.is_bundle]
        # What is cheap tends to sell more often.
        self.by_popularity = sorted(singles, key=lambda sku: random.random() * sku.price_fen**0.5)
        self._cumulative = list(accumulate(1 / rank for rank in range(1, len(singles) + 1)))

    def draw(self) -> Sku:
        """Draw one article."""
        return self._random.choices(self.by_popularity, cum_weights=self._cumulative)[0]

    def draw_different(self, wanted: int) -> list[Sku]:
        """Draw several articles, none twice."""
        drawn: dict[str, Sku] = {}
        while len(drawn) < wanted:
            sku = self.draw()
            drawn[sku.sku] = sku
        return list(drawn.values())


def orders_of(merchant: Merchant, skus: Sequence[Sku], random: Random, today: date) -> list[Order]:
    """Make a merchant's orders, oldest first; all were placed in the three days before `today`."""
    contents = _contents(merchant.orders, skus, random)
    random.shuffle(contents)
    placed = sorted(
        ((_ordered_at(shop, random, today), shop) for shop in _shops(merchant, random)), key=lambda each: each[0]
    )
    buyers, numbers = Buyers(random), OrderNumbers(random)
    return [
        _order(shop, ordered_at, content, today, buyers=buyers, numbers=numbers, random=random)
        for (ordered_at, shop), content in zip(placed, contents, strict=True)
    ]


def _contents(wanted: int, skus: Sequence[Sku], random: Random) -> list[Content]:
    """Decide what is ordered together: exact shares of each kind of order, the rest of several lines or pieces."""
    demand = Demand(skus, random)
    hottest, second, third = demand.by_popularity[:3]
    bundles = [sku for sku in skus if sku.is_bundle]
    contents: list[Content] = [[(demand.draw(), 1)] for _ in range(round(wanted * SINGLE_SHARE))]
    contents += [[(hottest, 1), (second, 1)]] * round(wanted * PAIR_SHARE)
    contents += [[(third, 2)]] * round(wanted * DOUBLE_SHARE)
    contents += [_bundle_content(bundles, demand, random) for _ in range(round(wanted * BUNDLE_SHARE))]
    contents += [_several(demand, random) for _ in range(wanted - len(contents))]
    return contents


def _bundle_content(bundles: Sequence[Sku], demand: Demand, random: Random) -> Content:
    bundle = (random.choice(bundles), random.choice((1, 1, 1, 2)))
    return [bundle] if random.random() < 0.6 else [bundle, (demand.draw(), 1)]


def _several(demand: Demand, random: Random) -> Content:
    """Two to six pieces of one article, or two to five articles."""
    if random.random() < 0.25:
        return [(demand.draw(), random.choice((2, 2, 2, 3, 3, 4, 5, 6)))]
    articles = demand.draw_different(random.choice((2, 2, 2, 2, 3, 3, 4, 5)))
    return [(sku, random.choice((1, 1, 1, 1, 1, 1, 2, 3) if sku.price_fen < 15000 else (1,))) for sku in articles]


def _shops(merchant: Merchant, random: Random) -> list[Shop]:
    return random.choices(merchant.shops, [shop.share for shop in merchant.shops], k=merchant.orders)


def _ordered_at(shop: Shop, random: Random, today: date) -> datetime:
    """Place an order at a busy hour, no longer ago than the shop's promise, so that nothing is late at midnight."""
    days_ago = random.choices(range(1, shop.promise_days + 1), DAYS_AGO[: shop.promise_days])[0]
    hour = random.choices(range(24), BUSY_HOURS)[0]
    return datetime.combine(
        today - timedelta(days=days_ago), time(hour, random.randrange(60), random.randrange(60)), CHINA
    )


def _order(
    shop: Shop,
    ordered_at: datetime,
    content: Content,
    today: date,
    *,
    buyers: Buyers,
    numbers: OrderNumbers,
    random: Random,
) -> Order:
    buyer = buyers.next_buyer()
    discount = random.choice((1, 1, 1, 0.95, 0.9))
    lines = tuple(OrderLine(sku, quantity, round(sku.price_fen * discount)) for sku, quantity in content)
    payment = random.choices(("COD", "UNPAID", "PAID"), (COD_SHARE, UNPAID_SHARE, 1 - COD_SHARE - UNPAID_SHARE))[0]
    remark, flag = random.choice(vocabulary.REMARKS) if random.random() < 0.18 else ("", "")
    return Order(
        shop=shop,
        number=numbers.next_number(shop, ordered_at),
        ordered_at=ordered_at,
        paid_at=_paid_at(ordered_at, random, today) if payment == "PAID" else None,
        payment=payment,
        freight_fen=_freight(lines, buyer, random),
        buyer=buyer,
        ship_by=_ship_by(ordered_at + timedelta(days=shop.promise_days)),
        remark=remark,
        seller_flag=flag,
        lines=lines,
    )


def _paid_at(ordered_at: datetime, random: Random, today: date) -> datetime:
    """Most pay within a minute; nobody after midnight of `today`, which may be now."""
    seconds = random.randrange(8, 60) if random.random() < 0.8 else random.randrange(60, 1500)
    midnight = datetime.combine(today, time(), CHINA)
    return min(ordered_at + timedelta(seconds=seconds), midnight - timedelta(seconds=1))


def _freight(lines: Sequence[OrderLine], buyer: Buyer, random: Random) -> int:
    if buyer.district.remote:
        return 1500
    goods = sum(line.unit_price_fen * line.quantity for line in lines)
    return 0 if goods >= FREE_FREIGHT_FEN else random.choice((0, 600, 800))


def _ship_by(promised: datetime) -> datetime:
    """Round a promise up to the carrier's next collection."""
    for day in (promised.date(), promised.date() + timedelta(days=1)):
        for cut_off in CUT_OFFS:
            collected = datetime.combine(day, cut_off, CHINA)
            if collected >= promised:
                return collected
    raise AssertionError("the next day's first collection is later than any promise of this day")
