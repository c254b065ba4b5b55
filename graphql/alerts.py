"""What is watched and what was found: reorder points, alerts, what people do about them."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, ClassVar
from uuid import UUID

import graphene

from pickmesh.core.alerts import commands, queries, refusals, rules
from pickmesh.core.alerts.commands import NewReorderPoint
from pickmesh.core.alerts.rules import AlertAction
from pickmesh.core.alerts.tables import AlertKind, AlertState, Severity
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.paging import Page, PageRequest
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import InvalidInput, NotFound, Refused
from pickmesh.core.kit.texts import sentence
from pickmesh.graphql import ids, relay
from pickmesh.graphql.base import Done, Many, Mutation, user_error
from pickmesh.graphql.context import Context
from pickmesh.graphql.journal import news, news_type
from pickmesh.graphql.permissions import Open, Queries, Requirement, Subscriptions
from pickmesh.graphql.scalars import DateTime, Json, Long
from pickmesh.graphql.stock import AtLocation, Location, OfSku

AlertKindName = graphene.Enum.from_enum(AlertKind, name="AlertKind")
AlertStateName = graphene.Enum.from_enum(AlertState, name="AlertState")
SeverityName = graphene.Enum.from_enum(Severity, name="Severity")
AlertActionName = graphene.Enum.from_enum(AlertAction, name="AlertAction")
AlertsUserError = user_error("Alerts", refusals)
SUBJECT_TYPES = {
    AlertKind.LOW_STOCK: "ReorderPoint",
    AlertKind.SHORT_PICK: "ExceptionTask",
    AlertKind.INTERCEPTED: "FulfillmentOrder",
    AlertKind.DROPSHIP_WAITING: "Dropship",
}
"""The type of what an alert of a kind is about."""
NEWS = frozenset({"alert_raised", "alert_changed", "alert_snoozed", "alert_resolved"})


class ReorderPoint(relay.ObjectType, AtLocation, OfSku):
    """From how few available pieces on a SKU is low at a location, and how many are enough again."""

    class Meta:
        interfaces = (relay.Node,)

    requires = Permission.STOCK_READ
    low_at = graphene.Int(required=True)
    enough_at = graphene.Int(required=True)
    is_low = graphene.Boolean(required=True)
    changed_at = graphene.Field(DateTime, required=True)
    version = graphene.Int(required=True)

    by_ids = staticmethod(queries.reorder_points_by_id)


class ReorderPointsOfSku:
    """The field a SKU has of its being watched."""

    requires = Permission.STOCK_READ
    reorder_points = relay.listing(
        queries.reorder_points_of_skus, ReorderPoint, "From how few pieces on it is low, by location."
    )


class Alert(relay.ObjectType):
    """Something wrong about a subject, until it is no longer so; whoever may see its kind sees it."""

    class Meta:
        interfaces = (relay.Node,)

    requires = Open.SIGNED_IN
    field_requires: ClassVar[Mapping[str, Requirement]] = {"location": Permission.STOCK_READ}
    kind = graphene.Field(AlertKindName, required=True)
    severity = graphene.Field(SeverityName, required=True)
    state = graphene.Field(AlertStateName, required=True)
    text = graphene.String(required=True, description="What is wrong, in the caller's language.")
    detail = graphene.Field(Json, required=True, description="Its ids and figures.")
    location = relay.link("location_id", Location)
    subject = graphene.Field(relay.Node, description="What it is about, if the caller may see it.")
    raised_at = graphene.Field(DateTime, required=True)
    changed_at = graphene.Field(DateTime, required=True)
    snoozed_until = graphene.Field(DateTime)
    resolved_at = graphene.Field(DateTime)
    version = graphene.Int(required=True)
    supported_actions = graphene.List(graphene.NonNull(AlertActionName), required=True)

    by_ids = staticmethod(queries.alerts_by_id)

    @staticmethod
    def resolve_text(root: Any, info: Any) -> str:
        """Return the text in the language of the operation."""
        text: str = info.context.says(root.text)
        return text

    @staticmethod
    def resolve_detail(root: Any, _info: Any) -> dict[str, Any]:
        """Return the detail with global ids."""
        return ids.shown(root.detail)

    @staticmethod
    async def resolve_subject(root: Any, info: Any) -> Any:
        """Return what it is about."""
        subject = ids.global_id(SUBJECT_TYPES[AlertKind(root.kind)], root.subject_id)
        return await relay.found_node(info, subject, ("subject",))

    @staticmethod
    def resolve_supported_actions(root: Any, info: Any) -> Sequence[AlertAction]:
        """Return what the caller may do about it now."""
        may = info.context.signed_in.may(rules.TOLD_WITH[AlertKind(root.kind)], warehouse_id=root.location_id)
        return root.supported_actions if may else []


AlertNews = news_type(Alert, "an alert")


async def _page_of_alerts(
    _root: Any,
    info: Any,
    request: PageRequest,
    location_id: str | None = None,
    **chosen: Any,
) -> Page[Any]:
    location = relay.optional_id(location_id, "Location", field=("locationId",))
    async with info.context.reading() as uow:
        return await queries.alert_page(uow, request, location_id=location, **chosen)


async def _page_of_reorder_points(
    _root: Any, info: Any, request: PageRequest, location_id: str | None = None, is_low: bool | None = None
) -> Page[Any]:
    location = relay.optional_id(location_id, "Location", field=("locationId",))
    async with info.context.reading() as uow:
        return await queries.reorder_point_page(uow, request, location_id=location, is_low=is_low)


class AlertsQueries(Queries):
    """What may be asked of alerts."""

    requires: ClassVar[Requirement] = Permission.STOCK_READ
    field_requires: ClassVar[Mapping[str, Requirement]] = {"alert": Open.SIGNED_IN, "alerts": Open.SIGNED_IN}
    alert = graphene.Field(Alert, id=graphene.ID(required=True), description="An alert by its id.")
    alerts = relay.paged(
        relay.connection(Alert),
        _page_of_alerts,
        "The alerts the caller may see, the newest first.",
        states=relay.some(AlertStateName),
        kinds=relay.some(AlertKindName),
        severities=relay.some(SeverityName),
        location_id=graphene.ID(),
    )
    reorder_points = relay.paged(
        relay.connection(ReorderPoint),
        _page_of_reorder_points,
        "What is watched, the newest first.",
        location_id=graphene.ID(),
        is_low=graphene.Boolean(),
    )

    @staticmethod
    def resolve_alert(_root: Any, info: Any, id: str) -> Any:
        """Return an alert."""
        return info.context.load(Alert.by_ids, relay.id_of(id, "Alert"))


class AlertsSubscriptions(Subscriptions):
    """What can be watched in alerts."""

    requires: ClassVar[Requirement] = Open.SIGNED_IN
    alert_raised = graphene.Field(
        AlertNews,
        required=True,
        since=graphene.Argument(Long, description="The last seq you have seen; left out, only what happens from now."),
        description="Alerts the caller may see as they are raised, change, are put off or end, each time exactly once.",
    )

    @staticmethod
    async def subscribe_alert_raised(_root: Any, info: Any, since: int | None = None) -> AsyncIterator[Any]:
        """Stream alerts."""
        async for told in news(info.context, since, Alert, NEWS):
            yield told


class ReorderPointInput(graphene.InputObjectType):
    """A SKU to watch at a location."""

    sku_id = graphene.ID(required=True)
    location_id = graphene.ID(required=True)
    low_at = graphene.Int(required=True, description="So many available pieces, or fewer, are low.")
    enough_at = graphene.Int(description="So many end it again; one more than low when left out.")
    if_version = graphene.Int(description="Refuse with STALE_VERSION when somebody changed it since.")


class ReorderPointSave(Mutation):
    """Say what is low for SKUs at locations; saying the same again changes nothing."""

    requires = Permission.CATALOG_WRITE
    user_error = AlertsUserError
    items = "reorderPoints"

    class Input:
        reorder_points = relay.some(ReorderPointInput, required=True)

    class Payload:
        reorder_points = Many(ReorderPoint)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Save."""
        points = [_new_point(item, index) for index, item in enumerate(input.reorder_points)]
        return _done("reorder_points", await commands.save_reorder_points(uow, points=points))


class ReorderPointRemove(Mutation):
    """Watch SKUs no longer; alerts about them end."""

    requires = Permission.CATALOG_WRITE
    user_error = AlertsUserError
    items = "reorderPointIds"

    class Input:
        reorder_point_ids = relay.some(graphene.ID, required=True)

    class Payload:
        removed = graphene.Int(description="How many were there.")

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Remove."""
        named = relay.ids_of(input.reorder_point_ids, "ReorderPoint", field="reorderPointIds")
        removed = set(await commands.remove_reorder_points(uow, point_ids=set(named)))
        missing = [Refused(index, NotFound()) for index, each in enumerate(named) if each not in removed]
        return Done({"removed": len(removed)}, missing)


class OfAlerts(Mutation):
    """What the mutations over many alerts share; each alert needs what makes one hear of its kind."""

    requires = Open.SIGNED_IN
    user_error = AlertsUserError
    items = "alertIds"
    subject = "Alert"

    class Input:
        alert_ids = relay.some(graphene.ID, required=True)

    class Payload:
        alerts = Many(Alert)

    @staticmethod
    def named(input: Any) -> tuple[list[UUID], dict[UUID, int]]:
        """Return the alerts of the input, and the versions the caller has read."""
        named = relay.ids_of(input.alert_ids, "Alert", field="alertIds")
        versions = input.if_versions or []
        if versions and len(versions) != len(named):
            message = sentence("Give one version for each of the {count} alerts, or none at all.", count=len(named))
            raise InvalidInput(message, field=("ifVersions",))
        return named, dict(zip(named, versions, strict=False))


def _if_versions() -> Any:
    return graphene.List(
        graphene.NonNull(graphene.Int),
        description="The versions the caller has read, in the order of alertIds; refuses what somebody changed since.",
    )


class AlertSnooze(OfAlerts):
    """Put alerts off until a time within the next 30 days; then they come back by themselves."""

    class Input(OfAlerts.Input):
        if_versions = _if_versions()
        until = graphene.Field(DateTime, required=True)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Put off."""
        named, versions = cls.named(input)
        return _done("alerts", await commands.snooze(uow, named, until=input.until, versions=versions))


class AlertResolve(OfAlerts):
    """Settle alerts by hand; what is still wrong is not raised again until it has ended."""

    class Input(OfAlerts.Input):
        if_versions = _if_versions()

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Settle."""
        named, versions = cls.named(input)
        return _done("alerts", await commands.resolve(uow, named, versions=versions))


def _new_point(item: Any, index: int) -> NewReorderPoint:
    def id_in(text: str, type_name: str, name: str) -> UUID:
        return relay.id_of(text, type_name, field=("reorderPoints", index, name))

    return NewReorderPoint(
        id_in(item.location_id, "Location", "locationId"),
        id_in(item.sku_id, "Sku", "skuId"),
        item.low_at,
        item.enough_at,
        item.if_version,
    )


def _done(name: str, answers: Sequence[UUID | Refused]) -> Done:
    """Answer the objects that were not refused."""
    changed = [each for each in answers if not isinstance(each, Refused)]
    return Done({name: list(dict.fromkeys(changed))}, [each for each in answers if isinstance(each, Refused)])


MUTATIONS = (ReorderPointSave, ReorderPointRemove, AlertSnooze, AlertResolve)
