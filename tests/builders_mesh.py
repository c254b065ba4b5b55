"""Merchants who trade with each other, and a pump that carries their messages as the worker does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from builders_catalog import make_skus
from builders_stock import Warehouse, make_warehouse, put_stock

from pickmesh.app import letters, worker
from pickmesh.app.composition import ROOMS
from pickmesh.app.mesh_relay import CHANNEL, MeshRelay
from pickmesh.core.accounts import commands as accounts
from pickmesh.core.journal import outbox, reading
from pickmesh.core.journal.database import Database
from pickmesh.core.journal.outbox import Letter
from pickmesh.core.journal.tables import Outbox
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.mesh import mapping, offers, partnerships, queries
from pickmesh.core.mesh.offers import NewOffer
from pickmesh.core.mesh.partnerships import Terms
from pickmesh.core.stock import queries as stock

HIDDEN_FOR = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Member:
    """A merchant with a warehouse, and its SKUs by code."""

    actor: Actor
    code: str
    warehouse: Warehouse
    skus: Mapping[str, UUID] = field(default_factory=dict)

    @property
    def bin(self) -> UUID:
        """Return the bin its goods lie in."""
        return self.warehouse.bins["A-01"]


async def make_member(
    database: Database, name: str, goods: Mapping[str, int], *, barcodes: Mapping[str, str] | None = None
) -> Member:
    """Let a merchant join, with these pieces of SKUs in its one bin."""
    code = f"{name}-{new_id().hex[-12:]}"
    actor = await accounts.create_merchant(
        database, code=code, name=f"{name} 商家", time_zone="Asia/Shanghai", currency="CNY", locale="zh-CN"
    )
    skus = await make_skus(database, actor, list(goods), barcodes=barcodes)
    member = Member(actor, code, await make_warehouse(database, actor), skus)
    for sku, quantity in goods.items():
        if quantity:
            await put_stock(database, actor, member.bin, skus[sku], quantity)
    return member


async def pump(database: Database, *members: Member, rooms: worker.Rooms = ROOMS) -> None:
    """Let all rooms of these merchants react and their letters be delivered, until nothing more happens."""
    relay = {CHANNEL: MeshRelay(database)}
    busy = True
    while busy:
        busy = False
        for member in members:
            busy |= await _react(database, member.actor, rooms)
            busy |= bool(await letters.send_due(database, member.actor, relay, hidden_for=HIDDEN_FOR))


async def _react(database: Database, actor: Actor, rooms: worker.Rooms) -> bool:
    reacted = False
    for room, reactions in rooms.items():
        while True:
            async with database.reading(actor) as uow:
                start = await reading.position(uow, room)
                events = await reading.events_after(uow, start)
            if not events:
                break
            await _react_once(database, actor, room, reactions, start, events)
            reacted = True
    return reacted


async def _react_once(
    database: Database, actor: Actor, room: str, reactions: Any, start: int, events: list[reading.LoggedEvent]
) -> None:
    assert await database.run(actor, lambda uow: worker.react(uow, room, reactions, start, events))


async def make_partners(database: Database, one: Member, other: Member, **terms: Any) -> UUID:
    """Let one merchant invite another, who accepts; return the partnership's id."""
    async with database.unit_of_work(one.actor) as uow:
        partnership_id = await partnerships.invite(uow, partner=other.code, terms=Terms("CNY", **terms))
    await pump(database, one, other)
    async with database.unit_of_work(other.actor) as uow:
        await partnerships.accept(uow, partnership_id=partnership_id)
    await pump(database, one, other)
    return partnership_id


async def offer(
    database: Database,
    supplier: Member,
    partnership_id: UUID,
    *codes: str,
    price_micros: int = 8_000_000,
    share: int = 100,
) -> dict[str, UUID]:
    """Offer SKUs of a merchant to a partner; return the offers' ids by the SKU's code."""
    wanted = [NewOffer(partnership_id, supplier.skus[code], price_micros, share) for code in codes]
    answers = await database.run(supplier.actor, lambda uow: offers.save(uow, offers=wanted))
    ids: dict[str, UUID] = {}
    for code, answer in zip(codes, answers, strict=True):
        assert isinstance(answer, UUID), answer
        ids[code] = answer
    return ids


async def make_mapped(
    database: Database, supplier: Member, distributor: Member, partnership_id: UUID, *codes: str, share: int = 100
) -> dict[str, UUID]:
    """Offer SKUs to a partner who has SKUs of the same codes and maps them; return the offers' ids by code."""
    made = await offer(database, supplier, partnership_id, *codes, share=share)
    await pump(database, supplier, distributor)
    pairs = [mapping.Pair(made[code], distributor.skus[code]) for code in codes]
    answers = await database.run(distributor.actor, lambda uow: mapping.map_skus(uow, pairs=pairs))
    assert all(isinstance(answer, mapping.Mapped) for answer in answers), answers
    return made


async def partnership_of(database: Database, member: Member, partnership_id: UUID) -> sa.Row[Any]:
    """Return a partnership as a merchant sees it."""
    async with database.reading(member.actor) as uow:
        found = await queries.partnership(uow, partnership_id)
    assert found is not None
    return found


async def told_of(database: Database, member: Member, offer_ids: Sequence[UUID]) -> list[int]:
    """Return what a merchant was told that partners have of these offers."""
    async with database.reading(member.actor) as uow:
        found = await queries.partner_offers_by_id(uow, offer_ids)
    return [found[each].told_quantity for each in offer_ids]


async def level_at(database: Database, member: Member, location_id: UUID, code: str) -> tuple[int, int, int]:
    """Return on hand, reserved and free of a SKU at a location."""
    async with database.reading(member.actor) as uow:
        found = [row for row in await stock.levels_of(uow, [member.skus[code]]) if row.location_id == location_id]
    return (found[0].on_hand, found[0].reserved, found[0].free) if found else (0, 0, 0)


async def mesh_letters(database: Database, member: Member, *, waiting: bool = False) -> list[Letter]:
    """Return a merchant's letters to partners, oldest first: all of them, or those that have not left."""
    columns = [getattr(Outbox, name) for name in ("id", "channel", "target", "payload", "created_at", "attempts")]
    which = sa.select(*columns).where(Outbox.channel == CHANNEL)
    if waiting:
        which = which.where(Outbox.sent_at.is_(None), Outbox.dead_at.is_(None))
    async with database.reading(member.actor) as uow:
        found = await uow.fetch(which.where(uow.mine(Outbox)).order_by(Outbox.id))
    return [Letter(**row._mapping) for row in found]


async def dead_letters(database: Database, member: Member) -> int:
    """Return how many letters of a merchant were given up."""
    async with database.reading(member.actor) as uow:
        return len(await outbox.dead_letters(uow))
