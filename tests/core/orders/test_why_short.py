"""Why a line is short: who holds the goods, what would free them, when and by whom they were lost."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from tests.builders_accounts import make_person
from tests.builders_catalog import make_skus
from tests.builders_orders import (
    ORDERED_AT,
    House,
    bring_in,
    lines_of,
    make_house,
    new_order,
    only_fulfillment_order,
    pick,
    put_on_floor,
    react,
)
from tests.builders_stock import put_stock
from tests.statements import statements

from pickmesh.core.accounts import queries as accounts
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.clock import StoppedClock
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Role
from pickmesh.core.orders import cancel, holds, why_facts, why_short
from pickmesh.core.orders.whys import ShortLine, WhyShort
from pickmesh.core.stock import adjustments, leases, lots, put_backs
from pickmesh.core.stock import queries as stock_queries
from pickmesh.core.stock.adjustments import Adjustment
from pickmesh.core.stock.leases import LeaseLine, NewLease
from pickmesh.core.stock.put_backs import Loss

SHIP_BY = ORDERED_AT + timedelta(days=2)


async def why(database: Database, actor: Actor, **asked: Any) -> WhyShort:
    async with database.reading(actor) as uow:
        return await why_short.why_short(uow, **asked)


async def why_order(database: Database, actor: Actor, order_id: UUID) -> WhyShort:
    return await why(database, actor, order_ids=[order_id])


async def only_line(database: Database, actor: Actor, order_id: UUID) -> ShortLine:
    (line,) = (await why_order(database, actor, order_id)).lines
    return line


async def ordered(database: Database, merchant: Actor, house: House, number: str, wanted: Any, **more: Any) -> UUID:
    (verdict,) = await bring_in(database, merchant, new_order(house, number, wanted, **more))
    return verdict.order_id


async def test_the_holder_is_named_with_its_rank_and_what_each_figure_is(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, {"CUP": 5})
    first = await ordered(database, merchant, house, "T-1", {"CUP": 4}, ship_by=SHIP_BY - timedelta(hours=1))
    second = await ordered(database, merchant, house, "T-2", {"CUP": 3})
    holder = await only_fulfillment_order(database, merchant, first)
    line = await only_line(database, merchant, second)
    assert (line.wanted, line.promised, line.missing, line.shipped) == (3, 0, 3, 0)
    (there,) = line.locations
    assert (there.on_hand, there.reserved, there.non_sellable, there.free, there.available) == (5, 4, 0, 1, 1)
    assert there.is_its_own
    assert there.held.count == 1
    (held,) = there.held.holders
    assert (held.kind, held.id, held.number, held.quantity, held.status, held.frees) == (
        why_facts.HolderKind.ORDER,
        holder.id,
        holder.number,
        4,
        "OPEN",
        None,
    )
    assert held.rank_at == SHIP_BY - timedelta(hours=1)
    assert line.sentence == (
        "F-0002 needs 3 × CUP and lacks 3 at HZ1. HZ1 has 5: 4 promised, 0 not for sale, 1 free. "
        "F-0001 was promised 4 first because its ship-by (2026-11-25 09:00) is earlier. "
        "1 free is too few: the 3 are promised together or not at all. "
        "No transfer brings any and no other warehouse has 3 free: receive goods, or tell the buyer."
    )


async def test_an_order_without_a_shortage_says_so(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, {"CUP": 5})
    order_id = await ordered(database, merchant, house, "T-1", {"CUP": 2})
    assert (await why_order(database, merchant, order_id)).sentence == "Nothing is missing."
    row = await only_fulfillment_order(database, merchant, order_id)
    (line,) = await lines_of(database, merchant, row.id)
    told = await why(database, merchant, line_ids=[line.id])
    assert told.sentence == "Nothing is missing: the 2 × CUP of F-0001 are promised or shipped."


async def test_who_would_let_go_of_what_and_when(database: Database, merchant: Actor, clock: StoppedClock) -> None:
    house = await make_house(database, merchant, {"CUP": 9})
    held = await ordered(database, merchant, house, "T-1", {"CUP": 2}, ship_by=SHIP_BY - timedelta(hours=2))
    stopped = await ordered(database, merchant, house, "T-2", {"CUP": 3}, ship_by=SHIP_BY - timedelta(hours=1))
    async with database.unit_of_work(merchant) as uow:
        lease = NewLease("C-1", "checkout", [LeaseLine(house.skus["CUP"], 4)], expires_in=timedelta(minutes=30))
        await leases.open_leases(uow, leases=[lease])
    held_row = await only_fulfillment_order(database, merchant, held)
    stopped_row = await only_fulfillment_order(database, merchant, stopped)
    await put_on_floor(database, merchant, stopped_row.id)
    async with database.unit_of_work(merchant) as uow:
        await holds.hold(uow, fulfillment_order_ids=[held_row.id], note="")
    await pick(database, merchant, house, stopped_row.id, {"CUP": 3})
    async with database.unit_of_work(merchant) as uow:
        await cancel.intercept(uow, ids=[stopped_row.id], reason="buyer")
    line = await only_line(database, merchant, await ordered(database, merchant, house, "T-3", {"CUP": 1}))
    holders = line.locations[0].held.holders
    assert [(each.kind, each.quantity, each.frees, each.frees_at) for each in holders] == [
        ("ORDER", 2, "HOLD", None),
        ("ORDER", 3, "PUT_BACK", None),
        ("LEASE", 4, "LEASE_EXPIRES", clock.now() + timedelta(minutes=30)),
    ]
    assert [each.status for each in holders] == ["ON_HOLD", "INTERCEPTED", "OPEN"]
    assert line.sentence.endswith(
        "F-0001 was promised 2 first because its ship-by (2026-11-25 08:00) is earlier. "
        "It is on hold: cancelling it would free them. "
        "F-0002 was promised 3 first because its ship-by (2026-11-25 09:00) is earlier. "
        "It was stopped: they are free when they are put back. "
        "Timed reservation “C-1” has held 4 since 2026-11-24 12:00. That ends at 2026-11-24 12:30 and frees them."
    )


async def test_a_lost_promise_tells_when_by_whom_and_how(
    database: Database, merchant: Actor, clock: StoppedClock
) -> None:
    house = await make_house(database, merchant, {"CUP": 5})
    order_id = await ordered(database, merchant, house, "T-1", {"CUP": 4})
    person_id, person = await make_person(database, merchant, Role.MANAGER)
    clock.advance(timedelta(minutes=5))
    async with database.unit_of_work(person) as uow:
        gone = Adjustment(house.bins["HZ1"], house.skus["CUP"], -3, reason="water damage")
        await adjustments.adjust_stock(uow, adjustments=[gone])
        name = (await _people(uow, person_id)).name
    await react(database, merchant)
    line = await only_line(database, merchant, order_id)
    assert (line.promised, line.missing) == (2, 2)
    (lost,) = line.lost
    assert (lost.at, lost.quantity, lost.cause, lost.reason, lost.actor_id, lost.place_id) == (
        clock.now(),
        2,
        why_facts.LossCause.CORRECTED,
        "water damage",
        person_id,
        house.bins["HZ1"],
    )
    assert f"2 were promised until 2026-11-24 12:05: {name} corrected the figure (water damage)." in line.sentence


async def _people(uow: Any, person_id: UUID) -> Any:
    return (await accounts.people_by_id(uow, [person_id]))[person_id]


async def test_pieces_a_picker_did_not_find_are_told_as_such(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, {"CUP": 2})
    order_id = await ordered(database, merchant, house, "T-1", {"CUP": 2})
    row = await only_fulfillment_order(database, merchant, order_id)
    await put_on_floor(database, merchant, row.id)
    (line,) = await lines_of(database, merchant, row.id)
    async with database.unit_of_work(merchant) as uow:
        (allocation,) = await stock_queries.allocations_of_lines(uow, [line.id])
        await put_backs.lose_allocations(uow, losses=[Loss(allocation.id, 1)])
    told = await only_line(database, merchant, order_id)
    assert [(each.cause, each.quantity) for each in told.lost] == [("NOT_FOUND", 1)]
    (unsellable,) = told.locations[0].unsellable
    assert (unsellable.cause, unsellable.place_code, unsellable.quantity) == ("MISSING", "MISSING", 1)
    assert "1 at MISSING: not found, to be counted." in told.sentence
    assert "1 were promised until 2026-11-24 12:00: the system did not find them." in told.sentence


async def test_a_blocked_lot_is_named(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, {"CUP": 1})
    skus = await make_skus(database, merchant, ["MILK"], shop="TB", lot_tracked=True)
    lot_id = await put_stock(
        database, merchant, house.bins["HZ1"], skus["MILK"], 6, lot_code="L1", expires_on=date(2027, 1, 1)
    )
    order_id = await ordered(database, merchant, house, "T-1", {"MILK": 2})
    async with database.unit_of_work(merchant) as uow:
        await lots.set_lots_blocked(uow, lot_ids=[lot_id], blocked=True)
    line = await only_line(database, merchant, order_id)
    (unsellable,) = line.locations[0].unsellable
    assert (unsellable.cause, unsellable.lot_code, unsellable.quantity) == ("LOT_BLOCKED", "L1", 6)
    assert [each.cause for each in line.lost] == ["LOT_BLOCKED"]
    assert "6 at A-01-1: lot L1 is blocked." in line.sentence
    assert "the system blocked their lot." in line.sentence


async def test_a_set_is_held_up_by_its_other_part_and_another_warehouse_is_pointed_out(
    database: Database, merchant: Actor
) -> None:
    house = await make_house(
        database, merchant, {"CUP": 5, "LID": 0}, bundles={"SET": {"CUP": 1, "LID": 1}}, warehouses=("HZ1", "BJ1")
    )
    order_id = await ordered(database, merchant, house, "T-1", {"SET": 1})
    lines = {line.sku_id: line for line in (await why_order(database, merchant, order_id)).lines}
    cup, lid = lines[house.skus["CUP"]], lines[house.skus["LID"]]
    assert (cup.with_sku_ids, lid.with_sku_ids) == ([lid.sku_id], [])
    assert cup.sentence.endswith("It is part of a set that is promised whole or not at all, and LID is missing.")
    assert lid.sentence == (
        "F-0001 needs 1 × LID and lacks 1 at HZ1. HZ1 has none. "
        "No transfer brings any and no other warehouse has 1 free: receive goods, or tell the buyer."
    )
    await put_stock(database, merchant, house.bins["BJ1"], house.skus["LID"], 7)
    lines = {line.sku_id: line for line in (await why_order(database, merchant, order_id)).lines}
    assert lines[house.skus["LID"]].sentence.endswith("BJ1 has 7 free: it could go out from there.")


async def test_codes_nobody_mapped_and_orders_of_others_are_told(
    database: Database, merchant: Actor, stranger: Actor
) -> None:
    house = await make_house(database, merchant, {"CUP": 5})
    order_id = await ordered(database, merchant, house, "T-1", {"CUP": 1, "WHAT": 1})
    told = await why_order(database, merchant, order_id)
    assert (told.unmapped, told.lines) == (["WHAT"], [])
    assert told.sentence == "Nobody has said yet which SKU “WHAT” is; map the shop's code."
    theirs = await why_order(database, stranger, order_id)
    assert theirs == WhyShort("There is nothing of yours to explain.", [], [])
    assert (await why(database, merchant, line_ids=[new_id()])).lines == []


async def test_one_line_and_fifty_take_the_same_statements(database: Database, merchant: Actor) -> None:
    house = await make_house(database, merchant, {f"S-{number}": 1 for number in range(50)})
    for number in range(3):
        await ordered(database, merchant, house, f"T-{number}", {f"S-{each}": 1 for each in range(50)})
    async with database.unit_of_work(merchant) as uow:
        gone = [Adjustment(house.bins["HZ1"], house.skus[f"S-{each}"], -1) for each in range(50)]
        await adjustments.adjust_stock(uow, adjustments=gone)
    one = await ordered(database, merchant, house, "one", {"S-0": 1})
    many = await ordered(database, merchant, house, "many", {f"S-{each}": 1 for each in range(50)})
    sent = []
    for order_id, count in ((one, 1), (many, 50)):
        with statements(database) as seen:
            assert len((await why_order(database, merchant, order_id)).lines) == count
        sent.append(len(seen))
    assert sent[0] == sent[1]
