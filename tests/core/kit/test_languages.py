"""What the server says to people has a Chinese translation: the code's own tables, classes and calls are walked."""

import ast
import importlib
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from pickmesh.core.floor.entries import Choice, Verdict, verdict_again
from pickmesh.core.floor.jobs import RULEBOOKS
from pickmesh.core.floor.lookup import HitKind
from pickmesh.core.floor.tables import Outcome
from pickmesh.core.kit import languages, texts
from pickmesh.core.kit.actors import Actor, system_actor
from pickmesh.core.kit.ids import NIL_ID, new_id
from pickmesh.core.kit.permissions import Permission, Role
from pickmesh.core.kit.refusals import InvalidInput, NotFound, Refusal
from pickmesh.core.kit.texts import Named, sentence
from pickmesh.core.orders.tables import Progress
from pickmesh.core.packing.tables import ParcelState, PrintState
from pickmesh.core.picking.tables import PickListStatus, WaveStatus
from pickmesh.scanner.codes.own import OwnKind
from pickmesh.scanner.decode.refusals import PictureRefused

ROOT = Path(__file__).parents[3]
CHINESE = languages.CHINESE
SAYING = {"sentence", "Sentence"}
ON_THE_FLOOR = ("core/floor", "core/picking", "core/packing", "core/kit", "core/accounts", "scanner/codes")
"""Rooms a phone or the bot shows: no message of theirs may be built so that it cannot be translated."""
UNITS = re.compile(r"\b(?:g|kg|GS1|QR|SKU|PDF|JPEG|PNG|WebP|GIF|BMP)\b")
TIME = re.compile(r"\b(?:\d\d:\d\d|HH:MM)\b")
"""A time of day is typed with a colon of half width in every language."""
PLACEHOLDER = re.compile(r"\{\w+\}")


def refusal_classes(of: type[Exception] = Refusal) -> Iterator[type[Exception]]:
    """Yield every refusal of ours; those of tests are not."""
    for room in (
        *(path.parent.name for path in ROOT.glob("core/*/refusals.py")),
        "journal.idempotency",
        "journal.group_commit",
    ):
        importlib.import_module(f"pickmesh.core.{room}" if "." in room else f"pickmesh.core.{room}.refusals")
    yield of
    for each in of.__subclasses__():
        # The command line speaks English, and its classes are there only where another test has imported them.
        if each.__module__.startswith("pickmesh.") and not each.__module__.startswith("pickmesh.app."):
            yield from refusal_classes(each)


def calls() -> Iterator[tuple[str, str, ast.expr]]:
    """Yield (file, what is called, its first argument) of our code."""
    for pattern in (
        "core/**/*.py",
        "graphql/*.py",
        "scanner/codes/*.py",
        "app/labels/*.py",
        "app/pictures.py",
        "app/web.py",
    ):
        for path in sorted(ROOT.glob(pattern)):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and node.args:
                    name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                    yield path.relative_to(ROOT).as_posix(), name, node.args[0]


def said_in_code() -> dict[str, str]:
    """Return every sentence of the code and where it stands."""
    refused = [*refusal_classes(), *refusal_classes(PictureRefused)]
    said = {" ".join((each.__doc__ or "").split()): each.__name__ for each in refused}
    for job, book in RULEBOOKS.items():
        said |= {row.sentence: f"the table of {job}" for row in (*book.table.rows.values(), book.table.misfit)}
    telling = SAYING | {each.__name__ for each in refusal_classes()}
    for where, name, first in calls():
        if name in telling and isinstance(first, ast.Constant) and isinstance(first.value, str):
            said[first.value] = where
    words = [*Progress, *ParcelState, *PickListStatus, *WaveStatus, *PrintState, *(kind.name for kind in OwnKind)]
    said |= {texts.word(word): "a word" for word in words}
    said |= {kind.replace("_", " ").capitalize(): "a kind of hit" for kind in HitKind if kind not in {"SKU", "PLACE"}}
    return {template: where for template, where in said.items() if re.search("[A-Za-z]", PLACEHOLDER.sub("", template))}


def test_every_sentence_has_a_chinese_translation() -> None:
    known = languages.catalogue(CHINESE)
    said = said_in_code()
    assert len(said) > 300
    assert [f"{where}: {template}" for template, where in said.items() if template not in known] == []


def test_no_translation_is_left_of_a_sentence_nobody_says() -> None:
    glue = {" {then}", "{before} {then}", "{place}: {inside}.", "{kind} {number}."}
    assert set(languages.catalogue(CHINESE)) - set(said_in_code()) - glue == set()


def test_translations_have_the_same_words() -> None:
    wrong = [
        (template, told)
        for template, told in languages.catalogue(CHINESE).items()
        if Counter(texts.placeholders(template)) != Counter(texts.placeholders(told))
    ]
    assert wrong == []


def test_translations_are_chinese() -> None:
    told = [TIME.sub("", text) for text in languages.catalogue(CHINESE).values()]
    latin = [text for text in told if re.search("[A-Za-z]", UNITS.sub("", PLACEHOLDER.sub("", text)))]
    half_width = [text for text in told if re.search("[,:;?!()]", text)]
    assert (latin, half_width) == ([], [])


def test_no_room_of_the_floor_builds_a_message_that_cannot_be_translated() -> None:
    telling = {each.__name__ for each in refusal_classes()}
    built = [
        f"{where}: {ast.unparse(first)}"
        for where, name, first in calls()
        if name in telling and isinstance(first, ast.JoinedStr) and where.startswith(ON_THE_FLOOR)
    ]
    assert built == []


def test_words_that_are_sentences_or_names_are_told_in_the_language_too() -> None:
    then = sentence(" {then}", then=sentence("Go to {place}: {left} × {sku}.", place="A-01", left=2, sku="TEA"))
    assert languages.translate(sentence("Fill tote {tote}.{next}", tote="T-0001", next=then), CHINESE) == (
        "用周转箱 T-0001 装货。请去 A-01：2 件 TEA。"
    )
    taking = sentence("Take {left} × {sku} {name}.{mind}", left=1, sku="TEA", name=Named("Tea", "茶"), mind="")
    assert languages.translate(taking, CHINESE) == "请拿 1 件 TEA 茶。"
    assert languages.translate(taking, "en") == "Take 1 × TEA Tea."


def test_what_has_no_translation_stays_as_it_is_and_data_are_never_translated() -> None:
    assert languages.translate("Somebody typed this.", CHINESE) == "Somebody typed this."
    assert languages.translate(sentence("The parcel is {state}.", state="open"), CHINESE) == "包裹open。"
    assert languages.translate(sentence("The parcel is {state}.", state=texts.word("OPEN")), CHINESE) == "包裹待处理。"


def test_a_refusal_without_a_translation_is_told_by_its_code() -> None:
    assert languages.told(InvalidInput(f"{3} is not 4."), CHINESE) == "填写的内容不符合要求：请检查后重试。"
    assert languages.told(InvalidInput("3 is not 4."), "en") == "3 is not 4."
    assert languages.told(NotFound("No parcel of yours has that id; scan its label again."), CHINESE) == (
        "找不到这个包裹：请重新扫描面单。"
    )


@pytest.mark.parametrize(
    ("header", "locale"),
    [
        (None, None),
        ("", None),
        ("fr, de;q=0.5", None),
        ("*", None),
        ("en", "en"),
        ("en-GB,en;q=0.8", "en"),
        ("zh", "zh-CN"),
        ("zh-CN", "zh-CN"),
        ("ZH-Hans-CN", "zh-CN"),
        ("fr, zh;q=0.5, en;q=0.2", "zh-CN"),
        ("en;q=0.3, zh-CN;q=0.9", "zh-CN"),
        ("zh;q=0, en;q=0.1", "en"),
        ("en;q=much, zh", "zh-CN"),
        (",".join(["fr"] * 40 + ["en"]), None),
    ],
)
def test_a_header_chooses_the_language_it_likes_best(header: str | None, locale: str | None) -> None:
    assert languages.asked_for(header) == locale


def test_people_are_told_in_their_language_and_programs_in_english() -> None:
    person = Actor(NIL_ID, new_id(), Role.PICKER, frozenset({Permission.FLOOR_WORK}))
    assert languages.of_actor(person) == "zh-CN"
    assert [languages.of_actor(actor) for actor in (None, system_actor(NIL_ID))] == ["en", "en"]


def test_a_verdict_kept_as_a_plain_text_is_still_answered() -> None:
    kept = {"message": "Fill tote T-0001.", "choices": [{"id": "yes", "label": "T-0001"}], "task_id": None}
    again = verdict_again(NIL_ID, "ACCEPTED", kept)
    assert (languages.translate(again.message, CHINESE), again.choices) == (
        "Fill tote T-0001.",
        (Choice("yes", "T-0001"),),
    )
    assert again.repeated


def test_a_verdict_kept_now_is_answered_in_any_language() -> None:
    said = Verdict(
        NIL_ID, Outcome.ACCEPTED, sentence("Tote {tote} is in use elsewhere; take an empty one.", tote="T-1")
    )
    again = verdict_again(NIL_ID, said.outcome, said.as_json())
    assert (again.message, languages.translate(again.message, CHINESE)) == (
        "Tote T-1 is in use elsewhere; take an empty one.",
        "周转箱 T-1 正在别处使用，请换一个空箱。",
    )
