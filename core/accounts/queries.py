"""What may be asked of accounts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.accounts import rules
from pickmesh.core.accounts.tables import ApiKey, Membership, Merchant, Person, Shop
from pickmesh.core.journal import paged
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit import paging, refusals
from pickmesh.core.kit.paging import Page, PageRequest
from pickmesh.core.kit.permissions import Permission, Role


@dataclass(frozen=True, slots=True)
class MerchantRow:
    """A merchant."""

    merchant_id: UUID
    code: str
    name: str
    time_zone: str
    currency: str
    locale: str
    created_at: datetime
    version: int


@dataclass(frozen=True, slots=True)
class ShopRow:
    """A shop; `platform`, `shortage_policy` and `review_policy` are values of the enums in tables.py."""

    id: UUID
    code: str
    name: str
    platform: str
    shortage_policy: str
    review_policy: str
    created_at: datetime
    archived_at: datetime | None
    version: int


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person with what they may do here; sets of None mean every warehouse or shop."""

    id: UUID
    sign_in: str
    name: str
    locale: str
    time_zone: str
    created_at: datetime
    archived_at: datetime | None
    version: int
    role: str
    warehouse_ids: frozenset[UUID] | None
    shop_ids: frozenset[UUID] | None


_SHOP = [getattr(Shop, item.name) for item in fields(ShopRow)]
_MERCHANT = [getattr(Merchant, item.name) for item in fields(MerchantRow)]
_PERSON = [
    *(getattr(Person, item.name) for item in fields(PersonRow)[:8]),
    Membership.role,
    Membership.warehouse_ids,
    Membership.shop_ids,
]


async def merchant(uow: UnitOfWork) -> MerchantRow:
    """Return the merchant itself; refuses when it does not exist."""
    found = await uow.first(sa.select(*_MERCHANT).where(uow.mine(Merchant)))
    if found is None:
        raise refusals.NotFound("This merchant does not exist; create it first.")
    return MerchantRow(*found)


async def shops(uow: UnitOfWork) -> list[ShopRow]:
    """Return all shops that are not archived, by code."""
    found = await uow.fetch(sa.select(*_SHOP).where(uow.mine(Shop), Shop.archived_at.is_(None)).order_by(Shop.code))
    return [ShopRow(*row) for row in found]


async def shops_by_id(uow: UnitOfWork, ids: Iterable[UUID]) -> dict[UUID, ShopRow]:
    """Return shops by id, archived ones too; unknown ids are missing."""
    found = await uow.fetch(sa.select(*_SHOP).where(uow.mine(Shop), uow.among(Shop.id, ids)))
    return {row.id: ShopRow(*row) for row in found}


async def shops_by_code(uow: UnitOfWork, codes: Iterable[str]) -> dict[str, ShopRow]:
    """Return shops that are not archived by code; unknown codes are missing."""
    which = (uow.mine(Shop), Shop.archived_at.is_(None), uow.among(Shop.code, codes))
    return {row.code: ShopRow(*row) for row in await uow.fetch(sa.select(*_SHOP).where(*which))}


async def shop_by_code(uow: UnitOfWork, code: str) -> ShopRow | None:
    """Return the shop with a code, None when there is none that is not archived."""
    return (await shops_by_code(uow, [code])).get(code)


async def people(uow: UnitOfWork, request: PageRequest) -> Page[PersonRow]:
    """Return a page of the people who are not archived, by sign-in name."""
    which = _people(uow).where(Person.archived_at.is_(None))
    if request.cursor is not None:
        edge = str(request.cursor[0])
        which = which.where(Person.sign_in < edge if request.backwards else Person.sign_in > edge)
    order = Person.sign_in.desc() if request.backwards else Person.sign_in
    found = await uow.fetch(which.order_by(order).limit(request.limit + 1))
    return paging.page_of([_person(row) for row in found], request, key=lambda person: (person.sign_in,))


async def people_by_id(uow: UnitOfWork, ids: Iterable[UUID]) -> dict[UUID, PersonRow]:
    """Return people by id, archived ones too; unknown ids are missing."""
    found = await uow.fetch(_people(uow).where(uow.among(Person.id, ids)))
    return {row.id: _person(row) for row in found}


async def audience(uow: UnitOfWork, permission: Permission, warehouse_id: UUID | None = None) -> list[UUID]:
    """Return who has a permission, there, oldest first; people who are archived have none."""
    return [row.id for row in await holders(uow, permission) if is_there(row, warehouse_id)]


async def holders(uow: UnitOfWork, permission: Permission) -> list[PersonRow]:
    """Return the people who have a permission at some warehouse, oldest first."""
    roles = [role for role in Role if permission in rules.permissions_of(role)]
    which = _people(uow).where(Person.archived_at.is_(None), uow.among(Membership.role, roles)).order_by(Person.id)
    return [_person(row) for row in await uow.fetch(which)]


def is_there(person: PersonRow, warehouse_id: UUID | None) -> bool:
    """Tell whether a person works at a warehouse; None stands for no warehouse in particular."""
    return warehouse_id is None or person.warehouse_ids is None or warehouse_id in person.warehouse_ids


async def api_keys(uow: UnitOfWork, request: PageRequest) -> Page[paged.Row]:
    """Return a page of programs' keys without their tokens, ended ones too, the newest first.

    Rows have id, name, permissions (values of `Permission`), created_at and ended_at.
    """
    kept = (ApiKey.id, ApiKey.name, ApiKey.permissions, ApiKey.created_at, ApiKey.ended_at)
    return await paged.page_by_id(uow, sa.select(*kept).where(uow.mine(ApiKey)), ApiKey.id, request)


async def person(uow: UnitOfWork, person_id: UUID) -> PersonRow | None:
    """Return one person, None when there is none of that id."""
    return (await people_by_id(uow, [person_id])).get(person_id)


async def viewer(uow: UnitOfWork) -> PersonRow | None:
    """Return the person who is asking, None for a program or the merchant's own machinery."""
    return await person(uow, uow.actor.person_id) if uow.actor.person_id else None


def _people(uow: UnitOfWork) -> sa.Select[Any]:
    of_person = sa.and_(Membership.merchant_id == Person.merchant_id, Membership.person_id == Person.id)
    return sa.select(*_PERSON).select_from(sa.join(Person, Membership, of_person)).where(uow.mine(Person))


def _person(row: Sequence[Any]) -> PersonRow:
    return PersonRow(*(*row[:9], rules.ids_in(row[9]), rules.ids_in(row[10])))
