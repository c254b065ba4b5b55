"""Picking by chat: a live card that is edited in place; a scan is a typed code, a picture or a button."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from pickmesh.bot import operations
from pickmesh.bot.api import Refused
from pickmesh.bot.messages import Button, Reply
from pickmesh.bot.talk import Shown, Talk
from pickmesh.bot.texts import Html, Voice, bold, code, escaped, joined

ABOUT = "ScanSession"
"""Pick cards are remembered under this type."""
SHORT_SHOWN_MAX = 7
MARKS = {"GOOD": "✓", "DONE": "✓✓", "ASK": "?", "WRONG": "✗"}
DONE = "DONE"
LABELS = {"EMPTY": "Bin is empty", "NOT_EMPTY": "Not empty", "SKIP": "Skip", "UNDO": "Undo"}
"""Entries that say all by their kind, and what their buttons read."""


async def open_card(talk: Talk) -> Shown | None:
    """Return the pick card this person has open here, if any."""
    return await talk.shown(ABOUT) if talk.someone.may("FLOOR_WORK") else None


async def next_task(talk: Talk, argument: str) -> None:
    """Show the list the person has, or take the next one; with several warehouses they say at which."""
    places = [each for each in talk.someone.locations if not argument or each["code"].casefold() == argument.casefold()]
    if not places:
        await talk.say("There is no such warehouse.")
    elif len(places) == 1:
        await _take(talk, {"location": places[0]["id"]})
    else:
        rows = [[Button(place["name"], "floor.next", {"location": place["id"]})] for place in places]
        await talk.reply(Reply(talk.voice.say("In which warehouse?"), rows))


async def typed(talk: Talk, card: Shown, text: str) -> None:
    """Take a text as a scan, or as the answer to the question that is open."""
    session = await _session(talk, card.subject)
    if session is None:
        return
    question, sku = session["questionId"], (session["next"] or {}).get("sku") or {}
    entry: dict[str, Any] = {"kind": "SCAN", "raw": text, "source": "TYPED"}
    if question and sku.get("lotTracked"):
        entry = {"kind": "LOT", "lot": {"code": text}, "answers": question}
    elif question and sku.get("serialTracked"):
        entry = {"kind": "SERIAL", "serial": text, "answers": question}
    await _record(talk, session, entry)


async def photographed(talk: Talk, card: Shown, picture: bytes) -> None:
    """Take a picture as a scan; what was not read for certain, or several codes, is asked about."""
    session = await _session(talk, card.subject)
    if session is None:
        return
    wanted = _expected(session)
    told = await talk.scan(picture, wanted)
    sure = [each for each in told["barcodes"] if not each["doubtful"]]
    asked_for = [each for each in sure if each["text"] in wanted] or sure
    if len({each["text"] for each in asked_for}) == 1:
        await _record(talk, session, _scanned(asked_for[0]))
        return
    options = asked_for or told["barcodes"]
    rows = [
        [_button(session, each["text"], "floor.scan", **_scanned(each))]
        for each in {each["text"]: each for each in options}.values()
    ]
    ask = talk.voice.say("Which code did you mean?") if asked_for else escaped(told["message"])
    await talk.reply(Reply(ask, rows[:8]))


def card(voice: Voice, session: Mapping[str, Any], said: Sequence[Html] = ()) -> Html:
    """Return what to do now: the verdict before, the instruction, place, item, how many are left."""
    lines = [*said, bold(session["instruction"])]
    step = session["next"] or {}
    if step.get("placeCode"):
        lines.append(voice.say("Place: {place}", place=code(step["placeCode"])))
    if step.get("skuCode"):
        lines.append(voice.say("Item: {sku} {name}", sku=code(step["skuCode"]), name=step["skuName"] or ""))
    if step.get("lotCode"):
        lines.append(voice.say("Lot: {lot}", lot=code(step["lotCode"])))
    if step.get("toteCode"):
        lines.append(voice.say("Tote: {tote}", tote=code(step["toteCode"])))
    if step.get("orderNumber"):
        lines.append(voice.say("Order: {order}", order=code(step["orderNumber"])))
    if step:
        lines.append(voice.say("Left here: {left}", left=bold(step["remaining"])))
    progress, lease = session["progress"], session["lease"]
    number = lease["pickList"]["number"] if lease and lease["pickList"] else ""
    lines.append(voice.say("{list} {done} of {total}", list=number, done=progress["done"], total=progress["total"]))
    return joined(lines)


def buttons(voice: Voice, session: Mapping[str, Any]) -> list[list[Button]]:
    """Return what can be done without scanning, as the server says."""
    if session["step"] == DONE:
        location = session["location"]
        again = [[Button(voice.plain("Next list"), "floor.next", {"location": location["id"]})]] if location else []
        return [*again, *_rows(voice, session, ("UNDO",))]
    rows = []
    left = (session["next"] or {}).get("remaining", 0)
    counted = (session["location"] or {}).get("scanPolicy") == "EVERY_UNIT"
    if "QUANTITY" in session["supportedActions"] and left > 0 and not counted:
        rows.append([_button(session, voice.plain("All {left}", left=left), "floor.all")])
    if "SHORT" in session["supportedActions"] and left > 0:
        rows.append([_button(session, voice.plain("Some are missing"), "floor.short", left=left)])
    return [
        *rows,
        *_rows(voice, session, ("EMPTY", "NOT_EMPTY")),
        *_rows(voice, session, ("SKIP", "UNDO")),
    ]


async def _take(talk: Talk, arguments: Mapping[str, Any]) -> None:
    session = (await talk.do(operations.TASK_NEXT, locationId=arguments["location"]))["session"]
    if session is None:
        await talk.say("Nothing is to be picked now.")
        return
    await _show(talk, session, fresh=True)


async def _short(talk: Talk, arguments: Mapping[str, Any]) -> None:
    """Ask how many are missing."""
    session = await _session(talk, arguments["session"])
    if session is None:
        return
    left, voice = int(arguments["left"]), talk.voice
    counts = [*range(1, min(left, SHORT_SHOWN_MAX + 1)), left]
    numbers = [_button(session, str(count), "floor.missing", count=count) for count in dict.fromkeys(counts)]
    rows = [numbers[:4], numbers[4:], [_button(session, voice.plain("Back"), "floor.card")]]
    question = bold(voice.say("How many are missing?"))
    await _show(talk, session, [question], rows=[row for row in rows if row])


async def _missing(talk: Talk, arguments: Mapping[str, Any]) -> None:
    """Ask once more before pieces are reported missing."""
    session = await _session(talk, arguments["session"])
    if session is None:
        return
    count, voice = int(arguments["count"]), talk.voice
    rows = [
        [_button(session, voice.plain("Yes, {count} missing", count=count), "floor.report", count=count)],
        [_button(session, voice.plain("Back"), "floor.card")],
    ]
    question = bold(voice.say("Report {count} missing here?", count=count))
    await _show(talk, session, [question], rows=rows)


async def _report(talk: Talk, arguments: Mapping[str, Any]) -> None:
    await _act(talk, arguments, {"kind": "SHORT", "quantity": int(arguments["count"])})


async def _all(talk: Talk, arguments: Mapping[str, Any]) -> None:
    """Key that the rest of the line is there."""
    session = await _session(talk, arguments["session"])
    if session is None:
        return
    total = await _line_total(talk, session)
    if total is None:
        await _show(talk, session)
        return
    await _record(talk, session, {"kind": "QUANTITY", "quantity": total})


async def _plain(talk: Talk, arguments: Mapping[str, Any]) -> None:
    await _act(talk, arguments, {"kind": arguments["kind"]})


async def _scan(talk: Talk, arguments: Mapping[str, Any]) -> None:
    entry = {name: arguments[name] for name in ("kind", "raw", "symbology", "source")}
    await _act(talk, arguments, entry)


async def _choose(talk: Talk, arguments: Mapping[str, Any]) -> None:
    await _act(talk, arguments, {"kind": "CHOICE", "choice": arguments["choice"], "answers": arguments["answers"]})


async def _back(talk: Talk, arguments: Mapping[str, Any]) -> None:
    session = await _session(talk, arguments["session"])
    if session is not None:
        await _show(talk, session)


async def _act(talk: Talk, arguments: Mapping[str, Any], entry: Mapping[str, Any]) -> None:
    session = await _session(talk, arguments["session"])
    if session is not None:
        await _record(talk, session, entry)


async def _session(talk: Talk, session_id: str) -> dict[str, Any] | None:
    """Return a session as it stands; when it is over its card is history."""
    session: dict[str, Any] | None = (await talk.ask(operations.SESSION, id=session_id))["scanSession"]
    if session is None:
        await talk.forget(ABOUT, session_id)
        await talk.say("That work is over; take the next list: /next")
    return session


async def _record(talk: Talk, session: Mapping[str, Any], entry: Mapping[str, Any]) -> None:
    """Book one entry and show its verdict. The update's id is in its client id, so that it is booked once."""
    told = {
        "clientId": str(talk.client_id()),
        "sequence": session["lastSequence"] + 1,
        "recordedAt": datetime.now(UTC).isoformat(),
        **entry,
    }
    try:
        answer = await talk.mutate(operations.RECORD, {"sessionId": session["id"], "entries": [told]})
    except Refused:
        await talk.forget(ABOUT, session["id"])  # it cannot be worked on any more: texts ask for stock again
        raise
    (verdict,) = answer["verdicts"]
    now = answer["session"] or session
    said = Html(f"{MARKS.get(verdict['tone'], '✗')} {escaped(verdict['message'])}")
    choices = [
        [_button(now, each["label"][:60], "floor.choose", choice=each["id"], answers=verdict["clientId"])]
        for each in verdict["choices"]
    ]
    await _show(talk, now, [said], rows=[*choices, *buttons(talk.voice, now)])
    if talk.incoming.button is None:
        await talk.reply(Reply(said))
    if now["step"] == DONE:
        await talk.forget(ABOUT, now["id"])


async def _show(
    talk: Talk,
    session: Mapping[str, Any],
    said: Sequence[Html] = (),
    *,
    rows: list[list[Button]] | None = None,
    fresh: bool = False,
) -> None:
    shown = buttons(talk.voice, session) if rows is None else rows
    text = card(talk.voice, session, said)
    pressed = talk.incoming.message if talk.incoming.button else None
    await talk.reply(Reply(text, shown, about=ABOUT, subject=session["id"], fresh=fresh, edits=pressed))


async def _line_total(talk: Talk, session: Mapping[str, Any]) -> int | None:
    """Return what the line asked for stands at when nothing of it is left; None when it is not found."""
    step = session["next"] or {}
    lease, sku = session["lease"], step.get("sku") or {}
    if lease is None or lease["pickList"] is None:
        return None
    walk = (await talk.ask(operations.WALK, list=lease["pickList"]["id"]))["pickList"]
    is_cluster = walk["wave"]["kind"] == "CLUSTER"
    for line in walk["lines"]:
        left = line["quantity"] - line["pickedQuantity"] - line["shortQuantity"]
        if line["sku"]["id"] == sku.get("id") and line["place"]["code"] == step.get("placeCode") and left > 0:
            return int(left if is_cluster else line["pickedQuantity"] + left)
    return None


def _expected(session: Mapping[str, Any]) -> list[str]:
    """Return the codes that would be right now."""
    step = session["next"] or {}
    codes = [each["code"] for each in (step.get("sku") or {}).get("barcodes", ())]
    return [*codes, *(step[name] for name in ("placeCode", "toteCode") if step.get(name))]


def _scanned(barcode: Mapping[str, Any]) -> dict[str, Any]:
    return {"kind": "SCAN", "raw": barcode["text"], "symbology": barcode["identifier"], "source": "PICTURE"}


def _button(session: Mapping[str, Any], label: str, operation: str, **arguments: Any) -> Button:
    return Button(label, operation, {"session": session["id"], **arguments}, session["id"], session["version"])


def _rows(voice: Voice, session: Mapping[str, Any], kinds: Sequence[str]) -> list[list[Button]]:
    row = [
        _button(session, voice.plain(LABELS[kind]), "floor.enter", kind=kind)
        for kind in kinds
        if kind in session["supportedActions"]
    ]
    return [row] if row else []


BUTTONS = {
    "floor.next": _take,
    "floor.all": _all,
    "floor.short": _short,
    "floor.missing": _missing,
    "floor.report": _report,
    "floor.enter": _plain,
    "floor.scan": _scan,
    "floor.choose": _choose,
    "floor.card": _back,
}
