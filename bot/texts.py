"""What the bot says: sentences in English, said in Chinese by a gettext catalogue; every word in them is escaped."""

import html
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from babel.messages import pofile

ENGLISH = "en"
CHINESE = "zh-CN"
LOCALES = (CHINESE, ENGLISH)
FOLDER = Path(__file__).parent / "translations"


class Html(str):
    """Text that is markup already and is not escaped again."""

    __slots__ = ()


def escaped(word: object) -> Html:
    """Return a word as it may stand in markup."""
    return word if isinstance(word, Html) else Html(html.escape(str(word), quote=False))


def joined(lines: list[Html]) -> Html:
    """Return lines as one text; empty ones keep paragraphs apart."""
    return Html("\n".join(lines))


def bold(word: object) -> Html:
    """Return a word in bold."""
    return Html(f"<b>{escaped(word)}</b>")


def code(word: object) -> Html:
    """Return a code so that a tap copies it."""
    return Html(f"<code>{escaped(word)}</code>")


@dataclass(frozen=True, slots=True)
class Voice:
    """Speaks one language."""

    locale: str

    def say(self, message: str, **words: object) -> Html:
        """Return a sentence of ours in this language, its words escaped."""
        template = message if self.locale == ENGLISH else catalogue(self.locale).get(message, message)
        return Html(template.format_map({name: escaped(word) for name, word in words.items()}))

    def plain(self, message: str, **words: object) -> str:
        """Return a sentence without markup, as buttons show it."""
        template = message if self.locale == ENGLISH else catalogue(self.locale).get(message, message)
        return template.format_map(words)

    def of_two(self, chinese: str, english: str) -> str:
        """Return the name in this language, or the one there is."""
        first, second = (chinese, english) if self.locale == CHINESE else (english, chinese)
        return first or second


def locale_of(tag: str | None) -> str:
    """Return the language of ours that a messenger's language tag means: Chinese for zh…, else English."""
    return CHINESE if (tag or "").lower().startswith("zh") else ENGLISH


@cache
def catalogue(locale: str) -> Mapping[str, str]:
    """Return the translations of a language by their English message; read once from its file."""
    with (FOLDER / f"{locale.replace('-', '_')}.po").open("rb") as file:
        read = pofile.read_po(file, locale=locale.replace("-", "_"), abort_invalid=True)
    return {str(each.id): str(each.string) for each in read if each.id and each.string and not each.fuzzy}
