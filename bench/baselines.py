"""Floors: short hand-written asyncpg programs that do the least such a job can be done with, on the same PostgreSQL."""

import asyncio
import json
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import asyncpg

FLOOR_SCHEMA = """
CREATE TABLE f_order (merchant uuid, id uuid, shop uuid, external_id text, at timestamptz, state text,
  PRIMARY KEY (merchant, id), UNIQUE (merchant, shop, external_id));
CREATE TABLE f_line (merchant uuid, id uuid, order_id uuid, sku uuid, quantity int, PRIMARY KEY (merchant, id));
CREATE TABLE f_level (merchant uuid, sku uuid, on_hand bigint, reserved bigint, PRIMARY KEY (merchant, sku),
  CHECK (on_hand - reserved >= 0));
CREATE TABLE f_reservation (merchant uuid, id uuid, line uuid, sku uuid, quantity int, PRIMARY KEY (merchant, id));
CREATE TABLE f_event (merchant uuid, seq bigint, kind text, subject uuid, payload jsonb, at timestamptz,
  PRIMARY KEY (merchant, seq));
CREATE TABLE f_counter (merchant uuid PRIMARY KEY, last bigint);
CREATE TABLE f_session (merchant uuid, id uuid, step int, PRIMARY KEY (merchant, id));
CREATE TABLE f_task (merchant uuid, id uuid, sku uuid, bin uuid, tote uuid, quantity int, picked int DEFAULT 0,
  PRIMARY KEY (merchant, id), CHECK (picked <= quantity));
CREATE TABLE f_balance (merchant uuid, place uuid, sku uuid, quantity bigint, PRIMARY KEY (merchant, place, sku),
  CHECK (quantity >= 0));
CREATE TABLE f_move (merchant uuid, id uuid, sku uuid, from_place uuid, to_place uuid, quantity int, at timestamptz,
  PRIMARY KEY (merchant, id));
CREATE TABLE f_scan (merchant uuid, id uuid, session uuid, raw text, outcome text, at timestamptz,
  PRIMARY KEY (merchant, id));
"""


@dataclass(frozen=True, slots=True)
class FloorOrder:
    """An order as the floor sees it: an external id and its lines of (sku, quantity)."""

    external_id: str
    lines: Sequence[tuple[uuid.UUID, int]]


async def import_orders(url: str, orders: Sequence[FloorOrder], skus: Sequence[uuid.UUID], batch: int) -> float:
    """Import, reserve and log the orders in batches over one connection; return orders per second."""
    connection = await asyncpg.connect(url)
    merchant, shop = uuid.uuid4(), uuid.uuid4()
    await connection.execute("INSERT INTO f_counter VALUES ($1, 0)", merchant)
    await connection.executemany("INSERT INTO f_level VALUES ($1, $2, $3, 0)", [(merchant, sku, 10**9) for sku in skus])
    begin = time.perf_counter()
    for first in range(0, len(orders), batch):
        async with connection.transaction():
            await _import_batch(connection, merchant, shop, orders[first : first + batch])
    took = time.perf_counter() - begin
    await connection.close()
    return len(orders) / took


async def _import_batch(
    connection: asyncpg.Connection, merchant: uuid.UUID, shop: uuid.UUID, orders: Sequence[FloorOrder]
) -> None:
    now, count = datetime.now(UTC), len(orders)
    ids = [uuid.uuid4() for _ in orders]
    lines = [(uuid.uuid4(), ids[i], sku, quantity) for i, order in enumerate(orders) for sku, quantity in order.lines]
    wanted: dict[uuid.UUID, int] = {}
    for _, _, sku, quantity in lines:
        wanted[sku] = wanted.get(sku, 0) + quantity
    await connection.execute(
        "INSERT INTO f_order SELECT $1, u.id, $2, u.e, $3, 'OPEN' FROM unnest($4::uuid[], $5::text[]) AS u(id, e)",
        *(merchant, shop, now, ids, [order.external_id for order in orders]),
    )
    columns = [list(column) for column in zip(*lines, strict=True)]
    await connection.execute(
        "INSERT INTO f_line SELECT $1, u.* FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::int[]) AS u",
        *(merchant, *columns),
    )
    skus = sorted(wanted)
    await connection.execute(
        "SELECT 1 FROM f_level WHERE merchant = $1 AND sku = ANY($2) ORDER BY sku FOR UPDATE", merchant, skus
    )
    await connection.execute(
        "UPDATE f_level l SET reserved = reserved + u.q FROM unnest($2::uuid[], $3::bigint[]) AS u(sku, q)"
        " WHERE l.merchant = $1 AND l.sku = u.sku",
        *(merchant, skus, [wanted[sku] for sku in skus]),
    )
    await connection.execute(
        "INSERT INTO f_reservation SELECT $1, u.* FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::int[]) AS u",
        *(merchant, [uuid.uuid4() for _ in lines], columns[0], columns[2], columns[3]),
    )
    last = await connection.fetchval(
        "UPDATE f_counter SET last = last + $2 WHERE merchant = $1 RETURNING last", merchant, count
    )
    await connection.execute(
        "INSERT INTO f_event SELECT $1, u.s, 'imported', u.i, u.p, $2 FROM"
        " unnest($3::bigint[], $4::uuid[], $5::jsonb[]) AS u(s, i, p)",
        *(merchant, now, list(range(last - count + 1, last + 1)), ids),
        [json.dumps({"lines": len(order.lines)}) for order in orders],
    )


async def scan_loop(url: str, scans: int, connections: int) -> float:
    """Book scans, each one transaction of seven statements, over so many connections; return scans per second."""
    merchant = uuid.uuid4()
    pool = await asyncpg.create_pool(url, min_size=connections, max_size=connections)
    workers = [[uuid.uuid4() for _ in range(5)] for _ in range(connections)]
    async with pool.acquire() as connection:
        await connection.execute("INSERT INTO f_counter VALUES ($1, 0)", merchant)
        for session, task, sku, place, tote in workers:
            await connection.execute("INSERT INTO f_session VALUES ($1, $2, 0)", merchant, session)
            await connection.execute(
                "INSERT INTO f_task VALUES ($1, $2, $3, $4, $5, 1000000000)", merchant, task, sku, place, tote
            )
            balances = [(merchant, place, sku, 10**9), (merchant, tote, sku, 0)]
            await connection.executemany("INSERT INTO f_balance VALUES ($1, $2, $3, $4)", balances)
    each = scans // connections

    async def work(ids: list[uuid.UUID]) -> None:
        async with pool.acquire() as connection:
            for _ in range(each):
                async with connection.transaction():
                    await _one_scan(connection, merchant, *ids)

    begin = time.perf_counter()
    await asyncio.gather(*(work(ids) for ids in workers))
    took = time.perf_counter() - begin
    await pool.close()
    return each * connections / took


async def _one_scan(  # noqa: PLR0917 - a floor's inner loop
    connection: asyncpg.Connection,
    merchant: uuid.UUID,
    session: uuid.UUID,
    task: uuid.UUID,
    sku: uuid.UUID,
    place: uuid.UUID,
    tote: uuid.UUID,
) -> None:
    now = datetime.now(UTC)
    await connection.execute("UPDATE f_session SET step = step + 1 WHERE merchant = $1 AND id = $2", merchant, session)
    await connection.execute("UPDATE f_task SET picked = picked + 1 WHERE merchant = $1 AND id = $2", merchant, task)
    await connection.execute(
        "UPDATE f_balance b SET quantity = quantity + u.q FROM unnest($2::uuid[], $3::int[]) AS u(place, q)"
        " WHERE b.merchant = $1 AND b.place = u.place AND b.sku = $4",
        *(merchant, [place, tote], [-1, 1], sku),
    )
    await connection.execute(
        "INSERT INTO f_move VALUES ($1, $2, $3, $4, $5, 1, $6)", merchant, uuid.uuid4(), sku, place, tote, now
    )
    await connection.execute(
        "INSERT INTO f_scan VALUES ($1, $2, $3, 'code', 'ACCEPTED', $4)", merchant, uuid.uuid4(), session, now
    )
    last = await connection.fetchval(
        "UPDATE f_counter SET last = last + 1 WHERE merchant = $1 RETURNING last", merchant
    )
    await connection.execute("INSERT INTO f_event VALUES ($1, $2, 'picked', $3, '{}', $4)", merchant, last, task, now)
