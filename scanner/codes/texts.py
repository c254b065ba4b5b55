"""Sentences that remember how they were made, so that they can be said again in another language."""

from collections.abc import Mapping
from types import MappingProxyType

_NO_WORDS: Mapping[str, object] = MappingProxyType({})


class Sentence(str):
    """An English text that remembers its template and the words that filled it; words may be sentences themselves."""

    __slots__ = ("template", "words")
    template: str
    words: Mapping[str, object]

    def __new__(cls, template: str, words: Mapping[str, object] = _NO_WORDS) -> "Sentence":
        """Fill a template; every word it names must be there."""
        made = super().__new__(cls, template.format_map(words))
        made.template = template
        made.words = words
        return made

    def __getnewargs__(self) -> tuple[str, dict[str, object]]:  # type: ignore[override]  # copies are made anew
        return self.template, dict(self.words)


def sentence(template: str, **words: object) -> Sentence:
    """Return a sentence: a template with its words filled in."""
    return Sentence(template, words)


def word(value: str) -> Sentence:
    """Return a name of ours (`PICK_LIST`) as a word of a sentence: small letters, no underscores."""
    return Sentence(value.lower().replace("_", " "))
