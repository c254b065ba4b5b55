"""Replenishment: pick faces with a minimum and a maximum, which of them need pieces, and the tasks that bring them."""

from collections.abc import Sequence
from typing import Any, ClassVar

import graphene

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.paging import Page, PageRequest
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import Refused
from pickmesh.core.stock import replenishment
from pickmesh.core.stock import replenishment_queries as queries
from pickmesh.core.stock.transfer_tables import ReplenishmentStatus
from pickmesh.graphql import relay
from pickmesh.graphql.base import Done, Many, Mutation, batch_done, limited
from pickmesh.graphql.context import Context
from pickmesh.graphql.permissions import Queries, Requirement
from pickmesh.graphql.scalars import DateTime
from pickmesh.graphql.stock import AtLocation, OfLot, OfSku, Place
from pickmesh.graphql.stock_acts import StockUserError

ITEMS_MAX = 1_000
"""Most tasks in one call."""

ReplenishmentStatusName = graphene.Enum.from_enum(ReplenishmentStatus, name="ReplenishmentStatus")


class ReplenishmentTask(relay.ObjectType, AtLocation, OfSku, OfLot):
    """Pieces to bring from an overflow bin to a pick bin."""

    class Meta:
        interfaces = (relay.Node,)

    requires = Permission.STOCK_READ
    from_place = relay.link("from_place_id", Place, required=True)
    to_place = relay.link("to_place_id", Place, required=True)
    quantity = graphene.Int(required=True)
    moved_quantity = graphene.Int(required=True)
    status = graphene.Field(ReplenishmentStatusName, required=True)
    created_at = graphene.Field(DateTime, required=True)
    closed_at = graphene.Field(DateTime)
    version = graphene.Int(required=True)

    by_ids = staticmethod(queries.tasks)


class PickFace(graphene.ObjectType, OfSku):
    """How much of a SKU a pick bin should hold: under the minimum it is filled up to the maximum."""

    requires = Permission.STOCK_READ
    place = relay.link("place_id", Place, required=True)
    min_quantity = graphene.Int(required=True)
    max_quantity = graphene.Int(required=True)


class PickFaceNeed(graphene.ObjectType, OfSku):
    """A pick face that needs pieces."""

    requires = Permission.STOCK_READ
    place = relay.link("place_id", Place, required=True)
    min_quantity = graphene.Int(required=True)
    max_quantity = graphene.Int(required=True)
    expected = graphene.Int(required=True, description="Pieces free in it once all open tasks are done.")
    wanted = graphene.Int(required=True, description="Pieces to bring beyond those.")


async def _page_of_tasks(
    _root: Any,
    info: Any,
    request: PageRequest,
    location_id: str | None = None,
    statuses: list[str] | None = None,
) -> Page[Any]:
    location = relay.optional_id(location_id, "Location", field=("locationId",))
    async with info.context.reading() as uow:
        return await queries.task_page(uow, request, location_id=location, statuses=statuses)


async def _page_of_faces(_root: Any, info: Any, request: PageRequest, location_id: str) -> Page[Any]:
    location = relay.id_of(location_id, "Location", field=("locationId",))
    async with info.context.reading() as uow:
        return await queries.face_page(uow, request, location_id=location)


class ReplenishmentQueries(Queries):
    """What may be asked of replenishment."""

    requires: ClassVar[Requirement] = Permission.STOCK_READ
    replenishment_tasks = relay.paged(
        relay.connection(ReplenishmentTask),
        _page_of_tasks,
        "Tasks to fill pick bins, the newest first.",
        location_id=graphene.ID(),
        statuses=relay.some(ReplenishmentStatusName),
    )
    pick_faces = relay.paged(
        relay.connection(PickFace),
        _page_of_faces,
        "The pick faces of a warehouse.",
        location_id=graphene.ID(required=True),
    )
    replenishments_needed = graphene.List(
        graphene.NonNull(PickFaceNeed),
        required=True,
        location_id=graphene.ID(required=True),
        description="The pick faces of a warehouse that need pieces no open task will bring.",
    )

    @staticmethod
    async def resolve_replenishments_needed(_root: Any, info: Any, location_id: str) -> Sequence[Any]:
        """Return the needs."""
        location = relay.id_of(location_id, "Location", field=("locationId",))
        async with info.context.reading() as uow:
            return await queries.face_needs(uow, location)


class PickFaceInput(graphene.InputObjectType):
    """How much of a SKU a pick bin should hold; both 0 forget the face."""

    place_id = graphene.ID(required=True)
    sku_id = graphene.ID(required=True)
    min_quantity = graphene.Int(required=True)
    max_quantity = graphene.Int(required=True)


class SavedPickFace(graphene.ObjectType, OfSku):
    """A pick face that stands as told."""

    requires = Permission.STOCK_READ
    place = relay.link("place_id", Place, required=True)


class PickFaceSave(Mutation):
    """Say how much pick bins should hold; told again it replaces what was told."""

    requires = Permission.STOCK_WRITE
    user_error = StockUserError
    items = "faces"

    class Input:
        faces = relay.some(PickFaceInput, required=True)

    class Payload:
        saved = graphene.List(graphene.NonNull(SavedPickFace))

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Save."""
        faces = [
            replenishment.NewPickFace(
                place_id=relay.id_of(item.place_id, "Place", field=("faces", index, "placeId")),
                sku_id=relay.id_of(item.sku_id, "Sku", field=("faces", index, "skuId")),
                min_quantity=item.min_quantity,
                max_quantity=item.max_quantity,
            )
            for index, item in enumerate(limited(input.faces, replenishment.FACES_MAX, "faces"))
        ]
        return batch_done("saved", await replenishment.save_pick_faces(uow, faces=faces))


class OfReplenishments(Mutation):
    """What the mutations over replenishment tasks share."""

    requires = Permission.STOCK_WRITE
    user_error = StockUserError
    subject = "ReplenishmentTask"

    class Input:
        replenishment_task_ids = relay.some(graphene.ID, required=True)

    class Payload:
        tasks = Many(ReplenishmentTask)


def _done(answers: Sequence[Any]) -> Done:
    """Answer the tasks that were changed, each once, and what was refused."""
    changed = [answer.task_id for answer in answers if not isinstance(answer, Refused)]
    refused = [answer for answer in answers if isinstance(answer, Refused)]
    return Done({"tasks": list(dict.fromkeys(changed))}, refused)


class ReplenishmentsPlan(OfReplenishments):
    """Make tasks to fill the pick faces of a warehouse that need it; called again it makes nothing twice."""

    class Input:
        location_id = graphene.ID(required=True)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Plan."""
        location = relay.id_of(input.location_id, "Location", field=("locationId",))
        return Done({"tasks": await replenishment.plan_replenishments(uow, location_id=location)})


class ReplenishmentCompletionInput(graphene.InputObjectType):
    """Pieces of a task that were brought."""

    replenishment_task_id = graphene.ID(required=True)
    quantity = graphene.Int(description="Left out, all that is left.")
    serials = graphene.List(
        graphene.NonNull(graphene.String), required=True, default_value=[], description="Of serial-tracked pieces."
    )
    closes = graphene.Boolean(required=True, default_value=False, description="The rest is not coming.")


class ReplenishmentsComplete(OfReplenishments):
    """Book pieces that were brought to pick bins, in parts if need be."""

    items = "completions"

    class Input:
        completions = relay.some(ReplenishmentCompletionInput, required=True)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Complete."""
        completions = [
            replenishment.Completion(
                task_id=relay.id_of(
                    item.replenishment_task_id,
                    "ReplenishmentTask",
                    field=("completions", index, "replenishmentTaskId"),
                ),
                quantity=item.quantity,
                serials=item.serials,
                closes=item.closes,
            )
            for index, item in enumerate(limited(input.completions, ITEMS_MAX, "completions"))
        ]
        return _done(await replenishment.complete_replenishments(uow, completions=completions))


class ReplenishmentsCancel(OfReplenishments):
    """Call open tasks off; what was moved stays where it is."""

    items = "replenishmentTaskIds"

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Cancel."""
        told = limited(input.replenishment_task_ids, ITEMS_MAX, "replenishmentTaskIds")
        ids = relay.ids_of(told, "ReplenishmentTask", field="replenishmentTaskIds")
        return _done(await replenishment.cancel_replenishments(uow, task_ids=ids))


MUTATIONS = (PickFaceSave, ReplenishmentsPlan, ReplenishmentsComplete, ReplenishmentsCancel)
