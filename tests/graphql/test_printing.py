"""Print jobs through the front, as an agent and a person at the bench use it."""

from typing import Any

from tests.builders_graphql import furnish

from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id
from pickmesh.graphql.ids import global_id

RUN = str(new_id())
JOBS = """query ($id: ID!, $states: [PrintState!]) { printJobs(stationId: $id, states: $states) {
  id state agent attempts lastError supportedActions station { code } parcel { number labels { zpl } } } }"""
OF_STATION = "query ($id: ID!) { node(id: $id) { ... on Station { printJobs { id state } } } }"
JOB = "query ($id: ID!) { node(id: $id) { ... on PrintJob { state until takenAt doneAt } } }"


def act(name: str) -> str:
    field = f"{name[0].lower()}{name[1:]}"
    return f"""mutation ($input: {name}Input!) {{ {field}(input: $input) {{
      printJobs {{ id state }} userErrors {{ code field message data }} }} }}"""


async def do(client: Any, name: str, **given: Any) -> tuple[list[str], list[tuple[str, list[str]]]]:
    """Run a mutation and return the states of its jobs and what it refused."""
    told = (await client.run(act(name), input=given))[f"{name[0].lower()}{name[1:]}"]
    errors = [(error["code"], error["field"]) for error in told["userErrors"]]
    return [job["state"] for job in told["printJobs"] or []], errors


async def test_an_agent_takes_sends_and_finishes(owner: Any, database: Database, merchant: Actor) -> None:
    made = await furnish(database, merchant, 1)
    station, job = global_id("Station", made["Station"][0]), global_id("PrintJob", made["PrintJob"][0])
    taken = {"stationId": station, "agent": "bench-pc lp:Q1", "runId": RUN}
    assert await do(owner, "PrintJobTake", **taken) == (["TAKEN"], [])
    assert await do(owner, "PrintJobTake", **taken, limit=5) == (["TAKEN"], [])  # the same one
    (shown,) = (await owner.run(JOBS, id=station))["printJobs"]
    assert (shown["id"], shown["agent"], shown["station"]) == (job, "bench-pc lp:Q1", {"code": "BENCH-1"})
    assert shown["parcel"]["labels"]["zpl"].endswith(".zpl")
    mine = {"runId": RUN, "printJobIds": [job]}
    assert await do(owner, "PrintJobSend", **mine) == (["PRINTING"], [])
    assert await do(owner, "PrintJobFinish", **mine) == (["PRINTED"], [])
    assert (await owner.run(JOBS, id=station))["printJobs"] == []
    (shown,) = (await owner.run(JOBS, id=station, states=["PRINTED"]))["printJobs"]
    assert (shown["id"], shown["supportedActions"]) == (job, [])
    times = (await owner.run(JOB, id=job))["node"]
    assert (times["state"], times["until"], times["doneAt"]) == ("PRINTED", None, times["takenAt"])


async def test_what_is_unsure_is_told_and_settled(owner: Any, database: Database, merchant: Actor) -> None:
    made = await furnish(database, merchant, 1)
    station, job = global_id("Station", made["Station"][0]), global_id("PrintJob", made["PrintJob"][0])
    mine = {"runId": RUN, "printJobIds": [job]}
    await do(owner, "PrintJobTake", stationId=station, agent="a", runId=RUN)
    await do(owner, "PrintJobSend", **mine)
    assert await do(owner, "PrintJobFail", **mine, failure="UNSURE", error="the line broke") == (["UNSURE"], [])
    (shown,) = (await owner.run(JOBS, id=station))["printJobs"]
    assert (shown["state"], shown["lastError"], shown["supportedActions"]) == ("UNSURE", "the line broke", ["SETTLE"])
    assert await do(owner, "PrintJobSettle", printJobIds=[job], printed=False) == (["QUEUED"], [])
    assert (await owner.run(OF_STATION, id=station))["node"]["printJobs"] == [{"id": job, "state": "QUEUED"}]
    assert await do(owner, "PrintJobSend", **mine) == ([], [("PRINT_JOB_GONE", ["printJobIds", "0"])])


async def test_refusals_name_what_was_wrong(owner: Any, database: Database, merchant: Actor) -> None:
    made = await furnish(database, merchant, 1)
    station, job = global_id("Station", made["Station"][0]), global_id("PrintJob", made["PrintJob"][0])
    taken = {"stationId": station, "agent": "a", "runId": RUN}
    assert await do(owner, "PrintJobTake", **{**taken, "agent": " "}) == ([], [("INVALID_INPUT", ["agent"])])
    assert await do(owner, "PrintJobTake", **taken, limit=0) == ([], [("LIMIT_EXCEEDED", ["limit"])])
    unknown = {**taken, "stationId": global_id("Station", new_id())}
    assert await do(owner, "PrintJobTake", **unknown) == ([], [("NOT_FOUND", ["stationId"])])
    assert await do(owner, "PrintJobSettle", printJobIds=[job], printed=True) == (
        [],
        [("WRONG_STATE", ["printJobIds", "0"])],
    )
    many = {"runId": RUN, "printJobIds": [job] * 51}
    assert await do(owner, "PrintJobFinish", **many) == ([], [("LIMIT_EXCEEDED", ["printJobIds"])])
    assert (await owner.run(JOBS, id=station))["printJobs"][0]["state"] == "QUEUED"


async def test_a_station_is_found_by_its_code(owner: Any, database: Database, merchant: Actor) -> None:
    await furnish(database, merchant, 2)
    query = "query ($code: String!, $location: String) { station(code: $code, locationCode: $location) { code } }"
    assert (await owner.run(query, code="bench-1"))["station"] == {"code": "BENCH-1"}
    assert (await owner.run(query, code="BENCH-1", location="wh1"))["station"] == {"code": "BENCH-1"}
    for code, location in (("BENCH-1", "WH2"), ("BENCH-1", "WH9"), ("BENCH-9", None)):
        assert (await owner.run(query, code=code, location=location))["station"] is None
