"""What happens in the journal itself: a timer that somebody set has come due."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from pickmesh.core.kit.events import Event


@dataclass(frozen=True, slots=True)
class TimerDue(Event):
    """The timer of kind `timer` about the subject was due at `due_at`; told at least once, so recheck the state."""

    kind: ClassVar[str] = "timer_due"
    timer: str
    due_at: datetime
