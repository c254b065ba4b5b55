"""`bench scan`: scans booked per second through GraphQL over HTTP, beside a plain ORM loop and an asyncpg loop.

The targets (docs/performance.md): one scan per request from 16 phones at least 3 times the ORM loop without any API;
from 64 phones at least the asyncpg loop of one transaction per scan; 50 scans per request at least 10,000 scans/s.
"""

import asyncio
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count

import asyncpg
import sqlalchemy as sa

from pickmesh.bench import baselines, orm_baseline, phones, postgres, report, servers, world
from pickmesh.core.accounts import commands as accounts
from pickmesh.core.accounts import sessions as sign_ins
from pickmesh.core.accounts.commands import NewPerson
from pickmesh.core.floor import sessions
from pickmesh.core.floor.tables import Job, Scan
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Role
from pickmesh.core.kit.refusals import Refused
from pickmesh.core.orders import intake
from pickmesh.core.orders.incoming import NewLine
from pickmesh.core.picking import waves
from pickmesh.core.picking.tables import WaveKind
from pickmesh.graphql import ids

RUNS = 3
PHONES = 64
PIECES = 500_000
SECONDS = 6.0
FLOOR_SCANS = 6_000
ORM_SCANS = 1_500
QUERY = """mutation($input: ScanRecordInput!) { scanRecord(input: $input) {
 verdicts { clientId outcome message } session { instruction next { placeCode skuCode } }
 userErrors { code message } } }"""


@dataclass(slots=True)
class Phone:
    """A picker who stands at a bin with plenty to take; `code` is what the item scans as."""

    connection: phones.Connection
    session: str
    code: str = ""
    next: dict[str, str] = field(default_factory=dict)
    query: str = QUERY
    sequence: Iterator[int] = field(default_factory=lambda: count(1))

    async def scan(self, codes: list[str]) -> int:
        """Send scans in one request; return how many were accepted, which must be all."""
        entries = [
            {
                "clientId": str(new_id()),
                "sequence": next(self.sequence),
                "recordedAt": datetime.now(UTC).isoformat(),
                "kind": "SCAN",
                "raw": code,
                "source": "WEDGE",
            }
            for code in codes
        ]
        body = {"query": self.query, "variables": {"input": {"sessionId": self.session, "entries": entries}}}
        told = (await self.connection.ask(json.dumps(body).encode()))["scanRecord"]
        assert told["userErrors"] == [], told["userErrors"]
        outcomes = [verdict["outcome"] for verdict in told["verdicts"]]
        assert outcomes == ["ACCEPTED"] * len(codes), told["verdicts"]
        self.next = told["session"]["next"]
        return len(outcomes)


async def measure() -> report.Report:
    """Measure floors and ours turn by turn, then find every scan in the tables."""
    ours: list[float] = []
    plain: list[float] = []
    wide: list[float] = []
    floors: list[float] = []
    async with postgres.bench_database() as (owner, app):
        url = postgres.plain(owner)
        connection = await asyncpg.connect(url)
        await connection.execute(baselines.FLOOR_SCHEMA)
        await connection.close()
        place = await world.build(world.open_database(app), totes=PHONES)
        tokens = await _people(place)
        work = await _work(place, tokens)
        await postgres.analyze(owner)
        async with servers.serving(app) as address:
            held = [await _phone(address, index, *each) for index, each in enumerate(work, 1)]
            booked = 2 * len(held) + sum([await phone.scan([phone.code]) for phone in held])
            for _ in range(RUNS):
                plain.append(await orm_baseline.scan_loop(url, ORM_SCANS, 16))
                floors.append(await baselines.scan_loop(url, FLOOR_SCANS, 16))
                begin = time.process_time()
                rates = [await _rate(held[:16], 1), await _rate(held, 1)]
                client = (time.process_time() - begin) * 1000 / (rates[0][1] + rates[1][1])
                ours.append(rates[0][0])
                wide.append(rates[1][0])
                booked += rates[0][1] + rates[1][1]
            batched, more = await _rate(held[:16], 50)
            booked += more
            full = [await _rate(held[:16], 1), await _rate(held, 1)] if _ask_in_full(held) else []
            booked += sum(each[1] for each in full)
            for phone in held:
                await phone.connection.close()
        assert await _kept(place) == booked, "a scan that was answered is not in the tables"
        await place.database.dispose()
    mine, orm, floor = report.median(ours), report.median(plain), report.median(floors)
    also = {
        "ORM loop, 16 connections": orm,
        "asyncpg loop, 16 connections": floor,
        "ours, 64 phones": report.median(wide),
        "64 phones / asyncpg loop": report.median(wide) / floor,
        "ours, 16 phones, 50 scans a request": batched,
        **{f"ours, {count} phones, answered in full": each[0] for count, each in zip((16, PHONES), full, strict=False)},
        "client's own time, ms a scan": client,
        "scans answered and found": float(booked),
    }
    return report.Report("scan", "scans/s", mine, orm, mine / orm, RUNS, also)


async def _rate(held: list[Phone], batch: int) -> tuple[float, int]:
    """Let phones scan as fast as they are answered for some seconds; return scans per second and how many."""
    begin = time.perf_counter()

    async def work(phone: Phone) -> int:
        booked = 0
        while time.perf_counter() - begin < SECONDS:
            booked += await phone.scan([phone.code] * batch)
        return booked

    booked = sum(await asyncio.gather(*(work(phone) for phone in held)))
    return booked / (time.perf_counter() - begin), booked


def _ask_in_full(held: list[Phone]) -> bool:
    """Let phones ask what the phone app asks: besides the verdict everything it shows; False where there is no app."""
    query = phones.document("Record")
    for phone in held:
        phone.query = query or QUERY
    return query is not None


async def _people(place: world.World) -> list[str]:
    """Make pickers and return a session token for each."""
    people = [NewPerson(f"picker{index}@{new_id().hex}", "P", Role.PICKER, locale="en") for index in range(PHONES)]
    async with place.database.unit_of_work(place.actor) as uow:
        made = await accounts.create_people(uow, people=people)
        pairings = [
            await sign_ins.create_pairing(uow, person_id=each) for each in made if not isinstance(each, Refused)
        ]
    return [
        (await sign_ins.redeem_pairing(place.database, token=pairing, device="bench")).token for pairing in pairings
    ]


async def _work(place: world.World, tokens: list[str]) -> list[tuple[str, str]]:
    """Give each picker a list with one long line; return (token, session) for each."""
    orders = [
        replace(order, lines=[NewLine("1", place.codes[index], PIECES, 19_900_000)])
        for index, order in enumerate(world.new_orders(place, PHONES))
    ]
    async with place.database.unit_of_work(place.actor) as uow:
        verdicts = await intake.import_orders(uow, orders=orders)
        assert not any(isinstance(verdict, Refused) for verdict in verdicts)
    async with place.database.unit_of_work(place.actor) as uow:
        planned = await waves.plan_wave(uow, location_id=place.location_id, kind=WaveKind.DISCRETE, limit=PHONES)
    async with place.database.unit_of_work(place.actor) as uow:
        released = await waves.release_wave(uow, wave_id=planned.wave_id)
    work = []
    for token, pick_list_id in zip(tokens, released.pick_list_ids, strict=True):
        actor = await sign_ins.actor_of_token(place.database, token)
        assert actor is not None
        async with place.database.unit_of_work(place.actor) as uow:
            view = await sessions.open_session(uow, job=Job.PICK, pick_list_id=pick_list_id, actor=actor)
        work.append((token, ids.global_id("ScanSession", view.id)))
    return work


async def _phone(address: str, index: int, token: str, session: str) -> Phone:
    """Connect a phone, bind its tote and go to its bin: from here on every scan is an item."""
    phone = Phone(await phones.Connection.open(address, token), session)
    await phone.scan([f"T-{index:04}"])
    await phone.scan([phone.next["placeCode"]])
    phone.code = phone.next["skuCode"]
    return phone


async def _kept(place: world.World) -> int:
    async with place.database.reading(place.actor) as uow:
        return int(await uow.scalar(sa.select(sa.func.count()).select_from(Scan).where(uow.mine(Scan))))


def run(*, as_json: bool) -> None:
    """Run the benchmark to its end and print what it found."""
    report.show(asyncio.run(measure()), as_json=as_json)
