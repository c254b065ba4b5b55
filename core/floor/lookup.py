"""One box for everything: whatever is typed or scanned is looked for among all kinds of things at once."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from pickmesh.core.catalog import queries as catalog_queries
from pickmesh.core.catalog.queries import SkuRow
from pickmesh.core.floor import codes
from pickmesh.core.floor.entries import storable
from pickmesh.core.floor.heard import Code, DocumentHit, DocumentKind
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import InvalidInput
from pickmesh.core.kit.texts import Named, joined, sentence
from pickmesh.core.orders import queries as order_queries
from pickmesh.core.orders import recipients
from pickmesh.core.stock import queries as stock_queries

HITS_MAX = 50
TERM_MAX = 500
_NONE_HERE = sentence("None here")
_EMPTY = sentence("empty")


class HitKind(StrEnum):
    """What a term was found to be."""

    SKU = "SKU"
    PLACE = "PLACE"
    ORDER = "ORDER"
    FULFILLMENT_ORDER = "FULFILLMENT_ORDER"
    WAVE = "WAVE"
    PICK_LIST = "PICK_LIST"
    PARCEL = "PARCEL"
    EXCEPTION_TASK = "EXCEPTION_TASK"
    MANIFEST = "MANIFEST"


_NEEDS = {
    HitKind.SKU: Permission.CATALOG_READ,
    HitKind.PLACE: Permission.STOCK_READ,
    HitKind.ORDER: Permission.ORDERS_READ,
    HitKind.FULFILLMENT_ORDER: Permission.ORDERS_READ,
}
"""Which permission a kind needs to be found; all others need floor:read."""

_OF_DOCUMENT: dict[DocumentKind, HitKind] = {
    kind: HitKind.PARCEL if kind is DocumentKind.WAYBILL else HitKind(kind.value) for kind in DocumentKind
}


@dataclass(frozen=True, slots=True)
class Hit:
    """Something a term names."""

    kind: HitKind
    id: UUID


async def lookup(uow: UnitOfWork, term: str, *, limit: int = HITS_MAX) -> list[Hit]:
    """Return what a term names, across kinds: the surest first, at most `limit`, never what the caller may not read.

    A term may be one of our labels or numbers, a waybill, a shop's order number, a SKU, a barcode, a serial number, a
    place, words of a name (Latin, Chinese, pinyin initials), or a buyer's phone number or its last four digits.
    """
    if len(term) > TERM_MAX:
        raise InvalidInput(sentence("Look for at most {most} characters at once.", most=TERM_MAX), field=("term",))
    text = storable(term).strip()
    if not text:
        return []
    found: dict[Hit, None] = {}
    for hit in await _with_wholes(uow, await _exact(uow, text)):
        found[hit] = None
    if uow.actor.may(Permission.ORDERS_READ) and _is_phone(text):
        for order_id in await recipients.orders_by_phone(uow, text, limit=limit):
            found[Hit(HitKind.ORDER, order_id)] = None
    if uow.actor.may(Permission.CATALOG_READ):
        for sku_id in await catalog_queries.search_skus(uow, text, limit):
            found[Hit(HitKind.SKU, sku_id)] = None
    return [hit for hit in found if _may_see(uow, hit)][:limit]


def _may_see(uow: UnitOfWork, hit: Hit) -> bool:
    return uow.actor.may(_NEEDS.get(hit.kind, Permission.FLOOR_READ))


def _is_phone(text: str) -> bool:
    rest = text.replace(" ", "").replace("-", "").removeprefix("+")
    return rest.isdecimal() and 4 <= len(rest) <= 20


async def _exact(uow: UnitOfWork, text: str) -> list[Hit]:
    """Return what goes by this very code or number."""
    locations = [row.id for row in await stock_queries.locations(uow)]
    if uow.actor.warehouse_ids is not None:
        locations = [location_id for location_id in locations if location_id in uow.actor.warehouse_ids]
    entry = codes.typed_entry(text, uow.now)
    known = await codes.look_up(uow, [entry], locations, documents=True)
    hits: dict[Hit, None] = {}
    for location_id in locations or [uow.merchant_id]:
        code = known.at(location_id).of(entry)
        hits |= dict.fromkeys(_hits_of(code)) if code else {}
    return list(hits)


async def _with_wholes(uow: UnitOfWork, hits: Sequence[Hit]) -> list[Hit]:
    """Put before a fulfillment order that was merged the one it went into: there its goods are."""
    named = [hit.id for hit in hits if hit.kind is HitKind.FULFILLMENT_ORDER]
    wholes = await order_queries.wholes_of(uow, named) if named else {}
    return [each for hit in hits for each in ([Hit(hit.kind, wholes[hit.id])] if hit.id in wholes else []) + [hit]]


def _hits_of(code: Code) -> Iterator[Hit]:
    for document in code.documents:
        yield Hit(_OF_DOCUMENT[document.kind], document.id)
    if code.place is not None:
        yield Hit(HitKind.PLACE, code.place.id)
    for item in code.items:
        yield Hit(HitKind.SKU, item.sku_id)
    for unit in code.units:
        yield Hit(HitKind.SKU, unit.sku_id)


async def answers(uow: UnitOfWork, asked: Mapping[str, Code], location_id: UUID) -> dict[str, str]:
    """Say of codes what they are and where they lie in a warehouse: one sentence each, in a fixed number of statements.

    Codes nobody knows are looked for among the names of goods; what is found nowhere is left out.
    """
    sku_ids = {
        text: [*(item.sku_id for item in code.items), *(unit.sku_id for unit in code.units)]
        for text, code in asked.items()
    }
    for text, code in asked.items():
        if not code.known and text:
            sku_ids[text] = await catalog_queries.search_skus(uow, storable(text)[:TERM_MAX], 3)
    places = {code.place.id for code in asked.values() if code.place is not None}
    lying = await stock_queries.balances_of(uow, place_ids=places) if places else []
    wanted = {sku_id for ids in sku_ids.values() for sku_id in ids}
    skus = await catalog_queries.skus(uow, wanted | {row.sku_id for row in lying})
    levels = {row.sku_id: row for row in await stock_queries.levels_of(uow, wanted) if row.location_id == location_id}
    where = await stock_queries.balances_of(uow, sku_ids=wanted, location_id=location_id) if wanted else []
    said = {}
    for text, code in asked.items():
        parts = [_goods(skus[sku_id], levels.get(sku_id), where) for sku_id in sku_ids[text] if sku_id in skus]
        parts += [_place(code, lying, skus)] if code.place is not None else []
        parts += [_document(hit, text) for hit in code.documents[:1]]
        if parts:
            said[text] = joined(*parts)
    return said


def _goods(sku: SkuRow, level: Any, where: Collection[Any]) -> str:
    lies = [f"{row.place_code}: {row.quantity}" for row in where if row.sku_id == sku.id]
    on_hand, free = (level.on_hand, level.free) if level is not None else (0, 0)
    return sentence(
        "{sku} {name}: {on_hand} on hand, {free} free. {places}.",
        sku=sku.code,
        name=Named(sku.name_en or "", sku.name_zh or ""),
        on_hand=on_hand,
        free=free,
        places=", ".join(lies) or _NONE_HERE,
    )


def _place(code: Code, lying: Sequence[Any], skus: Mapping[UUID, SkuRow]) -> str:
    assert code.place is not None
    inside = [f"{row.quantity} × {skus[row.sku_id].code}" for row in lying if row.place_id == code.place.id]
    return sentence("{place}: {inside}.", place=code.place.code, inside=", ".join(inside) or _EMPTY)


def _document(hit: DocumentHit, text: str) -> str:
    return sentence(
        "{kind} {number}.", kind=sentence(_OF_DOCUMENT[hit.kind].replace("_", " ").capitalize()), number=text
    )
