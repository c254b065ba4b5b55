"""What the bot says is in the catalogue, whole; what it asks is in the schema; what it imports is no room of core."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from graphql import build_schema, parse, validate

from pickmesh.bot import desk, dropships, floor, notices, operations, orders, stock, telegram, terminal, welcome
from pickmesh.bot.texts import CHINESE, Html, Voice, catalogue, escaped

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "bot").glob("*.py"))
WORDS = re.compile(r"\{(\w+)\}")
LISTED = (
    *welcome.ROLES.values(),
    *welcome.COMMANDS.values(),
    *stock.KINDS.values(),
    *orders.STATES.values(),
    *notices.LABELS.values(),
    *dropships.REASONS.values(),
    *floor.LABELS.values(),
    "member",
    "thing",
    telegram.TOO_BIG,
    telegram.NO_PICTURE,
    terminal.NO_FILE,
)
"""Messages that stand in tables and constants."""


def said() -> Iterator[str]:
    """Yield every message that is said with a literal."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or getattr(node.func, "attr", "") not in {"say", "plain"}:
                continue
            if node.args and isinstance(node.args[0], ast.Constant):
                yield str(node.args[0].value)


MESSAGES = {*said(), *LISTED}


def test_every_message_has_a_chinese_one_with_the_same_words_and_none_is_left_over() -> None:
    known = catalogue(CHINESE)
    assert sorted(MESSAGES - set(known)) == []
    assert sorted(set(known) - MESSAGES) == []
    unequal = {each for each in MESSAGES if sorted(WORDS.findall(each)) != sorted(WORDS.findall(known[each]))}
    assert unequal == set()


def test_words_are_escaped_and_markup_is_not_escaped_twice() -> None:
    voice = Voice("en")
    assert voice.say("Order: {order}", order="<a> & b") == "Order: &lt;a&gt; &amp; b"
    assert voice.say("Order: {order}", order=Html("<b>1</b>")) == "Order: <b>1</b>"
    assert escaped(escaped("<")) == "&lt;"


OPERATIONS = {name: text for name, text in vars(operations).items() if name.isupper() and not name.startswith("_")}


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_is_valid_against_the_schema(name: str) -> None:
    schema = build_schema((ROOT / "schema.graphql").read_text(encoding="utf-8"))
    assert [error.message for error in validate(schema, parse(OPERATIONS[name]))] == []


def test_the_bot_is_a_client_and_nothing_else() -> None:
    """It could run on another machine than the server: of ours it imports itself alone."""
    imported = {
        name.name if isinstance(node, ast.Import) else str(node.module)
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in node.names
    }
    ours = {name for name in imported if name.startswith("pickmesh")}
    assert {name for name in ours if not name.startswith(("pickmesh.bot", "pickmesh.scanner.codes"))} == set()
    assert not {name.partition(".")[0] for name in imported} & {"sqlalchemy", "starlette", "graphene"}


def test_every_button_that_is_minted_is_known_when_it_is_pressed() -> None:
    minted: set[str] = set()
    rooms: tuple[ModuleType, ...] = (floor, stock, dropships, welcome)
    for room in rooms:
        for node in ast.walk(ast.parse(Path(str(room.__file__)).read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"Button", "_button"}:
                position = 1 if getattr(node.func, "id", "") == "Button" else 2
                operation = node.args[position]
                minted |= {str(operation.value)} if isinstance(operation, ast.Constant) else set()
    assert len(minted) > 10
    assert minted | set(notices.LABELS) | {notices.DETAILS} <= set(desk.BUTTONS)


def test_a_message_too_long_is_cut_between_lines() -> None:
    text = Html("\n".join(f"<b>{number}</b> {'字' * 40}" for number in range(200)))
    fitted = telegram.fitting(text)
    assert len(fitted.encode("utf-16-le")) // 2 <= 4096
    assert fitted.endswith("\n…")
    assert fitted.count("<b>") == fitted.count("</b>")
    assert telegram.fitting(Html("short")) == "short"
