"""Conditions on orders as data: what review rules and routing rules ask of one, parsed, kept as JSON, and tested.

Everything here is pure. A condition about what is not known (a weight, an amount in another currency) never holds, nor
does its opposite: a rule decides by what stands in an order, not by what is missing.
"""

import dataclasses
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar
from uuid import UUID

from pickmesh.core.kit.money import AMOUNT_MAX, currency_problem
from pickmesh.core.kit.refusals import InvalidInput
from pickmesh.core.kit.texts import sentence
from pickmesh.core.orders.tables import OrderType, PaymentStatus

CONDITIONS_MAX = 30
VALUES_MAX = 500
WORD_LENGTH_MAX = 200

_Choice = TypeVar("_Choice", bound=StrEnum)


class Field(StrEnum):
    """What of an order a condition looks at; ADDRESS_WORDS is all of the address from province to street."""

    SHOP = "SHOP"
    TYPE = "TYPE"
    PAYMENT_STATUS = "PAYMENT_STATUS"
    COUNTRY = "COUNTRY"
    PROVINCE = "PROVINCE"
    CITY = "CITY"
    DISTRICT = "DISTRICT"
    ADDRESS_WORDS = "ADDRESS_WORDS"
    REMARK = "REMARK"
    SELLER_FLAG = "SELLER_FLAG"
    AMOUNT = "AMOUNT"
    WEIGHT_G = "WEIGHT_G"
    PIECES = "PIECES"
    LINES = "LINES"
    SKU = "SKU"
    TAG = "TAG"


class Operator(StrEnum):
    """How what stands in the order is compared; texts match whatever their case and width."""

    IS_ANY_OF = "IS_ANY_OF"
    IS_NONE_OF = "IS_NONE_OF"
    CONTAINS_ANY = "CONTAINS_ANY"
    CONTAINS_NONE = "CONTAINS_NONE"
    AT_LEAST = "AT_LEAST"
    AT_MOST = "AT_MOST"
    BELOW = "BELOW"
    IS_EMPTY = "IS_EMPTY"
    IS_NOT_EMPTY = "IS_NOT_EMPTY"


_CHOICE = (Operator.IS_ANY_OF, Operator.IS_NONE_OF)
_WORDS = (Operator.CONTAINS_ANY, Operator.CONTAINS_NONE)
_PRESENCE = (Operator.IS_EMPTY, Operator.IS_NOT_EMPTY)
FIGURES = (Operator.AT_LEAST, Operator.AT_MOST, Operator.BELOW)
"""Operators that compare with a figure."""

OPERATORS: Mapping[Field, tuple[Operator, ...]] = {
    Field.SHOP: _CHOICE,
    Field.TYPE: _CHOICE,
    Field.PAYMENT_STATUS: _CHOICE,
    Field.COUNTRY: _CHOICE,
    Field.PROVINCE: (*_CHOICE, *_WORDS, *_PRESENCE),
    Field.CITY: (*_CHOICE, *_WORDS, *_PRESENCE),
    Field.DISTRICT: (*_CHOICE, *_WORDS, *_PRESENCE),
    Field.ADDRESS_WORDS: _WORDS,
    Field.REMARK: (*_WORDS, *_PRESENCE),
    Field.SELLER_FLAG: (*_CHOICE, *_PRESENCE),
    Field.AMOUNT: FIGURES,
    Field.WEIGHT_G: FIGURES,
    Field.PIECES: FIGURES,
    Field.LINES: FIGURES,
    Field.SKU: (*_CHOICE, *FIGURES),
    Field.TAG: (*_CHOICE, *_PRESENCE),
}
"""Which operators fit each field."""


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units of one currency."""

    minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class SkuPieces:
    """A number of pieces of some SKUs together."""

    sku_ids: tuple[str, ...]
    pieces: int


Value = tuple[str, ...] | int | Money | SkuPieces | None


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing asked of an order: words for choices and texts, a figure for limits, nothing for (not) empty.

    `wanted` is the words as they are compared.
    """

    field: Field
    operator: Operator
    value: Value
    wanted: frozenset[str] = dataclasses.field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        words = self.value.sku_ids if isinstance(self.value, SkuPieces) else self.value
        wanted = frozenset(map(folded, words)) if isinstance(words, tuple) else frozenset()
        object.__setattr__(self, "wanted", wanted)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFacts:
    """What rules may know of an order; amounts in minor units, weight in grams or None while it is not known.

    `skus` counts pieces by SKU as it was ordered. `street` and `buyer_key` (a blind index) stay in memory.
    """

    shop_id: UUID
    type: str
    payment_status: str
    currency: str
    goods_minor: int
    total_minor: int
    lines: int
    pieces: int
    skus: Mapping[UUID, int]
    ordered_at: datetime
    weight_g: int | None = None
    country: str = ""
    province: str = ""
    city: str = ""
    district: str = ""
    street: str = ""
    remark: str = ""
    seller_flag: str = ""
    buyer_key: str = ""
    tags: frozenset[str] = frozenset()

    @property
    def is_cod(self) -> bool:
        """Tell whether the buyer pays at the door."""
        return self.payment_status == PaymentStatus.COD


def folded(text: str) -> str:
    """Return a text as it is compared: width and case folded, no space around it."""
    whole = text if text.isascii() else unicodedata.normalize("NFKC", text)
    return whole.casefold().strip()


def all_hold(conditions: Iterable[Condition], facts: OrderFacts) -> bool:
    """Tell whether an order fulfils every condition; without any it does."""
    return all(holds(condition, facts) for condition in conditions)


def holds(condition: Condition, facts: OrderFacts) -> bool:
    """Tell whether an order fulfils a condition."""
    return _TESTS[condition.operator](condition, facts)


def uses(conditions: Iterable[Condition], *fields: Field) -> bool:
    """Tell whether any condition looks at one of the fields."""
    return any(condition.field in fields for condition in conditions)


def negated(condition: Condition) -> Condition:
    """Return the condition that holds for what is known and does not fulfil this one."""
    if condition.operator is Operator.AT_MOST:
        return Condition(condition.field, Operator.AT_LEAST, _one_more(condition.value))
    return Condition(condition.field, _OPPOSITES[condition.operator], condition.value)


_PAIRS = (_CHOICE, _WORDS, _PRESENCE, (Operator.AT_LEAST, Operator.BELOW))
_OPPOSITES = {one: other for pair in _PAIRS for one, other in (pair, pair[::-1])}


def _one_more(value: Value) -> Value:
    if isinstance(value, Money):
        return Money(value.minor + 1, value.currency)
    if isinstance(value, SkuPieces):
        return SkuPieces(value.sku_ids, value.pieces + 1)
    assert isinstance(value, int)
    return value + 1


def _words_of(facts: OrderFacts, which: Field) -> tuple[str, ...]:
    """Return what stands in a field, as words that are compared one by one; nothing when it is empty."""
    if which is Field.SHOP:
        return (str(facts.shop_id),)
    if which is Field.SKU:
        return tuple(str(sku_id) for sku_id in facts.skus)
    if which is Field.TAG:
        return tuple(map(folded, facts.tags))
    if which is Field.ADDRESS_WORDS:
        text = " ".join((facts.province, facts.city, facts.district, facts.street))
    else:
        text = getattr(facts, which.value.lower())
    found = folded(text)
    return (found,) if found else ()


def _is_any_of(condition: Condition, facts: OrderFacts) -> bool:
    return not condition.wanted.isdisjoint(_words_of(facts, condition.field))


def _contains_any(condition: Condition, facts: OrderFacts) -> bool:
    return any(word in text for text in _words_of(facts, condition.field) for word in condition.wanted)


def _is_empty(condition: Condition, facts: OrderFacts) -> bool:
    return not _words_of(facts, condition.field)


def _figure(condition: Condition, facts: OrderFacts) -> tuple[int, int] | None:
    """Return what an order has and what is asked of it; None when the two cannot be compared."""
    value = condition.value
    if isinstance(value, Money):
        return (facts.total_minor, value.minor) if facts.currency == value.currency else None
    if isinstance(value, SkuPieces):
        return sum(pieces for sku_id, pieces in facts.skus.items() if str(sku_id) in condition.wanted), value.pieces
    assert isinstance(value, int)
    found: int | None = getattr(facts, condition.field.value.lower())
    return None if found is None else (found, value)


def _compared(test: Callable[[int, int], bool]) -> Callable[[Condition, OrderFacts], bool]:
    def compare(condition: Condition, facts: OrderFacts) -> bool:
        figures = _figure(condition, facts)
        return figures is not None and test(*figures)

    return compare


_TESTS: Mapping[Operator, Callable[[Condition, OrderFacts], bool]] = {
    Operator.IS_ANY_OF: _is_any_of,
    Operator.IS_NONE_OF: lambda condition, facts: not _is_any_of(condition, facts),
    Operator.CONTAINS_ANY: _contains_any,
    Operator.CONTAINS_NONE: lambda condition, facts: not _contains_any(condition, facts),
    Operator.AT_LEAST: _compared(lambda found, asked: found >= asked),
    Operator.AT_MOST: _compared(lambda found, asked: found <= asked),
    Operator.BELOW: _compared(lambda found, asked: found < asked),
    Operator.IS_EMPTY: _is_empty,
    Operator.IS_NOT_EMPTY: lambda condition, facts: not _is_empty(condition, facts),
}


def dumped(conditions: Iterable[Condition]) -> list[dict[str, Any]]:
    """Return conditions as they are kept: a list of words, a figure, {minor, currency} or {sku_ids, pieces} each."""
    return [
        {"field": each.field.value, "operator": each.operator.value, "value": _dumped_value(each.value)}
        for each in conditions
    ]


def _dumped_value(value: Value) -> Any:
    if isinstance(value, Money):
        return {"minor": value.minor, "currency": value.currency}
    if isinstance(value, SkuPieces):
        return {"sku_ids": list(value.sku_ids), "pieces": value.pieces}
    return list(value) if isinstance(value, tuple) else value


def loaded(kept: Iterable[Mapping[str, Any]]) -> tuple[Condition, ...]:
    """Return conditions that were kept: `dumped` backwards, without checking them again."""
    return tuple(
        Condition(Field(each["field"]), Operator(each["operator"]), _loaded_value(each["value"])) for each in kept
    )


def _loaded_value(value: Any) -> Value:
    if isinstance(value, Mapping):
        if "minor" in value:
            return Money(value["minor"], value["currency"])
        return SkuPieces(tuple(value["sku_ids"]), value["pieces"])
    if isinstance(value, list):
        return tuple(value)
    return int(value) if value is not None else None


def parsed(told: Sequence[Mapping[str, Any]], path: Sequence[str | int] = ("conditions",)) -> tuple[Condition, ...]:
    """Return conditions as somebody told them, each {field, operator, value}; see `dumped` for the values.

    Refuses what cannot be asked, naming the place (`conditions.2.value`) and what may stand there.
    """
    if len(told) > CONDITIONS_MAX:
        raise InvalidInput(
            sentence("A rule has at most {most} conditions; make two rules of it.", most=CONDITIONS_MAX),
            field=tuple(path),
        )
    return tuple(_parsed_one(each, (*path, index)) for index, each in enumerate(told))


def _parsed_one(told: Mapping[str, Any], path: tuple[str | int, ...]) -> Condition:
    which = _one_of(Field, told.get("field"), (*path, "field"))
    operator = _one_of(Operator, told.get("operator"), (*path, "operator"), OPERATORS[which])
    return Condition(which, operator, _parsed_value(which, operator, told.get("value"), (*path, "value")))


def _one_of(
    kind: type[_Choice], told: object, path: tuple[str | int, ...], allowed: Sequence[_Choice] | None = None
) -> _Choice:
    choices = tuple(kind) if allowed is None else allowed
    for choice in choices:
        if told == choice.value:
            return choice
    listed = ", ".join(choice.value for choice in choices)
    raise InvalidInput(sentence("Choose one of these: {choices}.", choices=listed), field=path)


def _parsed_value(which: Field, operator: Operator, told: Any, path: tuple[str | int, ...]) -> Value:
    if operator in _PRESENCE:
        if told not in (None, [], ""):
            raise InvalidInput(sentence("This operator takes no value; leave it out."), field=path)
        return None
    if operator not in FIGURES:
        return _parsed_words(which, told, path)
    if which is Field.AMOUNT:
        return _parsed_money(told, path)
    if which is Field.SKU:
        sku_pieces = told if isinstance(told, Mapping) else {}
        sku_ids = _parsed_words(which, sku_pieces.get("sku_ids"), (*path, "sku_ids"))
        return SkuPieces(sku_ids, _parsed_figure(sku_pieces.get("pieces"), (*path, "pieces")))
    return _parsed_figure(told, path)


def _parsed_figure(told: Any, path: tuple[str | int, ...]) -> int:
    if not isinstance(told, int) or isinstance(told, bool) or not 0 <= told <= AMOUNT_MAX:
        raise InvalidInput(sentence("Give a whole number from 0 to {most}.", most=AMOUNT_MAX), field=path)
    return told


def _parsed_money(told: Any, path: tuple[str | int, ...]) -> Money:
    amount = told if isinstance(told, Mapping) else {}
    currency = amount.get("currency")
    problem = currency_problem(currency if isinstance(currency, str) else "")
    if problem is not None:
        raise InvalidInput(problem, field=(*path, "currency"))
    return Money(_parsed_figure(amount.get("minor"), (*path, "minor")), str(currency))


def _parsed_words(which: Field, told: Any, path: tuple[str | int, ...]) -> tuple[str, ...]:
    if not isinstance(told, list | tuple) or not 1 <= len(told) <= VALUES_MAX:
        raise InvalidInput(sentence("Give a list of 1 to {most} values.", most=VALUES_MAX), field=path)
    return tuple(dict.fromkeys(_parsed_word(which, each, path) for each in told))


_ENUMS: Mapping[Field, type[StrEnum]] = {Field.TYPE: OrderType, Field.PAYMENT_STATUS: PaymentStatus}


def _parsed_word(which: Field, told: Any, path: tuple[str | int, ...]) -> str:
    if which in _ENUMS:
        return _one_of(_ENUMS[which], told, path).value
    if which in (Field.SHOP, Field.SKU):
        try:
            return str(UUID(str(told)))
        except ValueError:
            raise InvalidInput(sentence("“{told}” is not an id.", told=str(told)[:40]), field=path) from None
    if not isinstance(told, str) or not folded(told) or len(told) > WORD_LENGTH_MAX or "\x00" in told:
        raise InvalidInput(sentence("A value is a text of 1 to {most} characters.", most=WORD_LENGTH_MAX), field=path)
    return told.strip()
