"""Stock: a SKU, barcode, name or picture answers how much is free and where it lies."""

from collections.abc import Mapping, Sequence
from typing import Any

from pickmesh.bot import operations
from pickmesh.bot.messages import Button, Reply
from pickmesh.bot.talk import Talk
from pickmesh.bot.texts import Html, Voice, bold, code, escaped, joined

PLACES_MAX = 12
KINDS = {
    "Place": "place",
    "Order": "order",
    "FulfillmentOrder": "fulfillment order",
    "Parcel": "parcel",
    "Wave": "wave",
    "PickList": "pick list",
    "ExceptionTask": "task",
}


async def answer(talk: Talk, term: str) -> None:
    """Answer a term with the stock of the SKU it names; several are offered as buttons."""
    if not term:
        await talk.say("Send a SKU, a barcode or a name behind /stock.")
        return
    found = (await talk.ask(operations.LOOK, term=term))["lookup"]
    skus = [each for each in found if each["__typename"] == "Sku"]
    exact = [sku for sku in skus if _is_exactly(sku, term)]
    if len(exact) == 1 or len(skus) == 1:
        await talk.reply(Reply(card(talk.voice, (exact or skus)[0])))
    elif skus:
        rows = [[Button(_title(talk.voice, sku), "stock.show", {"sku": sku["id"]})] for sku in skus]
        await talk.reply(Reply(talk.voice.say("Which one?"), rows))
    elif found:
        await talk.reply(Reply(joined([_other(talk.voice, each) for each in found])))
    else:
        await talk.say("Nothing here is called {term}.", term=code(term))


async def photographed(talk: Talk, picture: bytes) -> None:
    """Answer a picture of a barcode; a doubtful reading is asked about."""
    told = await talk.scan(picture)
    sure = [each for each in told["barcodes"] if not each["doubtful"]]
    texts = list(dict.fromkeys(each["text"] for each in sure or told["barcodes"]))
    if not texts:
        await talk.reply(Reply(escaped(told["message"])))
    elif sure and len(texts) == 1:
        await answer(talk, texts[0])
    else:
        rows = [[Button(text, "stock.term", {"term": text})] for text in texts[:8]]
        ask = escaped(told["message"]) if not sure else talk.voice.say("Which one?")
        await talk.reply(Reply(ask, rows))


async def _show(talk: Talk, arguments: Mapping[str, Any]) -> None:
    sku = (await talk.ask(operations.SKU, id=arguments["sku"]))["sku"]
    if sku is None:
        await talk.say("That SKU is not here any more.")
        return
    await talk.reply(Reply(card(talk.voice, sku)))


async def _term(talk: Talk, arguments: Mapping[str, Any]) -> None:
    await answer(talk, str(arguments["term"]))


def card(voice: Voice, sku: Mapping[str, Any]) -> Html:
    """Return a SKU's stock by warehouse and where it lies."""
    name = voice.of_two(sku["nameZh"], sku["nameEn"])
    option = voice.of_two(sku["optionZh"], sku["optionEn"])
    lines = [Html(f"{code(sku['code'])} {bold(f'{name} {option}'.strip())}")]
    levels = [each for each in sku["levels"] if each["location"] is not None]
    for level in levels:
        lines += _of_warehouse(voice, level, sku["balances"])
    if not levels:
        lines.append(voice.say("No stock anywhere."))
    return joined(lines)


def _of_warehouse(voice: Voice, level: Mapping[str, Any], balances: Sequence[Mapping[str, Any]]) -> list[Html]:
    location = level["location"]
    head = voice.say(
        "{place}: free {free}, reserved {reserved}, on hand {hand}",
        place=bold(location["name"]),
        free=bold(level["free"]),
        reserved=level["reserved"],
        hand=level["onHand"],
    )
    if level["incoming"]:
        head = Html(head + voice.say(", incoming {incoming}", incoming=level["incoming"]))
    here = [each for each in balances if (each["location"] or {}).get("code") == location["code"] and each["quantity"]]
    places = [Html(f"  {code(each['place']['code'])} × {each['quantity']}{_lot(each)}") for each in here[:PLACES_MAX]]
    more = len(here) - len(places)
    return [head, *places, *([voice.say("  and {count} places more", count=more)] if more > 0 else [])]


def _lot(balance: Mapping[str, Any]) -> Html:
    return Html(f" ({escaped(balance['lot']['code'])})") if balance["lot"] else Html("")


def _other(voice: Voice, hit: Mapping[str, Any]) -> Html:
    kind = voice.say(KINDS.get(hit["__typename"], "thing"))
    return voice.say("{kind} {number}", kind=kind, number=code(hit.get("number") or hit.get("code")))


def _title(voice: Voice, sku: Mapping[str, Any]) -> str:
    parts = (sku["code"], voice.of_two(sku["nameZh"], sku["nameEn"]), voice.of_two(sku["optionZh"], sku["optionEn"]))
    return " ".join(part for part in parts if part)[:60]


def _is_exactly(sku: Mapping[str, Any], term: str) -> bool:
    folded = term.strip().casefold()
    return folded == sku["code"].casefold() or folded in {each["code"].casefold() for each in sku["barcodes"]}


BUTTONS = {"stock.show": _show, "stock.term": _term}
