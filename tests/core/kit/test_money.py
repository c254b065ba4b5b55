import pytest
from hypothesis import given
from hypothesis import strategies as st

from pickmesh.core.kit import money


@pytest.mark.parametrize(
    ("quantity", "price_micros", "currency", "amount"),
    [
        (1, 35_000, "CNY", 4),  # a screw costs 0.035: half a cent rounds up
        (3, 35_000, "CNY", 11),  # rounded once per line, not per piece
        (2, 19_900_000, "CNY", 3980),
        (1, 1_500_000, "JPY", 2),
        (1, 1_234_567, "KWD", 1235),
        (-1, 35_000, "CNY", -4),
    ],
)
def test_a_line_is_rounded_half_up_once(quantity: int, price_micros: int, currency: str, amount: int) -> None:
    assert money.line_amount(quantity, price_micros, currency) == amount


def test_spreading_gives_the_odd_cents_to_the_largest_remainders_then_the_earlier_lines() -> None:
    assert money.spread(100, [1, 1, 1]) == [34, 33, 33]
    assert money.spread(10, [3, 3, 1]) == [4, 4, 2]
    assert money.spread(-100, [1, 1, 1]) == [-34, -33, -33]
    assert money.spread(5, [0, 0]) == [3, 2]
    assert money.spread(5, []) == []


@given(st.integers(-(10**12), 10**12), st.lists(st.integers(0, 10**9), min_size=1, max_size=30))
def test_spread_parts_always_sum_to_the_whole(amount: int, weights: list[int]) -> None:
    parts = money.spread(amount, weights)
    total = sum(weights)
    assert sum(parts) == amount
    if total:
        assert all(abs(part * total - amount * weight) < total for part, weight in zip(parts, weights, strict=True))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("twelve", "“twelve” is not a price; write digits with a decimal point, such as 12.50"),
        ("-1", "price “-1” must be zero or more"),
        ("NaN", "price “NaN” must be zero or more"),
        ("0.0000001", "price “0.0000001” has more than 6 decimal places"),
        ("99999999999", "price “99999999999” is too large"),
    ],
)
def test_a_bad_price_is_told_apart(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem.replace(".", r"\.")):
        money.parse_price(text)


def test_prices_and_amounts_are_read_and_written_exactly() -> None:
    assert money.parse_price(" 0.035 ") == 35_000
    assert money.parse_amount("12.5", "CNY") == 1250
    assert money.format_amount(1250, "CNY") == "12.50 CNY"
    assert money.format_amount(7, "JPY") == "7 JPY"


@pytest.mark.parametrize("code", ["CNY", "USD", "EUR", "JPY", "XOF", "XCG"])
def test_currencies_in_use_are_known(code: str) -> None:
    assert money.currency_problem(code) is None


@pytest.mark.parametrize(
    ("code", "remedy"), [("RMB", "write CNY."), ("usd", "write USD."), ("XAU", "such as CNY."), ("ABC", "such as CNY.")]
)
def test_what_is_no_currency_is_told_with_the_remedy(code: str, remedy: str) -> None:
    assert (money.currency_problem(code) or "").endswith(remedy)


def test_every_currency_with_its_own_count_of_digits_is_one_in_use() -> None:
    assert money.currency_problem("ISK") is None
    assert [money.minor_digits(code) for code in ("ISK", "XAF", "IQD", "LYD", "CNY")] == [0, 0, 3, 3, 2]


def test_what_is_no_amount_is_told_with_the_right_article() -> None:
    with pytest.raises(ValueError, match="“twelve” is not an amount; write digits"):
        money.parse_amount("twelve", "CNY")
