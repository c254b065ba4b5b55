"""Conditions on orders, as rules of every kind ask them: what clients write, and what they read."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

import graphene

from pickmesh.core.kit.permissions import Permission
from pickmesh.core.orders.conditions import FIGURES, Field, Operator
from pickmesh.graphql import relay
from pickmesh.graphql.accounts import Shop
from pickmesh.graphql.catalog import Sku
from pickmesh.graphql.scalars import Long

FieldName = graphene.Enum.from_enum(Field, name="OrderConditionField")
OperatorName = graphene.Enum.from_enum(Operator, name="OrderConditionOperator")


class OrderConditionValueInput(graphene.InputObjectType):
    """What an order is compared with: words, a number (of an AMOUNT in minor units of a currency), shops or SKUs."""

    words = relay.some(graphene.String)
    number = Long()
    currency = graphene.String(description="Of an AMOUNT; an order in another currency never matches.")
    shop_ids = relay.some(graphene.ID)
    sku_ids = relay.some(graphene.ID)


class OrderConditionInput(graphene.InputObjectType):
    """One thing asked of an order; IS_EMPTY and IS_NOT_EMPTY take no value."""

    field = graphene.InputField(FieldName, required=True)
    operator = graphene.InputField(OperatorName, required=True)
    value = graphene.InputField(OrderConditionValueInput)


class OrderCondition(graphene.ObjectType):
    """One thing a rule asks of an order."""

    requires = Permission.ORDERS_READ
    field = graphene.Field(FieldName, required=True)
    operator = graphene.Field(OperatorName, required=True)
    words = graphene.List(graphene.NonNull(graphene.String), required=True)
    number = graphene.Field(Long)
    currency = graphene.String()
    shops = graphene.List(graphene.NonNull(Shop), required=True)
    skus = graphene.List(graphene.NonNull(Sku), required=True)

    @staticmethod
    def resolve_words(root: Mapping[str, Any], _info: Any) -> list[str]:
        """Return the words it looks for; ids stand among the shops and SKUs."""
        value = root["value"]
        return value if isinstance(value, list) and root["field"] not in {Field.SHOP, Field.SKU} else []

    @staticmethod
    def resolve_number(root: Mapping[str, Any], _info: Any) -> int | None:
        """Return the figure it compares with."""
        value = root["value"]
        if isinstance(value, dict):
            return value.get("minor", value.get("pieces"))
        return value if isinstance(value, int) else None

    @staticmethod
    def resolve_currency(root: Mapping[str, Any], _info: Any) -> str | None:
        """Return the currency of an amount."""
        value = root["value"]
        return value.get("currency") if isinstance(value, dict) else None

    @staticmethod
    async def resolve_shops(root: Mapping[str, Any], info: Any) -> list[Any]:
        """Return the shops it names."""
        return await listed(info, Shop, root["value"] if root["field"] == Field.SHOP else [])

    @staticmethod
    async def resolve_skus(root: Mapping[str, Any], info: Any) -> list[Any]:
        """Return the SKUs it names."""
        value = root["value"]
        named = value.get("sku_ids", []) if isinstance(value, dict) else value
        return await listed(info, Sku, named if root["field"] == Field.SKU else [])


async def listed(info: Any, type_: Any, ids: Iterable[str]) -> list[Any]:
    """Return the objects of a type with these ids, without those that are not there."""
    found = await asyncio.gather(*(info.context.load(type_.by_ids, UUID(each)) for each in ids))
    return [each for each in found if each is not None]


def told(conditions: Iterable[Any], path: tuple[str | int, ...]) -> list[dict[str, Any]]:
    """Return conditions of an input as core takes them, ids read; `path` is where they stand in the input."""
    return [
        {
            "field": each.field,
            "operator": each.operator,
            "value": _value(each, (*path, index, "value")),
        }
        for index, each in enumerate(conditions)
    ]


def _value(condition: Any, path: tuple[str | int, ...]) -> Any:
    value = condition.value or {}
    words = value.get("words")
    if condition.field == Field.SHOP:
        words = _ids(value.get("shop_ids"), "Shop", (*path, "shopIds"))
    if condition.field == Field.SKU:
        words = _ids(value.get("sku_ids"), "Sku", (*path, "skuIds"))
    if condition.operator not in FIGURES:
        return words
    if condition.field == Field.AMOUNT:
        return {"minor": value.get("number"), "currency": value.get("currency")}
    return {"sku_ids": words, "pieces": value.get("number")} if condition.field == Field.SKU else value.get("number")


def _ids(told_ids: list[str] | None, type_name: str, path: tuple[str | int, ...]) -> list[str]:
    return [str(relay.id_of(each, type_name, field=(*path, index))) for index, each in enumerate(told_ids or [])]
