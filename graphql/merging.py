"""Parcels of one buyer made one and parted again, goods split off and brought back."""

from typing import Any, ClassVar
from uuid import UUID

import graphene

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import Refused
from pickmesh.core.orders import mergeable, merging, rejoining, splits
from pickmesh.core.orders.splits import Split
from pickmesh.graphql import relay
from pickmesh.graphql.base import Done, Many, Mutation
from pickmesh.graphql.context import Context
from pickmesh.graphql.fulfillment_orders import FulfillmentOrderRef, OrdersUserError, refs_read
from pickmesh.graphql.orders import FulfillmentOrder
from pickmesh.graphql.permissions import Queries, Requirement


class FulfillmentOrderMergeInputGroup(graphene.InputObjectType):
    """Fulfillment orders that are to go out in one parcel."""

    fulfillment_orders = graphene.List(graphene.NonNull(FulfillmentOrderRef), required=True)


class SplitUnits(graphene.InputObjectType):
    """How many units of a line to split off, as the buyer counts them: of a bundle, whole bundles."""

    line_id = graphene.ID(required=True, description="A FulfillmentLine; of a bundle, any of its components.")
    units = graphene.Int(required=True)


class FulfillmentOrderSplitInputItem(graphene.InputObjectType):
    """What to split off a fulfillment order."""

    id = graphene.ID(required=True)
    if_version = graphene.Int(description="Refuse with STALE_VERSION when somebody changed it since.")
    lines = graphene.List(graphene.NonNull(SplitUnits), required=True)


class Joined(graphene.ObjectType):
    """A fulfillment order, and those that went into it or came out of it."""

    requires = Permission.ORDERS_READ
    fulfillment_order = relay.link("into_id", FulfillmentOrder)
    others = graphene.List(graphene.NonNull(FulfillmentOrder), required=True)

    @staticmethod
    async def resolve_others(root: Any, info: Any) -> list[Any]:
        """Return the others."""
        found = await relay.found(info, [(FulfillmentOrder, UUID(str(each))) for each in root["from_ids"]])
        return [each.value for each in found]


class FulfillmentOrderMerge(Mutation):
    """Make one parcel of open fulfillment orders that go to one buyer: the oldest takes the others' lines in."""

    requires = Permission.ORDERS_WRITE
    user_error = OrdersUserError
    items = "merges"
    subject = "FulfillmentOrder"

    class Input:
        merges = graphene.List(graphene.NonNull(FulfillmentOrderMergeInputGroup), required=True)

    class Payload:
        merged = graphene.List(graphene.NonNull(Joined))

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Merge."""
        groups: list[list[UUID]] = []
        versions: dict[UUID, int] = {}
        for index, merge in enumerate(input.merges):
            ids, told = refs_read(merge.fulfillment_orders, "merges", index, "fulfillmentOrders")
            groups.append(ids)
            versions.update(told)
        answers = await merging.merge_fulfillment_orders(uow, merges=groups, versions=versions)
        return _joined("merged", answers)


class FulfillmentOrderUnmerge(Mutation):
    """Undo merges while nobody works on them; one that took others in gives all back, a merged one only itself."""

    requires = Permission.ORDERS_WRITE
    user_error = OrdersUserError
    items = "fulfillmentOrders"
    subject = "FulfillmentOrder"

    class Input:
        fulfillment_orders = graphene.List(graphene.NonNull(FulfillmentOrderRef), required=True)

    class Payload:
        unmerged = graphene.List(graphene.NonNull(Joined))

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Undo."""
        ids, versions = refs_read(input.fulfillment_orders, "fulfillmentOrders")
        return _joined("unmerged", await merging.unmerge_fulfillment_orders(uow, ids=ids, versions=versions))


def _joined(name: str, answers: Any) -> Done:
    done = [
        {"into_id": str(answer.into_id), "from_ids": [str(each) for each in answer.from_ids]}
        for answer in answers
        if not isinstance(answer, Refused)
    ]
    return Done({name: done}, [answer for answer in answers if isinstance(answer, Refused)])


class FulfillmentOrderSplit(Mutation):
    """Split units off open fulfillment orders, to go out by themselves; bundles stay whole, promises stay promised."""

    requires = Permission.ORDERS_WRITE
    user_error = OrdersUserError
    items = "splits"
    subject = "FulfillmentOrder"

    class Input:
        splits = graphene.List(graphene.NonNull(FulfillmentOrderSplitInputItem), required=True)

    class Payload:
        fulfillment_orders = Many(FulfillmentOrder)
        split_off = Many(FulfillmentOrder)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Split."""
        named = [
            relay.id_of(line.line_id, "FulfillmentLine", field=("splits", index, "lines", place, "lineId"))
            for index, split in enumerate(input.splits)
            for place, line in enumerate(split.lines)
        ]
        groups = await splits.groups_of_lines(uow, named)
        wanted = [_split(index, split, groups) for index, split in enumerate(input.splits)]
        answers = await splits.split_fulfillment_orders(uow, splits=wanted)
        done = [answer for answer in answers if not isinstance(answer, Refused)]
        changed = {
            "fulfillment_orders": [answer.fulfillment_order_id for answer in done],
            "split_off": [answer.into_id for answer in done],
        }
        return Done(changed, [answer for answer in answers if isinstance(answer, Refused)])


def _split(index: int, split: Any, groups: Any) -> Split:
    each = relay.id_of(split.id, "FulfillmentOrder", field=("splits", index, "id"))
    units: dict[UUID, int] = {}
    for line in split.lines:
        line_id = relay.id_of(line.line_id, "FulfillmentLine")
        units[groups.get(line_id, line_id)] = line.units
    return Split(each, units, split.if_version)


class FulfillmentOrderUnsplit(Mutation):
    """Bring split-offs back to where they were split from, while nobody works on either."""

    requires = Permission.ORDERS_WRITE
    user_error = OrdersUserError
    items = "fulfillmentOrders"
    subject = "FulfillmentOrder"

    class Input:
        fulfillment_orders = graphene.List(graphene.NonNull(FulfillmentOrderRef), required=True)

    class Payload:
        fulfillment_orders = Many(FulfillmentOrder)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Bring back."""
        ids, versions = refs_read(input.fulfillment_orders, "fulfillmentOrders")
        answers = await rejoining.unsplit_fulfillment_orders(uow, ids=ids, versions=versions)
        whole = [answer.into_id for answer in answers if not isinstance(answer, Refused)]
        refused = [answer for answer in answers if isinstance(answer, Refused)]
        return Done({"fulfillment_orders": list(dict.fromkeys(whole))}, refused)


class MergeSuggestion(graphene.ObjectType):
    """Open fulfillment orders of one buyer that could go out in one parcel as they stand."""

    requires = Permission.ORDERS_READ
    fulfillment_orders = graphene.List(graphene.NonNull(FulfillmentOrder), required=True)

    @staticmethod
    async def resolve_fulfillment_orders(root: Any, info: Any) -> list[Any]:
        """Return them, the oldest first."""
        found = await relay.found(info, [(FulfillmentOrder, each) for each in root.fulfillment_order_ids])
        return [each.value for each in found]


class MergingQueries(Queries):
    """What may be asked about merges."""

    requires: ClassVar[Requirement] = Permission.ORDERS_READ
    merge_suggestions = graphene.List(
        graphene.NonNull(MergeSuggestion),
        required=True,
        location_id=graphene.ID(),
        first=graphene.Int(required=True, default_value=50, description=f"At most {mergeable.SUGGESTIONS_MAX} groups."),
        description="Groups of fulfillment orders that could be merged, the earliest promise first.",
    )

    @staticmethod
    async def resolve_merge_suggestions(_root: Any, info: Any, first: int, location_id: str | None = None) -> list[Any]:
        """Return suggestions."""
        location = relay.optional_id(location_id, "Location", field=("locationId",))
        async with info.context.reading() as uow:
            return await mergeable.suggestions(uow, location_id=location, limit=max(0, first))


MUTATIONS = (FulfillmentOrderMerge, FulfillmentOrderUnmerge, FulfillmentOrderSplit, FulfillmentOrderUnsplit)
