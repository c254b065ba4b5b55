import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pickmesh.scanner.codes import check, own
from pickmesh.scanner.codes.own import OwnKind, OwnLabel
from pickmesh.scanner.codes.parse import CodeKind, parse

document_kinds = st.sampled_from([kind for kind in OwnKind if kind not in own.PLACE_KINDS])
groups = st.text(alphabet=check.ALPHABET, min_size=1, max_size=6)
place_codes = st.lists(groups, min_size=1, max_size=4).map("-".join)


@st.composite
def named(draw: st.DrawFn) -> tuple[OwnKind, str]:
    if draw(st.booleans()):
        kind = draw(document_kinds)
        return kind, own.number_text(kind, draw(st.integers(1, 10**12 - 1)))
    return draw(st.sampled_from(sorted(own.PLACE_KINDS))), draw(place_codes)


def test_labels_are_written_with_their_check_character() -> None:
    assert own.label_text(OwnKind.WAVE, "W-0017") == "W-0017-T"
    assert own.label_text(OwnKind.BIN, "A01-02-3") == "B-A01-02-3-R"
    assert own.label_text(OwnKind.STATION, "bench1") == "S-BENCH1-" + check.check_character("SBENCH1")


def test_numbers_have_at_least_four_digits() -> None:
    assert own.number_text(OwnKind.WAVE, 17) == "W-0017"
    assert own.number_text(OwnKind.PURCHASE_ORDER, 123456) == "U-123456"


@pytest.mark.parametrize(
    ("kind", "number"), [(OwnKind.WAVE, 0), (OwnKind.WAVE, -3), (OwnKind.WAVE, 10**12), (OwnKind.BIN, 1)]
)
def test_what_has_no_number_is_refused(kind: OwnKind, number: int) -> None:
    with pytest.raises(ValueError, match="number"):
        own.number_text(kind, number)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (OwnKind.WAVE, "P-0017"),
        (OwnKind.WAVE, "W-0000"),
        (OwnKind.WAVE, "0017"),
        (OwnKind.BIN, ""),
        (OwnKind.BIN, "A01--2"),
        (OwnKind.BIN, "-A01"),
        (OwnKind.BIN, "A01_2"),
        (OwnKind.BIN, "货位1"),
        (OwnKind.BIN, "A" * 33),
    ],
)
def test_what_cannot_be_printed_is_refused(kind: OwnKind, value: str) -> None:
    with pytest.raises(ValueError, match=r"write it as|use letters and digits"):
        own.label_text(kind, value)


@given(named(), st.booleans())
def test_what_is_printed_is_read_back(name: tuple[OwnKind, str], typed: bool) -> None:
    kind, value = name
    scanned = parse(own.label_text(kind, value), typed=typed)
    assert (scanned.kind, scanned.own_kind, scanned.own_value) == (CodeKind.OWN, kind, value)
    assert (scanned.checked, scanned.problem, scanned.candidates[0]) == (True, None, value)


@given(named(), st.booleans(), st.data())
def test_any_single_wrong_character_is_never_read_as_a_label(
    name: tuple[OwnKind, str], typed: bool, data: st.DataObject
) -> None:
    label = own.label_text(*name)
    place = data.draw(st.sampled_from([n for n, character in enumerate(label) if character != "-"]))
    other = data.draw(st.sampled_from([c for c in check.ALPHABET if c != label[place]]))
    scanned = parse(label[:place] + other + label[place + 1 :], typed=typed)
    assert (scanned.own_value, scanned.checked) == (None, False)


@given(place_codes, st.data())
def test_two_neighbours_swapped_in_a_bin_are_caught_but_for_the_pairs_the_standard_misses(
    code: str, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, max(0, len(code) - 2)))
    pair = code[place : place + 2]
    assume(len(pair) == 2 and "-" not in pair and pair[0] != pair[1])
    swapped = code[:place] + pair[::-1] + code[place + 2 :]
    label = own.label_text(OwnKind.BIN, code)
    scanned = parse(f"B-{swapped}-{label[-1]}")
    assert scanned.checked is (own.label_text(OwnKind.BIN, swapped)[-1] == label[-1])


@pytest.mark.parametrize("text", ["W-0017", "w0017", "W17", "w 17", "Ｗ－００１７", "W—0017", "w-17"])
def test_people_may_type_a_number_without_its_check_character(text: str) -> None:
    scanned = parse(text, typed=True)
    assert (scanned.own_kind, scanned.own_value, scanned.checked) == (OwnKind.WAVE, "W-0017", False)
    assert scanned.problem is None


@pytest.mark.parametrize("text", ["W-0017-T", "w0017t", "W 0017 T", "w-0017t"])
def test_a_typed_check_character_counts(text: str) -> None:
    scanned = parse(text, typed=True)
    assert (scanned.own_kind, scanned.own_value, scanned.checked) == (OwnKind.WAVE, "W-0017", True)


@pytest.mark.parametrize("text", ["W17", "w0017", "W-17", "W 0017"])
def test_a_scan_is_not_read_as_loosely_as_typing(text: str) -> None:
    assert parse(text).kind is CodeKind.TEXT


def test_a_scanned_number_without_check_character_is_ours_but_unchecked() -> None:
    scanned = parse("P-0042")
    assert (scanned.own_kind, scanned.own_value, scanned.checked) == (OwnKind.PARCEL, "P-0042", False)


def test_a_wrong_check_character_is_a_problem_and_still_looked_up_as_it_stands() -> None:
    scanned = parse("W-0017-K")
    assert (scanned.kind, scanned.own_kind, scanned.own_value) == (CodeKind.OWN, OwnKind.WAVE, None)
    assert scanned.candidates == ("W-0017-K",)
    assert scanned.problem == (
        "The check character K of wave label W-0017-K is wrong: "
        "scan it again, or type the number printed under the bars."
    )


@pytest.mark.parametrize(
    "text", ["T-SHIRT-M", "P-100A", "W-0000-0", "Z-0017-T", "W-" + "1" * 13 + "-0", "W17X", "B-货位-1"]
)
def test_other_peoples_codes_are_not_ours(text: str) -> None:
    assert own.read_label(text, typed=True) is None


def test_reading_gives_kind_value_and_whether_it_was_checked() -> None:
    assert own.read_label("b-a01-02-3-r") == OwnLabel(OwnKind.BIN, "A01-02-3", checked=True)
    assert own.read_label("L-0003") == OwnLabel(OwnKind.PICK_LIST, "L-0003", checked=False)
