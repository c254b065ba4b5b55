"""A warehouse at work for tests of any room: orders on shelves, waves, walks and parcels, all by the real commands."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

import sqlalchemy as sa
from tests.builders_accounts import make_person, make_shop
from tests.builders_catalog import make_bundle, make_skus
from tests.builders_orders import House, bring_in, new_order
from tests.builders_stock import Warehouse, make_warehouse, put_stock

from pickmesh.core.accounts.tables import ShortagePolicy
from pickmesh.core.journal import checks as journal_checks
from pickmesh.core.journal.database import Database
from pickmesh.core.journal.reading import events_after
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Role
from pickmesh.core.kit.refusals import Refused
from pickmesh.core.kit.violations import Violation
from pickmesh.core.orders import checks as order_checks
from pickmesh.core.orders import queries as order_queries
from pickmesh.core.orders import reactions as order_reactions
from pickmesh.core.packing import checks as packing_checks
from pickmesh.core.packing import commands as packing
from pickmesh.core.packing import parcels, stations, verifying
from pickmesh.core.packing import queries as parcel_queries
from pickmesh.core.packing import reactions as packing_reactions
from pickmesh.core.packing.carriers import LOCAL, Carriers
from pickmesh.core.packing.issuing import issue_waybills
from pickmesh.core.packing.local import LocalCarrier
from pickmesh.core.packing.rules import Opening, Seal, VerifyItem, Weighing
from pickmesh.core.picking import checks as picking_checks
from pickmesh.core.picking import commands as picking
from pickmesh.core.picking import lists, totes, waves, work
from pickmesh.core.picking import queries as pick_queries
from pickmesh.core.picking import reactions as picking_reactions
from pickmesh.core.picking.rules import PickConfirmation
from pickmesh.core.picking.tables import WaveKind
from pickmesh.core.picking.totes import Bound, ToteBinding
from pickmesh.core.stock import checks as stock_checks
from pickmesh.core.stock.tables import Location, StockBalance

Item = TypeVar("Item")
CARRIERS = Carriers({LOCAL: LocalCarrier()})
CHECKS = (stock_checks, order_checks, picking_checks, packing_checks, journal_checks)
ROOMS = (order_reactions, picking_reactions, packing_reactions)


@dataclass(slots=True)
class Floor:
    """A merchant with one shop and one warehouse; `picker` and `packer` are people who work there."""

    database: Database
    actor: Actor
    house: House
    warehouse: Warehouse
    picker: Actor
    packer: Actor
    station_id: UUID
    heard: int = 0
    orders: dict[str, UUID] = field(default_factory=dict)

    @property
    def location_id(self) -> UUID:
        return self.warehouse.location_id


async def make_floor(
    database: Database,
    actor: Actor,
    shelves: Mapping[str, Mapping[str, int]],
    *,
    totes: int = 3,
    policy: ShortagePolicy = ShortagePolicy.WAIT_FOR_ALL,
    bundles: Mapping[str, Mapping[str, int]] | None = None,
    serial_tracked: bool = False,
    **location: Any,
) -> Floor:
    """Set a warehouse up with pieces of SKUs in bins ({bin: {SKU: quantity}}, in walk order) and its settings."""
    shop_id = await make_shop(database, actor, "TB", shortage_policy=policy)
    codes = list(dict.fromkeys(code for on_shelf in shelves.values() for code in on_shelf))
    skus = dict(await make_skus(database, actor, codes, shop="TB", serial_tracked=serial_tracked))
    for code, components in (bundles or {}).items():
        skus[code] = await make_bundle(database, actor, code, components, shop="TB")
    names = [f"T-{number:04d}" for number in range(1, totes + 1)]
    warehouse = await make_warehouse(database, actor, bins=list(shelves), totes=names)
    for bin_code, on_shelf in shelves.items():
        for code, quantity in on_shelf.items():
            serials = [f"{code}-{number}" for number in range(1, quantity + 1)] if serial_tracked else ()
            await put_stock(database, actor, warehouse.bins[bin_code], skus[code], quantity, serials=serials)
    async with database.unit_of_work(actor) as uow:
        (station_id,) = await stations.save_stations(uow)
        if location:
            await uow.update(Location, [{"id": warehouse.location_id, **location}])
    _, picker = await make_person(database, actor, Role.PICKER)
    _, packer = await make_person(database, actor, Role.PACKER)
    house = House("TB", shop_id, skus, {"WH1": warehouse.location_id})
    return Floor(database, actor, house, warehouse, picker, packer, station_id)


async def bring_orders(floor: Floor, wanted: Mapping[str, Mapping[str, int]]) -> list[UUID]:
    """Import orders ({number: {SKU: quantity}}) and return their fulfillment orders."""
    told = [new_order(floor.house, number, lines) for number, lines in wanted.items()]
    verdicts = await bring_in(floor.database, floor.actor, *told)
    async with floor.database.reading(floor.actor) as uow:
        found = await order_queries.fulfillment_orders_of(uow, [verdict.order_id for verdict in verdicts])
    ids = [found[verdict.order_id][0].id for verdict in verdicts]
    floor.orders.update(zip(wanted, ids, strict=True))
    return ids


async def release(
    floor: Floor, kind: WaveKind = WaveKind.DISCRETE, *, capacity: int = 12, orders: Sequence[UUID] | None = None
) -> waves.ReleasedWave:
    """Plan a wave of all (or these) orders and release it."""
    async with floor.database.unit_of_work(floor.actor) as uow:
        planned = await waves.plan_wave(uow, location_id=floor.location_id, kind=kind, fulfillment_order_ids=orders)
    async with floor.database.unit_of_work(floor.actor) as uow:
        return await waves.release_wave(uow, wave_id=planned.wave_id, cart_capacity=capacity)


async def lines_of(floor: Floor, list_id: UUID) -> list[Any]:
    """Return a list's lines in walk order."""
    async with floor.database.reading(floor.actor) as uow:
        return (await pick_queries.lines_of_lists(uow, [list_id]))[list_id]


async def claim(floor: Floor, list_id: UUID, worker: Actor | None = None) -> lists.ClaimedList:
    """Let a worker (the picker unless told) claim a list."""
    async with floor.database.unit_of_work(worker or floor.picker) as uow:
        return await lists.claim_pick_list(uow, pick_list_id=list_id)


async def bind(floor: Floor, list_id: UUID, tote: str, order_id: UUID | None = None) -> Bound | Refused:
    """Let the picker scan a tote for a list."""
    async with floor.database.unit_of_work(floor.picker) as uow:
        (answer,) = await totes.bind_totes(uow, bindings=[ToteBinding(floor.warehouse.totes[tote], list_id, order_id)])
    return answer


async def pick(
    floor: Floor,
    line_id: UUID,
    quantity: int,
    tote: str,
    *,
    order_id: UUID | None = None,
    scan_id: UUID | None = None,
    worker: Actor | None = None,
    unit_id: UUID | None = None,
) -> picking.Confirmed | Refused:
    """Let the picker (or another worker) scan units of a line into a tote."""
    taken = PickConfirmation(line_id, quantity, floor.warehouse.totes[tote], scan_id or new_id(), unit_id, order_id)
    async with floor.database.unit_of_work(worker or floor.picker) as uow:
        (answer,) = await picking.confirm_picks(uow, picks=[taken])
    return answer


async def pick_list(floor: Floor, list_id: UUID, *tote_names: str) -> list[Any]:
    """Claim a list, bind totes to it and pick every line of it; return the answers."""
    await claim(floor, list_id)
    for name in tote_names:
        done(await bind(floor, list_id, name))
    async with floor.database.reading(floor.actor) as uow:
        bound = (await pick_queries.totes_of_lists(uow, [list_id]))[list_id]
    order_totes = {row.fulfillment_order_id: row.place_id for row in bound}
    async with floor.database.unit_of_work(floor.picker) as uow:
        shares = await work.shares_in_bins(uow, [line.id for line in await lines_of(floor, list_id)])
        picks = [
            PickConfirmation(
                line_id,
                share.quantity,
                order_totes.get(share.fulfillment_order_id, bound[0].place_id),
                new_id(),
                fulfillment_order_id=share.fulfillment_order_id,
            )
            for line_id, own in shares.items()
            for share in own
        ]
        answers = await picking.confirm_picks(uow, picks=picks)
    return [done(answer) for answer in answers]


async def open_parcel(floor: Floor, order_id: UUID) -> UUID:
    """Open a parcel for an order at the station."""
    async with floor.database.unit_of_work(floor.packer) as uow:
        (answer,) = await parcels.open_parcels(uow, openings=[Opening(order_id, floor.station_id)])
    return done(answer, parcels.OpenedParcel).parcel_id


async def verify(floor: Floor, parcel_id: UUID, code: str, quantity: int = 1) -> verifying.Verified | Refused:
    """Let the packer scan units of a SKU into a parcel."""
    async with floor.database.reading(floor.actor) as uow:
        parcel = (await parcel_queries.parcels(uow, [parcel_id]))[parcel_id]
        lines = await order_queries.lines_of_fulfillment_orders(uow, [parcel.fulfillment_order_id])
    sku_id = floor.house.skus[code]
    line_id = next(line.id for line in lines[parcel.fulfillment_order_id] if line.sku_id == sku_id)
    async with floor.database.unit_of_work(floor.packer) as uow:
        (answer,) = await verifying.verify_items(uow, items=[VerifyItem(parcel_id, line_id, quantity, new_id())])
    return answer


async def seal(floor: Floor, parcel_id: UUID, *, last: bool = True) -> packing.Sealed | Refused:
    """Let the packer close a parcel."""
    async with floor.database.unit_of_work(floor.packer) as uow:
        (answer,) = await packing.seal_parcels(uow, seals=[Seal(parcel_id, last)])
    return answer


async def weigh(floor: Floor, parcel_id: UUID, weight_g: int, **more: Any) -> packing.Weighed | Refused:
    """Let the packer put a parcel on the scale."""
    async with floor.database.unit_of_work(floor.packer) as uow:
        (answer,) = await packing.weigh_parcels(uow, weighings=[Weighing(parcel_id, weight_g, **more)])
    return answer


async def get_number(floor: Floor, parcel_id: UUID) -> Any:
    """Let the local carrier answer a parcel's request; return the live waybill."""
    async with floor.database.reading(floor.actor) as uow:
        waybill_id = (await parcel_queries.live_waybills(uow, [parcel_id]))[parcel_id].id
    await issue_waybills(floor.database, floor.actor, CARRIERS, waybill_ids=[waybill_id])
    async with floor.database.reading(floor.actor) as uow:
        return (await parcel_queries.live_waybills(uow, [parcel_id]))[parcel_id]


async def packed(floor: Floor, order_id: UUID, contents: Mapping[str, int]) -> UUID:
    """Verify an order's units into a parcel and close it; return the parcel."""
    parcel_id = await open_parcel(floor, order_id)
    for code, quantity in contents.items():
        done(await verify(floor, parcel_id, code, quantity))
    done(await seal(floor, parcel_id))
    return parcel_id


async def shipped(floor: Floor, order_id: UUID, contents: Mapping[str, int]) -> UUID:
    """Pack an order, get its number and weigh it, which ships it; return the parcel."""
    parcel_id = await packed(floor, order_id, contents)
    await get_number(floor, parcel_id)
    answer = await weigh(floor, parcel_id, 100 * sum(contents.values()))
    assert done(answer, packing.Weighed).shipped
    return parcel_id


def done(answer: Any, kind: type[Item] | None = None) -> Item:
    """Return an answer that must be no refusal."""
    assert not isinstance(answer, Refused), answer.refusal
    assert kind is None or isinstance(answer, kind)
    return answer  # type: ignore[no-any-return]  # of the kind asked for, or of whatever kind the caller knows


def code_of(answer: Any) -> str:
    """Return the code of an answer that must be a refusal."""
    assert isinstance(answer, Refused), answer
    return answer.refusal.code


async def react(floor: Floor) -> None:
    """Let all rooms react to what was told since the last time, until nothing new is told."""
    while True:
        async with floor.database.unit_of_work(floor.actor) as uow:
            told = await events_after(uow, floor.heard)
            for room in ROOMS:
                for kind, reaction in room.REACTIONS.items():
                    of_kind = [event for event in told if event.kind == kind]
                    if of_kind:
                        await reaction(uow, of_kind)
        if not told:
            return
        floor.heard = told[-1].seq


async def violations(floor: Floor) -> list[Violation]:
    """Return every violated invariant of every room."""
    async with floor.database.reading(floor.actor) as uow:
        return [found for room in CHECKS for found in await room.violations(uow)]


async def order_row(floor: Floor, order_id: UUID) -> Any:
    """Return a fulfillment order."""
    async with floor.database.reading(floor.actor) as uow:
        return (await order_queries.fulfillment_orders(uow, [order_id]))[order_id]


async def order_lines(floor: Floor, order_id: UUID) -> list[Any]:
    """Return a fulfillment order's lines."""
    async with floor.database.reading(floor.actor) as uow:
        return (await order_queries.lines_of_fulfillment_orders(uow, [order_id]))[order_id]


async def lying(floor: Floor, place_ids: Iterable[UUID]) -> dict[UUID, int]:
    """Return how many units lie at places."""
    async with floor.database.reading(floor.actor) as uow:
        found = await uow.fetch(
            sa.select(StockBalance.place_id, sa.func.sum(StockBalance.quantity).label("quantity"))
            .where(uow.mine(StockBalance), uow.among(StockBalance.place_id, list(place_ids)))
            .group_by(StockBalance.place_id)
        )
    return {row.place_id: int(row.quantity) for row in found}


async def row_of(floor: Floor, table: Any, row_id: UUID) -> Any:
    """Return a row by its id, every column."""
    async with floor.database.reading(floor.actor) as uow:
        return await uow.first(sa.select(*table.__table__.c).where(uow.mine(table), table.id == row_id))


async def event_kinds(floor: Floor, subject_id: UUID) -> list[str]:
    """Return the kinds of what happened to a subject, oldest first."""
    async with floor.database.reading(floor.actor) as uow:
        told = await order_queries.timeline(uow, [subject_id])
    return [event.kind for event in reversed(told)]
