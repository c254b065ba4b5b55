"""Scalars of the schema: moments with their zone, days, whole numbers beyond 32 bits, JSON."""

import json
from datetime import UTC, date, datetime
from typing import Any

import graphene
from graphql import GraphQLError, IntValueNode, StringValueNode, value_from_ast_untyped

LONG_MAX = 2**53 - 1
"""The largest whole number every JSON reader keeps exactly."""


class DateTime(graphene.Scalar):
    """A moment in ISO 8601 with its zone, such as 2026-11-24T04:00:00Z; answered in UTC to the microsecond."""

    @staticmethod
    def serialize(value: datetime) -> str:
        """Write a moment in UTC."""
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")

    @staticmethod
    def parse_value(value: object) -> datetime:
        """Read a moment; one without a zone is refused."""
        try:
            moment = datetime.fromisoformat(value) if isinstance(value, str) else None
            if moment is not None and moment.tzinfo is not None:
                return moment.astimezone(UTC)
        except (ValueError, OverflowError):  # no moment, or one that lies beyond the years 1 to 9999 in UTC
            pass
        raise GraphQLError("Write a moment in ISO 8601 with its zone, such as 2026-11-24T12:00:00+08:00.")

    @staticmethod
    def parse_literal(node: Any, _variables: Any = None) -> datetime:
        """Read a moment written in the document."""
        return DateTime.parse_value(node.value if isinstance(node, StringValueNode) else None)


class Date(graphene.Scalar):
    """A day in ISO 8601, such as 2027-01-31."""

    @staticmethod
    def serialize(value: date) -> str:
        """Write a day."""
        return value.isoformat()

    @staticmethod
    def parse_value(value: object) -> date:
        """Read a day."""
        try:
            if isinstance(value, str):
                return date.fromisoformat(value)
        except ValueError:
            pass
        raise GraphQLError("Write a day in ISO 8601, such as 2027-01-31.")

    @staticmethod
    def parse_literal(node: Any, _variables: Any = None) -> date:
        """Read a day written in the document."""
        return Date.parse_value(node.value if isinstance(node, StringValueNode) else None)


class Long(graphene.Scalar):
    """A whole number up to 2^53 - 1: amounts in minor units, prices in micros, event numbers."""

    @staticmethod
    def serialize(value: int) -> int:
        """Write a number."""
        return int(value)

    @staticmethod
    def parse_value(value: object) -> int:
        """Read a number; fractions and numbers that JSON readers would bend are refused."""
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= LONG_MAX:
            return value
        raise GraphQLError(f"Write a whole number of at most {LONG_MAX}.")

    @staticmethod
    def parse_literal(node: Any, _variables: Any = None) -> int:
        """Read a number written in the document."""
        digits = node.value if isinstance(node, IntValueNode) and len(node.value) <= len(str(LONG_MAX)) + 1 else None
        return Long.parse_value(int(digits) if digits is not None else None)


class Json(graphene.Scalar):
    """Any JSON value."""

    class Meta:
        name = "JSON"

    @staticmethod
    def serialize(value: object) -> object:
        """Write a value; ids, moments and days become text."""
        return json.loads(json.dumps(value, default=str))

    @staticmethod
    def parse_value(value: object) -> object:
        """Read a value as it is."""
        return value

    @staticmethod
    def parse_literal(node: Any, _variables: Any = None) -> object:
        """Read a value written in the document."""
        return value_from_ast_untyped(node, _variables)
