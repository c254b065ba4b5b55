"""Counting 盘点 at ledger level: what was counted is what lies there, and the ledger is brought to it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.ids import NIL_ID, new_id
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import InvalidInput, Refusal, Refused
from pickmesh.core.kit.texts import sentence
from pickmesh.core.stock import events, goods, locks, queries, refusals, rules, take_backs
from pickmesh.core.stock.goods import LotFacts, SkuFacts
from pickmesh.core.stock.rules import BalanceFigures, BalanceKey, Level, MoveReason, PlaceFacts, Posting
from pickmesh.core.stock.tables import PlaceKind, StockUnit, UnitState

_COUNTED_KINDS = frozenset({PlaceKind.BIN, PlaceKind.DOCK, PlaceKind.HOSPITAL})


@dataclass(frozen=True, slots=True)
class StockCount:
    """How many pieces of a SKU and lot were found at a place; of serial-tracked goods also which, by serial number."""

    place_id: UUID
    sku_id: UUID
    quantity: int
    lot_id: UUID = NIL_ID
    serials: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Counted:
    """A counted figure: what the ledger said before, what lies there now, and the difference."""

    index: int
    place_id: UUID
    sku_id: UUID
    lot_id: UUID
    before: int
    after: int
    difference: int


async def count_stock(
    uow: UnitOfWork, *, counts: Sequence[StockCount], document_id: UUID | None = None
) -> list[Counted | Refused]:
    """Bring places to counted figures, the difference against ADJUSTMENT; a figure counted again posts nothing.

    Of serial-tracked goods those recorded here and not found move to MISSING, those found here and recorded in another
    place of the warehouse move here, those nobody knew are made. Whose promise must give way gives way as in
    `adjust_stock`. Good items are done, the others come back as `Refused`. Needs stock:write at each warehouse.
    """
    places = await queries.place_facts(uow, {one.place_id for one in counts})
    for location_id in sorted({place.location_id for place in places.values()}):
        uow.actor.require(Permission.STOCK_WRITE, warehouse_id=location_id)
    skus = await goods.sku_facts(uow, {one.sku_id for one in counts})
    levels = await locks.make_and_lock_levels(
        uow,
        {
            Level(places[one.place_id].location_id, one.sku_id)
            for one in counts
            if one.place_id in places and one.sku_id in skus
        },
    )
    balances = await locks.lock_balances_of_levels(uow, levels)
    counting = await _begin(uow, counts, places=places, skus=skus, balances=balances, document_id=document_id)
    answer = [counting.count(index, one) for index, one in enumerate(counts)]
    await uow.upsert(StockUnit, counting.new_units(uow))
    await uow.update(StockUnit, counting.named_missing())
    await take_backs.post_reality(uow, counting.postings, levels=levels, balances=balances)
    _tell(uow, counting.postings, levels)
    return answer


async def _begin(
    uow: UnitOfWork,
    counts: Sequence[StockCount],
    *,
    places: Mapping[UUID, PlaceFacts],
    skus: Mapping[UUID, SkuFacts],
    balances: locks.Balances,
    document_id: UUID | None,
) -> "_Counting":
    """Read what counting must know, under its locks."""
    tracked = [one for one in counts if one.sku_id in skus and skus[one.sku_id].serial_tracked]
    found = {serial for one in tracked for serial in _serials(one)}
    known = await queries.units_by_serial(uow, found) if found else []
    fixed = await queries.places_of_kind(uow, {PlaceKind.ADJUSTMENT, PlaceKind.MISSING})
    missing = {
        (fixed[places[one.place_id].location_id, PlaceKind.MISSING].id, one.sku_id)
        for one in tracked
        if one.place_id in places
    }
    pairs = {(one.place_id, one.sku_id) for one in tracked} | {(row.place_id, row.sku_id) for row in known} | missing
    locked = await locks.lock_units(uow, pairs) if tracked else []
    return _Counting(
        places={**places, **await queries.place_facts(uow, {row.place_id for row in known})},
        skus=skus,
        lots={row.id: row for row in (await queries.lots(uow, {one.lot_id for one in counts})).values()},
        facts=await goods.lot_facts(uow, {one.lot_id for one in counts}),
        now=dict(balances),
        units=_Units.of(locked, known),
        fixed=fixed,
        document_id=document_id,
    )


def _serials(one: StockCount) -> list[str]:
    return [serial.strip().upper() for serial in one.serials]


@dataclass(frozen=True, slots=True)
class _Unit:
    """A serial-tracked unit as it is recorded."""

    id: UUID
    place_id: UUID
    lot_id: UUID
    state: str


@dataclass(slots=True)
class _Units:
    """Units by SKU and serial number, as a batch of counts goes through them in memory."""

    by_serial: dict[tuple[UUID, str], _Unit]
    at: defaultdict[BalanceKey, dict[str, _Unit]] = field(default_factory=lambda: defaultdict(dict))
    found: set[tuple[UUID, str]] = field(default_factory=set)
    made: dict[UUID, tuple[UUID, str, BalanceKey]] = field(default_factory=dict)

    @classmethod
    def of(cls, locked: Iterable[sa.Row[tuple[object, ...]]], known: Iterable[sa.Row[tuple[object, ...]]]) -> "_Units":
        """Take units in stock as they are locked, and those that are gone or shipped as they were read."""
        by_serial = {
            (row.sku_id, row.serial): _Unit(row.id, row.place_id, row.lot_id, row.state)
            for row in known
            if row.state != UnitState.IN_STOCK
        }
        for row in locked:
            by_serial.setdefault((row.sku_id, row.serial), _Unit(row.id, row.place_id, row.lot_id, UnitState.IN_STOCK))
        units = cls(by_serial)
        for (sku_id, serial), unit in by_serial.items():
            if unit.state == UnitState.IN_STOCK:
                units.at[BalanceKey(unit.place_id, sku_id, unit.lot_id)][serial] = unit
        return units

    def put(self, sku_id: UUID, serial: str, unit_id: UUID, key: BalanceKey) -> None:
        """Take note that a unit lies at a balance now."""
        before = self.by_serial.get((sku_id, serial))
        if before is not None:
            self.at[BalanceKey(before.place_id, sku_id, before.lot_id)].pop(serial, None)
        unit = _Unit(unit_id, key.place_id, key.lot_id, UnitState.IN_STOCK)
        self.by_serial[sku_id, serial] = self.at[key][serial] = unit


@dataclass(slots=True, kw_only=True)
class _Counting:
    """A batch of counts gone through in memory."""

    places: Mapping[UUID, PlaceFacts]
    skus: Mapping[UUID, SkuFacts]
    lots: Mapping[UUID, sa.Row[tuple[object, ...]]]
    facts: Mapping[UUID, LotFacts]
    now: dict[BalanceKey, BalanceFigures]
    units: _Units
    fixed: Mapping[tuple[UUID, str], PlaceFacts]
    document_id: UUID | None
    seen: set[BalanceKey] = field(default_factory=set)
    named: list[UUID] = field(default_factory=list)
    postings: list[Posting] = field(default_factory=list)

    def count(self, index: int, one: StockCount) -> Counted | Refused:
        """Do one count in memory, or say why not."""
        try:
            place, sku = self._checked(one)
            key = BalanceKey(place.id, sku.id, one.lot_id)
            before = self.now.get(key, BalanceFigures()).quantity
            if sku.serial_tracked:
                written = self._by_serial(one, place, sku, key, before)
            else:
                written = self._by_figure(one.quantity - before, place, sku, key)
        except Refusal as refusal:
            return Refused(index, refusal)
        self.seen.add(key)
        self.postings += written
        for touched, change in rules.balance_changes(written).items():
            self.now[touched] = self.now.get(touched, BalanceFigures()).plus(change)
        return Counted(index, *key, before, one.quantity, one.quantity - before)

    def _checked(self, one: StockCount) -> tuple[PlaceFacts, SkuFacts]:
        place, sku = self.places.get(one.place_id), self.skus.get(one.sku_id)
        if place is None:
            raise refusals.UnknownPlace(field=("placeId",))
        if sku is None:
            raise refusals.UnknownSku(field=("skuId",))
        if place.kind not in _COUNTED_KINDS:
            message = sentence("Bins, docks and hospital are counted; what an order carries is reported missing there.")
            raise refusals.WrongPlace(message, field=("placeId",))
        if sku.is_bundle:
            raise refusals.BundleHasNoStock(field=("skuId",))
        if not 0 <= one.quantity <= rules.QUANTITY_MAX:
            message = sentence("quantity must be 0 to {most}.", most=rules.QUANTITY_MAX)
            raise InvalidInput(message, field=("quantity",))
        if one.lot_id != NIL_ID and (one.lot_id not in self.lots or self.lots[one.lot_id].sku_id != sku.id):
            raise refusals.LotNeeded(sentence("That lot is not one of this SKU."), field=("lotId",))
        if one.lot_id == NIL_ID and one.quantity and (sku.lot_tracked or sku.expiry_tracked):
            raise refusals.LotNeeded(field=("lotId",))
        if BalanceKey(place.id, sku.id, one.lot_id) in self.seen:
            raise InvalidInput(sentence("This place, SKU and lot is counted twice; put it into one row."))
        return place, sku

    def _by_figure(self, difference: int, place: PlaceFacts, sku: SkuFacts, key: BalanceKey) -> list[Posting]:
        if not difference:
            return []
        source = self.fixed[place.location_id, PlaceKind.ADJUSTMENT]
        ends = (source, place) if difference > 0 else (place, source)
        return [self._posting(sku, key.lot_id, ends, abs(difference))]

    def _by_serial(
        self, one: StockCount, place: PlaceFacts, sku: SkuFacts, key: BalanceKey, before: int
    ) -> list[Posting]:
        """Return the moves that leave exactly the found units here."""
        serials = _serials(one)
        if len(serials) != one.quantity or len(set(serials)) != len(serials) or not all(serials):
            message = sentence("These goods are kept by serial number; name the serial of each piece found, once.")
            raise refusals.SerialNeeded(message, field=("serials",))
        here = dict(self.units.at[key])
        arriving = [(serial, self._comes_from(serial, place, sku, key)) for serial in serials if serial not in here]
        staying = len(serials) - len(arriving)
        lost = [(serial, here[serial].id) for serial in sorted(here) if serial not in set(serials)]
        written = self._gone(place, sku, key, lost, before - staying)
        written += self._unnamed(place, sku, key, staying - before)
        for serial, (unit_id, from_place) in arriving:
            written.append(self._posting(sku, key.lot_id, (from_place, place), 1, unit_id))
            self.units.put(sku.id, serial, unit_id, key)
        self.units.found |= {(sku.id, serial) for serial in serials}
        return written

    def _gone(
        self, place: PlaceFacts, sku: SkuFacts, key: BalanceKey, lost: Sequence[tuple[str, UUID]], pieces: int
    ) -> list[Posting]:
        """Return the moves that take so many pieces to MISSING, the lost units first, then pieces without a name.

        Where more units are lost than pieces, the others' pieces were reported missing before, without a name: they are
        named now.
        """
        missing = self.fixed[place.location_id, PlaceKind.MISSING]
        ends = (place, missing)
        written = [self._posting(sku, key.lot_id, ends, 1, unit_id) for _, unit_id in lost[: max(0, pieces)]]
        if pieces > len(lost):
            written.append(self._posting(sku, key.lot_id, ends, pieces - len(lost)))
        for serial, unit_id in lost:
            self.units.put(sku.id, serial, unit_id, key._replace(place_id=missing.id))
        self.named += [unit_id for _, unit_id in lost[max(0, pieces) :]]
        return written

    def _unnamed(self, place: PlaceFacts, sku: SkuFacts, key: BalanceKey, pieces: int) -> list[Posting]:
        """Return the moves that bring back pieces whose units are here, though they were reported missing, unnamed."""
        if pieces <= 0:
            return []
        missing = self.fixed[place.location_id, PlaceKind.MISSING]
        adjustment = self.fixed[place.location_id, PlaceKind.ADJUSTMENT]
        there = key._replace(place_id=missing.id)
        nameless = self.now.get(there, BalanceFigures()).quantity - len(self.units.at[there])
        parts = {missing: min(pieces, max(0, nameless)), adjustment: pieces - min(pieces, max(0, nameless))}
        return [
            self._posting(sku, key.lot_id, (source, place), quantity) for source, quantity in parts.items() if quantity
        ]

    def _comes_from(self, serial: str, place: PlaceFacts, sku: SkuFacts, key: BalanceKey) -> tuple[UUID, PlaceFacts]:
        """Return the unit of a serial found here and where the ledger has it; refuses one that cannot be here."""
        adjustment = self.fixed[place.location_id, PlaceKind.ADJUSTMENT]
        if (sku.id, serial) in self.units.found:
            raise InvalidInput(sentence("Serial {serial} is counted in two places.", serial=serial), field=("serials",))
        unit = self.units.by_serial.get((sku.id, serial))
        if unit is None:
            unit_id = new_id()
            self.units.made[unit_id] = (sku.id, serial, key)
            return unit_id, adjustment
        if unit.state == UnitState.GONE:
            return unit.id, adjustment
        recorded = self.places.get(unit.place_id)
        is_near = recorded is not None and recorded.location_id == place.location_id
        if unit.state == UnitState.SHIPPED or not is_near or recorded is None or recorded.kind not in rules.STORE_KINDS:
            message = sentence("Serial {serial} is recorded elsewhere; book its way here first.", serial=serial)
            raise refusals.SerialElsewhere(message, field=("serials",), data={"serial": serial})
        if unit.lot_id != key.lot_id:
            message = sentence("Serial {serial} is of another lot; count it there.", serial=serial)
            raise refusals.SerialElsewhere(message, field=("serials",), data={"serial": serial})
        return unit.id, recorded

    def _posting(
        self,
        sku: SkuFacts,
        lot_id: UUID,
        ends: tuple[PlaceFacts, PlaceFacts],
        quantity: int,
        unit_id: UUID | None = None,
    ) -> Posting:
        return Posting(
            sku_id=sku.id,
            lot_id=lot_id,
            from_place=ends[0],
            to_place=ends[1],
            quantity=quantity,
            reason=MoveReason.COUNT,
            unit_cost_micros=sku.cost_micros,
            lot_blocked=self.facts[lot_id].blocked,
            document_id=self.document_id,
            unit_id=unit_id,
        )

    def named_missing(self) -> list[dict[str, object]]:
        """Return the rows of units whose pieces stood at MISSING without a name, as they are recorded now."""
        recorded = {unit.id: unit.place_id for unit in self.units.by_serial.values()}
        return [{"id": unit_id, "place_id": recorded[unit_id]} for unit_id in sorted(self.named)]

    def new_units(self, uow: UnitOfWork) -> list[dict[str, object]]:
        """Return rows for the units nobody knew before."""
        going = {posting.unit_id for posting in self.postings}
        return [
            {
                "id": unit_id,
                "sku_id": sku_id,
                "serial": serial,
                "lot_id": key.lot_id,
                "place_id": key.place_id,
                "state": UnitState.IN_STOCK,
                "created_at": uow.now,
            }
            for unit_id, (sku_id, serial, key) in sorted(self.units.made.items())
            if unit_id in going
        ]


def _tell(uow: UnitOfWork, postings: Sequence[Posting], levels: locks.Levels) -> None:
    """Say which levels have more or less than before, or as much of which less may be sold."""
    for level, change in rules.level_changes(postings).items():
        free = rules.free(levels[level])
        if change.on_hand:
            uow.emit([events.StockAdjusted(level.sku_id, level.location_id, change.on_hand, free)])
        else:
            uow.emit([events.SellableChanged(level.sku_id, level.location_id, rules.free(change), free)])
