"""The demo's merchants trade: partnerships, offers, goods of the same barcode mapped, one request that waits, alerts.

Everything goes through the ordinary commands and the ordinary relay. Each step is done only where nothing of its kind
is there yet, so a demo that was loaded before this existed gets it, and what people have changed since is left alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from pickmesh.app import carriers, letters, merchants, mesh_relay, shops
from pickmesh.app.demo import world
from pickmesh.app.letters import Senders
from pickmesh.core.alerts import commands as alerts
from pickmesh.core.alerts import queries as watched
from pickmesh.core.alerts.commands import NewReorderPoint
from pickmesh.core.catalog import listing
from pickmesh.core.catalog import queries as catalog
from pickmesh.core.catalog.queries import SkuRow
from pickmesh.core.journal.database import Database
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.paging import PageRequest
from pickmesh.core.kit.refusals import Refused
from pickmesh.core.mesh import dropship_queries, dropships, mapping, offers, partnerships, queries
from pickmesh.core.mesh.dropships import Submitted
from pickmesh.core.mesh.offers import NewOffer
from pickmesh.core.mesh.partnerships import Terms
from pickmesh.core.mesh.tables import PartnershipStatus
from pickmesh.core.orders import lists
from pickmesh.core.orders import queries as orders
from pickmesh.core.orders.lists import FulfillmentOrderFilter
from pickmesh.core.orders.tables import Progress
from pickmesh.core.packing import waybills
from pickmesh.core.stock import queries as stock
from pickmesh.core.stock.tables import LocationKind

HOURS_TO_ANSWER = 24
PARTNER_PRICE = 82  # percent of the supplier's own price
SHARE_PERCENT = 50
SAMPLE = 24  # so many SKUs are offered to a partner who sells none of them yet
WATCHED_SCARCE, WATCHED_AMPLE = 4, 8
LOW_AT, ENOUGH_AT = 8, 24
PAGE = 250
HIDDEN_FOR = timedelta(seconds=30)
PAIRS = ((world.LINAN, world.BEIHAI), (world.LINAN, world.YUNDUAN), (world.BEIHAI, world.YUNDUAN))
"""Who is partners with whom; whoever stands first has asked, and both supply each other what they have."""


@dataclass(frozen=True, slots=True)
class Mesh:
    """Brings partners together in a loaded demo."""

    database: Database
    folder: Path

    async def load(self) -> bool:
        """Make whatever is missing; tell whether anything was."""
        actors = {each.code: await merchants.find(self.database, each.code) for each in world.MERCHANTS}
        made = False
        for merchant in world.SUPPLIERS:
            made |= await self.database.run(actors[merchant.code], _watch)
        for one, other in PAIRS:
            made |= await self._bring_together(actors[one.code], actors[other.code], other.code)
        made |= await self._ask(actors[world.YUNDUAN.code], actors[world.LINAN.code])
        return made

    async def _bring_together(self, one: Actor, other: Actor, other_code: str) -> bool:
        """Let two merchants agree and offer each other what they have, unless they have met before."""
        known = await self._partnership(one, other.merchant_id)
        if known is None:
            terms = Terms(world.CURRENCY, HOURS_TO_ANSWER)
            await self.database.run(one, lambda uow: partnerships.invite(uow, partner=other_code, terms=terms))
        await self._carry(one)
        asked = await self._partnership(other, one.merchant_id)
        if asked is not None and asked.status == PartnershipStatus.ASKED:
            await self.database.run(other, lambda uow: partnerships.accept(uow, partnership_id=asked.id))
            await self._carry(other)
        agreed = await self._partnership(one, other.merchant_id)
        if agreed is None or agreed.status != PartnershipStatus.ACTIVE:
            return known is None
        offered = await self._supply(one, other, agreed.id)
        return await self._supply(other, one, agreed.id) or offered or known is None

    async def _partnership(self, actor: Actor, partner_id: UUID) -> Any:
        async with self.database.reading(actor) as uow:
            return next((row for row in await queries.partnerships(uow) if row.partner_id == partner_id), None)

    async def _supply(self, supplier: Actor, distributor: Actor, partnership_id: UUID) -> bool:
        """Offer what the distributor sells by the same barcode, else a few goods, and let it map what agrees."""
        async with self.database.reading(supplier) as uow:
            known = (await queries.offer_page(uow, PageRequest(limit=1), partnership_id=partnership_id)).items
            has_goods = any(row.kind == LocationKind.WAREHOUSE for row in await stock.locations(uow))
            skus = [sku for sku in await _skus(uow) if not sku.is_bundle]
            barcodes = {each: [one.code for one in own] for each, own in (await _barcodes(uow, skus)).items()}
        if known or not has_goods:
            return False
        async with self.database.reading(distributor) as uow:
            there = await catalog.barcodes_by_candidates(uow, [code for own in barcodes.values() for code in own])
        shared = [sku for sku in skus if any(code in there for code in barcodes.get(sku.id, ()))]
        wanted = [_offer(partnership_id, sku) for sku in shared or skus[:SAMPLE]]
        _require_all(await self.database.run(supplier, lambda uow: offers.save(uow, offers=wanted)))
        await self._carry(supplier)
        _require_all(
            await self.database.run(distributor, lambda uow: mapping.map_by_barcode(uow, partnership_id=partnership_id))
        )
        return True

    async def _ask(self, distributor: Actor, supplier: Actor) -> bool:
        """Give the first order that the supplier can ship to it: it waits there for an answer."""
        async with self.database.reading(distributor) as uow:
            if (await dropship_queries.dropship_page(uow, PageRequest(limit=1))).items:
                return False
            able = await _orders_for(uow, supplier.merchant_id)
        for each in able:
            if await self._submitted(distributor, each):
                await self._carry(distributor)
                return True
        return False

    async def _submitted(self, distributor: Actor, fulfillment_order_id: UUID) -> bool:
        (answer,) = await self.database.run(
            distributor, lambda uow: dropships.submit(uow, fulfillment_order_ids=[fulfillment_order_id])
        )
        return isinstance(answer, Submitted)

    async def _carry(self, actor: Actor) -> None:
        """Deliver what a merchant has to tell, as a worker does."""
        senders: Senders = {
            mesh_relay.CHANNEL: mesh_relay.MeshRelay(self.database),
            shops.CHANNEL: shops.FileDrop(self.database, self.folder / "outbox"),
            waybills.CHANNEL: carriers.CarrierPost(self.database, carriers.known()),
        }
        while await letters.send_due(self.database, actor, senders, hidden_for=HIDDEN_FOR):
            pass


def _offer(partnership_id: UUID, sku: SkuRow) -> NewOffer:
    return NewOffer(partnership_id, sku.id, sku.price_micros * PARTNER_PRICE // 100, SHARE_PERCENT)


def _require_all(answers: Sequence[object]) -> None:
    for each in answers:
        if isinstance(each, Refused):
            raise each.refusal


async def _skus(uow: UnitOfWork) -> list[SkuRow]:
    """Return every SKU of a merchant, by code."""
    return [sku async for page in listing.pages_of_skus(uow) for sku in page]


async def _barcodes(uow: UnitOfWork, skus: Sequence[SkuRow]) -> dict[UUID, list[Any]]:
    known = await catalog.barcodes_of(uow, [sku.id for sku in skus])
    return {each: [one for one in own if one.unit_quantity == 1] for each, own in known.items()}


async def _orders_for(uow: UnitOfWork, partner_id: UUID) -> list[UUID]:
    """Return open fulfillment orders of which the partner offers every line."""
    wanted = FulfillmentOrderFilter(progresses=[Progress.OPEN])
    page = await lists.fulfillment_order_page(uow, PageRequest(limit=PAGE), wanted)
    lines = await orders.lines_of_fulfillment_orders(uow, [row.id for row in page.items])
    mapped = await queries.mapped_offers(uow, {line.sku_id for own in lines.values() for line in own})
    theirs = {each for each, found in mapped.items() if any(one.partner_id == partner_id for one in found)}
    return [each for each, own in lines.items() if all(line.sku_id in theirs for line in own)]


async def _watch(uow: UnitOfWork) -> bool:
    """Watch the scarcest goods of the merchant's warehouse, which are low by that, and some there are plenty of."""
    if (await watched.reorder_point_page(uow, PageRequest(limit=1))).items:
        return False
    location = next(row for row in await stock.locations(uow) if row.kind == LocationKind.WAREHOUSE)
    skus = [sku.id for sku in await _skus(uow) if not sku.is_bundle]
    there = sorted(
        (row for row in await stock.levels_of(uow, skus) if row.location_id == location.id),
        key=lambda row: (row.available, row.sku_id),
    )
    chosen = [*there[:WATCHED_SCARCE], *there[-WATCHED_AMPLE:]]
    points = [NewReorderPoint(location.id, row.sku_id, LOW_AT, ENOUGH_AT) for row in chosen]
    _require_all(await alerts.save_reorder_points(uow, points=points))
    return True
