"""Serial-tracked units: where a piece is, and every move that named it."""

from typing import Any, ClassVar

import graphene

from pickmesh.core.kit.permissions import Permission
from pickmesh.core.stock import unit_queries as queries
from pickmesh.core.stock.tables import UnitState
from pickmesh.graphql import relay
from pickmesh.graphql.loading import grouped
from pickmesh.graphql.permissions import Queries, Requirement
from pickmesh.graphql.scalars import DateTime
from pickmesh.graphql.stock import OfLot, OfSku, Place, StockMove

UnitStateName = graphene.Enum.from_enum(UnitState, name="UnitState")

MOVES = grouped(queries.moves_of_units, "unit_id")


class StockUnit(relay.ObjectType, OfSku, OfLot):
    """One serial-tracked piece and where it is."""

    class Meta:
        interfaces = (relay.Node,)

    requires = Permission.STOCK_READ
    serial = graphene.String(required=True)
    place = relay.link("place_id", Place, required=True, description="Where it lies, or where it went last.")
    state = graphene.Field(UnitStateName, required=True)
    created_at = graphene.Field(DateTime, required=True)
    moves = relay.listing(MOVES, StockMove, "Every move that named it, the oldest first.")

    by_ids = staticmethod(queries.units)


class StockUnitQueries(Queries):
    """What may be asked of serial-tracked units."""

    requires: ClassVar[Requirement] = Permission.STOCK_READ
    stock_unit = graphene.Field(
        StockUnit,
        serial=graphene.String(required=True),
        sku_id=graphene.ID(description="Needed only where several SKUs have a piece of that serial number."),
        description="A serial-tracked piece by its serial number.",
    )

    @staticmethod
    async def resolve_stock_unit(_root: Any, info: Any, serial: str, sku_id: str | None = None) -> Any:
        """Return the unit."""
        sku = relay.optional_id(sku_id, "Sku", field=("skuId",))
        async with info.context.reading() as uow:
            return await queries.unit_of_serial(uow, serial, sku_id=sku)
