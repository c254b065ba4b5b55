"""What partners are told: how many pieces of each offer they may order now.

Only our own warehouses count. What a partner promised us is told to no partner, so no piece goes round in a circle and
none is told by two merchants at once.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.mesh import events, locks, posting, queries, rules
from pickmesh.core.mesh.messages import Figure, ToldFigures
from pickmesh.core.mesh.posting import Outgoing
from pickmesh.core.mesh.tables import Offer
from pickmesh.core.stock import queries as stock
from pickmesh.core.stock.tables import LocationKind

Row = sa.Row[*tuple[Any, ...]]
FIGURES_MAX = 1_000
"""Most figures in one message."""


async def tell(uow: UnitOfWork, *, sku_ids: Collection[UUID]) -> int:
    """Tell partners the figures of these SKUs' offers that have changed; return how many.

    Unchanged figures are not told again. The offers are locked before stock is read, so of two who tell at once the
    second tells what is true then. A fixed number of statements, whatever the number of SKUs and partners.
    """
    if not sku_ids:
        return 0
    offers = await locks.lock_offers_in_force(uow, sku_ids)
    if not offers:
        return 0
    there = await available(uow, {offer.sku_id for offer in offers})
    figures = {offer.id: rules.share(there.get(offer.sku_id, 0), offer.share_percent) for offer in offers}
    changed = [offer for offer in offers if figures[offer.id] != offer.told_quantity]
    if not changed:
        return 0
    await uow.update(
        Offer, [{"id": offer.id, "told_quantity": figures[offer.id]} for offer in changed], bump_version=True
    )
    partnerships = await queries.partnerships_by_id(uow, {offer.partnership_id for offer in changed})
    by_partner = {
        each: [_figure(offer, figures[offer.id]) for offer in changed if offer.partnership_id == each]
        for each in sorted(partnerships)
    }
    await posting.post(
        uow,
        [
            Outgoing(partnerships[each].partner_id, each, ToldFigures(tuple(part)))
            for each, told in by_partner.items()
            for part in in_parts(told)
        ],
    )
    uow.emit(events.FiguresTold(each, len(told)) for each, told in by_partner.items())
    return len(changed)


async def available(uow: UnitOfWork, sku_ids: Collection[UUID]) -> dict[UUID, int]:
    """Return what is available of SKUs at all warehouses of ours together; a SKU without stock is missing."""
    ours = {row.id for row in await stock.locations(uow) if row.kind == LocationKind.WAREHOUSE}
    totals: dict[UUID, int] = {}
    for level in await stock.levels_of(uow, sku_ids):
        if level.location_id in ours:
            totals[level.sku_id] = totals.get(level.sku_id, 0) + level.available
    return totals


def _figure(offer: Row, quantity: int) -> Figure:
    return Figure(offer.id, offer.version + 1, quantity, offer.price_micros)


def in_parts(told: Sequence[Any]) -> Iterable[Sequence[Any]]:
    """Yield what is told in parts that fit into a message."""
    for start in range(0, len(told), FIGURES_MAX):
        yield told[start : start + FIGURES_MAX]
