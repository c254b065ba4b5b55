"""Notices: what the server has to tell, sent once and edited when it changes, until it is its own outcome."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from pickmesh.bot import operations
from pickmesh.bot.messages import Button, Reply
from pickmesh.bot.talk import Talk
from pickmesh.bot.texts import Html, Voice, bold, escaped

ABOUT = "Notice"
"""Messages that show notices are remembered under this type."""
SNOOZED_FOR = timedelta(hours=4)
LABELS = {
    "alertSnooze": "Remind me in 4 hours",
    "alertResolve": "Done",
    "dropshipAccept": "Accept",
    "dropshipReject": "Reject",
}
"""What the buttons of operations read; an operation that this version does not know gets none."""
DETAILS = "dropship.details"


def message(voice: Voice, notice: Mapping[str, Any]) -> Reply:
    """Return a notice as a message, with what can be done about it."""
    is_open = notice["state"] == "OPEN"
    text = bold(notice["text"]) if is_open else escaped(notice["text"])
    return Reply(Html(text), buttons(voice, notice["actions"]), about=ABOUT, subject=notice["id"])


def buttons(voice: Voice, actions: Sequence[Mapping[str, Any]]) -> list[list[Button]]:
    """Return the buttons of a notice, two in a row."""
    known = [each for each in actions if each["operation"] in LABELS]
    row = [
        Button(
            voice.plain(LABELS[each["operation"]]),
            each["operation"],
            {**each["arguments"], "subject": each["subjectId"]},
            each["subjectId"],
            each["version"],
        )
        for each in known
    ]
    dropships = dict.fromkeys(each["subjectId"] for each in known if each["operation"].startswith("dropship"))
    row += [Button(voice.plain("Details"), DETAILS, {"subject": subject}) for subject in dropships]
    return [row[index : index + 2] for index in range(0, len(row), 2)]


async def _snooze(talk: Talk, arguments: Mapping[str, Any]) -> None:
    until = datetime.now(UTC) + SNOOZED_FOR
    moment = until.replace(minute=until.minute // 15 * 15, second=0, microsecond=0).isoformat()
    await talk.do(operations.SNOOZE, alertIds=[arguments["subject"]], until=moment)
    await talk.reply(Reply(talk.voice.say("I remind you in 4 hours."), edits=talk.incoming.message))


async def _resolve(talk: Talk, arguments: Mapping[str, Any]) -> None:
    await talk.do(operations.RESOLVE, alertIds=[arguments["subject"]])
    await talk.reply(Reply(talk.voice.say("Noted as done."), edits=talk.incoming.message))


BUTTONS = {"alertSnooze": _snooze, "alertResolve": _resolve}
