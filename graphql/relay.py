"""Relay: global ids, nodes, and connections over keyset pages."""

import asyncio
import base64
import binascii
from abc import abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar
from uuid import UUID

import graphene
from graphql import get_named_type

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit import paging
from pickmesh.core.kit.ids import NIL_ID
from pickmesh.core.kit.refusals import InvalidInput, LimitExceeded, NotFound
from pickmesh.core.kit.texts import sentence, word
from pickmesh.graphql.context import Batch
from pickmesh.graphql.ids import global_id
from pickmesh.graphql.permissions import Open, Queries, Requirement
from pickmesh.scanner.codes import own
from pickmesh.scanner.codes.own import OwnKind

PageOf = Callable[..., Awaitable[paging.Page[Any]]]
NODES_MAX = paging.PAGE_MAX


def parsed(text: str, *, field: Sequence[str | int] = ("id",)) -> tuple[str, UUID]:
    """Return the type and the uuid in a global id; refuses what is none of ours."""
    try:
        type_name, _, uuid = base64.urlsafe_b64decode(text.encode()).decode().partition(":")
        return type_name, UUID(uuid)
    except (binascii.Error, ValueError):
        message = sentence("“{text}” is not an id of ours; take ids from answers.", text=text[:60])
        raise InvalidInput(message, field=field) from None


def id_of(text: str, type_name: str, *, field: Sequence[str | int] = ("id",)) -> UUID:
    """Return the uuid in a global id of one type; an id of another type is refused."""
    found, uuid = parsed(text, field=field)
    if found != type_name:
        message = sentence(
            "That is the id of {found}; the id of {needed} is needed.", found=named(found[:40]), needed=named(type_name)
        )
        raise InvalidInput(message, field=field)
    return uuid


def named(noun: str) -> str:
    """Return a noun of ours with its article: a SKU, an Order."""
    return f"{'an' if noun[:1].lower() in {'a', 'e', 'i', 'o'} else 'a'} {noun}"


def ids_of(texts: Sequence[str], type_name: str, *, field: str) -> list[UUID]:
    """Return the uuids in a list of global ids of one type."""
    return [id_of(text, type_name, field=(field, index)) for index, text in enumerate(texts)]


def optional_id(text: str | None, type_name: str, *, field: Sequence[str | int] = ("id",)) -> UUID | None:
    """Return the uuid in a global id that may be left out."""
    return None if text is None else id_of(text, type_name, field=field)


class Node(graphene.Interface):
    """Anything with an id of its own."""

    id = graphene.ID(required=True, description="The same for ever, and unique over all types.")

    @staticmethod
    def resolve_type(root: Any, _info: Any) -> Any:
        """Tell which type a found node is of."""
        return root.type_


class Found:
    """An object together with its type, where a field may answer several types."""

    __slots__ = ("type_", "value")

    def __init__(self, type_: Any, value: Any) -> None:
        self.type_ = type_
        self.value = value

    def __getattr__(self, name: str) -> Any:
        return getattr(self.value, name)


class ObjectType(graphene.ObjectType):
    """A type with a global id; `by_ids(uow, ids) -> {id: object}` reads many in a fixed number of statements."""

    class Meta:
        abstract = True

    @classmethod
    def resolve_id(cls, root: Any, _info: Any) -> str:
        """Return the global id."""
        return global_id(cls._meta.name, root.id)

    @staticmethod
    @abstractmethod
    async def by_ids(uow: UnitOfWork, ids: Sequence[UUID], /) -> Mapping[UUID, Any]:
        """Return the objects of this merchant among the ids."""


class PageInfo(graphene.ObjectType):
    """Where a page begins and ends, and whether more lies beyond."""

    requires = Open.ANYONE
    has_next_page = graphene.Boolean(required=True)
    has_previous_page = graphene.Boolean(required=True)
    start_cursor = graphene.String()
    end_cursor = graphene.String()


def connection(node: Any, *, name: str | None = None) -> Any:
    """Return the connection type of a node type; it asks for the same permission."""
    base = name or node._meta.name
    shared = {"requires": node.requires}
    edge = type(
        f"{base}Edge",
        (graphene.ObjectType,),
        {
            "__doc__": f"A{named(base)[1:]} and the cursor to go on from.",
            "cursor": graphene.String(required=True),
            "node": graphene.Field(node, required=True),
            **shared,
        },
    )
    return type(
        f"{base}Connection",
        (graphene.ObjectType,),
        {
            "__doc__": f"A page of {base} objects.",
            "edges": graphene.List(graphene.NonNull(edge), required=True),
            "nodes": graphene.List(graphene.NonNull(node), required=True),
            "page_info": graphene.Field(PageInfo, required=True),
            "total_count": graphene.Int(
                description=f"How many there are on all pages, at most {paging.COUNT_MAX}; null where nobody counts.",
                resolver=_resolve_total_count,
            ),
            "total_is_capped": graphene.Boolean(
                description="Whether there are more than totalCount says.", resolver=_resolve_total_is_capped
            ),
            **shared,
        },
    )


def paged(connection_type: Any, resolve: PageOf, description: str, **arguments: Any) -> Any:
    """Return a field that answers pages: `resolve(root, info, request, **filters)` fetches one."""
    return graphene.Field(
        connection_type,
        required=True,
        description=description,
        resolver=partial(_resolve_page, resolve),
        first=graphene.Int(description=f"How many to answer, at most {paging.PAGE_MAX}."),
        after=graphene.String(description="Begin after this cursor."),
        last=graphene.Int(description="How many to answer, counted from the end."),
        before=graphene.String(description="End before this cursor."),
        **arguments,
    )


async def _resolve_page(  # noqa: PLR0917 - graphql-core calls root and info by position
    resolve: PageOf,
    root: Any,
    info: Any,
    first: int | None = None,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
    **filters: Any,
) -> dict[str, Any]:
    request = paging.page_request(first, after, last, before)
    page = await resolve(root, info, request, **filters)
    return page_answer(page)


class _Counting:
    """How many rows a list has: counted when somebody asks for it, once."""

    def __init__(self, count: paging.Count | None) -> None:
        self._count = count
        self._counted: asyncio.Future[int] | None = None

    async def of(self, context: Any) -> int | None:
        """Return the number, one more than the most that are counted when there are more."""
        if self._count is None:
            return None
        if self._counted is None:
            self._counted = asyncio.ensure_future(self._ask(context, self._count))
        return await self._counted

    @staticmethod
    async def _ask(context: Any, count: paging.Count) -> int:
        async with context.reading() as uow:
            return await count(uow)


async def _resolve_total_count(root: Any, info: Any) -> int | None:
    counted = await root["counting"].of(info.context)
    return None if counted is None else min(counted, paging.COUNT_MAX)


async def _resolve_total_is_capped(root: Any, info: Any) -> bool | None:
    counted = await root["counting"].of(info.context)
    return None if counted is None else counted > paging.COUNT_MAX


def page_answer(page: paging.Page[Any]) -> dict[str, Any]:
    """Return a page as its connection type reads it."""
    edges = [{"cursor": cursor, "node": item} for cursor, item in zip(page.cursors, page.items, strict=True)]
    return {
        "edges": edges,
        "nodes": page.items,
        "counting": _Counting(page.count),
        "page_info": {
            "has_next_page": page.has_next,
            "has_previous_page": page.has_previous,
            "start_cursor": page.cursors[0] if page.cursors else None,
            "end_cursor": page.cursors[-1] if page.cursors else None,
        },
    }


class NodeQueries(Queries):
    """Anything by its id."""

    requires: ClassVar[Requirement] = Open.SIGNED_IN
    node = graphene.Field(Node, id=graphene.ID(required=True), description="Whatever has this id, if it is yours.")
    nodes = graphene.List(
        Node,
        required=True,
        ids=graphene.List(graphene.NonNull(graphene.ID), required=True),
        description=f"Whatever has these ids, in their order, null for what is not yours; at most {NODES_MAX}.",
    )

    @staticmethod
    async def resolve_node(_root: Any, info: Any, id: str) -> Found | None:
        """Return one node."""
        return await found_node(info, id, ("id",))

    @staticmethod
    def resolve_nodes(_root: Any, info: Any, ids: list[str]) -> list[Awaitable[Found | None]]:
        """Return many nodes, those of one type together."""
        if len(ids) > NODES_MAX:
            raise LimitExceeded(sentence("Ask for at most {most} nodes at a time.", most=NODES_MAX), field=("ids",))
        return [found_node(info, text, ("ids", index)) for index, text in enumerate(ids)]


async def found_node(info: Any, text: str, field: Sequence[str | int]) -> Found | None:
    """Return the node of a global id; None when it is not there, or not for this actor."""
    type_name, uuid = parsed(text, field=field)
    graphql_type = info.schema.get_type(type_name)
    type_ = getattr(graphql_type, "graphene_type", None)
    if type_ is None or not issubclass(type_, ObjectType) or type_.requires not in info.context.granted:
        return None
    value = await info.context.load(type_.by_ids, uuid)
    return None if value is None else Found(type_, value)


def node_type(name: str) -> Any:
    """Return the type of a name whose objects have global ids; None when there is none."""
    return next((type_ for type_ in ObjectType.__subclasses__() if type_._meta.name == name), None)


async def found(info: Any, named: Sequence[tuple[Any, UUID]]) -> list[Found]:
    """Return the objects of several types with these ids, in their order, without those that are not there."""
    values = await asyncio.gather(*(info.context.load(type_.by_ids, uuid) for type_, uuid in named))
    return [Found(type_, value) for (type_, _), value in zip(named, values, strict=True) if value is not None]


async def require_there(uow: UnitOfWork, batch: Batch, id: UUID, *, field: Sequence[str | int]) -> None:
    """Refuse with NOT_FOUND what is not there, before a command that would only do nothing about it."""
    if id not in await batch(uow, [id]):
        raise NotFound(field=field)


def link(attribute: str, type_: Any, *, required: bool = False, description: str | None = None) -> Any:
    """Return a field that answers the object whose id stands in the parent's attribute; NIL_ID and None answer null."""
    return graphene.Field(type_, required=required, description=description, resolver=partial(_resolve_link, attribute))


def _resolve_link(attribute: str, root: Any, info: Any) -> Awaitable[Any] | None:
    found = root[attribute] if isinstance(root, dict) else getattr(root, attribute)
    if found is None or found == NIL_ID:
        return None
    batch = get_named_type(info.return_type).graphene_type.by_ids
    awaited: Awaitable[Any] = info.context.load(batch, found if isinstance(found, UUID) else UUID(found))
    return awaited


def own_id(type_name: str) -> Any:
    """Return the id field of a type that is no node: shown, and taken by mutations, but not looked up by it."""

    def resolve(root: Any, _info: Any) -> str:
        return global_id(type_name, root.id)

    return graphene.Field(graphene.ID, required=True, resolver=resolve)


def number(kind: OwnKind) -> Any:
    """Return the number field of a document, as people see it: W-0017."""

    def resolve(root: Any, _info: Any) -> str:
        return own.number_text(kind, root.number)

    return graphene.Field(graphene.String, required=True, resolver=resolve)


def number_of(text: str, kind: OwnKind, *, field: Sequence[str | int] = ("number",)) -> int:
    """Return the number in a document's number as people see or type it: W-0017, w17, 17; refuses what is none."""
    said = text.strip()
    label = own.read_label(f"{kind.value}-{said}" if said.isdecimal() else said, typed=True)
    if label is None or label.kind is not kind or label.value is None:
        wrong = sentence(
            "“{text}” is no number of {noun}; write it as {example}.",
            text=text[:40],
            noun=_document(kind),
            example=own.number_text(kind, 17),
        )
        raise InvalidInput((label and label.problem) or wrong, field=field)
    return int(label.value.removeprefix(f"{kind.value}-"))


def _document(kind: OwnKind) -> str:
    noun = word(kind.name)
    return sentence("an {noun}", noun=noun) if named(noun).startswith("an ") else sentence("a {noun}", noun=noun)


def numbers_of(texts: Sequence[str] | None, kind: OwnKind) -> list[int] | None:
    """Return the numbers in a list of documents' numbers; None when there is no list."""
    if texts is None:
        return None
    return [number_of(text, kind, field=("numbers", index)) for index, text in enumerate(texts)]


def some(type_: Any, *, required: bool = False) -> Any:
    """Return an argument or input field that takes a list without nulls."""
    return graphene.List(graphene.NonNull(type_), required=required)


def listing(batch: Batch, type_: Any, description: str | None = None, *, key: str = "id") -> Any:
    """Return a field that answers the list a batch finds under the parent's key."""
    return graphene.Field(
        graphene.List(graphene.NonNull(type_)),
        required=True,
        description=description,
        resolver=partial(_resolve_listing, batch, key),
    )


async def _resolve_listing(batch: Batch, key: str, root: Any, info: Any) -> list[Any]:
    return await info.context.load(batch, getattr(root, key)) or []


def one_of(arguments: Mapping[str, Any]) -> tuple[str, Any]:
    """Return the one argument that is given; refuses none and several."""
    given = [(name, value) for name, value in arguments.items() if value is not None]
    if len(given) != 1:
        message = sentence("Give exactly one of {names}.", names=", ".join(arguments))
        raise InvalidInput(message, field=(next(iter(arguments)),))
    return given[0]
