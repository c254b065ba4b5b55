"""How every mutation works: one `input`, one unit of work, refusals as `userErrors`, a key that makes it repeatable.

A mutation is a class with a docstring, `requires`, `user_error`, `Input`, `Payload` and `run`. Its input and payload
types are made from the attributes; `idempotencyKey` and `userErrors` are added to them.
"""

import asyncio
from abc import abstractmethod
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from types import ModuleType
from typing import Any, ClassVar
from uuid import UUID

import graphene
from graphene.utils.str_converters import to_camel_case
from graphql import get_named_type

from pickmesh.core.journal import group_commit, idempotency
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit import languages, refusals
from pickmesh.core.kit import texts as texts_kept
from pickmesh.core.kit.refusals import LimitExceeded, NotFound, Refusal, Refused
from pickmesh.core.kit.texts import sentence
from pickmesh.graphql import ids, texts
from pickmesh.graphql.context import Context
from pickmesh.graphql.permissions import Open, Requirement, denial
from pickmesh.graphql.scalars import Json

EVERYWHERE = (refusals, idempotency, group_commit)


@dataclass(frozen=True, slots=True)
class Done:
    """What a mutation did: ids of changed objects and codes under the payload's names, and the items it refused.

    `once` holds what is answered now and never again, such as a fresh token: it is not kept with the key.
    """

    changed: Mapping[str, Any] = field(default_factory=dict)
    refused: Sequence[Refused] = ()
    once: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class One:
    """A payload field that answers one changed object, read anew after the commit."""

    type_: Any


@dataclass(frozen=True, slots=True)
class Many:
    """A payload field that answers the changed objects, read anew after the commit."""

    type_: Any


class Mutation:
    """One root mutation field."""

    requires: ClassVar[Requirement]
    user_error: ClassVar[Any]
    subject: ClassVar[str | None] = None
    """The type of what a refusal's data names under `id`."""
    items: ClassVar[str | None] = None
    """The input's list that `Refused.index` counts in."""
    nothing: ClassVar[Mapping[str, Any]] = {}
    """What a payload that may not be null answers when everything is refused."""
    repeatable: ClassVar[bool] = True
    """Whether the input takes an idempotencyKey; False only where there is no merchant yet or the entries have ids."""
    takes_any_text: ClassVar[bool] = False
    """Whether run copes with text no database keeps: no scan is refused for it, and of many orders only its own."""
    Input: ClassVar[type]
    Payload: ClassVar[type]
    field_name: ClassVar[str]
    input_type: ClassVar[Any]
    payload_type: ClassVar[Any]

    def __init_subclass__(cls) -> None:
        name = cls.__name__
        cls.field_name = name[0].lower() + name[1:]
        inputs = _declared(cls.Input)
        if cls.repeatable:
            inputs["idempotency_key"] = graphene.String(
                description="Your own key for this request: sent again within 7 days it changes nothing more."
            )
        outputs = {key: _output(key, value) for key, value in _declared(cls.Payload).items()}
        errors = graphene.List(graphene.NonNull(cls.user_error), required=True, description="What was refused, if any.")
        cls.input_type = type(
            f"{name}Input", (graphene.InputObjectType,), {"__doc__": f"Of {cls.field_name}.", **inputs}
        )
        cls.payload_type = type(
            f"{name}Payload",
            (graphene.ObjectType,),
            # A payload is reached only through its mutation, which asks for the permission and tells a denial in it.
            {"__doc__": f"Of {cls.field_name}.", "requires": Open.ANYONE, **outputs, "user_errors": errors},
        )

    @classmethod
    def mounted(cls) -> Any:
        """Return the root field."""
        return graphene.Field(
            cls.payload_type,
            input=graphene.Argument(cls.input_type, required=True),
            description=cls.__doc__,
            resolver=cls.resolve,
        )

    @classmethod
    async def resolve(cls, _root: Any, info: Any, input: Any) -> dict[str, Any]:
        """Do it and answer; a refusal is caught here, outside its unit of work, so that it has rolled back.

        Nobody signed in is a bad request, answered as a GraphQL error; a role that may not is a refusal like others.
        """
        context: Context = info.context
        if cls.requires not in context.granted:
            refusal = denial(context.actor, cls.requires)
            if context.actor is None:
                raise refusal
            return {**cls.nothing, "user_errors": [cls.told(context, refusal)]}
        try:
            if not cls.takes_any_text:
                texts.require_storable(input)
            done = await cls.perform(context, input)
        except Refusal as refusal:
            return {**cls.nothing, "user_errors": [cls.told(context, refusal)]}
        finally:
            await context.renew()
        errors = [cls.told(context, item.refusal, cls.items, item.index) for item in done.refused]
        return {**done.changed, **done.once, "user_errors": errors}

    @classmethod
    async def perform(cls, context: Context, input: Any) -> Done:
        """Do it in one unit of work; an earlier answer under the same key is given again."""
        return await context.database.run(context.signed_in, partial(cls._once, context=context, input=input))

    @classmethod
    async def _once(cls, uow: UnitOfWork, *, context: Context, input: Any) -> Done:
        key = input.get("idempotency_key")
        if key is None:
            return await cls.run(uow, input, context)
        body = {name: value for name, value in input.items() if name != "idempotency_key"}
        use = idempotency.claim(uow, cls.field_name, key, body)
        earlier = await idempotency.earlier_answer(uow, use)
        if earlier is not None:
            return _done_before(earlier)
        done = await cls.run(uow, input, context)
        await idempotency.remember(uow, use, _kept(done))
        return done

    @classmethod
    @abstractmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Call the core with the input and say what changed."""

    @classmethod
    def told(
        cls, context: Context, refusal: Refusal, items: str | None = None, index: int | None = None
    ) -> dict[str, Any]:
        """Return a refusal as a user error in the caller's language, its field a path in the input."""
        path = [] if index is None else [items or "", str(index)]
        known = cls.user_error.codes
        return {
            "code": refusal.code if refusal.code in known else Refusal.code,
            "field": [to_camel_case(part) for part in (*path, *(refusal.field or cls._lacking(refusal, path)))],
            "message": languages.told(refusal, context.locale),
            "data": ids.shown(refusal.data, subject=cls.subject) or None,
        }

    @classmethod
    def _lacking(cls, refusal: Refusal, path: Sequence[str]) -> Sequence[str]:
        """Return what an input without items lacks when core only says NOT_FOUND: the one thing its `id` names."""
        return ("id",) if refusal.code == NotFound.code and not path and hasattr(cls.Input, "id") else ()


def batch_done(name: str, answers: Sequence[Any]) -> Done:
    """Return what a batch command did: what it answered per item under a payload's name, and what it refused."""
    done = [asdict(answer) for answer in answers if not isinstance(answer, Refused)]
    return Done({name: done}, [answer for answer in answers if isinstance(answer, Refused)])


def limited(items: Sequence[Any], most: int, name: str) -> Sequence[Any]:
    """Return a list of the input; refuses one that is longer than the limit."""
    if len(items) > most:
        message = sentence(
            "At most {most} {name} go in one call; send {count} in smaller parts.",
            most=most,
            name=name,
            count=len(items),
        )
        raise LimitExceeded(message, field=(name,))
    return items


def user_error(capability: str, *modules: ModuleType) -> Any:
    """Return the user error type of a capability; its codes are those of the refusals in these modules of core.

    What any mutation may answer (kit's refusals, a key used twice, a full queue) is always among them.
    """
    classes = [value for module in (*EVERYWHERE, *modules) for value in vars(module).values()]
    found = {each.code for each in classes if isinstance(each, type) and issubclass(each, Refusal)}
    codes = sorted(found)
    described = {"description": f"Why {capability.lower()} refuses."}
    enum = graphene.Enum(f"{capability}ErrorCode", [(code, code) for code in codes], **described)
    return type(
        f"{capability}UserError",
        (graphene.ObjectType,),
        {
            "__doc__": "An expected no: a code for programs, a sentence that names the remedy, the path in the input.",
            "requires": Open.ANYONE,
            "codes": frozenset(codes),
            "code": graphene.Field(enum, required=True),
            "field": graphene.List(graphene.NonNull(graphene.String), required=True),
            "message": graphene.String(required=True),
            "data": graphene.Field(Json),
        },
    )


def _declared(fields: type) -> dict[str, Any]:
    """Return what an `Input` or `Payload` declares, what it takes over from another one first."""
    classes = reversed(fields.__mro__[:-1])
    return {key: value for each in classes for key, value in vars(each).items() if not key.startswith("__")}


def _output(attribute: str, value: Any) -> Any:
    if isinstance(value, One):
        return graphene.Field(value.type_, resolver=partial(_changed_one, attribute))
    if isinstance(value, Many):
        listed = graphene.List(graphene.NonNull(value.type_))
        return graphene.Field(listed, resolver=partial(_changed_many, attribute))
    return value


def _changed_one(attribute: str, root: dict[str, Any], info: Any) -> Awaitable[Any] | None:
    changed = root.get(attribute)
    return None if changed is None else info.context.load(_batch(info), UUID(str(changed)))


async def _changed_many(attribute: str, root: dict[str, Any], info: Any) -> list[Any] | None:
    changed = root.get(attribute)
    if changed is None:
        return None
    waiting = [info.context.load(_batch(info), UUID(str(item))) for item in changed]
    return [found for found in await asyncio.gather(*waiting) if found is not None]


def _batch(info: Any) -> Any:
    """Return how objects of a field's type are read."""
    return get_named_type(info.return_type).graphene_type.by_ids


def _kept(done: Done) -> dict[str, Any]:
    """Return what is kept with the key: ids, codes and refusals."""
    refused = [
        {
            "index": item.index,
            "code": item.refusal.code,
            "message": texts_kept.to_json(item.refusal.message),
            "general": item.refusal.general,
            "field": item.refusal.field,
            "data": item.refusal.data,
        }
        for item in done.refused
    ]
    return {"changed": dict(done.changed), "refused": refused}


def _done_before(answer: Mapping[str, Any]) -> Done:
    return Done(answer["changed"], [Refused(item["index"], _refusal_before(item)) for item in answer["refused"]])


def _refusal_before(kept: Mapping[str, Any]) -> Refusal:
    refusal = Refusal(texts_kept.from_json(kept["message"]), field=kept["field"], data=kept["data"])
    refusal.general = kept.get("general", refusal.general)
    refusal.__dict__["code"] = kept["code"]
    return refusal
