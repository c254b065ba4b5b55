"""The rulebooks of the floor's jobs."""

import hashlib
import json
from typing import Any

from pickmesh.core.floor import (
    handover_job,
    look_up_job,
    pack_reading,
    pack_rules,
    pack_table,
    pick_reading,
    pick_rules,
    pick_table,
    put_back_job,
    sort_reading,
    sort_rules,
    sort_table,
)
from pickmesh.core.floor.handover_job import HandoverTask
from pickmesh.core.floor.look_up_job import LookUpTask
from pickmesh.core.floor.pack_task import PackTask
from pickmesh.core.floor.pick_task import PickTask
from pickmesh.core.floor.put_back_job import PutBackTask
from pickmesh.core.floor.rules import Rulebook
from pickmesh.core.floor.sort_task import SortTask
from pickmesh.core.floor.tables import Job

PICK: Rulebook[PickTask] = Rulebook(
    table=pick_table.TABLE,
    start=pick_rules.START,
    read=pick_reading.read,
    apply=pick_rules.apply,
    words=pick_rules.words,
    steady=pick_rules.steady,
    next_line=pick_rules.next_line,
    side_track=pick_rules.side_track,
    claims=pick_rules.claims,
)

SORT: Rulebook[SortTask] = Rulebook(
    table=sort_table.TABLE,
    start=sort_rules.START,
    read=sort_reading.read,
    apply=sort_rules.apply,
    words=sort_rules.words,
    steady=sort_rules.steady,
    next_line=sort_rules.next_line,
    side_track=sort_rules.side_track,
    claims=sort_rules.claims,
)

PACK: Rulebook[PackTask] = Rulebook(
    table=pack_table.TABLE,
    start=pack_rules.START,
    read=pack_reading.read,
    apply=pack_rules.apply,
    words=pack_rules.words,
    steady=pack_rules.steady,
    next_line=pack_rules.next_line,
    side_track=pack_rules.side_track,
    claims=pack_rules.claims,
)

PUT_BACK: Rulebook[PutBackTask] = Rulebook(
    table=put_back_job.TABLE,
    start=put_back_job.START,
    read=put_back_job.read,
    apply=put_back_job.apply,
    words=put_back_job.words,
    steady=put_back_job.steady,
    next_line=put_back_job.next_line,
    side_track=put_back_job.side_track,
    claims=put_back_job.claims,
)

LOOK_UP: Rulebook[LookUpTask] = Rulebook(
    table=look_up_job.TABLE,
    start=look_up_job.START,
    read=look_up_job.read,
    apply=look_up_job.apply,
    words=look_up_job.words,
    steady=look_up_job.steady,
    next_line=look_up_job.steady,
    side_track=look_up_job.side_track,
    claims=look_up_job.claims,
)

HANDOVER: Rulebook[HandoverTask] = Rulebook(
    table=handover_job.TABLE,
    start=handover_job.START,
    read=handover_job.read,
    apply=handover_job.apply,
    words=handover_job.words,
    steady=handover_job.steady,
    next_line=handover_job.next_line,
    side_track=handover_job.side_track,
    claims=handover_job.claims,
)

RULEBOOKS: dict[Job, Rulebook[Any]] = {
    Job.PICK: PICK,
    Job.SORT: SORT,
    Job.PACK: PACK,
    Job.PUT_BACK: PUT_BACK,
    Job.LOOK_UP: LOOK_UP,
    Job.HANDOVER: HANDOVER,
}


def transitions_as_json() -> dict[str, Any]:
    """Return every job's table, for clients that judge without network."""
    return {job.value: book.table.as_json() for job, book in RULEBOOKS.items()}


TABLES_VERSION = hashlib.sha256(json.dumps(transitions_as_json(), sort_keys=True).encode()).hexdigest()[:16]
"""Tells a client whether the tables it keeps are still the server's."""
