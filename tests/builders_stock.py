"""A warehouse and goods in it for tests of any room."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.stock import places, queries, receipts
from pickmesh.core.stock.places import NewParcelPlace, NewPlace, Saved
from pickmesh.core.stock.receipts import Receipt, Received


@dataclass(frozen=True, slots=True)
class Warehouse:
    """A warehouse's places, ids by code."""

    location_id: UUID
    bins: dict[str, UUID] = field(default_factory=dict)
    totes: dict[str, UUID] = field(default_factory=dict)
    benches: dict[str, UUID] = field(default_factory=dict)
    others: dict[str, UUID] = field(default_factory=dict)


async def make_warehouse(
    database: Database,
    actor: Actor,
    *,
    code: str = "WH1",
    bins: Sequence[str] = ("A-01", "A-02", "A-03"),
    overflow: Sequence[str] = (),
    totes: Sequence[str] = ("T-0001", "T-0002"),
    benches: Sequence[str] = ("BENCH-1",),
    others: Sequence[NewPlace] = (),
) -> Warehouse:
    """Create a warehouse with bins in walk sequence, totes, benches, DOCK-1, HOSPITAL, MISSING and `others`."""
    told = [NewPlace(code, name, "BIN", walk_sequence=number) for number, name in enumerate(bins, 1)]
    told += [
        NewPlace(code, name, "BIN", role="OVERFLOW", walk_sequence=number)
        for number, name in enumerate(overflow, len(bins) + 1)
    ]
    told += [NewPlace(code, name, "TOTE") for name in totes] + [NewPlace(code, name, "BENCH") for name in benches]
    told += [NewPlace(code, "DOCK-1", "DOCK"), NewPlace(code, "HOSPITAL", "HOSPITAL"), *others]
    async with database.unit_of_work(actor) as uow:
        saved = await places.save_places(uow, places=told)
        location = await queries.location_by_code(uow, code)
        (missing,) = await queries.places_by_code(uow, ["MISSING"], location.id if location else None)
    assert location is not None
    warehouse = Warehouse(location.id, others={"MISSING": missing.id})
    shelves = {"BIN": warehouse.bins, "TOTE": warehouse.totes, "BENCH": warehouse.benches}
    for place, answer in zip(told, saved, strict=True):
        assert isinstance(answer, Saved), answer
        shelves.get(place.kind, warehouse.others)[place.code] = answer.place_id
    return warehouse


async def put_stock(
    database: Database,
    actor: Actor,
    place_id: UUID,
    sku_id: UUID,
    quantity: int,
    *,
    lot_code: str = "",
    expires_on: date | None = None,
    serials: Sequence[str] = (),
) -> UUID:
    """Receive pieces at a place (with `serials`: those units) and return their lot's id, NIL_ID without a lot."""
    rows = [Receipt(place_id, sku_id, 1, lot_code, expires_on, serial) for serial in serials]
    async with database.unit_of_work(actor) as uow:
        answers = await receipts.receive_stock(
            uow, receipts=rows or [Receipt(place_id, sku_id, quantity, lot_code, expires_on)]
        )
    for answer in answers:
        assert isinstance(answer, Received), answer
    return answers[0].lot_id if isinstance(answers[0], Received) else place_id


async def make_parcel_place(database: Database, actor: Actor, location_id: UUID, code: str) -> UUID:
    """Create the place of a parcel and return its id."""
    parcel_id = new_id()
    async with database.unit_of_work(actor) as uow:
        await places.open_parcel_places(uow, parcels=[NewParcelPlace(parcel_id, location_id, code)])
    return parcel_id
