"""Orders: where one is, from payment to tracking."""

from collections.abc import Mapping
from typing import Any

from pickmesh.bot import operations
from pickmesh.bot.messages import Reply
from pickmesh.bot.talk import Talk
from pickmesh.bot.texts import Html, Voice, bold, code, joined

STATES = {
    "OPEN": "open",
    "SCHEDULED": "scheduled",
    "ON_HOLD": "on hold",
    "BACKORDERED": "waiting for goods",
    "INTERCEPTED": "stopped",
    "RELEASED": "to be picked",
    "IN_PROGRESS": "being picked or packed",
    "PACKED": "packed",
    "SHIPPED": "shipped",
    "CANCELLED": "cancelled",
    "MERGED": "goes with another order",
}


async def where(talk: Talk, term: str) -> None:
    """Say where an order is; takes our number, the shop's, a parcel's or a waybill."""
    if not term:
        await talk.say("Send the order's number behind /where.")
        return
    hits = (await talk.ask(operations.ORDERS, term=term))["lookup"]
    found = {order["number"]: order for order in map(_order_of, hits) if order is not None}
    if not found:
        await talk.say("No order has the number {number}.", number=code(term))
        return
    await talk.reply(Reply(Html("\n\n".join(card(talk.voice, order) for order in found.values()))))


def card(voice: Voice, order: Mapping[str, Any]) -> Html:
    """Return how far an order is."""
    shop = order["shop"]["name"] if order["shop"] else ""
    lines = [Html(f"{bold(order['number'])} {code(order['externalId'])}"), voice.say("Shop: {shop}", shop=shop)]
    if order["cancelledAt"]:
        lines.append(voice.say("Cancelled."))
    for part in order["fulfillmentOrders"]:
        lines += _part(voice, part)
    return joined(lines)


def _part(voice: Voice, part: Mapping[str, Any]) -> list[Html]:
    lines = [
        voice.say(
            "{number}: {state}, at {place}",
            number=bold(part["number"]),
            state=voice.say(STATES.get(part["status"], part["status"].lower())),
            place=part["location"]["name"] if part["location"] else "-",
        )
    ]
    if part["shortQuantity"]:
        lines.append(voice.say("  {count} pieces short", count=part["shortQuantity"]))
    for parcel in part["parcels"]:
        waybill = parcel["waybill"]
        if waybill and waybill["number"]:
            lines.append(
                voice.say("  {carrier} {waybill}", carrier=waybill["carrier"], waybill=code(waybill["number"]))
            )
    return lines


def _order_of(hit: Mapping[str, Any]) -> Any:
    if hit["__typename"] == "Order":
        return hit
    inner = hit.get("fulfillmentOrder") or hit
    return inner.get("order")
