"""Goods of a transfer arrive, or are given up as lost."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.refusals import InvalidInput, Refusal, Refused, WrongState
from pickmesh.core.kit.texts import sentence
from pickmesh.core.stock import (
    events,
    goods,
    locks,
    queries,
    reasons,
    refusals,
    rules,
    transfer_queries,
    transfer_sends,
    transfers,
    units,
)
from pickmesh.core.stock.goods import LotFacts, SkuFacts
from pickmesh.core.stock.posting import post
from pickmesh.core.stock.reasons import AdjustmentReason
from pickmesh.core.stock.rules import BalanceFigures, BalanceKey, Level, MoveReason, PlaceFacts, Posting
from pickmesh.core.stock.tables import PlaceKind
from pickmesh.core.stock.transfer_tables import Transfer, TransferLine, TransferStatus
from pickmesh.core.stock.transfers import TransferChanged


@dataclass(frozen=True, slots=True)
class TransferReceipt:
    """Pieces of a transfer line that arrive at a place; a serial-tracked one is named, quantity 1.

    Without a lot it is the one that travels; where several lots of the line do, it must be named.
    """

    line_id: UUID
    place_id: UUID
    quantity: int
    lot_id: UUID | None = None
    unit_id: UUID | None = None
    serial: str = ""


@dataclass(frozen=True, slots=True)
class Arrived:
    """Pieces of a transfer line that lie at the other warehouse now."""

    index: int
    transfer_id: UUID
    line_id: UUID
    place_id: UUID
    sku_id: UUID
    lot_id: UUID
    quantity: int


async def receive_transfers(uow: UnitOfWork, *, receipts: Sequence[TransferReceipt]) -> list[Arrived | Refused]:
    """Book pieces that travel into bins, docks or hospital where they arrive, in a fixed number of statements.

    More than travels is refused. A transfer that is sent and of which nothing travels any more is RECEIVED. Good items
    are done, the others come back as `Refused`. Needs stock:write where they arrive.
    """
    if not receipts:
        return []
    of_line = await transfer_queries.transfer_ids_of_lines(uow, {one.line_id for one in receipts})
    held, lines = await transfers.lock_with_lines(uow, of_line.values(), at="to_location_id")
    asked = {one.line_id for one in receipts}
    coming = {line.id: line for line in lines if line.id in asked}
    levels = await locks.lock_levels(uow, {_level(held, line) for line in coming.values()})
    balances = await locks.lock_balances_at(uow, held)
    skus = await goods.sku_facts(uow, {line.sku_id for line in coming.values()})
    arriving = _Arriving(
        held=held,
        lines=coming,
        travelling=dict(balances),
        places=await queries.place_facts(uow, {one.place_id for one in receipts}),
        skus=skus,
        lots=await goods.lot_facts(uow, {key.lot_id for key in balances}),
        there=await units.units_at(uow, serial_keys(balances, skus)),
    )
    answer = [arriving.receive(index, one) for index, one in enumerate(receipts)]
    if arriving.postings:
        await post(uow, arriving.postings, levels=levels, balances=balances)
        grown = [{"id": one, "received_quantity": quantity} for one, quantity in sorted(arriving.came.items())]
        await uow.update(TransferLine, grown, add=["received_quantity"])
        await _settle(uow, held, lines, came=arriving.came)
        _tell_arrivals(uow, arriving.postings, levels)
    return answer


def serial_keys(keys: Iterable[BalanceKey], skus: Mapping[UUID, SkuFacts]) -> list[BalanceKey]:
    """Return the balances of serial-tracked SKUs."""
    return [key for key in keys if key.sku_id in skus and skus[key.sku_id].serial_tracked]


def _level(held: Mapping[UUID, sa.Row[Any]], line: sa.Row[Any]) -> Level:
    return Level(held[line.transfer_id].to_location_id, line.sku_id)


@dataclass(slots=True, kw_only=True)
class _Arriving:
    """A batch of receipts gone through in memory; `travelling` is what is still on its way after the last of them."""

    held: Mapping[UUID, sa.Row[Any]]
    lines: Mapping[UUID, sa.Row[Any]]
    travelling: locks.Balances
    places: Mapping[UUID, PlaceFacts]
    skus: Mapping[UUID, SkuFacts]
    lots: Mapping[UUID, LotFacts]
    there: units.UnitsThere
    came: defaultdict[UUID, int] = field(default_factory=lambda: defaultdict(int))
    postings: list[Posting] = field(default_factory=list)

    def receive(self, index: int, one: TransferReceipt) -> Arrived | Refused:
        """Do one receipt in memory, or say why not."""
        try:
            line = self.lines.get(one.line_id)
            if line is None:
                raise refusals.UnknownTransfer(field=("lineId",))
            key = self._travels(one, line)
            written = self._postings(one, line, key)
        except Refusal as refusal:
            return Refused(index, refusal)
        self.there.follow(written)
        self.postings += written
        self.travelling[key] = self.travelling[key].plus(BalanceFigures(-one.quantity))
        self.came[line.id] += one.quantity
        return Arrived(index, line.transfer_id, line.id, one.place_id, line.sku_id, key.lot_id, one.quantity)

    def _travels(self, one: TransferReceipt, line: sa.Row[Any]) -> BalanceKey:
        """Return the balance the pieces travel in, or refuse more than travels there."""
        if one.quantity < 1:
            raise InvalidInput(sentence("quantity must be 1 or more."), field=("quantity",))
        of_sku = [
            key
            for key, here in self.travelling.items()
            if here.quantity and (key.place_id, key.sku_id) == (line.transfer_id, line.sku_id)
        ]
        if one.lot_id is None and len(of_sku) > 1:
            raise refusals.LotNeeded(
                sentence("Several lots of these goods travel; say which one arrives."), field=("lotId",)
            )
        key = next((key for key in of_sku if one.lot_id in {None, key.lot_id}), None)
        travels = self.travelling[key].quantity if key is not None else 0
        if key is None or one.quantity > travels:
            message = sentence("Only {left} of these travel, not {asked}.", left=travels, asked=one.quantity)
            raise refusals.NotEnoughStock(message, field=("quantity",), data={"quantity": travels})
        return key

    def _postings(self, one: TransferReceipt, line: sa.Row[Any], key: BalanceKey) -> list[Posting]:
        transfer, place, sku = self.held[line.transfer_id], self.places.get(one.place_id), self.skus.get(line.sku_id)
        if place is None:
            raise refusals.UnknownPlace(field=("placeId",))
        if place.kind not in rules.STORE_KINDS or place.location_id != transfer.to_location_id:
            message = sentence("Goods are received into a bin, a dock or hospital of the warehouse they were sent to.")
            raise refusals.WrongPlace(message, field=("placeId",))
        if sku is None:
            raise refusals.UnknownSku()
        posting = Posting(
            sku_id=line.sku_id,
            lot_id=key.lot_id,
            from_place=transfer_sends.transit_place(transfer),
            to_place=place,
            quantity=one.quantity,
            reason=MoveReason.TRANSFER_RECEIVE,
            unit_cost_micros=sku.cost_micros,
            lot_blocked=self.lots[key.lot_id].blocked,
            document_id=transfer.id,
            line_id=line.id,
        )
        if not sku.serial_tracked:
            return [posting]
        return list(
            units.naming(
                posting,
                self.there.chosen(
                    key, one.quantity, self.there.named(line.sku_id, one.serial, one.unit_id), any_will_do=False
                ),
            )
        )


async def _settle(
    uow: UnitOfWork,
    held: Mapping[UUID, sa.Row[Any]],
    lines: Sequence[sa.Row[Any]],
    *,
    came: Mapping[UUID, int],
    lost: bool = False,
) -> set[UUID]:
    """Write the states of transfers of which pieces came or were lost, and tell of them; return those RECEIVED now."""
    pieces = rules.summed((line.transfer_id, came.get(line.id, 0)) for line in lines)
    still = rules.summed((line.transfer_id, line.travelling_quantity - came.get(line.id, 0)) for line in lines)
    touched = {one for one, quantity in pieces.items() if quantity}
    done = {one for one in touched if held[one].status == TransferStatus.SENT and not still[one]}
    await transfers.close(uow, dict.fromkeys(done, TransferStatus.RECEIVED))
    await uow.update(
        Transfer, [{"id": one, "status": held[one].status} for one in sorted(touched - done)], bump_version=True
    )
    uow.emit(
        events.TransferReceived(
            one,
            held[one].from_location_id,
            held[one].to_location_id,
            0 if lost else pieces[one],
            pieces[one] if lost else 0,
            one in done,
        )
        for one in sorted(touched)
    )
    return done


def _tell_arrivals(uow: UnitOfWork, postings: Sequence[Posting], levels: locks.Levels) -> None:
    """Say which levels have more than before, as any receipt does: backorders are worth another look."""
    uow.emit(
        events.StockReceived(level.sku_id, level.location_id, change.on_hand, rules.free(levels[level]))
        for level, change in rules.level_changes(postings).items()
    )


async def close_transfers(
    uow: UnitOfWork, *, transfer_ids: Sequence[UUID], reason: AdjustmentReason = AdjustmentReason.LOST, note: str = ""
) -> list[TransferChanged | Refused]:
    """Give up what still travels of these transfers: it moves to ADJUSTMENT with the reason and counts as lost.

    One of which nothing travels answers as it stands; one that has not left is refused with WRONG_STATE. Needs
    stock:write where they were to arrive.
    """
    held, lines = await transfers.lock_with_lines(uow, transfer_ids, at="to_location_id")
    text = reasons.ledger_text(reason, note, raises=False) if held else ""
    levels = await locks.lock_levels(uow, {_level(held, line) for line in lines})
    balances = await locks.lock_balances_at(uow, held)
    losing = _Losing(
        held=held,
        line_of={(line.transfer_id, line.sku_id): line.id for line in lines},
        skus=(skus := await goods.sku_facts(uow, {line.sku_id for line in lines})),
        there=await units.units_at(uow, serial_keys(balances, skus)),
        sinks=await queries.places_of_kind(uow, {PlaceKind.ADJUSTMENT}),
        reason=text,
    )
    postings = [one for key, here in sorted(balances.items()) for one in losing.postings(key, here.quantity)]
    await post(uow, postings, levels=levels, balances=balances)
    lost = rules.summed((one.line_id, one.quantity) for one in postings if one.line_id is not None)
    rows = [{"id": one, "lost_quantity": quantity} for one, quantity in sorted(lost.items())]
    await uow.update(TransferLine, rows, add=["lost_quantity"])
    done = await _settle(uow, held, lines, came=lost, lost=True)
    gone = {one.document_id for one in postings}
    return [
        _closed(index, one, held.get(one), lost=one in gone, done=one in done) for index, one in enumerate(transfer_ids)
    ]


def _closed(
    index: int, transfer_id: UUID, row: sa.Row[Any] | None, *, lost: bool, done: bool
) -> TransferChanged | Refused:
    if row is None:
        return Refused(index, refusals.UnknownTransfer())
    if row.status == TransferStatus.CANCELLED or (row.status == TransferStatus.PLANNED and not lost):
        message = sentence("Nothing of it travels; there is nothing to give up.")
        return Refused(index, WrongState(message, data={"status": row.status}))
    return TransferChanged(index, transfer_id, TransferStatus.RECEIVED if done else row.status)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Losing:
    """What giving up what travels must know."""

    held: Mapping[UUID, sa.Row[Any]]
    line_of: Mapping[tuple[UUID, UUID], UUID]
    skus: Mapping[UUID, SkuFacts]
    there: units.UnitsThere
    sinks: Mapping[tuple[UUID, str], PlaceFacts]
    reason: str

    def postings(self, key: BalanceKey, quantity: int) -> Iterable[Posting]:
        """Return the moves that take what travels in one balance to ADJUSTMENT, unit by unit where they are kept so."""
        transfer, sku = self.held[key.place_id], self.skus.get(key.sku_id)
        posting = Posting(
            sku_id=key.sku_id,
            lot_id=key.lot_id,
            from_place=transfer_sends.transit_place(transfer),
            to_place=self.sinks[transfer.to_location_id, PlaceKind.ADJUSTMENT],
            quantity=quantity,
            reason=self.reason,
            unit_cost_micros=sku.cost_micros if sku is not None else 0,
            document_id=transfer.id,
            line_id=self.line_of[key.place_id, key.sku_id],
        )
        return units.naming(posting, self.there.chosen(key, quantity, None, any_will_do=True))
