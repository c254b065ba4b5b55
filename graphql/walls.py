"""Put walls and totes: slots with their lights, the wall a wave is sorted at, what lies in a tote, the hospital."""

from collections.abc import Sequence
from typing import Any, ClassVar
from uuid import UUID

import graphene

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.paging import Page, PageRequest
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import Refused
from pickmesh.core.picking import hospital, walls
from pickmesh.core.stock.tables import ToteState
from pickmesh.graphql import relay
from pickmesh.graphql.base import Done, Many, Mutation, One
from pickmesh.graphql.context import Context
from pickmesh.graphql.permissions import Queries, Requirement
from pickmesh.graphql.picking import PickingUserError, Wave
from pickmesh.graphql.stock import OfLot, OfSku, Place, ToteStateName

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
    order_number = graphene.String(description="Its number, also for who may not read orders.")
    here = graphene.Int(required=True, description="Pieces that lie in it.")
    wanted = graphene.Int(required=True, description="Pieces its order wants; those that are short keep it waiting.")

    @staticmethod
    def resolve_light(root: Any, _info: Any) -> Any:
        """Return how it is called out."""
        return root.slot


class ToteItem(graphene.ObjectType, OfSku, OfLot):
    """Pieces of an order that lie in a tote or a slot."""

    requires = Permission.FLOOR_READ
    fulfillment_order = relay.link("fulfillment_order_id", FULFILLMENT_ORDER, required=True)
    quantity = graphene.Int(required=True)


class Tote(graphene.ObjectType):
    """A tote (or a slot, or a bench) with what lies in it for orders."""

    requires = Permission.FLOOR_READ
    place = relay.link("id", Place, required=True)
    code = graphene.String(required=True)
    state = graphene.Field(ToteStateName)
    contents = relay.listing(hospital.tote_contents, ToteItem, "By order.")

    @staticmethod
    def resolve_state(root: Any, _info: Any) -> Any:
        """Return whether it is empty, stocked or in the hospital."""
        return root.tote_state


async def _page_of_totes(
    _root: Any, info: Any, request: PageRequest, location_id: str, states: list[ToteState] | None = None
) -> Page[Any]:
    location = relay.id_of(location_id, "Location", field=("locationId",))
    async with info.context.reading() as uow:
        found: Page[Any] = await hospital.tote_page(uow, request, location_id=location, states=states)
    return found


class WallsQueries(Queries):
    """What may be asked of put walls and totes."""

    requires: ClassVar[Requirement] = Permission.FLOOR_READ
    wall_slots = graphene.List(
        graphene.NonNull(WallSlot),
        required=True,
        location_id=graphene.ID(required=True),
        description="The slots of a warehouse's put walls as they stand, wall by wall.",
    )

    totes = relay.paged(
        relay.connection(Tote),
        _page_of_totes,
        "The totes of a warehouse, the newest first: empty, stocked, in the hospital.",
        location_id=graphene.ID(required=True),
        states=relay.some(ToteStateName),
    )
    tote = graphene.Field(Tote, place_id=graphene.ID(required=True), description="A tote, slot or bench by its place.")

    @staticmethod
    def resolve_tote(_root: Any, info: Any, place_id: str) -> Any:
        """Return the tote, or the slot or bench that is asked for."""
        return info.context.load(hospital.totes_by_id, relay.id_of(place_id, "Place", field=("placeId",)))

    @staticmethod
    async def resolve_wall_slots(_root: Any, info: Any, location_id: str) -> Sequence[Any]:
        """Return the slots."""
        location = relay.id_of(location_id, "Location", field=("locationId",))
        async with info.context.reading() as uow:
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


class OfTotes(Mutation):
    """What the mutations over totes share."""

    requires = Permission.FLOOR_WORK
    user_error = PickingUserError
    items = "placeIds"

    class Input:
        place_ids = relay.some(graphene.ID, required=True)

    class Payload:
        totes = Many(Place)

    @staticmethod
    def done(ids: Sequence[UUID], answers: Sequence[Any]) -> Done:
        """Answer the totes that were not refused."""
        refused = [answer for answer in answers if isinstance(answer, Refused)]
        without = {answer.index for answer in refused}
        return Done({"totes": [each for index, each in enumerate(ids) if index not in without]}, refused)


class ToteToHospital(OfTotes):
    """Take totes out of use with what lies in them; a task asks a lead to look. Doing it again changes nothing."""

    class Input(OfTotes.Input):
        reason = graphene.String(required=True)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Send."""
        ids = relay.ids_of(input.place_ids, "Place", field="placeIds")
        return cls.done(ids, await hospital.send_totes_to_hospital(uow, tote_ids=ids, reason=input.reason))


class ToteSettle(OfTotes):
    """Let totes out of the hospital: with again their goods serve their orders as before, else they are empty."""

    requires = Permission.FLOOR_MANAGE

    class Input(OfTotes.Input):
        again = graphene.Boolean(required=True)
        note = graphene.String(required=True, default_value="")

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Settle."""
        ids = relay.ids_of(input.place_ids, "Place", field="placeIds")
        answers = await hospital.settle_totes(uow, tote_ids=ids, again=input.again, note=input.note)
        return cls.done(ids, answers)


MUTATIONS = (WaveBindWall, ToteToHospital, ToteSettle)
