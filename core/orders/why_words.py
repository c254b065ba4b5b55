"""The sentences in which a shortage is told, as somebody would say it to a merchant who asks at midnight."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from pickmesh.core.kit.texts import joined, sentence
from pickmesh.core.orders.why_facts import (
    Frees,
    Holder,
    HolderKind,
    Incoming,
    LossCause,
    Lost,
    Unsellable,
    UnsellableAt,
)
from pickmesh.core.orders.whys import Known, ShortLine, StockThere
from pickmesh.core.stock.transfer_tables import TransferStatus
from pickmesh.scanner.codes.own import OwnKind, number_text

TOLD_MAX = 3
"""Of holders, lines and places that may not be sold from, so many are named; all of them are in the data."""


def of_order(rows: Sequence[Any], lines: Sequence[ShortLine], unmapped: Sequence[str]) -> str:
    """Return why an order, or what was asked about, is short."""
    told = [line.sentence for line in lines[:TOLD_MAX]]
    if len(lines) > TOLD_MAX:
        told.append(sentence("{count} more lines are short.", count=len(lines) - TOLD_MAX))
    if unmapped:
        codes = ", ".join(f"“{code}”" for code in unmapped[:TOLD_MAX])
        told.append(sentence("Nobody has said yet which SKU {codes} is; map the shop's code.", codes=codes))
    if not told:
        return sentence("Nothing is missing.") if rows else sentence("There is nothing of yours to explain.")
    return joined(told[0], *told[1:])


def of_line(line: ShortLine, row: Any, known: Known) -> str:
    """Return why a line is short; `row` tells of its fulfillment order."""
    sku, order = known.skus[line.sku_id].code, number_text(OwnKind.FULFILLMENT_ORDER, row.number)
    if not line.missing:
        return sentence(
            "Nothing is missing: the {wanted} × {sku} of {order} are promised or shipped.",
            wanted=line.wanted,
            sku=sku,
            order=order,
        )
    here = known.locations.get(row.location_id)
    if here is None:
        message = sentence(
            "{missing} × {sku} of {order} are promised to nobody: no warehouse is chosen yet.",
            missing=line.missing,
            sku=sku,
            order=order,
        )
        return joined(message, *_elsewhere(line, known))
    first = sentence(
        "{order} needs {wanted} × {sku} and lacks {missing} at {location}.",
        wanted=line.wanted,
        sku=sku,
        order=order,
        missing=line.missing,
        location=here.code,
    )
    own = next((one for one in line.locations if one.is_its_own), None)
    zone = ZoneInfo(here.time_zone)
    told = [
        *_figures(own, here.code),
        *(_loss(one, zone, known) for one in line.lost[-1:]),
        *_holders(row, own, zone),
        *_coming(own, zone),
        *_together(line, known),
        *_soon(line, own),
        *_too_few(line, own),
        *(_elsewhere(line, known) or _nowhere(line, own)),
    ]
    return joined(first, *told)


def _figures(own: StockThere | None, location: str) -> Iterator[str]:
    if own is None or not (own.on_hand or own.reserved):
        yield sentence("{location} has none.", location=location)
        return
    yield sentence(
        "{location} has {on_hand}: {reserved} promised, {non_sellable} not for sale, {free} free.",
        location=location,
        on_hand=own.on_hand,
        reserved=own.reserved,
        non_sellable=own.non_sellable,
        free=own.free,
    )
    for one in own.unsellable[:TOLD_MAX]:
        yield sentence("{quantity} at {place}: {why}.", quantity=one.quantity, place=one.place_code, why=_unsold(one))


def _unsold(one: UnsellableAt) -> str:
    if one.cause is Unsellable.LOT_BLOCKED:
        return sentence("lot {lot} is blocked", lot=one.lot_code or "")
    return {
        Unsellable.HOSPITAL: sentence("in the hospital"),
        Unsellable.MISSING: sentence("not found, to be counted"),
        Unsellable.POOL: sentence("a place that is not sold from"),
    }[one.cause]


def _loss(lost: Lost, zone: ZoneInfo, known: Known) -> str:
    person = known.people.get(lost.actor_id) if lost.actor_id else None
    return sentence(
        "{quantity} were promised until {at}: {what}.",
        quantity=lost.quantity,
        at=_moment(lost.at, zone),
        what=_what(lost, person.name if person else sentence("the system")),
    )


def _what(lost: Lost, who: str) -> str:
    if lost.cause is LossCause.CORRECTED:
        return sentence("{who} corrected the figure ({reason})", who=who, reason=lost.reason)
    return {
        LossCause.NOT_FOUND: sentence("{who} did not find them", who=who),
        LossCause.MOVED: sentence("{who} moved them to where nothing is sold from", who=who),
        LossCause.LOT_BLOCKED: sentence("{who} blocked their lot", who=who),
    }[lost.cause]


def _holders(row: Any, own: StockThere | None, zone: ZoneInfo) -> Iterator[str]:
    """Tell who holds the SKU there, the first in rank first, and why they came before."""
    if own is None:
        return
    others = [one for one in own.held.holders if one.group_id != row.group_id]
    for holder in others[:TOLD_MAX]:
        yield _holder(holder, zone, is_earlier=holder.kind is HolderKind.ORDER and holder.rank_at < row.ship_by)
        yield from _frees(holder, zone)
    more = own.held.count - len(own.held.holders) + max(0, len(others) - TOLD_MAX)
    if more > 0:
        yield sentence("{count} more hold the rest.", count=more)


def _holder(holder: Holder, zone: ZoneInfo, *, is_earlier: bool) -> str:
    if is_earlier:
        return sentence(
            "{holder} was promised {quantity} first because its ship-by ({at}) is earlier.",
            holder=_named(holder),
            quantity=holder.quantity,
            at=_moment(holder.rank_at, zone),
        )
    return sentence(
        "{holder} has held {quantity} since {at}.",
        holder=_named(holder),
        quantity=holder.quantity,
        at=_moment(holder.since, zone),
    )


def _frees(holder: Holder, zone: ZoneInfo) -> Iterator[str]:
    if holder.frees is Frees.LEASE_EXPIRES and holder.frees_at is not None:
        yield sentence("That ends at {at} and frees them.", at=_moment(holder.frees_at, zone))
    if holder.frees is Frees.PUT_BACK:
        yield sentence("It was stopped: they are free when they are put back.")
    if holder.frees is Frees.HOLD:
        yield sentence("It is on hold: cancelling it would free them.")


def _named(holder: Holder) -> str:
    if holder.kind is HolderKind.ORDER and holder.number is not None:
        return number_text(OwnKind.FULFILLMENT_ORDER, holder.number)
    if holder.kind is HolderKind.TRANSFER:
        return sentence("Transfer {number}", number=holder.number or 0)
    if holder.kind is HolderKind.LEASE:
        return sentence("Timed reservation “{code}”", code=holder.code or "")
    return sentence("Somebody")


def _coming(own: StockThere | None, zone: ZoneInfo) -> Iterator[str]:
    for one in own.transfers[:TOLD_MAX] if own else ():
        yield _transfer(one, zone)


def _transfer(one: Incoming, zone: ZoneInfo) -> str:
    if one.status == TransferStatus.SENT and one.sent_at is not None:
        return sentence(
            "Transfer {number} has been on its way with {quantity} since {at}.",
            number=one.number,
            quantity=one.quantity,
            at=_moment(one.sent_at, zone),
        )
    return sentence("Transfer {number} is to bring {quantity}.", number=one.number, quantity=one.quantity)


def _together(line: ShortLine, known: Known) -> Iterator[str]:
    if line.with_sku_ids:
        codes = ", ".join(known.skus[sku_id].code for sku_id in line.with_sku_ids[:TOLD_MAX])
        yield sentence("It is part of a set that is promised whole or not at all, and {skus} is missing.", skus=codes)


def _soon(line: ShortLine, own: StockThere | None) -> Iterator[str]:
    if own is not None and own.free >= line.missing and not line.with_sku_ids:
        yield sentence(
            "{free} are free now and will be promised in a moment, the earliest ship-by first.", free=own.free
        )


def _too_few(line: ShortLine, own: StockThere | None) -> Iterator[str]:
    """Tell why free pieces are not promised: they would not be all."""
    if own is not None and 0 < own.free < line.missing:
        yield sentence(
            "{free} free is too few: the {missing} are promised together or not at all.",
            free=own.free,
            missing=line.missing,
        )


def _elsewhere(line: ShortLine, known: Known) -> list[str]:
    """Tell of the first other location that could send all that is missing."""
    could = [one for one in line.locations if not one.is_its_own and one.free >= line.missing]
    return [
        sentence(
            "{location} has {free} free: it could go out from there.",
            location=known.locations[one.location_id].code,
            free=one.free,
        )
        for one in could[:1]
    ]


def _nowhere(line: ShortLine, own: StockThere | None) -> list[str]:
    """Tell what is left to do where nothing frees or brings the goods by itself."""
    if line.with_sku_ids or (own is not None and (own.free >= line.missing or own.transfers or _frees_itself(own))):
        return []
    return [
        sentence(
            "No transfer brings any and no other warehouse has {missing} free: receive goods, or tell the buyer.",
            missing=line.missing,
        )
    ]


def _frees_itself(own: StockThere) -> bool:
    return any(holder.frees in {Frees.LEASE_EXPIRES, Frees.PUT_BACK} for holder in own.held.holders)


def _moment(at: datetime, zone: ZoneInfo) -> str:
    """Return a moment as a clock on the warehouse's wall and its calendar show it."""
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M")
