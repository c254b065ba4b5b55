"""What happened, live: the merchant's event log as a subscription that loses nothing over a reconnect."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from typing import Any, ClassVar

import graphene
from graphql import get_named_type

from pickmesh.core.journal import reading
from pickmesh.core.journal.reading import LoggedEvent
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import InvalidInput
from pickmesh.graphql import ids
from pickmesh.graphql.context import Context
from pickmesh.graphql.permissions import Requirement, Subscriptions
from pickmesh.graphql.scalars import DateTime, Json, Long

LOOK_EVERY_S = 1.0
"""How long a stream waits for the bell before it looks at the log by itself."""
EVENTS_AT_ONCE = 100


class Event(graphene.ObjectType):
    """One thing that happened; remember `seq` and ask for `events(since: seq)` after a reconnect."""

    requires = Permission.EVENTS_READ
    seq = graphene.Field(Long, required=True)
    kind = graphene.String(required=True)
    subject_id = graphene.ID(description="What it happened to.")
    payload = graphene.Field(Json, required=True, description="Ids, quantities and amounts; never personal data.")
    at = graphene.Field(DateTime, required=True)
    worker = graphene.Field(
        "pickmesh.graphql.accounts.Worker",
        description="Who did it, with their name; null for the machinery and for apps.",
    )

    @staticmethod
    def resolve_worker(root: Any, info: Any) -> Any:
        """Return who did it."""
        worker = get_named_type(info.return_type).graphene_type
        return None if root.actor_id is None else info.context.load(worker.by_ids, root.actor_id)

    @staticmethod
    def resolve_subject_id(root: Any, _info: Any) -> str | None:
        """Return the global id of what it happened to."""
        type_name = ids.subject_type(root.kind)
        return type_name and ids.global_id(type_name, root.subject_id)

    @staticmethod
    def resolve_payload(root: Any, _info: Any) -> dict[str, Any]:
        """Return the payload with global ids."""
        return ids.shown(root.payload)


async def stream(context: Context, since: int | None, requirement: Requirement) -> AsyncIterator[Sequence[LoggedEvent]]:
    """Yield what happens after a number (None: from now on), until the caller's session or permission ends.

    Nothing is read while the caller waits, and each batch is read in a unit of work of its own. A number above the
    newest is refused: it comes from a log that is gone (a backup was restored), and waiting would skip what is new.
    """
    async with context.reading() as uow:
        newest = await reading.last_seq(uow)
    await context.renew()
    if since is not None and not 0 <= since <= newest:
        told = f"since must be between 0 and {newest}, the newest event; read the present state and go on from there."
        raise InvalidInput(told, field=("since",))
    seq = newest if since is None else since
    while await context.still_signed_in() and requirement in context.granted:
        async with context.reading() as uow:
            found = await reading.events_after(uow, seq, limit=EVENTS_AT_ONCE)
        await context.renew()
        if found:
            seq = found[-1].seq
            yield found
            await context.renew()
        else:
            await context.services.bell.wait(context.signed_in.merchant_id, at_most_s=LOOK_EVERY_S)


def news_type(node: Any, about: str) -> Any:
    """Return the type that tells of one thing that happened to an object, and of the object as it stands by then."""
    name = node._meta.name
    return type(
        f"{name}News",
        (graphene.ObjectType,),
        {
            "__doc__": f"Something happened to {about}; remember `seq` and go on from it after a reconnect.",
            "requires": node.requires,
            "seq": graphene.Field(Long, required=True),
            "event": graphene.String(required=True, description="The kind of event."),
            name.lower(): graphene.Field(node, required=True, description="As it stands by now."),
        },
    )


async def news(
    context: Context,
    since: int | None,
    node: Any,
    kinds: Collection[str],
    *,
    wanted: Callable[[LoggedEvent], bool] | None = None,
) -> AsyncIterator[dict[str, Any]]:
    """Yield what happens to objects of a type after a number, each event once; what the caller may not see is left out.

    Of `kinds` only those events count that are `wanted`.
    """
    async for found in stream(context, since, node.requires):
        told = [event for event in found if event.kind in kinds and (wanted is None or wanted(event))]
        values = await asyncio.gather(*(context.load(node.by_ids, event.subject_id) for event in told))
        for event, value in zip(told, values, strict=True):
            if value is not None:
                yield {"seq": event.seq, "event": event.kind, node._meta.name.lower(): value}
                await context.renew()


class JournalSubscriptions(Subscriptions):
    """What can be watched in the log."""

    requires: ClassVar[Requirement] = Permission.EVENTS_READ
    events = graphene.Field(
        Event,
        required=True,
        since=graphene.Argument(
            Long, description="The last seq you have seen; left out, only what happens from now on."
        ),
        kinds=graphene.List(graphene.NonNull(graphene.String), description="Only these kinds."),
        description="Everything that happens, in its order, each exactly once.",
    )

    @staticmethod
    async def subscribe_events(
        _root: Any, info: Any, since: int | None = None, kinds: list[str] | None = None
    ) -> AsyncIterator[LoggedEvent]:
        """Stream the log."""
        async for found in stream(info.context, since, Permission.EVENTS_READ):
            for event in found:
                if kinds is None or event.kind in kinds:
                    yield event
                    await info.context.renew()
