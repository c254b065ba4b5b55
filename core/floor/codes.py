"""Looking codes up: everything a batch scanned, of whatever kind, in one statement for goods and places.

A second statement finds documents (orders, parcels, waybills …) and is only sent when a code may name one.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from msgspec.structs import replace

from pickmesh.core.catalog.tables import Barcode, Sku
from pickmesh.core.db.prepared import Names, Prepared
from pickmesh.core.floor.entries import Entry, storable
from pickmesh.core.floor.heard import CartonHit, Code, DocumentHit, DocumentKind, ItemHit, PlaceHit, UnitHit
from pickmesh.core.floor.tables import ScanKind, ScanSource
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.ids import NIL_ID
from pickmesh.core.kit.texts import sentence
from pickmesh.core.orders.tables import FulfillmentOrder, SalesOrder
from pickmesh.core.packing.tables import Carton, Manifest, Parcel, Waybill, WaybillState
from pickmesh.core.picking.tables import ExceptionTask, PickList, ToteUse, Wave
from pickmesh.core.stock.tables import Place, PlaceKind, StockUnit
from pickmesh.scanner.codes import own
from pickmesh.scanner.codes.own import OwnKind
from pickmesh.scanner.codes.parse import CodeKind, Scanned, parse

_PLACE_LABELS = frozenset({OwnKind.BIN, OwnKind.SLOT, OwnKind.STATION, OwnKind.TOTE})
_VIRTUAL = (PlaceKind.SUPPLIER, PlaceKind.CUSTOMER, PlaceKind.ADJUSTMENT, PlaceKind.SCRAP, PlaceKind.PARCEL)
_DOCUMENT_LABELS = {
    OwnKind.ORDER: DocumentKind.ORDER,
    OwnKind.FULFILLMENT_ORDER: DocumentKind.FULFILLMENT_ORDER,
    OwnKind.WAVE: DocumentKind.WAVE,
    OwnKind.PICK_LIST: DocumentKind.PICK_LIST,
    OwnKind.PARCEL: DocumentKind.PARCEL,
    OwnKind.EXCEPTION_TASK: DocumentKind.EXCEPTION_TASK,
    OwnKind.MANIFEST: DocumentKind.MANIFEST,
}
_NONE = sa.cast(sa.null(), sa.Uuid)
PAIRING_SAID = f"{own.PAIRING_PREFIX}…"
"""What is kept and said of a scanned pairing code, which is a secret."""
_PAIRING_HERE = sentence(
    "This code signs a phone in and names nothing here: open it with the phone's own camera, or scan goods."
)
ReadKey = tuple[str | bytes, str | None, bool]


def _typed(entry: Entry) -> bool:
    return entry.source is ScanSource.TYPED


@dataclass(slots=True)
class KnownCodes:
    """What the codes of a batch are known as, at every warehouse concerned."""

    scanned: dict[ReadKey, Scanned] = field(default_factory=dict)
    items: dict[str, list[ItemHit]] = field(default_factory=lambda: defaultdict(list))
    places: dict[tuple[UUID, str], PlaceHit] = field(default_factory=dict)
    serials: dict[str, list[UnitHit]] = field(default_factory=lambda: defaultdict(list))
    documents: dict[str, list[DocumentHit]] = field(default_factory=lambda: defaultdict(list))
    codes: dict[tuple[UUID, Scanned], Code] = field(default_factory=dict)
    cartons: dict[str, CartonHit] = field(default_factory=dict)

    def read(self, entry: Entry) -> Scanned | None:
        """Return what an entry's raw text says, without the secret of a pairing code; None when it has none."""
        if entry.raw is None:
            return None
        key = (entry.raw, entry.symbology, _typed(entry))
        if key not in self.scanned:
            self.scanned[key] = _without_secret(parse(entry.raw, symbology=entry.symbology, typed=_typed(entry)))
        return self.scanned[key]

    def at(self, location_id: UUID) -> "CodesAt":
        """Return the codes as one warehouse knows them."""
        return CodesAt(self, location_id)


@dataclass(frozen=True, slots=True)
class CodesAt:
    """The codes of a batch at one warehouse: the interpreter's `Codes`."""

    known: KnownCodes
    location_id: UUID

    def of(self, entry: Entry) -> Code | None:
        """Return what an entry's code is known as; None when it has none."""
        scanned = self.known.read(entry)
        if scanned is None:
            return None
        found = self.known.codes.get((self.location_id, scanned))
        if found is None:
            found = self.known.codes[self.location_id, scanned] = self._code(scanned)
        return found

    def _code(self, scanned: Scanned) -> Code:
        keys = scanned.candidates
        items = {hit.sku_id: hit for key in reversed(keys) for hit in reversed(self.known.items.get(key, ()))}
        documents = [hit for key in _document_keys(scanned) for hit in self.known.documents.get(key, ())]
        return Code(
            scanned,
            list(items.values()),
            next((self.known.places[key] for key in self._place_keys(scanned) if key in self.known.places), None),
            [unit for key in keys for unit in self.known.serials.get(key, ())],
            list(dict.fromkeys(documents)),
            next((self.known.cartons[key] for key in _carton_codes(scanned) if key in self.known.cartons), None),
        )

    def units(self, serial: str) -> Sequence[UnitHit]:
        """Return the serial-tracked units with a serial number."""
        return self.known.serials.get(serial_key(serial), ())

    def _place_keys(self, scanned: Scanned) -> Iterable[tuple[UUID, str]]:
        return ((self.location_id, code) for code in _place_codes(scanned))


def serial_key(serial: str) -> str:
    """Return a serial number as it is kept."""
    return storable(serial.strip().upper())


def _without_secret(scanned: Scanned) -> Scanned:
    """Return what was scanned as it may stand in sentences, states and tasks, which are kept and shown to others."""
    if scanned.kind is not CodeKind.PAIRING:
        return scanned
    return replace(scanned, text=PAIRING_SAID, problem=scanned.problem or _PAIRING_HERE)


def _place_codes(scanned: Scanned) -> Sequence[str]:
    if scanned.own_kind in _PLACE_LABELS and scanned.own_value is not None:
        return [scanned.own_value]
    return [] if scanned.checked or scanned.kind is CodeKind.PAIRING else [key.upper() for key in scanned.candidates]


def _carton_codes(scanned: Scanned) -> Sequence[str]:
    return [key.upper() for key in _document_keys(scanned)]


def _document_keys(scanned: Scanned) -> Sequence[str]:
    return [] if scanned.kind is CodeKind.PAIRING else list(scanned.candidates)


def typed_entry(text: str, at: datetime) -> Entry:
    """Return a text as an entry somebody typed."""
    return Entry(NIL_ID, 0, at, ScanKind.SCAN, raw=text, source=ScanSource.TYPED)


async def look_up(
    uow: UnitOfWork, entries: Collection[Entry], location_ids: Collection[UUID], *, documents: bool
) -> KnownCodes:
    """Find what entries scanned; with `documents` texts are also looked for among orders' and waybills' numbers."""
    known = KnownCodes()
    found = [scanned for scanned in (known.read(entry) for entry in entries) if scanned is not None]
    keys = {key for scanned in found for key in scanned.candidates}
    serials = {serial_key(entry.serial) for entry in entries if entry.serial}
    serials |= {serial_key(scanned.serial) for scanned in found if scanned.serial}
    if keys or serials:
        places = {code for scanned in found for code in _place_codes(scanned)}
        await _find_goods(uow, known, keys, places, keys | serials, location_ids)
    if documents or any(scanned.own_kind in _DOCUMENT_LABELS for scanned in found):
        await _find_documents(uow, known, found)
    return known


async def _find_goods(  # noqa: PLR0917 - three sets of keys that must not be mistaken for one another
    uow: UnitOfWork,
    known: KnownCodes,
    keys: Collection[str],
    places: Collection[str],
    serials: Collection[str],
    location_ids: Collection[UUID],
) -> None:
    found = await uow.ask(_GOODS, keys=keys, places=places, serials=serials, location_ids=location_ids)
    for row in found:
        _note(known, row)


def _all_goods(to: Names) -> sa.CompoundSelect[Any]:
    """Return the query for barcodes, SKUs, places and serial-tracked units by what was scanned."""
    same_sku = (Sku.merchant_id == Barcode.merchant_id) & (Sku.id == Barcode.sku_id)
    use = (ToteUse.merchant_id == Place.merchant_id) & (ToteUse.place_id == Place.id)
    statement = sa.union_all(
        _goods("BARCODE", Barcode.code, Sku.id, text=Sku.code, number=Barcode.unit_quantity)
        .select_from(sa.join(Barcode, Sku, same_sku))
        .where(to.mine(Barcode), to.among(Barcode.code, "keys"))
        .where(Barcode.archived_at.is_(None), Sku.archived_at.is_(None)),
        _goods("SKU", Sku.code, Sku.id, text=Sku.code).where(
            to.mine(Sku), to.among(Sku.code, "keys"), Sku.archived_at.is_(None), Sku.is_bundle.is_(False)
        ),
        _goods(
            "PLACE",
            Place.code,
            Place.id,
            others=(Place.location_id, ToteUse.pick_list_id, ToteUse.fulfillment_order_id),
            text=Place.kind,
            more=(Place.pool, Place.tote_state),
        )
        .select_from(sa.outerjoin(Place, ToteUse, use))
        .where(to.mine(Place), to.among(Place.code, "places"), to.among(Place.location_id, "location_ids"))
        .where(Place.archived_at.is_(None), Place.kind.not_in(_VIRTUAL)),
        _goods(
            "UNIT",
            StockUnit.serial,
            StockUnit.id,
            others=(StockUnit.sku_id, StockUnit.place_id, StockUnit.lot_id),
            text=StockUnit.state,
        ).where(to.mine(StockUnit), to.among(StockUnit.serial, "serials")),
    )
    return statement.order_by("what", "key", "id")


def _goods(what: str, key: Any, found: Any, *, others: Any = (), text: Any, more: Any = (), number: Any = None) -> Any:
    first, second, third = (*others, *[_NONE] * 3)[:3]
    pool, state = (*more, *[sa.cast(sa.null(), sa.Text)] * 2)[:2]
    return sa.select(
        sa.literal(what).label("what"),
        key.label("key"),
        found.label("id"),
        first.label("first"),
        second.label("second"),
        third.label("third"),
        text.label("text"),
        pool.label("pool"),
        state.label("state"),
        (sa.literal(1) if number is None else number).label("number"),
    )


_GOODS = Prepared(_all_goods)


def _note(known: KnownCodes, row: Any) -> None:
    if row.what == "PLACE":
        known.places[row.first, row.key] = PlaceHit(
            row.id, row.first, row.key, row.text, row.pool, row.state, row.second, row.third
        )
    elif row.what == "UNIT":
        known.serials[row.key].append(UnitHit(row.id, row.first, row.key, row.second, row.third, row.text))
    else:
        known.items[row.key].append(ItemHit(row.id, row.text, int(row.number)))


async def _find_documents(uow: UnitOfWork, known: KnownCodes, found: Collection[Scanned]) -> None:
    numbers: dict[DocumentKind, dict[int, str]] = defaultdict(dict)
    for scanned in found:
        if scanned.own_kind in _DOCUMENT_LABELS and scanned.own_value is not None:
            number = int(scanned.own_value.partition("-")[2])
            numbers[_DOCUMENT_LABELS[scanned.own_kind]][number] = scanned.own_value
    texts = {key for scanned in found for key in _document_keys(scanned)}
    cartons = {key for scanned in found for key in _carton_codes(scanned)}
    statement = sa.union_all(*_documents(uow, numbers, texts), _cartons(uow, cartons))
    for row in await uow.execute(statement):
        if row.what == _CARTON:
            known.cartons[row.text] = CartonHit(row.id, row.text)
            continue
        kind = DocumentKind(row.what)
        key = row.text if row.number is None else numbers[kind][row.number]
        known.documents[key].append(DocumentHit(kind, row.id, row.order_id))


def _documents(uow: UnitOfWork, numbers: dict[DocumentKind, dict[int, str]], texts: Collection[str]) -> list[Any]:
    of_order = (FulfillmentOrder.merchant_id == SalesOrder.merchant_id) & (FulfillmentOrder.order_id == SalesOrder.id)
    of_parcel = (Parcel.merchant_id == Waybill.merchant_id) & (Parcel.id == Waybill.parcel_id)
    whole_order = sa.outerjoin(SalesOrder, FulfillmentOrder, of_order)
    selects = [
        _document(DocumentKind.ORDER, SalesOrder.id, FulfillmentOrder.id, text=SalesOrder.external_id)
        .select_from(whole_order)
        .where(uow.mine(SalesOrder), uow.among(SalesOrder.external_id, texts)),
        _document(DocumentKind.WAYBILL, Parcel.id, Parcel.fulfillment_order_id, text=Waybill.number)
        .select_from(sa.join(Waybill, Parcel, of_parcel))
        .where(uow.mine(Waybill), uow.among(Waybill.number, texts), Waybill.state == WaybillState.ISSUED),
    ]
    if DocumentKind.ORDER in numbers:
        selects.append(
            _document(DocumentKind.ORDER, SalesOrder.id, FulfillmentOrder.id, number=SalesOrder.number)
            .select_from(whole_order)
            .where(uow.mine(SalesOrder), uow.among(SalesOrder.number, numbers[DocumentKind.ORDER]))
        )
    plain: tuple[tuple[DocumentKind, Any, Any], ...] = (
        (DocumentKind.FULFILLMENT_ORDER, FulfillmentOrder, FulfillmentOrder.id),
        (DocumentKind.PARCEL, Parcel, Parcel.fulfillment_order_id),
        (DocumentKind.PICK_LIST, PickList, _NONE),
        (DocumentKind.WAVE, Wave, _NONE),
        (DocumentKind.EXCEPTION_TASK, ExceptionTask, _NONE),
        (DocumentKind.MANIFEST, Manifest, _NONE),
    )
    selects += [
        _document(kind, model.id, order, number=model.number).where(
            uow.mine(model), uow.among(model.number, numbers[kind])
        )
        for kind, model, order in plain
        if kind in numbers
    ]
    return selects


_CARTON = "CARTON"


def _cartons(uow: UnitOfWork, codes: Collection[str]) -> Any:
    return _document(_CARTON, Carton.id, _NONE, text=Carton.code).where(
        uow.mine(Carton), uow.among(Carton.code, codes), Carton.archived_at.is_(None)
    )


def _document(what: str, found: Any, order: Any, *, text: Any = None, number: Any = None) -> Any:
    return sa.select(
        sa.literal(str(what)).label("what"),
        found.label("id"),
        order.label("order_id"),
        (sa.cast(sa.null(), sa.Text) if text is None else text).label("text"),
        (sa.cast(sa.null(), sa.BigInteger) if number is None else number).label("number"),
    )
