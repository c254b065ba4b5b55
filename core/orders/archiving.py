"""Taking SKUs and products out of the catalog, which may be done once nothing of them is here, promised or planned."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.accounts import locks as account_locks
from pickmesh.core.catalog import archiving, locks, queries, touching
from pickmesh.core.catalog.archiving import Group, Moved
from pickmesh.core.catalog.queries import SkuRow
from pickmesh.core.catalog.refusals import StillInUse
from pickmesh.core.catalog.tables import Sku
from pickmesh.core.catalog.touching import Versions
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import Refusal, Refused
from pickmesh.core.kit.texts import joined, sentence
from pickmesh.core.orders.tables import FulfillmentLine, FulfillmentOrder, Progress
from pickmesh.core.stock.promise_tables import LeaseStatus, StockLease
from pickmesh.core.stock.tables import Reservation, ReservationStatus, StockLevel
from pickmesh.core.stock.transfer_tables import (
    ReplenishmentStatus,
    ReplenishmentTask,
    Transfer,
    TransferLine,
    TransferStatus,
)

OVER = (Progress.SHIPPED, Progress.CANCELLED, Progress.MERGED)
"""Fulfillment orders that ask for nothing any more."""

ON_HAND, RESERVED, INCOMING = "on_hand", "reserved", "incoming"
FULFILLMENT_LINES, TRANSFERS, REPLENISHMENTS, LEASES = (
    "fulfillment_lines",
    "transfers",
    "replenishment_tasks",
    "leases",
)
BUNDLES_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Uses:
    """What keeps SKUs in the catalog: counts by what they count, and the bundles in it that need them."""

    counts: Mapping[UUID, Mapping[str, int]]
    bundles: Mapping[UUID, Sequence[tuple[UUID, str]]]


async def archive_skus(
    uow: UnitOfWork, *, sku_ids: Sequence[UUID], versions: Versions | None = None
) -> list[Moved | Refused]:
    """Take SKUs out of search, barcode look-up, shops' codes and lists; history keeps naming them. Twice is once.

    Refused with STILL_IN_USE, its data telling how much of each, while there is stock, a promise, open work, or a
    bundle that holds it and stays. An order line taken in in the very moment is short and shows up as such. At most
    1,000 in a fixed number of statements. Needs catalog:write; `versions` are what the caller has read.
    """
    uow.actor.require(Permission.CATALOG_WRITE)
    touching.require_few(sku_ids, "skus")
    await account_locks.lock_merchant(uow)
    skus = await queries.skus(uow, set(sku_ids))
    groups: list[Group] = []
    answers: dict[int, Moved | Refused] = {}
    for index, sku_id in enumerate(sku_ids):
        sku = skus.get(sku_id)
        refused = touching.refusal(sku, versions, field="id", archived=True)
        if refused is not None or sku is None:
            answers[index] = Refused(index, refused or Refusal())
        elif sku.archived_at is not None:
            answers[index] = Moved(index, sku_id, (), changed=False)
        else:
            groups.append(Group(index, sku_id, [sku]))
    answers |= await _archive(uow, groups)
    return [answers[index] for index in range(len(sku_ids))]


async def archive_products(
    uow: UnitOfWork, *, product_ids: Sequence[UUID], versions: Versions | None = None
) -> list[Moved | Refused]:
    """Take products out of the catalog with all their SKUs: each whole, or not at all.

    Refusals and limits are those of archive_skus.
    """
    uow.actor.require(Permission.CATALOG_WRITE)
    touching.require_few(product_ids, "products")
    await account_locks.lock_merchant(uow)
    products = await queries.products(uow, set(product_ids))
    skus = await queries.skus_of_products(uow, products)
    groups: list[Group] = []
    answers: dict[int, Moved | Refused] = {}
    for index, product_id in enumerate(product_ids):
        product = products.get(product_id)
        refused = touching.refusal(product, versions, field="id", archived=True)
        if refused is not None or product is None:
            answers[index] = Refused(index, refused or Refusal())
        elif product.archived_at is not None:
            answers[index] = Moved(index, product_id, (), changed=False)
        else:
            groups.append(Group(index, product_id, skus.get(product_id, []), product))
    answers |= await _archive(uow, groups)
    return [answers[index] for index in range(len(product_ids))]


async def _archive(uow: UnitOfWork, groups: Sequence[Group]) -> dict[int, Moved | Refused]:
    """Archive what can be; what a bundle needs falls with the bundle, until nothing more falls."""
    if not groups:
        return {}
    sku_ids = {sku.id for group in groups for sku in group.skus}
    await locks.lock_skus(uow, sku_ids)
    uses = await uses_of(uow, sku_ids)
    left = list(groups)
    while True:
        leaving = {sku.id for group in left for sku in group.skus}
        going = [group for group in left if _kept(group, uses, leaving) is None]
        if len(going) == len(left):
            break
        left = going
    await archiving.write_archived(uow, left)
    # Judged once more, now that it is known which bundles stay: the refusals name them all.
    kept = {group.index: _kept(group, uses, leaving) for group in groups}
    return {
        group.index: Refused(group.index, refusal) if (refusal := kept[group.index]) else group.moved
        for group in groups
    }


def _kept(group: Group, uses: Uses, leaving: Collection[UUID]) -> Refusal | None:
    """Return why the first SKU of a group that is needed must stay."""
    for sku in group.skus:
        bundles = [code for id_, code in uses.bundles.get(sku.id, ()) if id_ not in leaving]
        counts = {name: number for name, number in uses.counts.get(sku.id, {}).items() if number}
        if counts or bundles:
            return _in_use(sku, counts, bundles)
    return None


def _in_use(sku: SkuRow, counts: Mapping[str, int], bundles: Sequence[str]) -> StillInUse:
    said = {
        ON_HAND: sentence("Pieces on hand: {count}.", count=counts.get(ON_HAND, 0)),
        RESERVED: sentence("Pieces promised: {count}.", count=counts.get(RESERVED, 0)),
        INCOMING: sentence("Pieces on their way: {count}.", count=counts.get(INCOMING, 0)),
        FULFILLMENT_LINES: sentence("Open order lines: {count}.", count=counts.get(FULFILLMENT_LINES, 0)),
        TRANSFERS: sentence("Open transfers: {count}.", count=counts.get(TRANSFERS, 0)),
        REPLENISHMENTS: sentence("Open replenishment tasks: {count}.", count=counts.get(REPLENISHMENTS, 0)),
        LEASES: sentence("Timed reservations: {count}.", count=counts.get(LEASES, 0)),
    }
    reasons = [text for name, text in said.items() if counts.get(name)]
    if bundles:
        reasons.append(sentence("Bundles that need it: {codes}.", codes=", ".join(bundles[:BUNDLES_SHOWN])))
    message = joined(sentence("{sku} is still in use and stays in the catalog.", sku=sku.code), *reasons)
    data = {"sku_id": str(sku.id), **{name: counts.get(name, 0) for name in said}, "bundles": list(bundles)}
    return StillInUse(message, field=("id",), data=data)


async def uses_of(uow: UnitOfWork, sku_ids: Collection[UUID]) -> Uses:
    """Return what still needs SKUs, in a fixed number of statements."""
    counts: dict[UUID, Counter[str]] = defaultdict(Counter)
    for statement in (
        _levels(uow, sku_ids),
        _lines(uow, sku_ids),
        _transfers(uow, sku_ids),
        _replenishments(uow, sku_ids),
        _leases(uow, sku_ids),
    ):
        for row in await uow.fetch(statement):
            told = row._mapping
            for name in told.keys() - {"sku_id"}:
                counts[row.sku_id][name] += int(told[name])
    return Uses(counts, await archiving.bundles_holding(uow, sku_ids))


def _levels(uow: UnitOfWork, sku_ids: Collection[UUID]) -> sa.Select[*tuple[Any, ...]]:
    return (
        sa.select(
            StockLevel.sku_id,
            sa.func.sum(StockLevel.on_hand).label(ON_HAND),
            sa.func.sum(StockLevel.reserved).label(RESERVED),
            sa.func.sum(StockLevel.incoming).label(INCOMING),
        )
        .where(uow.mine(StockLevel), uow.among(StockLevel.sku_id, sku_ids))
        .group_by(StockLevel.sku_id)
    )


def _lines(uow: UnitOfWork, sku_ids: Collection[UUID]) -> sa.Select[*tuple[Any, ...]]:
    """Count open order lines by SKU, and those of a bundle once by the bundle."""
    of_order = sa.and_(
        FulfillmentOrder.merchant_id == FulfillmentLine.merchant_id,
        FulfillmentOrder.id == FulfillmentLine.fulfillment_order_id,
    )
    asked = sa.and_(
        Sku.merchant_id == FulfillmentLine.merchant_id,
        sa.or_(Sku.id == FulfillmentLine.sku_id, Sku.id == FulfillmentLine.bundle_sku_id),
    )
    lines = sa.func.count(sa.distinct(FulfillmentLine.order_line_id))
    return (
        sa.select(Sku.id.label("sku_id"), lines.label(FULFILLMENT_LINES))
        .select_from(sa.join(FulfillmentLine, FulfillmentOrder, of_order).join(Sku, asked))
        .where(
            uow.mine(FulfillmentLine),
            uow.mine(FulfillmentOrder),
            FulfillmentOrder.progress.not_in(OVER),
            FulfillmentLine.quantity > FulfillmentLine.shipped_quantity,
            uow.among(Sku.id, sku_ids),
        )
        .group_by(Sku.id)
    )


def _transfers(uow: UnitOfWork, sku_ids: Collection[UUID]) -> sa.Select[*tuple[Any, ...]]:
    of_transfer = sa.and_(Transfer.merchant_id == TransferLine.merchant_id, Transfer.id == TransferLine.transfer_id)
    return (
        sa.select(TransferLine.sku_id, sa.func.count().label(TRANSFERS))
        .select_from(sa.join(TransferLine, Transfer, of_transfer))
        .where(uow.mine(TransferLine), uow.among(TransferLine.sku_id, sku_ids))
        .where(Transfer.status.in_((TransferStatus.PLANNED, TransferStatus.SENT)))
        .group_by(TransferLine.sku_id)
    )


def _replenishments(uow: UnitOfWork, sku_ids: Collection[UUID]) -> sa.Select[*tuple[Any, ...]]:
    return (
        sa.select(ReplenishmentTask.sku_id, sa.func.count().label(REPLENISHMENTS))
        .where(uow.mine(ReplenishmentTask), uow.among(ReplenishmentTask.sku_id, sku_ids))
        .where(ReplenishmentTask.status == ReplenishmentStatus.OPEN)
        .group_by(ReplenishmentTask.sku_id)
    )


def _leases(uow: UnitOfWork, sku_ids: Collection[UUID]) -> sa.Select[*tuple[Any, ...]]:
    of_lease = sa.and_(StockLease.merchant_id == Reservation.merchant_id, StockLease.id == Reservation.group_id)
    return (
        sa.select(Reservation.sku_id, sa.func.count(sa.distinct(StockLease.id)).label(LEASES))
        .select_from(sa.join(Reservation, StockLease, of_lease))
        .where(uow.mine(Reservation), uow.among(Reservation.sku_id, sku_ids))
        .where(Reservation.status == ReservationStatus.OPEN, StockLease.status == LeaseStatus.OPEN)
        .group_by(Reservation.sku_id)
    )
