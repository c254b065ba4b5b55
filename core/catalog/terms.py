"""Search terms: what a SKU is found by, and what a query asks for.

Words are kept whole and asked for by their beginning. Chinese has no spaces: each run of characters is kept as its
bigrams, and as the initials of its pinyin from every character on, so that a part in the middle is found as well.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pypinyin

WORD_LENGTH_MAX = 32
INITIALS_LENGTH_MAX = 12
QUERY_TERMS_MAX = 16

_UNSPACED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_RUN = re.compile(f"([{_UNSPACED}]+)|[^\\W_{_UNSPACED}]+")


@dataclass(frozen=True, slots=True)
class QueryTerm:
    """A term to look for: exactly, or as the beginning of one."""

    text: str
    is_prefix: bool


def terms_of(texts: Iterable[str]) -> set[str]:
    """Return every term by which something with these names and codes is found."""
    found: set[str] = set()
    for run, is_unspaced in (each for text in texts for each in _runs(text)):
        if is_unspaced:
            # The last character stands alone, so that each one begins some term.
            found.update([*_bigrams(run), run[-1], *_initials(run)])
        else:
            found.add(run)
    return found


def query_terms(text: str) -> list[QueryTerm]:
    """Return what must all be found for a query to match, each once; beyond sixteen terms the rest is not asked for."""
    asked: dict[QueryTerm, None] = {}
    for run, is_unspaced in _runs(text):
        if is_unspaced and len(run) > 1:
            asked.update((QueryTerm(pair, False), None) for pair in _bigrams(run))
        else:
            asked[QueryTerm(run, True)] = None
    return list(asked)[:QUERY_TERMS_MAX]


def _runs(text: str) -> Iterator[tuple[str, bool]]:
    """Split a text into words and runs of characters that are written without spaces."""
    for found in _RUN.finditer(unicodedata.normalize("NFKC", text).casefold()):
        is_unspaced = found[1] is not None
        yield (found[0] if is_unspaced else _plain(found[0])[:WORD_LENGTH_MAX]), is_unspaced


def _plain(word: str) -> str:
    """Drop accents: people type cafe for café."""
    if word.isascii():
        return word
    return "".join(char for char in unicodedata.normalize("NFD", word) if not unicodedata.combining(char))


def _bigrams(run: str) -> list[str]:
    return [run[start : start + 2] for start in range(len(run) - 1)]


def _initials(run: str) -> list[str]:
    letters = "".join(pypinyin.lazy_pinyin(run, style=pypinyin.Style.FIRST_LETTER, errors="ignore"))
    if len(letters) == 1:
        return [letters]
    return [letters[start : start + INITIALS_LENGTH_MAX] for start in range(len(letters) - 1)]
