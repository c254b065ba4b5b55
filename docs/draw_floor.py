"""Writes what floor.md shows of the code's own tables into the page: `python docs/draw_floor.py`.

A job's diagram is its transition table in core/floor: an arrow for every row that leads to another step, named by what
was said. Waves, lists and parcels are drawn from the tables of moves in core/picking and core/packing.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any

from pickmesh.core.floor.board import MISTAKES
from pickmesh.core.floor.entries import Tone, tone_of
from pickmesh.core.floor.jobs import RULEBOOKS
from pickmesh.core.floor.tables import Job, Outcome
from pickmesh.core.floor.transitions import ANY_STEP, LINE, SAME, Table
from pickmesh.core.packing.rules import PARCEL_MOVES
from pickmesh.core.picking.rules import LIST_MOVES, WAVE_MOVES

PAGE = Path(__file__).with_name("floor.md")
NEXT_LINE = "NEXT_LINE"
"""Stands for the step the next open line begins with."""

Moves = Mapping[Any, frozenset[Any]]


def arrows(job: Table) -> dict[tuple[str, str], list[str]]:
    """Return the arrows between a job's steps with what causes them; a row of any step leads from each of them."""
    found: dict[tuple[str, str], list[str]] = {}
    for row in job.rows.values():
        if row.next == SAME:
            continue
        end = NEXT_LINE if row.next == LINE else row.next
        for step in job.steps if row.step == ANY_STEP else (row.step,):
            if step != end and (row.step != ANY_STEP or (step, row.said) not in job.rows):
                found.setdefault((step, end), []).append(row.said)
    return found


def diagram_of_job(job: Job) -> str:
    """Return a job's steps and the ways between them, as Mermaid."""
    table = RULEBOOKS[job].table
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {table.steps[0]}"]
    lines += [f"    {begin} --> {end}: {_few(causes)}" for (begin, end), causes in arrows(table).items()]
    return "\n".join([*lines, "```"])


def _few(causes: list[str]) -> str:
    return ", ".join(sorted(set(causes)))


def answers_of_job(job: Job) -> str:
    """Return what a job asks and what it finds wrong, with the sentence that tells how to settle it, as a table."""
    rows = ["| answer | in | what the screen says |", "| --- | --- | --- |"]
    rows += [
        f"| {outcome} | {step} | {sentence} |" for outcome, step, sentence in dict.fromkeys(_told(RULEBOOKS[job].table))
    ]
    return "\n".join(rows)


def _told(table: Table) -> Iterator[tuple[str, str, str]]:
    by_outcome = sorted(table.rows.values(), key=lambda row: list(Outcome).index(row.outcome))
    for row in (*by_outcome, table.misfit):
        if tone_of(row.outcome) in {Tone.WRONG, Tone.ASK}:
            step = "every step" if row.step == ANY_STEP else row.step
            yield row.outcome.value, step, row.sentence.replace("|", "/")


def diagram_of_moves(moves: Moves) -> str:
    """Return the states of something and what may follow what, as Mermaid."""
    order: list[StrEnum] = list(moves)
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {order[0]}"]
    lines += [f"    {state} --> {after}" for state in order for after in order if after in moves[state]]
    lines += [f"    {state} --> [*]" for state in order if not moves[state]]
    return "\n".join([*lines, "```"])


def tones() -> str:
    """Return how each answer feels on the phone, and whether the board counts it as a mistake."""
    rows = ["| tone | answers |", "| --- | --- |"]
    rows += [f"| {tone} | {', '.join(one for one in Outcome if tone_of(one) is tone)} |" for tone in Tone]
    return "\n".join([*rows, "", f"The board counts as mistakes: {', '.join(MISTAKES)}."])


PARTS: Mapping[str, Callable[[], str]] = {
    **{f"steps of {job}": partial(diagram_of_job, job) for job in RULEBOOKS},
    **{f"answers of {job}": partial(answers_of_job, job) for job in RULEBOOKS},
    "waves": partial(diagram_of_moves, WAVE_MOVES),
    "lists": partial(diagram_of_moves, LIST_MOVES),
    "parcels": partial(diagram_of_moves, PARCEL_MOVES),
    "tones": tones,
}


def filled(page: str) -> str:
    """Return a page with every generated part as the code has it now; a job the page does not show is an error."""
    for name, draw in PARTS.items():
        begin, end = f"<!-- {name}: made by draw_floor.py -->\n", f"<!-- end of {name} -->"
        before, rest = page.split(begin)
        page = before + begin + draw() + "\n" + end + rest.split(end)[1]
    return page


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    sys.stdout.write(f"{PAGE.name} is up to date.\n")
