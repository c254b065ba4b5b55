"""What goes wrong between a bot and Telegram: nothing is lost, nothing is done twice."""

import time
from collections import Counter

import pytest
from tests.bot.emulated import DROPPED, HANGING
from tests.bot.stage import OWNER, PICKER, Stage
from tests.bot.test_floor import card_of, next_list, tell

pytestmark = pytest.mark.xdist_group("bot")
Fault = tuple[int, str, dict[str, int]]
FLOOD: Fault = (429, "Too Many Requests: retry after 1", {"retry_after": 1})
SAME: Fault = (400, "Bad Request: message is not modified: specified new message content is the same", {})
OLD: Fault = (400, "Bad Request: query is too old and response timeout expired or query ID is invalid", {})
LOST: Fault = (400, "Bad Request: message to edit not found", {})
BLOCKED: Fault = (403, "Forbidden: bot was blocked by the user", {})


def test_the_flood_limit_is_waited_for(stage: Stage) -> None:
    stage.telegram.emulator.faults.append(("sendMessage", FLOOD))
    before, begin = stage.telegram.now, time.monotonic()
    stage.telegram.say(OWNER, "MUG")
    stage.telegram.answer(OWNER, "on hand", after=before)
    assert time.monotonic() - begin >= 1


def test_a_connection_that_breaks_is_tried_again(stage: Stage) -> None:
    stage.telegram.emulator.faults.append(("sendMessage", DROPPED))
    before = stage.telegram.now
    stage.telegram.say(OWNER, "MUG")
    stage.telegram.answer(OWNER, "on hand", after=before)
    stage.telegram.until(
        lambda: 2 in Counter(call.text for call in stage.telegram.emulator.calls[before:]).values(),
        "the message (or a notice that came first), sent once more because nobody knew that it got there",
    )


def test_an_answer_that_never_comes_is_not_waited_for_for_ever(stage: Stage) -> None:
    stage.telegram.emulator.faults.append(("sendMessage", HANGING))
    before, begin = stage.telegram.now, time.monotonic()
    stage.telegram.say(OWNER, "MUG")
    stage.telegram.answer(OWNER, "on hand", after=before)
    assert time.monotonic() - begin >= 20
    stage.telegram.emulator.let_go()


@pytest.mark.parametrize("method, fault", [("answerCallbackQuery", OLD), ("editMessageText", SAME)])
def test_what_telegram_says_too_late_or_needlessly_is_no_news(stage: Stage, method: str, fault: Fault) -> None:
    before = stage.telegram.now
    stage.telegram.say(OWNER, "/language")
    asked = stage.telegram.answer(OWNER, "Which language", after=before)
    stage.telegram.emulator.faults.append((method, fault))
    before = stage.telegram.now
    stage.telegram.press(OWNER, asked, "English")
    stage.telegram.until(lambda: not stage.telegram.emulator.faults, "the fault")
    stage.telegram.say(OWNER, "MUG")
    stage.telegram.answer(OWNER, "on hand", after=before)
    sent = [call.text for call in stage.telegram.emulator.calls[before:] if call.method == "sendMessage"]
    assert not [text for text in sent if "English" in text]  # the message that was pressed says it


def test_a_card_that_was_deleted_is_sent_anew(stage: Stage) -> None:
    next_list(stage)
    stage.telegram.until(lambda: stage.waiting() == 0, "that no notice is edited just now")
    stage.telegram.emulator.faults.append(("editMessageText", LOST))
    before = stage.telegram.now
    stage.telegram.say(PICKER, "A-99-99")
    again = stage.telegram.wait_for(
        lambda call: call.method == "sendMessage" and " of " in call.text, after=before, what="the card"
    )
    assert again.buttons


@pytest.mark.parametrize("at", ["before", "after"])
def test_a_bot_killed_in_the_middle_of_a_scan_books_it_once(stage: Stage, at: str) -> None:
    """Before: Telegram hangs while the picture is fetched, nothing is booked. After: while the card is edited."""
    next_list(stage)
    kept = len(stage.scans())
    method = "editMessageText" if at == "after" else "getFile"
    stage.telegram.emulator.faults.append((method, HANGING))
    before = stage.telegram.now
    if at == "after":
        stage.telegram.say(PICKER, "A-99-98")
    else:
        stage.telegram.photograph(PICKER, b"no picture at all")
        stage.telegram.say(PICKER, "A-99-97")
    stage.telegram.until(lambda: method in stage.telegram.emulator.met, "the hanging call")
    assert len(stage.scans()) == kept + (at == "after")
    stage.kill()
    stage.telegram.emulator.let_go()
    stage.start_again()
    stage.telegram.until(lambda: stage.telegram.pending == 0, "that all is acknowledged")
    shown = card_of(stage, before)
    assert "✗" in shown.text
    assert len(stage.scans()) == kept + 1


def test_whoever_blocks_the_bot_is_unlinked_and_others_go_on(stage: Stage) -> None:
    stage.telegram.emulator.faults.append(("sendMessage", BLOCKED))
    stage.telegram.say(OWNER, "MUG")
    stage.telegram.until(lambda: OWNER not in stage.linked(), "the end of the link")
    before = stage.telegram.now
    stage.telegram.say(PICKER, "/help")
    stage.telegram.answer(PICKER, "/next", after=before)
    stage.telegram.say(OWNER, "MUG")
    stage.telegram.answer(OWNER, "I do not know you", after=before)
    stage.link(OWNER)


def test_stop_unlinks(stage: Stage) -> None:
    before = stage.telegram.now
    stage.telegram.say(OWNER, "/stop")
    stage.telegram.answer(OWNER, "Unlinked", after=before)
    assert OWNER not in stage.linked()
    stage.link(OWNER)


def test_the_pick_card_survives_it_all(stage: Stage) -> None:
    next_list(stage)
    tell(stage, "A-99-96", "✗")
