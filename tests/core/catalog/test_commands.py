import sqlalchemy as sa
from builders_accounts import make_shop
from builders_catalog import make_bundle, make_skus

from pickmesh.core.catalog import queries
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor


async def test_bundles_unpack(database: Database, merchant: Actor) -> None:
    shop = await make_shop(database, merchant, "tb")
    ids = await make_skus(database, merchant, ["A", "B"], shop="tb")
    inner = await make_bundle(database, merchant, "AB", {"A": 2, "B": 1})
    outer = await make_bundle(database, merchant, "ABB", {"AB": 3, "B": 1}, shop="tb")
    async with database.reading(merchant) as uow:
        assert await queries.components_of(uow, [inner, outer]) == {
            inner: [(ids["A"], 2), (ids["B"], 1)],
            outer: [(ids["A"], 6), (ids["B"], 4)],
        }
        found = await queries.skus_of_shop_codes(uow, [(shop, "ABB"), (shop, "nothing")])
        assert {key: row.id for key, row in found.items()} == {(shop, "ABB"): outer}
        assert await queries.search_skus(uow, "商品", 10) == [ids["A"], ids["B"]]
