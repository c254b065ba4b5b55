"""What every carrier adapter keeps to: one that is added to app/carriers.py is tried here by itself.

A number belongs to its request for ever, another request of the same parcel gets another, giving a number back twice is
fine. Whatever a carrier does besides (it fails, declines, is slow) costs nobody a parcel: that half of the contract is
ours, so it is tried with carriers that do so.
"""

import asyncio
from dataclasses import replace
from uuid import UUID

import pytest
from tests.builders_floor import Floor, bring_orders, make_floor, packed, pick_list, release
from tests.printed import pages_of, read, sizes_of

from pickmesh.app import carriers as installed
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.packing import issuing, labels, queries, waybills
from pickmesh.core.packing.carriers import (
    LOCAL,
    Carrier,
    CarrierDeclined,
    CarrierFailed,
    Carriers,
    Issued,
    WaybillRequest,
)
from pickmesh.scanner.labels.parcel import ParcelLabel, draw_pdf, draw_zpl

KINDS = sorted(installed.known().kinds)
REQUEST = WaybillRequest(
    waybill_id=new_id(),
    parcel_id=new_id(),
    parcel_number=7,
    carrier="X",
    kind=LOCAL,
    weight_g=500,
    country="CN",
    province="浙江省",
    city="杭州市",
    district="西湖区",
    name="林晓彤",
    phone="13812345678",
    street="文三路 269 号",
)


@pytest.fixture(params=KINDS)
def adapter(request: pytest.FixtureRequest) -> Carrier:
    return installed.known().of(request.param)


async def test_a_request_gets_a_number_that_a_label_can_show(adapter: Carrier) -> None:
    issued = await adapter.issue(REQUEST)
    label = ParcelLabel(
        carrier="快递",
        waybill=issued.number,
        service="标准",
        sort_code=issued.sort_code,
        route="浙江 杭州",
        sender_lines=("仓库",),
        recipient_name="林**",
        recipient_phone="138****5678",
        recipient_address_lines=("文三路",),
        number="P-0007",
        weight_g=500,
        pieces="1/1",
        order_numbers=("N1",),
        printed_at="2026-11-24 12:00",
    )
    drawn = draw_pdf(label)
    assert sizes_of(drawn) == [(100, 150)]
    assert issued.number in {text for text, _ in read(pages_of(drawn)[0])}
    zpl = draw_zpl(label)
    assert zpl.startswith(b"^XA")
    assert issued.number.encode() in zpl


async def test_the_same_request_always_gets_the_same_number(adapter: Carrier) -> None:
    answers = await asyncio.gather(*(adapter.issue(REQUEST) for _ in range(5)))
    assert len({(each.number, each.sort_code) for each in answers}) == 1


async def test_other_requests_get_other_numbers_also_of_the_same_parcel(adapter: Carrier) -> None:
    asked = [replace(REQUEST, waybill_id=new_id()) for _ in range(200)]
    assert len({(await adapter.issue(each)).number for each in asked}) == 200


async def test_a_number_may_be_given_back_as_often_as_one_likes(adapter: Carrier) -> None:
    number = (await adapter.issue(REQUEST)).number
    await adapter.void(REQUEST, number)
    await adapter.void(REQUEST, number)


async def test_a_parcel_whose_number_was_given_back_is_issued_another(adapter: Carrier) -> None:
    number = (await adapter.issue(REQUEST)).number
    await adapter.void(REQUEST, number)
    assert (await adapter.issue(replace(REQUEST, waybill_id=new_id()))).number != number


async def test_an_address_of_which_little_is_known_is_no_mistake(adapter: Carrier) -> None:
    bare = WaybillRequest(new_id(), new_id(), 1, "X", LOCAL)
    assert (await adapter.issue(bare)).number


class Moody:
    """A carrier that does what it is told, then answers; kept here because only these tests need one."""

    def __init__(self, *moods: Exception | float) -> None:
        self.moods = list(moods)
        self.voided: list[str] = []

    async def issue(self, request: WaybillRequest) -> Issued:
        mood = self.moods.pop(0) if self.moods else 0.0
        if isinstance(mood, Exception):
            raise mood
        await asyncio.sleep(mood)
        return Issued(f"M{request.waybill_id.int % 10**12}", "")

    async def void(self, request: WaybillRequest, number: str) -> None:
        self.voided.append(number)


async def asked_for(database: Database, actor: Actor) -> tuple[Floor, UUID, UUID]:
    """A sealed parcel and the waybill asked for it."""
    floor = await make_floor(database, actor, {"A-01": {"CUP": 3}})
    (order_id,) = await bring_orders(floor, {"N1": {"CUP": 1}})
    await pick_list(floor, (await release(floor)).pick_list_ids[0], "T-0001")
    parcel_id = await packed(floor, order_id, {"CUP": 1})
    return floor, parcel_id, await live(floor, parcel_id)


async def live(floor: Floor, parcel_id: UUID) -> UUID:
    async with floor.database.reading(floor.actor) as uow:
        found: UUID = (await queries.live_waybills(uow, [parcel_id]))[parcel_id].id
    return found


async def state_of(floor: Floor, waybill_id: UUID) -> tuple[str, str | None]:
    async with floor.database.reading(floor.actor) as uow:
        row = (await queries.waybills(uow, [waybill_id]))[waybill_id]
    return row.state, row.last_error


@pytest.mark.parametrize(
    ("mood", "state", "said"),
    [
        (CarrierFailed("no route"), "REQUESTED", "no route"),
        (5.0, "REQUESTED", "The carrier did not answer within 0.05 s."),
        (CarrierDeclined("no such district"), "FAILED", "no such district"),
    ],
)
async def test_a_carrier_that_fails_is_slow_or_declines_costs_no_parcel(
    database: Database, merchant: Actor, mood: Exception | float, state: str, said: str
) -> None:
    floor, parcel_id, waybill_id = await asked_for(database, merchant)
    moody = Moody(mood)
    carriers = Carriers({LOCAL: moody})
    await issuing.issue_waybills(database, merchant, carriers, waybill_ids=[waybill_id], wait_s=0.05)
    assert await state_of(floor, waybill_id) == (state, said)
    if state == "FAILED":
        async with database.unit_of_work(floor.packer) as uow:
            await waybills.request_waybills(uow, parcel_ids=[parcel_id])
        waybill_id = await live(floor, parcel_id)
    await issuing.issue_waybills(database, merchant, carriers, waybill_ids=[waybill_id], wait_s=5)
    assert await state_of(floor, waybill_id) == ("ISSUED", None)
    async with database.reading(merchant) as uow:
        assert (await labels.label_of(uow, parcel_id)).waybill.startswith("M")


async def test_the_numbers_of_many_parcels_are_asked_for_at_once(database: Database, merchant: Actor) -> None:
    _, _, waybill_id = await asked_for(database, merchant)
    moody = Moody(0.0, 0.0, 0.0)
    wanted = [waybill_id, waybill_id, new_id()]
    recorded = await issuing.issue_waybills(database, merchant, Carriers({LOCAL: moody}), waybill_ids=wanted)
    assert list(recorded.waybill_ids) == [waybill_id]
