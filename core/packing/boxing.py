"""What parcels go in and should weigh as they are closed: the carton named before, else the smallest that fits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.packing import carton_rules, cartons, rules
from pickmesh.core.packing.rules import BenchParcel
from pickmesh.core.packing.tables import Parcel


@dataclass(frozen=True, slots=True)
class Boxed:
    """A parcel's carton (None while nobody has told of any that fits) and what it should weigh with it, in grams."""

    carton: Any
    is_new: bool
    expected_weight_g: int | None


async def box(
    uow: UnitOfWork, parcels: Mapping[UUID, BenchParcel], contents: Mapping[UUID, Sequence[Any]]
) -> dict[UUID, Boxed]:
    """Return how parcels with these contents are boxed: whose carton nobody named goes in the smallest that fits."""
    if not contents:
        return {}
    named = {each: parcels[each].carton_id for each in contents}
    known = {row.id: row for row in await cartons.cartons_for(uow, {each for each in named.values() if each})}
    pieces = await cartons.pieces_of(uow, contents)
    boxes = [cartons.box_of(row) for row in known.values() if row.archived_at is None]
    boxed = {}
    for parcel_id in contents:
        before = named[parcel_id]
        carton_id = before or carton_rules.suggest(boxes, pieces.get(parcel_id, [])).carton_id
        carton = known[carton_id] if carton_id is not None else None
        goods = rules.expected_weight_g((piece.weight_g, piece.quantity) for piece in pieces.get(parcel_id, []))
        tare = carton.tare_g if carton is not None else 0
        boxed[parcel_id] = Boxed(carton, before is None and carton is not None, None if goods is None else goods + tare)
    return boxed


async def keep(uow: UnitOfWork, parcels: Mapping[UUID, BenchParcel], boxed: Mapping[UUID, Boxed]) -> None:
    """Book on parcels the cartons they were given just now."""
    new = {each: boxed[each].carton for each in sorted(boxed) if boxed[each].is_new}
    await uow.update(Parcel, [cartons.booked(each, carton) for each, carton in new.items()])
    cartons.tell(uow, parcels, new)
