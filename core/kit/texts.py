"""Texts for people: sentences that can be translated, how they are joined, and how they are kept as JSON."""

from collections.abc import Callable, Sequence
from functools import lru_cache, reduce
from string import Formatter
from typing import Any

from pickmesh.scanner.codes.texts import Sentence, sentence, word

__all__ = ["Named", "Sentence", "either", "from_json", "joined", "placeholders", "sentence", "to_json", "word"]


class Named(str):
    """A name in English that remembers the Chinese one; where there is only one, it is both."""

    __slots__ = ("chinese",)
    chinese: str

    def __new__(cls, english: str, chinese: str) -> "Named":
        """Take both names; one may be empty."""
        made = super().__new__(cls, english or chinese)
        made.chinese = chinese or english
        return made

    def __getnewargs__(self) -> tuple[str, str]:  # type: ignore[override]  # copies are made anew
        return str(self), self.chinese


def joined(first: str, *others: str) -> str:
    """Return sentences one after the other as one sentence; empty ones are left out."""
    return reduce(_then, (text for text in (first, *others) if text), "")


def _then(before: str, text: str) -> str:
    return sentence("{before} {then}", before=before, then=text) if before else text


def either(names: Sequence[str]) -> str:
    """Return names of which any will do as one word: A or B or C; nothing when there is none."""
    return reduce(_or, names, "")


def _or(before: str, name: str) -> str:
    return sentence("{one} or {other}", one=before, other=name) if before else name


@lru_cache(maxsize=4096)
def placeholders(template: str) -> Sequence[str]:
    """Return the words a template names, in their order."""
    return tuple(name for _, name, _, _ in Formatter().parse(template) if name is not None)


def to_json(text: object, clean: Callable[[str], str] = str) -> Any:
    """Return a text as it is kept: a sentence as [template, words], a name in both languages, anything else plainly.

    `clean` makes every text in it fit to be kept.
    """
    if isinstance(text, Sentence):
        names = placeholders(text.template)
        words = {name: to_json(text.words[name], clean) for name in names}
        return [text.template, words] if words else [text.template]
    if isinstance(text, Named):
        return {"en": clean(text), "zh": clean(text.chinese)}
    return text if isinstance(text, int) else clean(str(text))


def from_json(kept: Any) -> Any:
    """Return a text that was kept."""
    if isinstance(kept, list):
        template, words = (*kept, {})[:2]
        return Sentence(template, {name: from_json(each) for name, each in words.items()})
    return Named(kept["en"], kept["zh"]) if isinstance(kept, dict) else kept
