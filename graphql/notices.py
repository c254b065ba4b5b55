"""What I am told: notices, what can be done about them, and how the bot brings them to chats.

The bot serves all merchants. By its credential alone it learns which chats something waits for, and nothing else; what
waits it reads, and reports on, as the person each chat is linked to.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, ClassVar
from uuid import UUID

import graphene

from pickmesh.core.chats.tables import Messenger
from pickmesh.core.journal.reading import LoggedEvent
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.paging import Page, PageRequest
from pickmesh.core.kit.refusals import NotFound, Refused
from pickmesh.core.notices import commands, deliveries, events, queries
from pickmesh.core.notices.deliveries import Delivered, Failed
from pickmesh.core.notices.queries import NoticeRow
from pickmesh.core.notices.tables import Medium, NoticeKind, NoticeState
from pickmesh.graphql import chat_deliveries, ids, relay
from pickmesh.graphql.base import Done, Many, Mutation, limited, user_error
from pickmesh.graphql.chats import MessengerName
from pickmesh.graphql.context import Context
from pickmesh.graphql.journal import news, news_type
from pickmesh.graphql.permissions import Open, Queries, Requirement, Subscriptions
from pickmesh.graphql.scalars import DateTime, Json, Long

BATCH_MAX = 250
NoticeKindName = graphene.Enum.from_enum(NoticeKind, name="NoticeKind")
NoticeStateName = graphene.Enum.from_enum(NoticeState, name="NoticeState")
NoticesUserError = user_error("Notices")
SUBJECT_TYPES = {
    NoticeKind.ALERT: "Alert",
    NoticeKind.SHORT_PICK: "Alert",
    NoticeKind.INTERCEPTION: "Alert",
    NoticeKind.DROPSHIP: "Dropship",
}
"""The type of what a notice of a kind is about; an announcement is about itself."""


async def notices_by_ids(uow: UnitOfWork, notice_ids: Sequence[UUID]) -> Mapping[UUID, NoticeRow]:
    """Return the caller's own notices."""
    found = await queries.notices_by_id(uow, notice_ids)
    return {key: row for key, row in found.items() if row.person_id == uow.actor.person_id}


class NoticeAction(graphene.ObjectType):
    """Something I can do about it: a mutation, and the object it is for as it stood when I was told."""

    requires = Open.SIGNED_IN
    operation = graphene.String(required=True, description="The mutation's name.")
    subject_id = graphene.ID(required=True)
    version = graphene.Int(description="The subject's, for the mutation's ifVersion.")
    arguments = graphene.Field(Json, required=True)

    @staticmethod
    def resolve_subject_id(root: Any, _info: Any) -> str:
        """Return the global id of what it acts on."""
        return ids.global_id(root.type_name, root.subject_id)

    @staticmethod
    def resolve_arguments(root: Any, _info: Any) -> dict[str, Any]:
        """Return the arguments by name."""
        return dict(root.arguments)


class Notice(relay.ObjectType):
    """What I am told about one subject; told again, it changes in place, and when it is over it says how it ended."""

    class Meta:
        interfaces = (relay.Node,)

    requires = Open.SIGNED_IN
    kind = graphene.Field(NoticeKindName, required=True)
    state = graphene.Field(NoticeStateName, required=True)
    text = graphene.String(required=True, description="What it says, in the caller's language.")
    actions = graphene.List(graphene.NonNull(NoticeAction), required=True, description="None once it is over.")
    subject = graphene.Field(relay.Node, description="What it is about, if the caller may see it.")
    posted_at = graphene.Field(DateTime, required=True)
    changed_at = graphene.Field(DateTime, required=True)
    read_at = graphene.Field(DateTime, description="Null until it is seen as it reads now.")
    version = graphene.Int(required=True)

    by_ids = staticmethod(notices_by_ids)

    @staticmethod
    def resolve_text(root: Any, info: Any) -> str:
        """Return the text in the language of the operation."""
        text: str = info.context.says(root.text)
        return text

    @staticmethod
    async def resolve_subject(root: Any, info: Any) -> Any:
        """Return what it is about."""
        type_name = SUBJECT_TYPES.get(root.kind)
        if type_name is None:
            return None
        return await relay.found_node(info, ids.global_id(type_name, root.subject_id), ("subject",))


class NoticeWaiting(graphene.ObjectType):
    """A notice on its way to a chat."""

    requires = Open.SIGNED_IN
    notice = graphene.Field(Notice, required=True)
    delivered = graphene.Int(required=True, description="The version that got there before, 0 for none.")
    attempts = graphene.Int(required=True, description="How often its present version did not get there.")


class ChatWaiting(graphene.ObjectType):
    """A chat that something waits for; what it is must be asked as that chat's account."""

    requires = Open.BOT
    account = graphene.String(required=True)
    chat = graphene.String(required=True)
    locale = graphene.String(required=True)


NoticeNews = news_type(Notice, "a notice of mine")


async def _page_of_notices(
    _root: Any,
    info: Any,
    request: PageRequest,
    states: list[NoticeState] | None = None,
    kinds: list[NoticeKind] | None = None,
    unread: bool | None = None,
) -> Page[Any]:
    async with info.context.reading() as uow:
        return await queries.page(uow, request, states=states, kinds=kinds, unread=unread)


class NoticesQueries(Queries):
    """What may be asked of notices; everybody sees their own."""

    requires: ClassVar[Requirement] = Open.SIGNED_IN
    field_requires: ClassVar[Mapping[str, Requirement]] = {"chats_waiting": Open.BOT, "notices_waiting": Open.BOT}
    notices = relay.paged(
        relay.connection(Notice),
        _page_of_notices,
        "My notices, the last changed first.",
        states=relay.some(NoticeStateName),
        kinds=relay.some(NoticeKindName),
        unread=graphene.Boolean(),
    )
    notices_unread = graphene.Int(required=True, description="How many of my notices are unseen.")
    chats_waiting = graphene.List(
        graphene.NonNull(ChatWaiting),
        required=True,
        messenger=graphene.Argument(MessengerName, required=True),
        first=graphene.Int(
            required=True, default_value=chat_deliveries.CHATS_MAX, description="At most so many chats."
        ),
        description="For the bot alone: chats of any merchant that notices wait for, the longest waiting first.",
    )
    notices_waiting = graphene.List(
        graphene.NonNull(NoticeWaiting),
        required=True,
        first=graphene.Int(required=True, default_value=50, description=f"At most {deliveries.WAITING_MAX}."),
        after=graphene.ID(description="Only notices after this one."),
        description="For the bot: what waits for the person of the asking chat, the oldest first.",
    )

    @staticmethod
    async def resolve_notices_unread(_root: Any, info: Any) -> int:
        """Count."""
        async with info.context.reading() as uow:
            return await queries.unread(uow)

    @staticmethod
    async def resolve_chats_waiting(_root: Any, info: Any, messenger: Messenger, first: int) -> Sequence[Any]:
        """Return the chats."""
        return await chat_deliveries.waiting_chats(info.context.database, Messenger(messenger), limit=first)

    @staticmethod
    async def resolve_notices_waiting(_root: Any, info: Any, first: int, after: str | None = None) -> Sequence[Any]:
        """Return what waits for whoever asks."""
        after_id = relay.optional_id(after, "Notice", field=("after",))
        person_id = chat_deliveries.link_of(info.context).person_id
        async with info.context.reading() as uow:
            return await deliveries.waiting(
                uow, Medium.CHAT, person_ids=[person_id], after=after_id, limit=max(0, first)
            )


class NoticesSubscriptions(Subscriptions):
    """What can be watched in notices."""

    requires: ClassVar[Requirement] = Open.SIGNED_IN
    notice_posted = graphene.Field(
        NoticeNews,
        required=True,
        since=graphene.Argument(
            Long, description="The last seq you have seen; left out, only what is posted from now."
        ),
        description="My notices as they are posted, changed or closed, in their order, each change exactly once.",
    )

    @staticmethod
    async def subscribe_notice_posted(_root: Any, info: Any, since: int | None = None) -> AsyncIterator[Any]:
        """Stream my notices."""
        me = str(info.context.signed_in.person_id)

        def is_mine(event: LoggedEvent) -> bool:
            return bool(event.payload["person_id"] == me)

        kinds = {events.NoticePosted.kind}
        async for told in news(info.context, since, Notice, kinds, wanted=is_mine):
            yield told


class NoticeRead(Mutation):
    """Mark notices of mine as seen; one that changes later is unseen again."""

    requires = Open.SIGNED_IN
    user_error = NoticesUserError
    items = "noticeIds"

    class Input:
        notice_ids = relay.some(graphene.ID, required=True)

    class Payload:
        notices = Many(Notice)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Mark."""
        given = limited(input.notice_ids, BATCH_MAX, "noticeIds")
        mine, refused = await _own(uow, relay.ids_of(given, "Notice", field="noticeIds"))
        await commands.read(uow, mine)
        return Done({"notices": mine}, refused)


class NoticeDelivered(Mutation):
    """For the bot: a version of a notice got to the asking chat; one that changed meanwhile still waits."""

    requires = Open.SIGNED_IN
    user_error = NoticesUserError

    class Input:
        notice_id = graphene.ID(required=True)
        version = graphene.Int(required=True)

    class Payload:
        delivered = graphene.Boolean()

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Note it."""
        notice_id = await _named(uow, input, context)
        await deliveries.delivered(uow, Medium.CHAT, [Delivered(notice_id, input.version)])
        return Done({"delivered": True})


class NoticeFailed(Mutation):
    """For the bot: a version of a notice did not get to the asking chat; it is tried eight times at most."""

    requires = Open.SIGNED_IN
    user_error = NoticesUserError

    class Input:
        notice_id = graphene.ID(required=True)
        version = graphene.Int(required=True)
        error = graphene.String(required=True, description="What the messenger said.")
        final = graphene.Boolean(
            required=True, default_value=False, description="Not to be tried again until the notice changes."
        )

    class Payload:
        failed = graphene.Boolean()

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Note it."""
        notice_id = await _named(uow, input, context)
        failure = Failed(notice_id, input.version, input.error, is_final=input.final)
        await deliveries.failed(uow, Medium.CHAT, [failure])
        return Done({"failed": True})


async def _named(uow: UnitOfWork, input: Any, context: Context) -> UUID:
    """Return the notice of the input; refuses others' notices, and whoever asks by other ways than a chat."""
    notice_id = relay.id_of(input.notice_id, "Notice", field=("noticeId",))
    await relay.require_there(uow, notices_by_ids, notice_id, field=("noticeId",))
    chat_deliveries.link_of(context)
    return notice_id


async def _own(uow: UnitOfWork, notice_ids: Sequence[UUID]) -> tuple[list[UUID], list[Refused]]:
    """Return the caller's own among notices, and the refusals of the others."""
    mine = await notices_by_ids(uow, notice_ids)
    refused = [Refused(index, NotFound()) for index, each in enumerate(notice_ids) if each not in mine]
    return [each for each in dict.fromkeys(notice_ids) if each in mine], refused


MUTATIONS = (NoticeRead, NoticeDelivered, NoticeFailed)
