"""A merchant with some of everything, made by the real commands: for tests that walk the whole schema."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from tests.builders_accounts import make_person, make_shop
from tests.builders_catalog import save_skus
from tests.builders_moves import furnish_moves
from tests.builders_orders import BUYER, House, bring_in, new_order
from tests.builders_packing import furnish_packing
from tests.builders_promises import furnish_promises
from tests.builders_review import make_rule
from tests.builders_routing import furnish_routing
from tests.builders_stock import Warehouse, make_warehouse
from tests.builders_voice import furnish_voice

from pickmesh.core.accounts import commands as accounts
from pickmesh.core.catalog import look_alikes, pictures
from pickmesh.core.catalog import queries as catalog_queries
from pickmesh.core.catalog.rules import NewBarcode, NewComponent, NewShopCode, NewSku
from pickmesh.core.floor import sessions
from pickmesh.core.floor.tables import Job
from pickmesh.core.journal.database import Database
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.paging import PageRequest
from pickmesh.core.kit.permissions import Role
from pickmesh.core.kit.refusals import Refused
from pickmesh.core.orders import holds
from pickmesh.core.orders import queries as order_queries
from pickmesh.core.orders.incoming import NewOrder
from pickmesh.core.packing import commands as packing
from pickmesh.core.packing import parcels, stations, verifying, waybills
from pickmesh.core.packing import queries as parcel_queries
from pickmesh.core.packing.rules import Opening, Seal, VerifyItem
from pickmesh.core.picking import commands as picking
from pickmesh.core.picking import lists, tasks, templates, totes, waves
from pickmesh.core.picking import queries as pick_queries
from pickmesh.core.picking.rules import PickConfirmation
from pickmesh.core.picking.tables import TaskKind, WaveKind
from pickmesh.core.picking.tasks import NewTask
from pickmesh.core.picking.templates import TemplateToSave
from pickmesh.core.picking.totes import ToteBinding
from pickmesh.core.picking.wave_rules import Chosen
from pickmesh.core.stock import queries as stock_queries
from pickmesh.core.stock import receipts
from pickmesh.core.stock.places import NewPlace
from pickmesh.core.stock.receipts import Receipt

Ids = Mapping[str, list[UUID]]
"""Ids of what a merchant has, by the type it has in the schema."""


async def furnish(database: Database, actor: Actor, size: int) -> Ids:
    """Give a merchant `size` of everything: SKUs, places, people, orders, waves, lists, parcels and what hangs on them.

    Of each order one piece is picked, packed, sealed and asked a waybill for; as many orders again are held.
    """
    ids: defaultdict[str, list[UUID]] = defaultdict(list)
    picker = await _people_and_shops(database, actor, size, ids)
    warehouse = await _warehouse(database, actor, size, ids)
    codes = await _goods(database, actor, size, warehouse, ids)
    for number in range(size):
        ids["ReviewRule"].append(
            await make_rule(database, actor, f"Rule {number}", [{"kind": "TAG", "tag": f"tag {number}"}])
        )
    await _wave_templates(database, actor, size, ids)
    await _orders(database, actor, size, House("TB0", ids["Shop"][0], {}), codes, ids)
    await _planned_wave(database, actor, House("TB0", ids["Shop"][0], {}), codes[0], ids)
    async with database.unit_of_work(picker) as uow:
        await _pick(uow, warehouse, ids)
    async with database.unit_of_work(actor) as uow:
        await _pack(uow, warehouse, ids)
    async with database.reading(actor) as uow:
        await _look_up(uow, ids)
    await furnish_moves(database, actor, size, warehouse, ids)
    await furnish_promises(database, actor, warehouse.location_id, ids)
    await furnish_voice(database, actor, size, warehouse, ids)
    await furnish_routing(database, actor, size, ids)
    await furnish_packing(database, actor, size, ids)
    return dict(ids)


def _done(answers: Sequence[Any]) -> list[Any]:
    assert not [answer for answer in answers if isinstance(answer, Refused)], answers
    return list(answers)


async def _people_and_shops(database: Database, actor: Actor, size: int, ids: defaultdict[str, list[UUID]]) -> Actor:
    for number in range(size):
        ids["Shop"].append(await make_shop(database, actor, f"TB{number}"))
        person_id, person = await make_person(database, actor, Role.MANAGER)
        ids["Person"].append(person_id)
        ids["Worker"].append(person_id)
    async with database.unit_of_work(actor) as uow:
        for _ in range(size):
            ids["ApiKey"].append((await accounts.create_api_key(uow, name="erp", permissions=[])).id)
    return person


async def _warehouse(database: Database, actor: Actor, size: int, ids: defaultdict[str, list[UUID]]) -> Warehouse:
    numbers = range(1, size + 1)
    warehouse = await make_warehouse(
        database,
        actor,
        bins=[f"A-{number:02d}" for number in numbers],
        totes=[f"T-{number:04d}" for number in numbers],
        benches=[f"BENCH-{number}" for number in numbers],
        others=[NewPlace("WH1", f"V-{number:02d}", "WALL_SLOT") for number in numbers],
    )
    for number in range(1, size):
        other = await make_warehouse(database, actor, code=f"WH{number + 1}", bins=[], totes=[], benches=[])
        ids["Location"].append(other.location_id)
    ids["Location"].insert(0, warehouse.location_id)
    ids["Place"] += [*warehouse.bins.values(), *warehouse.totes.values(), *warehouse.benches.values()]
    async with database.unit_of_work(actor) as uow:
        await stations.save_stations(uow)
        ids["Station"] += [row.id for row in await stations.stations_of(uow, warehouse.location_id)]
    return warehouse


async def _goods(
    database: Database, actor: Actor, size: int, warehouse: Warehouse, ids: defaultdict[str, list[UUID]]
) -> list[str]:
    codes = [f"KETTLE-{number:02d}" for number in range(1, size + 1)]
    plain = [
        NewSku(
            code,
            f"P-{code}",
            f"烧水壶 {code}",
            f"Kettle {code}",
            lot_tracked=True,
            barcodes=(NewBarcode(f"X-{code}"), NewBarcode(f"C-{code}", 6)),
            components=(),
            shop_codes=(NewShopCode("TB0", code),),
        )
        for code in codes
    ]
    bundles = [
        NewSku(f"SET-{code}", f"P-{code}", "套装", "Set", components=tuple(NewComponent(part, 1) for part in codes))
        for code in codes
    ]
    saved = await save_skus(database, actor, [*plain, *bundles])
    ids["Sku"] += [saved[code] for code in codes]
    async with database.unit_of_work(actor) as uow:
        came = [
            Receipt(bin_id, saved[code], 10, lot_code=f"L-{code}")
            for bin_id, code in zip(warehouse.bins.values(), codes, strict=True)
        ]
        ids["Lot"] += [answer.lot_id for answer in _done(await receipts.receive_stock(uow, receipts=came))]
        found = await catalog_queries.skus(uow, ids["Sku"])
        ids["Product"] += [found[sku_id].product_id for sku_id in ids["Sku"]]
        pairs = [(ids["Sku"][0], sku_id) for sku_id in ids["Sku"][1:]]
        _done(await look_alikes.mark_look_alikes(uow, pairs=pairs))
        urls = [
            pictures.NewPicture(product_id, f"https://img.example.com/{product_id}") for product_id in ids["Product"]
        ]
        ids["Picture"] += [answer.picture_id for answer in _done(await pictures.add_pictures(uow, pictures=urls))]
        barcodes = await catalog_queries.barcodes_of(uow, ids["Sku"])
        ids["Barcode"] += [barcodes[sku_id][0].id for sku_id in ids["Sku"]]
    return codes


def _pair(house: House, codes: Sequence[str], number: int) -> list[NewOrder]:
    """Return two orders of one buyer, which could go out in one parcel."""
    buyer = replace(BUYER, phone=f"139{number:08d}")
    return [new_order(house, f"P-{number}-{part}", {codes[number]: 1}, recipient=buyer) for part in (1, 2)]


async def _orders(
    database: Database, actor: Actor, size: int, house: House, codes: Sequence[str], ids: defaultdict[str, list[UUID]]
) -> None:
    told = [new_order(house, f"T-{number}", dict.fromkeys(codes[number % size :][:1], 1)) for number in range(2 * size)]
    verdicts = await bring_in(database, actor, *told)
    unknown = [new_order(house, f"U-{number}", {f"UNKNOWN-{number}": 1}) for number in range(size)]
    await bring_in(database, actor, *unknown)
    await bring_in(database, actor, *(order for number in range(size) for order in _pair(house, codes, number)))
    ids["Order"] += [verdict.order_id for verdict in verdicts]
    async with database.unit_of_work(actor) as uow:
        found = await order_queries.fulfillment_orders_of(uow, ids["Order"])
        ids["FulfillmentOrder"] += [found[order_id][0].id for order_id in ids["Order"]]
        held = _done(await holds.hold(uow, fulfillment_order_ids=ids["FulfillmentOrder"][size:], note="等一等"))
        ids["Hold"] += [answer.hold_id for answer in held]
        for order_id in ids["FulfillmentOrder"][:size]:
            planned = await waves.plan_wave(
                uow,
                location_id=ids["Location"][0],
                kind=WaveKind.DISCRETE,
                fulfillment_order_ids=[order_id],
            )
            released = await waves.release_wave(uow, wave_id=planned.wave_id)
            ids["Wave"].append(planned.wave_id)
            ids["PickList"] += released.pick_list_ids
        new = [
            NewTask(
                kind=TaskKind.SHORT_PICK,
                location_id=ids["Location"][0],
                subject_id=order_id,
                sku_id=sku_id,
                place_id=place_id,
                quantity=1,
            )
            for order_id, sku_id, place_id in zip(ids["FulfillmentOrder"], ids["Sku"], ids["Place"], strict=False)
        ]
        ids["ExceptionTask"] += await tasks.open_tasks(uow, tasks=new)


async def _planned_wave(
    database: Database, actor: Actor, house: House, code: str, ids: defaultdict[str, list[UUID]]
) -> None:
    """Plan a wave of one more order, and let it stand first: it can be estimated, released and called off."""
    (verdict,) = await bring_in(database, actor, new_order(house, "W-1", {code: 1}))
    async with database.unit_of_work(actor) as uow:
        found = await order_queries.fulfillment_orders_of(uow, [verdict.order_id])
        planned = await waves.plan_wave(
            uow,
            location_id=ids["Location"][0],
            kind=WaveKind.DISCRETE,
            fulfillment_order_ids=[found[verdict.order_id][0].id],
        )
    ids["Wave"].insert(0, planned.wave_id)


async def _wave_templates(database: Database, actor: Actor, size: int, ids: defaultdict[str, list[UUID]]) -> None:
    chosen = Chosen(shop_ids=tuple(ids["Shop"]), contents=tuple((sku_id, 1) for sku_id in sorted(ids["Sku"][:1])))
    told = [
        TemplateToSave(location_id=ids["Location"][0], name=f"Wave {number}", kind=WaveKind.HOT_SALE, chosen=chosen)
        for number in range(size)
    ]
    async with database.unit_of_work(actor) as uow:
        ids["WaveTemplate"] += _done(await templates.save_templates(uow, templates=told))


async def _pick(uow: UnitOfWork, warehouse: Warehouse, ids: defaultdict[str, list[UUID]]) -> None:
    bindings = [
        ToteBinding(tote_id, list_id)
        for tote_id, list_id in zip(warehouse.totes.values(), ids["PickList"], strict=True)
    ]
    for list_id in ids["PickList"]:
        await lists.claim_pick_list(uow, pick_list_id=list_id)
    bound = _done(await totes.bind_totes(uow, bindings=bindings))
    for list_id in ids["PickList"]:
        view = await sessions.open_session(uow, job=Job.PICK, pick_list_id=list_id)
        ids["ScanSession"].append(view.id)
    lines = await pick_queries.lines_of_lists(uow, ids["PickList"])
    ids["PickLine"] += [line.id for list_id in ids["PickList"] for line in lines[list_id]]
    picks = [
        PickConfirmation(line.id, line.quantity, answer.place_id, new_id())
        for answer in bound
        for line in lines[answer.pick_list_id]
    ]
    _done(await picking.confirm_picks(uow, picks=picks))


async def _pack(uow: UnitOfWork, warehouse: Warehouse, ids: defaultdict[str, list[UUID]]) -> None:
    going = ids["FulfillmentOrder"][: len(ids["PickList"])]
    openings = [Opening(order_id, station_id) for order_id, station_id in zip(going, ids["Station"], strict=True)]
    opened = _done(await parcels.open_parcels(uow, openings=openings))
    ids["Parcel"] += [answer.parcel_id for answer in opened]
    lines = await order_queries.lines_of_fulfillment_orders(uow, going)
    items = [
        VerifyItem(answer.parcel_id, line.id, line.quantity, new_id())
        for answer in opened
        for line in lines[answer.fulfillment_order_id]
    ]
    ids["FulfillmentLine"] += [item.fulfillment_line_id for item in items]
    _done(await verifying.verify_items(uow, items=items))
    sealed = _done(await packing.seal_parcels(uow, seals=[Seal(parcel_id) for parcel_id in ids["Parcel"]]))
    ids["Waybill"] += [answer.waybill_id for answer in sealed]
    issued = [
        waybills.IssuedWaybill(waybill_id, f"LC{number:017d}", "01-02-03")
        for number, waybill_id in enumerate(ids["Waybill"])
    ]
    await waybills.record_waybills(uow, issued=issued)


async def _look_up(uow: UnitOfWork, ids: defaultdict[str, list[UUID]]) -> None:
    page = await stock_queries.move_page(uow, PageRequest(limit=len(ids["Sku"])))
    ids["StockMove"] += [row.id for row in page.items]
    jobs = await parcel_queries.print_jobs_of(uow, ids["Parcel"])
    ids["PrintJob"] += [job.id for parcel_id in ids["Parcel"] for job in jobs[parcel_id]]
    picked = await pick_queries.picks_of_lines(uow, ids["PickLine"])
    ids["Pick"] += [pick.id for line_id in ids["PickLine"] for pick in picked[line_id]]
    lines = await order_queries.lines_of_orders(uow, ids["Order"])
    ids["OrderLine"] += [line.id for of_order in lines.values() for line in of_order]
