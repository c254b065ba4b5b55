"""What the bot has still to tell people in their chats, and how it went. Everything here is for the bot alone."""

from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

import graphene

from pickmesh.core.accounts import directory
from pickmesh.core.accounts import queries as accounts
from pickmesh.core.accounts.directory import EntryKind
from pickmesh.core.chats import links
from pickmesh.core.chats.links import ChatLinkRow
from pickmesh.core.chats.tables import Messenger
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit import languages
from pickmesh.core.kit.actors import system_actor
from pickmesh.core.kit.refusals import InvalidInput
from pickmesh.core.kit.texts import sentence
from pickmesh.core.notices import deliveries
from pickmesh.core.notices.deliveries import Delivered, Failed
from pickmesh.core.notices.queries import NoticeRow
from pickmesh.core.notices.tables import Medium
from pickmesh.graphql import ids, relay
from pickmesh.graphql.base import Done, Mutation, user_error
from pickmesh.graphql.chats import MessengerName
from pickmesh.graphql.context import Context
from pickmesh.graphql.permissions import Open, Queries, Requirement
from pickmesh.graphql.scalars import Json

NOTICES_MAX = 250
DeliveriesUserError = user_error("Deliveries")


@dataclass(frozen=True, slots=True)
class ToTell:
    """A notice on its way to one chat; `text` is in the language of its person."""

    notice: NoticeRow
    link: ChatLinkRow
    locale: str
    text: str


class NoticeAction(graphene.ObjectType):
    """Something that can be done about a notice: a mutation, on what, as it stood."""

    requires = Open.BOT
    operation = graphene.String(required=True)
    subject_id = graphene.ID(required=True)
    version = graphene.Int()
    arguments = graphene.Field(Json, required=True)

    @staticmethod
    def resolve_subject_id(root: Any, _info: Any) -> str:
        """Return the global id of what it is done to."""
        return ids.global_id(root.type_name, root.subject_id)

    @staticmethod
    def resolve_arguments(root: Any, _info: Any) -> dict[str, Any]:
        """Return what is told along."""
        return dict(root.arguments)


class BotNotice(graphene.ObjectType):
    """A notice that one chat has still to be told."""

    requires = Open.BOT
    id = graphene.ID(required=True)
    version = graphene.Int(required=True)
    kind = graphene.String(required=True)
    state = graphene.String(required=True)
    messenger = graphene.Field(MessengerName, required=True)
    account = graphene.String(required=True)
    chat = graphene.String(required=True)
    locale = graphene.String(required=True)
    text = graphene.String(required=True, description="In the language of whom it is for.")
    actions = graphene.List(graphene.NonNull(NoticeAction), required=True)

    @staticmethod
    def resolve_id(root: ToTell, _info: Any) -> str:
        """Return the notice's global id."""
        return ids.global_id("Notice", root.notice.id)

    @staticmethod
    def resolve_version(root: ToTell, _info: Any) -> int:
        """Return which version of it this is."""
        return root.notice.version

    @staticmethod
    def resolve_kind(root: ToTell, _info: Any) -> str:
        """Return what it is about."""
        return root.notice.kind

    @staticmethod
    def resolve_state(root: ToTell, _info: Any) -> str:
        """Return whether it still matters."""
        return root.notice.state

    @staticmethod
    def resolve_messenger(root: ToTell, _info: Any) -> str:
        """Return where the chat is."""
        return root.link.messenger

    @staticmethod
    def resolve_account(root: ToTell, _info: Any) -> str:
        """Return whom the messenger knows the person as."""
        return root.link.account

    @staticmethod
    def resolve_chat(root: ToTell, _info: Any) -> str:
        """Return where it is told."""
        return root.link.chat

    @staticmethod
    def resolve_actions(root: ToTell, _info: Any) -> Any:
        """Return what can be done."""
        return root.notice.actions


class DeliveriesQueries(Queries):
    """What the bot may ask without an account."""

    requires: ClassVar[Requirement] = Open.BOT
    bot_notices = graphene.List(
        graphene.NonNull(BotNotice),
        required=True,
        messenger=graphene.Argument(MessengerName, required=True),
        description=f"For the bot: what waits to be told in chats, of all merchants; at most {NOTICES_MAX} of each.",
    )

    @staticmethod
    async def resolve_bot_notices(_root: Any, info: Any, messenger: Any) -> list[ToTell]:
        """Return what waits, merchant by merchant: each is read inside its own wall."""
        database = info.context.database
        async with database.directory() as connection:
            merchant_ids = await directory.merchants_with(connection, EntryKind.CHAT_ACCOUNT)
        waiting: list[ToTell] = []
        for merchant_id in merchant_ids:
            async with database.reading(system_actor(merchant_id)) as uow:
                waiting += await _waiting(uow, Messenger(messenger))
        return waiting


async def _waiting(uow: UnitOfWork, messenger: Messenger) -> list[ToTell]:
    chats: dict[UUID, list[ChatLinkRow]] = {}
    for link in await links.open_links(uow, messenger):
        chats.setdefault(link.person_id, []).append(link)
    if not chats:
        return []
    found = await deliveries.waiting(uow, Medium.CHAT, person_ids=chats, limit=NOTICES_MAX)
    people = await accounts.people_by_id(uow, {each.notice.person_id for each in found}) if found else {}
    return [
        ToTell(each.notice, link, person.locale, languages.translate(each.notice.text, person.locale))
        for each in found
        if (person := people.get(each.notice.person_id)) is not None
        for link in chats[each.notice.person_id]
    ]


class NoticeDelivered(Mutation):
    """For the bot: a version of a notice got to the asking chat; a newer one stays on its way."""

    requires = Open.BOT
    user_error = DeliveriesUserError

    class Input:
        notice_id = graphene.ID(required=True)
        version = graphene.Int(required=True)

    class Payload:
        delivered = graphene.Boolean()

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Note it."""
        _require_chat(context)
        notice_id = relay.id_of(input.notice_id, "Notice", field=("notice_id",))
        await deliveries.delivered(uow, Medium.CHAT, [Delivered(notice_id, input.version)])
        return Done({"delivered": True})


class NoticeFailed(Mutation):
    """For the bot: a version of a notice did not get to the asking chat; it is tried again a few times."""

    requires = Open.BOT
    user_error = DeliveriesUserError

    class Input:
        notice_id = graphene.ID(required=True)
        version = graphene.Int(required=True)
        error = graphene.String(required=True)

    class Payload:
        failed = graphene.Boolean()

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Note it."""
        _require_chat(context)
        notice_id = relay.id_of(input.notice_id, "Notice", field=("notice_id",))
        await deliveries.failed(uow, Medium.CHAT, [Failed(notice_id, input.version, input.error)])
        return Done({"failed": True})


def _require_chat(context: Context) -> None:
    if context.chat_link is None:
        raise InvalidInput(sentence("This is asked from a linked chat, by the bot."))


MUTATIONS = (NoticeDelivered, NoticeFailed)
