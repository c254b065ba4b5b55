"""Mistakes in a transfer taken back: what was booked as sent goes back to its bin, what was received travels again.

Both are compensating moves; the ledger keeps what was booked and what took it back.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.ids import NIL_ID
from pickmesh.core.kit.refusals import InvalidInput, Refusal, Refused
from pickmesh.core.kit.texts import sentence
from pickmesh.core.stock import (
    events,
    goods,
    locks,
    queries,
    refusals,
    rules,
    transfer_queries,
    transfer_sends,
    transfers,
    units,
)
from pickmesh.core.stock.goods import LotFacts, SkuFacts
from pickmesh.core.stock.posting import post
from pickmesh.core.stock.rules import BalanceFigures, BalanceKey, Level, MoveReason, PlaceFacts, Posting
from pickmesh.core.stock.tables import Place, Reservation, ReservationStatus, StockMove
from pickmesh.core.stock.transfer_receipts import serial_keys
from pickmesh.core.stock.transfer_tables import Transfer, TransferLine, TransferStatus


@dataclass(frozen=True, slots=True)
class TakenBack:
    """Pieces of a transfer line to take back: `place_id` is where they came from, or where they were received."""

    line_id: UUID
    place_id: UUID
    quantity: int
    lot_id: UUID = NIL_ID
    unit_id: UUID | None = None
    serial: str = ""


@dataclass(frozen=True, slots=True)
class Restored:
    """Pieces that are again where they were before."""

    index: int
    transfer_id: UUID
    line_id: UUID
    place_id: UUID
    sku_id: UUID
    lot_id: UUID
    quantity: int


async def take_back_sends(uow: UnitOfWork, *, backs: Sequence[TakenBack]) -> list[Restored | Refused]:
    """Put pieces that still travel back where they were taken from and promise them to the transfer again.

    Never more than this transfer took from that place and than still travels; one that was SENT is PLANNED again. Good
    items are done, the others come back as `Refused`. Needs stock:write where they left.
    """
    undo = await _begin(uow, backs, end="from_location_id")
    answer = [undo.take_back(index, one) for index, one in enumerate(backs)]
    if undo.postings:
        again = {undo.lines[one].reservation_id: quantity for one, quantity in undo.promised.items() if quantity}
        at = rules.summed((undo.level(undo.lines[one]), quantity) for one, quantity in undo.promised.items())
        await post(uow, undo.postings, levels=undo.levels, balances=undo.balances, reserved=at)
        rows = [{"id": one, "quantity": again[one], "status": ReservationStatus.OPEN} for one in sorted(again)]
        await uow.update(Reservation, rows, add=["quantity"])
        await undo.write(uow, "sent_quantity", TransferStatus.PLANNED)
        uow.emit(
            events.TransferSent(one, row.from_location_id, row.to_location_id, -quantity, False)
            for one, row, quantity in undo.pieces()
        )
    return answer


async def take_back_receipts(uow: UnitOfWork, *, backs: Sequence[TakenBack]) -> list[Restored | Refused]:
    """Let pieces that were received travel again, while they lie where they were put and nobody was promised them.

    Never more than this transfer brought to that place; one that was RECEIVED is SENT again. Good items are done, the
    others come back as `Refused`. Needs stock:write where they arrived.
    """
    undo = await _begin(uow, backs, end="to_location_id")
    answer = [undo.take_back(index, one) for index, one in enumerate(backs)]
    if undo.postings:
        gone = {one for one, row, _ in undo.pieces() if row.status == TransferStatus.RECEIVED}
        await uow.update(Place, [{"id": one, "archived_at": None} for one in sorted(gone)])
        await post(uow, undo.postings, levels=undo.levels, balances=undo.balances)
        await undo.write(uow, "received_quantity", TransferStatus.SENT)
        uow.emit(
            events.TransferReceived(one, row.from_location_id, row.to_location_id, -quantity, 0, False)
            for one, row, quantity in undo.pieces()
        )
        uow.emit(
            events.StockAdjusted(level.sku_id, level.location_id, change.on_hand, rules.free(undo.levels[level]))
            for level, change in rules.level_changes(undo.postings).items()
        )
    return answer


async def _begin(uow: UnitOfWork, backs: Sequence[TakenBack], *, end: str) -> "_Undo":
    """Lock the transfers, the levels at both their ends and the balances at hand, and read what undoing must know."""
    of_line = await transfer_queries.transfer_ids_of_lines(uow, {one.line_id for one in backs})
    held, lines = await transfers.lock_with_lines(uow, of_line.values(), at=end)
    asked = {one.line_id for one in backs}
    named = {line.id: line for line in lines if line.id in asked}
    ends = [(held[line.transfer_id], line.sku_id) for line in named.values()]
    levels = await locks.lock_levels(
        uow,
        {Level(at, sku_id) for row, sku_id in ends for at in (row.from_location_id, row.to_location_id)},
    )
    balances = await locks.lock_balances_at(uow, {one.place_id for one in backs} | set(held))
    skus = await goods.sku_facts(uow, {line.sku_id for line in named.values()})
    return _Undo(
        held=held,
        lines=named,
        end=end,
        levels=levels,
        balances=balances,
        places=await queries.place_facts(uow, {one.place_id for one in backs}),
        skus=skus,
        lots=await goods.lot_facts(uow, {key.lot_id for key in balances}),
        there=await units.units_at(uow, serial_keys(balances, skus)),
        booked=await _booked(uow, held, end),
    )


async def _booked(uow: UnitOfWork, transfer_ids: Mapping[UUID, Any], end: str) -> dict[tuple[UUID, BalanceKey], int]:
    """Return how many pieces each line took from (or brought to) each balance, what was taken back deducted."""
    goes = end == "from_location_id"
    place = StockMove.from_place_id if goes else StockMove.to_place_id
    back = StockMove.to_place_id if goes else StockMove.from_place_id
    booked, undone = (
        (MoveReason.TRANSFER_SEND, MoveReason.TRANSFER_UNSEND)
        if goes
        else (MoveReason.TRANSFER_RECEIVE, MoveReason.TRANSFER_UNRECEIVE)
    )
    found = sa.select(
        StockMove.line_id,
        sa.case((StockMove.reason == booked, place), else_=back).label("place_id"),
        StockMove.sku_id,
        StockMove.lot_id,
        sa.case((StockMove.reason == booked, StockMove.quantity), else_=-StockMove.quantity).label("quantity"),
    ).where(
        uow.mine(StockMove),
        uow.among(StockMove.document_id, sorted(transfer_ids)),
        StockMove.reason.in_([booked, undone]),
    )
    return rules.summed(
        ((row.line_id, BalanceKey(row.place_id, row.sku_id, row.lot_id)), row.quantity)
        for row in await uow.fetch(found)
    )


@dataclass(slots=True, kw_only=True)
class _Undo:
    """A batch of pieces taken back, gone through in memory; `end` names the warehouse that gains or loses them."""

    held: Mapping[UUID, sa.Row[Any]]
    lines: Mapping[UUID, sa.Row[Any]]
    end: str
    levels: locks.Levels
    balances: locks.Balances
    places: Mapping[UUID, PlaceFacts]
    skus: Mapping[UUID, SkuFacts]
    lots: Mapping[UUID, LotFacts]
    there: units.UnitsThere
    booked: dict[tuple[UUID, BalanceKey], int]
    now: dict[BalanceKey, BalanceFigures] = field(init=False)
    free: dict[Level, int] = field(init=False)
    moved: defaultdict[UUID, int] = field(default_factory=lambda: defaultdict(int))
    promised: defaultdict[UUID, int] = field(default_factory=lambda: defaultdict(int))
    postings: list[Posting] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.now = dict(self.balances)
        self.free = {level: rules.free(figures) for level, figures in self.levels.items()}

    @property
    def restocks(self) -> bool:
        """Tell whether pieces go back to their bins; else they go on travelling."""
        return self.end == "from_location_id"

    def level(self, line: sa.Row[Any]) -> Level:
        """Return the level that gains or loses the pieces."""
        return Level(getattr(self.held[line.transfer_id], self.end), line.sku_id)

    def take_back(self, index: int, one: TakenBack) -> Restored | Refused:
        """Take one item back in memory, or say why not."""
        try:
            line = self.lines.get(one.line_id)
            if line is None:
                raise refusals.UnknownTransfer(field=("lineId",))
            if one.place_id not in self.places or line.sku_id not in self.skus:
                raise refusals.UnknownPlace(field=("placeId",))
            if one.lot_id not in self.lots:
                raise refusals.LotNeeded("No pieces of that lot were booked there.", field=("lotId",))
            here = BalanceKey(one.place_id, line.sku_id, one.lot_id)
            self._check(one, line, here)
            written = self._postings(one, line, here)
        except Refusal as refusal:
            return Refused(index, refusal)
        self.there.follow(written)
        self.postings += written
        self.booked[line.id, here] -= one.quantity
        self.moved[line.id] += one.quantity
        for key, change in rules.balance_changes(written).items():
            self.now[key] = self.now.get(key, BalanceFigures()).plus(change)
        if not self._unsellable(here):
            self.promised[line.id] += one.quantity if self.restocks else 0
            self.free[self.level(line)] -= 0 if self.restocks else one.quantity
        return Restored(index, line.transfer_id, line.id, one.place_id, line.sku_id, one.lot_id, one.quantity)

    def _check(self, one: TakenBack, line: sa.Row[Any], here: BalanceKey) -> None:
        """Refuse what was not booked there, and what has gone on since."""
        if one.quantity < 1:
            raise InvalidInput(sentence("quantity must be 1 or more."), field=("quantity",))
        booked = self.booked.get((line.id, here), 0)
        source = here._replace(place_id=line.transfer_id) if self.restocks else here
        lying = self.now.get(source, BalanceFigures())
        left = min(booked, lying.quantity - lying.allocated)
        if not self.restocks and not self._unsellable(here):
            left = min(left, self.free[self.level(line)])
        if one.quantity > left:
            message = sentence("Of these only {left} can be taken back; the others have gone on.", left=max(0, left))
            raise refusals.NotEnoughStock(message, field=("quantity",), data={"quantity": max(0, left)})

    def _unsellable(self, here: BalanceKey) -> bool:
        share = rules.share_of_level(self.places[here.place_id], self.lots[here.lot_id].blocked)
        return bool(share.non_sellable)

    def _postings(self, one: TakenBack, line: sa.Row[Any], here: BalanceKey) -> list[Posting]:
        transfer, place, sku = self.held[line.transfer_id], self.places[one.place_id], self.skus[line.sku_id]
        transit = transfer_sends.transit_place(transfer)
        posting = Posting(
            sku_id=line.sku_id,
            lot_id=one.lot_id,
            from_place=transit if self.restocks else place,
            to_place=place if self.restocks else transit,
            quantity=one.quantity,
            reason=MoveReason.TRANSFER_UNSEND if self.restocks else MoveReason.TRANSFER_UNRECEIVE,
            unit_cost_micros=sku.cost_micros,
            lot_blocked=self.lots[one.lot_id].blocked,
            document_id=transfer.id,
            line_id=line.id,
        )
        if not sku.serial_tracked:
            return [posting]
        key = BalanceKey(posting.from_place.id, line.sku_id, one.lot_id)
        return list(
            units.naming(
                posting,
                self.there.chosen(
                    key, one.quantity, self.there.named(line.sku_id, one.serial, one.unit_id), any_will_do=False
                ),
            )
        )

    def pieces(self) -> list[tuple[UUID, sa.Row[Any], int]]:
        """Return the transfers concerned and how many pieces of each were taken back."""
        found = rules.summed((self.lines[one].transfer_id, quantity) for one, quantity in self.moved.items())
        return [(one, self.held[one], found[one]) for one in sorted(found)]

    async def write(self, uow: UnitOfWork, column: str, status: TransferStatus) -> None:
        """Lower what lines have sent or received, and put the transfers back a step."""
        await uow.update(
            TransferLine, [{"id": one, column: -self.moved[one]} for one in sorted(self.moved)], add=[column]
        )
        rows = []
        for one, row, _ in self.pieces():
            steps_back = self.restocks or row.status == TransferStatus.RECEIVED
            rows.append({"id": one, "status": status if steps_back else row.status, "closed_at": None})
        await uow.update(Transfer, rows, bump_version=True)
