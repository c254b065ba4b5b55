"""Two warehouses of which a rule names one, for tests of orders that go from the one to the other."""

from collections import defaultdict
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from tests.builders_catalog import save_skus
from tests.builders_orders import House, bring_in, make_house, new_order, only_fulfillment_order, receive, reserved
from tests.builders_stock import make_warehouse

from pickmesh.core.accounts.tables import ShortagePolicy
from pickmesh.core.catalog.rules import NewShopCode, NewSku
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.refusals import Refused
from pickmesh.core.orders import checks, moving, queries, routing_rules, shipping_rates
from pickmesh.core.orders.moving import Move, Moved
from pickmesh.core.orders.routing_rules import RuleToSave
from pickmesh.core.orders.shipping_rates import NewRate
from pickmesh.core.stock import checks as stock_checks
from pickmesh.core.stock import receipts
from pickmesh.core.stock.receipts import Receipt


async def two_warehouses(
    database: Database, merchant: Actor, *, there: int, policy: ShortagePolicy = ShortagePolicy.WAIT_FOR_ALL
) -> tuple[House, UUID, UUID]:
    """Return a house with ten cups and lids in Hangzhou, which a rule names, and some in Beijing; and both ids."""
    house = await make_house(database, merchant, {"CUP": 10, "LID": 10}, warehouses=("HZ1", "BJ1"), policy=policy)
    await receive(database, merchant, house, {"CUP": there, "LID": there}, warehouse="BJ1")
    await only_hangzhou(database, merchant, house)
    return house, house.warehouses["HZ1"], house.warehouses["BJ1"]


async def only_hangzhou(database: Database, merchant: Actor, house: House) -> None:
    """Let a rule send every order to Hangzhou."""
    rule = RuleToSave("只走杭州", location_ids=[house.warehouses["HZ1"]], is_active=True)
    async with database.unit_of_work(merchant) as uow:
        await routing_rules.save_routing_rules(uow, rules=[rule])


async def no_rules(database: Database, merchant: Actor) -> None:
    """Put every routing rule away."""
    async with database.unit_of_work(merchant) as uow:
        ids = [row.id for row in await routing_rules.routing_rules(uow)]
        await routing_rules.archive_routing_rules(uow, ids=ids)


async def brought(database: Database, merchant: Actor, house: House, number: str, cups: int, **changes: Any) -> UUID:
    """Import an order of cups and return its fulfillment order."""
    (verdict,) = await bring_in(database, merchant, new_order(house, number, {"CUP": cups}, **changes))
    row = await only_fulfillment_order(database, merchant, verdict.order_id)
    found: UUID = row.id
    return found


async def move(database: Database, actor: Actor, *moves: Move, if_covered: bool = False) -> list[Moved | Refused]:
    """Move fulfillment orders in a unit of work of their own."""
    async with database.unit_of_work(actor) as uow:
        return await moving.move_fulfillment_orders(uow, moves=moves, if_covered=if_covered)


async def held(database: Database, merchant: Actor, house: House) -> tuple[int, int]:
    """Return how many cups Hangzhou and Beijing have promised."""
    return (
        await reserved(database, merchant, house, "CUP", "HZ1"),
        await reserved(database, merchant, house, "CUP", "BJ1"),
    )


async def row_of(database: Database, merchant: Actor, fulfillment_order_id: UUID) -> sa.Row[Any]:
    """Return a fulfillment order."""
    async with database.reading(merchant) as uow:
        return (await queries.fulfillment_orders(uow, [fulfillment_order_id]))[fulfillment_order_id]


async def nothing_is_off(database: Database, actor: Actor) -> None:
    """Fail when orders or stock break an invariant."""
    async with database.reading(actor) as uow:
        assert await checks.violations(uow) + await stock_checks.violations(uow) == []


async def furnish_routing(database: Database, actor: Actor, size: int, ids: defaultdict[str, list[UUID]]) -> None:
    """Give a furnished merchant rules that are off, rates, and short orders that another warehouse covers."""
    other = await make_warehouse(database, actor, code="ZZ1", bins=["Z-01"], totes=[], benches=[])
    codes = [f"PAN-{number:02d}" for number in range(1, size + 1)]
    new = [NewSku(code, f"P-{code}", "平底锅", "Pan", shop_codes=(NewShopCode("TB0", code),)) for code in codes]
    saved = await save_skus(database, actor, new)
    house = House("TB0", ids["Shop"][0], saved)
    await bring_in(database, actor, *(new_order(house, f"R-{code}", {code: 1}) for code in codes))
    rules = [RuleToSave(f"规则 {number}", location_ids=[ids["Location"][0]]) for number in range(size)]
    rates = [NewRate(ids["Location"][0], "CN", 100 + number, province=f"省份{number}") for number in range(size)]
    async with database.unit_of_work(actor) as uow:
        came = [Receipt(other.bins["Z-01"], saved[code], 1) for code in codes]
        answers: list[Any] = [*await receipts.receive_stock(uow, receipts=came)]
        answers += await shipping_rates.save_shipping_rates(uow, rates=rates)
        made = await routing_rules.save_routing_rules(uow, rules=rules)
        assert not [answer for answer in [*answers, *made] if isinstance(answer, Refused)]
        ids["RoutingRule"] += [answer for answer in made if isinstance(answer, UUID)]
