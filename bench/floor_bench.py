"""`bench floor`: 200 phones that scan once a second each, pickers, packers and people who look things up, over HTTP.

The target (docs/performance.md): the slowest hundredth of all scans takes at most 5 times that of an empty route,
asked of the same server in the same seconds; no error, every answered scan found, every invariant kept.
"""

import asyncio
import json
import random
import statistics
import sys
import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit
from uuid import UUID

import psutil  # type: ignore[import-untyped]  # ships no types
import sqlalchemy as sa

from pickmesh.bench import phones, postgres, report, servers, world
from pickmesh.core.accounts import commands as accounts
from pickmesh.core.accounts import sessions as sign_ins
from pickmesh.core.accounts.commands import NewPerson
from pickmesh.core.floor.tables import Scan
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Role
from pickmesh.core.kit.refusals import Refused
from pickmesh.core.orders import intake
from pickmesh.core.packing import stations
from pickmesh.core.picking import waves
from pickmesh.core.picking.tables import WaveKind
from pickmesh.core.stock import places
from pickmesh.core.stock.places import NewPlace
from pickmesh.graphql import ids

SECONDS = 120
PICKERS, PACKERS, LOOKERS = 120, 50, 30
PROBES = 20
"""Connections that ask the empty route once a second each, while the phones work."""
TURNS_PER_ORDER = 4
"""The least a list takes: its tote, a bin, a piece, and asking for the next one."""
WEIGHT_G = 250
BATCH = 1_000
SESSION = "session { id step next { placeCode skuCode toteCode } progress { done } }"
SCAN = f"""mutation($input: ScanRecordInput!) {{ scanRecord(input: $input) {{
 verdicts {{ clientId outcome message }} {SESSION} userErrors {{ code message }} }} }}"""
OPEN = f"""mutation($input: ScanSessionOpenInput!) {{ scanSessionOpen(input: $input) {{
 {SESSION} userErrors {{ code message }} }} }}"""
NEXT = f"""mutation($input: FloorTaskNextInput!) {{ floorTaskNext(input: $input) {{
 {SESSION} userErrors {{ code message }} }} }}"""
LOOKUP = "query($term: String!) { lookup(term: $term) { __typename ... on Sku { code } } }"
WORKED = {"ACCEPTED", "LINE_DONE", "TASK_DONE"}


@dataclass(slots=True)
class Floor:
    """What all phones share: the warehouse, empty totes, totes that wait for a packer, and what was measured."""

    location: str
    station: str
    empty: deque[str]
    codes: Sequence[str]
    waiting: deque[str] = field(default_factory=deque)
    took_s: dict[str, list[float]] = field(default_factory=dict)
    outcomes: Counter[str] = field(default_factory=Counter)
    answered: set[UUID] = field(default_factory=set)


class Work(Protocol):
    """A phone's person: `turn` does one thing, and tells what it was."""

    async def turn(self) -> str:
        """Do the next thing; a request or none."""
        ...


@dataclass(slots=True)
class Phone:
    """A phone with its session as the server last told it."""

    floor: Floor
    connection: phones.Connection
    session: dict[str, Any] = field(default_factory=dict)
    sequence: int = 0

    async def act(self, query: str, name: str, **input: Any) -> None:
        """Send a mutation and keep the session it answers."""
        told = (await self.connection.ask(_body(query, input=input)))[name]
        assert told["userErrors"] == [], told["userErrors"]
        self.session = told["session"] or {}

    async def scan(self, kind: str = "SCAN", **said: Any) -> str:
        """Send one entry; return how it was answered."""
        self.sequence += 1
        client_id = new_id()
        entry = {
            "clientId": str(client_id),
            "sequence": self.sequence,
            "recordedAt": datetime.now(UTC).isoformat(),
            "kind": kind,
            "source": "WEDGE",
            **said,
        }
        said = {"sessionId": self.session["id"], "entries": [entry]}
        told = (await self.connection.ask(_body(SCAN, input=said)))["scanRecord"]
        assert told["userErrors"] == [], told["userErrors"]
        (verdict,) = told["verdicts"]
        self.floor.outcomes[verdict["outcome"]] += 1
        self.floor.answered.add(client_id)
        assert verdict["outcome"] in WORKED, f"{entry} was answered {verdict}"
        self.session = told["session"]
        return str(verdict["outcome"])


@dataclass(slots=True)
class Picker:
    """Takes list after list and does what the screen says."""

    phone: Phone
    tote: str = ""

    async def turn(self) -> str:
        """Scan what the screen asks for; a list that is done leaves its tote to the packers."""
        if not self.phone.session or self.phone.session["step"] == "DONE":
            await self.phone.act(NEXT, "floorTaskNext", locationId=self.phone.floor.location)
            return "next list"
        step, next_ = self.phone.session["step"], self.phone.session["next"] or {}
        if step == "TOTE":
            self.tote = self.phone.floor.empty.popleft()
        code = {"TOTE": self.tote, "PLACE": next_.get("placeCode"), "ITEM": next_.get("skuCode"), "PUT": self.tote}[
            step
        ]
        if await self.phone.scan(raw=code) == "TASK_DONE":
            self.phone.floor.waiting.append(self.tote)
        return "pick"


@dataclass(slots=True)
class Packer:
    """Takes the tote that has waited longest, verifies its pieces, closes and weighs the parcel."""

    phone: Phone

    async def turn(self) -> str:
        """Do what the screen says; with no tote to pack the bench rests."""
        if not self.phone.session:
            await self.phone.act(OPEN, "scanSessionOpen", job="PACK", stationId=self.phone.floor.station)
            return "open"
        step, next_ = self.phone.session["step"], self.phone.session["next"] or {}
        if step == "OPEN":
            if not self.phone.floor.waiting:
                return "rest"
            await self.phone.scan(raw=self.phone.floor.waiting.popleft())
        elif step == "ITEMS":
            await self.phone.scan(raw=next_["skuCode"])
        elif step == "SEAL":
            await self.phone.scan("SEAL")
        else:
            await self.phone.scan("WEIGHT", weightG=WEIGHT_G * self.phone.session["progress"]["done"])
        return "pack"


@dataclass(slots=True)
class Looker:
    """Looks up goods: by scan, and by words in the one box that finds everything."""

    phone: Phone
    dice: random.Random

    async def turn(self) -> str:
        """Scan or ask for a SKU."""
        if not self.phone.session:
            await self.phone.act(OPEN, "scanSessionOpen", job="LOOK_UP", locationId=self.phone.floor.location)
            return "open"
        code = self.dice.choice(self.phone.floor.codes)
        if self.dice.random() < 0.5:
            await self.phone.scan(raw=code)
            return "look up by scan"
        found = (await self.phone.connection.ask(_body(LOOKUP, term=code)))["lookup"]
        assert any(each.get("code") == code for each in found), found
        return "look up by words"


@dataclass(slots=True)
class Probe:
    """Asks the empty route: what every request costs, whatever it asks."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    request: bytes

    @classmethod
    async def open(cls, address: str) -> "Probe":
        """Connect."""
        at = urlsplit(address)
        reader, writer = await asyncio.open_connection(at.hostname, at.port)
        return cls(reader, writer, f"GET /healthz HTTP/1.1\r\nHost: {at.netloc}\r\n\r\n".encode())

    async def turn(self) -> str:
        """Ask once."""
        self.writer.write(self.request)
        head = (await self.reader.readuntil(b"\r\n\r\n")).lower()
        assert b" 200 " in head.split(b"\r\n", 1)[0], head
        await self.reader.readexactly(int(head.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0]))
        return "empty route"

    async def close(self) -> None:
        """Hang up."""
        self.writer.close()
        await self.writer.wait_closed()


def _body(query: str, **variables: Any) -> bytes:
    return json.dumps({"query": query, "variables": variables}).encode()


async def measure(seconds: int) -> report.Report:
    """Let everybody work for so many seconds, then look whether all of it is in the books."""
    async with postgres.bench_database() as (owner, app):
        place = await world.build(world.open_database(app))
        floor = await _furnish(place, seconds)
        tokens = await _people(place)
        await postgres.analyze(owner)
        async with servers.serving(app) as address:
            held = [Phone(floor, await phones.Connection.open(address, token)) for token in tokens]
            probes = [await Probe.open(address) for _ in range(PROBES)]
            quiet = await _quiet(probes[0])
            began, spent = time.perf_counter(), _server_cpu_s()
            work: list[Work] = [*_at_work(held), *probes]
            await asyncio.gather(*(_work(floor, each, seconds, index / len(work)) for index, each in enumerate(work)))
            lasted, spent = time.perf_counter() - began, _server_cpu_s() - spent
            for phone in held:
                await phone.connection.close()
            for probe in probes:
                await probe.close()
        assert await _kept(place) == floor.answered, "a scan that was answered is not in the tables, or the other way"
        await place.database.dispose()
        await _see_doctor(app)
    return _report(floor, quiet, lasted, spent)


def _at_work(held: Sequence[Phone]) -> list[Work]:
    dice = random.Random(world.SEED)
    return [
        *(Picker(phone) for phone in held[:PICKERS]),
        *(Packer(phone) for phone in held[PICKERS : PICKERS + PACKERS]),
        *(Looker(phone, dice) for phone in held[PICKERS + PACKERS :]),
    ]


async def _work(floor: Floor, work: Work, seconds: int, offset: float) -> None:
    """Do something every second; what is late because the answer before was late counts from when it was due."""
    begin = time.perf_counter() + offset
    for second in range(seconds):
        due = begin + second
        await asyncio.sleep(max(due - time.perf_counter(), 0))
        what = await work.turn()
        floor.took_s.setdefault(what, []).append(time.perf_counter() - due)


def _server_cpu_s() -> float:
    """Return the processor time the serving process has used: what a busy machine does not blur."""
    for child in psutil.Process().children():
        if "serve" in child.cmdline():
            used = child.cpu_times()
            return float(used.user + used.system)
    raise AssertionError("the server is gone")


async def _quiet(probe: Probe) -> list[float]:
    """Return how long the empty route takes while nobody works."""
    took = []
    for _ in range(300):
        begin = time.perf_counter()
        await probe.turn()
        took.append(time.perf_counter() - begin)
    return took


async def _furnish(place: world.World, seconds: int) -> Floor:
    """Bring orders for as long as the pickers work, release them, and stand empty totes ready."""
    count = PICKERS * (seconds // TURNS_PER_ORDER + 2)
    totes = [f"T-{index:04}" for index in range(1, count + 1)]
    database, actor = place.database, place.actor
    for first in range(0, count, BATCH):
        size = min(BATCH, count - first)
        async with database.unit_of_work(actor) as uow:
            boxes = [NewPlace(world.WAREHOUSE, code, "TOTE") for code in totes[first : first + size]]
            await places.save_places(uow, places=boxes)
            verdicts = await intake.import_orders(uow, orders=world.new_orders(place, size, first=first))
            assert not any(isinstance(verdict, Refused) for verdict in verdicts)
        async with database.unit_of_work(actor) as uow:
            planned = await waves.plan_wave(uow, location_id=place.location_id, kind=WaveKind.DISCRETE, limit=size)
        async with database.unit_of_work(actor) as uow:
            await waves.release_wave(uow, wave_id=planned.wave_id)
    async with database.unit_of_work(actor) as uow:
        (station_id,) = await stations.save_stations(uow)
    location, station = ids.global_id("Location", place.location_id), ids.global_id("Station", station_id)
    return Floor(location, station, deque(totes), place.codes)


async def _people(place: world.World) -> list[str]:
    """Make everybody and return a session token for each."""
    roles = [Role.PICKER] * PICKERS + [Role.PACKER] * PACKERS + [Role.PICKER] * LOOKERS
    people = [NewPerson(f"p{index}@{new_id().hex}", "P", role, locale="en") for index, role in enumerate(roles)]
    async with place.database.unit_of_work(place.actor) as uow:
        made = await accounts.create_people(uow, people=people)
        pairings = [
            await sign_ins.create_pairing(uow, person_id=each) for each in made if not isinstance(each, Refused)
        ]
    return [
        (await sign_ins.redeem_pairing(place.database, token=pairing, device="bench")).token for pairing in pairings
    ]


async def _kept(place: world.World) -> set[UUID]:
    async with place.database.reading(place.actor) as uow:
        return {row.client_id for row in await uow.fetch(sa.select(Scan.client_id).where(uow.mine(Scan)))}


async def _see_doctor(database_url: str) -> None:
    """Let the doctor look at every invariant of every room; one that is violated fails the benchmark."""
    process = await asyncio.create_subprocess_exec(
        Path(sys.executable).with_name("pickmesh"),
        "doctor",
        env=servers.environment(database_url),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    told, _ = await process.communicate()
    assert process.returncode == 0, told.decode()


def _report(floor: Floor, quiet: Sequence[float], lasted: float, spent: float) -> report.Report:
    empty = floor.took_s.pop("empty route")
    rested = len(floor.took_s.pop("rest", ()))
    opened = floor.took_s.pop("open")  # once each, in the first second
    asked = [took for each in floor.took_s.values() for took in each]
    also = {
        "phones": float(PICKERS + PACKERS + LOOKERS),
        "requests/s": (len(asked) + len(opened)) / lasted,
        "server's processor time, ms a request": 1000 * spent / (len(asked) + len(opened)),
        "scans answered and found": float(len(floor.answered)),
        "errors": 0.0,
        "turns a packer had nothing to pack": float(rested),
        **{f"empty route, {name}": figure for name, figure in _percentiles(empty).items()},
        **{f"empty route on a quiet server, {name}": figure for name, figure in _percentiles(quiet).items()},
    }
    for what, took in sorted({"all": asked, **floor.took_s}.items()):
        also |= {f"{what}, {name}": figure for name, figure in _percentiles(took).items()}
    ours, probe = _percentiles(asked)["p99 ms"], _percentiles(empty)["p99 ms"]
    return report.Report("floor", "ms, p99", ours, probe, ours / probe, 1, also)


def _percentiles(took: Sequence[float]) -> dict[str, float]:
    cuts = statistics.quantiles(took, n=100, method="inclusive")
    return {f"p{cut} ms": cuts[cut - 1] * 1000 for cut in (50, 95, 99)}


def run(*, as_json: bool, seconds: int = SECONDS) -> None:
    """Run the benchmark to its end and print what it found."""
    report.show(asyncio.run(measure(seconds)), as_json=as_json)
