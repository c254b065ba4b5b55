"""The rulebooks of the floor's jobs."""

from typing import Any

from pickmesh.core.floor import pick_reading, pick_rules, pick_table
from pickmesh.core.floor.pick_task import PickTask
from pickmesh.core.floor.rules import Rulebook
from pickmesh.core.floor.tables import Job

PICK: Rulebook[PickTask] = Rulebook(
    table=pick_table.TABLE,
    start=pick_rules.START,
    read=pick_reading.read,
    apply=pick_rules.apply,
    words=pick_rules.words,
    steady=pick_rules.steady,
    next_line=pick_rules.next_line,
    claims=pick_rules.claims,
)

RULEBOOKS: dict[Job, Rulebook[Any]] = {Job.PICK: PICK}
