import pytest
from hypothesis import given
from hypothesis import strategies as st

from pickmesh.core.catalog import terms
from pickmesh.core.catalog.terms import QueryTerm


def matches(query: str, *names: str) -> bool:
    kept = terms.terms_of(names)
    asked = terms.query_terms(query)
    return bool(asked) and all(
        any(term.startswith(each.text) if each.is_prefix else term == each.text for term in kept) for each in asked
    )


def test_words_are_kept_whole_and_chinese_as_bigrams_and_initials() -> None:
    assert terms.terms_of(["不锈钢水壶 Kettle-2L"]) == {
        *("不锈", "锈钢", "钢水", "水壶", "壶"),
        *("bxgsh", "xgsh", "gsh", "sh"),
        *("kettle", "2l"),
    }


def test_a_query_asks_for_words_by_their_beginning_and_for_bigrams_exactly() -> None:
    assert terms.query_terms("KETT 水壶盖 壶 kett") == [
        QueryTerm("kett", True),
        QueryTerm("水壶", False),
        QueryTerm("壶盖", False),
        QueryTerm("壶", True),
    ]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("水壶", True),
        ("锈钢水", True),
        ("壶", True),
        ("不 壶", True),
        ("壶水", False),
        ("bxg", True),
        ("gsh", True),
        ("bg", False),
        ("kett", True),
        ("KETTLE 水壶", True),
        ("kettle 茶壶", False),
        ("ettle", False),
        ("lh ket01", True),
        ("LH-KET01-RED", True),
        ("ＫＥＴ０１", True),
        ("cafe", True),
        ("CAFÉ", True),
        ("...", False),
        ("", False),
    ],
)
def test_what_people_type_finds_what_they_mean(query: str, found: bool) -> None:
    assert matches(query, "LH-KET01-RED", "不锈钢水壶", "Café Kettle") is found


def test_polyphones_follow_the_phrase() -> None:
    assert {"cq", "yh"} <= terms.terms_of(["重庆", "银行"])


def test_a_pasted_title_asks_for_sixteen_terms_at_most() -> None:
    assert len(terms.query_terms("甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉戌亥")) == 16


chinese = st.text("临安不锈钢水壶炒锅保温杯牛奶盒苹果手机长重行", min_size=1, max_size=12)


@given(chinese, st.data())
def test_every_part_of_a_chinese_name_finds_it(name: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(name) - 1))
    end = data.draw(st.integers(start + 1, len(name)))
    assert matches(name[start:end], name)


@given(st.lists(st.text("abcdefgh0123", min_size=1, max_size=40), min_size=1, max_size=5), st.data())
def test_every_beginning_of_a_word_finds_it(words: list[str], data: st.DataObject) -> None:
    word = data.draw(st.sampled_from(words))
    assert matches(word[: data.draw(st.integers(1, len(word)))], " ".join(words))


@given(st.text(max_size=200))
def test_any_text_has_short_terms_and_finds_itself(text: str) -> None:
    kept = terms.terms_of([text])
    assert all(0 < len(term) <= terms.WORD_LENGTH_MAX for term in kept)
    assert not kept or matches(text, text)
