import asyncio
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from tests.builders_accounts import make_person
from tests.builders_floor import (
    CARRIERS,
    Floor,
    bring_orders,
    code_of,
    done,
    get_number,
    make_floor,
    open_parcel,
    packed,
    pick_list,
    release,
    row_of,
    seal,
    verify,
    violations,
)

from pickmesh.core.journal import outbox
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Role
from pickmesh.core.packing import issuing, labels, local, queries, stations, waybills
from pickmesh.core.packing.carriers import (
    CarrierDeclined,
    CarrierFailed,
    Carriers,
    Issued,
    WaybillRequest,
)
from pickmesh.core.packing.refusals import NoWaybill, ReasonNeeded, UnknownCarrier
from pickmesh.core.packing.tables import CarrierAccount, PrintJob, Station, Waybill
from pickmesh.core.stock.tables import ShipAt
from pickmesh.scanner.labels.parcel import ParcelLabel, draw_pdf, draw_zpl


class OneAnswer:
    """A carrier that always says the same; kept beside the tests because only they need one that fails."""

    def __init__(self, answer: Issued | Exception, wait_s: float = 0) -> None:
        self.answer = answer
        self.wait_s = wait_s
        self.asked: list[WaybillRequest] = []
        self.voided: list[str] = []

    async def issue(self, request: WaybillRequest) -> Issued:
        self.asked.append(request)
        await asyncio.sleep(self.wait_s)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    async def void(self, request: WaybillRequest, number: str) -> None:
        if isinstance(self.answer, Exception):
            raise self.answer
        self.voided.append(number)


async def sealed(database: Database, actor: Actor, **location: Any) -> tuple[Floor, UUID, UUID]:
    """A floor with one sealed parcel and the waybill asked for it."""
    floor = await make_floor(database, actor, {"A-01": {"CUP": 9}}, **location)
    (order_id,) = await bring_orders(floor, {"N1": {"CUP": 2}})
    await pick_list(floor, (await release(floor)).pick_list_ids[0], "T-0001")
    parcel_id = await packed(floor, order_id, {"CUP": 2})
    async with database.reading(actor) as uow:
        waybill_id = (await queries.live_waybills(uow, [parcel_id]))[parcel_id].id
    return floor, parcel_id, waybill_id


async def letters(floor: Floor) -> list[outbox.Letter]:
    async with floor.database.unit_of_work(floor.actor) as uow:
        taken = await outbox.take_due(uow, hidden_for=outbox.RETRY_FIRST, limit=50)
    return [letter for letter in taken if letter.channel == waybills.CHANNEL]


async def issue(
    floor: Floor, waybill_id: UUID, carriers: Carriers = CARRIERS, wait_s: float = 1.0
) -> waybills.Recorded:
    return await issuing.issue_waybills(floor.database, floor.actor, carriers, waybill_ids=[waybill_id], wait_s=wait_s)


def kinds(carrier: Any) -> Carriers:
    return Carriers({"LOCAL": carrier, "TEST": carrier})


def test_the_local_carriers_numbers_belong_to_their_request() -> None:
    first, second = (WaybillRequest(UUID(int=number), UUID(int=9), 1, "LOCAL", "LOCAL") for number in (1, 2))
    assert local.number_of(first) == local.number_of(first)
    assert len(local.number_of(first)) == 19
    assert local.number_of(first) != local.number_of(second)
    assert local.is_number(local.number_of(first))
    wrong = local.number_of(first)[:-1] + str((int(local.number_of(first)[-1]) + 1) % 10)
    assert not local.is_number(wrong)
    assert not local.is_number("LC123")


def test_the_local_carriers_sort_code_belongs_to_the_district() -> None:
    def code(district: str) -> str:
        return local.sort_code_of(
            WaybillRequest(new_id(), new_id(), 1, "LOCAL", "LOCAL", province="浙江省", city="杭州市", district=district)
        )

    assert code("西湖区") == code("西湖区")
    assert code("西湖区")[:6] == code("滨江区")[:6]
    assert local.sort_code_of(WaybillRequest(new_id(), new_id(), 1, "LOCAL", "LOCAL")) == ""


async def test_sealing_asks_for_a_waybill_through_the_outbox_once(database: Database, merchant: Actor) -> None:
    floor, parcel_id, waybill_id = await sealed(database, merchant)
    row = await row_of(floor, Waybill, waybill_id)
    assert (row.state, row.number, row.carrier, row.parcel_id) == ("REQUESTED", None, "LOCAL", parcel_id)
    (letter,) = await letters(floor)
    assert (letter.target, dict(letter.payload)) == ("LOCAL", {"kind": "issue", "waybill_id": str(waybill_id)})
    async with database.unit_of_work(floor.packer) as uow:
        (again,) = await waybills.request_waybills(uow, parcel_ids=[parcel_id])
    assert done(again, waybills.RequestedWaybill).created is False
    assert done(again, waybills.RequestedWaybill).waybill_id == waybill_id


async def test_a_number_is_recorded_once_and_queues_one_label(database: Database, merchant: Actor) -> None:
    floor, parcel_id, waybill_id = await sealed(database, merchant)
    first, second = await issue(floor, waybill_id), await issue(floor, waybill_id)
    assert (first.waybill_ids, second.waybill_ids) == ({waybill_id}, set())
    row = await row_of(floor, Waybill, waybill_id)
    assert row.state == "ISSUED"
    assert local.is_number(row.number)
    async with database.reading(merchant) as uow:
        (job,) = (await queries.print_jobs_of(uow, [parcel_id]))[parcel_id]
        assert [each.id for each in await queries.print_jobs_at(uow, floor.station_id)] == [job.id]
        assert [each.parcel_id for each in await queries.waybills_by_number(uow, [row.number])] == [parcel_id]
    assert (job.state, job.format, job.reason, job.waybill_id) == ("QUEUED", "PDF", "ISSUED", waybill_id)


async def test_the_outbox_brings_the_number_when_the_bench_did_not_wait(database: Database, merchant: Actor) -> None:
    floor, _, waybill_id = await sealed(database, merchant)
    for letter in await letters(floor):
        await issuing.deliver(database, merchant, CARRIERS, letter)
        await issuing.deliver(database, merchant, CARRIERS, letter)
    assert (await row_of(floor, Waybill, waybill_id)).state == "ISSUED"


async def test_a_carrier_that_cannot_be_reached_is_asked_again_later(database: Database, merchant: Actor) -> None:
    floor, _, waybill_id = await sealed(database, merchant)
    (letter,) = await letters(floor)
    with pytest.raises(CarrierFailed, match="line is down"):
        await issuing.deliver(database, merchant, kinds(OneAnswer(CarrierFailed("line is down"))), letter)
    row = await row_of(floor, Waybill, waybill_id)
    assert (row.state, row.last_error) == ("REQUESTED", "line is down")
    slow = OneAnswer(Issued("X1", ""), wait_s=5)
    await issue(floor, waybill_id, kinds(slow), wait_s=0.01)
    row = await row_of(floor, Waybill, waybill_id)
    assert (row.state, row.last_error) == ("REQUESTED", "The carrier did not answer within 0.01 s.")
    await issue(floor, waybill_id)
    assert (await row_of(floor, Waybill, waybill_id)).last_error is None


async def test_a_carrier_that_declines_is_not_asked_again_and_another_one_may_be(
    database: Database, merchant: Actor
) -> None:
    floor, parcel_id, waybill_id = await sealed(database, merchant)
    (letter,) = await letters(floor)
    await issuing.deliver(database, merchant, kinds(OneAnswer(CarrierDeclined("too far"))), letter)
    row = await row_of(floor, Waybill, waybill_id)
    assert (row.state, row.last_error) == ("FAILED", "too far")
    async with database.unit_of_work(floor.packer) as uow:
        (again,) = await waybills.request_waybills(uow, parcel_ids=[parcel_id])
    assert done(again, waybills.RequestedWaybill).created is True


async def test_the_carrier_is_told_the_recipient_and_its_account(database: Database, merchant: Actor) -> None:
    floor, parcel_id, _ = await sealed(database, merchant)
    async with database.unit_of_work(merchant) as uow:
        account = {"id": new_id(), "code": "SF", "name": "顺丰", "kind": "TEST", "settings": {"month": "7"}}
        await uow.insert(CarrierAccount, [{**account, "created_at": uow.now}])
        await waybills.void_waybills(uow, parcel_ids=[parcel_id], reason="other carrier")
        with pytest.raises(UnknownCarrier):
            await waybills.request_waybills(uow, parcel_ids=[parcel_id], carrier="DHL")
        (asked,) = await waybills.request_waybills(uow, parcel_ids=[parcel_id])
    carrier = OneAnswer(Issued("SF100", "021-A1"))
    await issue(floor, done(asked, waybills.RequestedWaybill).waybill_id, kinds(carrier))
    (request,) = carrier.asked
    assert (request.carrier, request.kind, request.settings) == ("SF", "TEST", {"month": "7"})
    assert (request.name, request.phone, request.district) == ("林晓彤", "13812345678", "西湖区")
    assert request.weight_g == 200
    async with database.reading(merchant) as uow:
        assert (await labels.label_of(uow, parcel_id)).carrier == "顺丰"


async def test_a_voided_number_goes_back_and_the_next_one_is_another(database: Database, merchant: Actor) -> None:
    floor, parcel_id, waybill_id = await sealed(database, merchant)
    await issue(floor, waybill_id)
    old = (await row_of(floor, Waybill, waybill_id)).number
    async with database.unit_of_work(floor.packer) as uow:
        assert await waybills.void_waybills(uow, parcel_ids=[parcel_id], reason="torn") == [waybill_id]
        (again,) = await waybills.void_waybills(uow, parcel_ids=[parcel_id], reason="torn")
        assert code_of(again) == "NO_WAYBILL"
        (asked,) = await waybills.request_waybills(uow, parcel_ids=[parcel_id])
    assert (await row_of(floor, Waybill, waybill_id)).state == "VOIDED"
    async with database.reading(merchant) as uow:
        (job,) = (await queries.print_jobs_of(uow, [parcel_id]))[parcel_id]
    assert (job.state, job.last_error) == ("FAILED", "The waybill was voided.")
    carrier = OneAnswer(Issued("NEW", ""))
    for letter in await letters(floor):
        await issuing.deliver(database, merchant, kinds(carrier), letter)
    assert carrier.voided == [old]
    assert (await row_of(floor, Waybill, done(asked, waybills.RequestedWaybill).waybill_id)).number == "NEW"


async def test_a_number_that_comes_after_the_request_was_voided_is_given_back(
    database: Database, merchant: Actor
) -> None:
    floor, parcel_id, waybill_id = await sealed(database, merchant)
    async with database.unit_of_work(floor.packer) as uow:
        await waybills.void_waybills(uow, parcel_ids=[parcel_id], reason="changed mind")
    for _ in range(2):
        async with database.unit_of_work(merchant) as uow:
            await waybills.record_waybills(uow, issued=[waybills.IssuedWaybill(waybill_id, "LATE1", "")])
    row = await row_of(floor, Waybill, waybill_id)
    assert (row.state, row.number) == ("VOIDED", "LATE1")
    carrier = OneAnswer(Issued("unused", ""))
    for letter in await letters(floor):
        await issuing.deliver(database, merchant, kinds(carrier), letter)
    assert carrier.voided == ["LATE1"]
    async with database.reading(merchant) as uow:
        assert (await queries.print_jobs_of(uow, [parcel_id])) == {}


async def test_the_number_of_a_shipped_parcel_is_not_voided(database: Database, merchant: Actor) -> None:
    floor, parcel_id, waybill_id = await sealed(database, merchant, ship_at=ShipAt.SEAL)
    assert (await issue(floor, waybill_id)).shipped_parcel_ids == {parcel_id}
    async with database.unit_of_work(floor.packer) as uow:
        (answer,) = await waybills.void_waybills(uow, parcel_ids=[parcel_id], reason="torn")
        (asked,) = await waybills.request_waybills(uow, parcel_ids=[parcel_id])
    assert (code_of(answer), code_of(asked)) == ("WRONG_STATE", "WRONG_STATE")
    assert (await row_of(floor, Waybill, waybill_id)).state == "ISSUED"
    assert await violations(floor) == []


async def test_a_reprint_needs_a_reason_and_a_number(database: Database, merchant: Actor) -> None:
    floor, parcel_id, waybill_id = await sealed(database, merchant)
    async with database.unit_of_work(floor.packer) as uow:
        with pytest.raises(ReasonNeeded):
            await waybills.reprint_labels(uow, parcel_ids=[parcel_id], reason=" ")
        (early,) = await waybills.reprint_labels(uow, parcel_ids=[parcel_id], reason="smudged")
    assert code_of(early) == "NO_WAYBILL"
    await issue(floor, waybill_id)
    async with database.unit_of_work(floor.packer) as uow:
        (job_id,) = await waybills.reprint_labels(uow, parcel_ids=[parcel_id], reason="smudged")
    assert isinstance(job_id, UUID)
    assert (await row_of(floor, PrintJob, job_id)).reason == "smudged"


async def test_a_label_says_where_the_parcel_goes_and_can_be_drawn(database: Database, merchant: Actor) -> None:
    floor, parcel_id, _ = await sealed(database, merchant)
    async with database.reading(merchant) as uow:
        with pytest.raises(NoWaybill):
            await labels.label_of(uow, parcel_id)
    number = (await get_number(floor, parcel_id)).number
    async with database.reading(floor.packer) as uow:
        data = await labels.label_of(uow, parcel_id)
    assert (data.waybill, data.pieces, data.weight_g, data.order_numbers) == (number, "1/1", 200, ("N1",))
    assert (data.recipient_name, data.recipient_phone) == ("林晓彤", "13812345678")
    assert data.recipient_address_lines == ("浙江省杭州市西湖区", "文三路 269 号 5 幢 1201 室", "310012")
    assert (data.route, data.printed_at) == ("浙江省 杭州市 西湖区", "2026-11-24 12:00")
    drawn = ParcelLabel(**{name: getattr(data, name) for name in ParcelLabel.__dataclass_fields__})
    assert draw_pdf(drawn).startswith(b"%PDF")
    assert number.encode() in draw_zpl(drawn)


async def test_who_may_not_read_recipients_sees_a_masked_label(database: Database, merchant: Actor) -> None:
    floor, parcel_id, _ = await sealed(database, merchant)
    await get_number(floor, parcel_id)
    _, picker = await make_person(database, merchant, Role.PICKER)
    async with database.reading(picker) as uow:
        data = await labels.label_of(uow, parcel_id)
    assert (data.recipient_name, data.recipient_phone) == ("林**", "138****5678")
    assert "269" not in "".join(data.recipient_address_lines)


async def test_the_labels_of_an_orders_parcels_count_them(database: Database, merchant: Actor) -> None:
    floor = await make_floor(database, merchant, {"A-01": {"CUP": 9}})
    (order_id,) = await bring_orders(floor, {"N1": {"CUP": 2}})
    await pick_list(floor, (await release(floor)).pick_list_ids[0], "T-0001")
    pieces = []
    boxes = []
    for last in (False, True):
        boxes.append(await open_parcel(floor, order_id))
        done(await verify(floor, boxes[-1], "CUP", 1))
        done(await seal(floor, boxes[-1], last=last))
        await get_number(floor, boxes[-1])
    for parcel_id in boxes:
        async with database.reading(floor.packer) as uow:
            pieces.append((await labels.label_of(uow, parcel_id)).pieces)
    assert pieces == ["1/2", "2/2"]


async def test_every_bench_has_one_station_however_often_they_are_saved(database: Database, merchant: Actor) -> None:
    floor = await make_floor(database, merchant, {"A-01": {"CUP": 9}})
    async with database.unit_of_work(merchant) as uow:
        assert await stations.save_stations(uow) == []
        assert [row.code for row in await stations.stations_of(uow, floor.location_id)] == ["BENCH-1"]
        at = await stations.stations_at_places(uow, [floor.warehouse.benches["BENCH-1"]])
        assert [row.id for row in at.values()] == [floor.station_id]
        assert [row.id for row in await stations.stations_by_code(uow, ["bench-1"])] == [floor.station_id]
        assert await uow.scalar(sa.select(sa.func.count()).select_from(Station).where(uow.mine(Station))) == 1
