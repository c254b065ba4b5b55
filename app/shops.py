"""Telling shops what was shipped: the connector that drops files for shops without an interface to call.

Each shop has one file `<folder>/<merchant>/<shop>.csv`; a line is appended for every shipment, once, however often its
letter comes. Another program collects the file; it may rename it away at any time. A partner's shop has none: partners
tell each other through the mesh.
"""

import asyncio
import csv
import fcntl
import io
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from pickmesh.app.letters import SendingFailed
from pickmesh.core.accounts import queries as accounts
from pickmesh.core.accounts.tables import Platform
from pickmesh.core.journal.database import Database
from pickmesh.core.journal.outbox import Letter
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.actors import Actor
from pickmesh.core.orders import shipments

CHANNEL = "shop"
HEADER = ("letter", "kind", "order", "carrier", "waybill", "lines", "told_at")


@dataclass(slots=True)
class _Seen:
    """Which letters a file holds up to an offset, so that only its new end is read again."""

    inode: int = 0
    offset: int = 0
    letters: set[str] = field(default_factory=set)


class FileDrop:
    """Writes one line per shipment into the shop's file; the letter's id makes a second coming harmless."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._folder = folder
        self._seen: dict[Path, _Seen] = {}

    async def send(self, actor: Actor, letter: Letter) -> None:
        """Append the letter's line to its shop's file unless it is there already; a partner is told otherwise."""
        async with self._database.reading(actor) as uow:
            merchant = await accounts.merchant(uow)
            shop = (await accounts.shops_by_id(uow, [UUID(letter.target)])).get(UUID(letter.target))
            told_at = uow.now.isoformat()
        if shop is None:
            raise SendingFailed("The shop of this letter does not exist any more.")
        if shop.platform == Platform.PARTNER:
            return
        path = self._folder / _file_name(merchant.code) / f"{_file_name(shop.code)}.csv"
        try:
            await asyncio.to_thread(self._append, path, line_of(letter, told_at))
        except OSError as error:
            raise SendingFailed(f"The file for the shop cannot be written: {error.strerror}.") from error

    async def sent(self, uow: UnitOfWork, letters: Sequence[Letter]) -> None:
        """Note on the shipments that their shops have been told."""
        told = [letter.payload["shipment_id"] for letter in letters if letter.payload.get("kind") == "shipment"]
        await shipments.mark_told(uow, [UUID(shipment_id) for shipment_id in told])

    def _append(self, path: Path, line: tuple[str, ...]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _locked(path) as file:
            seen = self._catch_up(path, file)
            if line[0] in seen.letters:
                return
            file.seek(0, os.SEEK_END)
            file.write(_written([HEADER, line] if file.tell() == 0 else [line]))
            file.flush()
            os.fsync(file.fileno())
            seen.letters.add(line[0])
            seen.offset = file.tell()

    def _catch_up(self, path: Path, file: BinaryIO) -> _Seen:
        """Read what was appended since the last look; a line cut off by a crash is taken away, it was never told."""
        status = os.fstat(file.fileno())
        seen = self._seen.setdefault(path, _Seen())
        if seen.inode != status.st_ino or seen.offset > status.st_size:
            seen = self._seen[path] = _Seen(status.st_ino)
        file.seek(seen.offset)
        added: bytes = file.read()
        whole = added[: added.rfind(b"\n") + 1]
        if len(whole) < len(added):
            file.truncate(seen.offset + len(whole))
        rows = csv.reader(io.StringIO(whole.decode("utf-8"), newline=""))
        seen.letters.update(row[0] for row in rows if row)
        seen.offset += len(whole)
        return seen


@contextmanager
def _locked(path: Path) -> Iterator[BinaryIO]:
    """Open a file for appending under a lock; one that was renamed away before the lock was ours is opened anew."""
    while True:
        with path.open("a+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if path.exists() and path.stat().st_ino == os.fstat(file.fileno()).st_ino:
                yield file
                return


def line_of(letter: Letter, told_at: str) -> tuple[str, ...]:
    """Return a letter as the file's line: which lines went is written `line*quantity;line*quantity`."""
    told = letter.payload
    lines = ";".join(f"{line['external_line_id']}*{line['quantity']}" for line in told.get("lines", ()))
    return (
        str(letter.id),
        str(told.get("kind", "shipment")),
        str(told["external_id"]),
        str(told.get("carrier", "")),
        str(told["waybill"]),
        lines,
        told_at,
    )


def _written(rows: list[tuple[str, ...]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode("utf-8")


def _file_name(code: str) -> str:
    """Return a code as a file name that cannot lead out of its folder."""
    return "".join(letter if letter.isalnum() or letter in "-_" else f"%{ord(letter):02x}" for letter in code)
