"""Goods of a transfer leave: from bins into the transfer's own TRANSIT place, incoming where they go."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.ids import NIL_ID
from pickmesh.core.kit.refusals import InvalidInput, Refusal, Refused, WrongState
from pickmesh.core.kit.texts import sentence
from pickmesh.core.stock import (
    allocations,
    events,
    goods,
    locks,
    promises,
    queries,
    refusals,
    reservations,
    rules,
    transfer_queries,
    transfers,
    units,
)
from pickmesh.core.stock.goods import LotFacts, SkuFacts
from pickmesh.core.stock.posting import post
from pickmesh.core.stock.rules import (
    BalanceFigures,
    BalanceKey,
    Candidate,
    Level,
    MoveReason,
    Need,
    PlaceFacts,
    Posting,
)
from pickmesh.core.stock.tables import Place, PlaceKind, Pool, ReservationStatus
from pickmesh.core.stock.transfer_tables import Transfer, TransferLine, TransferStatus
from pickmesh.core.stock.transfers import RANK_AT, TransferChanged


@dataclass(frozen=True, slots=True)
class Sending:
    """Pieces of a transfer line that leave, from a bin or dock; a serial-tracked one is named, quantity 1.

    Without a place they are taken by the taking rules: what expires first, what came first, the fewest bins.
    """

    line_id: UUID
    quantity: int
    place_id: UUID | None = None
    lot_id: UUID = NIL_ID
    unit_id: UUID | None = None
    serial: str = ""


@dataclass(frozen=True, slots=True)
class Taken:
    """Pieces that were taken from one place."""

    place_id: UUID
    lot_id: UUID
    quantity: int


@dataclass(frozen=True, slots=True)
class Sent:
    """Pieces of a transfer line that are on their way now."""

    index: int
    transfer_id: UUID
    line_id: UUID
    sku_id: UUID
    quantity: int
    taken: tuple[Taken, ...]


async def send_transfers(uow: UnitOfWork, *, sendings: Sequence[Sending]) -> list[Sent | Refused]:
    """Send pieces of planned transfers, in order, in a fixed number of statements; parts may follow until all is sent.

    Their promise is consumed as they leave. A line that lost pieces of its promise may take free ones instead, never
    those of an order. Good items are done, the others come back as `Refused`. Needs stock:write where they leave.
    """
    if not sendings:
        return []
    of_line = await transfer_queries.transfer_ids_of_lines(uow, {one.line_id for one in sendings})
    held, lines = await transfers.lock_with_lines(uow, of_line.values(), at="from_location_id")
    asked = {one.line_id for one in sendings}
    going = [line for line in lines if line.id in asked]
    at_source = {Level(held[line.transfer_id].from_location_id, line.sku_id) for line in going}
    arriving = {Level(held[line.transfer_id].to_location_id, line.sku_id) for line in going}
    levels = await locks.make_and_lock_levels(uow, at_source | arriving)
    balances = await locks.lock_balances_of_levels(uow, at_source)
    sending = await _begin(uow, sendings, held=held, lines=going, levels=levels, balances=balances)
    answer = [sending.send(index, one) for index, one in enumerate(sendings)]
    await _write(uow, sending, all_lines=lines)
    return answer


async def _begin(
    uow: UnitOfWork,
    sendings: Sequence[Sending],
    *,
    held: Mapping[UUID, sa.Row[Any]],
    lines: Sequence[sa.Row[Any]],
    levels: locks.Levels,
    balances: locks.Balances,
) -> "_Sending":
    """Read what sending must know, under its locks."""
    wanted = {Level(held[line.transfer_id].from_location_id, line.sku_id) for line in lines}
    by_rules = any(one.place_id is None for one in sendings)
    candidates = await allocations.candidates_at(uow, wanted) if by_rules else []
    told = {one.place_id for one in sendings if one.place_id is not None}
    places = await queries.place_facts(uow, told | {one.key.place_id for one in candidates})
    skus = await goods.sku_facts(uow, {line.sku_id for line in lines})
    serial_keys = [key for key in balances if key.sku_id in skus and skus[key.sku_id].serial_tracked]
    zones = await queries.locations_by_id(uow, {level.location_id for level in wanted})
    return _Sending(
        held=held,
        lines={line.id: line for line in lines},
        reserved=await _reserved(uow, [line.id for line in lines]),
        free={level: rules.free(levels[level]) for level in wanted},
        levels=levels,
        balances=balances,
        places=places,
        skus=skus,
        lots=await goods.lot_facts(uow, {key.lot_id for key in balances}),
        candidates=candidates,
        there=await units.units_at(uow, serial_keys),
        today={one: uow.now.astimezone(ZoneInfo(row.time_zone)).date() for one, row in zones.items()},
    )


async def _reserved(uow: UnitOfWork, line_ids: Collection[UUID]) -> dict[UUID, sa.Row[Any]]:
    """Return the one reservation of each line, as it is under the level's lock."""
    return {row.line_id: row for row in await queries.reservations_of_lines(uow, line_ids)}


@dataclass(slots=True, kw_only=True)
class _Sending:
    """A batch of sendings gone through in memory."""

    held: Mapping[UUID, sa.Row[Any]]
    lines: Mapping[UUID, sa.Row[Any]]
    reserved: Mapping[UUID, sa.Row[Any]]
    free: dict[Level, int]
    levels: locks.Levels
    balances: locks.Balances
    places: Mapping[UUID, PlaceFacts]
    skus: Mapping[UUID, SkuFacts]
    lots: Mapping[UUID, LotFacts]
    candidates: Sequence[Candidate]
    there: units.UnitsThere
    today: Mapping[UUID, Any]
    now: dict[BalanceKey, BalanceFigures] = field(init=False)
    sent: defaultdict[UUID, int] = field(default_factory=lambda: defaultdict(int))
    consumed: defaultdict[UUID, int] = field(default_factory=lambda: defaultdict(int))
    beyond: defaultdict[Level, int] = field(default_factory=lambda: defaultdict(int))
    postings: list[Posting] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.now = dict(self.balances)

    def send(self, index: int, one: Sending) -> Sent | Refused:
        """Do one sending in memory, or say why not."""
        try:
            line, level = self._checked(one)
            parts = self._by_rules(one, level) if one.place_id is None else [self._from(one, one.place_id, level)]
            written = [posting for part in parts for posting in self._postings(one, line, level, part)]
        except Refusal as refusal:
            return Refused(index, refusal)
        self._note(one, level, written)
        taken = tuple(Taken(key.place_id, key.lot_id, quantity) for key, quantity in parts)
        return Sent(index, line.transfer_id, line.id, line.sku_id, one.quantity, taken)

    def _checked(self, one: Sending) -> tuple[sa.Row[Any], Level]:
        line = self.lines.get(one.line_id)
        if line is None:
            raise refusals.UnknownTransfer(field=("lineId",))
        transfer = self.held[line.transfer_id]
        if transfer.status != TransferStatus.PLANNED:
            message = sentence("That transfer is no longer being sent; plan another one.")
            raise WrongState(message, data={"status": transfer.status})
        level = Level(transfer.from_location_id, line.sku_id)
        to_come = line.quantity - line.sent_quantity - self.sent[line.id]
        if not 1 <= one.quantity <= to_come:
            message = sentence(
                "Of this line {left} are still to be sent, not {asked}.", left=to_come, asked=one.quantity
            )
            raise InvalidInput(message, field=("quantity",), data={"quantity": to_come})
        may_go = self._promised(line.id) + max(0, self.free[level])
        if one.quantity > may_go:
            message = sentence(
                "Only {left} of {asked} may go; the others are promised to orders or no longer there.",
                left=may_go,
                asked=one.quantity,
            )
            raise refusals.NotEnoughStock(message, data={"quantity": may_go})
        if line.sku_id not in self.skus:
            raise refusals.UnknownSku()
        return line, level

    def _promised(self, line_id: UUID) -> int:
        row = self.reserved.get(line_id)
        held = row.quantity if row is not None and row.status == ReservationStatus.OPEN else 0
        return int(held) - self.consumed[line_id]

    def _from(self, one: Sending, place_id: UUID, level: Level) -> tuple[BalanceKey, int]:
        """Return the named pieces, or refuse a place they cannot be taken from."""
        place, lot = self.places.get(place_id), self.lots.get(one.lot_id)
        if place is None:
            raise refusals.UnknownPlace(field=("placeId",))
        is_store = place.kind in {PlaceKind.BIN, PlaceKind.DOCK} and place.pool == Pool.SELLABLE
        if not is_store or place.location_id != level.location_id:
            message = sentence(
                "A transfer is sent from bins and docks of its first warehouse, of goods that may be sold."
            )
            raise refusals.WrongPlace(message, field=("placeId",))
        key = BalanceKey(place_id, level.sku_id, one.lot_id)
        here = self.now.get(key, BalanceFigures())
        if lot is None or lot.blocked or one.quantity > here.quantity - here.allocated:
            message = sentence(
                "{here} lie there and {promised} of them are promised; {asked} cannot go.",
                here=here.quantity,
                promised=here.allocated,
                asked=one.quantity,
            )
            raise refusals.NotEnoughStock(message, data={"quantity": here.quantity - here.allocated})
        return key, one.quantity

    def _by_rules(self, one: Sending, level: Level) -> list[tuple[BalanceKey, int]]:
        """Choose bins by the rules that waves take by."""
        need = Need(one.line_id, one.line_id, level, one.quantity, RANK_AT, one.line_id)
        usable = [
            replace(each, free=self.now[each.key].quantity - self.now[each.key].allocated)
            for each in self.candidates
            if each.key.sku_id == level.sku_id and each.location_id == level.location_id and each.key in self.now
        ]
        takes, short = rules.allocation_plan([need], usable, self.today)
        if short:
            left = one.quantity - short[0][1]
            message = sentence(
                "Bins hold {left} of the {asked} pieces; name the dock or bin the others lie at.",
                left=left,
                asked=one.quantity,
            )
            raise refusals.NotEnoughStock(message, data={"quantity": left})
        return [(take.key, take.quantity) for take in takes]

    def _postings(
        self, one: Sending, line: sa.Row[Any], level: Level, part: tuple[BalanceKey, int]
    ) -> Sequence[Posting]:
        key, quantity = part
        transfer, sku = self.held[line.transfer_id], self.skus[line.sku_id]
        posting = Posting(
            sku_id=line.sku_id,
            lot_id=key.lot_id,
            from_place=self.places[key.place_id],
            to_place=transit_place(transfer),
            quantity=quantity,
            reason=MoveReason.TRANSFER_SEND,
            unit_cost_micros=sku.cost_micros,
            document_id=line.transfer_id,
            line_id=line.id,
        )
        if not sku.serial_tracked:
            return [posting]
        return list(
            units.naming(
                posting,
                self.there.chosen(
                    key, quantity, self.there.named(line.sku_id, one.serial, one.unit_id), any_will_do=False
                ),
            )
        )

    def _note(self, one: Sending, level: Level, written: Sequence[Posting]) -> None:
        """Keep what this sending takes, so that the next one finds it gone."""
        self.there.follow(written)
        self.postings += written
        for key, change in rules.balance_changes(written).items():
            self.now[key] = self.now.get(key, BalanceFigures()).plus(change)
        promised = min(one.quantity, self._promised(one.line_id))
        self.consumed[one.line_id] += promised
        self.sent[one.line_id] += one.quantity
        self.free[level] -= one.quantity - promised
        self.beyond[level] += one.quantity - promised


def transit_place(transfer: sa.Row[Any]) -> PlaceFacts:
    """Return the place where a transfer's goods travel: it has the transfer's id and belongs to where they go."""
    return PlaceFacts(transfer.id, transfer.to_location_id, PlaceKind.TRANSIT, Pool.SELLABLE)


async def _write(uow: UnitOfWork, sending: _Sending, *, all_lines: Sequence[sa.Row[Any]]) -> None:
    """Write what a batch of sendings came to."""
    if not sending.postings:
        return
    pieces = rules.summed((sending.lines[one].transfer_id, quantity) for one, quantity in sending.sent.items())
    pieces = {transfer_id: quantity for transfer_id, quantity in pieces.items() if quantity}
    await uow.upsert(Place, [_place_row(uow, sending.held[one]) for one in sorted(pieces)])
    consumed = {sending.reserved[one].id: quantity for one, quantity in sending.consumed.items() if quantity}
    level_of = {row.id: Level(row.location_id, row.sku_id) for row in sending.reserved.values()}
    await post(
        uow,
        sending.postings,
        levels=sending.levels,
        balances=sending.balances,
        reserved=rules.summed((level_of[one], -quantity) for one, quantity in consumed.items()),
    )
    held = {row.id: row.quantity for row in sending.reserved.values()}
    await promises.shrink_reservations(uow, consumed, held, ReservationStatus.CONSUMED)
    grown = [{"id": one, "sent_quantity": sending.sent[one]} for one in sorted(sending.sent) if sending.sent[one]]
    await uow.update(TransferLine, grown, add=["sent_quantity"])
    done = _complete(all_lines, sending.sent) & set(pieces)
    await _mark(uow, pieces, done)
    uow.emit(
        events.TransferSent(
            one, sending.held[one].from_location_id, sending.held[one].to_location_id, pieces[one], one in done
        )
        for one in sorted(pieces)
    )
    uow.emit(
        events.StockReserved(level.sku_id, level.location_id, quantity, rules.free(sending.levels[level]))
        for level, quantity in sorted(sending.beyond.items())
        if quantity
    )


def _place_row(uow: UnitOfWork, transfer: sa.Row[Any]) -> dict[str, Any]:
    return {
        "id": transfer.id,
        "location_id": transfer.to_location_id,
        "kind": PlaceKind.TRANSIT,
        "pool": Pool.SELLABLE,
        "code": f"TRANSIT-{transfer.number:04d}",
        "created_at": uow.now,
    }


def _complete(lines: Sequence[sa.Row[Any]], sent: Mapping[UUID, int]) -> set[UUID]:
    """Return the transfers of which no line has anything left to send."""
    waiting = {line.transfer_id for line in lines if line.sent_quantity + sent.get(line.id, 0) < line.quantity}
    return {line.transfer_id for line in lines} - waiting


async def _mark(uow: UnitOfWork, touched: Collection[UUID], done: Collection[UUID]) -> None:
    """Raise the versions of transfers, and say of those of which nothing more will follow that they are sent."""
    rows = [
        {"id": one, "status": TransferStatus.SENT if one in done else TransferStatus.PLANNED, "sent_at": uow.now}
        for one in sorted(touched)
    ]
    await uow.update(Transfer, rows, bump_version=True)


async def finish_transfers(uow: UnitOfWork, *, transfer_ids: Sequence[UUID]) -> list[TransferChanged | Refused]:
    """Say that nothing more of these transfers will be sent and free what they still hold; saying so twice is once.

    One of which nothing was sent is refused with WRONG_STATE: cancel it. One whose pieces have all arrived is RECEIVED
    at once. Needs stock:write where they leave.
    """
    held, lines = await transfers.lock_with_lines(uow, transfer_ids, at="from_location_id")
    sent = rules.summed((line.transfer_id, line.sent_quantity) for line in lines)
    travelling = rules.summed((line.transfer_id, line.travelling_quantity) for line in lines)
    answer: list[TransferChanged | Refused] = []
    ending: dict[UUID, str] = {}
    for index, transfer_id in enumerate(transfer_ids):
        row = held.get(transfer_id)
        if row is None:
            answer.append(Refused(index, refusals.UnknownTransfer()))
        elif row.status == TransferStatus.PLANNED and sent[transfer_id]:
            ending[transfer_id] = TransferStatus.SENT if travelling[transfer_id] else TransferStatus.RECEIVED
            answer.append(TransferChanged(index, transfer_id, ending[transfer_id]))
        elif row.status in {TransferStatus.SENT, TransferStatus.RECEIVED}:
            answer.append(TransferChanged(index, transfer_id, row.status))
        else:
            message = sentence("Nothing of it was sent; cancel it instead.")
            answer.append(Refused(index, WrongState(message, data={"status": row.status})))
    await reservations.release_reservations(uow, line_ids=[line.id for line in lines if line.transfer_id in ending])
    await transfers.close(uow, ending)
    uow.emit(
        events.TransferSent(one, held[one].from_location_id, held[one].to_location_id, 0, True)
        for one in sorted(ending)
    )
    return answer
