"""Invariant 6 as far as one merchant sees it: the book balances and says what was shipped; requests are where they say.

`book_of` is what a merchant's book says, for whoever may look at both partners' books and compare them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal.tables import Outbox
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.violations import Violation
from pickmesh.core.mesh import books, rules
from pickmesh.core.mesh.posting import CHANNEL
from pickmesh.core.mesh.tables import Account, BookEntry, Dropship, DropshipLine, DropshipStatus, Partnership, Side
from pickmesh.core.orders import rules as order_rules
from pickmesh.core.orders.tables import FulfillmentOrder
from pickmesh.scanner.codes.own import OwnKind, number_text

INVARIANT = 6
FOUND_MAX = 100
"""Most violations of one kind that are listed."""
_UNDER_WAY = (DropshipStatus.SUBMITTED, DropshipStatus.ACCEPTED, DropshipStatus.CANCELLATION_REQUESTED)


@dataclass(frozen=True, slots=True)
class Booked:
    """What a merchant booked as owed by the partner for one message of a dropship."""

    dropship_id: UUID
    side: str
    currency: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Book:
    """A merchant's books, by partnership and message; `partners` says with whom, `on_the_way` which letters wait."""

    partners: Mapping[UUID, UUID]
    booked: Mapping[UUID, Mapping[UUID, Booked]]
    on_the_way: frozenset[UUID]


async def violations(uow: UnitOfWork) -> list[Violation]:
    """Return what is off with dropships and books, in a fixed number of statements; an empty list when all is well."""
    return [*await _unbalanced(uow), *await _booked_unlike_shipped(uow), *await _elsewhere(uow)]


async def _unbalanced(uow: UnitOfWork) -> list[Violation]:
    """The two entries of every message sum to zero."""
    total = sa.func.sum(BookEntry.amount_minor)
    found = await uow.fetch(
        sa.select(BookEntry.dropship_id, BookEntry.source_id, total.label("total"), sa.func.count().label("entries"))
        .where(uow.mine(BookEntry))
        .group_by(BookEntry.dropship_id, BookEntry.source_id)
        .having(sa.or_(total != 0, sa.func.count() != len(Account)))
        .limit(FOUND_MAX)
    )
    return [
        Violation(
            INVARIANT,
            f"{row.entries} entries for a parcel of a dropship add up to {row.total} and not to nothing.",
            {"dropship_id": str(row.dropship_id), "source_id": str(row.source_id), "total": int(row.total)},
        )
        for row in found
    ]


async def _booked_unlike_shipped(uow: UnitOfWork) -> list[Violation]:
    """What is owed for a dropship is what its shipped pieces cost."""
    owed = (
        sa.select(BookEntry.dropship_id, sa.func.sum(BookEntry.amount_minor).label("minor"))
        .where(uow.mine(BookEntry), BookEntry.account == Account.PARTNER)
        .group_by(BookEntry.dropship_id)
        .subquery()
    )
    found = await uow.fetch(
        sa.select(
            Dropship.id,
            Dropship.number,
            Dropship.side,
            DropshipLine.quantity,
            DropshipLine.shipped_quantity,
            DropshipLine.amount_minor,
            sa.func.coalesce(owed.c.minor, 0).label("minor"),
        )
        .join(Dropship, sa.and_(uow.mine(Dropship), Dropship.id == DropshipLine.dropship_id))
        .outerjoin(owed, owed.c.dropship_id == Dropship.id)
        .where(uow.mine(DropshipLine))
        .order_by(Dropship.id, DropshipLine.line)
    )
    by_dropship: dict[UUID, list[sa.Row[Any]]] = {}
    for row in found:
        by_dropship.setdefault(row.id, []).append(row)
    unlike = [
        Violation(
            INVARIANT,
            f"What shipped of {_number(rows[0])} costs {cost}, but {int(rows[0].minor)} is booked.",
            {"dropship_id": str(dropship_id), "cost": cost, "booked": int(rows[0].minor)},
        )
        for dropship_id, rows in by_dropship.items()
        if (cost := _cost(rows)) != int(rows[0].minor)
    ]
    return unlike[:FOUND_MAX]


def _cost(rows: Iterable[sa.Row[Any]]) -> int:
    return sum(
        books.SIGNS[Side(row.side)] * rules.amount_of(row.amount_minor, row.quantity, 0, row.shipped_quantity)
        for row in rows
    )


async def _elsewhere(uow: UnitOfWork) -> list[Violation]:
    """A request under way has its order with the partner, and an order with a partner has a request under way."""
    requests = (
        sa.select(Dropship.fulfillment_order_id, sa.func.count().label("under_way"))
        .where(uow.mine(Dropship), Dropship.side == Side.DISTRIBUTOR, Dropship.status.in_(_UNDER_WAY))
        .group_by(Dropship.fulfillment_order_id)
        .subquery()
    )
    away = FulfillmentOrder.request_status.in_([str(each) for each in order_rules.WITH_PARTNER])
    under_way = sa.func.coalesce(requests.c.under_way, 0)
    found = await uow.fetch(
        sa.select(
            FulfillmentOrder.id, FulfillmentOrder.number, FulfillmentOrder.request_status, under_way.label("under_way")
        )
        .outerjoin(requests, requests.c.fulfillment_order_id == FulfillmentOrder.id)
        .where(uow.mine(FulfillmentOrder), sa.or_(away & (under_way != 1), sa.not_(away) & (under_way != 0)))
        .order_by(FulfillmentOrder.id)
        .limit(FOUND_MAX)
    )
    return [
        Violation(
            INVARIANT,
            f"{number_text(OwnKind.FULFILLMENT_ORDER, row.number)} is {row.request_status} at a partner, but "
            f"{row.under_way} dropships of it are under way.",
            {"fulfillment_order_id": str(row.id), "under_way": int(row.under_way)},
        )
        for row in found
    ]


async def book_of(uow: UnitOfWork) -> Book:
    """Return what the merchant's books say, and which of its letters to partners have not arrived."""
    partners = await uow.fetch(sa.select(Partnership.id, Partnership.partner_id).where(uow.mine(Partnership)))
    entries = await uow.fetch(
        sa.select(
            BookEntry.partnership_id,
            BookEntry.source_id,
            BookEntry.dropship_id,
            BookEntry.currency,
            BookEntry.amount_minor,
            Dropship.side,
        )
        .join(Dropship, sa.and_(uow.mine(Dropship), Dropship.id == BookEntry.dropship_id))
        .where(uow.mine(BookEntry), BookEntry.account == Account.PARTNER)
    )
    letters = await uow.fetch(
        sa.select(Outbox.id).where(
            uow.mine(Outbox), Outbox.channel == CHANNEL, Outbox.sent_at.is_(None), Outbox.dead_at.is_(None)
        )
    )
    booked: dict[UUID, dict[UUID, Booked]] = {row.id: {} for row in partners}
    for row in entries:
        entry = Booked(row.dropship_id, row.side, row.currency, row.amount_minor)
        booked[row.partnership_id][row.source_id] = entry
    return Book({row.id: row.partner_id for row in partners}, booked, frozenset(row.id for row in letters))


def differences(
    supplier: Mapping[UUID, Booked], distributor: Mapping[UUID, Booked], late: frozenset[UUID]
) -> set[UUID]:
    """Return the dropships of a supplier that its book and its distributor's do not tell the same of.

    `distributor` was read after `supplier`; `late` are the supplier's letters that had not arrived by then.
    """
    ours = {source: each for source, each in supplier.items() if each.side == Side.SUPPLIER}
    theirs = {source: each for source, each in distributor.items() if each.side == Side.DISTRIBUTOR}
    return {
        entry.dropship_id
        for source, entry in ours.items()
        if source not in late and not _mirrors(entry, theirs.get(source))
    }


def _mirrors(entry: Booked, other: Booked | None) -> bool:
    return (
        other is not None
        and (other.dropship_id, other.currency) == (entry.dropship_id, entry.currency)
        and other.amount_minor == -entry.amount_minor
    )


def without_source(distributor: Mapping[UUID, Booked], supplier: Mapping[UUID, Booked]) -> set[UUID]:
    """Return the dropships for which a distributor booked what its supplier, whose book was read later, never told."""
    return {
        entry.dropship_id
        for source, entry in distributor.items()
        if entry.side == Side.DISTRIBUTOR and source not in supplier
    }


def _number(row: sa.Row[Any]) -> str:
    return number_text(OwnKind.DROPSHIP, row.number)
