"""A picker works by chat: the card is edited in place, every entry is booked once, and the database says so."""

import pytest
from tests.bot.emulated import Call
from tests.bot.stage import BARCODES, PICKER, Stage
from tests.bot.test_telegram import picture_of

pytestmark = pytest.mark.xdist_group("bot")


def card_of(stage: Stage, after: int) -> Call:
    """Return the newest pick card since so many calls."""
    stage.telegram.answer(PICKER, " of ", after=after)
    cards = [call for call in stage.telegram.emulator.calls[after:] if call.chat == PICKER and " of " in call.text]
    return cards[-1]


def next_list(stage: Stage) -> Call:
    before = stage.telegram.now
    stage.telegram.say(PICKER, "/next")
    return card_of(stage, before)


def tell(stage: Stage, text: str, verdict: str) -> Call:
    """Type something while a card is open; return the card once it shows the verdict."""
    before = stage.telegram.now
    stage.telegram.say(PICKER, text)
    shown = stage.telegram.wait_for(
        lambda call: call.method == "editMessageText" and verdict in call.text, after=before, what=verdict
    )
    stage.telegram.wait_for(lambda call: call.method == "sendMessage" and verdict in call.text, after=before)
    return shown


def press(stage: Stage, card: Call, label: str, verdict: str) -> Call:
    before = stage.telegram.now
    stage.telegram.press(PICKER, card, label)
    return stage.telegram.wait_for(
        lambda call: call.method == "editMessageText" and verdict in call.text, after=before, what=verdict
    )


def test_a_list_is_picked_by_text_picture_and_button_with_undo_and_short(stage: Stage) -> None:
    card = next_list(stage)
    assert "✗" not in card.text
    card = tell(stage, "T-0001", "✓")
    assert "A-01-01" in card.text
    card = tell(stage, "A-01-03", "✗")  # nothing of this list lies there
    card = tell(stage, "A-01-01", "✓")
    assert "All 3" in card.buttons
    before = stage.telegram.now
    stage.telegram.photograph(PICKER, picture_of(BARCODES["MUG"]))
    card = stage.telegram.wait_for(lambda call: call.method == "editMessageText" and "✓" in call.text, after=before)
    assert "All 2" in card.buttons
    assert stage.picked()["MUG"] == (1, 0)
    old = card
    card = press(stage, card, "Undo", "✓")
    assert stage.picked()["MUG"] == (0, 0)
    before = stage.telegram.now
    stage.telegram.press(PICKER, old, "All 2")
    stage.telegram.answer(PICKER, "changed since the button was made", after=before)
    card = tell(stage, "MUG", "✓")
    card = press(stage, card, "All 2", "✓")
    assert stage.picked()["MUG"] == (3, 0)
    card = tell(stage, "A-01-02", "✓")
    card = press(stage, card, "Some are missing", "How many are missing?")
    card = press(stage, card, "1", "Report 1 missing here?")
    assert stage.picked()["KETTLE"] == (0, 0)
    card = press(stage, card, "Yes, 1 missing", "1 missing")
    assert stage.picked()["KETTLE"] == (0, 1)
    card = tell(stage, BARCODES["KETTLE"], "✓✓")
    assert "Next list" in card.buttons
    assert stage.picked()["KETTLE"] == (1, 1)


def test_without_a_card_texts_ask_for_stock_again(stage: Stage) -> None:
    before = stage.telegram.now
    stage.telegram.say(PICKER, "KETTLE-LID")
    stage.telegram.answer(PICKER, "on hand", after=before)


def test_a_redelivered_scan_is_booked_once(stage: Stage) -> None:
    next_list(stage)
    tell(stage, "T-0002", "✓")
    tell(stage, "A-01-01", "✓")
    picked, before = stage.picked()["MUG"][0], stage.telegram.now
    update = stage.telegram.say(PICKER, "MUG")
    stage.telegram.wait_for(lambda call: call.method == "sendMessage" and "✓" in call.text, after=before)
    before, kept = stage.telegram.now, len(stage.scans())
    stage.telegram.bring_again(update)
    stage.telegram.wait_for(lambda call: call.method == "sendMessage" and "✓" in call.text, after=before)
    assert stage.picked()["MUG"][0] == picked + 1
    assert len(stage.scans()) == kept
