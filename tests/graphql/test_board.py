"""The board through the front, as a lead reads it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.builders_floor import bring_orders, make_floor, release
from tests.builders_scans import picking_phone

from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.clock import StoppedClock
from pickmesh.core.kit.permissions import Role
from pickmesh.graphql.ids import global_id

BOARD = """query ($id: ID!, $from: DateTime, $to: DateTime) {
  floorBoard(locationId: $id, from: $from, to: $to, atRiskMinutes: 1440) {
    from to location { code } figures { scans piecesPicked mistakesPerThousand mistakes { outcome count perThousand } }
    hours { begin until figures { linesPicked } jobs { job figures { scans } } }
    people { worker { name } job since lastScanAt scans mistakes session { step } pickList { number } }
    waves { wave { kind status } orders lines linesDone pieces piecesPicked progress }
    queue { stage orders pieces } exceptions { kind tasks oldestAt }
    atRisk { fulfillmentOrder { status } leaveBy minutesLeft } atRiskCount atRiskMinutes
  }
}"""


async def test_a_board_tells_waves_people_throughput_mistakes_and_risks(
    owner: Any, database: Database, merchant: Actor
) -> None:
    assert isinstance(database.clock, StoppedClock)
    database.clock.advance(datetime.now(UTC) - database.clock.now())
    floor = await make_floor(database, merchant, {"A-01": {"TEA": 9}})
    await bring_orders(floor, {"N1": {"TEA": 2}, "N2": {"TEA": 1}})
    lists = (await release(floor)).pick_list_ids
    phone = await picking_phone(floor, lists[0])
    await phone.scan("T-0001", "A-01", "WHAT", "TEA")
    begin = database.clock.now() - timedelta(hours=1)
    asked = {"id": global_id("Location", floor.location_id), "from": begin.isoformat()}
    asked["to"] = (begin + timedelta(hours=2)).isoformat()
    board = (await owner.run(BOARD, **asked))["floorBoard"]
    assert board["figures"] == {
        "scans": 4,
        "piecesPicked": 1,
        "mistakesPerThousand": 250.0,
        "mistakes": [{"outcome": "UNKNOWN_CODE", "count": 1, "perThousand": 250.0}],
    }
    assert [len(hour["jobs"]) for hour in board["hours"]] == [0, 1]
    assert board["hours"][1]["jobs"] == [{"job": "PICK", "figures": {"scans": 4}}]
    (person,) = board["people"]
    assert (person["job"], person["scans"], person["mistakes"]) == ("PICK", 4, 1)
    assert person["session"]["step"] and person["pickList"]["number"] == "L-0001"
    (wave,) = board["waves"]
    assert wave["wave"] == {"kind": "DISCRETE", "status": "IN_PROGRESS"}
    assert (wave["orders"], wave["pieces"], wave["piecesPicked"], wave["progress"]) == (2, 3, 1, 0.333)
    assert {each["stage"]: each["orders"] for each in board["queue"]}["PICK"] == 1
    assert board["exceptions"] == []
    assert board["atRiskCount"] == len(board["atRisk"])


async def test_a_board_of_the_last_hours_needs_only_the_warehouse(
    owner: Any, database: Database, merchant: Actor
) -> None:
    floor = await make_floor(database, merchant, {"A-01": {"TEA": 9}})
    at = database.clock.now()
    answer = await owner.run(
        "query ($id: ID!) { floorBoard(locationId: $id) { from to at hours { begin } } }",
        id=global_id("Location", floor.location_id),
    )
    board = answer["floorBoard"]
    assert datetime.fromisoformat(board["to"]) == at
    assert datetime.fromisoformat(board["from"]) == at - timedelta(hours=8)
    assert len(board["hours"]) == 8


async def test_a_board_of_nothing_or_of_days_is_refused(owner: Any, database: Database, merchant: Actor) -> None:
    floor = await make_floor(database, merchant, {"A-01": {"TEA": 9}})
    asked = {
        "id": global_id("Location", floor.location_id),
        "from": "2026-11-20T00:00:00Z",
        "to": "2026-11-21T00:00:01Z",
    }
    assert await owner.code(BOARD, **asked) == "INVALID_INPUT"


async def test_who_does_not_work_on_the_floor_sees_no_board(
    client_of: Any, database: Database, merchant: Actor
) -> None:
    floor = await make_floor(database, merchant, {"A-01": {"TEA": 9}})
    purchaser = await client_of(merchant, Role.PURCHASER)
    assert await purchaser.code(BOARD, id=global_id("Location", floor.location_id)) == "NOT_PERMITTED"
