"""Shops and people for tests of any room."""

from uuid import UUID

from pickmesh.core.accounts import commands, queries, sessions
from pickmesh.core.accounts.commands import NewPerson, NewShop
from pickmesh.core.accounts.tables import Platform, ShortagePolicy
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import ROLE_PERMISSIONS, Role


async def make_shop(
    database: Database,
    actor: Actor,
    code: str,
    *,
    platform: Platform = Platform.TAOBAO,
    shortage_policy: ShortagePolicy = ShortagePolicy.WAIT_FOR_ALL,
) -> UUID:
    """Create a shop and return its id."""
    async with database.unit_of_work(actor) as uow:
        (made,) = await commands.create_shops(uow, shops=[NewShop(code, f"{code} 店", platform, shortage_policy)])
    assert isinstance(made, UUID), made
    return made


async def make_person(
    database: Database,
    actor: Actor,
    role: Role,
    *,
    password_hash: str | None = None,
    warehouse_ids: frozenset[UUID] | None = None,
    shop_ids: frozenset[UUID] | None = None,
) -> tuple[UUID, Actor]:
    """Create a person with a sign-in name of their own; return their id and the actor they are (with no session)."""
    new = NewPerson(
        f"{role.lower()}@{new_id().hex}", "王小明", role, password_hash, warehouse_ids=warehouse_ids, shop_ids=shop_ids
    )
    async with database.unit_of_work(actor) as uow:
        (made,) = await commands.create_people(uow, people=[new])
    assert isinstance(made, UUID), made
    them = Actor(actor.merchant_id, made, role, ROLE_PERMISSIONS[role], warehouse_ids, shop_ids)
    return made, them


async def sign_in_name(database: Database, actor: Actor, person_id: UUID) -> str:
    """Return the name a person signs in with."""
    async with database.reading(actor) as uow:
        person = await queries.person(uow, person_id)
    assert person is not None
    return person.sign_in


async def make_token(database: Database, actor: Actor, person_id: UUID) -> str:
    """Return a session token of a person, by pairing: no password has to be hashed for it."""
    async with database.unit_of_work(actor) as uow:
        pairing = await sessions.create_pairing(uow, person_id=person_id)
    return (await sessions.redeem_pairing(database, token=pairing, device="test")).token
