"""What the catalog accepts: the SKUs of a batch by themselves, beside each other and beside what is known."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from pickmesh.core.catalog import barcodes, bundles
from pickmesh.core.catalog.queries import BarcodeRow, SkuRow
from pickmesh.core.catalog.refusals import BadBarcode, DuplicateSku, ShopCodeTaken, UnknownComponent, UnknownShop
from pickmesh.core.kit.money import AMOUNT_MAX
from pickmesh.core.kit.refusals import InvalidInput, NotFound, Refusal, StaleVersion
from pickmesh.core.kit.texts import sentence

CODE_LENGTH_MAX = 64
TEXT_LENGTH_MAX = 200
BARCODES_MAX = 50
COMPONENTS_MAX = 100
SHOP_CODES_MAX = 100
MEASURE_MAX = 10**9
UNIT_QUANTITY_MAX = 1_000_000


@dataclass(frozen=True, slots=True)
class NewBarcode:
    """A code that scans as a number of units."""

    code: str
    unit_quantity: int = 1


@dataclass(frozen=True, slots=True)
class NewComponent:
    """How many of a SKU one bundle holds."""

    sku_code: str
    quantity: int


@dataclass(frozen=True, slots=True)
class NewShopCode:
    """A shop (by our code of it) and that shop's own code for a SKU."""

    shop: str
    code: str


@dataclass(frozen=True, slots=True)
class NewSku:
    """A SKU as a row of a catalogue file has it: grams, millimetres, prices in micros.

    Barcodes, components and shop codes are the whole set; None leaves what is there alone. `if_version` is what the
    caller has read of the SKU: another one refuses.
    """

    code: str
    product_code: str
    name_zh: str
    name_en: str = ""
    option_zh: str = ""
    option_en: str = ""
    weight_g: int | None = None
    length_mm: int | None = None
    width_mm: int | None = None
    height_mm: int | None = None
    price_micros: int = 0
    cost_micros: int = 0
    currency: str = "CNY"
    lot_tracked: bool = False
    expiry_tracked: bool = False
    serial_tracked: bool = False
    client: str | None = None
    barcodes: tuple[NewBarcode, ...] | None = None
    components: tuple[NewComponent, ...] | None = None
    shop_codes: tuple[NewShopCode, ...] | None = None
    if_version: int | None = None


ShopCode = tuple[UUID, str]
"""A shop's id and its own code."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the catalog holds around a batch."""

    skus: Mapping[str, SkuRow]  # by code: the batch's and their components'
    shops: Mapping[str, UUID]  # by code
    shop_codes: Mapping[ShopCode, UUID]  # the SKU each stands for: those asked for and those of the batch's SKUs
    shop_codes_of: Mapping[UUID, frozenset[ShopCode]]  # the same by SKU
    barcodes: Mapping[UUID, Mapping[str, BarcodeRow]]  # by SKU and code
    components: Mapping[UUID, Mapping[UUID, int]]  # quantity by bundle and component, two steps around the batch


@dataclass(frozen=True, slots=True)
class Draft:
    """A sound row of a batch with everything in it resolved; None leaves what is there alone."""

    index: int
    new: NewSku
    id: UUID
    before: SkuRow | None
    barcodes: Mapping[str, int] | None
    components: Mapping[UUID, int] | None
    shop_codes: frozenset[ShopCode] | None

    @property
    def is_bundle(self) -> bool:
        """Whether the SKU will be sold as its components."""
        if self.components is None:
            return self.before is not None and self.before.is_bundle
        return bool(self.components)


def settle(products: Sequence[NewSku], ids: Mapping[str, UUID], known: Known) -> tuple[list[Draft], dict[int, Refusal]]:
    """Split a batch into drafts that can be written together and refusals by index; `ids` has one for every code.

    A row is refused for its own sake, or because what it needs in the same batch was; so this goes on until nothing
    more falls.
    """
    drafts: list[Draft] = []
    refused: dict[int, Refusal] = {}
    seen: set[str] = set()
    for index, new in enumerate(products):
        try:
            if new.code in seen:
                raise DuplicateSku(
                    sentence("The SKU {sku} stands twice in this batch; keep one of the rows.", sku=new.code)
                )
            require_sound(new)
            _require_version(new, known.skus.get(new.code))
            drafts.append(_draft(index, new, ids, known))
            seen.add(new.code)
        except Refusal as refusal:
            refused[index] = refusal
    while fallen := _problems_together(drafts, known):
        refused |= fallen
        drafts = [draft for draft in drafts if draft.index not in fallen]
    return drafts, refused


def _require_version(new: NewSku, before: SkuRow | None) -> None:
    if new.if_version is None:
        return
    if before is None:
        raise NotFound(sentence("No SKU has the code {codes}.", codes=new.code), field=("code",))
    if before.version != new.if_version:
        raise StaleVersion(field=("ifVersion",), data={"id": str(before.id), "version": before.version})


def _draft(index: int, new: NewSku, ids: Mapping[str, UUID], known: Known) -> Draft:
    return Draft(
        index,
        new,
        ids[new.code],
        known.skus.get(new.code),
        barcodes=None if new.barcodes is None else _barcodes(new.barcodes),
        components=None if new.components is None else _components(new, ids),
        shop_codes=None if new.shop_codes is None else _shop_codes(new.shop_codes, known.shops),
    )


def _barcodes(new: Sequence[NewBarcode]) -> dict[str, int]:
    quantities: dict[str, int] = {}
    for barcode in new:
        key = sound_barcode(barcode.code, barcode.unit_quantity, field="barcodes")
        if quantities.setdefault(key, barcode.unit_quantity) != barcode.unit_quantity:
            message = f"The barcode {barcode.code} stands twice with different unit quantities; keep one."
            raise BadBarcode(message, field=("barcodes",))
    return quantities


def sound_barcode(code: str, unit_quantity: int, *, field: str = "code") -> str:
    """Return the one spelling of a barcode; refuses what is none, and quantities out of bounds."""
    key = barcodes.barcode_key(code)
    if not 1 <= len(key) <= CODE_LENGTH_MAX or not key.isprintable():
        message = sentence(
            "“{code}” is no barcode; it has 1 to {most} characters.", code=code[:80], most=CODE_LENGTH_MAX
        )
        raise BadBarcode(message, field=(field,))
    _require_range(sentence("A barcode's unit quantity"), unit_quantity, 1, UNIT_QUANTITY_MAX, field)
    return key


def _components(new: NewSku, ids: Mapping[str, UUID]) -> dict[UUID, int]:
    quantities: dict[UUID, int] = {}
    for component in new.components or ():
        _require_range(sentence("A component's quantity"), component.quantity, 1, UNIT_QUANTITY_MAX, "components")
        id_ = ids[component.sku_code]
        if id_ in quantities:
            message = f"{new.code} lists the component {component.sku_code} twice; add the quantities up."
            raise InvalidInput(message, field=("components",))
        quantities[id_] = component.quantity
    return quantities


def _shop_codes(new: Sequence[NewShopCode], shops: Mapping[str, UUID]) -> frozenset[ShopCode]:
    for shop_code in new:
        if shop_code.shop not in shops:
            message = f"There is no shop “{shop_code.shop}”; create the shop first."
            raise UnknownShop(message, field=("shopCodes",))
        require_code("A shop's code", shop_code.code, "shopCodes")
    return frozenset((shops[shop_code.shop], shop_code.code) for shop_code in new)


def _problems_together(drafts: Sequence[Draft], known: Known) -> dict[int, Refusal]:
    """Return what is wrong among drafts that are each sound; later rows yield to earlier ones."""
    missing = dict(_unknown_components(drafts, known))
    if missing:
        return missing
    return dict(_taken_shop_codes(drafts, known)) | bundles.problems(
        [(draft.index, draft.id, draft.components) for draft in drafts if draft.components is not None],
        known.components,
    )


def _unknown_components(drafts: Sequence[Draft], known: Known) -> Iterator[tuple[int, Refusal]]:
    there = known.skus.keys() | {draft.new.code for draft in drafts}
    for draft in drafts:
        missing = [part.sku_code for part in draft.new.components or () if part.sku_code not in there]
        if missing:
            message = (
                f"{draft.new.code} needs the component {missing[0]}, which is not in the catalog; "
                "import it before the bundle or together with it."
            )
            yield draft.index, UnknownComponent(message, field=("components",), data={"skus": missing})


def _taken_shop_codes(drafts: Sequence[Draft], known: Known) -> Iterator[tuple[int, Refusal]]:
    wanted = {draft.id: draft.shop_codes for draft in drafts if draft.shop_codes is not None}
    holders = {code: id_ for code, id_ in known.shop_codes.items() if id_ not in wanted or code in wanted[id_]}
    for draft in drafts:
        mine = draft.shop_codes or frozenset()
        taken = sorted(code[1] for code in mine if holders.get(code, draft.id) != draft.id)
        if taken:
            message = f"The shop's code {taken[0]} stands for another SKU; take it from that one first."
            yield draft.index, ShopCodeTaken(message, field=("shopCodes",), data={"codes": taken})
        else:
            holders |= dict.fromkeys(mine, draft.id)


def require_sound(new: NewSku) -> None:
    """Refuse a row that is wrong whatever else there is; the message names the column and what it may hold."""
    require_code("A SKU code", new.code, "code")
    require_code("A product code", new.product_code, "productCode")
    if not new.name_zh.strip() and not new.name_en.strip():
        raise InvalidInput(sentence("{sku} needs a name, in Chinese or in English.", sku=new.code), field=("nameZh",))
    for text, field in (
        (new.name_zh, "nameZh"),
        (new.name_en, "nameEn"),
        (new.option_zh, "optionZh"),
        (new.option_en, "optionEn"),
        (new.client or "", "client"),
    ):
        if len(text) > TEXT_LENGTH_MAX:
            raise InvalidInput(
                sentence("{name} has at most {most} characters.", name=field, most=TEXT_LENGTH_MAX), field=(field,)
            )
    for measure, field in (
        (new.weight_g, "weightG"),
        (new.length_mm, "lengthMm"),
        (new.width_mm, "widthMm"),
        (new.height_mm, "heightMm"),
    ):
        if measure is not None:
            _require_range(field, measure, 1, MEASURE_MAX, field)
    _require_range(sentence("A price"), new.price_micros, 0, AMOUNT_MAX, "priceMicros")
    _require_range(sentence("A cost"), new.cost_micros, 0, AMOUNT_MAX, "costMicros")
    if not (len(new.currency) == 3 and new.currency.isascii() and new.currency.isupper()):
        message = f"“{new.currency}” is no currency; use its three capital letters, such as CNY."
        raise InvalidInput(message, field=("currency",))
    _require_few("barcodes", new.barcodes, BARCODES_MAX)
    _require_few("components", new.components, COMPONENTS_MAX)
    _require_few("shopCodes", new.shop_codes, SHOP_CODES_MAX)


def require_code(what: str, code: str, field: str) -> None:
    """Refuse what is no code: 1 to 64 printable characters without space around them."""
    if not 1 <= len(code) <= CODE_LENGTH_MAX or code != code.strip() or not code.isprintable():
        message = f"{what} has 1 to {CODE_LENGTH_MAX} characters and no space around it, not “{code[:80]}”."
        raise InvalidInput(message, field=(field,))


def _require_range(what: str, value: int, least: int, most: int, field: str) -> None:
    if not least <= value <= most:
        raise InvalidInput(
            sentence(
                "{name} is between {least} and {most}, not {value}.", name=what, least=least, most=most, value=value
            ),
            field=(field,),
        )


def _require_few(field: str, listed: Sequence[object] | None, most: int) -> None:
    if listed is not None and len(listed) > most:
        raise InvalidInput(
            sentence("{name} lists {count}; at most {most} are allowed.", name=field, count=len(listed), most=most),
            field=(field,),
        )
