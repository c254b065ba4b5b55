"""What people do in Telegram, against the emulator: the bot and the server are real processes, in both modes."""

import pytest
from tests.bot.stage import BARCODES, OWNER, STRANGER, Stage

from pickmesh.bench import pictures

pytestmark = pytest.mark.xdist_group("bot")


def picture_of(code: str) -> bytes:
    return pictures.file_of(pictures.scene(pictures.symbol(code, "EAN13")))


def test_a_stranger_is_told_how_to_be_linked(stage: Stage) -> None:
    before = stage.telegram.now
    stage.telegram.say(STRANGER, "MUG")
    assert "/start TOKEN" in stage.telegram.answer(STRANGER, "I do not know you", after=before).text


def test_a_token_links_once(stage: Stage) -> None:
    before = stage.telegram.now
    stage.telegram.say(STRANGER, "/start pmc1_" + "A" * 56)
    stage.telegram.answer(STRANGER, "ask for a new one", after=before)


def test_whoever_is_linked_is_greeted_by_role(stage: Stage) -> None:
    before = stage.telegram.now
    stage.telegram.say(OWNER, "/start")
    text = stage.telegram.answer(OWNER, "Hello", after=before).text
    assert "Wang: you are owner at 林安家居" in text
    assert "/where" in text


@pytest.mark.parametrize("term", ["MUG", "/stock mug", "6957764102201", "商品 MUG", "Article MUG"])
def test_stock_is_answered_for_what_is_typed(stage: Stage, term: str) -> None:
    before = stage.telegram.now
    stage.telegram.say(OWNER, term)
    text = stage.telegram.answer(OWNER, "on hand", after=before).text
    assert "<code>MUG</code>" in text
    assert "A-01-01" in text


def test_an_ambiguous_term_is_asked_about(stage: Stage) -> None:
    before = stage.telegram.now
    stage.telegram.say(OWNER, "商品")
    asked = stage.telegram.answer(OWNER, "Which one?", after=before)
    label = next(label for label in asked.buttons if label.startswith("KETTLE "))
    before = stage.telegram.now
    stage.telegram.press(OWNER, asked, label)
    stage.telegram.answer(OWNER, "A-01-02", after=before)
    assert any(call.method == "answerCallbackQuery" for call in stage.telegram.emulator.calls[before:])


def test_names_are_never_markup(stage: Stage) -> None:
    before = stage.telegram.now
    stage.telegram.say(OWNER, "<b>no & such</i>")
    assert "&lt;b&gt;no &amp; such&lt;/i&gt;" in stage.telegram.answer(OWNER, "Nothing here", after=before).text


@pytest.mark.parametrize("as_file", [False, True])
def test_a_photograph_of_a_barcode_answers_its_stock(stage: Stage, as_file: bool) -> None:
    before = stage.telegram.now
    stage.telegram.photograph(OWNER, picture_of(BARCODES["KETTLE"]), as_file=as_file)
    assert "<code>KETTLE</code>" in stage.telegram.answer(OWNER, "on hand", after=before).text


def test_a_picture_without_a_barcode_and_one_too_big_are_told_kindly(stage: Stage) -> None:
    before = stage.telegram.now
    stage.telegram.photograph(
        OWNER, pictures.file_of(pictures.scene(pictures.symbol("1", "QRCode")).crop((0, 0, 40, 40)))
    )
    stage.telegram.answer(OWNER, "No barcode was found", after=before)
    stage.telegram.photograph(OWNER, b"much", size=21 * 1024 * 1024)
    stage.telegram.answer(OWNER, "too big", after=before)


def test_where_an_order_is(stage: Stage) -> None:
    before = stage.telegram.now
    stage.telegram.say(OWNER, "/where 1001")
    assert "TB 店" in stage.telegram.answer(OWNER, "1001", after=before).text


def test_the_language_is_chosen_for_good(stage: Stage) -> None:
    before = stage.telegram.now
    stage.telegram.say(OWNER, "/language zh")
    stage.telegram.answer(OWNER, "现在我跟您说中文", after=before)
    stage.telegram.say(OWNER, "MUG")
    stage.telegram.answer(OWNER, "可用", after=before)
    stage.telegram.say(OWNER, "/language en")
    stage.telegram.answer(OWNER, "I speak English", after=before)


def test_in_a_group_only_commands_mentions_and_replies_are_for_the_bot(stage: Stage) -> None:
    group = {"id": -500, "type": "group", "title": "Warehouse"}
    before = stage.telegram.now
    stage.telegram.say(OWNER, "MUG", **group)
    stage.telegram.say(OWNER, "/stock MUG@other_bot_is_no_address", **group)
    stage.telegram.say(OWNER, "@pickmesh_bot MUG", **group)
    stage.telegram.wait_for(lambda call: call.chat == -500 and "on hand" in call.text, after=before)
    sent = [call for call in stage.telegram.emulator.calls[before:] if call.chat == -500]
    assert len(sent) == 2
