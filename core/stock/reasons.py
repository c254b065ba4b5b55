"""Why a figure was corrected: a known reason, and a note for what it does not say."""

from enum import StrEnum

from pickmesh.core.kit.refusals import InvalidInput
from pickmesh.core.kit.texts import sentence

NOTE_LENGTH_MAX = 200


class AdjustmentReason(StrEnum):
    """Why a figure was corrected."""

    FOUND = "FOUND"
    LOST = "LOST"
    DAMAGED = "DAMAGED"
    EXPIRED = "EXPIRED"
    CORRECTION = "CORRECTION"
    SAMPLE = "SAMPLE"
    OTHER = "OTHER"


_ONLY_UP = frozenset({AdjustmentReason.FOUND})
_ONLY_DOWN = frozenset(
    {AdjustmentReason.LOST, AdjustmentReason.DAMAGED, AdjustmentReason.EXPIRED, AdjustmentReason.SAMPLE}
)


def ledger_text(reason: AdjustmentReason, note: str, *, raises: bool) -> str:
    """Return what the ledger keeps: the reason, and the note behind it; `raises` tells which way the figure goes.

    Refuses OTHER without a note, and a reason that cannot be: what is lost raises nothing.
    """
    said = " ".join(note.split())
    if len(said) > NOTE_LENGTH_MAX:
        raise InvalidInput(sentence("A note has at most {most} characters.", most=NOTE_LENGTH_MAX), field=("note",))
    if reason is AdjustmentReason.OTHER and not said:
        raise InvalidInput(sentence("Say in the note what the other reason is."), field=("note",))
    if reason in (_ONLY_DOWN if raises else _ONLY_UP):
        message = sentence("{reason} cannot be why a figure goes that way; choose another reason.", reason=reason.value)
        raise InvalidInput(message, field=("reason",))
    return f"{reason.value}: {said}" if said else reason.value
