"""Talking to carriers, between transactions: numbers are asked for, recorded, and given back."""

import asyncio
from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal.database import Database
from pickmesh.core.journal.outbox import Letter
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.actors import Actor
from pickmesh.core.orders import queries as order_queries
from pickmesh.core.orders import recipients
from pickmesh.core.packing import queries, waybills
from pickmesh.core.packing.carriers import LOCAL, CarrierDeclined, CarrierFailed, Carriers, WaybillRequest
from pickmesh.core.packing.tables import WaybillState
from pickmesh.core.packing.waybills import FailedWaybill, IssuedWaybill, Recorded

BENCH_WAIT_S = 3.0
"""How long a bench waits for a label before it goes on: the label follows."""

Row = sa.Row[*tuple[Any, ...]]


async def issue_waybills(
    database: Database,
    actor: Actor,
    carriers: Carriers,
    *,
    waybill_ids: Collection[UUID],
    wait_s: float = BENCH_WAIT_S,
) -> Recorded:
    """Ask carriers for the numbers of requested waybills, all at once and with no transaction open, and record them.

    `actor` may read recipients (the merchant's own machinery does). What does not come in time is left to the outbox;
    numbers that come twice are recorded once.
    """
    async with database.reading(actor) as uow:
        asking = await requests_of(uow, waybill_ids)
    answers = await asyncio.gather(*(_ask(carriers, request, wait_s) for request in asking))
    issued = [each for each in answers if isinstance(each, IssuedWaybill)]
    failed = [each for each in answers if isinstance(each, FailedWaybill)]
    return await database.run(actor, lambda uow: waybills.record_waybills(uow, issued=issued, failed=failed))


async def _ask(carriers: Carriers, request: WaybillRequest, wait_s: float) -> IssuedWaybill | FailedWaybill:
    try:
        async with asyncio.timeout(wait_s):
            got = await carriers.of(request.kind).issue(request)
    except CarrierDeclined as error:
        return FailedWaybill(request.waybill_id, str(error), final=True)
    except CarrierFailed as error:
        return FailedWaybill(request.waybill_id, str(error), final=False)
    except TimeoutError:
        return FailedWaybill(request.waybill_id, f"The carrier did not answer within {wait_s:g} s.", final=False)
    return IssuedWaybill(request.waybill_id, got.number, got.sort_code)


async def requests_of(
    uow: UnitOfWork, waybill_ids: Collection[UUID], *, states: Collection[str] = (WaybillState.REQUESTED,)
) -> list[WaybillRequest]:
    """Return what carriers must know for waybills in some states, with the recipients in clear."""
    found = [row for row in (await queries.waybills(uow, waybill_ids)).values() if row.state in states]
    parcels = await queries.parcels(uow, {row.parcel_id for row in found})
    orders = await order_queries.fulfillment_orders(uow, {row.fulfillment_order_id for row in parcels.values()})
    people = await recipients.recipients_of(uow, {row.order_id for row in orders.values()}, reveal=True)
    accounts = {row.code: row for row in await queries.carrier_accounts(uow)}
    asking = []
    for row in found:
        parcel = parcels[row.parcel_id]
        recipient = people.get(orders[parcel.fulfillment_order_id].order_id)
        asking.append(_request(row, parcel, accounts.get(row.carrier), recipient))
    return asking


def _request(row: Row, parcel: Row, account: Row | None, recipient: recipients.Recipient | None) -> WaybillRequest:
    return WaybillRequest(
        waybill_id=row.id,
        parcel_id=parcel.id,
        parcel_number=parcel.number,
        carrier=row.carrier,
        kind=account.kind if account is not None else LOCAL,
        settings=account.settings if account is not None else {},
        weight_g=parcel.weight_g or parcel.expected_weight_g,
        country=recipient.country if recipient else "",
        province=recipient.province if recipient else "",
        city=recipient.city if recipient else "",
        district=recipient.district if recipient else "",
        postcode=recipient.postcode if recipient else "",
        name=recipient.name if recipient else "",
        phone=recipient.phone if recipient else "",
        street=recipient.street if recipient else "",
    )


async def deliver(
    database: Database, actor: Actor, carriers: Carriers, letter: Letter, *, wait_s: float = 30.0
) -> None:
    """Carry out a letter of the outbox's channel `carrier`; one that was carried out before does nothing.

    Raises CarrierFailed when the carrier could not be asked, so that the outbox tries again later; a request that the
    carrier declines is recorded as failed and done with.
    """
    waybill_id = UUID(str(letter.payload["waybill_id"]))
    if letter.payload["kind"] == waybills.VOID:
        await _give_back(database, actor, carriers, waybill_id, wait_s)
        return
    await issue_waybills(database, actor, carriers, waybill_ids=[waybill_id], wait_s=wait_s)
    async with database.reading(actor) as uow:
        row = (await queries.waybills(uow, [waybill_id])).get(waybill_id)
    if row is not None and row.state == WaybillState.REQUESTED:
        raise CarrierFailed(row.last_error or "The carrier gave no answer.")


async def _give_back(database: Database, actor: Actor, carriers: Carriers, waybill_id: UUID, wait_s: float) -> None:
    async with database.reading(actor) as uow:
        asking: Sequence[WaybillRequest] = await requests_of(uow, [waybill_id], states=(WaybillState.VOIDED,))
        numbers = {row.id: row.number for row in (await queries.waybills(uow, [waybill_id])).values()}
    for request in asking:
        if numbers[request.waybill_id] is None:
            continue
        try:
            async with asyncio.timeout(wait_s):
                await carriers.of(request.kind).void(request, numbers[request.waybill_id])
        except TimeoutError:
            raise CarrierFailed(f"The carrier did not answer within {wait_s:g} s.") from None
