"""Look-alikes: pairs of SKUs that hands confuse, said by people or learnt from wrong scans."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.accounts import locks
from pickmesh.core.catalog import events, queries, touching
from pickmesh.core.catalog.tables import LookAlike, Sku
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import InvalidInput, Refusal, Refused
from pickmesh.core.kit.texts import sentence

Pair = tuple[UUID, UUID]


@dataclass(frozen=True, slots=True)
class LookAlikeRow:
    """A SKU that another one is confused with: how often by a wrong scan, when last, and who said so by hand."""

    sku_id: UUID
    wrong_scans: int
    last_seen_at: datetime
    marked_by: UUID | None
    marked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Marked:
    """A pair that is marked now, or (unmarked) no pair any more; `changed` is False when that was so before."""

    index: int
    sku_id: UUID
    other_sku_id: UUID
    changed: bool


def ordered(pair: Pair) -> Pair:
    """Return a pair as it is kept: the smaller id first."""
    return (pair[0], pair[1]) if pair[0] < pair[1] else (pair[1], pair[0])


async def mark_look_alikes(uow: UnitOfWork, *, pairs: Sequence[Pair]) -> list[Marked | Refused]:
    """Say that hands confuse SKUs with one another; what wrong scans have counted stays. Twice changes nothing.

    At most 1,000 in a fixed number of statements. Needs catalog:write.
    """
    uow.actor.require(Permission.CATALOG_WRITE)
    touching.require_few(pairs, "pairs")
    await locks.lock_merchant(uow)
    skus = await queries.skus(uow, {sku_id for pair in pairs for sku_id in pair})
    marked = {pair for pair, row in (await _kept(uow, pairs)).items() if row.marked_at is not None}
    answers: list[Marked | Refused] = []
    fresh: dict[Pair, None] = {}
    for index, pair in enumerate(pairs):
        problem = _problem(pair, skus)
        if problem is not None:
            answers.append(Refused(index, problem))
            continue
        changed = ordered(pair) not in marked
        if changed:
            fresh[ordered(pair)] = None
            marked.add(ordered(pair))
        answers.append(Marked(index, *pair, changed))
    said = {"last_seen_at": uow.now, "marked_by": uow.actor.person_id, "marked_at": uow.now}
    new = [{"sku_id": one, "other_sku_id": other, "wrong_scans": 0, **said} for one, other in sorted(fresh)]
    await uow.upsert(LookAlike, new, replace=["marked_by", "marked_at"])
    uow.emit(events.SkuLookAlikeMarked(one, other) for one, other in fresh)
    return answers


async def unmark_look_alikes(uow: UnitOfWork, *, pairs: Sequence[Pair]) -> list[Marked | Refused]:
    """Say that SKUs are told apart well enough: what wrong scans have counted is forgotten. Twice changes nothing.

    At most 1,000 in a fixed number of statements. Needs catalog:write.
    """
    uow.actor.require(Permission.CATALOG_WRITE)
    touching.require_few(pairs, "pairs")
    await locks.lock_merchant(uow)
    skus = await queries.skus(uow, {sku_id for pair in pairs for sku_id in pair})
    kept = await _kept(uow, pairs)
    if kept:
        gone = uow.among([LookAlike.sku_id, LookAlike.other_sku_id], list(kept))
        await uow.execute(sa.delete(LookAlike).where(uow.mine(LookAlike), gone))
    uow.emit(events.SkuLookAlikeUnmarked(one, other) for one, other in kept)
    problems = [_problem(pair, skus, archived=True) for pair in pairs]
    return [
        Refused(index, problem) if problem else Marked(index, *pair, ordered(pair) in kept)
        for index, (pair, problem) in enumerate(zip(pairs, problems, strict=True))
    ]


async def record_wrong_scan(uow: UnitOfWork, pairs: Collection[Pair]) -> None:
    """Count wrong scans, each as (the SKU that was wanted, the one that was scanned); one statement.

    For the floor, within a scan: whoever may scan may do this. A SKU taken for itself is no confusion.
    """
    counted = Counter(ordered(pair) for pair in pairs if pair[0] != pair[1])
    new = [
        {"sku_id": one, "other_sku_id": other, "wrong_scans": counted[one, other], "last_seen_at": uow.now}
        for one, other in sorted(counted)
    ]
    await uow.upsert(LookAlike, new, add=["wrong_scans"], replace=["last_seen_at"])


async def look_alikes_of(uow: UnitOfWork, sku_ids: Iterable[UUID]) -> dict[UUID, list[LookAlikeRow]]:
    """Return the SKUs each SKU is confused with, the most often confused first; archived ones are left out."""
    ids = list(sku_ids)
    sides = [_side(uow, ids, LookAlike.sku_id, LookAlike.other_sku_id)]
    sides.append(_side(uow, ids, LookAlike.other_sku_id, LookAlike.sku_id))
    both = sa.union_all(*sides).subquery()
    found = await uow.fetch(sa.select(both).order_by(both.c.wrong_scans.desc(), both.c.code))
    answer: dict[UUID, list[LookAlikeRow]] = {}
    for row in found:
        seen = LookAlikeRow(row.other, row.wrong_scans, row.last_seen_at, row.marked_by, row.marked_at)
        answer.setdefault(row.asked, []).append(seen)
    return answer


def _side(uow: UnitOfWork, sku_ids: Sequence[UUID], asked: Any, other: Any) -> sa.Select[Any]:
    of_other = sa.and_(Sku.merchant_id == LookAlike.merchant_id, Sku.id == other, Sku.archived_at.is_(None))
    return (
        sa.select(
            asked.label("asked"),
            other.label("other"),
            Sku.code.label("code"),
            LookAlike.wrong_scans,
            LookAlike.last_seen_at,
            LookAlike.marked_by,
            LookAlike.marked_at,
        )
        .select_from(sa.join(LookAlike, Sku, of_other))
        .where(uow.mine(LookAlike), uow.among(asked, sku_ids))
    )


async def _kept(uow: UnitOfWork, pairs: Sequence[Pair]) -> dict[Pair, sa.Row[Any]]:
    if not pairs:
        return {}
    columns = [LookAlike.sku_id, LookAlike.other_sku_id]
    asked = uow.among(columns, {ordered(pair) for pair in pairs})
    found = await uow.fetch(sa.select(*columns, LookAlike.marked_at).where(uow.mine(LookAlike), asked))
    return {(row.sku_id, row.other_sku_id): row for row in found}


def _problem(pair: Pair, skus: dict[UUID, queries.SkuRow], *, archived: bool = False) -> Refusal | None:
    one = touching.refusal(skus.get(pair[0]), None, archived=archived)
    problem = one or touching.refusal(skus.get(pair[1]), None, field="otherSkuId", archived=archived)
    if problem is None and pair[0] == pair[1]:
        message = sentence("A SKU looks like itself; name two different ones.")
        return InvalidInput(message, field=("otherSkuId",))
    return problem
