import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pickmesh.scanner.codes import check

alphanumeric = st.text(alphabet=check.ALPHABET, min_size=1, max_size=30)


def test_the_published_grid_example_ends_in_m() -> None:
    # IFPI GRid Standard v2.1: A1-2425G-ABC1234002-M
    assert check.check_character("A12425GABC1234002") == "M"


def test_the_published_isan_examples_end_in_g_and_q() -> None:
    # ISO 15706-2: ISAN 0000-3BAB-9352-0000-G-0000-0000-Q
    assert check.check_character("00003BAB93520000") == "G"
    assert check.check_character("00003BAB9352000000000000") == "Q"


@given(alphanumeric, st.data())
def test_every_single_wrong_character_changes_the_check_character(payload: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(payload) - 1))
    other = data.draw(st.sampled_from([c for c in check.ALPHABET if c != payload[place]]))
    wrong = payload[:place] + other + payload[place + 1 :]
    assert check.check_character(wrong) != check.check_character(payload)


@pytest.mark.parametrize("payload", ["a", "A-1", "A 1", "１", "Ａ", ""])
def test_only_digits_and_capitals_have_a_check_character(payload: str) -> None:
    if payload == "":
        assert check.check_character(payload) == "1"
        return
    with pytest.raises(ValueError, match="Only digits and capital letters"):
        check.check_character(payload)


def test_published_trade_number_digits() -> None:
    assert check.check_digit("950600013435") == "2"
    assert check.check_digit("9501234") == "6"
    assert check.check_digit("01234567890") == "5"
    assert check.check_digit("8061414112345") == "8"
    assert check.check_digit("10614141234567890") == "8"


def test_the_alphabet_is_digits_then_capitals() -> None:
    assert string.digits + string.ascii_uppercase == check.ALPHABET
