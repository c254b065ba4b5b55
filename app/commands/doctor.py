"""`pickmesh doctor`: this machine, the database, and every invariant of every merchant."""

import asyncio
import json
import platform
import sqlite3
from dataclasses import asdict, dataclass, field
from importlib import metadata
from typing import Any

import zxingcpp

from pickmesh.app import checks, health, seals, settings
from pickmesh.app.commands.asked import AsJson
from pickmesh.app.database import is_there, missing_sentence, open_to_look
from pickmesh.app.settings import Settings
from pickmesh.core.db import walls
from pickmesh.core.journal.database import Database
from pickmesh.scanner.decode import engines
from pickmesh.scanner.labels import fonts

PACKAGES = ("pickmesh", "sqlalchemy", "asyncpg", "aiosqlite", "graphene", "graphql-server", "starlette", "uvicorn")


@dataclass(slots=True)
class Diagnosis:
    """What the doctor found; `off` are sentences about what must be mended, `missing` about what is not set up yet."""

    machine: dict[str, str]
    database: str
    missing: list[str] = field(default_factory=list)
    off: list[str] = field(default_factory=list)
    merchants: list[dict[str, Any]] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """1 when something is off; a machine that is merely not set up is healthy."""
        return 1 if self.off else 0


def doctor(*, as_json: AsJson = False) -> int:
    """Check versions, label fonts, barcodes, the database's schema, login and key, and all invariants of all merchants.

    Exit code 1 when something is off. Without a database it says what is missing and is content.
    """
    chosen = settings.load()
    found = Diagnosis(machine(), settings.database_kind(chosen.url))
    if is_there(chosen):
        asyncio.run(_look_at_database(chosen, found))
    else:
        found.missing.append(missing_sentence())
    if as_json:
        print(json.dumps({**asdict(found), "ok": not found.off}, ensure_ascii=False, default=str))
    else:
        print("\n".join(_lines(found)))
    return found.exit_code


def machine() -> dict[str, str]:
    """Return the versions of what pickmesh stands on."""
    barcode = zxingcpp.read_barcodes(zxingcpp.create_barcode("6957764102201", zxingcpp.BarcodeFormat.EAN13).to_image())
    reads = bool(barcode) and barcode[0].text == "6957764102201"
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "sqlite": sqlite3.sqlite_version,
        "barcodes": f"zxing-cpp {metadata.version('zxing-cpp')} " + ("reads what it draws" if reads else "CANNOT READ"),
        "second reader": engines.zbar_absence() or "ZBar reads beside it",
        "label font": fonts.font_path().name,
        **{name: metadata.version(name) for name in PACKAGES},
    }


async def _look_at_database(chosen: Settings, found: Diagnosis) -> None:
    database = open_to_look(chosen)
    try:
        problem = await health.problem(database, health.State())
        if problem is not None:
            found.off.append(f"{problem[0].upper()}{problem[1:]}.")
            return
        if not chosen.allow_unwalled:
            await _look_at_walls(database, found)
        for each in await checks.examine(database):
            name = each.merchant.code
            found.merchants.append({"code": name, "name": each.merchant.name, "off": len(each.findings)})
            found.off += [_sentence(name, finding) for finding in each.findings]
        found.off += await seals.problems(database, chosen)
    finally:
        await database.dispose()


async def _look_at_walls(database: Database, found: Diagnosis) -> None:
    try:
        await health.require_walled(database)
    except health.NotServing as error:
        found.off.append(str(error))
    async with database.directory() as connection:
        down = await walls.breaches(connection)
    found.off += [f"The table {table} is not behind forced row-level security (invariant 8, db)." for table in down]


def _sentence(merchant: str, finding: checks.Finding) -> str:
    violation = finding.violation
    named = ", ".join(f"{name}={value}" for name, value in violation.data.items())
    return f"{merchant}: {violation.sentence} (invariant {violation.invariant}, {finding.room}; {named})"


def _lines(found: Diagnosis) -> list[str]:
    lines = [f"{name:>14}  {value}" for name, value in found.machine.items()]
    lines.append(f"{'database':>14}  {found.database}")
    lines += [f"{'merchant':>14}  {each['code']} {each['name']}" for each in found.merchants]
    lines += ["", *found.missing, *(f"OFF: {sentence}" for sentence in found.off)]
    if not found.off:
        lines.append("Nothing is off." if found.merchants else "Nothing is off, as far as there is anything.")
    else:
        lines.append("1 thing is off." if len(found.off) == 1 else f"{len(found.off)} things are off.")
    return lines
