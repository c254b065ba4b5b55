"""What kinds of code fit a step of a job, so that a camera need not ask before it believes one of them."""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from pickmesh.core.floor import handover_job, look_up_job, pack_table, pick_table, put_back_job, sort_table
from pickmesh.core.floor.tables import Job


class Expected(StrEnum):
    """A kind of code somebody may scan now."""

    BIN = "BIN"
    TOTE = "TOTE"
    SLOT = "SLOT"
    ITEM = "ITEM"
    SERIAL = "SERIAL"
    ORDER = "ORDER"
    PARCEL = "PARCEL"
    WAVE = "WAVE"
    EXCEPTION_TASK = "EXCEPTION_TASK"
    MANIFEST = "MANIFEST"
    ANYTHING = "ANYTHING"


_GOODS = (Expected.ITEM, Expected.SERIAL)
_EXPECTED: Mapping[Job, Mapping[str, Sequence[Expected]]] = {
    Job.PICK: {
        pick_table.TOTE: (Expected.TOTE,),
        pick_table.PLACE: (Expected.BIN,),
        pick_table.ITEM: _GOODS,
        pick_table.PUT: (Expected.TOTE, *_GOODS),
    },
    Job.SORT: {
        sort_table.OPEN: (Expected.TOTE, Expected.WAVE, Expected.SLOT),
        sort_table.WALL: (Expected.SLOT,),
        sort_table.ITEM: (*_GOODS, Expected.TOTE),
        sort_table.SLOT: (Expected.SLOT, *_GOODS),
    },
    Job.PACK: {
        pack_table.OPEN: (Expected.TOTE, Expected.SLOT, *_GOODS, Expected.ORDER, Expected.PARCEL, Expected.WAVE),
        pack_table.ITEMS: _GOODS,
    },
    Job.PUT_BACK: {
        put_back_job.ITEM: (*_GOODS, Expected.EXCEPTION_TASK),
        put_back_job.PLACE: (Expected.BIN, *_GOODS),
    },
    Job.HANDOVER: {
        handover_job.OPEN: (Expected.PARCEL, Expected.MANIFEST),
        handover_job.LOADING: (Expected.PARCEL, Expected.MANIFEST),
    },
    Job.LOOK_UP: {look_up_job.ASKING: (Expected.ANYTHING,)},
}


def expected(job: Job, step: str) -> Sequence[Expected]:
    """Return the kinds of code that fit a step; none where nothing is scanned."""
    return _EXPECTED.get(job, {}).get(step, ())
