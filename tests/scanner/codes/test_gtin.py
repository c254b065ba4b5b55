import pytest
from hypothesis import given
from hypothesis import strategies as st

from pickmesh.scanner.codes import gtin

digits = st.text(alphabet="0123456789", min_size=1)


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("95012346", "00000095012346"),  # EAN-8
        ("012345678905", "00012345678905"),  # UPC-A
        ("0012345678905", "00012345678905"),  # the same as a decoder's EAN-13
        ("6901234567892", "06901234567892"),  # EAN-13
        ("16901234567899", "16901234567899"),  # ITF-14
    ],
)
def test_every_length_is_kept_as_fourteen_digits(text: str, normal: str) -> None:
    assert gtin.normalise(text) == normal


@pytest.mark.parametrize(
    "text",
    [
        "6901234567893",
        "690123456789",
        "69012345678",
        "",
        "00000000",
        "0" * 14,
        "690123456789X",
        "６９０１２３４５６７８９２",
    ],
)
def test_what_does_not_check_is_no_trade_number(text: str) -> None:
    assert gtin.normalise(text) is None


@given(st.sampled_from([7, 11, 12, 13]).flatmap(lambda n: st.text(alphabet="0123456789", min_size=n, max_size=n)))
def test_a_check_digit_makes_any_first_digits_a_trade_number(first: str) -> None:
    whole = gtin.with_check_digit(first)
    assert whole[:-1] == first
    assert gtin.normalise(whole) == (whole.zfill(14) if first.strip("0") else None)


@given(st.text(alphabet="0123456789", min_size=12, max_size=12), st.integers(0, 12), st.integers(1, 9))
def test_every_single_wrong_digit_is_caught(first: str, place: int, shift: int) -> None:
    whole = gtin.with_check_digit(first)
    wrong = whole[:place] + str((int(whole[place]) + shift) % 10) + whole[place + 1 :]
    assert gtin.normalise(wrong) is None


@pytest.mark.parametrize("first", ["", "123456", "12345678", "123456789012345", "12345a7", "１２３４５６７"])
def test_other_lengths_get_no_check_digit(first: str) -> None:
    with pytest.raises(ValueError, match="7, 11, 12 or 13 digits"):
        gtin.with_check_digit(first)


@pytest.mark.parametrize(
    ("short", "full"),
    [
        ("04252614", "042100005264"),  # GS1 General Specifications, figure of UPC-E
        ("01234565", "012345000065"),
        ("01234531", "012300000451"),
        ("01234543", "012340000053"),
        ("123456", "012345000065"),
        ("0123456", "012345000065"),
    ],
)
def test_zero_suppressed_numbers_expand(short: str, full: str) -> None:
    assert gtin.expand_upc_e(short) == full


@pytest.mark.parametrize("short", ["04252615", "24252614", "12345", "123456789", "12345X", ""])
def test_what_is_no_upc_e_expands_to_nothing(short: str) -> None:
    assert gtin.expand_upc_e(short) is None


@given(digits)
def test_expansions_always_check(text: str) -> None:
    full = gtin.expand_upc_e(text)
    assert full is None or full[-1] == gtin.with_check_digit(full[:-1])[-1]
