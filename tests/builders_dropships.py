"""Dropships between merchants for tests of any room: an order that is short here, shipped by a partner there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from tests.builders_accounts import make_person, make_shop
from tests.builders_floor import CHECKS, Floor, pick_list, release, shipped
from tests.builders_mesh import Member, make_mapped, make_member, make_partners, pump
from tests.builders_orders import House, bring_in, new_order
from tests.builders_stock import put_stock

from pickmesh.app.checks import compare_books
from pickmesh.core.accounts.tables import ShortagePolicy
from pickmesh.core.catalog import shop_codes
from pickmesh.core.journal.database import Database
from pickmesh.core.journal.tables import Outbox
from pickmesh.core.kit.permissions import Role
from pickmesh.core.kit.refusals import Refused
from pickmesh.core.mesh import answering, cancelling, dropship_queries, dropships, partnerships
from pickmesh.core.mesh import checks as mesh_checks
from pickmesh.core.mesh.answering import Answered
from pickmesh.core.mesh.dropships import Submitted
from pickmesh.core.mesh.rules import RejectReason
from pickmesh.core.orders import queries as order_queries
from pickmesh.core.packing import stations

Row = sa.Row[Any]


@dataclass(frozen=True, slots=True)
class Trader:
    """A merchant in the mesh with a shop of its own and people on its floor."""

    member: Member
    floor: Floor

    @property
    def database(self) -> Database:
        return self.floor.database


async def make_trader(
    database: Database,
    name: str,
    goods: Mapping[str, int],
    *,
    policy: ShortagePolicy = ShortagePolicy.WAIT_FOR_ALL,
) -> Trader:
    """Let a merchant join with goods in its bin, a shop whose codes are its own, a picker and a packer."""
    member = await make_member(database, name, goods)
    shop_id = await make_shop(database, member.actor, "TB", shortage_policy=policy)
    async with database.unit_of_work(member.actor) as uow:
        await shop_codes.map_codes(uow, {(shop_id, code): sku_id for code, sku_id in member.skus.items()})
        (station_id,) = await stations.save_stations(uow)
    _, picker = await make_person(database, member.actor, Role.PICKER)
    _, packer = await make_person(database, member.actor, Role.PACKER)
    house = House("TB", shop_id, member.skus, {"WH1": member.warehouse.location_id})
    return Trader(member, Floor(database, member.actor, house, member.warehouse, picker, packer, station_id))


@dataclass(frozen=True, slots=True)
class Trade:
    """A distributor and its supplier, partners whose SKUs are mapped."""

    database: Database
    distributor: Trader
    supplier: Trader
    partnership_id: UUID

    @property
    def both(self) -> tuple[Trader, Trader]:
        return self.distributor, self.supplier

    async def pump(self) -> None:
        await pump(self.database, self.distributor.member, self.supplier.member)


async def make_trade(
    database: Database,
    stock: Mapping[str, int],
    *,
    own: Mapping[str, int] | None = None,
    share: int = 100,
    policy: ShortagePolicy = ShortagePolicy.WAIT_FOR_ALL,
    auto_accept: bool = False,
    **terms: Any,
) -> Trade:
    """Let a supplier with this stock and a distributor with its own (none unless told) trade in all of these SKUs."""
    supplier = await make_trader(database, "supplier", stock)
    goods = dict.fromkeys(stock, 0) | dict(own or {})
    distributor = await make_trader(database, "distributor", goods, policy=policy)
    partnership_id = await make_partners(database, distributor.member, supplier.member, **terms)
    await make_mapped(database, supplier.member, distributor.member, partnership_id, *stock, share=share)
    trade = Trade(database, distributor, supplier, partnership_id)
    await database.run(
        supplier.member.actor,
        lambda uow: partnerships.change(uow, partnership_id=partnership_id, auto_accept=auto_accept, auto_route=False),
    )
    await trade.pump()
    return trade


async def come_in(trader: Trader, goods: Mapping[str, int]) -> None:
    """Put more pieces into a trader's bin."""
    for code, quantity in goods.items():
        await put_stock(trader.database, trader.member.actor, trader.member.bin, trader.member.skus[code], quantity)


async def short_order(trader: Trader, number: str, wanted: Mapping[str, int]) -> UUID:
    """Bring an order into a trader's shop; return its fulfillment order."""
    (verdict,) = await bring_in(trader.database, trader.member.actor, new_order(trader.floor.house, number, wanted))
    async with trader.database.reading(trader.member.actor) as uow:
        (row,) = (await order_queries.fulfillment_orders_of(uow, [verdict.order_id]))[verdict.order_id]
    return UUID(str(row.id))


async def submit(trader: Trader, *ids: UUID) -> list[Submitted | Refused]:
    """Give fulfillment orders to partners."""
    return await trader.database.run(
        trader.member.actor, lambda uow: dropships.submit(uow, fulfillment_order_ids=list(ids))
    )


async def submitted(trader: Trader, fulfillment_order_id: UUID) -> UUID:
    """Give a fulfillment order to a partner, which must work; return the dropship."""
    (answer,) = await submit(trader, fulfillment_order_id)
    assert isinstance(answer, Submitted), answer
    return answer.dropship_id


async def accept(trader: Trader, *ids: UUID) -> list[Answered | Refused]:
    """Accept dropships as the supplier."""
    return await trader.database.run(trader.member.actor, lambda uow: answering.accept(uow, ids=list(ids)))


async def reject(
    trader: Trader, *ids: UUID, reason: RejectReason = RejectReason.OUT_OF_STOCK, note: str = ""
) -> list[Answered | Refused]:
    """Reject dropships as the supplier."""
    return await trader.database.run(
        trader.member.actor, lambda uow: answering.reject(uow, ids=list(ids), reason=reason, note=note)
    )


async def call_off(trader: Trader, *ids: UUID) -> list[cancelling.AskedBack | Refused]:
    """Ask for dropships back as the distributor."""
    return await trader.database.run(
        trader.member.actor, lambda uow: cancelling.request(uow, ids=list(ids), reason="BUYER")
    )


async def dropship(trader: Trader, dropship_id: UUID) -> Row:
    """Return a dropship as one side sees it."""
    async with trader.database.reading(trader.member.actor) as uow:
        return (await dropship_queries.dropships(uow, [dropship_id]))[dropship_id]


async def dropship_lines(trader: Trader, dropship_id: UUID) -> Sequence[Row]:
    """Return a dropship's lines as one side keeps them."""
    async with trader.database.reading(trader.member.actor) as uow:
        return (await dropship_queries.lines_of_dropships(uow, [dropship_id]))[dropship_id]


async def statuses(trade: Trade, dropship_id: UUID) -> tuple[str, str]:
    """Return a dropship's status at the distributor and at the supplier."""
    mine, theirs = [await dropship(trader, dropship_id) for trader in trade.both]
    return mine.status, theirs.status


async def fulfillment_order(trader: Trader, fulfillment_order_id: UUID) -> Row:
    """Return a fulfillment order."""
    async with trader.database.reading(trader.member.actor) as uow:
        return (await order_queries.fulfillment_orders(uow, [fulfillment_order_id]))[fulfillment_order_id]


async def supplier_order(trade: Trade, dropship_id: UUID) -> UUID:
    """Return the fulfillment order by which a supplier carries a dropship out."""
    return UUID(str((await dropship(trade.supplier, dropship_id)).fulfillment_order_id))


async def floor_ships(trader: Trader, fulfillment_order_id: UUID, contents: Mapping[str, int]) -> UUID:
    """Let a trader's floor pick, pack, weigh and ship a fulfillment order; return the parcel."""
    wave = await release(trader.floor, orders=[fulfillment_order_id])
    await pick_list(trader.floor, wave.pick_list_ids[0], "T-0001")
    return await shipped(trader.floor, fulfillment_order_id, contents)


async def shipments_of(trader: Trader, order_id: UUID) -> Sequence[Row]:
    """Return what a trader's shop is told of an order's parcels."""
    async with trader.database.reading(trader.member.actor) as uow:
        return (await order_queries.shipments_of_orders(uow, [order_id])).get(order_id, [])


async def shop_letters(trader: Trader) -> list[Mapping[str, Any]]:
    """Return what is written to a trader's shops, oldest first."""
    async with trader.database.reading(trader.member.actor) as uow:
        found = await uow.fetch(
            sa.select(Outbox.payload).where(uow.mine(Outbox), Outbox.channel == "shop").order_by(Outbox.id)
        )
    return [row.payload for row in found]


async def owed(trader: Trader, partnership_id: UUID) -> dict[str, int]:
    """Return what the partner owes a trader, by currency."""
    async with trader.database.reading(trader.member.actor) as uow:
        return (await dropship_queries.owed(uow, [partnership_id])).get(partnership_id, {})


async def assert_sound(*traders: Trader) -> None:
    """Every invariant of every room holds at each of these merchants, and their books mirror."""
    for trader in traders:
        async with trader.database.reading(trader.member.actor) as uow:
            found = [off for room in (*CHECKS, mesh_checks) for off in await room.violations(uow)]
        assert found == []
    ids = [trader.member.actor.merchant_id for trader in traders]
    assert await compare_books(traders[0].database, ids) == {}
