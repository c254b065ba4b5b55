"""What every operation of a process shares; the app puts it together once."""

from dataclasses import dataclass, field
from typing import Any

from pickmesh.core.journal.database import Database
from pickmesh.graphql.bell import Bell
from pickmesh.graphql.limits import Limits
from pickmesh.graphql.sessions import Sessions


@dataclass(slots=True)
class Services:
    """The database, the group commit for scans, the carriers, and what this process remembers between requests."""

    database: Database
    scans: Any = None
    carriers: Any = None
    limits: Limits = field(default_factory=Limits)
    bell: Bell = field(default_factory=Bell)
    sessions: Sessions = field(init=False)

    def __post_init__(self) -> None:
        self.sessions = Sessions(self.database, self.limits)
