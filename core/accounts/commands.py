"""What may be done in accounts: merchants, shops, people and programs' keys. Signing in is in sessions.py."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.accounts import directory, events, locks, queries, rules, sessions, tokens
from pickmesh.core.accounts.directory import EntryKind
from pickmesh.core.accounts.refusals import CodeTaken, SignInTaken
from pickmesh.core.accounts.tables import (
    ApiKey,
    Membership,
    Merchant,
    Person,
    Platform,
    ReviewPolicy,
    Session,
    Shop,
    ShortagePolicy,
)
from pickmesh.core.journal.database import Database
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit import languages, refusals
from pickmesh.core.kit.actors import Actor, system_actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Permission, Role
from pickmesh.core.kit.refusals import Refusal, Refused
from pickmesh.core.kit.texts import sentence

BATCH_MAX = 1_000


@dataclass(frozen=True, slots=True)
class NewShop:
    """A shop to create."""

    code: str
    name: str
    platform: Platform
    shortage_policy: ShortagePolicy = ShortagePolicy.WAIT_FOR_ALL
    review_policy: ReviewPolicy = ReviewPolicy.AUTOMATIC


@dataclass(frozen=True, slots=True)
class NewPerson:
    """A person to create; sets of None mean every warehouse or shop, a time zone of None the merchant's.

    `password_hash` is what `passwords.hash_password` returned, made before the unit of work began because it takes
    long; None means the person signs in by paired device only.
    """

    sign_in: str
    name: str
    role: Role
    password_hash: str | None = field(default=None, repr=False)
    locale: str = "zh-CN"
    time_zone: str | None = None
    warehouse_ids: frozenset[UUID] | None = None
    shop_ids: frozenset[UUID] | None = None


@dataclass(frozen=True, slots=True)
class NewKey:
    """A program's key: the token is shown this once."""

    id: UUID
    token: str = field(repr=False)


async def create_merchant(
    database: Database, *, code: str, name: str, time_zone: str, currency: str, locale: str
) -> Actor:
    """Create a merchant with its directory entry and return its system actor; refuses a taken code."""
    rules.require_merchant_code(code)
    rules.require_name(name)
    rules.require_time_zone(time_zone)
    rules.require_currency(currency)
    rules.require_locale(locale)
    actor = system_actor(new_id())
    merchant = {"code": code, "name": name, "time_zone": time_zone, "currency": currency, "locale": locale}

    async def create(uow: UnitOfWork) -> Actor:
        merchant_id = uow.merchant_id
        put = await directory.put_entry(uow.connection, EntryKind.MERCHANT_CODE, code, merchant_id, merchant_id)
        if not put:
            message = sentence("The merchant code “{code}” is already in use; choose another one.", code=code)
            raise CodeTaken(message, field=("code",))
        await uow.insert(Merchant, [{**merchant, "created_at": uow.now}])
        uow.emit([events.MerchantCreated(merchant_id)])
        return actor

    return await database.run(actor, create)


async def create_shops(uow: UnitOfWork, *, shops: Sequence[NewShop]) -> list[UUID | Refused]:
    """Create shops; return each one's id, or why not: a taken code or one that cannot stand in a file."""
    uow.actor.require(Permission.ACCOUNT_WRITE)
    _require_batch(len(shops))
    await locks.lock_merchant(uow)
    codes = [shop.code for shop in shops]
    found = await uow.fetch(
        sa.select(Shop.code).where(uow.mine(Shop), Shop.archived_at.is_(None), uow.among(Shop.code, codes))
    )
    taken = {row.code for row in found}
    answers: list[UUID | Refused] = []
    created: list[tuple[UUID, NewShop]] = []
    for index, shop in enumerate(shops):
        refusal = _refusal_of_shop(shop, taken)
        if refusal:
            answers.append(Refused(index, refusal))
            continue
        taken.add(shop.code)
        created.append((new_id(), shop))
        answers.append(created[-1][0])
    await uow.insert(Shop, [_shop_row(uow, id_, shop) for id_, shop in created])
    uow.emit(events.ShopCreated(id_) for id_, _ in created)
    return answers


async def set_review_policy(
    uow: UnitOfWork, *, shop_id: UUID, policy: ReviewPolicy, if_version: int | None = None
) -> bool:
    """Let a shop's new orders wait for a person's look from now on, or no longer; tell whether that changed anything.

    Orders that are there stay as they are. Refuses an unknown shop, and one that was changed since it was read.
    """
    uow.actor.require(Permission.ACCOUNT_WRITE)
    await locks.lock_merchant(uow)
    shop = (await queries.shops_by_id(uow, [shop_id])).get(shop_id)
    if shop is None:
        raise refusals.NotFound(field=("shop_id",))
    if if_version is not None and if_version != shop.version:
        raise refusals.StaleVersion(data={"id": str(shop.id), "version": shop.version})
    if shop.review_policy == policy:
        return False
    await uow.update(Shop, [{"id": shop_id, "review_policy": policy}], bump_version=True)
    uow.emit([events.ShopReviewChanged(shop_id, policy)])
    return True


def _refusal_of_shop(shop: NewShop, taken: set[str]) -> Refusal | None:
    try:
        rules.require_shop_code(shop.code)
        rules.require_name(shop.name)
    except Refusal as refusal:
        return refusal
    if shop.code in taken:
        message = sentence("The shop code “{code}” is already in use; choose another one.", code=shop.code)
        return CodeTaken(message, field=("code",))
    return None


def _shop_row(uow: UnitOfWork, id_: UUID, shop: NewShop) -> dict[str, object]:
    return {
        "id": id_,
        "code": shop.code,
        "name": shop.name.strip(),
        "platform": shop.platform,
        "shortage_policy": shop.shortage_policy,
        "review_policy": shop.review_policy,
        "created_at": uow.now,
    }


async def create_people(uow: UnitOfWork, *, people: Sequence[NewPerson]) -> list[UUID | Refused]:
    """Create people with their memberships and directory entries; return each one's id, or why not.

    Refuses a sign-in name anybody has (at any merchant), and more rights than the caller has.
    """
    uow.actor.require(Permission.ACCOUNT_WRITE)
    _require_batch(len(people))
    merchant = await locks.lock_merchant(uow)
    refused = {index: refusal for index, person in enumerate(people) if (refusal := _refusal_of_person(uow, person))}
    ids = [new_id() for _ in people]
    sound = [index for index in range(len(people)) if index not in refused]
    put = await directory.put_entries(
        uow.connection,
        [directory.Entry(EntryKind.SIGN_IN, people[index].sign_in, uow.merchant_id, ids[index]) for index in sound],
    )
    for index, is_ours in zip(sound, put, strict=True):
        if not is_ours:
            refused[index] = SignInTaken(field=("signIn",))
    created = [(ids[index], people[index]) for index in sound if index not in refused]
    await uow.insert(Person, [_person_row(uow, id_, person, merchant.time_zone) for id_, person in created])
    await uow.insert(Membership, [_membership_row(id_, person) for id_, person in created])
    uow.emit(events.PersonCreated(id_, person.role) for id_, person in created)
    return [Refused(index, refused[index]) if index in refused else ids[index] for index in range(len(people))]


def _refusal_of_person(uow: UnitOfWork, person: NewPerson) -> Refusal | None:
    try:
        rules.require_sign_in(person.sign_in)
        rules.require_name(person.name)
        rules.require_locale(person.locale)
        if person.time_zone is not None:
            rules.require_time_zone(person.time_zone)
        rules.require_no_more_than(
            uow.actor,
            rules.permissions_of(person.role),
            warehouse_ids=person.warehouse_ids,
            shop_ids=person.shop_ids,
        )
    except Refusal as refusal:
        return refusal
    return None


def _person_row(uow: UnitOfWork, id_: UUID, person: NewPerson, time_zone: str) -> dict[str, object]:
    return {
        "id": id_,
        "sign_in": person.sign_in,
        "name": person.name.strip(),
        "locale": person.locale,
        "time_zone": person.time_zone or time_zone,
        "password_hash": person.password_hash,
        "created_at": uow.now,
    }


def _membership_row(person_id: UUID, person: NewPerson) -> dict[str, object]:
    return {
        "person_id": person_id,
        "role": person.role,
        "warehouse_ids": rules.listed(person.warehouse_ids),
        "shop_ids": rules.listed(person.shop_ids),
    }


async def set_password(uow: UnitOfWork, *, person_id: UUID, password_hash: str) -> None:
    """Give a person another password and end all their sessions; one's own, or with account:write anybody's.

    Takes what `passwords.hash_password` returned. Refuses an unknown person, and one with more rights than the caller.
    """
    await sessions.require_over(uow, person_id, Permission.ACCOUNT_WRITE)
    await uow.update(Person, [{"id": person_id, "password_hash": password_hash}], bump_version=True)
    ending = sa.update(Session).where(uow.mine(Session), Session.person_id == person_id, Session.ended_at.is_(None))
    await uow.execute(ending.values(ended_at=uow.now))
    uow.emit([events.PasswordChanged(person_id)])


async def set_locale(uow: UnitOfWork, *, locale: str) -> None:
    """Let the caller be spoken to in another language from now on; refuses one we do not speak, and programs."""
    if locale not in languages.LOCALES:
        message = sentence("Choose one of {choices}.", choices=", ".join(languages.LOCALES))
        raise refusals.InvalidInput(message, field=("locale",))
    if uow.actor.person_id is None:
        raise refusals.InvalidInput(sentence("A program has no language of its own."))
    await uow.update(Person, [{"id": uow.actor.person_id, "locale": locale}], bump_version=True)
    uow.emit([events.LanguageChosen(uow.actor.person_id, locale)])


async def create_api_key(uow: UnitOfWork, *, name: str, permissions: Sequence[Permission]) -> NewKey:
    """Create a program's key with some of the caller's own permissions; the token is returned this once."""
    uow.actor.require(Permission.ACCOUNT_WRITE)
    rules.require_name(name)
    rules.require_no_more_than(uow.actor, permissions)
    token, token_hash = tokens.new_token(tokens.TokenKind.API_KEY, uow.merchant_id)
    listed = sorted({permission.value for permission in permissions})
    id_, key = new_id(), {"name": name.strip(), "token_hash": token_hash, "permissions": listed}
    await uow.insert(ApiKey, [{"id": id_, **key, "created_at": uow.now}])
    uow.emit([events.ApiKeyCreated(id_, tuple(listed))])
    return NewKey(id_, token)


async def end_api_key(uow: UnitOfWork, *, api_key_id: UUID) -> None:
    """Make a program's key open nothing any more; ending it again changes nothing. Refuses an unknown one."""
    uow.actor.require(Permission.ACCOUNT_WRITE)
    found = await uow.first(sa.select(ApiKey.ended_at).where(uow.mine(ApiKey), ApiKey.id == api_key_id))
    if found is None:
        raise refusals.NotFound(field=("api_key_id",))
    if found.ended_at is None:
        await uow.update(ApiKey, [{"id": api_key_id, "ended_at": uow.now}])
        uow.emit([events.ApiKeyEnded(api_key_id)])


def _require_batch(size: int) -> None:
    if size > BATCH_MAX:
        message = sentence("At most {most} go in one call; send {count} in smaller parts.", most=BATCH_MAX, count=size)
        raise refusals.LimitExceeded(message)
