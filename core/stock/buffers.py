"""Buffers: pieces that shops and partners are not told of, so that their slow news does not oversell."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import InvalidInput, LimitExceeded, NotFound, NotPermitted, Refusal, Refused
from pickmesh.core.kit.texts import sentence
from pickmesh.core.stock import events, goods, locks, queries, refusals, rules
from pickmesh.core.stock.goods import SkuFacts
from pickmesh.core.stock.rules import Level
from pickmesh.core.stock.tables import StockLevel

BUFFERS_MAX = 1_000


@dataclass(frozen=True, slots=True)
class Buffer:
    """So many pieces of a SKU that a location keeps back; 0 keeps none."""

    location_id: UUID
    sku_id: UUID
    buffer: int


@dataclass(frozen=True, slots=True)
class Buffered:
    """A buffer as it stands, and what is available beside it."""

    index: int
    location_id: UUID
    sku_id: UUID
    buffer: int
    available: int


async def set_buffers(uow: UnitOfWork, *, buffers: Sequence[Buffer]) -> list[Buffered | Refused]:
    """Set how much is kept back: what is available falls by it, what an order in hand may take does not.

    The last of several for one SKU and location counts. At most 1,000; needs `stock:write` at each location.
    """
    uow.actor.require(Permission.STOCK_WRITE)
    if len(buffers) > BUFFERS_MAX:
        message = sentence("At most {most} buffers go in one call, not {count}.", most=BUFFERS_MAX, count=len(buffers))
        raise LimitExceeded(message, field=("buffers",))
    locations = {row.id for row in await queries.locations(uow)}
    skus = await goods.sku_facts(uow, {one.sku_id for one in buffers})
    checked = [_refusal(uow, one, locations, skus.get(one.sku_id)) for one in buffers]
    good = [one for one, refusal in zip(buffers, checked, strict=True) if refusal is None]
    wanted = {Level(one.location_id, one.sku_id): one.buffer for one in good}
    available = await _write(uow, wanted)
    answers: list[Buffered | Refused] = []
    for index, (one, refusal) in enumerate(zip(buffers, checked, strict=True)):
        if refusal is not None:
            answers.append(Refused(index, refusal))
        else:
            level = Level(one.location_id, one.sku_id)
            answers.append(Buffered(index, *level, wanted[level], available[level]))
    return answers


def _refusal(uow: UnitOfWork, one: Buffer, locations: set[UUID], sku: SkuFacts | None) -> Refusal | None:
    if one.location_id not in locations:
        return NotFound("No location of yours has that id.", field=("locationId",))
    if sku is None:
        return refusals.UnknownSku(field=("skuId",))
    if sku.is_bundle:
        return refusals.BundleHasNoStock(field=("skuId",))
    if not 0 <= one.buffer <= rules.QUANTITY_MAX:
        message = sentence("{name} must be between 0 and {most}.", name="buffer", most=rules.QUANTITY_MAX)
        return InvalidInput(message, field=("buffer",))
    if not uow.actor.may(Permission.STOCK_WRITE, warehouse_id=one.location_id):
        return NotPermitted(field=("locationId",))
    return None


async def _write(uow: UnitOfWork, wanted: dict[Level, int]) -> dict[Level, int]:
    """Write buffers that differ and return what is available at each level now."""
    if not wanted:
        return {}
    levels = await locks.make_and_lock_levels(uow, wanted)
    changed = {level: buffer for level, buffer in wanted.items() if levels[level].buffer != buffer}
    rows = [{**level._asdict(), "buffer": buffer} for level, buffer in sorted(changed.items())]
    await uow.update(StockLevel, rows)
    for level, buffer in changed.items():
        levels[level] = levels[level]._replace(buffer=buffer)
    available = {level: rules.available(levels[level]) for level in wanted}
    uow.emit(
        events.StockBufferChanged(level.sku_id, level.location_id, buffer, available[level])
        for level, buffer in changed.items()
    )
    return available
