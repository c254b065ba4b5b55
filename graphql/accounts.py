"""Who works here: the viewer, people, shops, signing in and out, paired devices, programs' keys."""

from collections.abc import Mapping
from typing import Any, ClassVar

import graphene

from pickmesh.core.accounts import commands, queries, refusals, sessions
from pickmesh.core.accounts.tables import Platform, ReviewPolicy, ShortagePolicy
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.paging import Page, PageRequest
from pickmesh.core.kit.permissions import Permission, Role
from pickmesh.core.kit.refusals import InvalidInput
from pickmesh.graphql import ids, relay
from pickmesh.graphql.base import Done, Mutation, One, user_error
from pickmesh.graphql.context import Context
from pickmesh.graphql.permissions import Open, Queries, Requirement
from pickmesh.graphql.scalars import DateTime

PermissionName = graphene.Enum.from_enum(Permission, name="Permission", description="One thing that may be done.")
RoleName = graphene.Enum.from_enum(Role, name="Role", description="A person's standing at a merchant.")
PlatformName = graphene.Enum.from_enum(Platform, name="Platform", description="Where a shop sells.")
ShortagePolicyName = graphene.Enum.from_enum(
    ShortagePolicy, name="ShortagePolicy", description="What a shop wants when an order is short."
)
ReviewPolicyName = graphene.Enum.from_enum(
    ReviewPolicy, name="ReviewPolicy", description="Whether a shop's orders wait for a person's look."
)
AccountsUserError = user_error("Accounts", refusals)


class Shop(relay.ObjectType):
    """A shop on a platform; orders come from it and tracking goes back to it."""

    class Meta:
        interfaces = (relay.Node,)

    requires = Permission.CATALOG_READ
    code = graphene.String(required=True)
    name = graphene.String(required=True)
    platform = graphene.Field(PlatformName, required=True)
    shortage_policy = graphene.Field(ShortagePolicyName, required=True)
    review_policy = graphene.Field(ReviewPolicyName, required=True)
    created_at = graphene.Field(DateTime, required=True)
    archived_at = graphene.Field(DateTime)
    version = graphene.Int(required=True)

    by_ids = staticmethod(queries.shops_by_id)


class Person(relay.ObjectType):
    """A person who works here."""

    class Meta:
        interfaces = (relay.Node,)

    requires = Permission.ACCOUNT_READ
    sign_in = graphene.String(required=True)
    name = graphene.String(required=True)
    role = graphene.Field(RoleName, required=True)
    locale = graphene.String(required=True)
    time_zone = graphene.String(required=True)
    created_at = graphene.Field(DateTime, required=True)
    archived_at = graphene.Field(DateTime)
    version = graphene.Int(required=True)

    by_ids = staticmethod(queries.people_by_id)


class Worker(relay.ObjectType):
    """A person as colleagues on the floor see them: the name, nothing else."""

    class Meta:
        interfaces = (relay.Node,)

    requires = Permission.FLOOR_READ
    name = graphene.String(required=True)

    by_ids = staticmethod(queries.people_by_id)


class Merchant(graphene.ObjectType):
    """The merchant everything here belongs to."""

    requires = Open.SIGNED_IN
    code = graphene.String(required=True)
    name = graphene.String(required=True)
    time_zone = graphene.String(required=True)
    currency = graphene.String(required=True)
    locale = graphene.String(required=True)


class Viewer(graphene.ObjectType):
    """Who I am and what I may do."""

    requires = Open.SIGNED_IN
    name = graphene.String(description="My name; null for a program.")
    sign_in = graphene.String()
    role = graphene.Field(RoleName, required=True)
    permissions = graphene.List(graphene.NonNull(PermissionName), required=True)
    locale = graphene.String(required=True)
    time_zone = graphene.String(required=True)
    merchant = graphene.Field(Merchant, required=True)


class ApiKey(graphene.ObjectType):
    """A program's key as people see it: never its token."""

    requires = Permission.ACCOUNT_READ
    id = relay.own_id("ApiKey")
    name = graphene.String(required=True)
    permissions = graphene.List(graphene.NonNull(PermissionName), required=True)
    created_at = graphene.Field(DateTime, required=True)
    ended_at = graphene.Field(DateTime, description="Null while it opens something.")


async def _page_of_api_keys(_root: Any, info: Any, request: PageRequest) -> Page[Any]:
    async with info.context.reading() as uow:
        return await queries.api_keys(uow, request)


async def _page_of_people(_root: Any, info: Any, request: PageRequest) -> Page[Any]:
    async with info.context.reading() as uow:
        return await queries.people(uow, request)


class AccountsQueries(Queries):
    """What may be asked of accounts."""

    requires: ClassVar[Requirement] = Permission.ACCOUNT_READ
    field_requires: ClassVar[Mapping[str, Requirement]] = {"viewer": Open.SIGNED_IN, "shops": Permission.CATALOG_READ}
    viewer = graphene.Field(Viewer, required=True, description="Who I am and what I may do.")
    shops = graphene.List(graphene.NonNull(Shop), required=True, description="All unarchived shops, by code.")
    people = relay.paged(relay.connection(Person), _page_of_people, "The people who work here, by sign-in name.")
    api_keys = relay.paged(
        relay.connection(ApiKey), _page_of_api_keys, "Programs' keys, ended ones too, the newest first."
    )

    @staticmethod
    async def resolve_viewer(_root: Any, info: Any) -> dict[str, Any]:
        """Return who asks."""
        actor = info.context.signed_in
        async with info.context.reading() as uow:
            merchant, person = await queries.merchant(uow), await queries.viewer(uow)
        return {
            "name": person.name if person else None,
            "sign_in": person.sign_in if person else None,
            "role": actor.role,
            "permissions": sorted(actor.permissions),
            "locale": actor.locale,
            "time_zone": person.time_zone if person else merchant.time_zone,
            "merchant": merchant,
        }

    @staticmethod
    async def resolve_shops(_root: Any, info: Any) -> list[Any]:
        """Return the shops."""
        async with info.context.reading() as uow:
            return await queries.shops(uow)


class SignIn(Mutation):
    """Open a session with a name and a password; the token goes into “Authorization: Bearer …”."""

    requires = Open.ANYONE
    user_error = AccountsUserError
    repeatable = False

    class Input:
        sign_in = graphene.String(required=True)
        password = graphene.String(required=True)
        device = graphene.String(required=True, description="What the session's owner will know this device by.")

    class Payload:
        token = graphene.String(description="Shown this once.")
        expires_at = graphene.Field(DateTime)

    @classmethod
    async def perform(cls, context: Context, input: Any) -> Done:
        """Sign in; there is no merchant before it succeeds."""
        opened = await sessions.sign_in(
            context.database, sign_in=input.sign_in, password=input.password, device=input.device
        )
        return Done(once={"token": opened.token, "expires_at": opened.expires_at})


class SignOut(Mutation):
    """End my session, or all of mine."""

    requires = Open.SIGNED_IN
    user_error = AccountsUserError

    class Input:
        everywhere = graphene.Boolean(
            required=True, default_value=False, description="End my sessions on every device."
        )

    class Payload:
        ended = graphene.Int(description="How many sessions ended.")

    @classmethod
    async def perform(cls, context: Context, input: Any) -> Done:
        """Sign out, then look the person's tokens up anew."""
        try:
            return await super().perform(context, input)
        finally:
            context.services.sessions.forget_person(context.signed_in.person_id)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """End sessions."""
        if input.everywhere:
            return Done({"ended": await sessions.sign_out_everywhere(uow)})
        await sessions.sign_out(uow)
        return Done({"ended": int(uow.actor.session_id is not None)})


class ViewerLocale(Mutation):
    """Choose the language I am spoken to in, wherever a request asks for none."""

    requires = Open.SIGNED_IN
    user_error = AccountsUserError

    class Input:
        locale = graphene.String(required=True, description="en or zh-CN.")

    class Payload:
        locale = graphene.String()

    @classmethod
    async def perform(cls, context: Context, input: Any) -> Done:
        """Choose, then look the person up anew."""
        try:
            return await super().perform(context, input)
        finally:
            context.services.sessions.forget_person(context.signed_in.person_id)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Choose."""
        await commands.set_locale(uow, locale=input.locale)
        return Done({"locale": input.locale})


class ShopReview(Mutation):
    """Let a shop's new orders wait for a person's look from now on, or no longer; those that are there stay."""

    requires = Permission.ACCOUNT_WRITE
    user_error = AccountsUserError
    subject = "Shop"

    class Input:
        shop_id = graphene.ID(required=True)
        policy = graphene.InputField(ReviewPolicyName, required=True)
        if_version = graphene.Int(description="Refuse with STALE_VERSION when somebody changed it since.")

    class Payload:
        shop = One(Shop)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Set the policy."""
        shop_id = relay.id_of(input.shop_id, "Shop", field=("shopId",))
        await commands.set_review_policy(uow, shop_id=shop_id, policy=input.policy, if_version=input.if_version)
        return Done({"shop": shop_id})


class PairingCreate(Mutation):
    """Invite a person's device: the token is shown as a QR code and opens one session within ten minutes."""

    requires = Open.SIGNED_IN
    user_error = AccountsUserError

    class Input:
        person_id = graphene.ID(description="Whose device; mine when left out.")

    class Payload:
        token = graphene.String(description="Shown this once; null when the same request is repeated.")

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Make a pairing."""
        asked = relay.optional_id(input.person_id, "Person", field=("person_id",))
        person_id = asked or uow.actor.person_id
        if person_id is None:
            raise InvalidInput("Say whose device is to be paired.", field=("person_id",))
        return Done(once={"token": await sessions.create_pairing(uow, person_id=person_id)})


class PairingRedeem(Mutation):
    """Open the session a pairing code was made for, once."""

    requires = Open.ANYONE
    user_error = AccountsUserError
    repeatable = False

    class Input:
        token = graphene.String(required=True)
        device = graphene.String(required=True)

    class Payload:
        token = graphene.String(description="Shown this once.")
        expires_at = graphene.Field(DateTime)

    @classmethod
    async def perform(cls, context: Context, input: Any) -> Done:
        """Redeem; the token says which merchant's it is."""
        opened = await sessions.redeem_pairing(context.database, token=input.token, device=input.device)
        return Done(once={"token": opened.token, "expires_at": opened.expires_at})


class ApiKeyCreate(Mutation):
    """Give a program a key of its own with some of my permissions."""

    requires = Permission.ACCOUNT_WRITE
    user_error = AccountsUserError

    class Input:
        name = graphene.String(required=True)
        permissions = graphene.List(graphene.NonNull(PermissionName), required=True)

    class Payload:
        api_key_id = graphene.ID()
        token = graphene.String(description="Shown this once; null when the same request is repeated.")

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Create the key."""
        key = await commands.create_api_key(uow, name=input.name, permissions=input.permissions)
        return Done({"api_key_id": ids.global_id("ApiKey", key.id)}, once={"token": key.token})


class ApiKeyEnd(Mutation):
    """Make a program's key open nothing any more."""

    requires = Permission.ACCOUNT_WRITE
    user_error = AccountsUserError

    class Input:
        api_key_id = graphene.ID(required=True)

    class Payload:
        api_key_id = graphene.ID()

    @classmethod
    async def perform(cls, context: Context, input: Any) -> Done:
        """End the key, then look every program's keys up anew."""
        try:
            return await super().perform(context, input)
        finally:
            context.services.sessions.forget_person(None)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """End the key."""
        await commands.end_api_key(uow, api_key_id=relay.id_of(input.api_key_id, "ApiKey", field=("api_key_id",)))
        return Done({"api_key_id": input.api_key_id})


MUTATIONS = (SignIn, SignOut, ViewerLocale, ShopReview, PairingCreate, PairingRedeem, ApiKeyCreate, ApiKeyEnd)
