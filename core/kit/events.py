"""Events: what happened, as data. Each room's `events.py` declares its own kinds as subclasses."""

from dataclasses import dataclass, fields
from typing import ClassVar
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to one subject; payloads carry ids, quantities and amounts, never personal data."""

    kind: ClassVar[str]
    subject_id: UUID

    def payload(self) -> dict[str, object]:
        """Return every field but the subject, ready for JSON."""
        kind = type(self)
        names = _TOLD.get(kind)
        if names is None:
            names = _TOLD[kind] = tuple(item.name for item in fields(kind) if item.name != "subject_id")
        return {name: getattr(self, name) for name in names}


_TOLD: dict[type[Event], tuple[str, ...]] = {}
"""What each kind's payload holds, looked up once."""
