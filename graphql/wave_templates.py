"""Wave templates: filters kept under a name, run by hand or on a schedule."""

from collections.abc import Sequence
from typing import Any, ClassVar
from uuid import UUID

import graphene

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import Refused
from pickmesh.core.picking import rules, schedules, templates, waves
from pickmesh.core.picking.tables import WaveKind
from pickmesh.core.picking.templates import TemplateToSave
from pickmesh.core.picking.wave_rules import Chosen
from pickmesh.graphql import relay
from pickmesh.graphql.base import Done, Many, Mutation, One, limited
from pickmesh.graphql.context import Context
from pickmesh.graphql.permissions import Queries, Requirement
from pickmesh.graphql.picking import PickingUserError, Wave, WaveKindName
from pickmesh.graphql.scalars import DateTime
from pickmesh.graphql.stock import AtLocation
from pickmesh.graphql.wave_fields import WaveFilter, WaveFilterInput, chosen_of

IF_VERSION = "Refuse with STALE_VERSION when somebody changed it since."


class WaveSchedule(graphene.ObjectType):
    """When a template runs by itself, by the clocks of its warehouse."""

    requires = Permission.FLOOR_READ
    times = graphene.List(graphene.NonNull(graphene.String), required=True, description="HH:MM.")
    weekdays = graphene.List(graphene.NonNull(graphene.Int), required=True, description="1 is Monday, 7 Sunday.")


class WaveTemplateAction(graphene.Enum):
    """What may be done with a template as it stands."""

    RUN = "RUN"
    SAVE = "SAVE"
    ARCHIVE = "ARCHIVE"


class WaveTemplate(relay.ObjectType, AtLocation):
    """How waves of one kind are planned again and again."""

    class Meta:
        interfaces = (relay.Node,)

    requires = Permission.FLOOR_READ
    name = graphene.String(required=True)
    kind = graphene.Field(WaveKindName, required=True)
    chosen = graphene.Field(WaveFilter, required=True)
    limit = graphene.Int(required=True, description="Orders in one wave at most.")
    cart_capacity = graphene.Int(required=True, description="Orders on one walk.")
    schedule = graphene.Field(WaveSchedule, description="Null: it runs only by hand.")
    releases = graphene.Boolean(required=True, description="Its waves go to the floor as soon as they are made.")
    is_active = graphene.Boolean(required=True)
    next_run_at = graphene.Field(DateTime)
    last_run_at = graphene.Field(DateTime)
    created_at = graphene.Field(DateTime, required=True)
    archived_at = graphene.Field(DateTime)
    version = graphene.Int(required=True)
    supported_actions = graphene.List(graphene.NonNull(WaveTemplateAction), required=True)

    by_ids = staticmethod(templates.templates)

    @staticmethod
    def resolve_chosen(root: Any, _info: Any) -> Chosen:
        """Return the filters."""
        return templates.chosen_of(root.chosen)

    @staticmethod
    def resolve_limit(root: Any, _info: Any) -> int:
        """Return the most orders."""
        return int(root.chosen["limit"])

    @staticmethod
    def resolve_cart_capacity(root: Any, _info: Any) -> int:
        """Return the orders on one walk."""
        return int(root.chosen["cart_capacity"])

    @staticmethod
    def resolve_next_run_at(root: Any, info: Any) -> Any:
        """Return when it runs next."""
        return info.context.load(templates.next_runs, root.id)

    @staticmethod
    def resolve_supported_actions(root: Any, _info: Any) -> list[str]:
        """Return what may be done now."""
        return [] if root.archived_at is not None else ["RUN", "SAVE", "ARCHIVE"]


class WaveTemplateQueries(Queries):
    """What may be asked about wave templates."""

    requires: ClassVar[Requirement] = Permission.FLOOR_READ
    wave_templates = graphene.List(
        graphene.NonNull(WaveTemplate),
        required=True,
        location_id=graphene.ID(),
        description="The templates in use, by name; there are few.",
    )

    @staticmethod
    async def resolve_wave_templates(_root: Any, info: Any, location_id: str | None = None) -> Sequence[Any]:
        """Return the templates."""
        location = relay.optional_id(location_id, "Location", field=("locationId",))
        async with info.context.reading() as uow:
            return await templates.templates_of(uow, location)


class WaveScheduleInput(graphene.InputObjectType):
    """Times of day (HH:MM) and weekdays (1 is Monday, 7 Sunday), by the clocks of the warehouse."""

    times = relay.some(graphene.String, required=True)
    weekdays = relay.some(graphene.Int, required=True)


class WaveTemplateInput(graphene.InputObjectType):
    """A template: a new one without `id`; one that exists is written anew as a whole and stays in its warehouse."""

    id = graphene.ID()
    if_version = graphene.Int(description=IF_VERSION)
    location_id = graphene.ID(required=True)
    name = graphene.String(required=True)
    kind = graphene.InputField(WaveKindName, required=True)
    chosen = graphene.InputField(WaveFilterInput)
    limit = graphene.Int(required=True, default_value=waves.LIMIT)
    cart_capacity = graphene.Int(required=True, default_value=rules.CART_CAPACITY)
    schedule = graphene.InputField(WaveScheduleInput)
    releases = graphene.Boolean(required=True, default_value=False)
    is_active = graphene.Boolean(required=True, default_value=True)


class WaveTemplateRef(graphene.InputObjectType):
    """A template, and the version of it the caller has read."""

    id = graphene.ID(required=True)
    if_version = graphene.Int(description=IF_VERSION)


class WaveTemplateSave(Mutation):
    """Make wave templates or change them; waves they made before stay as they are."""

    requires = Permission.FLOOR_MANAGE
    user_error = PickingUserError
    items = "waveTemplates"
    subject = "WaveTemplate"

    class Input:
        wave_templates = graphene.List(graphene.NonNull(WaveTemplateInput), required=True)

    class Payload:
        wave_templates = Many(WaveTemplate)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Save."""
        asked = limited(input.wave_templates, templates.TEMPLATES_MAX, "waveTemplates")
        told = [_template(index, each) for index, each in enumerate(asked)]
        return _done(await templates.save_templates(uow, templates=told))


def _template(index: int, told: Any) -> TemplateToSave:
    where = ("waveTemplates", str(index))
    schedule = told.get("schedule")
    return TemplateToSave(
        location_id=relay.id_of(told.location_id, "Location", field=(*where, "locationId")),
        name=told.name,
        kind=WaveKind(told.kind),
        chosen=chosen_of(told.get("chosen"), *where, "chosen"),
        limit=told.limit,
        cart_capacity=told.cart_capacity,
        schedule=None if schedule is None else schedules.told(schedule.times, schedule.weekdays),
        releases=told.releases,
        is_active=told.is_active,
        id=relay.optional_id(told.get("id"), "WaveTemplate", field=(*where, "id")),
        version=told.get("if_version"),
    )


class WaveTemplateArchive(Mutation):
    """Put wave templates away for good."""

    requires = Permission.FLOOR_MANAGE
    user_error = PickingUserError
    items = "waveTemplates"
    subject = "WaveTemplate"

    class Input:
        wave_templates = graphene.List(graphene.NonNull(WaveTemplateRef), required=True)

    class Payload:
        wave_templates = Many(WaveTemplate)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Archive."""
        refs = limited(input.wave_templates, templates.TEMPLATES_MAX, "waveTemplates")
        ids = [
            relay.id_of(each.id, "WaveTemplate", field=("waveTemplates", index, "id"))
            for index, each in enumerate(refs)
        ]
        versions = {one: each.if_version for one, each in zip(ids, refs, strict=True) if each.if_version is not None}
        return _done(await templates.archive_templates(uow, ids=ids, versions=versions))


def _done(answers: Sequence[UUID | Refused]) -> Done:
    saved = [answer for answer in answers if not isinstance(answer, Refused)]
    return Done({"wave_templates": saved}, [answer for answer in answers if isinstance(answer, Refused)])


class WaveTemplateRun(Mutation):
    """Make a template's wave now; if the template says so it is released a moment later."""

    requires = Permission.FLOOR_MANAGE
    user_error = PickingUserError
    subject = "WaveTemplate"

    class Input:
        wave_template_id = graphene.ID(required=True)

    class Payload:
        wave_template = One(WaveTemplate)
        wave = One(Wave)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Run."""
        template_id = relay.id_of(input.wave_template_id, "WaveTemplate", field=("waveTemplateId",))
        run = await templates.run_template(uow, template_id=template_id)
        return Done({"wave_template": template_id, "wave": run.wave_id})


MUTATIONS = (WaveTemplateSave, WaveTemplateArchive, WaveTemplateRun)
