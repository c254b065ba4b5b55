"""The whole house in one process: carriers are asked, labels drawn, what shipped reaches the shop's file."""

import asyncio
import csv
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from builders_accounts import make_shop, make_token
from builders_floor import Floor, bring_orders, make_floor, packed, pick_list, release, weigh
from importing import make_shopkeeper
from starlette.types import ASGIApp

from pickmesh.app import checks, composition, worker
from pickmesh.app.settings import Settings
from pickmesh.core.accounts import queries as accounts
from pickmesh.core.db.base import dump_json
from pickmesh.core.journal import reading
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.permissions import Role
from pickmesh.core.packing import queries as parcels
from pickmesh.core.packing.tables import WaybillState


@dataclass
class Standing:
    """A house, and in it a floor with one packed parcel that waits for its number."""

    house: composition.House
    floor: Floor
    parcel_id: UUID
    folder: Path
    web: ASGIApp

    async def work(self) -> None:
        """Let the worker do whatever is to do, until nothing is left."""
        one = self.house.worker
        assert one is not None
        await one.sweep()
        looks = {worker.REACTIONS: one.look_at_events, worker.OUTBOX: one.look_at_outbox}
        for _ in range(3):
            for consumer, look in looks.items():
                await one.poll(consumer, look)
            await one.sweep()

    async def label(self, format: str, token: str) -> httpx.Response:
        transport = httpx.ASGITransport(app=self.web)
        async with httpx.AsyncClient(transport=transport, base_url="http://house") as client:
            headers = {"authorization": f"Bearer {token}"}
            return await client.get(f"/labels/parcel/{self.parcel_id}.{format}", headers=headers)

    async def waybill(self) -> tuple[str, str | None]:
        async with self.house.database.reading(self.floor.actor) as uow:
            row = (await parcels.live_waybills(uow, [self.parcel_id]))[self.parcel_id]
        return row.state, row.number


@pytest.fixture
async def standing(fresh_database: Database, tmp_path: Path) -> Standing:
    house = composition.build(Settings(data=tmp_path), fresh_database, with_worker=True)
    floor = await make_floor(fresh_database, await make_shopkeeper(fresh_database), {"A-01": {"MUG": 5}})
    (order_id,) = await bring_orders(floor, {"8001": {"MUG": 2}})
    (list_id,) = (await release(floor)).pick_list_ids
    await pick_list(floor, list_id, "T-0001")
    return Standing(house, floor, await packed(floor, order_id, {"MUG": 2}), tmp_path, house.web())


async def token_of(standing: Standing, who: Role) -> str:
    actor = {Role.PICKER: standing.floor.picker, Role.PACKER: standing.floor.packer}[who]
    assert actor.person_id is not None
    return await make_token(standing.house.database, standing.floor.actor, actor.person_id)


async def test_a_carriers_number_comes_through_the_outbox(standing: Standing) -> None:
    assert await standing.waybill() == (WaybillState.REQUESTED, None)
    await standing.work()
    state, number = await standing.waybill()
    assert (state, str(number)[:2]) == (WaybillState.ISSUED, "LC")


async def test_a_label_is_drawn_once_there_is_a_number_and_shows_each_reader_what_they_may_see(
    standing: Standing,
) -> None:
    packer, picker = await token_of(standing, Role.PACKER), await token_of(standing, Role.PICKER)
    early = await standing.label("pdf", packer)
    assert (early.status_code, early.json()["errors"][0]["extensions"]["code"]) == (409, "NO_WAYBILL")
    await standing.work()
    pdf, zpl = await standing.label("pdf", packer), await standing.label("zpl", packer)
    assert (pdf.status_code, pdf.headers["content-type"], pdf.content[:5]) == (200, "application/pdf", b"%PDF-")
    assert pdf.headers["content-disposition"] == 'inline; filename="P-0001.pdf"'
    assert (zpl.status_code, zpl.headers["content-type"]) == (200, "application/zpl")
    _, number = await standing.waybill()
    assert str(number).encode() in zpl.content
    masked = await standing.label("pdf", picker)
    assert masked.status_code == 200
    assert masked.content != pdf.content


async def test_what_shipped_reaches_the_shops_file_once(standing: Standing) -> None:
    await standing.work()
    await weigh(standing.floor, standing.parcel_id, 200)
    await standing.work()
    await standing.work()
    async with standing.house.database.reading(standing.floor.actor) as uow:
        merchant = await accounts.merchant(uow)
    _, number = await standing.waybill()
    path = standing.folder / "outbox" / merchant.code / "TB.csv"
    rows = list(csv.reader((await asyncio.to_thread(path.read_text, encoding="utf-8")).splitlines()))
    assert [row[1:6] for row in rows] == [
        ["kind", "order", "carrier", "waybill", "lines"],
        ["shipment", "8001", "LOCAL", number, "1*2"],
    ]


async def test_after_the_walk_every_room_finds_its_invariants_kept(standing: Standing) -> None:
    await standing.work()
    await weigh(standing.floor, standing.parcel_id, 200)
    await standing.work()
    (examined,) = await checks.examine(standing.house.database)
    assert dump_json([finding.violation.sentence for finding in examined.findings]) == "[]"


async def test_checks_see_one_moment_however_much_happens_meanwhile(fresh_database: Database) -> None:
    actor = await make_shopkeeper(fresh_database)
    async with fresh_database.reading(actor) as uow:
        await checks.see_one_moment(uow)
        before = await reading.last_seq(uow)
        await make_shop(fresh_database, actor, "late")
        assert await reading.last_seq(uow) == before
    async with fresh_database.reading(actor) as uow:
        assert await reading.last_seq(uow) == before + 1


async def test_another_merchants_parcel_is_not_found(standing: Standing) -> None:
    await standing.work()
    stranger = await make_shopkeeper(standing.house.database)
    elsewhere = await make_floor(standing.house.database, stranger, {"A-01": {"MUG": 1}})
    assert elsewhere.packer.person_id is not None
    token = await make_token(standing.house.database, stranger, elsewhere.packer.person_id)
    answer = await standing.label("pdf", token)
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (404, "NOT_FOUND")
