"""The book of a partnership: what a parcel's goods cost is owed by the distributor to the supplier, in both books.

Each posting has two entries that sum to zero, under the id of the message that told of the parcel; the partner's book
has the same two with the other sign.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.ids import new_id
from pickmesh.core.mesh.tables import Account, BookEntry, Side

SIGNS = {Side.SUPPLIER: 1, Side.DISTRIBUTOR: -1}
"""Whether goods that went make the partner owe us, or us owe it."""


@dataclass(frozen=True, slots=True)
class Goods:
    """What went under one message, and what it cost in minor units of the dropship's currency."""

    row: sa.Row[Any]
    message_id: UUID
    amount_minor: int


async def post_goods(uow: UnitOfWork, went: Sequence[Goods]) -> None:
    """Book goods that went, on whichever side of their dropships we are; part of recording the parcel."""
    await uow.insert(BookEntry, [entry for goods in went for entry in _entries(uow, goods)])


def _entries(uow: UnitOfWork, goods: Goods) -> list[dict[str, Any]]:
    amount = goods.amount_minor * SIGNS[Side(goods.row.side)]
    return [
        {
            "id": new_id(),
            "partnership_id": goods.row.partnership_id,
            "dropship_id": goods.row.id,
            "source_id": goods.message_id,
            "account": account,
            "currency": goods.row.currency,
            "amount_minor": signed,
            "at": uow.now,
        }
        for account, signed in ((Account.PARTNER, amount), (Account.GOODS, -amount))
    ]
