"""The demo's merchants trade from the start, once, however often it is loaded; also in a demo of an older version."""

from pathlib import Path

from databases import VAULT

from pickmesh.app import checks, merchants
from pickmesh.app.demo import world
from pickmesh.app.demo.load import Loader
from pickmesh.app.demo.mesh import LOW_AT, WATCHED_AMPLE, WATCHED_SCARCE, Mesh
from pickmesh.core.alerts import queries as watched
from pickmesh.core.journal import reading
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.paging import PageRequest
from pickmesh.core.mesh import dropship_queries, queries
from pickmesh.core.mesh.tables import DropshipStatus, PartnershipStatus, Side


async def test_partners_are_there_once_also_in_an_older_demo(tmp_path: Path, sqlite_template: Path) -> None:
    path = tmp_path / "demo.sqlite3"
    path.write_bytes(sqlite_template.read_bytes())
    database = Database(f"sqlite:///{path}", vault=VAULT)
    said: list[str] = []
    loader = Loader(database, tmp_path, said.append, None)
    await loader.load_files()  # all that older versions loaded
    for merchant in world.MERCHANTS:
        assert await partners_of(database, merchant.code) == {}
    await loader.load()
    assert [line for line in said if line.startswith("Partners:")] == [said[-1]]
    await assert_they_trade(database)
    await assert_alerts_are_due(database)
    events = await last_events(database)
    await loader.load()
    assert not await Mesh(database, tmp_path).load()
    assert await last_events(database) == events
    assert [each.findings for each in await checks.examine(database)] == [(), (), ()]
    await database.dispose()


async def partners_of(database: Database, code: str) -> dict[str, str]:
    async with database.reading(await merchants.find(database, code)) as uow:
        return {row.partner_code: row.status for row in await queries.partnerships(uow)}


async def last_events(database: Database) -> list[int]:
    last = []
    for merchant in world.MERCHANTS:
        async with database.reading(await merchants.find(database, merchant.code)) as uow:
            last.append(await reading.last_seq(uow))
    return last


async def assert_they_trade(database: Database) -> None:
    """Everybody has both others; the reseller has mapped its goods, and one order of it waits at a supplier."""
    codes = {merchant.code for merchant in world.MERCHANTS}
    for code in codes:
        assert await partners_of(database, code) == dict.fromkeys(codes - {code}, PartnershipStatus.ACTIVE)
    async with database.reading(await merchants.find(database, "yunduan")) as uow:
        offered = (await queries.partner_offer_page(uow, PageRequest(limit=250))).items
        unmapped = (await queries.partner_offer_page(uow, PageRequest(limit=250), only_unmapped=True)).items
        (given,) = (await dropship_queries.dropship_page(uow, PageRequest(limit=5))).items
    assert (len(offered), unmapped) == (world.YUNDUAN.single_skus, [])
    assert (given.side, given.status) == (Side.DISTRIBUTOR, DropshipStatus.SUBMITTED)
    async with database.reading(await merchants.find(database, "linan")) as uow:
        from_beihai = (await queries.partner_offer_page(uow, PageRequest(limit=250))).items
        (asked,) = (await dropship_queries.dropship_page(uow, PageRequest(limit=5))).items
    assert len(from_beihai) > 0
    assert (asked.id, asked.side, asked.status) == (given.id, Side.SUPPLIER, DropshipStatus.SUBMITTED)


async def assert_alerts_are_due(database: Database) -> None:
    """Some watched goods are low as soon as the worker looks."""
    for merchant in world.SUPPLIERS:
        async with database.reading(await merchants.find(database, merchant.code)) as uow:
            points = (await watched.reorder_point_page(uow, PageRequest(limit=50))).items
        assert len(points) == WATCHED_SCARCE + WATCHED_AMPLE
        assert {point.low_at for point in points} == {LOW_AT}
