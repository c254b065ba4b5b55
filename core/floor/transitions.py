"""Tables of what may follow what: (step, what was said) leads to a verdict, the next step and an effect.

A job's table is data. `pick_reading.py`, `pack_reading.py` … tell what an entry says, given the task and the step; the
table tells what that leads to. The same tables are exported as JSON, so that a phone without network can judge alike.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pickmesh.core.floor.entries import tone_of
from pickmesh.core.floor.tables import Outcome

ANY_STEP = "*"
SAME = "SAME"
"""As `next`: the step does not change."""

LINE = "LINE"
"""As `next`: the step the next open line begins with (its place, or its item where no place is scanned)."""

NOTHING = "NOTHING"
"""As effect: nothing is booked and nothing is remembered."""


@dataclass(frozen=True, slots=True)
class Transition:
    """What something said in a step leads to; `sentence` tells the worker what to do, with {words} to fill in."""

    step: str
    said: str
    outcome: Outcome
    sentence: str
    next: str = SAME
    effect: str = NOTHING


@dataclass(frozen=True, slots=True)
class Table:
    """One job's transitions; total: what no row names is answered by the row of any step, else by `misfit`."""

    job: str
    steps: Sequence[str]
    rows: Mapping[tuple[str, str], Transition]
    misfit: Transition

    def find(self, step: str, said: str) -> Transition:
        """Return what something said in a step leads to."""
        return self.rows.get((step, said)) or self.rows.get((ANY_STEP, said)) or self.misfit

    def says(self) -> frozenset[str]:
        """Return everything this job understands."""
        return frozenset(said for _, said in self.rows)

    def as_json(self) -> dict[str, Any]:
        """Return the table for clients that judge without network."""
        return {
            "job": self.job,
            "steps": list(self.steps),
            "misfit": _row_json(self.misfit),
            "rows": [_row_json(row) for row in self.rows.values()],
        }


def table(job: str, steps: Sequence[str], rows: Iterable[Sequence[Transition]], misfit: Transition) -> Table:
    """Build a table; a step or a (step, said) named twice is a mistake and raises ValueError."""
    found: dict[tuple[str, str], Transition] = {}
    for row in (row for group in rows for row in group):
        if (row.step, row.said) in found or row.step not in {*steps, ANY_STEP}:
            raise ValueError(f"{job}: {row.step} × {row.said} stands twice, or the step is not one of {steps}")
        found[row.step, row.said] = row
    return Table(job, steps, found, misfit)


def on(
    steps: str, said: str, outcome: Outcome, sentence: str, *, next: str = SAME, effect: str = NOTHING
) -> list[Transition]:
    """Return the same transition for several steps, their names divided by spaces."""
    return [Transition(step, said, outcome, sentence, next, effect) for step in steps.split()]


def _row_json(row: Transition) -> dict[str, str]:
    return {
        "step": row.step,
        "said": row.said,
        "outcome": row.outcome.value,
        "tone": tone_of(row.outcome).value,
        "sentence": row.sentence,
        "next": row.next,
        "effect": row.effect,
    }
