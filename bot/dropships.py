"""Partners' requests to ship for them: accepted by a tap, rejected with a reason, one or all that wait."""

from collections.abc import Mapping, Sequence
from typing import Any

from pickmesh.bot import operations
from pickmesh.bot.api import Refused
from pickmesh.bot.messages import Button, Reply
from pickmesh.bot.talk import Talk
from pickmesh.bot.texts import Html, Voice, bold, code, escaped, joined

REASONS = {
    "OUT_OF_STOCK": "Out of stock",
    "PRICE": "The price is wrong",
    "CANNOT_SHIP_THERE": "Cannot ship there",
    "OTHER": "Another reason",
}
SHOWN_MAX = 10


async def waiting(talk: Talk, argument: str) -> None:
    """List the requests that wait for an answer, with one button to accept them all."""
    found = (await talk.ask(operations.DROPSHIPS_WAITING))["dropships"]["nodes"]
    if not found:
        await talk.say("No partner waits for an answer.")
        return
    voice = talk.voice
    lines = [voice.say("{count} requests wait:", count=len(found))]
    lines += [_line(voice, each) for each in found[:SHOWN_MAX]]
    if len(found) > SHOWN_MAX:
        lines.append(voice.say("  and {count} more", count=len(found) - SHOWN_MAX))
    rows = [
        [
            Button(
                voice.plain("Accept all {count}", count=len(found)),
                "dropship.all",
                {"ids": [each["id"] for each in found]},
            )
        ]
    ]
    rows += [[Button(each["number"], "dropship.details", {"subject": each["id"]})] for each in found[:SHOWN_MAX]]
    await talk.reply(Reply(joined(lines), rows))


async def _details(talk: Talk, arguments: Mapping[str, Any]) -> None:
    dropship = (await talk.ask(operations.DROPSHIP, id=arguments["subject"]))["dropship"]
    if dropship is None:
        await talk.say("That request is not here any more.")
        return
    await talk.reply(Reply(card(talk.voice, dropship), _answers(talk.voice, dropship)))


async def _accept(talk: Talk, arguments: Mapping[str, Any]) -> None:
    await talk.do(operations.DROPSHIP_ACCEPT, dropshipIds=[arguments["subject"]])
    await talk.reply(
        Reply(talk.voice.say("Accepted: the order is in your warehouse now."), edits=talk.incoming.message)
    )


async def _accept_all(talk: Talk, arguments: Mapping[str, Any]) -> None:
    """Accept many at once; those that are refused are said, the others are accepted."""
    ids: Sequence[str] = arguments["ids"]
    refused: list[Html] = []
    try:
        await talk.do(operations.DROPSHIP_ACCEPT, dropshipIds=list(ids))
    except Refused as error:
        refused = [escaped(refusal.message) for refusal in error.refusals]
    said = talk.voice.say("{count} accepted.", count=len(ids) - len(refused))
    await talk.reply(Reply(joined([said, *dict.fromkeys(refused)]), edits=talk.incoming.message))


async def _ask_reason(talk: Talk, arguments: Mapping[str, Any]) -> None:
    subject = arguments["subject"]
    rows = [
        [Button(talk.voice.plain(label), "dropship.reject", {"subject": subject, "reason": reason})]
        for reason, label in REASONS.items()
    ]
    await talk.reply(Reply(talk.voice.say("Why do you reject it?"), rows))


async def _reject(talk: Talk, arguments: Mapping[str, Any]) -> None:
    await talk.do(operations.DROPSHIP_REJECT, dropshipIds=[arguments["subject"]], reason=arguments["reason"])
    reason = talk.voice.say(REASONS[arguments["reason"]])
    await talk.reply(Reply(talk.voice.say("Rejected: {reason}.", reason=reason), edits=talk.incoming.message))


def card(voice: Voice, dropship: Mapping[str, Any]) -> Html:
    """Return a request with its lines."""
    lines = [_line(voice, dropship)]
    for line in dropship["lines"]:
        sku = line["sku"]
        name = voice.of_two(sku["nameZh"], sku["nameEn"])
        lines.append(Html(f"  {line['quantity']} × {code(sku['code'])} {escaped(name)}"))
    return joined(lines)


def _answers(voice: Voice, dropship: Mapping[str, Any]) -> list[list[Button]]:
    if dropship["status"] != "SUBMITTED" or dropship["side"] != "SUPPLIER":
        return []
    about = {"subject": dropship["id"]}
    return [
        [
            Button(voice.plain("Accept"), "dropshipAccept", about, dropship["id"], dropship["version"]),
            Button(voice.plain("Reject"), "dropshipReject", about, dropship["id"], dropship["version"]),
        ]
    ]


def _line(voice: Voice, dropship: Mapping[str, Any]) -> Html:
    pieces = sum(line["quantity"] for line in dropship["lines"])
    return voice.say("{number}: {pieces} pieces", number=bold(dropship["number"]), pieces=pieces)


BUTTONS = {
    "dropshipAccept": _accept,
    "dropshipReject": _ask_reason,
    "dropship.reject": _reject,
    "dropship.details": _details,
    "dropship.all": _accept_all,
}
