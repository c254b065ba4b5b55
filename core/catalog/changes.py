"""What saving a draft changes, compared with what is there: a row that says nothing new writes nothing."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from pickmesh.core.catalog.queries import ProductRow
from pickmesh.core.catalog.rules import Draft, Known

DETAILS, BARCODES, COMPONENTS, SHOP_CODES = "details", "barcodes", "components", "shop_codes"
_COPIED = (
    "code",
    "name_zh",
    "name_en",
    "option_zh",
    "option_en",
    "weight_g",
    "length_mm",
    "width_mm",
    "height_mm",
    "price_micros",
    "cost_micros",
    "currency",
    "lot_tracked",
    "expiry_tracked",
    "serial_tracked",
    "client",
)
_SEARCHED = ("name_zh", "name_en", "option_zh", "option_en", "product_id")


@dataclass(frozen=True, slots=True)
class Change:
    """A draft that changes something: `what` names the parts; `details` are the SKU's own columns."""

    draft: Draft
    details: Mapping[str, object]
    what: tuple[str, ...]

    @property
    def is_new(self) -> bool:
        """Whether the SKU is created."""
        return self.draft.before is None

    @property
    def is_found_otherwise(self) -> bool:
        """Whether the SKU's search terms may differ from those kept."""
        return self.is_new or any(getattr(self.draft.before, name) != self.details[name] for name in _SEARCHED)


def change_of(draft: Draft, known: Known, product_id: UUID) -> Change | None:
    """Return what saving a draft changes, None when everything is there already."""
    details = {name: getattr(draft.new, name) for name in _COPIED}
    details |= {"product_id": product_id, "is_bundle": draft.is_bundle}
    what = tuple(
        name
        for name, differs in (
            (DETAILS, any(getattr(draft.before, name, None) != value for name, value in details.items())),
            (BARCODES, _differ(draft.barcodes, _quantities(known, draft.id))),
            (COMPONENTS, _differ(draft.components, known.components.get(draft.id, {}))),
            (
                SHOP_CODES,
                _differ(draft.shop_codes, known.shop_codes_of.get(draft.id, frozenset())),
            ),
        )
        if differs
    )
    return Change(draft, details, what) if what else None


def product_names(drafts: Sequence[Draft]) -> dict[str, list[tuple[str, str]]]:
    """Return the names (Chinese, English) a batch gives each product, in order."""
    names: dict[str, list[tuple[str, str]]] = {}
    for draft in drafts:
        names.setdefault(draft.new.product_code, []).append((draft.new.name_zh, draft.new.name_en))
    return names


def names_before(drafts: Sequence[Draft]) -> dict[str, set[tuple[str, str]]]:
    """Return the names (Chinese, English) that SKUs of each product in a batch had so far."""
    names: dict[str, set[tuple[str, str]]] = {}
    for draft in drafts:
        if draft.before is not None:
            names.setdefault(draft.new.product_code, set()).add((draft.before.name_zh, draft.before.name_en))
    return names


def is_renamed(product: ProductRow, names: Sequence[tuple[str, str]], before: Collection[tuple[str, str]] = ()) -> bool:
    """Tell whether a product goes by another name now: that of the first row of a batch.

    It does when SKUs of the batch had its name and none has it any more; a name of its own, which somebody gave it,
    stays.
    """
    named = (product.name_zh, product.name_en)
    return named in before and named not in names


def _quantities(known: Known, sku_id: UUID) -> dict[str, int]:
    return {code: row.unit_quantity for code, row in known.barcodes.get(sku_id, {}).items()}


def _differ(wanted: object | None, kept: object) -> bool:
    return wanted is not None and wanted != kept
