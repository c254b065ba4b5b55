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
class ProductCreated(Event):
    """A product joined the catalog."""

    kind: ClassVar[str] = "product_created"


@dataclass(frozen=True, slots=True)
class ProductRenamed(Event):
    """A product has another name."""

    kind: ClassVar[str] = "product_renamed"
