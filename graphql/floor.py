"""Work by scan: sessions, entries with their verdicts, the next task, and one box that looks everything up."""

import base64
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, ClassVar
from uuid import UUID

import graphene
from msgspec.structs import replace

from pickmesh.core.floor import lookup, refusals, sessions
from pickmesh.core.floor.commands import EntryBatch
from pickmesh.core.floor.entries import Entry, LotSaid, Tone
from pickmesh.core.floor.expecting import Expected
from pickmesh.core.floor.lookup import HitKind
from pickmesh.core.floor.tables import Job, Outcome, ScanKind, ScanSource
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import InvalidInput, Refusal
from pickmesh.core.kit.texts import sentence
from pickmesh.core.orders import refusals as order_refusals
from pickmesh.core.packing import refusals as packing_refusals
from pickmesh.core.picking import refusals as picking_refusals
from pickmesh.core.stock import refusals as stock_refusals
from pickmesh.graphql import ids, relay
from pickmesh.graphql.accounts import Worker
from pickmesh.graphql.base import Done, Mutation, One, user_error
from pickmesh.graphql.catalog import Sku
from pickmesh.graphql.context import Context
from pickmesh.graphql.manifests import Manifest
from pickmesh.graphql.orders import FulfillmentOrder, Order
from pickmesh.graphql.packing import Parcel, Station
from pickmesh.graphql.permissions import Open, Queries, Requirement
from pickmesh.graphql.picking import ExceptionTask, PickList, Wave
from pickmesh.graphql.scalars import Date, DateTime
from pickmesh.graphql.stock import SKU, AtLocation, Location, Place
from pickmesh.graphql.walls import SlotLight

JobName = graphene.Enum.from_enum(Job, name="Job")
ScanKindName = graphene.Enum.from_enum(ScanKind, name="ScanKind")
ScanSourceName = graphene.Enum.from_enum(ScanSource, name="ScanSource")
ExpectedCode = graphene.Enum.from_enum(Expected, name="ExpectedCode")
OutcomeName = graphene.Enum.from_enum(Outcome, name="Outcome")
ToneName = graphene.Enum.from_enum(Tone, name="Tone")
FloorUserError = user_error("Floor", stock_refusals, order_refusals, picking_refusals, packing_refusals, refusals)
NOT_BASE64 = sentence("What was scanned did not arrive whole (rawBase64 is no base64): scan again, or type the code.")
FOUND = {
    HitKind.SKU: Sku,
    HitKind.PLACE: Place,
    HitKind.ORDER: Order,
    HitKind.FULFILLMENT_ORDER: FulfillmentOrder,
    HitKind.WAVE: Wave,
    HitKind.PICK_LIST: PickList,
    HitKind.PARCEL: Parcel,
    HitKind.EXCEPTION_TASK: ExceptionTask,
    HitKind.MANIFEST: Manifest,
}
"""The type of each kind of thing a term can name."""


def said(attribute: str, **more: Any) -> Any:
    """Return a field that says a text of core in the caller's language."""

    def resolve(root: Any, info: Any) -> str | None:
        text: str | None = getattr(root, attribute)
        return None if text is None else info.context.says(text)

    return graphene.Field(graphene.String, resolver=resolve, **more)


class LookupHit(graphene.Union):
    """Something a term names."""

    class Meta:
        types = tuple(FOUND.values())

    @staticmethod
    def resolve_type(root: Any, _info: Any) -> Any:
        """Tell which type was found."""
        return root.type_


class NextStep(graphene.ObjectType):
    """Where to go and what to take, scan or pack; what is not known or not needed is null."""

    requires = Permission.FLOOR_READ
    place = relay.link("place_id", Place)
    place_code = said("place_code")
    sku = relay.link("sku_id", SKU)
    sku_code = graphene.String()
    sku_name = said("sku_name")
    lot_code = graphene.String()
    remaining = graphene.Int(required=True)
    tote_code = graphene.String()
    order_number = graphene.String()
    slot = graphene.Field(SlotLight, description="The slot of the put wall that is lit.")


class ScanProgress(graphene.ObjectType):
    """How much of the work is done, in pieces."""

    requires = Permission.FLOOR_READ
    done = graphene.Int(required=True)
    total = graphene.Int(required=True)


class Lease(graphene.ObjectType):
    """The claim on a list that lets a phone book offline."""

    requires = Permission.FLOOR_READ
    id = graphene.Field(graphene.ID, required=True, description="The list's id; scanRecord takes it as leaseId.")
    pick_list = relay.link("pick_list_id", PickList, required=True)
    until = graphene.Field(DateTime, description="Null while nobody has the list.")

    @staticmethod
    def resolve_id(root: Any, _info: Any) -> str:
        """Return the list's id."""
        return ids.global_id("PickList", root.pick_list_id)


async def _sessions(uow: UnitOfWork, wanted: Sequence[UUID]) -> Mapping[UUID, Any]:
    """Return the sessions that are there; only when one is not are they asked for one by one."""
    try:
        return await sessions.session_views(uow, wanted)
    except refusals.NoSuchSession:
        if len(wanted) == 1:
            return {}
    return {each: view for one in wanted for each, view in (await _sessions(uow, [one])).items()}


class ScanSession(relay.ObjectType, AtLocation):
    """A worker at a job: one instruction, what comes next, how far the work is."""

    class Meta:
        interfaces = (relay.Node,)

    requires = Permission.FLOOR_READ
    version = graphene.Int(required=True)
    job = graphene.Field(JobName, required=True)
    worker = relay.link("worker_id", Worker, required=True)
    station = relay.link("station_id", Station)
    parcel = relay.link("parcel_id", Parcel, description="The parcel on the bench, or the last one.")
    step = graphene.String(required=True, description="Where in the job's transition table the worker stands.")
    instruction = said("instruction", required=True)
    next = graphene.Field(NextStep)
    progress = graphene.Field(ScanProgress, required=True)
    supported_actions = graphene.List(graphene.NonNull(ScanKindName), required=True)
    expects = graphene.List(
        graphene.NonNull(ExpectedCode),
        required=True,
        description="The kinds of code that fit now: one of these, read by a camera, need not be confirmed.",
    )
    lease = graphene.Field(Lease)
    wave = relay.link("wave_id", Wave, description="The wave that is sorted at a wall.")
    manifest = relay.link("manifest_id", Manifest, description="The manifest that is loaded.")
    emptied_place_code = said("emptied_place_code", description="EMPTY or NOT_EMPTY tell whether this bin is.")
    question_id = graphene.Field(graphene.UUID, description="The clientId of the entry that raised an open question.")
    last_sequence = graphene.Int(required=True, description="The highest sequence so far; a client goes on above it.")

    by_ids = staticmethod(_sessions)


class Choice(graphene.ObjectType):
    """One possible answer to a question; its id comes back in the entry that answers."""

    requires = Permission.FLOOR_READ
    id = graphene.ID(required=True)
    label = said("label", required=True)


class Verdict(graphene.ObjectType):
    """The one answer to one entry."""

    requires = Permission.FLOOR_READ
    client_id = graphene.Field(graphene.UUID, required=True)
    outcome = graphene.Field(OutcomeName, required=True)
    message = said("message", required=True)
    tone = graphene.Field(ToneName, required=True)
    choices = graphene.List(graphene.NonNull(Choice), required=True)
    repeated = graphene.Boolean(required=True, description="The entry had come before and was answered so then.")
    task = relay.link("task_id", ExceptionTask, description="What a person must look at because of it.")


class FloorQueries(Queries):
    """What may be asked of the floor."""

    requires: ClassVar[Requirement] = Permission.FLOOR_READ
    field_requires: ClassVar[Mapping[str, Requirement]] = {"lookup": Open.SIGNED_IN}
    scan_session = graphene.Field(ScanSession, id=graphene.ID(required=True), description="A session by its id.")
    lookup = graphene.List(
        graphene.NonNull(LookupHit),
        required=True,
        term=graphene.String(required=True),
        limit=graphene.Int(required=True, default_value=lookup.HITS_MAX, description=f"At most {lookup.HITS_MAX}."),
        description="What a term names: our number, waybill, shop's number, SKU, barcode, name, phone's last four.",
    )

    @staticmethod
    def resolve_scan_session(_root: Any, info: Any, id: str) -> Any:
        """Return a session."""
        return info.context.load(ScanSession.by_ids, relay.id_of(id, "ScanSession"))

    @staticmethod
    async def resolve_lookup(_root: Any, info: Any, term: str, limit: int) -> list[Any]:
        """Return what the term names, the surest first."""
        if not 1 <= limit <= lookup.HITS_MAX:
            message = sentence(
                "{name} must be between {least} and {most}.", name="limit", least=1, most=lookup.HITS_MAX
            )
            raise InvalidInput(message, field=("limit",))
        async with info.context.reading() as uow:
            hits = await lookup.lookup(uow, term, limit=limit)
        return await relay.found(info, [(FOUND[hit.kind], hit.id) for hit in hits])


class LotInput(graphene.InputObjectType):
    """A lot as a person read it off the goods."""

    code = graphene.String(required=True)
    expires_on = Date()


class ScanEntry(graphene.InputObjectType):
    """One thing a worker did; its clientId is its idempotency key for ever."""

    client_id = graphene.UUID(required=True)
    sequence = graphene.Int(required=True)
    recorded_at = DateTime(required=True)
    kind = graphene.Field(ScanKindName, required=True)
    raw = graphene.String()
    raw_base64 = graphene.String(description="What was read, when it is not text.")
    symbology = graphene.String()
    source = graphene.InputField(ScanSourceName)
    doubtful = graphene.Boolean(required=True, default_value=False)
    quantity = graphene.Int()
    weight_g = graphene.Int()
    lot = graphene.InputField(LotInput)
    serial = graphene.String()
    choice = graphene.ID()
    reason = graphene.String()
    answers = graphene.UUID(description="The clientId of the question answered, or of the entry undone.")


class ScanRecord(Mutation):
    """Book what was scanned: a verdict for each entry, and the session afterwards; without a session one is opened."""

    requires = Permission.FLOOR_WORK
    user_error = FloorUserError
    repeatable = False
    takes_any_text = True
    nothing: ClassVar[Mapping[str, Any]] = {"verdicts": ()}

    class Input:
        session_id = graphene.ID()
        lease_id = graphene.ID(description="The list entries were booked under; its session is taken or opened.")
        entries = relay.some(ScanEntry, required=True)

    class Payload:
        verdicts = graphene.List(graphene.NonNull(Verdict), required=True)
        session = graphene.Field(ScanSession)

    @classmethod
    async def perform(cls, context: Context, input: Any) -> Done:
        """Record the entries together with whatever else the merchant's people are scanning now."""
        actor = context.signed_in
        session_id = relay.optional_id(input.session_id, "ScanSession", field=("sessionId",))
        if session_id is None and input.lease_id is not None:
            list_id = relay.id_of(input.lease_id, "PickList", field=("leaseId",))
            opening = partial(sessions.session_of_lease, pick_list_id=list_id)
            try:
                session_id = await context.database.run(actor, opening)
            except Refusal as refusal:  # it speaks of a pick list, which is a lease in this input
                refusal.field = ("leaseId",)
                raise
        read = [_entry(item) for item in input.entries]
        entries = [_unread(item) if entry is None else entry for entry, item in zip(read, input.entries, strict=True)]
        context.reads_together = True
        result = await context.services.scans.submit(actor, EntryBatch(actor, session_id, entries))
        if result.refusal is not None:
            raise result.refusal
        verdicts = [
            replace(verdict, message=NOT_BASE64)
            if entry is None and verdict.outcome is Outcome.UNKNOWN_CODE
            else verdict
            for entry, verdict in zip(read, result.verdicts, strict=True)
        ]
        return Done(once={"verdicts": verdicts, "session": result.session})


class ScanSessionOpen(Mutation):
    """Begin to work at a job, or return to the session that is open for the same work."""

    requires = Permission.FLOOR_WORK
    user_error = FloorUserError

    class Input:
        job = graphene.Field(JobName, required=True)
        pick_list_id = graphene.ID(description="What to pick; it is claimed.")
        station_id = graphene.ID(description="The bench to pack at.")
        location_id = graphene.ID(description="The warehouse, where there is no bench.")

    class Payload:
        session = One(ScanSession)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Open."""
        view = await sessions.open_session(
            uow,
            job=input.job,
            pick_list_id=relay.optional_id(input.pick_list_id, "PickList", field=("pickListId",)),
            station_id=relay.optional_id(input.station_id, "Station", field=("stationId",)),
            location_id=relay.optional_id(input.location_id, "Location", field=("locationId",)),
        )
        return Done({"session": view.id})


class ScanSessionClose(Mutation):
    """End a session of mine; what it worked on stays as it is."""

    requires = Permission.FLOOR_WORK
    user_error = FloorUserError

    class Input:
        id = graphene.ID(required=True)

    class Payload:
        session = One(ScanSession)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Close."""
        session_id = relay.id_of(input.id, "ScanSession")
        await sessions.close_session(uow, session_id)
        return Done({"session": session_id})


class FloorTaskNext(Mutation):
    """Take the list I have, or else the next one that is ready, with a session on it; null when there is none."""

    requires = Permission.FLOOR_WORK
    user_error = FloorUserError

    class Input:
        location_id = graphene.ID(required=True)
        zone = graphene.String(description="Only a list that is in this zone or begins there; it is passed on then.")

    class Payload:
        session = One(ScanSession)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Take."""
        location_id = relay.id_of(input.location_id, "Location", field=("locationId",))
        await relay.require_there(uow, Location.by_ids, location_id, field=("locationId",))
        view = await sessions.floor_task_next(uow, location_id, zone=input.zone)
        return Done({"session": None if view is None else view.id})


def _entry(item: Any) -> Entry | None:
    """Return an entry of the input; None when what was read did not arrive whole."""
    told = {name: value for name, value in item.items() if name != "raw_base64"}
    if item.raw_base64 is not None:
        try:
            told["raw"] = base64.b64decode(item.raw_base64, validate=True)
        except ValueError:
            return None
    if item.lot is not None:
        told["lot"] = LotSaid(**item.lot)
    return Entry(**told)


def _unread(item: Any) -> Entry:
    """Return an entry as a scan that read nothing: kept and answered like others, and it can book nothing."""
    return Entry(item.client_id, item.sequence, item.recorded_at, ScanKind.SCAN, raw="", source=item.source)


MUTATIONS = (ScanRecord, ScanSessionOpen, ScanSessionClose, FloorTaskNext)
