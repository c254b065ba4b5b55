"""Plain moves of goods nobody has been promised: putaway, replenishment, to and from hospital, found again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.ids import NIL_ID
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import InvalidInput, Refusal, Refused
from pickmesh.core.kit.texts import sentence
from pickmesh.core.stock import events, goods, locks, queries, refusals, rules, take_backs, units
from pickmesh.core.stock.goods import LotFacts, SkuFacts
from pickmesh.core.stock.rules import BalanceFigures, BalanceKey, Level, LevelFigures, MoveReason, PlaceFacts, Posting


@dataclass(frozen=True, slots=True)
class StockTransfer:
    """Pieces to move between two places of one warehouse; a serial-tracked one is named, quantity 1."""

    from_place_id: UUID
    to_place_id: UUID
    sku_id: UUID
    quantity: int
    lot_id: UUID = NIL_ID
    unit_id: UUID | None = None
    serial: str = ""


@dataclass(frozen=True, slots=True)
class Moved:
    """Pieces that were moved."""

    index: int
    from_place_id: UUID
    to_place_id: UUID
    sku_id: UUID
    lot_id: UUID
    quantity: int


async def move_stock(
    uow: UnitOfWork,
    *,
    moves: Sequence[StockTransfer],
    reason: str = MoveReason.MOVE,
    document_id: UUID | None = None,
) -> list[Moved | Refused]:
    """Move goods that are not promised to a pick between bins, docks, hospital and MISSING, in order.

    A move out of sellable places lowers what may be promised: reservations without units give way, last rank first, as
    in `adjust_stock`. Good items are done, the others come back as `Refused`. Needs stock:write at each warehouse.
    """
    places = await queries.place_facts(uow, {one for move in moves for one in (move.from_place_id, move.to_place_id)})
    for location_id in sorted({place.location_id for place in places.values()}):
        uow.actor.require(Permission.STOCK_WRITE, warehouse_id=location_id)
    skus = await goods.sku_facts(uow, {move.sku_id for move in moves})
    touched = {
        Level(places[move.from_place_id].location_id, move.sku_id) for move in moves if move.from_place_id in places
    }
    levels = await locks.lock_levels(uow, touched)
    balances = await locks.lock_balances_of_levels(uow, touched)
    lots = await goods.lot_facts(uow, {move.lot_id for move in moves})  # under the lock: a block waits for the level
    serial_keys = [_from(move) for move in moves if move.sku_id in skus and skus[move.sku_id].serial_tracked]
    there = await units.units_at(uow, serial_keys)
    answer: list[Moved | Refused] = []
    postings: list[Posting] = []
    now = dict(balances)
    for index, move in enumerate(moves):
        try:
            posting = _posting(
                move, places=places, skus=skus, lots=lots, balances=now, reason=reason, document_id=document_id
            )
            unit_ids = _units(move, skus[move.sku_id], there)
        except Refusal as refusal:
            answer.append(Refused(index, refusal))
            continue
        written = list(units.naming(posting, unit_ids))
        there.follow(written)
        postings += written
        for key, change in rules.balance_changes([posting]).items():
            now[key] = now.get(key, BalanceFigures()).plus(change)
        answer.append(Moved(index, move.from_place_id, move.to_place_id, move.sku_id, move.lot_id, move.quantity))
    await take_backs.post_reality(uow, postings, levels=levels, balances=balances)
    uow.emit(
        events.SellableChanged(level.sku_id, level.location_id, rules.free(change), rules.free(levels[level]))
        for level, change in _sellable_changes(postings).items()
    )
    return answer


def _sellable_changes(postings: Sequence[Posting]) -> dict[Level, LevelFigures]:
    return {level: change for level, change in rules.level_changes(postings).items() if rules.free(change)}


def _from(move: StockTransfer) -> BalanceKey:
    return BalanceKey(move.from_place_id, move.sku_id, move.lot_id)


def _posting(
    move: StockTransfer,
    *,
    places: Mapping[UUID, PlaceFacts],
    skus: Mapping[UUID, SkuFacts],
    lots: Mapping[UUID, LotFacts],
    balances: locks.Balances,
    reason: str,
    document_id: UUID | None,
) -> Posting:
    from_place, to_place = places.get(move.from_place_id), places.get(move.to_place_id)
    if from_place is None or to_place is None:
        raise refusals.UnknownPlace()
    if move.sku_id not in skus or move.lot_id not in lots:
        raise refusals.UnknownSku(field=("skuId",))
    stored = from_place.kind in rules.STORE_KINDS and to_place.kind in rules.STORE_KINDS
    if not stored or from_place.location_id != to_place.location_id or from_place.id == to_place.id:
        raise refusals.WrongPlace("Goods move between two bins, docks, hospital or MISSING of one warehouse.")
    if not 1 <= move.quantity <= rules.QUANTITY_MAX:
        raise InvalidInput(sentence("The quantity must be 1 to {most}.", most=rules.QUANTITY_MAX), field=("quantity",))
    here = balances.get(_from(move), BalanceFigures())
    if move.quantity > here.quantity - here.allocated:
        message = sentence(
            "{here} lie there and {promised} of them are promised; {asked} cannot go.",
            here=here.quantity,
            promised=here.allocated,
            asked=move.quantity,
        )
        raise refusals.NotEnoughStock(message, data={"quantity": here.quantity - here.allocated})
    return Posting(
        sku_id=move.sku_id,
        lot_id=move.lot_id,
        from_place=from_place,
        to_place=to_place,
        quantity=move.quantity,
        reason=reason,
        unit_cost_micros=skus[move.sku_id].cost_micros,
        lot_blocked=lots[move.lot_id].blocked,
        document_id=document_id,
    )


def _units(move: StockTransfer, sku: SkuFacts, there: units.UnitsThere) -> list[UUID]:
    if not sku.serial_tracked:
        return []
    unit_id = there.named(move.sku_id, move.serial, move.unit_id)
    return there.chosen(_from(move), move.quantity, unit_id, any_will_do=False)
