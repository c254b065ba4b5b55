"""Barcodes of SKUs one by one: given and taken away, and looked up with every form a code may be written in."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.accounts import locks
from pickmesh.core.catalog import changes, queries, rules, touching
from pickmesh.core.catalog.barcodes import barcode_key
from pickmesh.core.catalog.queries import BarcodeHit, BarcodeRow, SkuRow
from pickmesh.core.catalog.refusals import BadBarcode
from pickmesh.core.catalog.tables import Barcode
from pickmesh.core.catalog.touching import Versions
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import LimitExceeded, NotFound, Refusal, Refused
from pickmesh.core.kit.texts import Named, either, sentence
from pickmesh.scanner.codes import gtin
from pickmesh.scanner.codes.parse import parse

LOOKUP_LENGTH_MAX = 500


@dataclass(frozen=True, slots=True)
class NewSkuBarcode:
    """A code that is to scan as a number of units of a SKU."""

    sku_id: UUID
    code: str
    unit_quantity: int = 1


@dataclass(frozen=True, slots=True)
class BarcodeAdded:
    """A barcode a SKU has now; `also` are other SKUs the same code stands for, so that a scan of it is a question."""

    index: int
    barcode_id: UUID
    sku_id: UUID
    changed: bool
    also: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class BarcodeArchived:
    """A barcode that scans as nothing any more."""

    index: int
    barcode_id: UUID
    sku_id: UUID
    changed: bool


@dataclass(frozen=True, slots=True)
class Found:
    """What a code may stand for, in SKU order; several are a question for whoever scanned.

    `problem` says what is wrong with a code that nothing is known by.
    """

    code: str
    hits: Sequence[BarcodeHit]
    question: str | None = None
    problem: str | None = None

    @property
    def is_ambiguous(self) -> bool:
        """Whether a person must say which of several it is."""
        return len(self.hits) > 1


@dataclass(slots=True)
class _Adding:
    """A batch of barcodes being added, beside what is there."""

    skus: Mapping[UUID, SkuRow]
    kept: dict[UUID, dict[str, BarcodeRow]]
    new: list[dict[str, object]] = field(default_factory=list)

    def problem(self, wanted: NewSkuBarcode, versions: Versions | None) -> Refusal | None:
        refused = touching.refusal(self.skus.get(wanted.sku_id), versions)
        if refused is not None:
            return refused
        try:
            key = rules.sound_barcode(wanted.code, wanted.unit_quantity)
        except Refusal as refusal:
            return refusal
        mine = self.kept.get(wanted.sku_id, {})
        if key in mine and mine[key].unit_quantity != wanted.unit_quantity:
            message = sentence(
                "{code} scans as {count} units of this SKU already; archive it first to change that.",
                code=wanted.code,
                count=mine[key].unit_quantity,
            )
            return BadBarcode(message, field=("unitQuantity",), data={"unit_quantity": mine[key].unit_quantity})
        if key not in mine and len(mine) >= rules.BARCODES_MAX:
            message = sentence("A SKU has at most {most} barcodes; archive one first.", most=rules.BARCODES_MAX)
            return LimitExceeded(message, field=("code",))
        return None

    def take(self, uow: UnitOfWork, wanted: NewSkuBarcode) -> tuple[BarcodeRow, bool]:
        """Return the row of a sound barcode, and whether it is a new one."""
        key = barcode_key(wanted.code)
        mine = self.kept.setdefault(wanted.sku_id, {})
        if key in mine:
            return mine[key], False
        row = mine[key] = BarcodeRow(new_id(), wanted.sku_id, key, wanted.unit_quantity)
        self.new.append(
            {
                "id": row.id,
                "sku_id": row.sku_id,
                "code": row.code,
                "unit_quantity": row.unit_quantity,
                "created_at": uow.now,
            }
        )
        return row, True


async def add_barcodes(
    uow: UnitOfWork, *, barcodes: Sequence[NewSkuBarcode], versions: Versions | None = None
) -> list[BarcodeAdded | Refused]:
    """Let codes scan as a number of units of SKUs; the same again changes nothing.

    A code other SKUs have as well is taken and told: whoever scans it is asked. At most 1,000 in a fixed number of
    statements. Needs catalog:write; `versions` are what the caller has read of the SKUs.
    """
    uow.actor.require(Permission.CATALOG_WRITE)
    touching.require_few(barcodes, "barcodes")
    await locks.lock_merchant(uow)
    ids = {each.sku_id for each in barcodes}
    kept = await queries.barcodes_of(uow, ids)
    state = _Adding(
        await queries.skus(uow, ids), {sku_id: {row.code: row for row in rows} for sku_id, rows in kept.items()}
    )
    hits = await queries.barcodes_by_candidates(uow, {each.code for each in barcodes})
    answers: list[BarcodeAdded | Refused] = []
    for index, wanted in enumerate(barcodes):
        problem = state.problem(wanted, versions)
        if problem is not None:
            answers.append(Refused(index, problem))
            continue
        row, is_new = state.take(uow, wanted)
        also = tuple(hit.sku_id for hit in hits.get(wanted.code, ()) if hit.sku_id != row.sku_id)
        answers.append(BarcodeAdded(index, row.id, row.sku_id, is_new, also))
    await uow.insert(Barcode, state.new)
    changed = {answer.sku_id for answer in answers if isinstance(answer, BarcodeAdded) and answer.changed}
    await touching.touch(uow, dict.fromkeys(changed, (changes.BARCODES,)))
    return answers


async def archive_barcodes(uow: UnitOfWork, *, barcode_ids: Sequence[UUID]) -> list[BarcodeArchived | Refused]:
    """Let barcodes scan as nothing any more; twice changes nothing. At most 1,000 in a fixed number of statements.

    Needs catalog:write.
    """
    uow.actor.require(Permission.CATALOG_WRITE)
    touching.require_few(barcode_ids, "barcodes")
    await locks.lock_merchant(uow)
    found = await uow.fetch(
        sa.select(Barcode.id, Barcode.sku_id, Barcode.archived_at).where(
            uow.mine(Barcode), uow.among(Barcode.id, set(barcode_ids))
        )
    )
    rows = {row.id: row for row in found}
    gone = [row for row in found if row.archived_at is None]
    await uow.update(Barcode, [{"id": row.id, "archived_at": uow.now} for row in gone])
    await touching.touch(uow, {row.sku_id: (changes.BARCODES,) for row in gone})
    fresh = {row.id for row in gone}
    return [
        BarcodeArchived(index, id_, rows[id_].sku_id, id_ in fresh) if id_ in rows else Refused(index, NotFound())
        for index, id_ in enumerate(barcode_ids)
    ]


async def find_barcode(uow: UnitOfWork, code: str) -> Found:
    """Return every SKU a code may stand for, as it was scanned or typed; one statement, two for several SKUs.

    EAN, UPC and GTIN forms of a number are one; only where a code is unknown as it stands are leading zeros, which
    spreadsheets and people drop, ignored. Needs catalog:read.
    """
    uow.actor.require(Permission.CATALOG_READ)
    if len(code) > LOOKUP_LENGTH_MAX:
        message = sentence("Look for at most {most} characters at once.", most=LOOKUP_LENGTH_MAX)
        raise LimitExceeded(message, field=("code",))
    scanned = parse(code.replace("\0", "").encode(errors="ignore").decode(), typed=True)
    exact = list(scanned.candidates)
    loose = [form for form in _without_zeros(scanned.text) if form not in exact]
    known = await queries.barcodes_by_candidates(uow, [*exact, *loose])
    hits = _each_once(known, exact) or _each_once(known, loose)
    if len(hits) > 1:
        return Found(scanned.text, hits, question=await _question(uow, scanned.text, hits))
    return Found(scanned.text, hits, problem=None if hits else scanned.problem)


def _without_zeros(text: str) -> list[str]:
    """Return the forms of a number with more or fewer zeros before it, as long as a GTIN at most."""
    bare = text.lstrip("0")
    if not (text.isascii() and bare.isdecimal()) or len(text) > max(gtin.LENGTHS):
        return []
    return [bare.zfill(length) for length in range(len(bare), max(gtin.LENGTHS) + 1)]


def _each_once(known: Mapping[str, Iterable[BarcodeHit]], forms: Sequence[str]) -> list[BarcodeHit]:
    """Return what forms of a code stand for: a SKU once, as the surest of its forms says."""
    hits: dict[UUID, BarcodeHit] = {}
    for hit in (hit for form in forms for hit in known.get(form, ())):
        hits.setdefault(hit.sku_id, hit)
    return list(hits.values())


async def _question(uow: UnitOfWork, code: str, hits: Sequence[BarcodeHit]) -> str:
    skus = await queries.skus(uow, [hit.sku_id for hit in hits])
    names = either([_choice(skus[hit.sku_id], hit.unit_quantity) for hit in hits[:5]])
    return sentence(
        "“{code}” stands for {count} SKUs; which one is it: {names}?", code=code, count=len(hits), names=names
    )


def _choice(sku: SkuRow, unit_quantity: int) -> str:
    name = Named(
        " ".join(part for part in (sku.name_en, sku.option_en) if part),
        " ".join(part for part in (sku.name_zh, sku.option_zh) if part),
    )
    if unit_quantity == 1:
        return sentence("{sku} {name}", sku=sku.code, name=name)
    return sentence("{count} × {sku} {name}", count=unit_quantity, sku=sku.code, name=name)
