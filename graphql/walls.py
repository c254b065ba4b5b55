"""Put walls: slots with their lights and what waits in them, and the wall a wave is sorted at."""

from collections.abc import Sequence
from typing import Any, ClassVar

import graphene

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.picking import walls
from pickmesh.graphql import relay
from pickmesh.graphql.base import Done, Mutation, One
from pickmesh.graphql.context import Context
from pickmesh.graphql.permissions import Queries, Requirement
from pickmesh.graphql.picking import PickingUserError, Wave
from pickmesh.graphql.stock import Location, Place

FULFILLMENT_ORDER = "pickmesh.graphql.orders.FulfillmentOrder"


class SlotLight(graphene.ObjectType):
    """How a slot of a put wall is called out: by its number, a colour, and a shape for who sees no colours."""

    requires = Permission.FLOOR_READ
    code = graphene.String(required=True)
    wall = graphene.String(required=True)
    label = graphene.String(required=True, description="The number as it is called out, such as 07.")
    colour = graphene.String(required=True, description="BLUE, ORANGE, GREEN, YELLOW, PURPLE, RED, WHITE or BLACK.")
    colour_name = graphene.String(required=True, description="The colour in the reader's language.")
    shape = graphene.String(required=True)

    @staticmethod
    def resolve_colour(root: Any, _info: Any) -> str:
        """Return the colour's name for machines."""
        code: str = root.colour.code
        return code

    @staticmethod
    def resolve_colour_name(root: Any, info: Any) -> str:
        """Return the colour's name for people."""
        name: str = info.context.says(root.colour.name)
        return name

    @staticmethod
    def resolve_shape(root: Any, _info: Any) -> str:
        """Return the shape."""
        shape: str = root.colour.shape
        return shape


class WallSlotState(graphene.Enum):
    """Whether a slot is free, waits for pieces, has all of its order, or holds goods of a stopped order."""

    EMPTY = "EMPTY"
    WAITING = "WAITING"
    COMPLETE = "COMPLETE"
    STOPPED = "STOPPED"


class WallSlot(graphene.ObjectType):
    """A slot of a put wall as it stands."""

    requires = Permission.FLOOR_READ
    place = relay.link("place_id", Place, required=True)
    light = graphene.Field(SlotLight, required=True)
    state = graphene.Field(WallSlotState, required=True)
    wave = relay.link("wave_id", Wave)
    fulfillment_order = relay.link("fulfillment_order_id", FULFILLMENT_ORDER)
    here = graphene.Int(required=True, description="Pieces that lie in it.")
    wanted = graphene.Int(required=True, description="Pieces its order wants; those that are short keep it waiting.")

    @staticmethod
    def resolve_light(root: Any, _info: Any) -> Any:
        """Return how it is called out."""
        return root.slot


class WallsQueries(Queries):
    """What may be asked of put walls."""

    requires: ClassVar[Requirement] = Permission.FLOOR_READ
    wall_slots = graphene.List(
        graphene.NonNull(WallSlot),
        required=True,
        location_id=graphene.ID(required=True),
        description="The slots of a warehouse's put walls as they stand, wall by wall.",
    )

    @staticmethod
    async def resolve_wall_slots(_root: Any, info: Any, location_id: str) -> Sequence[Any]:
        """Return the slots."""
        location = relay.id_of(location_id, "Location", field=("locationId",))
        async with info.context.reading() as uow:
            await relay.require_there(uow, Location.by_ids, location, field=("locationId",))
            return await walls.wall_slots(uow, location)


class WaveBindWall(Mutation):
    """Sort a put-wall wave at a wall: every order gets a slot of its own; binding again changes nothing."""

    requires = Permission.FLOOR_WORK
    user_error = PickingUserError

    class Input:
        wave_id = graphene.ID(required=True)
        wall = graphene.String(required=True, description="The wall's zone, or how its slots' codes begin.")

    class Payload:
        wave = One(Wave)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Bind."""
        wave_id = relay.id_of(input.wave_id, "Wave", field=("waveId",))
        await walls.bind_wall(uow, wave_id=wave_id, wall=input.wall)
        return Done({"wave": wave_id})


MUTATIONS = (WaveBindWall,)
