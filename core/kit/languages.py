"""The languages we speak: sentences are written in English, and said in others by their catalogue (gettext .po)."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol

from babel.messages import pofile

from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.texts import Named, Sentence

ENGLISH = "en"
CHINESE = "zh-CN"
LOCALES = (CHINESE, ENGLISH)
FOLDER = Path(__file__).parent / "translations"
TAGS_MAX = 20
"""So many languages of an Accept-Language header are looked at."""

_BY_PREFIX = {locale.partition("-")[0]: locale for locale in LOCALES}


def translate(text: str, locale: str) -> str:
    """Return a text in a language: its template and the words that are sentences or names; else as it is."""
    if locale == ENGLISH:
        return text
    known = catalogue(locale)
    if isinstance(text, Sentence):
        return known.get(text.template, text.template).format_map(_Words(text.words, locale))
    return text.chinese if isinstance(text, Named) else known.get(text, text)


class Telling(Protocol):
    """A refusal: its message, and what its code means in general."""

    message: str
    general: str


def told(refusal: Telling, locale: str) -> str:
    """Return a refusal's message in a language; one that has no translation is told by what its code means."""
    message = refusal.message
    template = message.template if isinstance(message, Sentence) else message
    known = locale == ENGLISH or template in catalogue(locale)
    return translate(message if known else refusal.general, locale)


def asked_for(header: str | None) -> str | None:
    """Return the language of ours that an Accept-Language header likes best; None when it names none."""
    best: tuple[float, str] | None = None
    for part in (header or "").split(",")[:TAGS_MAX]:
        tag, _, quality = part.partition(";")
        locale = _BY_PREFIX.get(tag.strip().lower().partition("-")[0])
        weight = _weight(quality)
        if locale is not None and weight > (best[0] if best else 0):
            best = (weight, locale)
    return best[1] if best else None


def of_actor(actor: Actor | None) -> str:
    """Return the language somebody reads; programs and strangers are told everything in English."""
    return actor.locale if actor is not None and actor.person_id is not None and actor.locale in LOCALES else ENGLISH


def _weight(quality: str) -> float:
    name, _, value = quality.strip().partition("=")
    try:
        return float(value) if name.strip().lower() == "q" else 1.0
    except ValueError:
        return 0.0


@dataclass(frozen=True, slots=True)
class _Words:
    """The words of a sentence, each put into the language when the template asks for it."""

    words: Mapping[str, object]
    locale: str

    def __getitem__(self, name: str) -> object:
        word = self.words[name]
        return translate(word, self.locale) if isinstance(word, Sentence | Named) else word


@cache
def catalogue(locale: str) -> Mapping[str, str]:
    """Return the translations of a language by their English template; read once from its file."""
    with (FOLDER / f"{locale.replace('-', '_')}.po").open("rb") as file:
        read = pofile.read_po(file, locale=locale.replace("-", "_"), abort_invalid=True)
    return {str(each.id): str(each.string) for each in read if each.id and each.string and not each.fuzzy}
