"""Products by themselves: made and named, whatever SKUs they have."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from pickmesh.core.accounts import locks
from pickmesh.core.catalog import events, queries, rules, touching
from pickmesh.core.catalog.commands import SaveKind
from pickmesh.core.catalog.queries import ProductRow
from pickmesh.core.catalog.tables import Product
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import InvalidInput, NotFound, Refusal, Refused, StaleVersion
from pickmesh.core.kit.texts import sentence


@dataclass(frozen=True, slots=True)
class NewProduct:
    """A product, found by its code; a name that is None stays as it is."""

    code: str
    name_zh: str | None = None
    name_en: str | None = None
    if_version: int | None = None


@dataclass(frozen=True, slots=True)
class SavedProduct:
    """One product of a batch that was saved, and what that changed."""

    index: int
    product_id: UUID
    kind: SaveKind


async def name_products(uow: UnitOfWork, *, products: Sequence[NewProduct]) -> list[SavedProduct | Refused]:
    """Create products, or give those there are another name; what says nothing new writes nothing.

    At most 1,000 in a fixed number of statements. Needs catalog:write.
    """
    uow.actor.require(Permission.CATALOG_WRITE)
    touching.require_few(products, "products")
    await locks.lock_merchant(uow)
    known = await queries.products_by_code(uow, {each.code for each in products})
    answers: list[SavedProduct | Refused] = []
    made: dict[str, dict[str, object]] = {}
    renamed: dict[str, dict[str, object]] = {}
    for index, new in enumerate(products):
        row = known.get(new.code)
        problem = _problem(new, row, {*made, *renamed})
        if problem is not None:
            answers.append(Refused(index, problem))
            continue
        names = _names(new, row)
        if row is None:
            made[new.code] = {"id": new_id(), "code": new.code, **names, "created_at": uow.now}
            answers.append(SavedProduct(index, UUID(str(made[new.code]["id"])), SaveKind.CREATED))
        elif names == {"name_zh": row.name_zh, "name_en": row.name_en}:
            answers.append(SavedProduct(index, row.id, SaveKind.UNCHANGED))
        else:
            renamed[new.code] = {"id": row.id, **names}
            answers.append(SavedProduct(index, row.id, SaveKind.CHANGED))
    await _write(uow, list(made.values()), list(renamed.values()))
    return answers


async def _write(uow: UnitOfWork, made: Sequence[dict[str, object]], renamed: Sequence[dict[str, object]]) -> None:
    await uow.insert(Product, made)
    await uow.update(Product, renamed, bump_version=True)
    uow.emit(events.ProductCreated(UUID(str(row["id"]))) for row in made)
    uow.emit(events.ProductRenamed(UUID(str(row["id"]))) for row in renamed)


def _names(new: NewProduct, row: ProductRow | None) -> dict[str, object]:
    return {
        "name_zh": (row.name_zh if row else "") if new.name_zh is None else new.name_zh.strip(),
        "name_en": (row.name_en if row else "") if new.name_en is None else new.name_en.strip(),
    }


def _problem(new: NewProduct, row: ProductRow | None, written: set[str]) -> Refusal | None:
    try:
        _require_sound(new, _names(new, row))
        if new.code in written:
            message = sentence("{code} stands twice in this batch; keep one.", code=new.code)
            raise InvalidInput(message, field=("code",))
        if new.if_version is not None and row is None:
            raise NotFound(field=("code",))
        if row is not None and new.if_version not in {None, row.version}:
            raise StaleVersion(field=("ifVersion",), data={"id": str(row.id), "version": row.version})
    except Refusal as refusal:
        return refusal
    return None


def _require_sound(new: NewProduct, names: dict[str, object]) -> None:
    rules.require_code("A product code", new.code, "code")
    if not any(names.values()):
        message = sentence("{code} needs a name, in Chinese or in English.", code=new.code)
        raise InvalidInput(message, field=("nameZh",))
    if max(len(str(name)) for name in names.values()) > rules.TEXT_LENGTH_MAX:
        message = sentence("A name has at most {most} characters.", most=rules.TEXT_LENGTH_MAX)
        raise InvalidInput(message, field=("nameZh",))
