"""Signing in and out: passwords, paired devices, and who a token speaks for."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.accounts import directory, events, passwords, rules, throttle, tokens
from pickmesh.core.accounts.directory import EntryKind
from pickmesh.core.accounts.refusals import PairingUnusable, WrongSignIn
from pickmesh.core.accounts.tables import ApiKey, Membership, Pairing, Person, Session, SignInAttempt
from pickmesh.core.accounts.tokens import TokenKind
from pickmesh.core.journal.database import Database
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit import refusals
from pickmesh.core.kit.actors import Actor, system_actor
from pickmesh.core.kit.ids import NIL_ID, new_id
from pickmesh.core.kit.permissions import Permission, Role
from pickmesh.scanner.codes import own

SESSION_LASTS = timedelta(days=30)
PAIRING_LASTS = timedelta(minutes=10)
DEVICE_LENGTH_MAX = 200


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new session: the token is shown this once."""

    token: str = field(repr=False)
    actor: Actor
    expires_at: datetime


_MEMBER = (
    Person.id.label("person_id"),
    Person.locale,
    Person.password_hash,
    Membership.role,
    Membership.warehouse_ids,
    Membership.shop_ids,
)


async def sign_in(database: Database, *, sign_in: str, password: str, device: str) -> SignedIn:
    """Open a session for a name and its password; a wrong name and a wrong password answer the same, as slowly.

    Refuses WRONG_SIGN_IN, and TOO_MANY_ATTEMPTS after five failures in a quarter of an hour, for any name.
    """
    name_hash = directory.key_hash(EntryKind.SIGN_IN, sign_in)
    async with database.directory() as connection:
        await throttle.take_attempt(connection, name_hash, database.clock.now())
        entry = await directory.find_entry(connection, EntryKind.SIGN_IN, sign_in)
    # An unknown name walks the same way to the end, through a merchant nobody has.
    merchant_id, person_id = (entry.merchant_id, entry.subject_id) if entry else (NIL_ID, NIL_ID)
    machinery = system_actor(merchant_id)
    async with database.reading(machinery) as uow:
        member = await _member(uow, person_id)
    is_right = await passwords.matches(password, member.password_hash if member else None)
    if member is None or not is_right:
        await database.run(machinery, lambda uow: _note_failure(uow, person_id))
        raise WrongSignIn
    signed_in = await database.run(machinery, lambda uow: _open_session(uow, member, device, paired=False))
    async with database.directory() as connection:
        await throttle.forget_attempts(connection, name_hash)
    return signed_in


async def sign_out(uow: UnitOfWork) -> None:
    """End the caller's own session; an API key has none, and nothing happens."""
    if uow.actor.session_id is not None:
        await _end_sessions(uow, uow.actor.person_id, Session.id == uow.actor.session_id)


async def sign_out_everywhere(uow: UnitOfWork, *, person_id: UUID | None = None) -> int:
    """End all sessions of a person, by default the caller's own; others' need account:write. Return how many ended."""
    whose = person_id or uow.actor.person_id
    if whose is None:
        raise refusals.InvalidInput("Say whose sessions should end.", field=("personId",))
    if whose != uow.actor.person_id:
        uow.actor.require(Permission.ACCOUNT_WRITE)
    return await _end_sessions(uow, whose, Session.person_id == whose)


async def create_pairing(uow: UnitOfWork, *, person_id: UUID) -> str:
    """Return a token that opens one session for a person within ten minutes, to be shown as a QR code.

    Needs floor:manage except for oneself. Refuses an unknown person, and one with more rights than the caller.
    What the code holds is `scanner.codes.own.pairing_link`, or the token behind `own.PAIRING_PREFIX`.
    """
    await require_over(uow, person_id, Permission.FLOOR_MANAGE)
    token, token_hash = tokens.new_token(TokenKind.PAIRING, uow.merchant_id)
    times = {"created_at": uow.now, "expires_at": uow.after(PAIRING_LASTS)}
    await uow.insert(Pairing, [{"id": new_id(), "person_id": person_id, "token_hash": token_hash, **times}])
    uow.emit([events.PairingCreated(person_id)])
    return token


async def redeem_pairing(database: Database, *, token: str, device: str) -> SignedIn:
    """Open the session a pairing token was made for, once; refuses PAIRING_UNUSABLE for any other token.

    Takes the token, or the code or link it was scanned from.
    """
    token = own.pairing_token(token) or token
    merchant_id = tokens.merchant_of(token)
    if merchant_id is None or tokens.kind_of(token) != TokenKind.PAIRING:
        raise PairingUnusable

    async def redeem(uow: UnitOfWork) -> SignedIn:
        usable = (Pairing.token_hash == tokens.hash_of(token), Pairing.used_at.is_(None), Pairing.expires_at > uow.now)
        using = sa.update(Pairing).where(uow.mine(Pairing), *usable).values(used_at=uow.now)
        person_id = (await uow.execute(using.returning(Pairing.person_id))).scalar()
        member = await _member(uow, person_id) if person_id else None
        if member is None:
            raise PairingUnusable
        return await _open_session(uow, member, device, paired=True)

    return await database.run(system_actor(merchant_id), redeem)


async def actor_of_token(database: Database, token: str) -> Actor | None:
    """Return whom a session token or an API key speaks for, in one read; None when it opens nothing."""
    merchant_id, kind = tokens.merchant_of(token), tokens.kind_of(token)
    if merchant_id is None or kind not in {TokenKind.SESSION, TokenKind.API_KEY}:
        return None
    find = _actor_of_session if kind == TokenKind.SESSION else _actor_of_api_key
    async with database.reading(system_actor(merchant_id)) as uow:
        return await find(uow, tokens.hash_of(token))


async def actor_of_person(uow: UnitOfWork, person_id: UUID) -> Actor | None:
    """Return a person as they act by other ways than a session of ours, with their own rights and language.

    None when there is no such person any more.
    """
    member = await _member(uow, person_id)
    return _actor_of(uow.merchant_id, member, None) if member else None


async def require_over(uow: UnitOfWork, person_id: UUID, permission: Permission) -> None:
    """Refuse unless the person is the caller, or the caller has the permission and no fewer rights than the person."""
    await require_over_all(uow, [person_id], permission)


async def require_over_all(uow: UnitOfWork, person_ids: Iterable[UUID], permission: Permission) -> None:
    """Refuse unless `require_over` lets the caller pass for each of these people."""
    others = set(person_ids) - {uow.actor.person_id}
    if not others:
        return
    uow.actor.require(permission)
    found = await uow.fetch(_members(uow, *_MEMBER).where(uow.among(Person.id, sorted(others))))
    if len(found) < len(others):
        raise refusals.NotFound(field=("person_id",))
    for member in found:
        them = _actor_of(uow.merchant_id, member, None)
        rules.require_no_more_than(
            uow.actor, them.permissions, warehouse_ids=them.warehouse_ids, shop_ids=them.shop_ids
        )


async def _member(uow: UnitOfWork, person_id: UUID) -> sa.Row[Any] | None:
    return await uow.first(_members(uow, *_MEMBER).where(Person.id == person_id))


def _members(uow: UnitOfWork, *columns: Any) -> sa.Select[Any]:
    of_person = sa.and_(Membership.merchant_id == Person.merchant_id, Membership.person_id == Person.id)
    return (
        sa.select(*columns)
        .select_from(sa.join(Person, Membership, of_person))
        .where(uow.mine(Person), Person.archived_at.is_(None))
    )


async def _actor_of_session(uow: UnitOfWork, token_hash: str) -> Actor | None:
    of_session = sa.and_(Session.merchant_id == Person.merchant_id, Session.person_id == Person.id)
    open_session = (Session.token_hash == token_hash, Session.ended_at.is_(None), Session.expires_at > uow.now)
    members = _members(uow, *_MEMBER, Session.id.label("session_id"))
    found = await uow.first(members.join(Session, of_session).where(*open_session))
    return _actor_of(uow.merchant_id, found, found.session_id) if found else None


async def _actor_of_api_key(uow: UnitOfWork, token_hash: str) -> Actor | None:
    is_open = (ApiKey.token_hash == token_hash, ApiKey.ended_at.is_(None))
    found = await uow.first(sa.select(ApiKey.id, ApiKey.permissions).where(uow.mine(ApiKey), *is_open))
    if found is None:
        return None
    # A permission this version no longer knows is no reason to lock a program out of the others.
    known = frozenset(Permission(value) for value in found.permissions if value in set(Permission))
    return Actor(uow.merchant_id, None, Role.APP, known, api_key_id=found.id)


def _actor_of(merchant_id: UUID, member: sa.Row[Any], session_id: UUID | None) -> Actor:
    role = Role(member.role)
    return Actor(
        merchant_id,
        member.person_id,
        role,
        rules.permissions_of(role),
        warehouse_ids=rules.ids_in(member.warehouse_ids),
        shop_ids=rules.ids_in(member.shop_ids),
        session_id=session_id,
        locale=member.locale,
    )


async def _open_session(uow: UnitOfWork, member: sa.Row[Any], device: str, *, paired: bool) -> SignedIn:
    token, token_hash = tokens.new_token(TokenKind.SESSION, uow.merchant_id)
    session_id, expires_at = new_id(), uow.after(SESSION_LASTS)
    session = {"person_id": member.person_id, "token_hash": token_hash, "device": device[:DEVICE_LENGTH_MAX]}
    await uow.insert(Session, [{"id": session_id, **session, "created_at": uow.now, "expires_at": expires_at}])
    attempt = {"id": new_id(), "person_id": member.person_id, "succeeded": True, "at": uow.now}
    await uow.insert(SignInAttempt, [attempt])
    uow.emit([events.SignedIn(member.person_id, session_id, paired)])
    return SignedIn(token, _actor_of(uow.merchant_id, member, session_id), expires_at)


async def _note_failure(uow: UnitOfWork, person_id: UUID) -> None:
    """Keep a failure in the audit trail; of names nobody has, only the last, or strangers could fill the disk."""
    id_ = NIL_ID if person_id == NIL_ID else new_id()
    attempt = {"id": id_, "person_id": person_id, "succeeded": False, "at": uow.now}
    await uow.upsert(SignInAttempt, [attempt], replace=["at"])


async def _end_sessions(uow: UnitOfWork, person_id: UUID | None, which: sa.ColumnElement[bool]) -> int:
    ending = sa.update(Session).where(uow.mine(Session), which, Session.ended_at.is_(None)).values(ended_at=uow.now)
    ended = (await uow.execute(ending)).rowcount
    if ended and person_id:
        uow.emit([events.SignedOut(person_id, ended)])
    return ended
