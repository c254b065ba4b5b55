"""An alert arrives once and becomes its own resolution."""

import pytest
from tests.bot.stage import OWNER, Stage

pytestmark = pytest.mark.xdist_group("bot")


def test_low_stock_arrives_once_and_resolves_itself_when_stock_is_received(stage: Stage) -> None:
    before = stage.telegram.now
    stage.watch("KETTLE-LID", low_at=100, enough_at=200)
    alert = stage.telegram.answer(OWNER, "KETTLE-LID", after=before)
    assert alert.method == "sendMessage"
    assert {"Remind me in 4 hours", "Done"} <= set(alert.buttons)
    stage.telegram.until(lambda: stage.waiting() == 0, "that it is marked as told")
    told = [call for call in stage.telegram.emulator.calls[before:] if "KETTLE-LID" in call.text]
    assert len(told) == 1
    stage.receive("KETTLE-LID", "A-01-03", 500)
    ended = stage.telegram.wait_for(
        lambda call: call.method == "editMessageText" and "KETTLE-LID" in call.text, after=before, what="the resolution"
    )
    assert int(ended.fields["message_id"]) == alert.message
    assert ended.buttons == {}


def test_a_notice_is_edited_not_repeated_when_the_bot_is_killed_before_it_is_marked(stage: Stage) -> None:
    before = stage.telegram.now
    stage.watch("MUG", low_at=1000, enough_at=2000)
    stage.telegram.answer(OWNER, "MUG", after=before)
    stage.kill()
    stage.start_again()
    stage.telegram.until(lambda: stage.waiting() == 0, "that it is marked as told")
    shown = [call for call in stage.telegram.emulator.calls[before:] if call.chat == OWNER and "MUG" in call.text]
    assert {call.message for call in shown if call.method == "editMessageText"} <= {shown[0].message}
    assert len([call for call in shown if call.method == "sendMessage"]) <= 2


def test_an_alert_is_put_off_and_settled_by_a_tap(stage: Stage) -> None:
    before = stage.telegram.now
    stage.watch("KETTLE", low_at=1000, enough_at=2000)
    alert = stage.telegram.answer(OWNER, "KETTLE Article KETTLE is low", after=before)
    stage.telegram.press(OWNER, alert, "Done")
    stage.telegram.answer(OWNER, "Noted as done", after=before)
    ended = stage.telegram.answer(OWNER, "Settled by Wang", after=before)
    assert (ended.method, ended.buttons) == ("editMessageText", {})
