"""Chats: linking accounts, what buttons mean, which message shows what. What the bot needs to speak for people."""

from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

import graphene

from pickmesh.core.accounts import queries as accounts
from pickmesh.core.accounts import refusals as account_refusals
from pickmesh.core.chats import buttons, links, messages, refusals
from pickmesh.core.chats.buttons import NewButton
from pickmesh.core.chats.messages import Sent
from pickmesh.core.chats.tables import Messenger
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.actors import system_actor
from pickmesh.core.kit.refusals import InvalidInput, LimitExceeded, NotFound
from pickmesh.core.kit.texts import sentence
from pickmesh.graphql import chat_sessions, ids, relay
from pickmesh.graphql.accounts import RoleName
from pickmesh.graphql.base import Done, Mutation, user_error
from pickmesh.graphql.context import Context
from pickmesh.graphql.permissions import Open, Queries, Requirement
from pickmesh.graphql.scalars import DateTime, Json

MessengerName = graphene.Enum.from_enum(Messenger, name="Messenger", description="Where a chat is.")
ChatsUserError = user_error("Chats", refusals, account_refusals)
BUTTONS_MAX = 100
SUBJECT_TYPE = "subjectType"
"""Under this name a button's arguments keep the type of its subject."""
OVER_BY_BLOCK = "BLOCKED"


class ChatAccount(graphene.ObjectType):
    """A messenger account that speaks for me."""

    requires = Open.SIGNED_IN
    id = relay.own_id("ChatAccount")
    messenger = graphene.Field(MessengerName, required=True)
    linked_at = graphene.Field(DateTime, required=True)


class ChatMessage(graphene.ObjectType):
    """A message of ours in the asking chat that may be edited."""

    requires = Open.BOT
    about = graphene.String(required=True)
    subject_id = graphene.ID(required=True)
    message = graphene.String(required=True)
    content_hash = graphene.String(required=True)

    @staticmethod
    def resolve_subject_id(root: Any, _info: Any) -> str:
        """Return the global id of what the message shows."""
        return ids.global_id(root.about, root.subject_id)


class Button(graphene.ObjectType):
    """What a pressed button means."""

    requires = Open.SIGNED_IN
    operation = graphene.String(required=True)
    arguments = graphene.Field(Json, required=True)


class ChatsQueries(Queries):
    """What may be asked of chats."""

    requires: ClassVar[Requirement] = Open.SIGNED_IN
    field_requires: ClassVar[Mapping[str, Requirement]] = {"chat_messages": Open.BOT}
    chat_accounts = graphene.List(
        graphene.NonNull(ChatAccount), required=True, description="The messenger accounts that speak for me."
    )
    chat_messages = graphene.List(
        graphene.NonNull(ChatMessage),
        required=True,
        about=graphene.String(required=True, description="The type of what they show."),
        description="For the bot: what the asking chat shows, the newest first.",
    )

    @staticmethod
    async def resolve_chat_accounts(_root: Any, info: Any) -> list[Any]:
        """Return my links."""
        person_id = info.context.signed_in.person_id
        if person_id is None:
            return []
        async with info.context.reading() as uow:
            return (await links.links_of_people(uow, [person_id])).get(person_id, [])

    @staticmethod
    async def resolve_chat_messages(_root: Any, info: Any, about: str) -> list[Any]:
        """Return the messages."""
        link = _link_of(info.context)
        async with info.context.reading() as uow:
            found = await messages.of_links(uow, about, [link.id])
        return sorted(found.values(), key=lambda row: (row.edited_at or row.sent_at, row.id), reverse=True)


class ChatInvite(Mutation):
    """Make a token that links one chat to a person when it is sent there behind /start; it opens for 15 minutes."""

    requires = Open.SIGNED_IN
    user_error = ChatsUserError

    class Input:
        person_id = graphene.ID(description="Whose chat; mine when left out.")

    class Payload:
        token = graphene.String(description="Shown this once; null when the same request is repeated.")
        link = graphene.String(description="Opens a chat with the bot and sends the token; null without a bot's name.")

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Invite."""
        asked = relay.optional_id(input.person_id, "Person", field=("person_id",))
        person_id = asked or uow.actor.person_id
        if person_id is None:
            raise InvalidInput(sentence("Say whose chat is to be linked."), field=("person_id",))
        token = await chat_sessions.invite(uow, person_id=person_id)
        bot = context.services.bot_name
        return Done(once={"token": token, "link": bot and f"https://t.me/{bot}?start={token}"})


class ChatLink(Mutation):
    """For the bot: link an account to the person whose token it sent; an older link of the account ends."""

    requires = Open.BOT
    user_error = ChatsUserError
    repeatable = False

    class Input:
        token = graphene.String(required=True)
        messenger = graphene.Field(MessengerName, required=True)
        account = graphene.String(required=True, description="Who wrote.")
        chat = graphene.String(required=True, description="Where answers go.")

    class Payload:
        name = graphene.String(description="Whom the account speaks for.")
        role = graphene.Field(RoleName)
        locale = graphene.String()
        merchant_name = graphene.String()

    @classmethod
    async def perform(cls, context: Context, input: Any) -> Done:
        """Link; the token says which merchant's it is."""
        messenger = Messenger(input.messenger)
        linked = await chat_sessions.link(
            context.database, token=input.token, messenger=messenger, account=input.account, chat=input.chat
        )
        context.services.sessions.forget_chat(links.address(messenger, input.account))
        async with context.database.reading(linked.actor) as uow:
            merchant, person = await accounts.merchant(uow), await accounts.viewer(uow)
        told = {"role": linked.actor.role, "locale": linked.actor.locale, "merchant_name": merchant.name}
        return Done(once={**told, "name": person.name if person else None})


class ChatUnlink(Mutation):
    """End links of mine: the asking chat's, or the given ones; others' need floor:manage."""

    requires = Open.SIGNED_IN
    user_error = ChatsUserError

    class Input:
        account_ids = relay.some(graphene.ID)
        blocked = graphene.Boolean(
            required=True, default_value=False, description="The messenger no longer lets us write there."
        )

    class Payload:
        ended = graphene.Int(description="How many links ended.")

    @classmethod
    async def perform(cls, context: Context, input: Any) -> Done:
        """Unlink, then look the person's chats up anew."""
        try:
            return await super().perform(context, input)
        finally:
            context.services.sessions.forget_person(context.signed_in.person_id)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Unlink."""
        if input.account_ids:
            which = relay.ids_of(input.account_ids, "ChatAccount", field="account_ids")
            if len(await links.links_by_id(uow, which)) < len(set(which)):
                raise NotFound(field=("account_ids",))
        else:
            which = [_link_of(context).id]
        reason = OVER_BY_BLOCK if input.blocked else "UNLINKED"
        return Done({"ended": len(await chat_sessions.unlink(uow, which, reason=reason))})


class ChatMigrate(Mutation):
    """For the bot: the asking chat has another address now."""

    requires = Open.SIGNED_IN
    user_error = ChatsUserError

    class Input:
        chat = graphene.String(required=True, description="Where answers go from now on.")

    class Payload:
        moved = graphene.Int(description="How many links lead there now.")

    @classmethod
    async def perform(cls, context: Context, input: Any) -> Done:
        """Move the links of the chat, which may be several people's, then look this one up anew."""
        link = _link_of(context)

        async def move(uow: UnitOfWork) -> Done:
            moved = await links.migrate_chat(uow, messenger=Messenger(link.messenger), old=link.chat, new=input.chat)
            return Done({"moved": len(moved)})

        try:
            return await context.database.run(system_actor(context.signed_in.merchant_id), move)
        finally:
            context.services.sessions.forget_person(context.signed_in.person_id)


class ButtonInput(graphene.InputObjectType):
    """A button to make."""

    operation = graphene.String(required=True)
    arguments = Json(required=True)
    subject_id = graphene.ID(description="What it acts on.")
    subject_version = graphene.Int(description="Pressed when the subject has another version, the button is refused.")


class ChatButtons(Mutation):
    """For the bot: keys that fit a messenger's buttons, each standing for an operation of mine as things stand now."""

    requires = Open.SIGNED_IN
    user_error = ChatsUserError

    class Input:
        buttons = relay.some(ButtonInput, required=True)

    class Payload:
        keys = graphene.List(graphene.NonNull(graphene.String), description="In the order of the input.")

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Mint."""
        if len(input.buttons) > BUTTONS_MAX:
            raise LimitExceeded(sentence("A message has at most {most} buttons.", most=BUTTONS_MAX), field=("buttons",))
        person_id = _link_of(context).person_id
        wanted = [_new_button(person_id, each, index) for index, each in enumerate(input.buttons)]
        return Done({"keys": await buttons.mint(uow, wanted)})


class ButtonPress(Mutation):
    """Say what a button of mine means; refuses one that is unknown, expired, another's or overtaken by its subject."""

    requires = Open.SIGNED_IN
    user_error = ChatsUserError

    class Input:
        key = graphene.String(required=True)

    class Payload:
        button = graphene.Field(Button)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Press; sent again under the same key it means the same, though its subject has moved on by then."""
        pressed = await buttons.press(uow, input.key, _link_of(context).person_id)
        arguments = dict(pressed.arguments)
        type_ = relay.node_type(str(arguments.pop(SUBJECT_TYPE, "")))
        if type_ is not None and pressed.subject_id is not None and pressed.subject_version is not None:
            found = (await type_.by_ids(uow, [pressed.subject_id])).get(pressed.subject_id)
            buttons.require_current(pressed, None if found is None else found.version)
        return Done({"button": {"operation": pressed.operation, "arguments": arguments}})


class ChatMessageRemember(Mutation):
    """For the bot: which message in the asking chat shows a subject, and how it looks."""

    requires = Open.SIGNED_IN
    user_error = ChatsUserError

    class Input:
        about = graphene.String(required=True, description="The type of what it shows.")
        subject_id = graphene.ID(required=True)
        message = graphene.String(required=True)
        content_hash = graphene.String(required=True)

    class Payload:
        remembered = graphene.Boolean()

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Remember."""
        subject_id = relay.id_of(input.subject_id, input.about, field=("subject_id",))
        sent = Sent(_link_of(context).id, input.about, subject_id, input.message, input.content_hash)
        await messages.remember(uow, [sent])
        return Done({"remembered": True})


class ChatMessageForget(Mutation):
    """For the bot: what a message shows is over; what is told next about it is a new message."""

    requires = Open.SIGNED_IN
    user_error = ChatsUserError

    class Input:
        about = graphene.String(required=True, description="The type of what it shows.")
        subject_id = graphene.ID(required=True)

    class Payload:
        forgotten = graphene.Boolean()

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Forget."""
        subject_id = relay.id_of(input.subject_id, input.about, field=("subject_id",))
        await messages.forget(uow, _link_of(context).id, input.about, [subject_id])
        return Done({"forgotten": True})


def _link_of(context: Context) -> links.ChatLinkRow:
    """Return the chat that asks; refuses whoever asks by other ways than a chat."""
    if context.chat_link is None:
        raise InvalidInput(sentence("This is asked from a linked chat, by the bot."))
    return context.chat_link


def _new_button(person_id: UUID, asked: Any, index: int) -> NewButton:
    if not isinstance(asked.arguments, dict):
        message = sentence("A button's arguments are a JSON object.")
        raise InvalidInput(message, field=("buttons", index, "arguments"))
    if asked.subject_id is None:
        return NewButton(person_id, asked.operation, asked.arguments)
    type_name, subject_id = relay.parsed(asked.subject_id, field=("buttons", index, "subject_id"))
    arguments = {**asked.arguments, SUBJECT_TYPE: type_name}
    return NewButton(person_id, asked.operation, arguments, subject_id, asked.subject_version)


MUTATIONS = (
    ChatInvite,
    ChatLink,
    ChatUnlink,
    ChatMigrate,
    ChatButtons,
    ButtonPress,
    ChatMessageRemember,
    ChatMessageForget,
)
