"""A pairing code scanned in the middle of a walk: it books nothing, and its secret is kept nowhere."""

import json

import pytest
import sqlalchemy as sa
from tests.builders_floor import bring_orders, make_floor, release
from tests.builders_scans import picking_phone

from pickmesh.core.floor.tables import Outcome, Scan
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.clock import StoppedClock
from pickmesh.core.picking.tables import ExceptionTask
from pickmesh.scanner.codes import own, wedge

SECRET = "pmp1_0123_SeCrEt"
LINK = own.pairing_link("https://pick.example.com", SECRET)


@pytest.mark.parametrize(
    "raw",
    [
        f"{own.PAIRING_PREFIX}{SECRET}",
        LINK,
        LINK.encode(),
        f"6901234567892\n{LINK}",
        f"{LINK}{' ' * wedge.LENGTH_MAX}",
    ],
)
async def test_a_pairing_scanned_on_the_walk_is_kept_nowhere(
    database: Database, merchant: Actor, clock: StoppedClock, raw: str | bytes
) -> None:
    floor = await make_floor(database, merchant, {"A-01": {"TEA": 5}})
    await bring_orders(floor, {"N1": {"TEA": 2}})
    (list_id,) = (await release(floor)).pick_list_ids
    phone = await picking_phone(floor, list_id)
    live, again = phone.entry(raw=raw), phone.entry(raw=raw, sequence=1)
    assert await phone.send(live) == [Outcome.UNKNOWN_CODE]
    await phone.send(live, again)
    async with database.reading(merchant) as uow:
        kept = await uow.fetch(sa.select(Scan.entry, Scan.verdict).where(uow.mine(Scan)))
        tasks = await uow.fetch(sa.select(ExceptionTask.detail).where(uow.mine(ExceptionTask)))
    written = json.dumps([[row.entry, row.verdict] for row in kept] + [row.detail for row in tasks])
    assert len(kept) == 2
    assert "SeCrEt" not in written
    assert "SeCrEt" not in "".join(verdict.message for verdict in phone.said)
