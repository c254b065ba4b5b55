"""Goods come in: receipts, and the opening stock a merchant starts with."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.ids import NIL_ID, new_id
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import InvalidInput, Refusal, Refused
from pickmesh.core.kit.texts import sentence
from pickmesh.core.stock import events, goods, locks, queries, refusals, rules
from pickmesh.core.stock.goods import LotFacts, LotWish, SkuFacts
from pickmesh.core.stock.posting import post
from pickmesh.core.stock.rules import BalanceKey, Level, MoveReason, PlaceFacts, Posting
from pickmesh.core.stock.tables import PlaceKind, StockMove, StockUnit, UnitState

SERIAL_LENGTH_MAX = 60


@dataclass(frozen=True, slots=True)
class Receipt:
    """Pieces that arrive at a place; a serial stands alone with quantity 1. Cost None: what the SKU costs."""

    place_id: UUID
    sku_id: UUID
    quantity: int
    lot_code: str = ""
    expires_on: date | None = None
    serial: str = ""
    unit_cost_micros: int | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """Pieces that arrived; `quantity` 0 when there was nothing to do (opening stock told again)."""

    index: int
    place_id: UUID
    sku_id: UUID
    lot_id: UUID
    quantity: int
    unit_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class _Arrival:
    """A receipt that was found good."""

    index: int
    receipt: Receipt
    place: PlaceFacts
    sku: SkuFacts
    wish: LotWish | None
    serial: str

    @property
    def level(self) -> Level:
        return Level(self.place.location_id, self.sku.id)

    @property
    def lot_id(self) -> UUID:
        return goods.lot_id_of(self.wish.sku_id, self.wish.code) if self.wish else NIL_ID

    @property
    def key(self) -> BalanceKey:
        return BalanceKey(self.place.id, self.sku.id, self.lot_id)


async def receive_stock(
    uow: UnitOfWork, *, receipts: Sequence[Receipt], reason: str = MoveReason.RECEIPT, document_id: UUID | None = None
) -> list[Received | Refused]:
    """Book goods from the supplier into bins, docks or hospital, in a fixed number of statements.

    Makes lots and serial units on first sight. Good rows are done, the others come back as `Refused`. Needs
    stock:write at each warehouse.
    """
    arrivals, refused = await _checked(uow, receipts)
    levels = await locks.make_and_lock_levels(uow, {one.level for one in arrivals})
    lots = await goods.known_lots(uow, [one.wish for one in arrivals if one.wish])
    known = await _known_units(uow, arrivals)
    good: list[_Arrival] = []
    for one in arrivals:
        try:
            _check_against_known(one, lots, known)
        except Refusal as refusal:
            refused.append(Refused(one.index, refusal))
        else:
            good.append(one)
    received = await _book(
        uow,
        [(one, one.receipt.quantity) for one in good],
        lots=lots,
        units=known,
        levels=levels,
        reason=reason,
        document_id=document_id,
    )
    return sorted([*received, *refused], key=lambda answer: answer.index)


async def set_opening_stock(uow: UnitOfWork, *, rows: Sequence[Receipt]) -> list[Received | Refused]:
    """Bring places to the figures a merchant starts with; what has its opening in the ledger is left alone.

    So the same file told twice changes nothing the second time: those rows come back with quantity 0. A place
    that holds more than it is told is refused. Needs stock:write at each warehouse.
    """
    arrivals, refused = await _checked(uow, rows)
    levels = await locks.make_and_lock_levels(uow, {one.level for one in arrivals})
    lots = await goods.known_lots(uow, [one.wish for one in arrivals if one.wish])
    opened = await _opened(uow, arrivals)
    held = await locks.lock_balances(uow, {one.key for one in arrivals})
    known = await _known_units(uow, arrivals)
    missing: list[tuple[_Arrival, int]] = []
    nothing: list[Received] = []
    told: set[tuple[BalanceKey, str]] = set()
    for one in arrivals:
        try:
            difference = _opening_difference(one, told=told, lots=lots, opened=opened, held=held, known=known)
        except Refusal as refusal:
            refused.append(Refused(one.index, refusal))
            continue
        told.add((one.key, one.serial))
        if difference:
            missing.append((one, difference))
        else:
            nothing.append(Received(one.index, one.place.id, one.sku.id, one.lot_id, 0))
    received = await _book(
        uow, missing, lots=lots, units=known, levels=levels, reason=MoveReason.OPENING, document_id=None
    )
    return sorted([*received, *nothing, *refused], key=lambda answer: answer.index)


async def _checked(uow: UnitOfWork, receipts: Sequence[Receipt]) -> tuple[list[_Arrival], list[Received | Refused]]:
    """Look at each row by itself: does it name a place and goods that can lie there?"""
    places = await queries.place_facts(uow, {receipt.place_id for receipt in receipts})
    zones = await queries.locations_by_id(uow, {place.location_id for place in places.values()})
    skus = await goods.sku_facts(uow, {receipt.sku_id for receipt in receipts})
    for location_id in sorted({place.location_id for place in places.values()}):
        uow.actor.require(Permission.STOCK_WRITE, warehouse_id=location_id)
    arrivals: list[_Arrival] = []
    refused: list[Received | Refused] = []
    for index, receipt in enumerate(receipts):
        try:
            place, sku = _known(receipt, places, skus)
            arrivals.append(_arrival(index, receipt, place, sku, zones[place.location_id].time_zone))
        except Refusal as refusal:
            refused.append(Refused(index, refusal))
    return arrivals, refused


def _known(
    receipt: Receipt, places: Mapping[UUID, PlaceFacts], skus: Mapping[UUID, SkuFacts]
) -> tuple[PlaceFacts, SkuFacts]:
    if receipt.place_id not in places:
        raise refusals.UnknownPlace(field=("placeId",))
    if receipt.sku_id not in skus:
        raise refusals.UnknownSku(field=("skuId",))
    return places[receipt.place_id], skus[receipt.sku_id]


def _arrival(index: int, receipt: Receipt, place: PlaceFacts, sku: SkuFacts, time_zone: str) -> _Arrival:
    if place.kind not in rules.STORE_KINDS:
        raise refusals.WrongPlace("Goods are received into a bin, a dock or hospital.", field=("placeId",))
    if sku.is_bundle:
        raise refusals.BundleHasNoStock(field=("skuId",))
    if not 1 <= receipt.quantity <= rules.QUANTITY_MAX:
        raise InvalidInput(sentence("The quantity must be 1 to {most}.", most=rules.QUANTITY_MAX), field=("quantity",))
    wish = goods.lot_wish(sku, receipt.lot_code, receipt.expires_on, time_zone)
    return _Arrival(index, receipt, place, sku, wish, _serial(sku, receipt))


def _serial(sku: SkuFacts, receipt: Receipt) -> str:
    """Return the serial number goods arrive with; empty for a SKU that is not kept by serial number."""
    if not sku.serial_tracked:
        return ""
    serial = receipt.serial.strip().upper()
    if not 1 <= len(serial) <= SERIAL_LENGTH_MAX or receipt.quantity != 1:
        raise refusals.SerialNeeded(
            "These goods are kept by serial number; give one row with quantity 1 per piece.", field=("serial",)
        )
    return serial


KnownUnits = dict[tuple[UUID, str], tuple[UUID, str]]


async def _known_units(uow: UnitOfWork, arrivals: Iterable[_Arrival]) -> KnownUnits:
    """Return id and state of units that were here before, by SKU and serial number."""
    serials = {(one.serial, one.sku.id) for one in arrivals if one.serial}
    if not serials:
        return {}
    found = sa.select(StockUnit.id, StockUnit.sku_id, StockUnit.serial, StockUnit.state).where(
        uow.mine(StockUnit), uow.among((StockUnit.serial, StockUnit.sku_id), sorted(serials))
    )
    return {(row.sku_id, row.serial): (row.id, row.state) for row in await uow.fetch(found)}


def _check_lot(one: _Arrival, lots: Mapping[UUID, LotFacts]) -> None:
    if one.wish and one.wish.expires_on is not None and lots[one.lot_id].expires_on != one.wish.expires_on:
        known = lots[one.lot_id].expires_on
        raise refusals.LotDiffers(
            sentence(
                "Lot {lot} is already known with expiry {known}, not {told}.",
                lot=one.wish.code,
                known=str(known),
                told=str(one.wish.expires_on),
            ),
            field=("expiresOn",),
        )


def _check_against_known(one: _Arrival, lots: Mapping[UUID, LotFacts], known: KnownUnits) -> None:
    """Refuse a lot with another date and a serial number that is in stock, in this batch too."""
    _check_lot(one, lots)
    if not one.serial:
        return
    unit_id, state = known.get((one.sku.id, one.serial), (new_id(), UnitState.GONE))
    if state == UnitState.IN_STOCK:
        raise refusals.SerialKnown(field=("serial",))
    known[one.sku.id, one.serial] = (unit_id, UnitState.IN_STOCK)


async def _opened(uow: UnitOfWork, arrivals: Iterable[_Arrival]) -> set[BalanceKey]:
    """Return where the ledger has an opening already."""
    found = (
        sa.select(StockMove.to_place_id, StockMove.sku_id, StockMove.lot_id)
        .distinct()
        .where(
            uow.mine(StockMove),
            uow.among(StockMove.sku_id, {one.sku.id for one in arrivals}),
            StockMove.reason == MoveReason.OPENING,
        )
    )
    return {BalanceKey(*row) for row in await uow.fetch(found)}


def _opening_difference(
    one: _Arrival,
    *,
    told: set[tuple[BalanceKey, str]],
    lots: Mapping[UUID, LotFacts],
    opened: set[BalanceKey],
    held: locks.Balances,
    known: KnownUnits,
) -> int:
    """Return how many pieces are missing to the told figure; 0 when it was told before."""
    if (one.key, one.serial) in told:
        raise InvalidInput("This place, SKU, lot and serial is told twice; put it into one row.")
    _check_lot(one, lots)
    if one.serial:
        if (one.sku.id, one.serial) in known:
            return 0
        known[one.sku.id, one.serial] = (new_id(), UnitState.IN_STOCK)
        return 1
    if one.key in opened:
        return 0
    here = held[one.key].quantity if one.key in held else 0
    if here > one.receipt.quantity:
        raise refusals.NotEnoughStock(
            sentence("The place holds {here} already, more than the opening figure; count it instead.", here=here)
        )
    return one.receipt.quantity - here


async def _book(
    uow: UnitOfWork,
    good: Sequence[tuple[_Arrival, int]],
    *,
    lots: Mapping[UUID, LotFacts],
    units: KnownUnits,
    levels: locks.Levels,
    reason: str,
    document_id: UUID | None,
) -> list[Received | Refused]:
    """Write arrivals to the ledger, make unit rows, tell what came."""
    if not good:
        return []
    kind = PlaceKind.SUPPLIER if reason == MoveReason.RECEIPT else PlaceKind.ADJUSTMENT
    sources = await queries.places_of_kind(uow, {kind})
    unit_ids = {one.index: units[one.sku.id, one.serial][0] for one, _ in good if one.serial}
    postings = [
        Posting(
            sku_id=one.sku.id,
            lot_id=one.lot_id,
            from_place=sources[one.place.location_id, kind],
            to_place=one.place,
            quantity=quantity,
            reason=reason,
            unit_cost_micros=(
                one.sku.cost_micros if one.receipt.unit_cost_micros is None else one.receipt.unit_cost_micros
            ),
            lot_blocked=one.wish is not None and lots[one.lot_id].blocked,
            document_id=document_id,
            unit_id=unit_ids.get(one.index),
        )
        for one, quantity in good
    ]
    await post(uow, postings, levels=levels)
    await _write_units(uow, [one for one, _ in good if one.serial], unit_ids)
    uow.emit(
        events.StockReceived(level.sku_id, level.location_id, quantity, rules.free(levels[level]))
        for level, quantity in rules.summed((one.level, quantity) for one, quantity in good).items()
    )
    return [
        Received(one.index, one.place.id, one.sku.id, one.lot_id, quantity, unit_ids.get(one.index))
        for one, quantity in good
    ]


async def _write_units(uow: UnitOfWork, arrivals: Sequence[_Arrival], unit_ids: Mapping[int, UUID]) -> None:
    """Make rows of serial-tracked units; one that was here before takes its row up again."""
    rows = [
        {
            "id": unit_ids[one.index],
            "sku_id": one.sku.id,
            "serial": one.serial,
            "lot_id": one.lot_id,
            "place_id": one.place.id,
            "state": UnitState.IN_STOCK,
            "created_at": uow.now,
        }
        for one in arrivals
    ]
    await uow.upsert(StockUnit, sorted(rows, key=lambda row: str(row["id"])), replace=["lot_id", "place_id", "state"])
