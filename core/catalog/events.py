"""What can happen in the catalog."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from pickmesh.core.kit.events import Event


@dataclass(frozen=True, slots=True)
class SkuCreated(Event):
    """A SKU joined the catalog."""

    kind: ClassVar[str] = "sku_created"
    product_id: UUID


@dataclass(frozen=True, slots=True)
class SkuChanged(Event):
    """A SKU changed: `what` lists details, barcodes, components and shop_codes as they apply."""

    kind: ClassVar[str] = "sku_changed"
    what: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SkuArchived(Event):
    """A SKU left the catalog; history still names it."""

    kind: ClassVar[str] = "sku_archived"


@dataclass(frozen=True, slots=True)
class SkuRestored(Event):
    """A SKU is back in the catalog, with its barcodes and shop codes."""

    kind: ClassVar[str] = "sku_restored"


@dataclass(frozen=True, slots=True)
class SkuLookAlikeMarked(Event):
    """Somebody said that hands confuse a SKU with another one."""

    kind: ClassVar[str] = "sku_look_alike_marked"
    other_sku_id: UUID


@dataclass(frozen=True, slots=True)
class SkuLookAlikeUnmarked(Event):
    """Somebody said that a SKU and another one are told apart well enough."""

    kind: ClassVar[str] = "sku_look_alike_unmarked"
    other_sku_id: UUID


@dataclass(frozen=True, slots=True)
class ProductCreated(Event):
    """A product joined the catalog."""

    kind: ClassVar[str] = "product_created"


@dataclass(frozen=True, slots=True)
class ProductRenamed(Event):
    """A product has another name."""

    kind: ClassVar[str] = "product_renamed"


@dataclass(frozen=True, slots=True)
class ProductArchived(Event):
    """A product left the catalog with all its SKUs."""

    kind: ClassVar[str] = "product_archived"


@dataclass(frozen=True, slots=True)
class ProductRestored(Event):
    """A product is back in the catalog."""

    kind: ClassVar[str] = "product_restored"


@dataclass(frozen=True, slots=True)
class ProductPictured(Event):
    """A product has other pictures, or in another order."""

    kind: ClassVar[str] = "product_pictured"
