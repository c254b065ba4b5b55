"""Dropships people hear of: those a partner waits for us to answer, and what became of those we handed over."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.accounts import queries as accounts
from pickmesh.core.alerts import raising, rules
from pickmesh.core.alerts.rules import Finding
from pickmesh.core.alerts.tables import AlertKind
from pickmesh.core.journal import paged
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.texts import Sentence, sentence
from pickmesh.core.mesh.tables import Dropship, DropshipLine, DropshipParcel, DropshipStatus, Partnership, Side
from pickmesh.core.notices import commands as notices
from pickmesh.core.notices.rules import Closing, NewNotice
from pickmesh.core.notices.tables import NoticeKind
from pickmesh.scanner.codes import own
from pickmesh.scanner.codes.own import OwnKind

Row = sa.Row[*tuple[Any, ...]]
REASONS: Mapping[str, Sentence] = {
    "OUT_OF_STOCK": sentence("out of stock"),
    "PRICE": sentence("the price"),
    "CANNOT_SHIP_THERE": sentence("cannot ship there"),
    "EXPIRED": sentence("not answered in time"),
    "OTHER": sentence("other reasons"),
}
"""Why a dropship was rejected, in words."""


async def look_at(
    uow: UnitOfWork, since: Mapping[UUID, datetime], *, may_raise: bool, called_back: Collection[UUID] = ()
) -> None:
    """Bring alerts and notices about dropships to how these stand now; `since` is when each was heard of.

    Of `called_back` a parcel was called back last.

    A supplier's request waits for an answer, and its message becomes the answer, then the shipment. The distributor
    hears what the partner answered and the tracking, in one message per dropship.
    """
    found = await _dropships(uow, since)
    ours = [row for row in found if row.side == Side.SUPPLIER]
    pieces = await _pieces(uow, [row.id for row in ours])
    findings = [_finding(row, pieces.get(row.id, 0), since[row.id], may_raise) for row in ours]
    await raising.settle(uow, AlertKind.DROPSHIP_WAITING, findings)
    over = [Closing(NoticeKind.DROPSHIP, each.subject_id, each.text) for each in findings if not each.is_wrong]
    if over:
        await notices.close(uow, over)
    await _tell_distributor(uow, [row for row in found if row.side == Side.DISTRIBUTOR], called_back)


async def _dropships(uow: UnitOfWork, ids: Collection[UUID]) -> Sequence[Row]:
    columns = (Dropship.id, Dropship.number, Dropship.side, Dropship.status, Dropship.reason, Dropship.version)
    of_partner = sa.and_(uow.mine(Partnership), Partnership.id == Dropship.partnership_id)
    found = (
        sa.select(*columns, Dropship.partnership_id, Partnership.partner_name)
        .join(Partnership, of_partner)
        .where(uow.mine(Dropship), uow.among(Dropship.id, sorted(ids)))
    )
    return await uow.fetch(found.order_by(Dropship.id))


async def _pieces(uow: UnitOfWork, ids: Collection[UUID]) -> dict[UUID, int]:
    if not ids:
        return {}
    found = await uow.fetch(
        sa.select(DropshipLine.dropship_id, sa.func.sum(DropshipLine.quantity).label("pieces"))
        .where(uow.mine(DropshipLine), uow.among(DropshipLine.dropship_id, ids))
        .group_by(DropshipLine.dropship_id)
    )
    return {row.dropship_id: int(row.pieces) for row in found}


def _finding(row: Row, pieces: int, since: datetime, may_raise: bool) -> Finding:
    is_wrong = row.status == DropshipStatus.SUBMITTED
    return Finding(
        subject_id=row.id,
        is_wrong=is_wrong,
        text=_asked(row, pieces) if is_wrong else _answered(row),
        detail={"dropship_id": str(row.id), "pieces": pieces, "version": row.version},
        revision=row.version,
        since=since,
        may_raise=may_raise,
    )


def _asked(row: Row, pieces: int) -> str:
    return sentence(
        "{partner} asks you to ship {number}: {pieces} pieces; accept or reject it.",
        partner=row.partner_name,
        number=_number(row),
        pieces=pieces,
    )


def _answered(row: Row) -> str:
    """Say what became of a partner's request."""
    words = {"number": _number(row), "partner": row.partner_name}
    match DropshipStatus(row.status):
        case DropshipStatus.ACCEPTED:
            return sentence("{number} of {partner} is accepted.", **words)
        case DropshipStatus.REJECTED:
            return sentence("{number} of {partner} is rejected: {reason}.", reason=_reason(row), **words)
        case DropshipStatus.SHIPPED:
            return sentence("{number} of {partner} is shipped.", **words)
        case _:
            return sentence("{partner} takes {number} back.", **words)


async def _tell_distributor(uow: UnitOfWork, rows: Sequence[Row], called_back: Collection[UUID]) -> None:
    """Tell managers and owners what partners made of what was handed over to them."""
    news = [row for row in rows if row.status != DropshipStatus.SUBMITTED]
    if not news:
        return
    parcels = await _parcels(uow, [row.id for row in news])
    people = await accounts.audience(uow, rules.TOLD_WITH[AlertKind.DROPSHIP_WAITING])
    texts = {
        row.id: _called_back(row) if row.id in called_back else _heard(row, parcels.get(row.id, [])) for row in news
    }
    told = [NewNotice(person, NoticeKind.DROPSHIP, row.id, texts[row.id]) for row in news for person in people]
    await notices.post(uow, told)


async def _parcels(uow: UnitOfWork, ids: Collection[UUID]) -> Mapping[Any, Sequence[Row]]:
    columns = (DropshipParcel.dropship_id, DropshipParcel.carrier, DropshipParcel.waybill)
    which = sa.select(*columns).where(uow.mine(DropshipParcel), uow.among(DropshipParcel.dropship_id, ids))
    return paged.grouped(
        await uow.fetch(which.order_by(DropshipParcel.shipped_at, DropshipParcel.parcel_id)), "dropship_id"
    )


def _called_back(row: Row) -> str:
    """Say that a tracking number we have told no longer counts."""
    return sentence(
        "{partner} called a parcel of {number} back: its tracking number no longer counts, another one follows.",
        number=_number(row),
        partner=row.partner_name,
    )


def _heard(row: Row, parcels: Sequence[Row]) -> str:
    """Say what a partner made of a dropship of ours."""
    words = {"number": _number(row), "partner": row.partner_name}
    tracking = ", ".join(f"{parcel.carrier} {parcel.waybill}" for parcel in parcels)
    match DropshipStatus(row.status):
        case DropshipStatus.SHIPPED:
            return sentence("{partner} shipped {number}: {tracking}.", tracking=tracking, **words)
        case DropshipStatus.ACCEPTED if parcels:
            return sentence("{partner} shipped a part of {number}: {tracking}.", tracking=tracking, **words)
        case DropshipStatus.ACCEPTED:
            return sentence("{partner} accepted {number}.", **words)
        case DropshipStatus.REJECTED:
            return sentence("{partner} rejected {number}: {reason}; it is back with you.", reason=_reason(row), **words)
        case DropshipStatus.CANCELLATION_REQUESTED:
            return sentence("{partner} is asked to stop {number}.", **words)
        case _:
            return sentence("{partner} stopped {number}.", **words)


def _reason(row: Row) -> Sentence:
    return REASONS.get(row.reason or "OTHER", REASONS["OTHER"])


def _number(row: Row) -> str:
    return own.number_text(OwnKind.DROPSHIP, row.number)
