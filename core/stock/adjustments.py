"""Reality wins: figures corrected to what is there, and whose promise gives way when it is less than was promised."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.ids import NIL_ID
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import InvalidInput, Refusal, Refused
from pickmesh.core.kit.texts import sentence
from pickmesh.core.stock import events, goods, locks, queries, reasons, refusals, rules, take_backs, units
from pickmesh.core.stock.goods import LotFacts, SkuFacts
from pickmesh.core.stock.locks import Balances, Levels
from pickmesh.core.stock.reasons import AdjustmentReason
from pickmesh.core.stock.rules import BalanceFigures, BalanceKey, Level, MoveReason, PlaceFacts, Posting
from pickmesh.core.stock.tables import PlaceKind
from pickmesh.core.stock.units import UnitsThere

REASON_LENGTH_MAX = 60


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A correction of what lies at a place: `difference` in eaches, not 0.

    `why` is a known reason, with a `note` behind it (OTHER needs one); without it `reason` says it in a few words of
    one's own, as importers do. The ledger keeps either readable. Serial-tracked goods are raised by receiving them and
    lowered one by one, naming the unit.
    """

    place_id: UUID
    sku_id: UUID
    difference: int
    reason: str = MoveReason.ADJUSTMENT
    lot_id: UUID = NIL_ID
    unit_id: UUID | None = None
    serial: str = ""
    why: AdjustmentReason | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Adjusted:
    """A corrected figure: what lies there now."""

    index: int
    place_id: UUID
    sku_id: UUID
    lot_id: UUID
    difference: int
    quantity: int


async def adjust_stock(uow: UnitOfWork, *, adjustments: Sequence[Adjustment]) -> list[Adjusted | Refused]:
    """Correct figures up or down, each against the ledger's ADJUSTMENT place.

    Lowering a bin below what is promised there frees those allocations (`allocation_lost`); lowering a location below
    what is reserved takes reservations back, last rank first (`reservation_lost`), in the same transaction. Good items
    are done, the others come back as `Refused`. Needs stock:write at each warehouse.
    """
    places = await queries.place_facts(uow, {one.place_id for one in adjustments})
    for location_id in sorted({place.location_id for place in places.values()}):
        uow.actor.require(Permission.STOCK_WRITE, warehouse_id=location_id)
    skus = await goods.sku_facts(uow, {one.sku_id for one in adjustments})
    levels, balances = await _lock(uow, adjustments, places, skus)
    facts = await _facts(uow, adjustments, places, skus)
    there = await units.units_at(uow, _serial_keys(adjustments, facts))
    answer: list[Adjusted | Refused] = []
    postings: list[Posting] = []
    now = dict(balances)
    for index, adjustment in enumerate(adjustments):
        try:
            posting = _posting(adjustment, facts, now, there)
        except Refusal as refusal:
            answer.append(Refused(index, refusal))
            continue
        there.follow([posting])
        postings.append(posting)
        key = BalanceKey(adjustment.place_id, adjustment.sku_id, adjustment.lot_id)
        now[key] = now.get(key, BalanceFigures()).plus(BalanceFigures(adjustment.difference))
        answer.append(Adjusted(index, *key, adjustment.difference, now[key].quantity))
    await take_backs.post_reality(uow, postings, levels=levels, balances=balances)
    uow.emit(
        events.StockAdjusted(level.sku_id, level.location_id, change.on_hand, rules.free(levels[level]))
        for level, change in rules.level_changes(postings).items()
    )
    return answer


@dataclass(frozen=True, slots=True)
class _Facts:
    """What the adjustments name."""

    places: Mapping[UUID, PlaceFacts]
    skus: Mapping[UUID, SkuFacts]
    lots: Mapping[UUID, LotFacts]
    lot_skus: Mapping[UUID, UUID]
    sources: Mapping[tuple[UUID, str], PlaceFacts]


async def _facts(
    uow: UnitOfWork,
    adjustments: Sequence[Adjustment],
    places: Mapping[UUID, PlaceFacts],
    skus: Mapping[UUID, SkuFacts],
) -> _Facts:
    """Read the lots under the levels' lock: whether they are blocked decides what is sellable."""
    lot_rows = await queries.lots(uow, {one.lot_id for one in adjustments})
    lots = {row.id: LotFacts(row.id, row.expires_on, row.blocked) for row in lot_rows.values()}
    sources = await queries.places_of_kind(uow, {PlaceKind.ADJUSTMENT})
    return _Facts(places, skus, lots, {row.id: row.sku_id for row in lot_rows.values()}, sources)


async def _lock(
    uow: UnitOfWork,
    adjustments: Sequence[Adjustment],
    places: Mapping[UUID, PlaceFacts],
    skus: Mapping[UUID, SkuFacts],
) -> tuple[Levels, Balances]:
    """Lock the levels, and all balances at them: whoever has to give may have units promised in any bin."""
    levels = {
        Level(places[one.place_id].location_id, one.sku_id)
        for one in adjustments
        if one.place_id in places and one.sku_id in skus
    }
    locked = await locks.make_and_lock_levels(uow, levels)
    return locked, await locks.lock_balances_of_levels(uow, levels)


def _serial_keys(adjustments: Iterable[Adjustment], facts: _Facts) -> list[BalanceKey]:
    return [
        BalanceKey(one.place_id, one.sku_id, one.lot_id)
        for one in adjustments
        if one.sku_id in facts.skus and facts.skus[one.sku_id].serial_tracked
    ]


def _posting(adjustment: Adjustment, facts: _Facts, balances: Balances, there: UnitsThere) -> Posting:
    place, sku = facts.places.get(adjustment.place_id), facts.skus.get(adjustment.sku_id)
    if place is None:
        raise refusals.UnknownPlace(field=("placeId",))
    if sku is None:
        raise refusals.UnknownSku(field=("skuId",))
    _check(adjustment, place, sku, facts)
    key = BalanceKey(place.id, sku.id, adjustment.lot_id)
    lowered = max(0, -adjustment.difference)
    _check_there(lowered, place, balances.get(key, BalanceFigures()))
    unit_id = _unit(adjustment, sku, there, key)
    source = facts.sources[place.location_id, PlaceKind.ADJUSTMENT]
    return Posting(
        sku_id=sku.id,
        lot_id=adjustment.lot_id,
        from_place=place if lowered else source,
        to_place=source if lowered else place,
        quantity=abs(adjustment.difference),
        reason=_reason(adjustment),
        unit_cost_micros=sku.cost_micros,
        lot_blocked=adjustment.lot_id != NIL_ID and facts.lots[adjustment.lot_id].blocked,
        unit_id=unit_id,
    )


def _check(adjustment: Adjustment, place: PlaceFacts, sku: SkuFacts, facts: _Facts) -> None:
    if place.kind not in rules.STORE_KINDS | rules.CARRIER_KINDS:
        raise refusals.WrongPlace("Figures are corrected where goods lie.", field=("placeId",))
    if sku.is_bundle:
        raise refusals.BundleHasNoStock(field=("skuId",))
    if not 1 <= abs(adjustment.difference) <= rules.QUANTITY_MAX:
        raise InvalidInput(
            sentence("The difference must be 1 to {most}, up or down.", most=rules.QUANTITY_MAX), field=("difference",)
        )
    if adjustment.lot_id != NIL_ID and facts.lot_skus.get(adjustment.lot_id) != sku.id:
        raise refusals.LotNeeded("That lot is not one of this SKU.", field=("lotId",))
    if adjustment.difference > 0 and place.kind in rules.CARRIER_KINDS:
        raise refusals.WrongPlace("A tote, slot, bench or parcel holds only what an order carries there.")
    if adjustment.difference > 0 and adjustment.lot_id == NIL_ID and (sku.lot_tracked or sku.expiry_tracked):
        raise refusals.LotNeeded(field=("lotId",))


def _reason(adjustment: Adjustment) -> str:
    """Return what the ledger keeps of why."""
    if adjustment.why is not None:
        return reasons.ledger_text(adjustment.why, adjustment.note, raises=adjustment.difference > 0)
    if not 1 <= len(adjustment.reason) <= REASON_LENGTH_MAX:
        raise InvalidInput(
            sentence("{name} must have 1 to {most} characters.", name="reason", most=REASON_LENGTH_MAX),
            field=("reason",),
        )
    return adjustment.reason


def _check_there(lowered: int, place: PlaceFacts, here: BalanceFigures) -> None:
    """Refuse to take more than lies there, or what an order carries: that is reported lost from the order's side."""
    if lowered > here.quantity:
        message = f"Only {here.quantity} lie there; {lowered} cannot be taken away."
        raise refusals.NotEnoughStock(message, data={"quantity": here.quantity})
    if lowered and place.kind in rules.CARRIER_KINDS:
        raise refusals.NotEnoughStock("Those units are carried for an order; report them missing there instead.")


def _unit(adjustment: Adjustment, sku: SkuFacts, there: UnitsThere, key: BalanceKey) -> UUID | None:
    if not sku.serial_tracked:
        return None
    if adjustment.difference > 0:
        raise refusals.SerialNeeded("These goods are kept by serial number; receive each piece with its serial.")
    unit_id = there.named(sku.id, adjustment.serial, adjustment.unit_id)
    if unit_id is None or adjustment.difference != -1:
        raise refusals.SerialNeeded("Name the serial number that is gone, one row with difference -1 per piece.")
    return there.chosen(key, 1, unit_id, any_will_do=False)[0]
