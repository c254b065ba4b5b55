from builders_alerts import Ear
from builders_floor import (
    Floor,
    bind,
    bring_orders,
    claim,
    done,
    lines_of,
    make_floor,
    pick,
    react,
    release,
)
from statements import statements

from pickmesh.core.alerts import commands, floor
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Role
from pickmesh.core.orders import cancel
from pickmesh.core.picking import put_backs, queries, shorts, tasks
from pickmesh.core.picking.put_backs import PutBackScan
from pickmesh.core.picking.rules import PickShort
from pickmesh.core.picking.tables import WaveKind


async def staffed(database: Database, actor: Actor) -> Ear:
    ear = Ear(database, actor)
    await ear.hire("manager", Role.MANAGER)
    await ear.hire("purchaser", Role.PURCHASER)
    return ear


async def find_nothing(floor_: Floor, many: int) -> None:
    """Let as many orders' cups not be found; nothing else has any."""
    await bring_orders(floor_, {f"N{number}": {"CUP": 1} for number in range(many)})
    (list_id,) = (await release(floor_, WaveKind.CLUSTER)).pick_list_ids
    await claim(floor_, list_id)
    (line,) = await lines_of(floor_, list_id)
    async with floor_.database.unit_of_work(floor_.picker) as uow:
        done((await shorts.report_shorts(uow, shorts=[PickShort(line.id, many, new_id())]))[0])


async def settle(database: Database, actor: Actor) -> None:
    async with database.unit_of_work(actor) as uow:
        page = await queries.task_page(uow, queries.PageRequest(250), kinds=["SHORT_PICK"])
        await tasks.settle_tasks(uow, task_ids=[row.id for row in page.items])


async def test_a_short_pick_is_told_to_managers_until_somebody_settles_it(database: Database, merchant: Actor) -> None:
    ear = await staffed(database, merchant)
    hall = await make_floor(database, merchant, {"A-01": {"CUP": 1}})
    await find_nothing(hall, 1)
    await ear.listen()
    alert = await ear.alert()
    assert (alert.kind, alert.severity, alert.location_id) == ("SHORT_PICK", "WARNING", hall.location_id)
    (notice,) = await ear.told("manager")
    assert (notice.kind, notice.state, notice.text) == ("SHORT_PICK", "OPEN", alert.text)
    assert notice.text == "1 × CUP Article CUP were not found at A-01; F-0001 lacks them."
    assert await ear.told("purchaser") == []
    await settle(database, merchant)
    await ear.listen()
    assert (await ear.alert()).state == "RESOLVED"
    (notice,) = await ear.told("manager")
    assert (notice.state, notice.text) == ("CLOSED", "F-0001: 1 × CUP Article CUP that were not found are settled.")
    await ear.listen_again()
    assert [alert.state for alert in await ear.alerts()] == ["RESOLVED"]


async def test_what_a_person_settled_is_not_raised_by_the_same_news(database: Database, merchant: Actor) -> None:
    ear = await staffed(database, merchant)
    await find_nothing(await make_floor(database, merchant, {"A-01": {"CUP": 1}}), 1)
    await ear.listen()
    alert = await ear.alert()
    await database.run(merchant, lambda uow: commands.resolve(uow, [alert.id]))
    await ear.listen_again()  # its task is still open
    assert [each.state for each in await ear.alerts()] == ["RESOLVED"]


async def test_statements_do_not_depend_on_how_many_are_short(
    database: Database, merchant: Actor, stranger: Actor
) -> None:
    counts = []
    for actor, many in ((merchant, 1), (stranger, 8)):
        ear = await staffed(database, actor)
        hall = await make_floor(database, actor, {"A-01": {"CUP": many}})
        await ear.listen()
        await find_nothing(hall, many)
        async with database.reading(actor) as uow:
            opened = [row.id for row in (await queries.task_page(uow, queries.PageRequest(250))).items]
            with statements(database) as sent:
                assert len(await floor.short_picks(uow, opened)) == many
            counts.append(len(sent))
        await ear.listen()
        assert len(await ear.alerts()) == many
    assert counts[0] == counts[1]


async def test_a_stopped_order_is_told_until_its_goods_are_back(database: Database, merchant: Actor) -> None:
    ear = await staffed(database, merchant)
    hall = await make_floor(database, merchant, {"A-01": {"CUP": 10}})
    order_id, other_id = await bring_orders(hall, {"N1": {"CUP": 2}, "N2": {"CUP": 1}})
    (list_id,) = (await release(hall, orders=[order_id])).pick_list_ids
    await claim(hall, list_id)
    done(await bind(hall, list_id, "T-0001"))
    done(await pick(hall, (await lines_of(hall, list_id))[0].id, 2, "T-0001"))
    async with database.unit_of_work(merchant) as uow:
        stopped = await cancel.cancel_fulfillment_orders(uow, ids=[order_id, other_id], reason="BUYER")
    for answer in stopped:
        done(answer)
    await react(hall)
    await ear.listen()
    alert = await ear.alert()
    assert (alert.kind, alert.state, alert.subject_id, alert.location_id) == (
        "INTERCEPTED",
        "OPEN",
        order_id,
        hall.location_id,
    )
    (notice,) = await ear.told("manager")
    assert notice.text == "F-0001 was stopped while it was being worked on; its goods must be put back."
    async with database.reading(merchant) as uow:
        (task,) = (await queries.tasks_about(uow, [order_id]))[order_id]
    async with database.unit_of_work(hall.picker) as uow:
        backs = [PutBackScan(task.id, hall.warehouse.bins["A-01"], 2, new_id())]
        done((await put_backs.put_back(uow, backs=backs))[0])
    await react(hall)
    await ear.listen()
    assert (await ear.alert()).state == "RESOLVED"
    (notice,) = await ear.told("manager")
    assert (notice.state, notice.text) == ("CLOSED", "F-0001 was stopped, and its goods are back.")
    await ear.listen_again()
    assert [alert.state for alert in await ear.alerts()] == ["RESOLVED"]
