"""Any interleaving of two pickers, a packer, a canceller and a reconnecting phone, on both databases."""

import os
import sys
from collections import Counter
from pathlib import Path

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from tests.floor_property import ACTS, FloorMachine

SOAKING = "PICKMESH_SOAK_EXAMPLES"
"""Names the environment variable that makes a long run of it: so many examples by chance instead of the fixed ones.

PICKMESH_SOAK_EXAMPLES=200 pytest -s tests/core/floor/test_property.py
"""
EXAMPLES = 8
STEPS = 40


def search(url: str) -> None:
    """Try many interleavings; what they are made for must have happened at least once."""
    done: Counter[str] = Counter()
    soaking = os.environ.get(SOAKING)
    run_state_machine_as_test(
        lambda: FloorMachine(url, done),  # type: ignore[arg-type]  # whatever makes one will do
        settings=settings(
            max_examples=int(soaking or EXAMPLES),
            stateful_step_count=STEPS,
            deadline=None,
            derandomize=not soaking,
            phases=[Phase.generate],  # shrinking takes minutes; run one by hand when this fails
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    sys.stdout.write(f"{done.pop('floors')} floors, {done.pop('checks')} looks at the books: {dict(done)}\n")
    assert [act for act in ACTS if not done[act]] == []


def test_any_interleaving_keeps_the_books_and_answers_every_scan_on_sqlite(
    sqlite_template: Path, tmp_path: Path
) -> None:
    path = tmp_path / "floor.sqlite3"
    path.write_bytes(sqlite_template.read_bytes())
    search(f"sqlite:///{path}")


def test_any_interleaving_keeps_the_books_and_answers_every_scan_on_postgresql(postgres_url: str) -> None:
    search(postgres_url)
