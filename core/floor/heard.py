"""What an entry turned out to say, once its code was looked up: the interpreter's input, free of any database."""

from collections.abc import Sequence
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from pickmesh.core.floor.entries import Entry, LotSaid
from pickmesh.core.floor.tables import Outcome
from pickmesh.core.kit.texts import sentence
from pickmesh.core.stock.tables import PlaceKind
from pickmesh.scanner.codes.parse import Scanned

CARRIERS_OF_GOODS = frozenset({PlaceKind.TOTE, PlaceKind.CART_SLOT})
"""Places a picker fills on the walk."""

SAID_MAX = 40
"""So many characters of a scanned text stand in a sentence."""


class DocumentKind(StrEnum):
    """What else than goods and places a code can name."""

    ORDER = "ORDER"
    FULFILLMENT_ORDER = "FULFILLMENT_ORDER"
    WAVE = "WAVE"
    PICK_LIST = "PICK_LIST"
    PARCEL = "PARCEL"
    WAYBILL = "WAYBILL"
    EXCEPTION_TASK = "EXCEPTION_TASK"
    MANIFEST = "MANIFEST"


class ItemHit(Struct, frozen=True):
    """A SKU a code stands for, and how many pieces one scan of it is."""

    sku_id: UUID
    sku_code: str
    units: int = 1


class PlaceHit(Struct, frozen=True):
    """A place a code names; a bound tote says for which list and, unless it is mixed, for which order."""

    id: UUID
    location_id: UUID
    code: str
    kind: str
    pool: str = "SELLABLE"
    tote_state: str | None = None
    pick_list_id: UUID | None = None
    fulfillment_order_id: UUID | None = None

    @property
    def carries(self) -> bool:
        """Whether a picker fills it on the walk."""
        return self.kind in CARRIERS_OF_GOODS


class UnitHit(Struct, frozen=True):
    """A serial-tracked unit and where it is."""

    id: UUID
    sku_id: UUID
    serial: str
    place_id: UUID
    lot_id: UUID
    state: str


class DocumentHit(Struct, frozen=True):
    """A document a code names (a waybill's id is its parcel's), and an order that is to be packed for it."""

    kind: DocumentKind
    id: UUID
    fulfillment_order_id: UUID | None = None


class CartonHit(Struct, frozen=True):
    """A carton a code names."""

    id: UUID
    code: str


def in_short(text: str) -> str:
    """Return a scanned text as a sentence says it: a long one with an ellipsis."""
    return text if len(text) <= SAID_MAX else f"{text[: SAID_MAX - 1]}…"


class Code(Struct, frozen=True):
    """What a code is known as here; several items are a question to the worker."""

    scanned: Scanned
    items: Sequence[ItemHit] = ()
    place: PlaceHit | None = None
    units: Sequence[UnitHit] = ()
    documents: Sequence[DocumentHit] = ()
    carton: CartonHit | None = None  # said to packers alone

    @property
    def known(self) -> bool:
        """Whether anything here goes by this code."""
        return bool(self.items or self.place or self.units or self.documents)

    @property
    def problem(self) -> str:
        """What to tell a worker when nothing goes by this code."""
        if self.scanned.problem is not None:
            return self.scanned.problem
        text = in_short(self.scanned.text)
        return sentence("Nothing here goes by {text}: scan the other barcode, or type the SKU.", text=text)

    @property
    def names_place(self) -> bool:
        """Whether it can only be a place: nothing else, or our own label with its check character."""
        return self.place is not None and (not self.items or self.scanned.checked)


class Heard(Struct, frozen=True):
    """An entry, its code, and what the worker has answered to questions about it so far."""

    entry: Entry
    code: Code | None = None
    units: Sequence[UnitHit] = ()  # by the serial of the answer
    chosen: UUID | None = None  # of the choices that were offered
    lot: LotSaid | None = None
    serial: str | None = None
    confirmed: bool = False
    worker_id: UUID | None = None
    may_force: bool = False
    may_kick_out: bool = False
    answered: Outcome | None = None  # what the entry that this one names was answered
    unasked: bool = False  # nobody is there any more to be asked about it

    @property
    def lot_said(self) -> LotSaid | None:
        """The lot the worker or the code names."""
        scanned = self.code.scanned if self.code else None
        if self.lot is None and scanned is not None and scanned.lot:
            return LotSaid(scanned.lot, scanned.expires_on)
        return self.lot

    @property
    def serial_said(self) -> str | None:
        """The serial number the worker or the code names."""
        scanned = self.code.scanned if self.code else None
        return self.serial or (scanned.serial if scanned is not None else None)

    @property
    def pieces(self) -> int:
        """How many times what was scanned; 1 unless somebody says more."""
        counted = self.code.scanned.quantity if self.code else None
        return (1 if self.entry.quantity is None else self.entry.quantity) * (counted or 1)
