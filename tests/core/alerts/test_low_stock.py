import pytest
from builders_alerts import make_shelf
from events_told import events_told, kinds_told
from statements import statements

from pickmesh.core.alerts import commands, queries, rules
from pickmesh.core.alerts.commands import NewReorderPoint
from pickmesh.core.alerts.tables import Severity
from pickmesh.core.journal.database import Database
from pickmesh.core.kit import languages
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.paging import PageRequest
from pickmesh.core.kit.permissions import Role
from pickmesh.core.kit.refusals import InvalidInput, LimitExceeded, NotPermitted, Refused
from pickmesh.core.stock import reservations

RAISED, RESOLVED = "alert_raised", "alert_resolved"


async def test_low_stock_is_told_once_and_resolves_itself_on_receipt(database: Database, merchant: Actor) -> None:
    shelf = await make_shelf(database, merchant, {"TEA": 10})
    ear = shelf.ear
    (point_id,) = await ear.watch(shelf.location_id, {shelf.skus["TEA"]: (5, 10)})
    await ear.listen()
    assert await ear.alerts() == []
    await shelf.promise("TEA", 7)
    await ear.listen()
    alert = await ear.alert()
    assert (alert.kind, alert.severity, alert.state, alert.subject_id) == ("LOW_STOCK", "WARNING", "OPEN", point_id)
    assert alert.location_id == shelf.location_id
    assert alert.detail == {"sku_id": str(shelf.skus["TEA"]), "available": 3, "low_at": 5, "enough_at": 10}
    assert alert.text == "TEA Article TEA is low at HZ1: 3 available; 5 or fewer is low."
    for name in ("owner", "purchaser"):
        (notice,) = await ear.told(name)
        assert (notice.text, notice.state, notice.kind, notice.subject_id) == (alert.text, "OPEN", "ALERT", alert.id)
        assert [(each.operation, each.type_name, each.subject_id, each.version) for each in notice.actions] == [
            ("alertSnooze", "Alert", alert.id, 1),
            ("alertResolve", "Alert", alert.id, 1),
        ]
    await shelf.bring("TEA", 9)
    await ear.listen()
    alert = await ear.alert()
    assert (alert.state, alert.supported_actions, alert.version) == ("RESOLVED", [], 2)
    (notice,) = await ear.told("purchaser")
    assert (notice.text, notice.state) == ("TEA Article TEA is there again at HZ1: 12 available.", "CLOSED")
    assert languages.translate(notice.text, "zh-CN") == "HZ1 的 TEA 商品 TEA 已补足：可用 12 件。"
    told = [row for row in await events_told(database, merchant) if str(row[1]).startswith("alert_")]
    assert [(row[1], row[2]) for row in told] == [(RAISED, alert.id), (RESOLVED, alert.id)]


async def test_it_flutters_not_and_is_armed_again_by_enough(database: Database, merchant: Actor) -> None:
    shelf = await make_shelf(database, merchant, {"TEA": 6})
    await shelf.ear.watch(shelf.location_id, {shelf.skus["TEA"]: (5, 10)})
    for difference, alerts in ((-1, 1), (1, 1), (3, 1), (-4, 1), (5, 1), (-4, 1), (-1, 2)):
        await shelf.adjust({"TEA": difference})
        await shelf.ear.listen()
        assert len(await shelf.ear.alerts()) == alerts, difference
    states = [alert.state for alert in await shelf.ear.alerts()]
    assert states == ["RESOLVED", "OPEN"]
    assert [notice.state for notice in await shelf.ear.told("owner")] == ["CLOSED", "OPEN"]


async def test_running_out_makes_it_critical_in_place(database: Database, merchant: Actor) -> None:
    shelf = await make_shelf(database, merchant, {"TEA": 4, "CUP": 0})
    await shelf.ear.watch(shelf.location_id, {shelf.skus["TEA"]: (5, 10), shelf.skus["CUP"]: (0, 1)})
    await shelf.ear.listen()
    by_sku = {alert.detail["sku_id"]: alert.severity for alert in await shelf.ear.alerts()}
    assert by_sku == {str(shelf.skus["TEA"]): "WARNING", str(shelf.skus["CUP"]): "CRITICAL"}
    for _ in range(2):
        await shelf.adjust({"TEA": -4})
        await shelf.ear.listen()
        await shelf.bring("TEA", 4)  # a few more are no news
        await shelf.ear.listen()
    tea = next(alert for alert in await shelf.ear.alerts() if alert.detail["sku_id"] == str(shelf.skus["TEA"]))
    assert (tea.severity, tea.version) == ("CRITICAL", 2)
    (notice,) = [each for each in await shelf.ear.told("owner") if each.subject_id == tea.id]
    assert (notice.text, notice.version) == ("TEA Article TEA has run out at HZ1; 5 or fewer is low.", 2)
    assert (await kinds_told(database, merchant)).count("alert_changed") == 1


async def test_a_storm_of_events_about_many_skus_raises_each_once_in_as_many_statements(
    database: Database, merchant: Actor
) -> None:
    counts = []
    shelf = await make_shelf(database, merchant, {f"S{number}": 8 for number in range(41)})
    codes = list(shelf.skus)
    await shelf.ear.watch(shelf.location_id, dict.fromkeys(shelf.skus.values(), (5, 10)))
    await shelf.ear.listen()
    for part in (codes[:1], codes[1:]):
        for _ in range(5):
            await shelf.adjust(dict.fromkeys(part, -1))
        with statements(database) as sent:
            await shelf.ear.listen()
        counts.append(len(sent))
    assert len(await shelf.ear.alerts()) == 41
    assert counts[0] == counts[1]
    for part in (codes[:1], codes[1:]):
        for _ in range(3):
            await shelf.adjust(dict.fromkeys(part, 3))
        with statements(database) as sent:
            await shelf.ear.listen()
        counts.append(len(sent))
    assert {alert.state for alert in await shelf.ear.alerts()} == {"RESOLVED"}
    assert counts[2] == counts[3]
    kinds = await kinds_told(database, merchant)
    assert (kinds.count(RAISED), kinds.count(RESOLVED)) == (41, 41)


async def test_what_nobody_watches_costs_one_read(database: Database, merchant: Actor) -> None:
    shelf = await make_shelf(database, merchant, {"TEA": 8})
    await shelf.ear.listen()
    await shelf.adjust({"TEA": -8})
    with statements(database) as sent:
        await shelf.ear.listen()
    asked = [each for each in sent if "reorder_point" in each or "alert" in each.replace("'alerts'", "")]
    assert len(asked) == 1
    assert await shelf.ear.alerts() == []


async def test_reactions_that_run_twice_change_nothing(database: Database, merchant: Actor) -> None:
    shelf = await make_shelf(database, merchant, {"TEA": 4, "CUP": 4})
    await shelf.ear.watch(shelf.location_id, dict.fromkeys(shelf.skus.values(), (5, 10)))
    await shelf.ear.listen()
    await shelf.bring("CUP", 20)
    await shelf.ear.listen()
    alerts, notices = await shelf.ear.alerts(), await shelf.ear.told("owner")
    kinds = await kinds_told(database, merchant)
    await shelf.ear.listen_again()
    assert (await shelf.ear.alerts(), await shelf.ear.told("owner")) == (alerts, notices)
    assert await kinds_told(database, merchant) == kinds


async def test_promised_pieces_count_and_freed_ones_too(database: Database, merchant: Actor) -> None:
    shelf = await make_shelf(database, merchant, {"TEA": 12})
    await shelf.ear.watch(shelf.location_id, {shelf.skus["TEA"]: (5, 10)})
    line_id = await shelf.promise("TEA", 8)
    await shelf.ear.listen()
    assert (await shelf.ear.alert()).state == "OPEN"
    await database.run(merchant, lambda uow: reservations.release_reservations(uow, line_ids=[line_id]))
    await shelf.ear.listen()
    assert (await shelf.ear.alert()).state == "RESOLVED"


async def test_who_is_told_depends_on_role_and_warehouse(database: Database, merchant: Actor) -> None:
    shelf = await make_shelf(database, merchant, {"TEA": 1})
    ear, here, elsewhere = shelf.ear, frozenset({shelf.location_id}), frozenset({new_id()})
    await ear.hire("manager here", Role.MANAGER, warehouse_ids=here)
    await ear.hire("manager elsewhere", Role.MANAGER, warehouse_ids=elsewhere)
    await ear.hire("picker", Role.PICKER)
    await ear.hire("support", Role.SUPPORT)
    await ear.watch(shelf.location_id, {shelf.skus["TEA"]: (5, 10)})
    await ear.listen()
    told = {name for name in ear.people if await ear.told(name)}
    assert told == {"owner", "purchaser", "manager here"}
    seen = {}
    for name in ear.people:
        async with database.reading(ear.people[name][1]) as uow:
            seen[name] = len((await queries.alert_page(uow, PageRequest(9))).items)
    assert seen == {
        "owner": 1,
        "purchaser": 1,
        "manager here": 1,
        "manager elsewhere": 0,
        "picker": 1,
        "support": 1,
    }


async def test_saying_what_is_low(database: Database, merchant: Actor) -> None:
    shelf = await make_shelf(database, merchant, {"TEA": 3, "CUP": 3})
    tea, cup, here = shelf.skus["TEA"], shelf.skus["CUP"], shelf.location_id
    points = [
        NewReorderPoint(here, tea, 2),
        NewReorderPoint(here, cup, 5, 5),
        NewReorderPoint(here, cup, -1, 5),
        NewReorderPoint(here, new_id(), 5, 9),
        NewReorderPoint(new_id(), cup, 5, 9),
        NewReorderPoint(here, tea, 4, 9),
    ]
    first, *others = await database.run(merchant, lambda uow: commands.save_reorder_points(uow, points=points))
    codes = [answer.refusal.code for answer in others if isinstance(answer, Refused)]
    assert codes == ["INVALID_INPUT", "INVALID_INPUT", "NOT_FOUND", "NOT_FOUND", "INVALID_INPUT"]
    await shelf.ear.listen()
    assert await shelf.ear.alerts() == []
    changed, same, stale = [
        (await database.run(merchant, lambda uow: commands.save_reorder_points(uow, points=[point])))[0]  # noqa: B023
        for point in (
            NewReorderPoint(here, tea, 3, 9, version=1),
            NewReorderPoint(here, tea, 3, 9),
            NewReorderPoint(here, tea, 8, 9, version=1),
        )
    ]
    assert (changed, same) == (first, first)
    assert isinstance(stale, Refused)
    assert (stale.refusal.code, stale.refusal.data["version"]) == ("STALE_VERSION", 2)
    await shelf.ear.listen()
    assert (await shelf.ear.alert()).detail["low_at"] == 3
    async with database.reading(merchant) as uow:
        (row,) = (await queries.reorder_points_of_skus(uow, [tea]))[tea]
        assert (row.low_at, row.enough_at, row.version, row.is_low) == (3, 9, 2, True)
        assert [each.id for each in (await queries.reorder_point_page(uow, PageRequest(9), is_low=True)).items] == [
            first
        ]
        assert (await queries.reorder_point_page(uow, PageRequest(9), is_low=False)).items == []
    with pytest.raises(LimitExceeded):
        await database.run(merchant, lambda uow: commands.save_reorder_points(uow, points=points * commands.BATCH_MAX))


async def test_a_reorder_point_that_is_removed_takes_its_alert_along(database: Database, merchant: Actor) -> None:
    shelf = await make_shelf(database, merchant, {"TEA": 3})
    picker = await shelf.ear.hire("picker", Role.PICKER)
    ids = await shelf.ear.watch(shelf.location_id, {shelf.skus["TEA"]: (5, 10)})
    await shelf.ear.listen()
    with pytest.raises(NotPermitted):
        await database.run(picker, lambda uow: commands.remove_reorder_points(uow, point_ids=ids))
    assert await database.run(merchant, lambda uow: commands.remove_reorder_points(uow, point_ids=ids)) == ids
    assert (await shelf.ear.alert()).state == "RESOLVED"
    (notice,) = await shelf.ear.told("owner")
    assert notice.text.startswith("No longer watched: TEA Article TEA is low")
    await shelf.adjust({"TEA": -1})
    await shelf.ear.listen()
    await shelf.ear.watch(shelf.location_id, {shelf.skus["TEA"]: (5, 10)})
    await shelf.ear.listen()
    assert [alert.state for alert in await shelf.ear.alerts()] == ["RESOLVED", "OPEN"]


async def test_another_merchants_stock_raises_nothing_here(
    database: Database, merchant: Actor, stranger: Actor
) -> None:
    shelf = await make_shelf(database, merchant, {"TEA": 3})
    ids = await shelf.ear.watch(shelf.location_id, {shelf.skus["TEA"]: (5, 10)})
    await shelf.ear.listen()
    alert = await shelf.ear.alert()
    async with database.unit_of_work(stranger) as uow:
        assert await queries.alerts_by_id(uow, [alert.id]) == {}
        assert await queries.reorder_points_by_id(uow, ids) == {}
        (answer,) = await commands.resolve(uow, [alert.id])
        (saved,) = await commands.save_reorder_points(
            uow, points=[NewReorderPoint(shelf.location_id, shelf.skus["TEA"], 1)]
        )
    for refused in (answer, saved):
        assert isinstance(refused, Refused)
        assert refused.refusal.code == "NOT_FOUND"
    assert await shelf.ear.alert() == alert


def test_low_begins_at_low_and_ends_at_enough() -> None:
    low = {
        (was, pieces): rules.is_low_now(was_low=was, available=pieces, low_at=5, enough_at=8)
        for was in (False, True)
        for pieces in (0, 5, 6, 7, 8)
    }
    assert [low[False, pieces] for pieces in (0, 5, 6, 7, 8)] == [True, True, False, False, False]
    assert [low[True, pieces] for pieces in (0, 5, 6, 7, 8)] == [True, True, True, True, False]
    assert [rules.low_severity(pieces) for pieces in (0, 1)] == [Severity.CRITICAL, Severity.WARNING]
    for figures in ((-1, 5), (5, 5), (0, rules.PIECES_MAX + 1)):
        with pytest.raises(InvalidInput):
            rules.require_reorder_point(*figures)
