"""All invariants of the product on a live database: every room's checks, merchant by merchant; and partners' books.

The books of two partners are compared by reading each in a unit of work of its own merchant, as everything is.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from pickmesh.core.accounts import directory, queries
from pickmesh.core.accounts.queries import MerchantRow
from pickmesh.core.journal import checks as journal
from pickmesh.core.journal.database import Database
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.actors import system_actor
from pickmesh.core.kit.violations import Violation
from pickmesh.core.mesh import checks as mesh
from pickmesh.core.mesh.checks import Book, Booked
from pickmesh.core.orders import checks as orders
from pickmesh.core.packing import checks as packing
from pickmesh.core.picking import checks as picking
from pickmesh.core.stock import checks as stock

Check = Callable[[UnitOfWork], Awaitable[list[Violation]]]
ROOMS: Mapping[str, Check] = {
    "journal": journal.violations,
    "stock": stock.violations,
    "orders": orders.violations,
    "picking": picking.violations,
    "packing": packing.violations,
    "mesh": mesh.violations,
}
BOOKS = "mesh"
"""The room under which differences between partners' books are told."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What is off at one merchant, and which room found it."""

    room: str
    violation: Violation


@dataclass(frozen=True, slots=True)
class Examined:
    """One merchant, and everything that is off there."""

    merchant: MerchantRow
    findings: tuple[Finding, ...]


async def see_one_moment(uow: UnitOfWork) -> None:
    """Let every statement that follows see the database as it is now, so that work going on is no violation."""
    if uow.dialect == "postgresql":  # a read of SQLite is one moment by itself
        await uow.connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")


async def examine(database: Database) -> list[Examined]:
    """Run every check for every merchant, each merchant in one read of one moment."""
    async with database.directory() as connection:
        ids = await directory.merchants(connection)
    examined = []
    for merchant_id in ids:
        async with database.reading(system_actor(merchant_id)) as uow:
            await see_one_moment(uow)
            merchant = await queries.merchant(uow)
            findings = [Finding(room, each) for room, check in ROOMS.items() for each in await check(uow)]
        examined.append(Examined(merchant, tuple(findings)))
    unlike = await compare_books(database, ids)
    return [
        replace(each, findings=(*each.findings, *(Finding(BOOKS, off) for off in unlike.get(merchant_id, ()))))
        for merchant_id, each in zip(ids, examined, strict=True)
    ]


async def compare_books(database: Database, merchant_ids: Sequence[UUID]) -> dict[UUID, list[Violation]]:
    """Return, by supplier, the dropships of which its book and its distributor's do not say the same.

    What is on its way is no difference: a pair that looks unlike is read again, the supplier before the distributor.
    """
    read = {each: await _book(database, each) for each in merchant_ids}
    unlike: dict[UUID, list[Violation]] = {}
    for merchant_id, book in read.items():
        for partnership_id, partner_id in book.partners.items():
            theirs = read[partner_id] if partner_id in read else Book({}, {}, frozenset())
            if _differ(partnership_id, book, theirs):
                found = await _look_again(database, partnership_id, merchant_id, partner_id)
                unlike.setdefault(merchant_id, []).extend(found)
    return unlike


async def _book(database: Database, merchant_id: UUID) -> Book:
    async with database.reading(system_actor(merchant_id)) as uow:
        await see_one_moment(uow)
        return await mesh.book_of(uow)


def _entries(book: Book, partnership_id: UUID) -> Mapping[UUID, Booked]:
    return book.booked.get(partnership_id, {})


def _differ(partnership_id: UUID, supplier: Book, distributor: Book) -> set[UUID]:
    ours, theirs = _entries(supplier, partnership_id), _entries(distributor, partnership_id)
    return mesh.differences(ours, theirs, supplier.on_the_way) | mesh.without_source(theirs, ours)


async def _look_again(
    database: Database, partnership_id: UUID, supplier_id: UUID, distributor_id: UUID
) -> list[Violation]:
    """Compare two books for good: what one has, the other must have had by the time it was read after it."""
    first = await _book(database, supplier_id)
    theirs = _entries(await _book(database, distributor_id), partnership_id)
    ours = _entries(await _book(database, supplier_id), partnership_id)
    lacking = mesh.differences(_entries(first, partnership_id), theirs, first.on_the_way)
    off = lacking | mesh.without_source(theirs, ours)
    return [_unlike(dropship_id, partnership_id, ours, theirs) for dropship_id in sorted(off)]


def _unlike(
    dropship_id: UUID, partnership_id: UUID, ours: Mapping[UUID, Booked], theirs: Mapping[UUID, Booked]
) -> Violation:
    owed, owing = (
        sum(one.amount_minor for one in book.values() if one.dropship_id == dropship_id) for book in (ours, theirs)
    )
    return Violation(
        mesh.INVARIANT,
        f"The partners' books differ: the supplier booked {owed} for a dropship, the distributor {owing}.",
        {
            "dropship_id": str(dropship_id),
            "partnership_id": str(partnership_id),
            "supplier": owed,
            "distributor": owing,
        },
    )
