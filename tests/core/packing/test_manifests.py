import asyncio
from typing import Any
from uuid import UUID

import pytest
from tests.builders_floor import (
    Floor,
    bring_orders,
    code_of,
    done,
    event_kinds,
    get_number,
    lying,
    make_floor,
    packed,
    pick_list,
    release,
    row_of,
    shipped,
    violations,
)
from tests.builders_packing import make_carriers
from tests.statements import statements

from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.refusals import NotFound, Refused, StaleVersion, WrongState
from pickmesh.core.orders import cancel
from pickmesh.core.packing import carrier_choice, manifest_queries, manifests, shipping
from pickmesh.core.packing.carrier_choice import CarrierOverride
from pickmesh.core.packing.manifests import ClosedManifest, ManifestScan, OnManifest
from pickmesh.core.packing.refusals import CountDiffers, UnknownCarrier
from pickmesh.core.packing.tables import Manifest, Parcel
from pickmesh.core.stock.tables import ShipAt


async def floor_of(database: Database, actor: Actor, count: int, **location: Any) -> tuple[Floor, list[UUID]]:
    """A floor whose first `count` orders, of a cup each, are picked."""
    floor = await make_floor(database, actor, {"A-01": {"CUP": 20}}, totes=count, **location)
    ids = await bring_orders(floor, {f"N{number}": {"CUP": 1} for number in range(count)})
    for number, list_id in enumerate((await release(floor)).pick_list_ids, 1):
        await pick_list(floor, list_id, f"T-{number:04d}")
    return floor, ids


async def opened(floor: Floor, carrier: str = "LOCAL") -> UUID:
    async with floor.database.unit_of_work(floor.packer) as uow:
        return (await manifests.open_manifest(uow, location_id=floor.location_id, carrier=carrier)).manifest_id


async def put_on(floor: Floor, manifest_id: UUID, *parcel_ids: UUID) -> list[OnManifest | Refused]:
    async with floor.database.unit_of_work(floor.packer) as uow:
        return await manifests.put_on_manifests(uow, scans=[ManifestScan(manifest_id, each) for each in parcel_ids])


async def close(floor: Floor, manifest_id: UUID, told: int, **more: Any) -> ClosedManifest:
    async with floor.database.unit_of_work(floor.packer) as uow:
        return await manifests.close_manifest(uow, manifest_id=manifest_id, told_count=told, **more)


async def test_parcels_are_scanned_counted_and_handed_over_with_the_drivers_count(
    database: Database, merchant: Actor
) -> None:
    floor, ids = await floor_of(database, merchant, 3)
    parcels = [await shipped(floor, each, {"CUP": 1}) for each in ids]
    manifest_id = await opened(floor)
    assert await opened(floor) == manifest_id
    answers = await put_on(floor, manifest_id, parcels[0], parcels[1], parcels[0], new_id())
    assert [done(each, OnManifest).already for each in answers[:3]] == [False, False, True]
    assert code_of(answers[3]) == "NOT_FOUND"
    async with database.reading(merchant) as uow:
        assert await manifest_queries.counts_of_manifests(uow, [manifest_id]) == {manifest_id: 2}
        assert await manifest_queries.waiting_counts(uow, [manifest_id]) == {manifest_id: 1}
    with pytest.raises(CountDiffers) as told:
        await close(floor, manifest_id, 3)
    assert told.value.data == {"told": 3, "scanned": 2, "missing_parcel_ids": [parcels[2]]}
    answer = await close(floor, manifest_id, 3, accept_difference=True, note="one more on the pallet")
    assert (sorted(answer.handed_over), answer.missing, answer.difference) == (sorted(parcels[:2]), [parcels[2]], 1)
    states = [(await row_of(floor, Parcel, each)).state for each in parcels]
    assert states == ["HANDED_OVER", "HANDED_OVER", "SHIPPED"]
    row = await row_of(floor, Manifest, manifest_id)
    assert (row.state, row.told_count, row.note) == ("CLOSED", 3, "one more on the pallet")
    assert (await event_kinds(floor, parcels[0]))[-2:] == ["parcel_on_manifest", "parcel_handed_over"]
    async with database.reading(merchant) as uow:
        missing = await manifest_queries.missing_of(uow, [manifest_id])
    assert [each.id for each in missing[manifest_id]] == [parcels[2]]
    assert await violations(floor) == []


async def test_a_closed_manifest_is_corrected_by_a_new_one_only(database: Database, merchant: Actor) -> None:
    floor, ids = await floor_of(database, merchant, 2)
    first, second = [await shipped(floor, each, {"CUP": 1}) for each in ids]
    manifest_id = await opened(floor)
    done((await put_on(floor, manifest_id, first))[0])
    await close(floor, manifest_id, 1)
    assert code_of((await put_on(floor, manifest_id, second))[0]) == "WRONG_STATE"
    with pytest.raises(WrongState):
        await close(floor, manifest_id, 1)
    async with database.unit_of_work(floor.packer) as uow:
        (off,) = await manifests.take_off_manifests(uow, scans=[ManifestScan(manifest_id, first)])
    assert code_of(off) == "WRONG_STATE"
    again = await opened(floor)
    assert again != manifest_id
    answers = await put_on(floor, again, first, second)
    assert (code_of(answers[0]), done(answers[1], OnManifest).already) == ("WRONG_STATE", False)


async def test_what_may_not_go_is_refused_with_the_reason(database: Database, merchant: Actor) -> None:
    floor, ids = await floor_of(database, merchant, 5)
    await make_carriers(database, merchant, "SF")
    async with database.unit_of_work(merchant) as uow:
        wanted = [CarrierOverride(each, "SF" if each == ids[0] else "LOCAL") for each in ids]
        await carrier_choice.override_carriers(uow, overrides=wanted, reason="x")
    other_carrier = await shipped(floor, ids[0], {"CUP": 1})
    no_number = await packed(floor, ids[1], {"CUP": 1})
    not_weighed = await packed(floor, ids[2], {"CUP": 1})
    await get_number(floor, not_weighed)
    elsewhere = await shipped(floor, ids[3], {"CUP": 1})
    other = await opened(floor, "SF")
    local = await opened(floor)
    done((await put_on(floor, local, elsewhere))[0])
    answers = await put_on(floor, local, other_carrier, no_number, not_weighed)
    assert [code_of(each) for each in answers] == ["WRONG_CARRIER", "NOT_READY", "NOT_READY"]
    assert isinstance(answers[2], Refused)
    assert answers[2].refusal.data == {"lacks": "NOT_WEIGHED"}
    (on_other,) = await put_on(floor, other, elsewhere)
    assert code_of(on_other) == "ON_OTHER_MANIFEST"
    with pytest.raises(UnknownCarrier):
        await opened(floor, "NOBODY")
    with pytest.raises(NotFound):
        await close(floor, new_id(), 0)


async def test_handing_over_ships_where_the_warehouse_ships_so_and_leaves_stopped_orders_behind(
    database: Database, merchant: Actor
) -> None:
    floor, ids = await floor_of(database, merchant, 2, ship_at=ShipAt.HANDOVER)
    parcels = [await packed(floor, each, {"CUP": 1}) for each in ids]
    for each in parcels:
        await get_number(floor, each)
    manifest_id = await opened(floor)
    assert [done(each, OnManifest).already for each in await put_on(floor, manifest_id, *parcels)] == [False, False]
    async with database.unit_of_work(merchant) as uow:
        await cancel.intercept(uow, ids=[ids[1]], reason="buyer")
    answer = await close(floor, manifest_id, 1, accept_difference=True)
    assert (answer.handed_over, answer.left_behind) == ([parcels[0]], [parcels[1]])
    assert (await row_of(floor, Parcel, parcels[1])).manifest_id is None
    assert await lying(floor, [floor.warehouse.bins["A-01"]]) == {floor.warehouse.bins["A-01"]: 18}


async def test_a_parcel_that_is_called_back_comes_off_its_manifest(database: Database, merchant: Actor) -> None:
    floor, ids = await floor_of(database, merchant, 1)
    parcel_id = await shipped(floor, ids[0], {"CUP": 1})
    manifest_id = await opened(floor)
    done((await put_on(floor, manifest_id, parcel_id))[0])
    async with database.unit_of_work(merchant) as uow:
        await shipping.unship_parcels(uow, parcel_ids=[parcel_id], reason="wrong address")
    assert (await close(floor, manifest_id, 0)).handed_over == []
    assert (await row_of(floor, Parcel, parcel_id)).state == "SEALED"


async def test_scanning_and_closing_at_once_lose_no_parcel(database: Database, merchant: Actor) -> None:
    floor, ids = await floor_of(database, merchant, 2)
    parcels = [await shipped(floor, each, {"CUP": 1}) for each in ids]
    manifest_id = await opened(floor)
    done((await put_on(floor, manifest_id, parcels[0]))[0])

    async def closing() -> ClosedManifest | StaleVersion:
        try:
            return await close(floor, manifest_id, 1, accept_difference=True)
        except StaleVersion as refusal:
            return refusal

    (scan, *_), closed = await asyncio.gather(put_on(floor, manifest_id, parcels[1]), closing())
    row = await row_of(floor, Parcel, parcels[1])
    if isinstance(closed, StaleVersion):
        closed = await close(floor, manifest_id, 2)
        row = await row_of(floor, Parcel, parcels[1])
    assert (row.state == "HANDED_OVER") == (parcels[1] in closed.handed_over) == isinstance(scan, OnManifest)


async def test_scanning_many_takes_as_many_statements_as_one(database: Database, merchant: Actor) -> None:
    floor, ids = await floor_of(database, merchant, 5)
    parcels = [await shipped(floor, each, {"CUP": 1}) for each in ids]
    manifest_id = await opened(floor)
    counts = []
    for some in (parcels[:1], parcels[1:]):
        with statements(database) as sent:
            await put_on(floor, manifest_id, *some)
        counts.append(len(sent))
    assert counts[0] == counts[1]
