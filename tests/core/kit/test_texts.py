"""Sentences: an English text that remembers how it was made, joined, copied and kept."""

import copy
import json

import pytest

from pickmesh.core.kit import texts
from pickmesh.core.kit.texts import Named, Sentence, sentence


def test_a_sentence_is_its_english_text_and_remembers_template_and_words() -> None:
    said = sentence("Go to {place}: {left} × {sku}.", place="A-01", left=2, sku="TEA")
    assert said == "Go to A-01: 2 × TEA."
    assert (said.template, said.words) == ("Go to {place}: {left} × {sku}.", {"place": "A-01", "left": 2, "sku": "TEA"})
    assert json.loads(json.dumps(said)) == "Go to A-01: 2 × TEA."


def test_a_word_that_is_missing_is_a_mistake() -> None:
    with pytest.raises(KeyError, match="place"):
        sentence("Go to {place}.")


def test_words_with_braces_are_only_words() -> None:
    assert sentence("Nothing here goes by {text}.", text="{place}") == "Nothing here goes by {place}."


def test_a_copy_is_the_same_sentence() -> None:
    said = sentence("Take {what}.", what=Named("Tea", "茶"))
    again = copy.deepcopy(said)
    assert (again, again.template) == (said, said.template)
    assert isinstance(again.words["what"], Named)
    assert again.words["what"].chinese == "茶"


def test_joined_sentences_are_one_sentence_and_empty_ones_are_left_out() -> None:
    said = texts.joined(sentence("It is closed."), "", sentence("It has shipped."))
    assert said == "It is closed. It has shipped."
    assert isinstance(said, Sentence)
    assert texts.joined("", "") == ""


def test_any_of_several_names() -> None:
    assert [texts.either(names) for names in ([], ["A"], ["A", "B", "C"])] == ["", "A", "A or B or C"]


def test_a_name_that_is_missing_in_one_language_is_the_other_one() -> None:
    assert [(name, name.chinese) for name in (Named("Tea", ""), Named("", "茶"), Named("Tea", "茶"))] == [
        ("Tea", "Tea"),
        ("茶", "茶"),
        ("Tea", "茶"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "plain",
        sentence("It has shipped."),
        sentence("{hand} in tote {tote}.{next}", hand=2, tote="T-1", next=sentence(" {then}", then=sentence("Go."))),
        sentence("Take {name}.", name=Named("Tea", "茶")),
        Named("Tea", "茶"),
    ],
)
def test_a_text_that_was_kept_is_the_same_text(text: str) -> None:
    again = texts.from_json(json.loads(json.dumps(texts.to_json(text))))
    assert (type(again), again) == (type(text), text)
    assert texts.to_json(again) == texts.to_json(text)


def test_every_text_of_a_kept_sentence_is_made_fit_to_be_kept() -> None:
    said = sentence("{name} is not {what}.", name=Named("a\x00", "b\x00"), what="c\x00")
    kept = texts.to_json(said, lambda text: text.replace("\x00", "?"))
    assert kept == ["{name} is not {what}.", {"name": {"en": "a?", "zh": "b?"}, "what": "c?"}]
