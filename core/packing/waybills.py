"""Waybills: asked for through the outbox, recorded when the carrier has answered, printed, voided, asked for anew."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal import outbox
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import NotFound, Refused, WrongState
from pickmesh.core.kit.texts import sentence, word
from pickmesh.core.packing import (
    bench,
    carrier_choice,
    carrier_rules,
    events,
    printing,
    queries,
    refusals,
    rules,
    shipping,
)
from pickmesh.core.packing.rules import BenchParcel
from pickmesh.core.packing.tables import ParcelState, Waybill, WaybillState

CHANNEL = "carrier"
ISSUE, VOID = "issue", "void"
ERROR_LENGTH_MAX = 500
Row = sa.Row[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class IssuedWaybill:
    """What a carrier answered to a request."""

    waybill_id: UUID
    number: str
    sort_code: str


@dataclass(frozen=True, slots=True)
class FailedWaybill:
    """A request that got no number; a `final` answer is not asked for again by itself."""

    waybill_id: UUID
    error: str
    final: bool


@dataclass(frozen=True, slots=True)
class RequestedWaybill:
    """The waybill a parcel goes with; `created` is False when it had one before."""

    index: int
    parcel_id: UUID
    waybill_id: UUID
    created: bool


@dataclass(frozen=True, slots=True)
class Recorded:
    """What recording did: numbers that are new, and parcels that had waited only for them and have shipped."""

    waybill_ids: Collection[UUID]
    shipped_parcel_ids: Collection[UUID]


async def request_waybills(
    uow: UnitOfWork, *, parcel_ids: Sequence[UUID], carrier: str | None = None
) -> list[RequestedWaybill | Refused]:
    """Ask carriers for numbers, through the outbox: the one named, else the order's, a rule's, the merchant's first.

    A parcel that has a live waybill keeps it. Refuses item by item NOT_FOUND, INTERCEPTED, WRONG_STATE (shipped or
    voided), and as a whole UNKNOWN_CARRIER.
    """
    uow.actor.require(Permission.FLOOR_WORK)
    if carrier is not None:
        await carrier_rules.require_carrier(uow, carrier)
    parcels, _ = await bench.lock_bench(uow, parcel_ids)
    refused: dict[int, Refused] = {}
    for index, parcel_id in enumerate(parcel_ids):
        parcel = parcels.get(parcel_id)
        if parcel is None:
            refused[index] = Refused(index, NotFound("No parcel of yours has that id; scan its label again."))
        elif parcel.stopped:
            refused[index] = Refused(index, refusals.Intercepted())
        elif parcel.state not in {ParcelState.OPEN, ParcelState.SEALED}:
            message = sentence("The parcel is {state}; it needs no waybill.", state=word(parcel.state))
            refused[index] = Refused(index, WrongState(message))
    asking = [parcels[parcel_id] for index, parcel_id in enumerate(parcel_ids) if index not in refused]
    before = await queries.live_waybills(uow, parcels)
    waybill_ids = await ask(uow, asking, carrier)
    return [
        refused.get(index) or RequestedWaybill(index, parcel_id, waybill_ids[parcel_id], parcel_id not in before)
        for index, parcel_id in enumerate(parcel_ids)
    ]


async def ask(uow: UnitOfWork, parcels: Collection[BenchParcel], carrier: str | None = None) -> dict[UUID, UUID]:
    """Give locked parcels a waybill each unless they have a live one; return the waybills by parcel.

    `carrier` is one that is set up; without it each order's own.
    """
    live = await queries.live_waybills(uow, [parcel.id for parcel in parcels])
    asking = {parcel.id: new_id() for parcel in parcels if parcel.id not in live}
    if asking:
        codes = await _carrier_codes(uow, [parcel for parcel in parcels if parcel.id in asking], carrier)
        new = [
            {
                "id": waybill_id,
                "parcel_id": parcel_id,
                "carrier": codes[parcel_id],
                "sort_code": "",
                "state": WaybillState.REQUESTED,
                "requested_at": uow.now,
            }
            for parcel_id, waybill_id in asking.items()
        ]
        await uow.insert(Waybill, new)
        await outbox.post(uow, [_letter(ISSUE, codes[each], waybill_id) for each, waybill_id in asking.items()])
        uow.emit(events.WaybillRequested(each, waybill_id, codes[each]) for each, waybill_id in asking.items())
    return {**{parcel_id: row.id for parcel_id, row in live.items()}, **asking}


async def _carrier_codes(uow: UnitOfWork, parcels: Collection[BenchParcel], wanted: str | None) -> dict[UUID, str]:
    """Return the carrier each of these parcels goes with."""
    if wanted is None:
        decided = await carrier_choice.carriers_of(uow, {parcel.fulfillment_order_id for parcel in parcels})
        return {parcel.id: decided[parcel.fulfillment_order_id] for parcel in parcels}
    return {parcel.id: wanted for parcel in parcels}


def _letter(kind: str, carrier: str, waybill_id: UUID) -> outbox.NewLetter:
    return outbox.NewLetter(CHANNEL, carrier, {"kind": kind, "waybill_id": str(waybill_id)})


async def record_waybills(
    uow: UnitOfWork, *, issued: Sequence[IssuedWaybill], failed: Sequence[FailedWaybill] = ()
) -> Recorded:
    """Record carriers' answers: numbers, a print job each at the parcel's station, errors; ship what waited for them.

    Recording again changes nothing. A number for a waybill that was voided meanwhile is given back.
    """
    told = {each.waybill_id for each in issued} | {each.waybill_id for each in failed}
    rows = await queries.waybills(uow, told)
    parcels, _ = await bench.lock_bench(uow, {row.parcel_id for row in rows.values()})
    rows = await queries.waybills(uow, told)
    answers = {each.waybill_id: each for each in issued if each.waybill_id in rows}
    fresh = [each for each in answers.values() if rows[each.waybill_id].state in rules.WAITING_WAYBILL]
    late = [each for each in answers.values() if rows[each.waybill_id].state == WaybillState.VOIDED]
    unused = [each for each in late if rows[each.waybill_id].number is None]
    numbered = [_numbered(each, WaybillState.ISSUED, uow) for each in fresh]
    numbered += [_numbered(each, WaybillState.VOIDED, uow) for each in unused]
    await uow.update(Waybill, numbered)
    await outbox.post(uow, [_letter(VOID, rows[each.waybill_id].carrier, each.waybill_id) for each in unused])
    await _record_failures(uow, rows, failed)
    labels = {rows[each.waybill_id].parcel_id: each.waybill_id for each in fresh}
    await printing.queue_labels(uow, parcels, labels, reason="ISSUED")
    uow.emit(
        events.WaybillIssued(
            rows[each.waybill_id].parcel_id, each.waybill_id, rows[each.waybill_id].carrier, each.number
        )
        for each in fresh
    )
    waiting = {rows[each.waybill_id].parcel_id for each in fresh}
    shipped = await shipping.ship_due(uow, {each: parcels[each] for each in waiting}) if waiting else set()
    return Recorded({each.waybill_id for each in fresh}, shipped)


def _numbered(each: IssuedWaybill, state: WaybillState, uow: UnitOfWork) -> dict[str, Any]:
    return {
        "id": each.waybill_id,
        "number": each.number,
        "sort_code": each.sort_code,
        "state": state,
        "issued_at": uow.now,
        "last_error": None,
    }


async def _record_failures(uow: UnitOfWork, rows: Mapping[UUID, Row], failed: Sequence[FailedWaybill]) -> None:
    waiting = [
        each for each in failed if each.waybill_id in rows and rows[each.waybill_id].state in rules.WAITING_WAYBILL
    ]
    changed = [
        {
            "id": each.waybill_id,
            "state": WaybillState.FAILED if each.final else WaybillState.REQUESTED,
            "last_error": each.error[:ERROR_LENGTH_MAX],
        }
        for each in waiting
    ]
    await uow.update(Waybill, changed)
    uow.emit(
        events.WaybillFailed(rows[each.waybill_id].parcel_id, each.waybill_id, each.error[:ERROR_LENGTH_MAX])
        for each in waiting
        if each.final
    )


async def reprint_labels(
    uow: UnitOfWork, *, parcel_ids: Sequence[UUID], reason: str, station_id: UUID | None = None
) -> list[UUID | Refused]:
    """Print labels once more, also of parcels that have shipped; the reason is kept. Answers with the print jobs' ids.

    They come out at the station named, else where the parcels were packed.

    Refuses REASON_NEEDED as a whole, and item by item NOT_FOUND, NO_WAYBILL, NO_STATION.
    """
    uow.actor.require(Permission.FLOOR_WORK)
    if not reason.strip():
        raise refusals.ReasonNeeded(field=("reason",))
    parcels, _ = await bench.lock_bench(uow, parcel_ids)
    if station_id is not None:
        parcels = {each: replace(parcel, station_id=station_id) for each, parcel in parcels.items()}
    live = await queries.live_waybills(uow, parcels)
    refused: dict[int, Refused] = {}
    for index, parcel_id in enumerate(parcel_ids):
        if parcel_id not in parcels:
            refused[index] = Refused(index, NotFound("No parcel of yours has that id; scan its number again."))
        elif parcel_id not in live or live[parcel_id].state != WaybillState.ISSUED:
            refused[index] = Refused(index, refusals.NoWaybill())
        elif parcels[parcel_id].station_id is None:
            refused[index] = Refused(index, refusals.NoStation())
    wanted = {each: live[each].id for index, each in enumerate(parcel_ids) if index not in refused}
    jobs = dict(zip(wanted, await printing.queue_labels(uow, parcels, wanted, reason=reason), strict=True))
    return [refused.get(index) or jobs[each] for index, each in enumerate(parcel_ids)]


async def void_waybills(uow: UnitOfWork, *, parcel_ids: Sequence[UUID], reason: str) -> list[UUID | Refused]:
    """Give up the live waybills of parcels that have not shipped; the carrier is told. Answers with the waybills' ids.

    Another one may be asked for then. Refuses item by item NOT_FOUND, NO_WAYBILL (none there), WRONG_STATE (shipped).
    """
    uow.actor.require(Permission.FLOOR_WORK)
    if not reason.strip():
        raise refusals.ReasonNeeded(field=("reason",))
    parcels, _ = await bench.lock_bench(uow, parcel_ids)
    live = await queries.live_waybills(uow, parcels)
    answers: list[UUID | Refused] = []
    for index, parcel_id in enumerate(parcel_ids):
        parcel = parcels.get(parcel_id)
        if parcel is None:
            answers.append(Refused(index, NotFound("No parcel of yours has that id; scan its label again.")))
        elif parcel.state in rules.GONE:
            message = sentence("The parcel has shipped under this number and keeps it.")
            answers.append(Refused(index, WrongState(message, data={"state": parcel.state})))
        elif parcel_id not in live:
            answers.append(Refused(index, refusals.NoWaybill("The parcel has no waybill to give up.")))
        else:
            answers.append(live[parcel_id].id)
    await void_live(uow, [each for each in parcels if parcels[each].state not in rules.GONE], reason)
    return answers


async def void_live(uow: UnitOfWork, parcel_ids: Collection[UUID], reason: str) -> None:
    """Void the live waybills of locked parcels: numbers go back to their carriers, queued labels are not printed."""
    live = await queries.live_waybills(uow, parcel_ids)
    if not live:
        return
    voided = [{"id": row.id, "state": WaybillState.VOIDED, "voided_at": uow.now} for row in live.values()]
    await uow.update(Waybill, sorted(voided, key=lambda row: row["id"]))
    await outbox.post(uow, [_letter(VOID, row.carrier, row.id) for row in live.values() if row.number is not None])
    await printing.cancel_print_jobs(uow, [row.id for row in live.values()])
    uow.emit(events.WaybillVoided(parcel_id, row.id, row.carrier, reason) for parcel_id, row in live.items())
