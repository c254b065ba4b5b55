"""History by the hundred thousand: orders that were shipped long ago, written by the database itself.

They are what intake, picking and shipping would have left behind: every order with its recipient, line, fulfillment
order, consumed reservation, ledger move and event, for the same merchant, shop, warehouse and SKUs.
"""

from collections.abc import Iterator
from uuid import UUID

import asyncpg

from pickmesh.bench import postgres, world

_ID = """
CREATE OR REPLACE FUNCTION bench_id(kind int, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT (lpad(to_hex(1700000000000 + n), 12, '0') || '7' || lpad(to_hex(kind), 3, '0') || '8'
    || substr(md5(kind::text || ':' || n::text), 1, 15))::uuid $$
"""
"""Ids in time order, as UUIDv7 are, long before those that are made now."""
_EVERY = "generate_series($3::bigint, $4::bigint) AS n"
_PICK = "1 + CASE WHEN n % 20 = 0 THEN 0 ELSE n % cardinality($2::uuid[]) END"
"""One order in twenty is for the best seller, which is the first SKU by id."""
_SKU = f"($2::uuid[])[{_PICK}]"
_AT = "timestamptz '2025-01-01 00:00:00+00' + n * interval '20 seconds'"
_STATEMENTS = (
    f"""INSERT INTO sales_order (merchant_id, id, number, shop_id, external_id, type, payment_status, currency,
      goods_minor, paid_minor, ordered_at, paid_at, ship_by, remark, seller_flag, content_hash, created_at)
    SELECT $1, bench_id(1, n), $5::bigint + n, $6::uuid, 'OLD' || lpad(n::text, 9, '0'), 'SALE', 'PAID', 'CNY', 3980,
      3980, {_AT}, {_AT}, {_AT} + interval '48 hours', '', '', md5(n::text), {_AT} FROM {_EVERY}""",
    f"""INSERT INTO order_line (merchant_id, id, order_id, external_line_id, shop_code, sku_id, quantity,
      unit_price_micros, amount_minor)
    SELECT $1, bench_id(2, n), bench_id(1, n), '1', 'SKU', {_SKU}, 2, 19900000, 3980 FROM {_EVERY}""",
    f"""INSERT INTO order_recipient (merchant_id, order_id, key_id, sealed, country, province, city, district, postcode,
      address_key, phone_key, phone_last4_key)
    SELECT $1, bench_id(1, n), 'bench', decode(md5(n::text) || md5(n::text) || md5(n::text), 'hex'), 'CN', '浙江省',
      '杭州市', '西湖区', '310000', md5('a' || n), md5('p' || n), md5('l' || n % 10000) FROM {_EVERY}""",
    f"""INSERT INTO fulfillment_order (merchant_id, id, number, order_id, location_id, progress, request_status,
      route_reason, shortage_policy, ship_by, shipped_at, created_at)
    SELECT $1, bench_id(3, n), $5::bigint + n, bench_id(1, n), $7::uuid, 'SHIPPED', 'UNSUBMITTED', 'ONLY_WAREHOUSE',
      'WAIT', {_AT} + interval '48 hours', {_AT} + interval '5 hours', {_AT} FROM {_EVERY}""",
    f"""INSERT INTO fulfillment_line (merchant_id, id, fulfillment_order_id, order_id, order_line_id, group_id, sku_id,
      per_unit, quantity, picked_quantity, packed_quantity, shipped_quantity)
    SELECT $1, bench_id(4, n), bench_id(3, n), bench_id(1, n), bench_id(2, n), bench_id(4, n), {_SKU}, 1, 2, 2, 2, 2
    FROM {_EVERY}""",
    f"""INSERT INTO reservation (merchant_id, id, location_id, sku_id, line_id, group_id, quantity, status, rank_at,
      created_at)
    SELECT $1, bench_id(5, n), $7::uuid, {_SKU}, bench_id(4, n), bench_id(4, n), 0, 'CONSUMED', {_AT}, {_AT}
    FROM {_EVERY}""",
    f"""INSERT INTO stock_move (merchant_id, id, sku_id, lot_id, from_place_id, to_place_id, quantity, reason,
      document_id, line_id, at)
    SELECT $1, bench_id(6, n), {_SKU}, '00000000-0000-0000-0000-000000000000',
      ($8::uuid[])[{_PICK}], $9::uuid, 2, 'SHIP', bench_id(7, n), bench_id(4, n), {_AT}
    FROM {_EVERY}""",
    f"""INSERT INTO event (merchant_id, seq, kind, subject_id, payload, at)
    SELECT $1, $5::bigint + n, 'order_imported', bench_id(1, n), '{{"lines": 1, "pieces": 2}}', {_AT} FROM {_EVERY}""",
)
_PART = 50_000


def order_id(index: int) -> str:
    """Return how the database finds the order of this index."""
    return f"bench_id(1, {index})"


async def fill(owner: str, place: world.World, *, have: int, want: int) -> None:
    """Write shipped orders number `have` to `want` of the merchant, and bring the planner's statistics up to date."""
    connection = await asyncpg.connect(postgres.plain(owner), command_timeout=None)
    try:
        await connection.execute(_ID)
        skus, bins, customer = await _named(connection, place.actor.merchant_id)
        base = await _numbers_from(connection, place.actor.merchant_id, want - have)
        for first, last in _parts(have, want):
            told = (place.actor.merchant_id, skus, first, last, base - have, place.shop_id, place.location_id)
            for statement in _STATEMENTS:
                await _run(connection, statement, (*told, bins, customer))
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()


def _parts(have: int, want: int) -> Iterator[tuple[int, int]]:
    for first in range(have, want, _PART):
        yield first, min(first + _PART, want) - 1


async def _run(connection: asyncpg.Connection, statement: str, told: tuple[object, ...]) -> None:
    """Run a statement with the parameters it names, numbered anew without gaps."""
    named = [position for position in range(1, len(told) + 1) if f"${position}" in statement]
    for new, old in enumerate(named, 1):
        statement = statement.replace(f"${old}", f"${new}")
    await connection.execute(statement, *(told[position - 1] for position in named))


async def _named(connection: asyncpg.Connection, merchant_id: UUID) -> tuple[list[UUID], list[UUID], UUID]:
    """Return the merchant's SKUs, the bins they lie in, in the same order, and the place of customers."""
    found = await connection.fetch(
        "SELECT b.sku_id, b.place_id FROM stock_balance b WHERE b.merchant_id = $1 ORDER BY b.sku_id", merchant_id
    )
    customer = await connection.fetchval(
        "SELECT id FROM place WHERE merchant_id = $1 AND kind = 'CUSTOMER' LIMIT 1", merchant_id
    )
    return [row["sku_id"] for row in found], [row["place_id"] for row in found], customer


async def _numbers_from(connection: asyncpg.Connection, merchant_id: UUID, count: int) -> int:
    """Take numbers for history from the merchant's counters, the same for orders, fulfillment orders and events."""
    base: int = await connection.fetchval("SELECT max(last) FROM counter WHERE merchant_id = $1", merchant_id)
    await connection.execute(
        "UPDATE counter SET last = $2 WHERE merchant_id = $1 AND kind IN ('order', 'fulfillment_order', 'event')",
        *(merchant_id, base + count + 1),
    )
    return base + 1
