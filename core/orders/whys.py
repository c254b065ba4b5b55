"""What explains a shortage, as it is answered: an order, its lines, what each location has of their SKUs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.accounts.queries import PersonRow
from pickmesh.core.catalog.queries import SkuRow
from pickmesh.core.orders.why_facts import Held, Incoming, Lost, UnsellableAt


@dataclass(frozen=True, slots=True)
class StockThere:
    """What a location has of a line's SKU, and why it is not more; `is_its_own` is where the line is to go out.

    free is what an order in hand may take, available what shops are told: free less the buffer.
    """

    location_id: UUID
    sku_id: UUID
    is_its_own: bool
    on_hand: int
    non_sellable: int
    reserved: int
    buffer: int
    incoming: int
    free: int
    available: int
    unsellable: Sequence[UnsellableAt]
    held: Held
    transfers: Sequence[Incoming]


@dataclass(frozen=True, slots=True)
class ShortLine:
    """A line: what it wants, what is promised to it, what is missing, and everything that explains it.

    `with_sku_ids` are other parts of its bundle that its location lacks: a bundle is promised whole or not at all.
    `sentence` tells it all in one go.
    """

    line_id: UUID
    fulfillment_order_id: UUID
    order_id: UUID
    sku_id: UUID
    wanted: int
    shipped: int
    promised: int
    missing: int
    sentence: str
    locations: Sequence[StockThere]
    lost: Sequence[Lost]
    with_sku_ids: Sequence[UUID]


@dataclass(frozen=True, slots=True)
class WhyShort:
    """Why an order is short: its lines without stock, the shop's codes nobody has mapped, and one sentence."""

    sentence: str
    lines: Sequence[ShortLine]
    unmapped: Sequence[str]


@dataclass(frozen=True, slots=True)
class Known:
    """What the sentences name, by id."""

    locations: Mapping[UUID, sa.Row[Any]]
    skus: Mapping[UUID, SkuRow]
    people: Mapping[UUID, PersonRow]
