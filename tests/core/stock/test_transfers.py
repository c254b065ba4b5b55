"""Goods go from one warehouse to another: planned, reserved, sent, incoming, received; and all that goes wrong."""

from typing import Any
from uuid import UUID

import pytest_asyncio
from builders_stock import Warehouse, make_warehouse
from events_told import events_told
from stock_floor import Floor

from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.paging import PageRequest
from pickmesh.core.kit.refusals import Refused
from pickmesh.core.stock import (
    adjustments,
    lots,
    places,
    queries,
    transfer_queries,
    transfer_receipts,
    transfer_sends,
    transfer_undo,
)
from pickmesh.core.stock import transfers as transfer_commands
from pickmesh.core.stock.adjustments import Adjustment
from pickmesh.core.stock.places import NewPlace
from pickmesh.core.stock.reasons import AdjustmentReason
from pickmesh.core.stock.transfer_receipts import TransferReceipt
from pickmesh.core.stock.transfer_sends import Sending
from pickmesh.core.stock.transfer_undo import TakenBack
from pickmesh.core.stock.transfers import Planned, PlannedLine, TransferPlan


@pytest_asyncio.fixture
async def other(floor: Floor) -> Warehouse:
    return await make_warehouse(floor.database, floor.actor, code="WH2", bins=("B-01", "B-02"))


class Depot:
    """Short ways to send goods from one warehouse to another."""

    def __init__(self, floor: Floor, other: Warehouse) -> None:
        self.floor = floor
        self.other = other

    async def run(self, command: Any, **items: Any) -> list[Any]:
        async with self.floor.database.unit_of_work(self.floor.actor) as uow:
            return list(await command(uow, **items))

    async def told(self, command: Any, **items: Any) -> list[Any]:
        """Do it; answer the refusals' codes, and the quantity (or state) of what was done."""
        answers = await self.run(command, **items)
        return [
            one.refusal.code if isinstance(one, Refused) else getattr(one, "quantity", None) or one.status
            for one in answers
        ]

    def plan(self, allow_short: bool = False, **pieces: int) -> TransferPlan:
        lines = [PlannedLine(self.floor.skus[code], quantity) for code, quantity in pieces.items()]
        return TransferPlan(
            self.floor.warehouse.location_id, self.other.location_id, lines, note="调拨", allow_short=allow_short
        )

    async def planned(self, **pieces: int) -> Planned:
        (one,) = await self.run(transfer_commands.plan_transfers, plans=[self.plan(**pieces)])
        assert isinstance(one, Planned)
        return one

    async def send(self, *sendings: Sending) -> list[Any]:
        return await self.told(transfer_sends.send_transfers, sendings=sendings)

    async def receive(self, *receipts: TransferReceipt) -> list[Any]:
        return await self.told(transfer_receipts.receive_transfers, receipts=receipts)

    async def state(self, transfer_id: UUID) -> tuple[str, list[tuple[int, int, int, int, int, int]]]:
        """Return status, and of each line: planned, sent, received, lost, reserved now, short."""
        async with self.floor.database.reading(self.floor.actor) as uow:
            row = (await transfer_queries.transfers(uow, [transfer_id]))[transfer_id]
            lines = await transfer_queries.lines_of_transfers(uow, [transfer_id])
        return row.status, [
            (
                line.quantity,
                line.sent_quantity,
                line.received_quantity,
                line.lost_quantity,
                line.reserved_quantity,
                line.short_quantity,
            )
            for line in lines
        ]

    async def levels(self, sku: str) -> list[tuple[int, int, int, int]]:
        """Return on hand, reserved, incoming and free at both warehouses."""
        async with self.floor.database.reading(self.floor.actor) as uow:
            rows = {row.location_id: row for row in await queries.levels_of(uow, [self.floor.skus[sku]])}
        ends = (self.floor.warehouse.location_id, self.other.location_id)
        return [
            (rows[one].on_hand, rows[one].reserved, rows[one].incoming, rows[one].free) if one in rows else (0, 0, 0, 0)
            for one in ends
        ]


@pytest_asyncio.fixture
async def depot(floor: Floor, other: Warehouse) -> Depot:
    return Depot(floor, other)


async def kinds_told(floor: Floor, begins: str = "transfer") -> list[tuple[str, Any]]:
    told = await events_told(floor.database, floor.actor)
    return [(one.kind, one.payload.get("quantity")) for one in told if one.kind.startswith(begins)]


async def test_a_transfer_reserves_travels_as_incoming_and_arrives(depot: Depot) -> None:
    floor = depot.floor
    await floor.put(floor.bin("A-01"), "KETTLE", 10)
    one = await depot.planned(KETTLE=6)
    assert one.number == 1
    assert await depot.levels("KETTLE") == [(10, 6, 0, 4), (0, 0, 0, 0)]
    (line,) = one.line_ids
    assert await depot.send(Sending(line, 4, floor.bin("A-01"))) == [4]
    assert await depot.levels("KETTLE") == [(6, 2, 0, 4), (0, 0, 4, 0)]
    assert await depot.state(one.transfer_id) == ("PLANNED", [(6, 4, 0, 0, 2, 0)])
    assert await depot.send(Sending(line, 2)) == [2]
    assert await depot.state(one.transfer_id) == ("SENT", [(6, 6, 0, 0, 0, 0)])
    assert await floor.lying("KETTLE") == {"A-01": (4, 0), "TRANSIT-0001": (6, 0)}
    await floor.assert_sound()
    assert await depot.receive(TransferReceipt(line, depot.other.bins["B-01"], 5)) == [5]
    assert await depot.levels("KETTLE") == [(4, 0, 0, 4), (5, 0, 1, 5)]
    assert await depot.state(one.transfer_id) == ("SENT", [(6, 6, 5, 0, 0, 0)])
    assert await depot.receive(TransferReceipt(line, depot.other.bins["B-02"], 1)) == [1]
    assert await depot.state(one.transfer_id) == ("RECEIVED", [(6, 6, 6, 0, 0, 0)])
    assert await depot.levels("KETTLE") == [(4, 0, 0, 4), (6, 0, 0, 6)]
    assert await kinds_told(floor) == [
        ("transfer_planned", 6),
        ("transfer_sent", 4),
        ("transfer_sent", 2),
        ("transfer_received", 5),
        ("transfer_received", 1),
    ]
    await floor.assert_sound()


async def test_a_transfer_never_takes_what_orders_were_promised(depot: Depot) -> None:
    floor = depot.floor
    await floor.put(floor.bin("A-01"), "KETTLE", 10)
    order = floor.demand("KETTLE", 7)
    await floor.reserve(order)
    (refused,) = await depot.run(transfer_commands.plan_transfers, plans=[depot.plan(KETTLE=4)])
    assert (refused.refusal.code, refused.refusal.data) == (
        "NOT_ENOUGH_STOCK",
        {"sku_ids": [str(floor.skus["KETTLE"])], "asked": [4], "free": [3]},
    )
    short, full = await depot.run(
        transfer_commands.plan_transfers,
        plans=[depot.plan(allow_short=True, KETTLE=4, LID=1), depot.plan(allow_short=True, KETTLE=1)],
    )
    assert [(line.sku_id, line.quantity) for line in short.lines] == [(floor.skus["KETTLE"], 3)]
    assert full.refusal.code == "NOT_ENOUGH_STOCK"
    assert (await floor.reserve(floor.demand("KETTLE", 1))).covered == []
    assert await depot.levels("KETTLE") == [(10, 10, 0, 0), (0, 0, 0, 0)]
    await floor.assert_sound()


async def test_bins_promised_to_a_wave_are_passed_over(depot: Depot) -> None:
    floor = depot.floor
    await floor.put(floor.bin("A-01"), "KETTLE", 3)
    await floor.promised("KETTLE", 3)
    await floor.put(floor.bin("A-02"), "KETTLE", 3)
    one = await depot.planned(KETTLE=3)
    (line,) = one.line_ids
    assert await depot.send(Sending(line, 1, floor.bin("A-01"))) == ["NOT_ENOUGH_STOCK"]
    (sent,) = await depot.run(transfer_sends.send_transfers, sendings=[Sending(line, 3)])
    assert [(part.place_id, part.quantity) for part in sent.taken] == [(floor.bin("A-02"), 3)]
    await floor.assert_sound()


async def test_cancelling_frees_once_and_a_transfer_that_left_is_finished_instead(depot: Depot) -> None:
    floor = depot.floor
    await floor.put(floor.bin("A-01"), "KETTLE", 10)
    first, second = await depot.planned(KETTLE=6), await depot.planned(KETTLE=4)
    cancel = transfer_commands.cancel_transfers
    assert await depot.told(cancel, transfer_ids=[first.transfer_id, first.transfer_id]) == ["CANCELLED", "CANCELLED"]
    assert await depot.told(cancel, transfer_ids=[first.transfer_id, new_id()]) == ["CANCELLED", "UNKNOWN_TRANSFER"]
    assert await depot.levels("KETTLE") == [(10, 4, 0, 6), (0, 0, 0, 0)]
    assert await depot.send(Sending(first.line_ids[0], 1)) == ["WRONG_STATE"]
    finish = transfer_sends.finish_transfers
    assert await depot.told(finish, transfer_ids=[second.transfer_id]) == ["WRONG_STATE"]
    await depot.send(Sending(second.line_ids[0], 1))
    assert await depot.told(cancel, transfer_ids=[second.transfer_id]) == ["WRONG_STATE"]
    assert await depot.told(finish, transfer_ids=[second.transfer_id]) == ["SENT"]
    assert await depot.told(finish, transfer_ids=[second.transfer_id]) == ["SENT"]
    assert await depot.levels("KETTLE") == [(9, 0, 0, 9), (0, 0, 1, 0)]
    assert await depot.receive(TransferReceipt(second.line_ids[0], depot.other.bins["B-01"], 1)) == [1]
    assert (await depot.state(second.transfer_id))[0] == "RECEIVED"
    assert [kind for kind, _ in await kinds_told(floor, "transfer_cancelled")] == ["transfer_cancelled"]
    await floor.assert_sound()


async def test_a_transfer_whose_arrived_part_is_all_that_is_sent_is_received_when_finished(depot: Depot) -> None:
    floor = depot.floor
    await floor.put(floor.bin("A-01"), "KETTLE", 5)
    one = await depot.planned(KETTLE=5)
    (line,) = one.line_ids
    await depot.send(Sending(line, 2))
    assert await depot.receive(TransferReceipt(line, depot.other.bins["B-01"], 2)) == [2]
    assert (await depot.state(one.transfer_id))[0] == "PLANNED"
    assert await depot.told(transfer_sends.finish_transfers, transfer_ids=[one.transfer_id]) == ["RECEIVED"]
    assert await depot.levels("KETTLE") == [(3, 0, 0, 3), (2, 0, 0, 2)]
    await floor.assert_sound()


async def test_more_than_travels_is_refused_and_what_never_came_is_given_up(depot: Depot) -> None:
    floor = depot.floor
    await floor.put(floor.bin("A-01"), "KETTLE", 5)
    await floor.put(floor.bin("A-01"), "LID", 2)
    one = await depot.planned(KETTLE=5, LID=2)
    kettles, lids = one.line_ids
    await depot.send(Sending(kettles, 5), Sending(lids, 2))
    into = depot.other.bins["B-01"]
    assert await depot.receive(
        TransferReceipt(kettles, into, 6), TransferReceipt(kettles, into, 3), TransferReceipt(kettles, into, 3)
    ) == ["NOT_ENOUGH_STOCK", 3, "NOT_ENOUGH_STOCK"]
    close = transfer_receipts.close_transfers
    assert await depot.told(close, transfer_ids=[one.transfer_id], reason=AdjustmentReason.LOST, note="lorry 7") == [
        "RECEIVED"
    ]
    assert await depot.state(one.transfer_id) == ("RECEIVED", [(5, 5, 3, 2, 0, 0), (2, 2, 0, 2, 0, 0)])
    assert await depot.levels("KETTLE") == [(0, 0, 0, 0), (3, 0, 0, 3)]
    assert await depot.levels("LID") == [(0, 0, 0, 0), (0, 0, 0, 0)]
    assert await depot.told(close, transfer_ids=[one.transfer_id]) == ["RECEIVED"]
    async with floor.database.reading(floor.actor) as uow:
        page = await queries.move_page(uow, one_page(), document_id=one.transfer_id)
    assert [(row.reason, row.quantity) for row in page.items][:2] == [("LOST: lorry 7", 2), ("LOST: lorry 7", 2)]
    await floor.assert_sound()


def one_page() -> PageRequest:
    return PageRequest(50)


async def test_a_sending_booked_by_mistake_goes_back_to_its_bin_and_is_promised_again(depot: Depot) -> None:
    floor = depot.floor
    await floor.put(floor.bin("A-01"), "KETTLE", 5)
    one = await depot.planned(KETTLE=5)
    (line,) = one.line_ids
    await depot.send(Sending(line, 5, floor.bin("A-01")))
    back = transfer_undo.take_back_sends
    assert await depot.told(back, backs=[TakenBack(line, floor.bin("A-02"), 1)]) == ["NOT_ENOUGH_STOCK"]
    backs = [TakenBack(line, floor.bin("A-01"), 3), TakenBack(line, floor.bin("A-01"), 3)]
    assert await depot.told(back, backs=backs) == [3, "NOT_ENOUGH_STOCK"]
    assert await depot.state(one.transfer_id) == ("PLANNED", [(5, 2, 0, 0, 3, 0)])
    assert await depot.levels("KETTLE") == [(3, 3, 0, 0), (0, 0, 2, 0)]
    assert await depot.told(back, backs=[TakenBack(line, floor.bin("A-01"), 2)]) == [2]
    assert await depot.told(transfer_commands.cancel_transfers, transfer_ids=[one.transfer_id]) == ["CANCELLED"]
    assert await depot.levels("KETTLE") == [(5, 0, 0, 5), (0, 0, 0, 0)]
    assert await kinds_told(floor, "transfer_sent") == [
        ("transfer_sent", 5),
        ("transfer_sent", -3),
        ("transfer_sent", -2),
    ]
    await floor.assert_sound()


async def test_a_receipt_booked_by_mistake_travels_again_unless_an_order_was_promised_it(depot: Depot) -> None:
    floor = depot.floor
    await floor.put(floor.bin("A-01"), "KETTLE", 5)
    one = await depot.planned(KETTLE=5)
    (line,) = one.line_ids
    await depot.send(Sending(line, 5))
    await depot.receive(TransferReceipt(line, depot.other.bins["B-01"], 5))
    wanted = floor.demand("KETTLE", 3)
    await floor.reserve(
        type(wanted)(wanted.group_id, wanted.line_id, depot.other.location_id, wanted.sku_id, 3, wanted.rank_at)
    )
    back = transfer_undo.take_back_receipts
    backs = [TakenBack(line, depot.other.bins["B-01"], 3), TakenBack(line, depot.other.bins["B-01"], 2)]
    assert await depot.told(back, backs=backs) == ["NOT_ENOUGH_STOCK", 2]
    assert await depot.state(one.transfer_id) == ("SENT", [(5, 5, 3, 0, 0, 0)])
    assert await depot.levels("KETTLE") == [(0, 0, 0, 0), (3, 3, 2, 0)]
    assert await depot.receive(TransferReceipt(line, depot.other.bins["B-02"], 2)) == [2]
    assert (await depot.state(one.transfer_id))[0] == "RECEIVED"
    await floor.assert_sound()


async def test_a_transfer_that_reality_left_short_gives_way_before_orders_and_says_so(depot: Depot) -> None:
    floor = depot.floor
    await floor.put(floor.bin("A-01"), "KETTLE", 10)
    one = await depot.planned(KETTLE=4)
    late = floor.demand("KETTLE", 6, rank=10**6)
    await floor.reserve(late)
    gone = Adjustment(floor.bin("A-01"), floor.skus["KETTLE"], -3)
    await depot.run(adjustments.adjust_stock, adjustments=[gone])
    assert await floor.reservations(late.line_id) == [("OPEN", 6)]
    assert await depot.state(one.transfer_id) == ("PLANNED", [(4, 0, 0, 0, 1, 3)])
    (line,) = one.line_ids
    assert await depot.send(Sending(line, 2)) == ["NOT_ENOUGH_STOCK"]
    await floor.put(floor.bin("A-02"), "KETTLE", 2)
    (sent,) = await depot.run(transfer_sends.send_transfers, sendings=[Sending(line, 3)])
    assert sent.quantity == 3
    assert await depot.levels("KETTLE") == [(6, 6, 0, 0), (0, 0, 3, 0)]
    assert await depot.state(one.transfer_id) == ("PLANNED", [(4, 3, 0, 0, 0, 1)])
    await floor.assert_sound()


async def test_lots_travel_as_lots_and_a_lot_blocked_on_the_way_arrives_unsellable(depot: Depot) -> None:
    floor = depot.floor
    first = await floor.put(floor.bin("A-01"), "MILK", 3, lot_code="L1")
    second = await floor.put(floor.bin("A-01"), "MILK", 3, lot_code="L2")
    one = await depot.planned(MILK=5)
    (line,) = one.line_ids
    assert await depot.send(
        Sending(line, 1, floor.bin("A-01")), Sending(line, 3, floor.bin("A-01"), first), Sending(line, 2)
    ) == ["NOT_ENOUGH_STOCK", 3, 2]
    async with floor.database.unit_of_work(floor.actor) as uow:
        assert await lots.set_lots_blocked(uow, lot_ids=[second], blocked=True) == []
    into = depot.other.bins["B-01"]
    assert await depot.receive(
        TransferReceipt(line, into, 1), TransferReceipt(line, into, 3, first), TransferReceipt(line, into, 2, second)
    ) == ["LOT_NEEDED", 3, 2]
    assert await depot.levels("MILK") == [(1, 0, 0, 0), (5, 0, 0, 3)]
    await floor.assert_sound()


async def test_serial_units_are_named_on_the_way_out_and_follow(depot: Depot) -> None:
    floor = depot.floor
    await floor.put(floor.bin("A-01"), "PHONE", 3, serials=("S1", "S2", "S3"))
    one = await depot.planned(PHONE=2)
    (line,) = one.line_ids
    async with floor.database.reading(floor.actor) as uow:
        unit = {row.serial: row.id for row in await queries.units_by_serial(uow, ["S1", "S2", "S3"])}
    bin_id = floor.bin("A-01")
    assert await depot.send(
        Sending(line, 2, bin_id),
        Sending(line, 1),
        Sending(line, 1, bin_id, unit_id=unit["S3"]),
        Sending(line, 1, bin_id, unit_id=unit["S3"]),
        Sending(line, 1, bin_id, unit_id=unit["S1"]),
    ) == ["SERIAL_NEEDED", "SERIAL_NEEDED", 1, "SERIAL_ELSEWHERE", 1]
    into = depot.other.bins["B-01"]
    assert await depot.receive(
        TransferReceipt(line, into, 1),
        TransferReceipt(line, into, 1, unit_id=unit["S2"]),
        TransferReceipt(line, into, 1, unit_id=unit["S1"]),
    ) == ["SERIAL_NEEDED", "SERIAL_ELSEWHERE", 1]
    await depot.told(transfer_receipts.close_transfers, transfer_ids=[one.transfer_id])
    async with floor.database.reading(floor.actor) as uow:
        found = {
            row.serial: (row.place_id, row.state) for row in await queries.units_by_serial(uow, ["S1", "S2", "S3"])
        }
    assert found["S1"] == (into, "IN_STOCK")
    assert found["S2"] == (bin_id, "IN_STOCK")
    assert found["S3"][1] == "GONE"
    await floor.assert_sound()


async def test_rows_that_make_no_sense_are_told(depot: Depot) -> None:
    floor = depot.floor
    await floor.put(floor.bin("A-01"), "KETTLE", 3)
    here, there, sku = floor.warehouse.location_id, depot.other.location_id, floor.skus["KETTLE"]
    plans = [
        TransferPlan(here, here, [PlannedLine(sku, 1)]),
        TransferPlan(here, new_id(), [PlannedLine(sku, 1)]),
        TransferPlan(here, there, []),
        TransferPlan(here, there, [PlannedLine(sku, 0)]),
        TransferPlan(here, there, [PlannedLine(new_id(), 1)]),
        TransferPlan(here, there, [PlannedLine(sku, 1), PlannedLine(sku, 1)]),
        TransferPlan(here, there, [PlannedLine(sku, 1)], note="x" * 501),
    ]
    answers = await depot.run(transfer_commands.plan_transfers, plans=plans)
    assert [(one.refusal.code, one.refusal.field) for one in answers] == [
        ("INVALID_INPUT", ("to_location_id",)),
        ("UNKNOWN_PLACE", ("to_location_id",)),
        ("INVALID_INPUT", ("lines",)),
        ("INVALID_INPUT", ("lines", "0", "quantity")),
        ("UNKNOWN_SKU", ("lines", "0", "sku_id")),
        ("INVALID_INPUT", ("lines", "1", "sku_id")),
        ("INVALID_INPUT", ("note",)),
    ]
    assert await depot.levels("KETTLE") == [(3, 0, 0, 3), (0, 0, 0, 0)]
    one = await depot.planned(KETTLE=2)
    (line,) = one.line_ids
    assert await depot.send(
        Sending(new_id(), 1),
        Sending(line, 0),
        Sending(line, 3),
        Sending(line, 1, new_id()),
        Sending(line, 1, floor.tote()),
        Sending(line, 1, depot.other.bins["B-01"]),
    ) == ["UNKNOWN_TRANSFER", "INVALID_INPUT", "INVALID_INPUT", "UNKNOWN_PLACE", "WRONG_PLACE", "WRONG_PLACE"]
    await depot.send(Sending(line, 2))
    assert await depot.receive(
        TransferReceipt(new_id(), depot.other.bins["B-01"], 1),
        TransferReceipt(line, depot.other.bins["B-01"], 0),
        TransferReceipt(line, floor.bin("A-01"), 1),
        TransferReceipt(line, depot.other.totes["T-0001"], 1),
        TransferReceipt(line, depot.other.bins["B-01"], 1, new_id()),
    ) == ["UNKNOWN_TRANSFER", "INVALID_INPUT", "WRONG_PLACE", "WRONG_PLACE", "NOT_ENOUGH_STOCK"]
    await floor.assert_sound()


async def test_a_file_makes_no_bin_of_a_place_where_transfers_travel_or_goods_come_from(depot: Depot) -> None:
    floor = depot.floor
    await floor.put(floor.bin("A-01"), "KETTLE", 1)
    one = await depot.planned(KETTLE=1)
    await depot.send(Sending(one.line_ids[0], 1))
    told = [NewPlace("WH2", "TRANSIT-0001", "BIN"), NewPlace("WH2", "SUPPLIER", "BIN"), NewPlace("WH2", "B-09", "BIN")]
    async with floor.database.unit_of_work(floor.actor) as uow:
        answers = await places.save_places(uow, places=told)
    assert [one.refusal.code if isinstance(one, Refused) else one.change for one in answers] == [
        "INVALID_INPUT",
        "INVALID_INPUT",
        "CREATED",
    ]
    await floor.assert_sound()
