"""Conditions of rules, as review rules and routing rules are written and shown: ids global, values by what they are."""

from collections.abc import Mapping, Sequence
from typing import Any

import graphene

from pickmesh.core.kit.permissions import Permission
from pickmesh.core.orders.conditions import FIGURES, Field, Operator
from pickmesh.graphql import relay
from pickmesh.graphql.ids import global_id
from pickmesh.graphql.scalars import Long

RuleFieldName = graphene.Enum.from_enum(Field, name="RuleField")
RuleOperatorName = graphene.Enum.from_enum(Operator, name="RuleOperator")
_TYPES = {Field.SHOP: "Shop", Field.SKU: "Sku"}


class RuleConditionInput(graphene.InputObjectType):
    """One thing asked of an order; SHOP and SKU are told by id.

    Choices and words need `values`; AT_LEAST, AT_MOST and BELOW need `figure`, for an AMOUNT its minor units with the
    `currency`, for SKU the pieces of the `values` together. IS_EMPTY and IS_NOT_EMPTY need nothing.
    """

    field = graphene.InputField(RuleFieldName, required=True)
    operator = graphene.InputField(RuleOperatorName, required=True)
    values = relay.some(graphene.String)
    figure = graphene.InputField(Long)
    currency = graphene.String()


class RuleCondition(graphene.ObjectType):
    """One thing a rule asks of an order; see RuleConditionInput."""

    requires = Permission.ORDERS_READ
    field = graphene.Field(RuleFieldName, required=True)
    operator = graphene.Field(RuleOperatorName, required=True)
    values = graphene.List(graphene.NonNull(graphene.String), required=True)
    figure = graphene.Field(Long)
    currency = graphene.String()


def told(conditions: Sequence[Any], *path: str | int) -> list[Mapping[str, Any]]:
    """Return conditions of an input as core parses them; `path` is where they stand in it."""
    return [_told(each, (*path, index)) for index, each in enumerate(conditions)]


def _told(condition: Any, path: tuple[str | int, ...]) -> Mapping[str, Any]:
    field, operator = Field(condition.field), Operator(condition.operator)
    values = condition.get("values")
    if field in _TYPES and values is not None:
        values = [
            str(relay.id_of(each, _TYPES[field], field=(*path, "values", index))) for index, each in enumerate(values)
        ]
    figure = condition.get("figure")
    value: Any = figure if operator in FIGURES else values
    if operator in FIGURES and field is Field.AMOUNT:
        value = {"minor": figure, "currency": condition.get("currency")}
    if operator in FIGURES and field is Field.SKU:
        value = {"sku_ids": values, "pieces": figure}
    return {"field": field.value, "operator": operator.value, "value": value}


def shown(kept: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return conditions that are kept as they are shown."""
    return [_shown(each) for each in kept]


def _shown(kept: Mapping[str, Any]) -> Mapping[str, Any]:
    value = kept["value"]
    parts = value if isinstance(value, Mapping) else {}
    values = parts.get("sku_ids", value if isinstance(value, list) else [])
    type_name = _TYPES.get(Field(kept["field"]))
    return {
        "field": kept["field"],
        "operator": kept["operator"],
        "values": [global_id(type_name, each) for each in values] if type_name else values,
        "figure": parts.get("minor", parts.get("pieces", value if isinstance(value, int) else None)),
        "currency": parts.get("currency"),
    }
