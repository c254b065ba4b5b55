"""A served installation with packed parcels, and a packing bench with an agent and a printer."""

import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import processes
import pytest
import pytest_asyncio
from databases import make_merchant
from tests.builders_floor import Floor, bring_orders, get_number, make_floor, packed, pick_list, release

from pickmesh.app import settings
from pickmesh.app.settings import Settings
from pickmesh.core.accounts import commands as accounts
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.packing import queries
from pickmesh.core.packing.tables import PrintState
from pickmesh.scanner.codes.own import OwnKind, number_text

PERMISSIONS = (Permission.FLOOR_READ, Permission.FLOOR_WORK, Permission.RECIPIENTS_READ)
STATION = "BENCH-1"


@dataclass(frozen=True, slots=True)
class House:
    """A migrated SQLite file that `pickmesh serve` serves."""

    folder: Path
    address: str
    database: Database


@pytest.fixture(scope="session")
def printing_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a migrated database and its secret."""
    folder = tmp_path_factory.mktemp("printing")
    done = processes.run(folder, "migrate")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="session")
def printing_server(printing_folder: Path) -> Iterator[str]:
    """Where it is served; stopping must be clean."""
    with processes.started(printing_folder, "serve", worker_poll_seconds="0.2") as running:
        yield processes.address_of(running)
        assert running.stop() == 0


@pytest_asyncio.fixture(scope="session")
async def house(printing_folder: Path, printing_server: str) -> AsyncIterator[House]:
    """The served database, open to tests as well."""
    chosen = Settings(data=printing_folder / "var")
    database = Database(chosen.url, vault=settings.vault(chosen))
    yield House(printing_folder, printing_server, database)
    await database.dispose()


@dataclass(slots=True)
class Bench:
    """One merchant's bench: parcels with their labels queued, and a token for its agent."""

    house: House
    floor: Floor
    token: str
    parcel_ids: list[UUID]

    def agent(self, to: str, *more: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Print what waits, and end."""
        arguments = ("print-agent", "--station", STATION, "--to", to, "--once", "--json", *more)
        told = {"server": self.house.address, "token": self.token, **environ}
        return processes.run(self.house.folder, *arguments, **told)

    def running(self, to: str, *more: str, **environ: str) -> AbstractContextManager[processes.Running]:
        """Start an agent that goes on until it is told to stop."""
        arguments = ("print-agent", "--station", STATION, "--to", to, *more)
        told = {"server": self.house.address, "token": self.token, **environ}
        return processes.started(self.house.folder, *arguments, **told)

    async def jobs(self) -> list[Any]:
        """Return all print jobs of the station, oldest first."""
        async with self.house.database.reading(self.floor.actor) as uow:
            return list(await queries.print_jobs_at(uow, self.floor.station_id, states=list(PrintState)))

    async def states(self) -> list[str]:
        """Return how far they are."""
        return [job.state for job in await self.jobs()]

    async def numbers(self) -> list[str]:
        """Return the parcels' numbers as they stand on the labels, in the order of the jobs."""
        async with self.house.database.reading(self.floor.actor) as uow:
            found = await queries.parcels(uow, self.parcel_ids)
        return [number_text(OwnKind.PARCEL, found[parcel_id].number) for parcel_id in self.parcel_ids]


async def make_bench(house: House, parcels: int) -> Bench:
    """Give a fresh merchant a bench with so many sealed parcels, each with its label waiting."""
    actor = await make_merchant(house.database)
    floor = await make_floor(house.database, actor, {"A-01": {"CUP": 99}}, totes=parcels)
    orders = await bring_orders(floor, {f"N{number}": {"CUP": 1} for number in range(1, parcels + 1)})
    lists = (await release(floor)).pick_list_ids
    for number, list_id in enumerate(lists, start=1):
        await pick_list(floor, list_id, f"T-{number:04d}")
    parcel_ids = []
    for order_id in orders:
        parcel_ids.append(await packed(floor, order_id, {"CUP": 1}))
        await get_number(floor, parcel_ids[-1])
    async with house.database.unit_of_work(actor) as uow:
        key = await accounts.create_api_key(uow, name="print agent", permissions=PERMISSIONS)
    return Bench(house, floor, key.token, parcel_ids)


@pytest_asyncio.fixture
async def bench(house: House) -> Bench:
    """A bench with three labels to print."""
    return await make_bench(house, 3)


@pytest.fixture
def cups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that stands for CUPS: `lp` and `lpstat` are found before any others, and keep their jobs in it."""
    folder = tmp_path / "cups"
    (folder / "jobs").mkdir(parents=True)
    (folder / "lp").write_text(LP, encoding="utf-8")
    (folder / "lpstat").write_text(LPSTAT, encoding="utf-8")
    for command in ("lp", "lpstat"):
        (folder / command).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return folder


LP = """#!/bin/sh
here=$(dirname "$0")
if [ -e "$here/refuses" ]; then echo "lp: Error - too large." >&2; exit 1; fi
[ "$1" = -U ] && [ "$3" = -d ] && [ "$4" = Q1 ] && [ "$5" = -t ] || exit 9
cat > "$here/jobs/$2"
echo "$6" >> "$here/titles"
echo "request id is Q1-$(ls "$here/jobs" | wc -l) (0 file(s))"
if [ -e "$here/slow" ]; then touch "$here/began"; sleep 5; fi
"""
LPSTAT = """#!/bin/sh
here=$(dirname "$0")
if [ "$1" = -a ]; then
  if [ -e "$here/closed" ]; then echo "$2 not accepting requests since Tue -"; exit 0; fi
  if [ "$2" != Q1 ]; then echo "lpstat: Invalid destination name in list \\"$2\\"." >&2; exit 1; fi
  echo "$2 accepting requests since Tue"; exit 0
fi
[ "$1" = -U ] && [ "$3" = -W ] && [ "$4" = all ] && [ "$5" = -u ] && [ "$2" = "$6" ] || exit 9
[ -e "$here/jobs/$2" ] && echo "Q1-7   $2   1024   Tue"
exit 0
"""
