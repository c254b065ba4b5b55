"""The papers of packing over HTTP: what a driver signs, and what a buyer who misses an item is shown."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
from builders_accounts import make_person, make_token
from builders_floor import Floor, bring_orders, make_floor, pick_list, release, row_of, shipped
from printed import texts_of

from pickmesh.app import composition
from pickmesh.app.settings import Settings
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Role
from pickmesh.core.packing import manifests
from pickmesh.core.packing.manifests import ManifestScan
from pickmesh.core.packing.tables import Parcel
from pickmesh.scanner.labels import listing
from pickmesh.scanner.labels.listing import Column, Listing


def words_of(drawn: bytes) -> list[str]:
    """Return the text of each page of a PDF, blanks left out."""
    return ["".join(page.split()) for page in texts_of(drawn)]


def rows(count: int) -> Sequence[Sequence[str]]:
    return [(str(number), f"P-{number:04d}") for number in range(1, count + 1)]


@pytest.mark.parametrize("count", [0, 1, 30, 31, 36, 37, 75, 200])
def test_a_list_goes_on_over_as_many_pages_as_it_takes_and_ends_with_its_signatures(count: int) -> None:
    columns = (Column("#", 1), Column("Parcel", 9))
    drawn = listing.draw_pdf(Listing("Manifest", "H-0001-K", [("Carrier:", "SF")], columns, rows(count), ("Driver",)))
    pages = words_of(drawn)
    for number in range(1, count + 1):
        assert sum(f"P-{number:04d}" in page for page in pages) == 1
    assert ["Driver" in page for page in pages] == [False] * (len(pages) - 1) + [True]
    assert all("Parcel" in page for page in pages)
    assert f"1/{len(pages)}" in pages[0]


def test_a_row_without_a_cell_for_each_column_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="cell"):
        Listing("Manifest", "H-0001-K", [], (Column("#", 1),), [("1", "2")])


async def get(floor: Floor, tmp_path: Path, path: str, role: Role | None = Role.PACKER) -> httpx.Response:
    house: Any = composition.build(Settings(data=tmp_path), floor.database, with_worker=False)
    headers = {}
    if role is not None:
        person_id, _ = await make_person(floor.database, floor.actor, role)
        headers["authorization"] = f"Bearer {await make_token(floor.database, floor.actor, person_id)}"
    transport = httpx.ASGITransport(app=house.web())
    async with httpx.AsyncClient(transport=transport, base_url="http://house") as client:
        return await client.get(path, headers=headers)


async def test_the_papers_of_a_parcel_and_its_manifest_are_drawn(
    database: Database, merchant: Actor, tmp_path: Path
) -> None:
    floor = await make_floor(database, merchant, {"A-01": {"CUP": 9}})
    (order_id,) = await bring_orders(floor, {"N1": {"CUP": 2}})
    await pick_list(floor, (await release(floor)).pick_list_ids[0], "T-0001")
    parcel_id = await shipped(floor, order_id, {"CUP": 2})
    async with database.unit_of_work(floor.packer) as uow:
        opened = await manifests.open_manifest(uow, location_id=floor.location_id, carrier="LOCAL")
        await manifests.put_on_manifests(uow, scans=[ManifestScan(opened.manifest_id, parcel_id)])
    drawn = await get(floor, tmp_path, f"/labels/manifest/{opened.manifest_id}.pdf")
    assert (drawn.status_code, drawn.headers["content-type"]) == (200, "application/pdf")
    (page,) = words_of(drawn.content)
    for said in ("H-0001", "P-0001", "LOCAL", "0.200kg", "LC"):
        assert said in page
    drawn = await get(floor, tmp_path, f"/labels/evidence/{parcel_id}.pdf", Role.SUPPORT)
    (page,) = words_of(drawn.content)
    for said in ("P-0001", "2×CUP", "200g", "weighed", "picked", "onmanifest"):
        assert said in page
    assert (await row_of(floor, Parcel, parcel_id)).manifest_id == opened.manifest_id


async def test_papers_are_refused_like_labels(database: Database, merchant: Actor, tmp_path: Path) -> None:
    floor = await make_floor(database, merchant, {"A-01": {"CUP": 9}})
    for path, role, status in (
        (f"/labels/manifest/{new_id()}.pdf", Role.PACKER, 404),
        (f"/labels/evidence/{new_id()}.pdf", Role.PACKER, 404),
        ("/labels/evidence/none.pdf", Role.PACKER, 404),
        (f"/labels/evidence/{new_id()}.zpl", Role.PACKER, 422),
        (f"/labels/evidence/{new_id()}.pdf", None, 401),
    ):
        assert (await get(floor, tmp_path, path, role)).status_code == status
