"""Promises for the furnished merchant: timed reservations, policies of what a shop is told, buffers."""

from collections import defaultdict
from datetime import timedelta
from uuid import UUID

from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.refusals import Refused
from pickmesh.core.stock import buffers, leases, push
from pickmesh.core.stock.buffers import Buffer
from pickmesh.core.stock.leases import LeaseLine, NewLease, Opened
from pickmesh.core.stock.push import NewPolicy


async def furnish_promises(
    database: Database, actor: Actor, location_id: UUID, ids: defaultdict[str, list[UUID]]
) -> None:
    """Promise a piece of every SKU to a checkout, and tell the first shop of all of them but one piece."""
    async with database.unit_of_work(actor) as uow:
        wanted = [
            NewLease(f"C-{number}", "checkout", [LeaseLine(sku_id, 1)], expires_in=timedelta(days=1))
            for number, sku_id in enumerate(ids["Sku"])
        ]
        for answer in await leases.open_leases(uow, leases=wanted):
            assert isinstance(answer, Opened), answer
            ids["StockLease"].append(answer.lease_id)
        told = [NewPolicy(ids["Shop"][0], sku_id, buffer=1) for sku_id in ids["Sku"]]
        kept = [Buffer(location_id, sku_id, 1) for sku_id in ids["Sku"]]
        answers = [
            *await push.save_push_policies(uow, policies=told),
            *await buffers.set_buffers(uow, buffers=kept),
        ]
        assert not [answer for answer in answers if isinstance(answer, Refused)]
