from datetime import timedelta
from uuid import UUID

import pytest
from builders_alerts import Shelf, make_shelf
from events_told import events_told, kinds_told
from statements import statements

from pickmesh.core.alerts import commands, rules
from pickmesh.core.journal import timers
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.clock import StoppedClock
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Role
from pickmesh.core.kit.refusals import InvalidInput, LimitExceeded, Refused

HOUR = timedelta(hours=1)


async def low_shelf(database: Database, merchant: Actor, many: int = 1) -> tuple[Shelf, list[UUID]]:
    """Return a shelf on which everything is low, and its alerts."""
    shelf = await make_shelf(database, merchant, {f"S{number}": 3 for number in range(many)})
    await shelf.ear.watch(shelf.location_id, dict.fromkeys(shelf.skus.values(), (5, 10)))
    await shelf.ear.listen()
    return shelf, [alert.id for alert in await shelf.ear.alerts()]


async def snooze(shelf: Shelf, actor: Actor, *ids: UUID, hours: int = 4) -> list[UUID | Refused]:
    until = shelf.ear.database.clock.now() + hours * HOUR
    return await shelf.ear.database.run(actor, lambda uow: commands.snooze(uow, ids, until=until))


async def resolve(shelf: Shelf, actor: Actor, *ids: UUID, version: int | None = None) -> list[UUID | Refused]:
    versions = dict.fromkeys(ids, version) if version is not None else None
    return await shelf.ear.database.run(
        actor,
        lambda uow: commands.resolve(uow, ids, versions=versions),  # type: ignore[arg-type]  # None was ruled out
    )


async def tick(shelf: Shelf) -> None:
    """Let timers that are due fire, as the worker does."""
    await shelf.ear.database.run(shelf.ear.actor, timers.fire_due)
    await shelf.ear.listen()


async def test_what_is_put_off_comes_back_by_itself(database: Database, merchant: Actor, clock: StoppedClock) -> None:
    shelf, (alert_id,) = await low_shelf(database, merchant)
    purchaser = shelf.ear.people["purchaser"][1]
    assert await snooze(shelf, purchaser, alert_id) == [alert_id]
    assert await snooze(shelf, purchaser, alert_id) == [alert_id]
    alert = await shelf.ear.alert()
    assert (alert.state, alert.version, alert.snoozed_until) == ("SNOOZED", 2, clock.now() + 4 * HOUR)
    (notice,) = await shelf.ear.told("owner")
    assert (notice.text, notice.state) == (f"Put off by 王小明: {alert.text}", "CLOSED")
    await shelf.adjust({"S0": 1})
    clock.advance(4 * HOUR - timedelta(seconds=1))
    await tick(shelf)
    assert (await shelf.ear.alert()).state == "SNOOZED"
    clock.advance(timedelta(seconds=1))
    await tick(shelf)
    alert = await shelf.ear.alert()
    assert (alert.state, alert.version, alert.snoozed_until) == ("OPEN", 3, None)
    (notice,) = await shelf.ear.told("owner")
    assert (notice.text, notice.state) == (alert.text, "OPEN")
    assert {action.version for action in notice.actions} == {3}
    assert (await kinds_told(database, merchant)).count("alert_snoozed") == 1
    again = [row[3]["again"] for row in await events_told(database, merchant) if row[1] == "alert_raised"]  # type: ignore[index]
    assert again == [False, True]
    before = await shelf.ear.alerts(), await shelf.ear.told("owner")
    await shelf.ear.listen_again()
    assert (await shelf.ear.alerts(), await shelf.ear.told("owner")) == before


async def test_what_is_put_off_is_resolved_by_goods_and_never_comes_back(
    database: Database, merchant: Actor, clock: StoppedClock
) -> None:
    shelf, (alert_id,) = await low_shelf(database, merchant)
    await snooze(shelf, merchant, alert_id)
    await shelf.adjust({"S0": -3})  # worse, but nobody wants to hear of it now
    await shelf.ear.listen()
    alert = await shelf.ear.alert()
    assert (alert.state, alert.severity) == ("SNOOZED", "CRITICAL")
    assert (await shelf.ear.told("owner"))[0].text.startswith("Put off for now: S0")
    await shelf.bring("S0", 12)
    await shelf.ear.listen()
    assert (await shelf.ear.alert()).state == "RESOLVED"
    clock.advance(5 * HOUR)
    await tick(shelf)
    assert [alert.state for alert in await shelf.ear.alerts()] == ["RESOLVED"]


async def test_what_is_settled_by_hand_is_raised_again_only_after_there_was_enough(
    database: Database, merchant: Actor
) -> None:
    shelf, (alert_id,) = await low_shelf(database, merchant)
    assert await resolve(shelf, shelf.ear.people["owner"][1], alert_id) == [alert_id]
    (notice,) = await shelf.ear.told("purchaser")
    assert notice.text.startswith("Settled by 王小明: S0 Article S0 is low at HZ1")
    for difference, alerts in ((-1, 1), (-2, 1), (9, 1), (3, 1), (-8, 2)):
        await shelf.adjust({"S0": difference})
        await shelf.ear.listen()
        assert len(await shelf.ear.alerts()) == alerts, difference


async def test_who_may_do_something_about_an_alert(database: Database, merchant: Actor, clock: StoppedClock) -> None:
    shelf, (alert_id,) = await low_shelf(database, merchant)
    picker = await shelf.ear.hire("picker", Role.PICKER)
    elsewhere = await shelf.ear.hire("elsewhere", Role.MANAGER, warehouse_ids=frozenset({new_id()}))
    answers = [
        *await resolve(shelf, picker, alert_id),
        *await snooze(shelf, elsewhere, alert_id),
        *await resolve(shelf, merchant, alert_id, version=7),
        *await resolve(shelf, merchant, new_id()),
        *await resolve(shelf, merchant, alert_id, version=1),
        *await resolve(shelf, merchant, alert_id),
        *await snooze(shelf, merchant, alert_id),
    ]
    codes = [answer.refusal.code if isinstance(answer, Refused) else "OK" for answer in answers]
    assert codes == ["NOT_PERMITTED", "NOT_FOUND", "STALE_VERSION", "NOT_FOUND", "OK", "ALERT_OVER", "ALERT_OVER"]


async def test_putting_off_has_bounds(database: Database, merchant: Actor, clock: StoppedClock) -> None:
    shelf, (alert_id,) = await low_shelf(database, merchant)
    for until in (clock.now(), clock.now() + rules.SNOOZE_LONGEST + timedelta(seconds=1)):
        with pytest.raises(InvalidInput):
            await database.run(merchant, lambda uow: commands.snooze(uow, [alert_id], until=until))  # noqa: B023
    with pytest.raises(LimitExceeded):
        await resolve(shelf, merchant, *[alert_id] * (commands.BATCH_MAX + 1))


async def test_statements_do_not_depend_on_how_many_alerts(
    database: Database, merchant: Actor, stranger: Actor, clock: StoppedClock
) -> None:
    counts = []
    for actor, many in ((merchant, 1), (stranger, 30)):
        shelf, ids = await low_shelf(database, actor, many)
        with statements(database) as sent:
            await snooze(shelf, actor, *ids)
        counts.append([len(sent)])
        clock.advance(5 * HOUR)
        for work in (tick(shelf), resolve(shelf, actor, *ids)):
            with statements(database) as sent:
                await work
            counts[-1].append(len(sent))
        assert {alert.state for alert in await shelf.ear.alerts()} == {"RESOLVED"}
    assert counts[0] == counts[1]
