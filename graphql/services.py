"""What every operation of a process shares; the app puts it together once."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from pickmesh.core.floor import commands
from pickmesh.core.floor.commands import BatchResult, EntryBatch
from pickmesh.core.journal.database import Database
from pickmesh.core.journal.group_commit import GroupCommit
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.actors import Actor
from pickmesh.core.packing.carriers import Carriers
from pickmesh.graphql.bell import Bell
from pickmesh.graphql.limits import Limits
from pickmesh.graphql.sessions import Sessions
from pickmesh.graphql.together import Together


async def record(uow: UnitOfWork, pairs: Sequence[tuple[Actor, EntryBatch]]) -> Sequence[BatchResult]:
    """Record the scans that wait, of whichever persons and sessions, in one unit of work."""
    return await commands.record_entries(uow, batches=[batch for _, batch in pairs])


@dataclass(slots=True)
class Services:
    """The database, the group commit for scans, the carriers, and what this process remembers between requests."""

    database: Database
    carriers: Carriers = field(default_factory=lambda: Carriers({}))
    limits: Limits = field(default_factory=Limits)
    bell: Bell = field(default_factory=Bell)
    bot_secret: str | None = field(default=None, repr=False)
    """What the bot shows to be the bot; without one nobody is."""
    bot_name: str | None = None
    """The bot's name at Telegram, for links that open a chat with it."""
    sessions: Sessions = field(init=False)
    scans: GroupCommit[EntryBatch, BatchResult] = field(init=False)
    together: Together = field(init=False)

    def __post_init__(self) -> None:
        self.sessions = Sessions(self.database, self.limits, self.bot_secret)
        self.scans = GroupCommit(self.database, record)
        self.together = Together(self.database)
