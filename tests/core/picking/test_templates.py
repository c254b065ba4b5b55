from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from tests.builders_floor import Floor, bring_orders, code_of, done, event_kinds, make_floor, react, row_of, violations

from pickmesh.core.journal import timers
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.clock import StoppedClock
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.refusals import NotPermitted, Refused, WrongState
from pickmesh.core.picking import kicking, queries, schedules, templates
from pickmesh.core.picking.refusals import NothingToPlan
from pickmesh.core.picking.tables import Wave, WaveKind, WaveTemplate
from pickmesh.core.picking.templates import TemplateToSave
from pickmesh.core.picking.wave_rules import Chosen

SHELVES = {"A-01": {"CUP": 50}, "A-02": {"LID": 50}}
DAILY = schedules.told(["13:00", "18:00"], [1, 2, 3, 4, 5, 6, 7])
EVERY_FILTER = Chosen(
    carriers=("SF",),
    leave_within=timedelta(hours=4),
    by_next_cut_off=True,
    zone="A",
    shop_ids=(UUID(int=7),),
    tags=("vip",),
    priority_at_least=5,
    pieces_at_least=1,
    pieces_at_most=9,
    lines_at_most=3,
    weight_g_at_most=1_000,
    volume_cm3_at_most=2_000,
    contents=((UUID(int=8), 2),),
)


async def save(floor: Floor, name: str = "Noon", **more: Any) -> UUID | Refused:
    wanted = TemplateToSave(**{"location_id": floor.location_id, "name": name, "kind": WaveKind.CLUSTER, **more})
    async with floor.database.unit_of_work(floor.actor) as uow:
        (answer,) = await templates.save_templates(uow, templates=[wanted])
    return answer


async def due(floor: Floor, template_id: UUID) -> datetime | None:
    async with floor.database.reading(floor.actor) as uow:
        return (await templates.next_runs(uow, [template_id])).get(template_id)


async def pass_time(floor: Floor, clock: StoppedClock, until: datetime) -> None:
    """Let the clock go on, timers fire and rooms react."""
    clock.advance(until - clock.now())
    async with floor.database.unit_of_work(floor.actor) as uow:
        await timers.fire_due(uow)
    await react(floor)


async def waves_of(floor: Floor) -> list[Any]:
    async with floor.database.reading(floor.actor) as uow:
        found = await uow.fetch(
            sa.select(Wave.id, Wave.status, Wave.template_id, Wave.kind).where(uow.mine(Wave)).order_by(Wave.number)
        )
    return list(found)


async def test_a_template_keeps_every_filter_it_was_told(database: Database, merchant: Actor) -> None:
    floor = await make_floor(database, merchant, SHELVES)
    template_id = done(await save(floor, chosen=EVERY_FILTER, limit=40, cart_capacity=6), UUID)
    row = await row_of(floor, WaveTemplate, template_id)
    assert templates.chosen_of(row.chosen) == EVERY_FILTER
    assert (row.chosen["limit"], row.chosen["cart_capacity"], row.schedule) == (40, 6, None)
    plain = await row_of(floor, WaveTemplate, done(await save(floor, "Plain"), UUID))
    assert plain.chosen == {"limit": 200, "cart_capacity": 12}


async def test_a_template_run_by_hand_makes_its_wave(database: Database, merchant: Actor) -> None:
    floor = await make_floor(database, merchant, SHELVES)
    small, _ = await bring_orders(floor, {"N1": {"CUP": 1}, "N2": {"CUP": 1, "LID": 1}})
    template_id = done(await save(floor, chosen=Chosen(pieces_at_most=1)), UUID)
    async with database.unit_of_work(merchant) as uow:
        run = await templates.run_template(uow, template_id=template_id)
    (wave,) = await waves_of(floor)
    assert (wave.id, wave.status, wave.template_id) == (run.wave_id, "PLANNED", template_id)
    async with database.reading(merchant) as uow:
        seats = (await queries.seats_of_waves(uow, [wave.id]))[wave.id]
    assert [seat.fulfillment_order_id for seat in seats] == [small]
    async with database.unit_of_work(merchant) as uow:
        with pytest.raises(NothingToPlan):
            await templates.run_template(uow, template_id=template_id)


async def test_a_schedule_makes_waves_by_itself_and_releases_them(
    database: Database, merchant: Actor, clock: StoppedClock
) -> None:
    floor = await make_floor(database, merchant, SHELVES, time_zone="Asia/Shanghai")  # it is 12:00 there
    template_id = done(await save(floor, schedule=DAILY, releases=True), UUID)
    first = clock.now() + timedelta(hours=1)
    assert await due(floor, template_id) == first
    await bring_orders(floor, {"N1": {"CUP": 1}})
    await pass_time(floor, clock, first - timedelta(minutes=1))
    assert await waves_of(floor) == []
    await pass_time(floor, clock, first + timedelta(seconds=20))
    (wave,) = await waves_of(floor)
    assert (wave.status, wave.template_id, wave.kind) == ("RELEASED", template_id, "CLUSTER")
    assert await due(floor, template_id) == first + timedelta(hours=5)
    assert (await row_of(floor, WaveTemplate, template_id)).version == 1
    assert await violations(floor) == []


async def test_templates_of_one_hour_share_the_orders_among_them(
    database: Database, merchant: Actor, clock: StoppedClock
) -> None:
    floor = await make_floor(database, merchant, SHELVES, time_zone="UTC")
    for name in ("One", "Two", "Three"):
        done(await save(floor, name, schedule=DAILY, releases=True, limit=1))
    await bring_orders(floor, {"N1": {"CUP": 1}, "N2": {"CUP": 1}})
    await pass_time(floor, clock, clock.now() + timedelta(hours=9))
    assert [wave.status for wave in await waves_of(floor)] == ["RELEASED", "RELEASED"]
    assert await violations(floor) == []


async def test_a_wave_called_off_before_its_release_stays_so(
    database: Database, merchant: Actor, clock: StoppedClock
) -> None:
    floor = await make_floor(database, merchant, SHELVES)
    await bring_orders(floor, {"N1": {"CUP": 1}})
    template_id = done(await save(floor, releases=True), UUID)
    async with database.unit_of_work(merchant) as uow:
        run = await templates.run_template(uow, template_id=template_id)
        await kicking.cancel_wave(uow, wave_id=run.wave_id)
    await react(floor)
    assert [wave.status for wave in await waves_of(floor)] == ["CANCELLED"]


async def test_nothing_is_made_of_nothing_and_the_next_run_still_comes(
    database: Database, merchant: Actor, clock: StoppedClock
) -> None:
    floor = await make_floor(database, merchant, SHELVES, time_zone="UTC")
    template_id = done(await save(floor, schedule=DAILY), UUID)
    first = clock.now() + timedelta(hours=9)
    await pass_time(floor, clock, first)
    assert await waves_of(floor) == []
    assert (await row_of(floor, WaveTemplate, template_id)).last_run_at == first
    assert await event_kinds(floor, template_id) == ["wave_template_saved", "timer_due", "wave_template_due"]
    await bring_orders(floor, {"N1": {"CUP": 1}})
    await pass_time(floor, clock, first + timedelta(hours=5))
    assert [wave.status for wave in await waves_of(floor)] == ["PLANNED"]


async def test_a_run_that_is_heard_of_twice_happens_once(
    database: Database, merchant: Actor, clock: StoppedClock
) -> None:
    floor = await make_floor(database, merchant, SHELVES, time_zone="UTC")
    template_id = done(await save(floor, schedule=DAILY), UUID)
    await bring_orders(floor, {"N1": {"CUP": 1}})
    at = clock.now() + timedelta(hours=9)
    await pass_time(floor, clock, at)
    await bring_orders(floor, {"N2": {"CUP": 1}})
    async with database.unit_of_work(merchant) as uow:
        assert await templates.run_due(uow, template_id=template_id, due_at=at) is None
    assert len(await waves_of(floor)) == 1


@pytest.mark.parametrize("change", [{"is_active": False}, {"schedule": None}])
async def test_a_template_that_no_longer_runs_by_itself_has_no_hour(
    database: Database, merchant: Actor, clock: StoppedClock, change: Mapping[str, Any]
) -> None:
    floor = await make_floor(database, merchant, SHELVES)
    template_id = done(await save(floor, schedule=DAILY), UUID)
    done(await save(floor, id=template_id, **{"schedule": DAILY, **change}))
    assert await due(floor, template_id) is None
    await bring_orders(floor, {"N1": {"CUP": 1}})
    async with database.unit_of_work(merchant) as uow:  # a timer that fired just before
        assert await templates.run_due(uow, template_id=template_id, due_at=clock.now()) is None


async def test_an_archived_template_runs_no_more(database: Database, merchant: Actor) -> None:
    floor = await make_floor(database, merchant, SHELVES)
    template_id = done(await save(floor, schedule=DAILY), UUID)
    async with database.unit_of_work(merchant) as uow:
        stale, gone, missing = await templates.archive_templates(
            uow, ids=[template_id, template_id, new_id()], versions={template_id: 2}
        )
        assert [code_of(each) for each in (stale, gone, missing)] == ["STALE_VERSION", "STALE_VERSION", "NOT_FOUND"]
        assert await templates.archive_templates(uow, ids=[template_id]) == [template_id]
    assert await due(floor, template_id) is None
    async with database.unit_of_work(merchant) as uow:
        assert await templates.templates_of(uow, floor.location_id) == []
        with pytest.raises(WrongState):
            await templates.run_template(uow, template_id=template_id)
    done(await save(floor))  # its name is free again


async def test_what_cannot_be_kept_is_refused_item_by_item(database: Database, merchant: Actor) -> None:
    floor = await make_floor(database, merchant, SHELVES)
    template_id = done(await save(floor), UUID)
    assert code_of(await save(floor)) == "NAME_TAKEN"
    assert code_of(await save(floor, "")) == "INVALID_INPUT"
    assert code_of(await save(floor, "Once", chosen=Chosen(leave_by=datetime(2026, 1, 1)))) == "INVALID_INPUT"
    assert code_of(await save(floor, "Far", location_id=new_id())) == "NOT_FOUND"
    assert code_of(await save(floor, "Gone", id=new_id())) == "NOT_FOUND"
    assert code_of(await save(floor, "Old", id=template_id, version=9)) == "STALE_VERSION"
    assert code_of(await save(floor, "Many", limit=0)) == "INVALID_INPUT"
    assert done(await save(floor, "Evening", id=template_id, version=1), UUID) == template_id
    assert (await row_of(floor, WaveTemplate, template_id)).name == "Evening"


async def test_only_who_manages_the_floor_makes_templates(database: Database, merchant: Actor) -> None:
    floor = await make_floor(database, merchant, SHELVES)
    template_id = done(await save(floor), UUID)
    wanted = TemplateToSave(location_id=floor.location_id, name="Mine", kind=WaveKind.CLUSTER)
    async with database.unit_of_work(floor.picker) as uow:
        (saved,) = await templates.save_templates(uow, templates=[wanted])
        (archived,) = await templates.archive_templates(uow, ids=[template_id])
        assert [code_of(saved), code_of(archived)] == ["NOT_PERMITTED", "NOT_PERMITTED"]
        with pytest.raises(NotPermitted):
            await templates.run_template(uow, template_id=template_id)
