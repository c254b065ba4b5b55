"""Scan evidence: everything that was scanned, weighed, printed and said of a parcel, for when a buyer misses an item.

Put together from what is kept anyway: the scans as they came, the picks, the log, the print jobs. Nothing of it is ever
changed, and personal data are in none of it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.floor.pick_log import READ_BY
from pickmesh.core.floor.tables import Scan
from pickmesh.core.journal.reading import LoggedEvent, events_about
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.ids import first_id_at
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.orders import queries as order_queries
from pickmesh.core.packing import events, queries
from pickmesh.core.packing.tables import PrintState
from pickmesh.core.picking.tables import Pick, PickLine, PickList, WaveOrder

Row = sa.Row[*tuple[Any, ...]]
MARGIN = timedelta(minutes=5)
"""So long before a parcel was opened and after it shipped scans of it are looked for."""


class EvidenceKind(StrEnum):
    """What somebody, or the machinery, did with a parcel or its goods."""

    PICKED = "PICKED"
    OPENED = "OPENED"
    PACKED = "PACKED"
    TAKEN_OUT = "TAKEN_OUT"
    PASS_FORCED = "PASS_FORCED"
    CARTON_CHOSEN = "CARTON_CHOSEN"
    CARTON_TAKEN_OFF = "CARTON_TAKEN_OFF"
    SEALED = "SEALED"
    REOPENED = "REOPENED"
    WEIGHED = "WEIGHED"
    WAYBILL_ISSUED = "WAYBILL_ISSUED"
    WAYBILL_VOIDED = "WAYBILL_VOIDED"
    LABEL_PRINTED = "LABEL_PRINTED"
    SHIPPED = "SHIPPED"
    UNSHIPPED = "UNSHIPPED"
    ON_MANIFEST = "ON_MANIFEST"
    OFF_MANIFEST = "OFF_MANIFEST"
    HANDED_OVER = "HANDED_OVER"
    VOIDED = "VOIDED"


_OF_EVENT: Mapping[str, EvidenceKind] = {
    events.ParcelOpened.kind: EvidenceKind.OPENED,
    events.PassForced.kind: EvidenceKind.PASS_FORCED,
    events.CartonChosen.kind: EvidenceKind.CARTON_CHOSEN,
    events.CartonTakenOff.kind: EvidenceKind.CARTON_TAKEN_OFF,
    events.ParcelSealed.kind: EvidenceKind.SEALED,
    events.ParcelReopened.kind: EvidenceKind.REOPENED,
    events.ParcelWeighed.kind: EvidenceKind.WEIGHED,
    events.WaybillIssued.kind: EvidenceKind.WAYBILL_ISSUED,
    events.WaybillVoided.kind: EvidenceKind.WAYBILL_VOIDED,
    events.ParcelShipped.kind: EvidenceKind.SHIPPED,
    events.ParcelUnshipped.kind: EvidenceKind.UNSHIPPED,
    events.ParcelOnManifest.kind: EvidenceKind.ON_MANIFEST,
    events.ParcelOffManifest.kind: EvidenceKind.OFF_MANIFEST,
    events.ParcelHandedOver.kind: EvidenceKind.HANDED_OVER,
    events.ParcelVoided.kind: EvidenceKind.VOIDED,
}


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that happened: when, by whom (None: the machinery), the code as it was read, what it was about.

    `undone` when the same hands took it back; `note` is a waybill's number, a reason, a printer's answer.
    """

    kind: EvidenceKind
    at: datetime
    worker_id: UUID | None = None
    raw: str | None = None
    source: str | None = None
    sku_id: UUID | None = None
    quantity: int | None = None
    weight_g: int | None = None
    expected_weight_g: int | None = None
    note: str = ""
    undone: bool = False


@dataclass(frozen=True, slots=True)
class ParcelEvidence:
    """A parcel with everything that happened to it, the oldest first.

    `contents` are pieces by SKU as they are written; `scanned` are those that a scan saw going in.
    """

    parcel: Row
    waybill: str | None
    entries: Sequence[Evidence]
    contents: Mapping[UUID, int]
    scanned: Mapping[UUID, int]

    @property
    def is_complete(self) -> bool:
        """Whether every piece that should be in it was seen going in by a scan."""
        return all(self.scanned.get(sku_id, 0) >= quantity for sku_id, quantity in self.contents.items())


async def parcel_evidence(uow: UnitOfWork, parcel_id: UUID) -> ParcelEvidence | None:
    """Return what is known of a parcel, in a fixed number of statements; None when there is no such parcel."""
    parcel = (await queries.parcels(uow, [parcel_id])).get(parcel_id)
    if parcel is None:
        return None
    uow.actor.require(Permission.FLOOR_READ, warehouse_id=parcel.location_id)
    told = (await events_about(uow, [parcel_id])).get(parcel_id, [])
    lines = (await order_queries.lines_of_fulfillment_orders(uow, [parcel.fulfillment_order_id])).get(
        parcel.fulfillment_order_id, []
    )
    skus = {line.id: line.sku_id for line in lines}
    items = (await queries.contents(uow, [parcel_id])).get(parcel_id, [])
    jobs = (await queries.print_jobs_of(uow, [parcel_id])).get(parcel_id, [])
    queued = await events_about(uow, [job.id for job in jobs])
    waybill = (await queries.live_waybills(uow, [parcel_id])).get(parcel_id)
    scans = await _scans_into(uow, parcel)
    undone = await _undone(uow, scans)
    picks = await _picks(uow, parcel.fulfillment_order_id, {item.fulfillment_line_id for item in items})
    packed = [each for row in scans for each in _packed(row, skus, undone)]
    entries = [
        *map(_picked, picks),
        *packed,
        *(_of_scan_undone(row) for row in undone.values()),
        *(_happened(event) for event in told if event.kind in _OF_EVENT),
        *(_printed(job, queued.get(job.id, ())) for job in jobs if job.state == PrintState.PRINTED),
    ]
    return ParcelEvidence(
        parcel,
        waybill.number if waybill is not None else None,
        sorted(entries, key=lambda each: each.at),
        _totals((item.sku_id, item.quantity) for item in items),
        _totals((each.sku_id, each.quantity) for each in packed if not each.undone),
    )


def _totals(pieces: Any) -> dict[UUID, int]:
    total: dict[UUID, int] = {}
    for sku_id, quantity in pieces:
        if sku_id is not None and quantity is not None:
            total[sku_id] = total.get(sku_id, 0) + quantity
    return total


async def _scans_into(uow: UnitOfWork, parcel: Row) -> Sequence[Row]:
    """Return the scans that put pieces into a parcel, from before it was opened until after it has shipped.

    Ids tell when they were made, so they bound the search; the clock that made them may differ from the one that
    dated the parcel by what the parcel itself tells.
    """
    made_at = datetime.fromtimestamp((parcel.id.int >> 80) / 1000, UTC)
    begin = made_at - MARGIN
    until = made_at + ((parcel.shipped_at or uow.now) - parcel.created_at) + MARGIN
    return await uow.fetch(
        sa.select(Scan.id, Scan.client_id, Scan.session_id, Scan.raw, Scan.source, Scan.worker_id, Scan.recorded_at)
        .add_columns(Scan.verdict)
        .where(
            uow.mine(Scan),
            Scan.id >= first_id_at(begin),
            Scan.id < first_id_at(until),
            Scan.verdict["packed"]["parcel_id"].as_string() == str(parcel.id),
        )
        .order_by(Scan.id)
    )


async def _undone(uow: UnitOfWork, scans: Sequence[Row]) -> dict[UUID, Row]:
    """Return the entries that took back what these scans put in, by the client id of the scan."""
    if not scans:
        return {}
    mine = {row.client_id for row in scans}
    found = await uow.fetch(
        sa.select(Scan.id, Scan.raw, Scan.source, Scan.worker_id, Scan.recorded_at, Scan.received_at, Scan.verdict)
        .where(
            uow.mine(Scan),
            uow.among(Scan.session_id, {row.session_id for row in scans}),
            Scan.kind == "UNDO",
            Scan.verdict["undid"].as_string().in_([str(each) for each in sorted(mine)]),
        )
        .order_by(Scan.id)
    )
    return {UUID(row.verdict["undid"]): row for row in found}


async def _picks(uow: UnitOfWork, fulfillment_order_id: UUID, line_ids: Collection[UUID]) -> Sequence[Row]:
    """Return the picks of an order's lines with the scans they came by."""
    waves = sa.select(WaveOrder.wave_id).where(
        uow.mine(WaveOrder), WaveOrder.fulfillment_order_id == fulfillment_order_id
    )
    of_lists = (
        sa.select(PickLine.id)
        .join(PickList, (PickList.merchant_id == PickLine.merchant_id) & (PickList.id == PickLine.pick_list_id))
        .where(uow.mine(PickLine), PickList.wave_id.in_(waves))
    )
    return await uow.fetch(
        sa.select(Pick.sku_id, Pick.quantity, Pick.worker_id, Pick.at, Pick.undone_at, Scan.raw, Scan.source)
        .outerjoin(Scan, (Scan.merchant_id == Pick.merchant_id) & (Scan.id == READ_BY))
        .where(uow.mine(Pick), Pick.pick_line_id.in_(of_lists), uow.among(Pick.fulfillment_line_id, line_ids))
        .order_by(Pick.at, Pick.id)
    )


def _picked(row: Row) -> Evidence:
    return Evidence(
        EvidenceKind.PICKED,
        row.at,
        row.worker_id,
        row.raw,
        row.source,
        row.sku_id,
        row.quantity,
        undone=row.undone_at is not None,
    )


def _packed(row: Row, skus: Mapping[UUID, UUID], undone: Collection[UUID]) -> list[Evidence]:
    return [
        Evidence(
            EvidenceKind.PACKED,
            row.recorded_at,
            row.worker_id,
            row.raw,
            row.source,
            skus.get(UUID(str(line_id))),
            int(quantity),
            undone=row.client_id in undone,
        )
        for line_id, quantity, _ in row.verdict["packed"]["parts"]
    ]


def _of_scan_undone(row: Row) -> Evidence:
    return Evidence(EvidenceKind.TAKEN_OUT, row.recorded_at, row.worker_id, row.raw, row.source)


def _happened(event: LoggedEvent) -> Evidence:
    payload = event.payload
    person = payload.get("person_id")
    note = payload.get("number") or payload.get("reason") or payload.get("waybill") or ""
    return Evidence(
        _OF_EVENT[event.kind],
        event.at,
        UUID(str(person)) if person else event.actor_id,
        weight_g=payload.get("weight_g"),
        expected_weight_g=payload.get("expected_weight_g"),
        note=str(note),
    )


def _printed(job: Row, told: Sequence[LoggedEvent]) -> Evidence:
    """Tell of a label on paper: when, why, and who asked for it."""
    asked_by = next((event.actor_id for event in told if event.kind == events.PrintJobQueued.kind), None)
    return Evidence(EvidenceKind.LABEL_PRINTED, job.done_at or job.created_at, asked_by, note=job.reason)
