"""What belongs to an order's story: its fulfillment orders, also the ones they went into, parcels, tasks, dropships."""

from uuid import UUID

from pickmesh.core.journal.reading import LoggedEvent
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.mesh import dropship_queries
from pickmesh.core.orders import queries as order_queries
from pickmesh.core.packing import queries as packing
from pickmesh.core.picking import queries as picking


async def timeline_of_order(
    uow: UnitOfWork, order_id: UUID, *, before_seq: int | None = None, limit: int = order_queries.TIMELINE_MAX
) -> list[LoggedEvent]:
    """Return what happened to an order and to everything that carries it out, the newest first, in one list.

    Page with the `seq` of the last one as `before_seq`.
    """
    return await order_queries.timeline(uow, await _parts(uow, order_id), before_seq=before_seq, limit=limit)


async def _parts(uow: UnitOfWork, order_id: UUID) -> set[UUID]:
    own = (await order_queries.fulfillment_orders_of(uow, [order_id])).get(order_id, [])
    carrying = {row.id for row in own} | {row.merged_into_id for row in own if row.merged_into_id}
    taken_in = await order_queries.merged_into(uow, carrying)
    parts = carrying | {row.id for rows in taken_in.values() for row in rows}
    parcels = await packing.parcels_of_orders(uow, parts)
    tasks = await picking.tasks_about(uow, parts)
    dropships = await dropship_queries.dropships_of_orders(uow, [order_id])
    more = [row.id for found in (parcels, tasks, dropships) for rows in found.values() for row in rows]
    return {order_id, *parts, *more}
