"""Orders go out as a file: revealed they come in again as they are, masked they tell nobody who the buyer is."""

import csv
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from importing import take
from tests.builders_accounts import make_shop
from tests.builders_orders import BUYER, ORDERED_AT, House, bring_in, make_house, new_order
from tests.statements import statements

from pickmesh.app.exports import orders as exports
from pickmesh.app.exports.writers import writer_of
from pickmesh.app.imports.outcome import Status
from pickmesh.core.accounts import queries as accounts
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import NotPermitted


async def export(database: Database, actor: Actor, path: Path, **chosen: object) -> int:
    writer = writer_of(path)
    try:
        async with database.reading(actor) as uow:
            return await exports.export_orders(uow, writer, **chosen)  # type: ignore[arg-type]
    finally:
        writer.finish()


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


async def furnish(database: Database, merchant: Actor) -> House:
    house = await make_house(database, merchant, {"CUP": 90, "LID": 90})
    await bring_in(
        database,
        merchant,
        new_order(house, "T-1", {"CUP": 2, "LID": 1}, remark="请尽快发货"),
        new_order(house, "T-2", {"LID": 3}, ordered_at=ORDERED_AT + timedelta(hours=3), freight_minor=800),
    )
    return house


async def test_buyers_are_masked_unless_they_are_revealed(database: Database, merchant: Actor, tmp_path: Path) -> None:
    await furnish(database, merchant)
    assert await export(database, merchant, tmp_path / "masked.csv") == 2
    rows = rows_of(tmp_path / "masked.csv")
    assert [(row["order"], row["line"], row["sku"], row["quantity"], row["unit_price"]) for row in rows] == [
        ("T-1", "1", "CUP", "2", "12.50"),
        ("T-1", "2", "LID", "1", "12.50"),
        ("T-2", "1", "LID", "3", "12.50"),
    ]
    whole = (tmp_path / "masked.csv").read_text(encoding="utf-8-sig")
    assert not [secret for secret in (BUYER.name, BUYER.phone, BUYER.street) if secret in whole]
    assert (rows[0]["city"], rows[2]["freight"]) == ("杭州市", "8.00")
    await export(database, merchant, tmp_path / "clear.csv", reveal=True)
    clear = rows_of(tmp_path / "clear.csv")[0]
    assert (clear["recipient"], clear["phone"], clear["street"]) == (BUYER.name, BUYER.phone, BUYER.street)
    nosy = replace(merchant, permissions=merchant.permissions - {Permission.RECIPIENTS_READ})
    with pytest.raises(NotPermitted):
        await export(database, nosy, tmp_path / "nosy.csv", reveal=True)


async def test_a_masked_file_taken_in_again_by_mistake_leaves_every_buyer_as_they_are(
    database: Database, merchant: Actor, tmp_path: Path
) -> None:
    """Else 145 parcels would go to “***”."""
    await furnish(database, merchant)
    await export(database, merchant, tmp_path / "masked.csv")
    _, told = await take(database, merchant, "orders", tmp_path / "masked.csv")
    assert {status for status, _ in told.rows.values()} == {Status.REFUSED}
    await export(database, merchant, tmp_path / "clear.csv", reveal=True)
    assert {row["street"] for row in rows_of(tmp_path / "clear.csv")} == {BUYER.street}


async def test_revealed_and_taken_in_again_nothing_changes(database: Database, merchant: Actor, tmp_path: Path) -> None:
    await furnish(database, merchant)
    await export(database, merchant, tmp_path / "clear.csv", reveal=True)
    _, told = await take(database, merchant, "orders", tmp_path / "clear.csv")
    assert {status for status, _ in told.rows.values()} == {Status.UNCHANGED}
    assert len(told.rows) == 3


async def test_only_those_of_a_shop_and_since_a_moment_are_written(
    database: Database, merchant: Actor, tmp_path: Path
) -> None:
    house = await furnish(database, merchant)
    late = ORDERED_AT + timedelta(hours=1)
    assert await export(database, merchant, tmp_path / "a.csv", since=late) == 1
    assert await export(database, merchant, tmp_path / "b.csv", shop_id=house.shop_id) == 2
    other = await make_shop(database, merchant, "JD")
    assert await export(database, merchant, tmp_path / "c.csv", shop_id=other) == 0
    assert await export(database, merchant, tmp_path / "d.csv", shop_id=new_id()) == 0
    async with database.reading(merchant) as uow:
        assert (await accounts.shop_by_code(uow, "TB")) is not None


async def test_pages_are_joined_without_a_gap_and_cost_the_same_each(
    database: Database, merchant: Actor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = await make_house(database, merchant, {"CUP": 90})
    await bring_in(database, merchant, *(new_order(house, f"T-{number}", {"CUP": 1}) for number in range(7)))
    monkeypatch.setattr(exports, "PAGE_ORDERS", 3)
    with statements(database) as sent:
        assert await export(database, merchant, tmp_path / "all.csv") == 7
    assert [row["order"] for row in rows_of(tmp_path / "all.csv")] == [f"T-{number}" for number in range(7)]
    # The transaction, the shops, then for each page its orders, their buyers and their lines.
    assert len(sent) == 2 + 3 * 3
