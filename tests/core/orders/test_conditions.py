"""Conditions on orders, pure: what is refused, what holds, and that a condition and its opposite never both do."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import NOON

from pickmesh.core.kit.refusals import InvalidInput
from pickmesh.core.orders import conditions
from pickmesh.core.orders.conditions import OPERATORS, Condition, Field, Operator, OrderFacts

SHOP, CUP, LID = UUID(int=1), UUID(int=2), UUID(int=3)
FACTS = OrderFacts(
    shop_id=SHOP,
    type="SALE",
    payment_status="PAID",
    currency="CNY",
    goods_minor=9_000,
    total_minor=10_000,
    lines=2,
    pieces=5,
    skus={CUP: 3, LID: 2},
    ordered_at=NOON,
    weight_g=800,
    country="CN",
    province="浙江省",
    city="杭州市",
    district="西湖区",
    street="文三路 269 号 ＡＢＣ 大厦",
    remark="Please Hurry 加急",
    seller_flag="red",
    tags=frozenset({"VIP"}),
)
OTHER = OrderFacts(
    shop_id=LID,
    type="GIFT",
    payment_status="COD",
    currency="USD",
    goods_minor=0,
    total_minor=0,
    lines=1,
    pieces=1,
    skus={LID: 1},
    ordered_at=NOON,
)


def one(field: str, operator: str, value: Any = None) -> Condition:
    (made,) = conditions.parsed([{"field": field, "operator": operator, "value": value}])
    return made


CASES: list[tuple[str, str, Any, bool]] = [
    ("SHOP", "IS_ANY_OF", [str(SHOP), str(LID)], True),
    ("SHOP", "IS_NONE_OF", [str(SHOP).upper()], False),
    ("TYPE", "IS_ANY_OF", ["SALE"], True),
    ("PAYMENT_STATUS", "IS_ANY_OF", ["COD", "UNPAID"], False),
    ("COUNTRY", "IS_ANY_OF", ["cn"], True),
    ("PROVINCE", "IS_ANY_OF", ["浙江"], False),
    ("PROVINCE", "CONTAINS_ANY", ["新疆", "浙江"], True),
    ("CITY", "CONTAINS_NONE", ["上海"], True),
    ("DISTRICT", "IS_NOT_EMPTY", None, True),
    ("ADDRESS_WORDS", "CONTAINS_ANY", ["abc"], True),
    ("ADDRESS_WORDS", "CONTAINS_ANY", ["西湖"], True),
    ("ADDRESS_WORDS", "CONTAINS_NONE", ["村", "号"], False),
    ("REMARK", "CONTAINS_ANY", ["ＨＵＲＲＹ"], True),
    ("REMARK", "IS_EMPTY", None, False),
    ("SELLER_FLAG", "IS_ANY_OF", ["RED"], True),
    ("AMOUNT", "AT_LEAST", {"minor": 10_000, "currency": "CNY"}, True),
    ("AMOUNT", "BELOW", {"minor": 10_000, "currency": "CNY"}, False),
    ("AMOUNT", "AT_MOST", {"minor": 999_999, "currency": "USD"}, False),
    ("WEIGHT_G", "AT_MOST", 800, True),
    ("PIECES", "AT_LEAST", 6, False),
    ("LINES", "BELOW", 3, True),
    ("SKU", "IS_ANY_OF", [str(CUP)], True),
    ("SKU", "IS_NONE_OF", [str(CUP)], False),
    ("SKU", "AT_LEAST", {"sku_ids": [str(CUP), str(LID)], "pieces": 5}, True),
    ("SKU", "BELOW", {"sku_ids": [str(CUP)], "pieces": 3}, False),
    ("TAG", "IS_ANY_OF", ["vip"], True),
    ("TAG", "IS_EMPTY", None, False),
]


@pytest.mark.parametrize(("field", "operator", "value", "holds"), CASES)
def test_a_condition_holds_for_what_stands_in_the_order(field: str, operator: str, value: Any, holds: bool) -> None:
    assert conditions.holds(one(field, operator, value), FACTS) is holds


def test_every_field_was_tried_above() -> None:
    assert {case[0] for case in CASES} == {field.value for field in Field}


def test_an_unknown_weight_matches_neither_way() -> None:
    unknown = replace(FACTS, weight_g=None)
    assert not any(conditions.holds(one("WEIGHT_G", each, 0), unknown) for each in ("AT_LEAST", "AT_MOST", "BELOW"))


def test_all_conditions_must_hold_and_none_is_always_true() -> None:
    paid, heavy = one("PAYMENT_STATUS", "IS_ANY_OF", ["PAID"]), one("WEIGHT_G", "AT_LEAST", 5_000)
    assert conditions.all_hold((), FACTS)
    assert conditions.all_hold((paid,), FACTS)
    assert not conditions.all_hold((paid, heavy), FACTS)


@pytest.mark.parametrize(
    ("told", "where"),
    [
        ({"field": "MOON", "operator": "IS_EMPTY"}, "field"),
        ({"field": "REMARK", "operator": "AT_LEAST", "value": 1}, "operator"),
        ({"field": "REMARK", "operator": "IS_EMPTY", "value": ["x"]}, "value"),
        ({"field": "REMARK", "operator": "CONTAINS_ANY", "value": []}, "value"),
        ({"field": "REMARK", "operator": "CONTAINS_ANY", "value": ["  "]}, "value"),
        ({"field": "REMARK", "operator": "CONTAINS_ANY", "value": "text"}, "value"),
        ({"field": "REMARK", "operator": "CONTAINS_ANY", "value": ["a\x00b"]}, "value"),
        ({"field": "SHOP", "operator": "IS_ANY_OF", "value": ["TB"]}, "value"),
        ({"field": "TYPE", "operator": "IS_ANY_OF", "value": ["LOAN"]}, "value"),
        ({"field": "PIECES", "operator": "AT_LEAST", "value": -1}, "value"),
        ({"field": "PIECES", "operator": "AT_LEAST", "value": True}, "value"),
        ({"field": "PIECES", "operator": "AT_LEAST", "value": None}, "value"),
        ({"field": "AMOUNT", "operator": "AT_LEAST", "value": 5}, "value.currency"),
        ({"field": "AMOUNT", "operator": "AT_LEAST", "value": {"currency": "CNY"}}, "value.minor"),
        ({"field": "SKU", "operator": "AT_LEAST", "value": {"pieces": 1}}, "value.sku_ids"),
        ({"field": "SKU", "operator": "AT_LEAST", "value": {"sku_ids": [str(CUP)]}}, "value.pieces"),
    ],
)
def test_what_cannot_be_asked_is_refused_where_it_stands(told: dict[str, Any], where: str) -> None:
    fine = {"field": "REMARK", "operator": "IS_EMPTY"}
    with pytest.raises(InvalidInput) as refused:
        conditions.parsed([fine, fine, told])
    assert ".".join(refused.value.field) == f"conditions.2.{where}"
    assert refused.value.message


def test_too_many_conditions_are_refused() -> None:
    with pytest.raises(InvalidInput, match="at most 30"):
        conditions.parsed([{"field": "REMARK", "operator": "IS_EMPTY"}] * 31)


words = st.lists(st.sampled_from(["浙江", "Red", "ＡＢＣ", "杭州市", "vip", "cn", "x"]), min_size=1, max_size=3)
figures = st.integers(0, 20_000)
skus = st.lists(st.sampled_from([str(CUP), str(LID), str(UUID(int=9))]), min_size=1, max_size=3)
VALUES: dict[Field, st.SearchStrategy[Any]] = {
    Field.SHOP: skus,
    Field.TYPE: st.lists(st.sampled_from(["SALE", "GIFT"]), min_size=1),
    Field.PAYMENT_STATUS: st.lists(st.sampled_from(["PAID", "COD"]), min_size=1),
}
FIGURES: dict[Field, st.SearchStrategy[Any]] = {
    Field.AMOUNT: st.fixed_dictionaries({"minor": figures, "currency": st.sampled_from(["CNY", "USD"])}),
    Field.SKU: st.fixed_dictionaries({"sku_ids": skus, "pieces": st.integers(0, 6)}),
}


@st.composite
def told_conditions(draw: st.DrawFn) -> dict[str, Any]:
    field = draw(st.sampled_from(Field))
    operator = draw(st.sampled_from(OPERATORS[field]))
    value: Any = None
    if operator in {Operator.AT_LEAST, Operator.AT_MOST, Operator.BELOW}:
        value = draw(FIGURES.get(field, figures))
    elif operator not in {Operator.IS_EMPTY, Operator.IS_NOT_EMPTY}:
        value = draw(VALUES.get(field, skus if field is Field.SKU else words))
    return {"field": field.value, "operator": operator.value, "value": value}


facts = st.builds(
    replace,
    st.sampled_from([FACTS, OTHER]),
    weight_g=st.none() | figures,
    total_minor=figures,
    province=st.sampled_from(["", "浙江", "浙江省"]),
    tags=st.frozensets(st.sampled_from(["VIP", "x"])),
)


@given(told_conditions(), facts)
def test_a_condition_and_its_opposite_never_both_hold(told: dict[str, Any], of: OrderFacts) -> None:
    (condition,) = conditions.parsed([told])
    opposite = conditions.negated(condition)
    both = (conditions.holds(condition, of), conditions.holds(opposite, of))
    assert both != (True, True)
    unknown = (condition.field is Field.WEIGHT_G and of.weight_g is None) or (
        isinstance(condition.value, conditions.Money) and condition.value.currency != of.currency
    )
    assert (both == (False, False)) is unknown


@given(st.lists(told_conditions(), max_size=5))
def test_conditions_come_back_as_they_were_kept(told: list[dict[str, Any]]) -> None:
    made = conditions.parsed(told)
    assert conditions.parsed(conditions.dumped(made)) == made
    assert conditions.loaded(conditions.dumped(made)) == made
