"""What every change of a SKU has in common: who may act on it, its version, and the news of it."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from pickmesh.core.catalog import events
from pickmesh.core.catalog.queries import ProductRow, SkuRow
from pickmesh.core.catalog.refusals import Archived
from pickmesh.core.catalog.tables import Sku
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.refusals import LimitExceeded, NotFound, Refusal, StaleVersion
from pickmesh.core.kit.texts import sentence

BATCH_MAX = 1_000
Versions = Mapping[UUID, int]
"""What callers have read, by id: a change since then refuses with STALE_VERSION."""


def require_few(items: Sequence[object], name: str) -> None:
    """Refuse a batch of more than a thousand."""
    if len(items) > BATCH_MAX:
        message = sentence(
            "At most {most} {name} go in one call; send {count} in smaller parts.",
            most=BATCH_MAX,
            name=name,
            count=len(items),
        )
        raise LimitExceeded(message, field=(name,))


def refusal(
    row: SkuRow | ProductRow | None, versions: Versions | None, *, field: str = "skuId", archived: bool = False
) -> Refusal | None:
    """Return why a SKU or product cannot be acted on: unknown, changed since it was read, or archived.

    `archived` lets archived ones pass.
    """
    if row is None:
        return NotFound(field=(field,))
    expected = (versions or {}).get(row.id)
    if expected is not None and expected != row.version:
        return StaleVersion(data={"id": str(row.id), "version": row.version})
    if row.archived_at is not None and not archived:
        message = sentence("{code} is archived; restore it first.", code=row.code)
        return Archived(message, field=(field,))
    return None


async def touch(uow: UnitOfWork, what: Mapping[UUID, Iterable[str]]) -> None:
    """Give changed SKUs their next version and tell what of each changed."""
    await uow.update(Sku, [{"id": sku_id} for sku_id in sorted(what)], bump_version=True)
    uow.emit(events.SkuChanged(sku_id, tuple(what[sku_id])) for sku_id in sorted(what))
