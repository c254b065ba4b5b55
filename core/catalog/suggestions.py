"""Which SKU an unknown shop's code may stand for: the same code, the same barcode, what other shops say, its words."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.accounts import queries as accounts
from pickmesh.core.catalog import queries, shop_codes, terms
from pickmesh.core.catalog.tables import SearchTerm, Sku
from pickmesh.core.journal.unit_of_work import UnitOfWork

SUGGESTED_MAX = 5
WORD_LENGTH_MIN = 2
_PER_WORD_MAX = 20


class Why(StrEnum):
    """Why a SKU is suggested, the surest reason first."""

    SAME_CODE = "SAME_CODE"
    OTHER_SHOP = "OTHER_SHOP"
    SAME_BARCODE = "SAME_BARCODE"
    WORDS = "WORDS"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A SKU that a code may stand for."""

    sku_id: UUID
    why: Why


async def suggested(uow: UnitOfWork, codes: Collection[str]) -> dict[str, list[Suggestion]]:
    """Return what unknown codes may stand for, the surest first and at most five each; a fixed number of statements.

    A code without any suggestion is missing.
    """
    asked = set(codes)
    spelled = {code: {code, code.upper(), code.lower()} for code in asked}
    same = await queries.skus_by_code(uow, set(chain.from_iterable(spelled.values())))
    shops = [shop.id for shop in await accounts.shops(uow)]
    elsewhere = await shop_codes.skus_of_codes(uow, asked, shops)
    scanned = await queries.barcodes_by_candidates(uow, asked)
    worded = await _by_words(uow, asked)
    answer: dict[str, list[Suggestion]] = {}
    for code in asked:
        found: dict[UUID, Why] = {}
        for why, sku_ids in (
            (Why.SAME_CODE, [same[each].id for each in sorted(spelled[code]) if each in same]),
            (Why.OTHER_SHOP, [sku_id for _, sku_id in elsewhere.get(code, ())]),
            (Why.SAME_BARCODE, [hit.sku_id for hit in scanned.get(code, ())]),
            (Why.WORDS, worded.get(code, ())),
        ):
            for sku_id in sku_ids:
                found.setdefault(sku_id, why)
        if found:
            answer[code] = [Suggestion(sku_id, why) for sku_id, why in found.items()][:SUGGESTED_MAX]
    return answer


async def _by_words(uow: UnitOfWork, codes: Collection[str]) -> dict[str, list[UUID]]:
    """Return SKUs that have the longest word of a code, those that share more of its words first.

    Of a word that very many SKUs have, only some are looked at: it tells little.
    """
    words = {code: words_of(code) for code in codes}
    longest = {code: max(found, key=lambda word: (len(word), word)) for code, found in words.items() if found}
    if not longest:
        return {}
    nth = sa.func.row_number().over(partition_by=SearchTerm.term, order_by=SearchTerm.sku_id).label("nth")
    live = sa.and_(Sku.merchant_id == SearchTerm.merchant_id, Sku.id == SearchTerm.sku_id, Sku.archived_at.is_(None))
    counted = (
        sa.select(SearchTerm.term, SearchTerm.sku_id, Sku.code, nth)
        .select_from(sa.join(SearchTerm, Sku, live))
        .where(uow.mine(SearchTerm), _is_one_of(uow, longest.values()))
        .subquery()
    )
    found = await uow.fetch(sa.select(counted).where(counted.c.nth <= _PER_WORD_MAX))
    shared = await _words_of_skus(uow, {row.sku_id for row in found}, set(chain.from_iterable(words.values())))
    names = {row.sku_id: row.code for row in found}
    return {
        code: sorted(
            (row.sku_id for row in found if row.term == longest[code]),
            key=lambda sku_id: (-len(shared.get(sku_id, set()) & words[code]), names[sku_id]),
        )
        for code in longest
    }


def words_of(code: str) -> set[str]:
    """Return the words in a code that say something: those of two characters or more."""
    return {term.text for term in terms.query_terms(code) if len(term.text) >= WORD_LENGTH_MIN}


async def _words_of_skus(uow: UnitOfWork, sku_ids: Collection[UUID], words: Collection[str]) -> Mapping[UUID, set[str]]:
    found = await uow.fetch(
        sa.select(SearchTerm.sku_id, SearchTerm.term).where(
            uow.mine(SearchTerm), uow.among(SearchTerm.sku_id, sku_ids), _is_one_of(uow, words)
        )
    )
    answer: dict[UUID, set[str]] = {}
    for row in found:
        answer.setdefault(row.sku_id, set()).add(row.term)
    return answer


def _is_one_of(uow: UnitOfWork, words: Collection[str]) -> sa.ColumnElement[bool]:
    listed: Sequence[str] = sorted(set(words))
    return uow.among(sa.type_coerce(SearchTerm.term, sa.Text), listed)
