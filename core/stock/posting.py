"""The one place that changes levels and balances and writes the ledger."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.db.rows import table_of
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.ids import new_id
from pickmesh.core.stock import rules
from pickmesh.core.stock.locks import Balances, Levels
from pickmesh.core.stock.rules import BalanceFigures, BalanceKey, Level, LevelFigures, PlaceFacts, Posting
from pickmesh.core.stock.tables import PlaceKind, StockBalance, StockLevel, StockMove, StockUnit, UnitState

_GONE_TO = frozenset({PlaceKind.ADJUSTMENT, PlaceKind.SCRAP, PlaceKind.SUPPLIER})


async def post(
    uow: UnitOfWork,
    postings: Sequence[Posting] = (),
    *,
    levels: Levels | None = None,
    balances: Balances | None = None,
    reserved: Mapping[Level, int] | None = None,
    blocked: Mapping[Level, int] | None = None,
    allocated: Mapping[BalanceKey, int] | None = None,
    by_partners: Mapping[Level, int] | None = None,
) -> list[UUID]:
    """Write moves to the ledger and what follows from them; return the moves' ids, in order.

    `reserved` and `allocated` are differences of promises beside those the postings make, `blocked` pieces that turn
    unsellable where they lie, `by_partners` pieces that partners have for us and no ledger knows. `levels` and
    `balances` are what the caller locked: all rows that fall must be among them. They are brought up to date in place,
    so that a caller sees the figures after the posting. Statements: at most eight, whatever the number of rows.
    """
    at_levels = rules.level_changes(postings)
    for level, quantity in (reserved or {}).items():
        at_levels[level] = at_levels.get(level, LevelFigures()).plus(LevelFigures(reserved=quantity))
    for level, quantity in (blocked or {}).items():
        at_levels[level] = at_levels.get(level, LevelFigures()).plus(LevelFigures(non_sellable=quantity))
    for level, quantity in (by_partners or {}).items():
        at_levels[level] = at_levels.get(level, LevelFigures()).plus(LevelFigures(on_hand=quantity))
    at_balances = rules.balance_changes(postings)
    for key, quantity in (allocated or {}).items():
        at_balances[key] = at_balances.get(key, BalanceFigures()).plus(BalanceFigures(0, quantity))
    await _change_levels(uow, at_levels, {} if levels is None else levels)
    await _change_balances(uow, at_balances, {} if balances is None else balances, _locations(postings))
    await _move_units(uow, postings)
    return await _write_moves(uow, postings)


async def _change_levels(uow: UnitOfWork, changes: Mapping[Level, LevelFigures], levels: Levels) -> None:
    """Add to levels; rows that only grow may be new, the others were locked by the caller."""
    grown: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    travels = any(change.incoming for change in changes.values())  # a transfer's goods; others need not name it
    for level in sorted(changes):
        change = changes[level]
        if not any(change):
            continue
        levels[level] = levels.get(level, LevelFigures()).plus(change)
        row = {
            "location_id": level.location_id,
            "sku_id": level.sku_id,
            "on_hand": change.on_hand,
            "non_sellable": change.non_sellable,
            "reserved": change.reserved,
        }
        if travels:
            row["incoming"] = change.incoming
        may_be_new = change.reserved == 0 and 0 <= change.non_sellable <= change.on_hand and change.incoming >= 0
        (grown if may_be_new else changed).append(row)
    figures = ["on_hand", "non_sellable", "reserved", *(["incoming"] if travels else [])]
    await uow.update(StockLevel, changed, add=figures)
    await uow.upsert(StockLevel, grown, add=figures)


async def _change_balances(
    uow: UnitOfWork,
    changes: Mapping[BalanceKey, BalanceFigures],
    balances: Balances,
    location_of: Mapping[UUID, UUID],
) -> None:
    """Add to balances; a place that is emptied loses its row, so that what comes next is as old as its arrival."""
    grown: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    emptied: list[BalanceKey] = []
    for key in sorted(changes):
        change = changes[key]
        if not any(change):
            continue
        before = balances.get(key)
        balances[key] = (before or BalanceFigures()).plus(change)
        row: dict[str, Any] = {**key._asdict(), "quantity": change.quantity, "allocated": change.allocated}
        if before is not None and not any(balances[key]):
            emptied.append(key)
        elif 0 <= change.allocated <= change.quantity:
            grown.append({**row, "location_id": location_of[key.place_id], "first_in_at": uow.now})
        else:
            changed.append(row)
    await uow.update(StockBalance, changed, add=["quantity", "allocated"])
    if emptied:
        columns = table_of(StockBalance).c
        key_columns = [columns.place_id, columns.sku_id, columns.lot_id]
        await uow.execute(sa.delete(StockBalance).where(uow.mine(StockBalance), uow.among(key_columns, emptied)))
        for key in emptied:
            del balances[key]
    await uow.upsert(StockBalance, grown, add=["quantity", "allocated"])


def _locations(postings: Iterable[Posting]) -> dict[UUID, UUID]:
    return {place.id: place.location_id for posting in postings for place in (posting.from_place, posting.to_place)}


async def _move_units(uow: UnitOfWork, postings: Iterable[Posting]) -> None:
    """Let the rows of serial-tracked units follow their moves."""
    last = {posting.unit_id: posting.to_place for posting in postings if posting.unit_id is not None}
    moved = [
        {"id": unit_id, "place_id": last[unit_id].id, "state": _unit_state(last[unit_id])} for unit_id in sorted(last)
    ]
    await uow.update(StockUnit, moved)


def _unit_state(place: PlaceFacts) -> str:
    if place.kind == PlaceKind.CUSTOMER:
        return UnitState.SHIPPED
    return UnitState.GONE if place.kind in _GONE_TO else UnitState.IN_STOCK


async def _write_moves(uow: UnitOfWork, postings: Iterable[Posting]) -> list[UUID]:
    moves: list[dict[str, Any]] = [
        {
            "id": new_id(),
            "sku_id": posting.sku_id,
            "lot_id": posting.lot_id,
            "from_place_id": posting.from_place.id,
            "to_place_id": posting.to_place.id,
            "quantity": posting.quantity,
            "reason": str(posting.reason),
            "document_id": posting.document_id,
            "line_id": posting.line_id,
            "unit_id": posting.unit_id,
            "unit_cost_micros": posting.unit_cost_micros,
            "actor_id": posting.actor_id or uow.actor.person_id,
            "at": uow.now,
        }
        for posting in postings
    ]
    await uow.insert(StockMove, moves)
    return [move["id"] for move in moves]
