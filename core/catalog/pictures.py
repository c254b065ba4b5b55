"""Pictures: where those of a product, or of one of its SKUs, can be fetched."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.accounts import locks
from pickmesh.core.catalog import events, queries, touching
from pickmesh.core.catalog.queries import ProductRow, SkuRow
from pickmesh.core.catalog.tables import Picture
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import InvalidInput, LimitExceeded, NotFound, Refusal, Refused
from pickmesh.core.kit.texts import sentence

PICTURES_MAX = 30
"""Most pictures of one product, those of its SKUs among them."""
URL_LENGTH_MAX = 1_000
POSITION_MAX = 1_000


@dataclass(frozen=True, slots=True)
class NewPicture:
    """A picture of a product, or (`sku_id`) of one of its SKUs; without a position it comes last."""

    product_id: UUID
    url: str
    sku_id: UUID | None = None
    position: int | None = None


@dataclass(frozen=True, slots=True)
class PictureRow:
    """A picture; the lowest position is shown first."""

    id: UUID
    product_id: UUID
    sku_id: UUID | None
    url: str
    position: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class PictureAdded:
    """A picture that is there now; one with its address that stood elsewhere has moved."""

    index: int
    picture_id: UUID
    product_id: UUID
    changed: bool


@dataclass(frozen=True, slots=True)
class PictureRemoved:
    """A picture that is there no more."""

    index: int
    picture_id: UUID
    product_id: UUID


async def add_pictures(uow: UnitOfWork, *, pictures: Sequence[NewPicture]) -> list[PictureAdded | Refused]:
    """Add pictures by their https addresses; an address a product has already takes its new place.

    A product has at most 30. At most 1,000 go in a fixed number of statements. Needs catalog:write.
    """
    uow.actor.require(Permission.CATALOG_WRITE)
    touching.require_few(pictures, "pictures")
    await locks.lock_merchant(uow)
    products = await queries.products(uow, {each.product_id for each in pictures})
    skus = await queries.skus(uow, {each.sku_id for each in pictures if each.sku_id is not None})
    there = {
        product_id: {row.url: row for row in rows}
        for product_id, rows in (await pictures_of_products(uow, products)).items()
    }
    answers: list[PictureAdded | Refused] = []
    written: dict[UUID, PictureRow] = {}
    for index, new in enumerate(pictures):
        kept = there.setdefault(new.product_id, {})
        problem = _problem(new, products, skus) or _too_many(new, kept)
        if problem is not None:
            answers.append(Refused(index, problem))
            continue
        row, before = _placed(uow, new, kept), kept.get(new.url)
        if row != before:
            kept[new.url] = written[row.id] = row
        answers.append(PictureAdded(index, row.id, row.product_id, row != before))
    await _write(uow, list(written.values()))
    return answers


def _placed(uow: UnitOfWork, new: NewPicture, kept: dict[str, PictureRow]) -> PictureRow:
    """Return the row of a picture: the one its address has, moved, or a new one after the others."""
    before = kept.get(new.url)
    last = before.position if before else max((row.position for row in kept.values()), default=-1) + 1
    position = last if new.position is None else new.position
    if before is None:
        return PictureRow(new_id(), new.product_id, new.sku_id, new.url, position, uow.now)
    return PictureRow(before.id, new.product_id, new.sku_id, new.url, position, before.created_at)


async def _write(uow: UnitOfWork, written: Sequence[PictureRow]) -> None:
    rows = [{name: getattr(row, name) for name in PictureRow.__slots__} for row in written]
    await uow.upsert(Picture, rows, replace=["position", "sku_id"])
    uow.emit(events.ProductPictured(product_id) for product_id in sorted({row.product_id for row in written}))


async def remove_pictures(uow: UnitOfWork, *, picture_ids: Sequence[UUID]) -> list[PictureRemoved | Refused]:
    """Remove pictures; one that is not there is refused. At most 1,000 in a fixed number of statements.

    Needs catalog:write.
    """
    uow.actor.require(Permission.CATALOG_WRITE)
    touching.require_few(picture_ids, "pictures")
    await locks.lock_merchant(uow)
    found = await uow.fetch(
        sa.select(Picture.id, Picture.product_id).where(uow.mine(Picture), uow.among(Picture.id, set(picture_ids)))
    )
    products = {row.id: row.product_id for row in found}
    if products:
        await uow.execute(sa.delete(Picture).where(uow.mine(Picture), uow.among(Picture.id, list(products))))
    uow.emit(events.ProductPictured(product_id) for product_id in sorted(set(products.values())))
    return [
        PictureRemoved(index, id_, products[id_]) if id_ in products else Refused(index, NotFound())
        for index, id_ in enumerate(picture_ids)
    ]


async def pictures_of_products(uow: UnitOfWork, product_ids: Iterable[UUID]) -> dict[UUID, list[PictureRow]]:
    """Return all pictures of products, the first to be shown first; a product without any is missing."""
    return _by(await _pictures(uow, uow.among(Picture.product_id, product_ids)), "product_id")


async def pictures_of_skus(uow: UnitOfWork, sku_ids: Iterable[UUID]) -> dict[UUID, list[PictureRow]]:
    """Return the pictures of SKUs: their own, or the product's own where they have none."""
    skus = await queries.skus(uow, sku_ids)
    found = await pictures_of_products(uow, {sku.product_id for sku in skus.values()})
    answer: dict[UUID, list[PictureRow]] = {}
    for sku in skus.values():
        rows = found.get(sku.product_id, [])
        mine = [row for row in rows if row.sku_id == sku.id]
        answer[sku.id] = mine or [row for row in rows if row.sku_id is None]
    return answer


async def _pictures(uow: UnitOfWork, which: sa.ColumnElement[bool]) -> list[PictureRow]:
    columns = [getattr(Picture, name) for name in PictureRow.__slots__]
    found = await uow.fetch(sa.select(*columns).where(uow.mine(Picture), which).order_by(Picture.position, Picture.id))
    return [PictureRow(*row) for row in found]


def _by(rows: Iterable[PictureRow], name: str) -> dict[Any, list[PictureRow]]:
    answer: dict[Any, list[PictureRow]] = {}
    for row in rows:
        answer.setdefault(getattr(row, name), []).append(row)
    return answer


def is_fetchable(url: str) -> bool:
    """Tell whether a text is an https address of a host, without a name or password in it and without spaces."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return False
    is_plain = url.isprintable() and not any(char.isspace() or char in '<>"\\' for char in url)
    return is_plain and parts.scheme == "https" and bool(host) and "@" not in parts.netloc and port != 0


def _problem(new: NewPicture, products: dict[UUID, ProductRow], skus: dict[UUID, SkuRow]) -> Refusal | None:
    refused = touching.refusal(products.get(new.product_id), None, field="productId")
    if refused is not None:
        return refused
    if new.sku_id is not None and (new.sku_id not in skus or skus[new.sku_id].product_id != new.product_id):
        return NotFound(sentence("This product has no such SKU."), field=("skuId",))
    if len(new.url) > URL_LENGTH_MAX or not is_fetchable(new.url):
        message = sentence(
            "A picture is fetched from an https address of at most {most} characters, such as {example}.",
            most=URL_LENGTH_MAX,
            example="https://img.example.com/1.jpg",
        )
        return InvalidInput(message, field=("url",))
    if new.position is not None and not 0 <= new.position <= POSITION_MAX:
        message = sentence("A position is between {least} and {most}.", least=0, most=POSITION_MAX)
        return InvalidInput(message, field=("position",))
    return None


def _too_many(new: NewPicture, kept: dict[str, PictureRow]) -> Refusal | None:
    if new.url in kept or len(kept) < PICTURES_MAX:
        return None
    message = sentence("A product has at most {most} pictures; remove one first.", most=PICTURES_MAX)
    return LimitExceeded(message, field=("url",))
