"""What may be done in the catalog."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from pickmesh.core.accounts import locks
from pickmesh.core.catalog import changes, imports, rules
from pickmesh.core.catalog.rules import NewSku
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit import refusals
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import Refused
from pickmesh.core.kit.texts import sentence

BATCH_MAX = 1_000


class SaveKind(StrEnum):
    """What saving did to a SKU."""

    CREATED = "CREATED"
    CHANGED = "CHANGED"
    UNCHANGED = "UNCHANGED"


@dataclass(frozen=True, slots=True)
class Saved:
    """One item of a batch that was saved: its index in the input, its SKU and what that changed."""

    index: int
    sku_id: UUID
    kind: SaveKind


async def save_products(uow: UnitOfWork, *, products: Sequence[NewSku]) -> list[Saved | Refused]:
    """Create or change SKUs, found by code, with their products, barcodes, components, shop codes and search terms.

    Takes at most 1,000 in a fixed number of statements and answers each in order. What says nothing new writes
    nothing. A component must exist or stand in the same batch; products are named by the first row that names them.
    """
    uow.actor.require(Permission.CATALOG_WRITE)
    if len(products) > BATCH_MAX:
        raise refusals.LimitExceeded(
            sentence(
                "At most {most} {name} go in one call; send {count} in smaller parts.",
                most=BATCH_MAX,
                name="SKUs",
                count=len(products),
            )
        )
    await locks.lock_merchant(uow)
    known = await imports.known_around(uow, products)
    drafts, refused = rules.settle(products, _ids(products, known), known)
    product_ids = await imports.save_styles(uow, drafts)
    changed = {
        draft.index: change
        for draft in drafts
        if (change := changes.change_of(draft, known, product_ids[draft.new.product_code]))
    }
    await imports.write(uow, list(changed.values()), known)
    saved = {draft.index: Saved(draft.index, draft.id, _kind(changed.get(draft.index))) for draft in drafts}
    return [saved[index] if index in saved else Refused(index, refused[index]) for index in range(len(products))]


def _ids(products: Sequence[NewSku], known: rules.Known) -> dict[str, UUID]:
    """Return an id for every code a batch names: the one it has, or a new one."""
    codes = dict.fromkeys(
        code for new in products for code in (new.code, *(part.sku_code for part in new.components or ()))
    )
    return {code: known.skus[code].id if code in known.skus else new_id() for code in codes}


def _kind(change: changes.Change | None) -> SaveKind:
    if change is None:
        return SaveKind.UNCHANGED
    return SaveKind.CREATED if change.is_new else SaveKind.CHANGED
