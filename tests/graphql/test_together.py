"""What the answers to a group of scans read in one moment: read once, and the same as each would read alone."""

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest
from tests.builders_accounts import make_person
from tests.databases import make_merchant
from tests.graphql.test_floor import entry, opened, warehouse
from tests.statements import statements

from pickmesh.core.journal.database import Database
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Role
from pickmesh.core.stock import queries as stock
from pickmesh.graphql import together
from pickmesh.graphql.together import Together

__all__ = ["warehouse"]  # the fixture of two lists
OF = {
    "people_by_id": "Person",
    "locations_by_id": "Location",
    "pick_lists": "PickList",
    "waves": "Wave",
    "skus": "Sku",
    "barcodes_of": "Sku",
    "stations": "Station",
    "parcels": "Parcel",
    "live_waybills": "Parcel",
    "print_jobs_of": "Parcel",
    "manifests": "Manifest",
}
"""The type of the ids each shared batch takes."""
RECORD = """mutation ($input: ScanRecordInput!) { scanRecord(input: $input) {
  session { worker { id name } location { code } lease { pickList { number wave { number } } }
    next { sku { code barcodes { code } } } }
  userErrors { code } } }"""


@pytest.fixture
def shared(database: Database) -> Together:
    return Together(database)


async def pickers(database: Database, merchant: Actor, count: int) -> list[Actor]:
    return [(await make_person(database, merchant, Role.PICKER))[1] for _ in range(count)]


async def test_people_with_the_same_rights_read_once(
    database: Database, merchant: Actor, shared: Together, warehouse: Any
) -> None:
    people = await pickers(database, merchant, 5)
    with statements(database) as alone:
        await shared.load(people[0], stock.locations_by_id, [warehouse.location_id])
    with statements(database) as seen:
        found = await asyncio.gather(
            *(shared.load(one, stock.locations_by_id, [warehouse.location_id]) for one in people)
        )
    assert [each[warehouse.location_id].code for each in found] == ["WH1"] * 5
    assert len(seen) == len(alone)


async def test_other_rights_and_other_merchants_read_by_themselves(
    database: Database, merchant: Actor, shared: Together, warehouse: Any
) -> None:
    stranger = await make_merchant(database)
    asked: list[Actor] = []

    async def who(uow: UnitOfWork, keys: Sequence[UUID]) -> dict[UUID, str]:
        asked.append(uow.actor)
        return {key: row.code for key, row in (await stock.locations_by_id(uow, keys)).items()}

    (picker,) = await pickers(database, merchant, 1)
    people = [merchant, picker, stranger]
    found = await asyncio.gather(*(shared.load(one, who, [warehouse.location_id]) for one in people))
    assert [dict(each) for each in found] == [{warehouse.location_id: "WH1"}] * 2 + [{}]
    assert {(one.merchant_id, one.permissions) for one in asked} == {
        (one.merchant_id, one.permissions) for one in people
    }
    assert {one.person_id for one in asked} == {None}


async def test_who_goes_away_leaves_the_reading_to_the_others(
    database: Database, merchant: Actor, shared: Together, warehouse: Any
) -> None:
    first, second = [
        asyncio.create_task(shared.load(one, stock.locations_by_id, [warehouse.location_id]))
        for one in await pickers(database, merchant, 2)
    ]
    await asyncio.sleep(0)
    first.cancel()
    assert (await second)[warehouse.location_id].code == "WH1"
    assert first.cancelled()


async def test_a_reading_that_fails_fails_for_its_own_moment_only(
    database: Database, merchant: Actor, shared: Together, warehouse: Any
) -> None:
    async def broken(uow: UnitOfWork, keys: Sequence[UUID]) -> dict[UUID, Any]:
        raise RuntimeError("broken")

    people = await pickers(database, merchant, 2)
    failed = await asyncio.gather(*(shared.load(one, broken, [new_id()]) for one in people), return_exceptions=True)
    assert [str(error) for error in failed] == ["broken", "broken"]
    found = await shared.load(people[0], stock.locations_by_id, [warehouse.location_id])
    assert found[warehouse.location_id].code == "WH1"


async def test_what_is_shared_is_the_same_whoever_asks(database: Database, furnished: Any) -> None:
    merchant, ids = await furnished(3)
    elsewhere = frozenset({new_id()})
    someone = Actor(merchant.merchant_id, new_id(), Role.PICKER, frozenset(), elsewhere, elsewhere)
    assert {batch.__name__ for batch in together.SHARED} == OF.keys()
    for batch in together.SHARED:
        keys = ids[OF[batch.__name__]]
        async with database.reading(merchant) as uow:
            owners = await batch(uow, keys)
        async with database.reading(someone) as uow:
            theirs = await batch(uow, keys)
        assert owners, batch
        assert dict(theirs) == dict(owners)


async def test_phones_of_one_group_get_their_own_answers(client_of: Any, merchant: Actor, warehouse: Any) -> None:
    phones = [await client_of(merchant, Role.PICKER) for _ in range(2)]
    held = [await opened(phone, warehouse) for phone in phones]
    steps = [("T-0001", "T-0002"), ("A-01", "A-01")]
    for sequence, codes in enumerate(steps, 1):
        inputs = [
            {"sessionId": session["id"], "entries": [entry(code, sequence)]}
            for session, code in zip(held, codes, strict=True)
        ]
        answers = await asyncio.gather(
            *(phone.run(RECORD, input=wanted) for phone, wanted in zip(phones, inputs, strict=True))
        )
    told = [answer["scanRecord"]["session"] for answer in answers]
    assert len({session["worker"]["id"] for session in told}) == 2
    assert len({session["lease"]["pickList"]["number"] for session in told}) == 2
    for session in told:
        assert session["location"] == {"code": "WH1"}
        assert session["next"] == {"sku": {"code": "KETTLE", "barcodes": [{"code": "06901234567892"}]}}
