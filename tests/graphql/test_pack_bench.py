"""A pack bench through the front: cartons, a tote in the hospital, a label once more, and the evidence of it all."""

from typing import Any
from uuid import UUID

from tests.builders_floor import Floor, bind, bring_orders, claim, done, get_number, lines_of, make_floor, pick, release
from tests.builders_packing import BIG, SMALL, make_cartons

from pickmesh.core.catalog.tables import Sku
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Role
from pickmesh.core.packing.tables import PrintJob, PrintState
from pickmesh.graphql.ids import global_id
from pickmesh.graphql.relay import parsed

OPEN = """mutation ($input: ScanSessionOpenInput!) { scanSessionOpen(input: $input) {
  session { id instruction } userErrors { code }
} }"""
RECORD = """mutation ($input: ScanRecordInput!) { scanRecord(input: $input) {
  verdicts { outcome message } session { instruction step parcel { id state } } userErrors { code }
} }"""
PARCEL = """query ($id: ID!) { parcel(id: $id) {
  carton { code } packagingMicros packagingCurrency expectedWeightG printJobs { id }
} }"""
EVIDENCE = """query ($id: ID!) { parcelEvidence(parcelId: $id) { entries { kind note worker { id } } } }"""
TO_HOSPITAL = """mutation ($input: ToteToHospitalInput!) { toteToHospital(input: $input) { userErrors { code } } }"""
SETTLE = """mutation ($input: ToteSettleInput!) { toteSettle(input: $input) { userErrors { code } } }"""


class Bench:
    """A packer at the bench: one scan per request."""

    def __init__(self, client: Any, session_id: str) -> None:
        self.client, self.session_id, self.sequence = client, session_id, 0
        self.session: dict[str, Any] = {}

    async def say(self, raw: str | None = None, **more: Any) -> tuple[str, str]:
        """Send one entry; return its outcome and sentence."""
        self.sequence += 1
        entry = {"clientId": str(new_id()), "sequence": self.sequence, "recordedAt": "2026-11-24T04:00:00Z"}
        entry |= {"kind": "SCAN", "raw": raw, "source": "WEDGE"} if raw else more
        sent = {"sessionId": self.session_id, "entries": [entry]}
        answer = (await self.client.run(RECORD, input=sent))["scanRecord"]
        assert answer["userErrors"] == []
        self.session = answer["session"]
        (verdict,) = answer["verdicts"]
        return verdict["outcome"], verdict["message"]


def uuid_of(id: str) -> UUID:
    return parsed(id)[1]


async def in_two_totes(database: Database, merchant: Actor) -> Floor:
    """Pick an order's CUP, 300 g each, into one tote and its LID into another."""
    floor = await make_floor(database, merchant, {"A-01": {"CUP": 9}, "A-02": {"LID": 9}})
    sides = {"length_mm": 90, "width_mm": 90, "height_mm": 90, "weight_g": 300}
    async with database.unit_of_work(merchant) as uow:
        await uow.update(Sku, [{"id": sku_id, **sides} for sku_id in sorted(floor.house.skus.values())])
    await make_cartons(database, merchant, SMALL, BIG)
    await bring_orders(floor, {"N1": {"CUP": 1, "LID": 1}})
    list_id = (await release(floor)).pick_list_ids[0]
    await claim(floor, list_id)
    for line, tote in zip(await lines_of(floor, list_id), ("T-0001", "T-0002"), strict=True):
        done(await bind(floor, list_id, tote, floor.orders["N1"]))
        done(await pick(floor, line.id, line.quantity, tote, order_id=floor.orders["N1"]))
    return floor


async def test_a_parcel_goes_in_its_carton_waits_for_the_hospital_and_gets_another_label(
    owner: Any, client_of: Any, database: Database, merchant: Actor
) -> None:
    floor = await in_two_totes(database, merchant)
    packer = await client_of(merchant, Role.PACKER)
    tote = {"placeIds": [global_id("Place", floor.warehouse.totes["T-0002"])]}
    sent = await owner.run(TO_HOSPITAL, input={**tote, "reason": "wet"})
    assert sent["toteToHospital"]["userErrors"] == []
    opened = await packer.run(OPEN, input={"job": "PACK", "stationId": global_id("Station", floor.station_id)})
    bench = Bench(packer, opened["scanSessionOpen"]["session"]["id"])
    outcome, said = await bench.say("F-0001")
    assert (outcome, said.endswith("in T-0002, in the hospital: a lead must release them.")) == ("ACCEPTED", True)
    assert "Take carton C1 小号." in bench.session["instruction"]
    assert [(await bench.say(code))[0] for code in ("C1", "C2", "CUP", "LID")] == [
        *["ACCEPTED"] * 2,
        "LINE_DONE",
        "TOO_MANY",
    ]
    parcel = bench.session["parcel"]["id"]
    shown = (await owner.run(PARCEL, id=parcel))["parcel"]
    assert (shown["carton"], shown["packagingMicros"]) == ({"code": "C2"}, BIG.cost_micros)
    assert (await bench.say(kind="UNDO"))[0] == "UNDONE"  # the piece
    assert (await bench.say(kind="UNDO"))[0] == "UNDONE"  # the second carton
    assert (await bench.say(kind="UNDO"))[0] == "UNDONE"  # the first one
    shown = (await owner.run(PARCEL, id=parcel))["parcel"]
    assert (shown["carton"], shown["packagingMicros"], shown["packagingCurrency"]) == (None, None, None)
    assert (await owner.run(SETTLE, input={**tote, "again": True}))["toteSettle"]["userErrors"] == []
    assert [(await bench.say(code))[0] for code in ("C1", "CUP", "LID")] == ["ACCEPTED", "LINE_DONE", "LINE_DONE"]
    assert (await bench.say(kind="SEAL"))[0] == "ACCEPTED"
    assert (await owner.run(PARCEL, id=parcel))["parcel"]["expectedWeightG"] == 680
    await get_number(floor, uuid_of(parcel))
    assert (await bench.say(kind="WEIGHT", weightG=680))[0] == "TASK_DONE"
    assert (await bench.say(kind="REPRINT"))[0] == "EXCEPTION"
    assert (await bench.say(kind="REPRINT", reason="smudged"))[0] == "ACCEPTED"
    jobs = (await owner.run(PARCEL, id=parcel))["parcel"]["printJobs"]
    assert len(jobs) == 2
    async with database.unit_of_work(merchant) as uow:
        on_paper = {"state": PrintState.PRINTED, "done_at": uow.now}
        await uow.update(PrintJob, [{"id": uuid_of(each["id"]), **on_paper} for each in jobs])
    told = (await owner.run(EVIDENCE, id=parcel))["parcelEvidence"]["entries"]
    labels = {each["note"]: each["worker"] for each in told if each["kind"] == "LABEL_PRINTED"}
    assert set(labels) == {"ISSUED", "smudged"}
    assert labels["smudged"] is not None
    kinds = [each["kind"] for each in told]
    assert (kinds.count("CARTON_CHOSEN"), kinds.count("CARTON_TAKEN_OFF")) == (4, 1)
