"""Deny by default: every field of the schema names a permission, and its resolver asks for it before it runs.

A graphene type says `requires = Permission.X`; single fields say otherwise in `field_requires = {"recipient": …}`. The
schema is not built while any field has none. There is no middleware: resolvers are wrapped once, when it is built.
"""

from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from functools import cache, partial, wraps
from typing import Any, ClassVar

import graphene
from graphene.types.resolver import get_default_resolver
from graphene.utils.str_converters import to_camel_case
from graphql import GraphQLField, GraphQLObjectType, GraphQLSchema

from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import NotPermitted, Refusal, SignInNeeded
from pickmesh.core.kit.texts import sentence
from pickmesh.graphql import texts


class Open(StrEnum):
    """What needs no permission of a role; BOT is the bot itself, whether or not it asks as somebody."""

    ANYONE = "anyone"
    SIGNED_IN = "signed in"
    BOT = "bot"


Requirement = Permission | Open
Resolver = Callable[..., Any]


class Queries(graphene.ObjectType):
    """The root fields of one room."""

    class Meta:
        abstract = True

    requires: ClassVar[Requirement]
    field_requires: ClassVar[Mapping[str, Requirement]] = {}


class Subscriptions(graphene.ObjectType):
    """The root fields of one room that can be watched."""

    class Meta:
        abstract = True

    requires: ClassVar[Requirement]


class UnguardedFieldError(TypeError):
    """A type, field or mutation names no permission; give its class `requires = Permission.X`."""


def granted_to(actor: Actor | None, *, is_bot: bool = False) -> frozenset[Requirement]:
    """Return everything an actor meets, and the bot beside."""
    own = frozenset({Open.ANYONE, Open.BOT} if is_bot else {Open.ANYONE})
    return own if actor is None else own | actor.permissions | {Open.SIGNED_IN}


def denial(actor: Actor | None, requirement: Requirement) -> Refusal:
    """Return why an actor does not meet a requirement."""
    if actor is None:
        return SignInNeeded()
    message = sentence(
        "This needs the permission {permission}; ask an owner or manager for it or to do it for you.",
        permission=requirement.value,
    )
    return NotPermitted(message, data={"permission": requirement.value})


def guard(schema: GraphQLSchema) -> None:
    """Wrap every resolver of a schema; raises UnguardedFieldError for a field without a requirement."""
    for parent, name, field in fields_of(schema):
        requirement = requirement_of(parent, name)
        field.extensions["requires"] = requirement
        if getattr(graphene_type_of(parent), "answers_refusals", False):
            continue  # a mutation asks by itself, because it tells its refusal in userErrors
        if requirement is not Open.ANYONE:
            field.resolve = _guarded(field.resolve, requirement)
            if field.subscribe is not None:
                field.subscribe = _guarded(field.subscribe, requirement)


def fields_of(schema: GraphQLSchema) -> Iterator[tuple[GraphQLObjectType, str, GraphQLField]]:
    """Yield every field of every object type of ours, with the name it has in the schema."""
    for name, type_ in schema.type_map.items():
        if isinstance(type_, GraphQLObjectType) and not name.startswith("__"):
            for field_name, field in type_.fields.items():
                yield type_, field_name, field


def requirement_of(parent: GraphQLObjectType, field_name: str) -> Requirement:
    """Return what a field asks for: its own requirement, or that of the class that declares it."""
    graphene_type = graphene_type_of(parent)
    attribute = attributes_of(graphene_type).get(field_name, field_name)
    for owner in getattr(graphene_type, "__mro__", ()):
        if attribute in owner.__dict__.get("field_requires", {}):
            return _checked(owner.__dict__["field_requires"][attribute])
        if attribute in owner.__dict__ and "requires" in owner.__dict__:
            return _checked(owner.__dict__["requires"])
    requirement = getattr(graphene_type, "requires", None)
    if requirement is None:
        raise UnguardedFieldError(f"{parent.name}.{field_name} names no permission; set `requires` on its class.")
    return _checked(requirement)


def graphene_type_of(type_: GraphQLObjectType) -> Any:
    """Return the graphene class behind a type of the schema."""
    return getattr(type_, "graphene_type", None)


@cache
def attributes_of(graphene_type: Any) -> dict[str, str]:
    """Return the Python attribute behind each field's name in the schema."""
    fields = graphene_type._meta.fields if graphene_type else {}
    return {field.name or to_camel_case(attribute): attribute for attribute, field in fields.items()}


def _checked(requirement: object) -> Requirement:
    if not isinstance(requirement, Permission | Open):
        raise UnguardedFieldError(f"{requirement!r} is no permission.")
    return requirement


def _guarded(resolve: Resolver | None, requirement: Requirement) -> Resolver:
    if resolve is None:
        raise UnguardedFieldError("a field without a resolver cannot be guarded")
    if isinstance(resolve, partial) and resolve.func is get_default_resolver():
        return _guarded_attribute(resolve.args[0], requirement)
    inner = resolve

    @wraps(inner)
    def guarded(root: Any, info: Any, **arguments: Any) -> Any:
        if requirement not in info.context.granted:
            raise denial(info.context.actor, requirement)
        texts.require_storable(arguments)
        return inner(root, info, **arguments)

    return guarded


def _guarded_attribute(name: str, requirement: Requirement) -> Resolver:
    """Return a guarded resolver that reads an attribute, or a key of a dict; a missing attribute is a bug."""

    def attribute(root: Any, info: Any) -> Any:
        if requirement not in info.context.granted:
            raise denial(info.context.actor, requirement)
        return root[name] if isinstance(root, dict) else getattr(root, name)

    return attribute
