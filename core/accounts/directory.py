"""The directory outside the tenant wall: hashed keys, known before the merchant is, lead to it and to a subject.

Works on any connection: the directory's own, or a unit of work's, so that an entry commits with what it leads to.
"""

import hashlib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from pickmesh.core.db import rows
from pickmesh.core.journal.tables import DirectoryEntry


class EntryKind(StrEnum):
    """What kind of key leads somewhere."""

    MERCHANT_CODE = "MERCHANT_CODE"
    SIGN_IN = "SIGN_IN"
    CHAT_ACCOUNT = "CHAT_ACCOUNT"


@dataclass(frozen=True, slots=True)
class Entry:
    """A key and where it leads; the key itself is not kept."""

    kind: EntryKind
    key: str
    merchant_id: UUID
    subject_id: UUID


@dataclass(frozen=True, slots=True)
class Found:
    """Where a key leads."""

    key_hash: str
    merchant_id: UUID
    subject_id: UUID


_FOUND = (DirectoryEntry.key_hash, DirectoryEntry.merchant_id, DirectoryEntry.subject_id)


def key_hash(kind: EntryKind, key: str) -> str:
    """Return what the directory keeps of a key; width, case and surrounding spaces make no difference."""
    folded = unicodedata.normalize("NFKC", key).strip().casefold()
    return hashlib.sha256(f"{kind}:{folded}".encode()).hexdigest()


async def put_entry(
    connection: AsyncConnection, kind: EntryKind, key: str, merchant_id: UUID, subject_id: UUID
) -> bool:
    """Lead a key to a subject unless it leads elsewhere; tell whether it now leads there."""
    return (await put_entries(connection, [Entry(kind, key, merchant_id, subject_id)]))[0]


async def put_entries(connection: AsyncConnection, entries: Sequence[Entry]) -> list[bool]:
    """Lead keys to subjects unless they lead elsewhere; tell of each whether it now leads there."""
    hashes = [key_hash(entry.kind, entry.key) for entry in entries]
    new = [
        {"kind": entry.kind, "key_hash": hash_, "merchant_id": entry.merchant_id, "subject_id": entry.subject_id}
        for hash_, entry in sorted(zip(hashes, entries, strict=True), key=lambda pair: pair[0])  # one lock order
    ]
    await rows.upsert(connection, DirectoryEntry, new)
    found = await _entries(connection, hashes)
    return [
        found[hash_] == Found(hash_, entry.merchant_id, entry.subject_id)
        for hash_, entry in zip(hashes, entries, strict=True)
    ]


async def find_entry(connection: AsyncConnection, kind: EntryKind, key: str) -> Found | None:
    """Return where a key leads, None when it is unknown."""
    hash_ = key_hash(kind, key)
    return (await _entries(connection, [hash_])).get(hash_)


async def remove_entry(connection: AsyncConnection, kind: EntryKind, key: str, merchant_id: UUID) -> None:
    """Let a key that leads to a merchant lead nowhere; one that leads elsewhere is left alone."""
    columns = rows.table_of(DirectoryEntry).c
    theirs = (columns.kind == kind, columns.key_hash == key_hash(kind, key), columns.merchant_id == merchant_id)
    await connection.execute(sa.delete(DirectoryEntry).where(*theirs))


async def merchants(connection: AsyncConnection) -> list[UUID]:
    """Return the ids of all merchants, oldest first."""
    of_merchants = sa.select(DirectoryEntry.merchant_id).where(DirectoryEntry.kind == EntryKind.MERCHANT_CODE)
    return list((await connection.execute(of_merchants.order_by(DirectoryEntry.merchant_id))).scalars())


async def _entries(connection: AsyncConnection, hashes: Sequence[str]) -> dict[str, Found]:
    found = await connection.execute(
        sa.select(*_FOUND).where(rows.among(connection.dialect.name, DirectoryEntry.key_hash, list(hashes)))
    )
    return {row.key_hash: Found(*row) for row in found}
