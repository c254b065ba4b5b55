"""Goods come back from buyers: never more of a line than it shipped, into the pool they are graded for."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.ids import NIL_ID
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import InvalidInput, Refusal, Refused
from pickmesh.core.kit.texts import sentence
from pickmesh.core.stock import events, goods, locks, queries, refusals, rules
from pickmesh.core.stock.goods import LotFacts, SkuFacts
from pickmesh.core.stock.posting import post
from pickmesh.core.stock.rules import Level, MoveReason, PlaceFacts, Posting
from pickmesh.core.stock.tables import (
    Allocation,
    AllocationStatus,
    PlaceKind,
    StockMove,
    StockUnit,
    UnitState,
)

_INTO = frozenset({PlaceKind.BIN, PlaceKind.DOCK, PlaceKind.HOSPITAL})


@dataclass(frozen=True, slots=True)
class StockReturn:
    """Pieces of a fulfillment line that came back; the place's pool says what they are good for.

    Without a lot it is the one the line shipped. A serial-tracked piece names its serial and stands alone.
    `document_id` is the return they belong to.
    """

    line_id: UUID
    place_id: UUID
    quantity: int
    lot_id: UUID | None = None
    serial: str = ""
    document_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Returned:
    """Pieces that lie with us again; `left` is what of the line is still with the buyer."""

    index: int
    line_id: UUID
    place_id: UUID
    sku_id: UUID
    lot_id: UUID
    quantity: int
    left: int
    unit_id: UUID | None


@dataclass(frozen=True, slots=True)
class _Unit:
    """A serial-tracked unit a buyer has, and the line it was shipped for."""

    id: UUID
    lot_id: UUID
    line_id: UUID | None


async def take_returns(uow: UnitOfWork, *, returns: Sequence[StockReturn]) -> list[Returned | Refused]:
    """Book goods that buyers sent back into bins, docks or hospital, in a fixed number of statements.

    Of a line never more comes back than it shipped less what came back before. Good items are done, the others come
    back as `Refused`. Needs stock:write at each warehouse.
    """
    places = await queries.place_facts(uow, {one.place_id for one in returns})
    for location_id in sorted({place.location_id for place in places.values()}):
        uow.actor.require(Permission.STOCK_WRITE, warehouse_id=location_id)
    line_ids = {one.line_id for one in returns}
    sold = await _shipped(uow, line_ids)
    sku_of = {row.line_id: row.sku_id for row in sold}
    # Whoever returns pieces of the same line waits at the level they were shipped from.
    levels = await locks.make_and_lock_levels(
        uow,
        {Level(row.location_id, row.sku_id) for row in sold}
        | {
            Level(places[one.place_id].location_id, sku_of[one.line_id])
            for one in returns
            if one.line_id in sku_of and one.place_id in places
        },
    )
    taking = _Taking(
        places=places,
        skus=await goods.sku_facts(uow, set(sku_of.values())),
        sku_of=sku_of,
        with_buyer=await with_buyers(uow, line_ids),
        lots=await goods.lot_facts(uow, {row.lot_id for row in sold}),
        units=await _units(uow, returns, set(sku_of.values())),
        customers=await queries.places_of_kind(uow, {PlaceKind.CUSTOMER}),
    )
    answer = [taking.take(index, one) for index, one in enumerate(returns)]
    await post(uow, taking.postings, levels=levels)
    _tell(uow, taking.postings, levels)
    return answer


async def _shipped(uow: UnitOfWork, line_ids: Collection[UUID]) -> Sequence[sa.Row[tuple[object, ...]]]:
    """Return what lines shipped, by line, location, SKU and lot: their consumed allocations."""
    found = (
        sa.select(
            Allocation.line_id,
            Allocation.location_id,
            Allocation.sku_id,
            Allocation.lot_id,
            sa.func.sum(Allocation.quantity).label("quantity"),
        )
        .where(
            uow.mine(Allocation),
            uow.among(Allocation.line_id, line_ids),
            Allocation.status == AllocationStatus.CONSUMED,
        )
        .group_by(Allocation.line_id, Allocation.location_id, Allocation.sku_id, Allocation.lot_id)
    )
    return await uow.fetch(found)


async def with_buyers(uow: UnitOfWork, line_ids: Collection[UUID]) -> dict[UUID, dict[UUID, int]]:
    """Return what buyers have of lines, by line and lot: shipped less what came back."""
    came = sa.select(StockMove.line_id, StockMove.lot_id, StockMove.quantity).where(
        uow.mine(StockMove), uow.among(StockMove.line_id, line_ids), StockMove.reason == sa.literal_column("'RETURN'")
    )
    sold = [((row.line_id, row.lot_id), int(row.quantity)) for row in await _shipped(uow, line_ids)]
    back = [((row.line_id, row.lot_id), -row.quantity) for row in await uow.fetch(came)]
    of_line: defaultdict[UUID, dict[UUID, int]] = defaultdict(dict)
    for (line_id, lot_id), quantity in rules.summed([*sold, *back]).items():
        of_line[line_id][lot_id] = quantity
    return of_line


async def _units(
    uow: UnitOfWork, returns: Iterable[StockReturn], sku_ids: Collection[UUID]
) -> dict[tuple[UUID, str], _Unit]:
    """Return the units buyers have by SKU and serial number, with the line each was shipped for last."""
    serials = {serial for one in returns if (serial := one.serial.strip().upper())}
    if not serials:
        return {}
    found = (
        sa.select(StockUnit.id, StockUnit.sku_id, StockUnit.serial, StockUnit.lot_id, StockMove.line_id)
        .join(
            StockMove,
            sa.and_(uow.mine(StockMove), StockMove.unit_id == StockUnit.id, StockMove.reason == MoveReason.SHIP.value),
        )
        .where(
            uow.mine(StockUnit),
            uow.among(StockUnit.serial, sorted(serials)),
            uow.among(StockUnit.sku_id, sorted(sku_ids)),
            StockUnit.state == UnitState.SHIPPED,
        )
        .order_by(StockMove.id)
    )
    return {(row.sku_id, row.serial): _Unit(row.id, row.lot_id, row.line_id) for row in await uow.fetch(found)}


@dataclass(slots=True, kw_only=True)
class _Taking:
    """A batch of returns gone through in memory."""

    places: Mapping[UUID, PlaceFacts]
    skus: Mapping[UUID, SkuFacts]
    sku_of: Mapping[UUID, UUID]
    with_buyer: dict[UUID, dict[UUID, int]]
    lots: Mapping[UUID, LotFacts]
    units: Mapping[tuple[UUID, str], _Unit]
    customers: Mapping[tuple[UUID, str], PlaceFacts]
    came: set[UUID] = field(default_factory=set)
    postings: list[Posting] = field(default_factory=list)

    def take(self, index: int, one: StockReturn) -> Returned | Refused:
        """Do one return in memory, or say why not."""
        try:
            place = self._place(one)
            unit = self._unit(one)
            lot_id = self._lot(one, unit)
        except Refusal as refusal:
            return Refused(index, refusal)
        sku = self.skus[self.sku_of[one.line_id]]
        self.postings.append(
            Posting(
                sku_id=sku.id,
                lot_id=lot_id,
                from_place=self.customers[place.location_id, PlaceKind.CUSTOMER],
                to_place=place,
                quantity=one.quantity,
                reason=MoveReason.RETURN,
                unit_cost_micros=sku.cost_micros,
                lot_blocked=self.lots[lot_id].blocked,
                document_id=one.document_id,
                line_id=one.line_id,
                unit_id=unit.id if unit is not None else None,
            )
        )
        self.with_buyer[one.line_id][lot_id] -= one.quantity
        self.came |= {unit.id} if unit is not None else set()
        left = sum(self.with_buyer[one.line_id].values())
        return Returned(index, one.line_id, place.id, sku.id, lot_id, one.quantity, left, unit.id if unit else None)

    def _place(self, one: StockReturn) -> PlaceFacts:
        place = self.places.get(one.place_id)
        if place is None:
            raise refusals.UnknownPlace(field=("placeId",))
        if place.kind not in _INTO:
            message = sentence("Goods that come back go into a bin, a dock or hospital.")
            raise refusals.WrongPlace(message, field=("placeId",))
        return place

    def _lot(self, one: StockReturn, unit: _Unit | None) -> UUID:
        """Return the lot that comes back, or refuse more than the buyer has of it."""
        if one.quantity < 1:
            raise InvalidInput(sentence("quantity must be 1 or more."), field=("quantity",))
        there = {lot_id: left for lot_id, left in self.with_buyer.get(one.line_id, {}).items() if left > 0}
        told = unit.lot_id if unit is not None else one.lot_id
        if told is None and len(there) > 1:
            message = sentence("That line shipped several lots; say which one came back.")
            raise refusals.LotNeeded(message, field=("lotId",))
        lot_id = told if told is not None else next(iter(there), NIL_ID)
        left = there.get(lot_id, 0)
        if one.quantity > left:
            message = sentence("Of that line {left} can come back, not {asked}.", left=left, asked=one.quantity)
            raise refusals.NotEnoughStock(message, field=("quantity",), data={"quantity": left})
        return lot_id

    def _unit(self, one: StockReturn) -> _Unit | None:
        """Return the unit that comes back; refuses a serial that this line did not ship."""
        sku_id = self.sku_of.get(one.line_id)
        if sku_id is None:
            return None
        if sku_id not in self.skus:
            raise refusals.UnknownSku()
        if not self.skus[sku_id].serial_tracked:
            return None
        if not one.serial.strip() or one.quantity != 1:
            message = sentence("These goods are kept by serial number; give one row with quantity 1 per piece.")
            raise refusals.SerialNeeded(message, field=("serial",))
        unit = self.units.get((sku_id, one.serial.strip().upper()))
        if unit is None or unit.line_id != one.line_id or unit.id in self.came:
            message = sentence("That serial number was not shipped for this line; check the scan.")
            raise refusals.SerialElsewhere(message, field=("serial",))
        return unit


def _tell(uow: UnitOfWork, postings: Sequence[Posting], levels: locks.Levels) -> None:
    """Say what came back, and where more may be sold than before: backorders are worth another look."""
    sellable: defaultdict[Level, int] = defaultdict(int)
    for level, change in rules.level_changes(postings).items():
        sellable[level] += rules.free(change)
        free = rules.free(levels[level])
        uow.emit([events.StockReturned(level.sku_id, level.location_id, change.on_hand, free)])
    uow.emit(
        events.SellableChanged(level.sku_id, level.location_id, difference, rules.free(levels[level]))
        for level, difference in sellable.items()
        if difference
    )
