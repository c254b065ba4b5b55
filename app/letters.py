"""Sending what the outbox holds: each channel has a sender; a target that fails is not hammered."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

import structlog

from pickmesh.app import metrics
from pickmesh.core.journal import outbox
from pickmesh.core.journal.database import Database
from pickmesh.core.journal.outbox import Failure, Letter
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.actors import Actor

log = structlog.get_logger()


class SendingFailed(Exception):
    """The other side could not be reached or did not take a letter; it is tried again later."""


class SendingPutOff(Exception):
    """The other side cannot take this letter yet; it is tried again after a while, and the attempt is not counted."""

    def __init__(self, wait: timedelta) -> None:
        self.wait = wait
        super().__init__(wait)


class Sender(Protocol):
    """Delivers letters of one channel; a letter that comes twice (its id tells) must have one effect."""

    async def send(self, actor: Actor, letter: Letter) -> None:
        """Deliver a letter, or raise SendingFailed with what the other side said, or SendingPutOff."""
        ...

    async def sent(self, uow: UnitOfWork, letters: Sequence[Letter]) -> None:
        """Note in the letters' own room that they have left, in the unit of work that marks them sent."""
        ...


Senders = Mapping[str, Sender]


@dataclass(slots=True)
class _Outcome:
    """What came of the letters of one round."""

    sent: list[Letter] = field(default_factory=list)
    failed: list[Failure] = field(default_factory=list)
    spared: list[Letter] = field(default_factory=list)
    put_off: list[tuple[Letter, timedelta]] = field(default_factory=list)


async def send_due(database: Database, actor: Actor, senders: Senders, *, hidden_for: timedelta) -> int:
    """Send the letters of a merchant that are due; return how many were taken up.

    After one failure the other letters for the same target are set back with it, untried; one that is put off holds up
    no other.
    """
    taken = await database.run(actor, lambda uow: outbox.take_due(uow, hidden_for=hidden_for))
    came = _Outcome()
    closed: set[tuple[str, str]] = set()
    for letter in taken:
        if (letter.channel, letter.target) in closed:
            came.spared.append(letter)
            continue
        try:
            error = await _try(senders, actor, letter)
        except SendingPutOff as later:
            came.put_off.append((letter, later.wait))
            continue
        if error is None:
            came.sent.append(letter)
        else:
            came.failed.append(Failure(letter.id, letter.attempts, error))
            closed.add((letter.channel, letter.target))
    if taken:
        await database.run(actor, lambda uow: _settle(uow, senders, came))
    return len(taken)


async def _try(senders: Senders, actor: Actor, letter: Letter) -> str | None:
    sender = senders.get(letter.channel)
    if sender is None:
        return f"Nothing here sends letters of the channel “{letter.channel}”."
    try:
        await sender.send(actor, letter)
    except SendingPutOff:
        raise
    except SendingFailed as error:
        reason = str(error)
    except Exception as error:
        log.exception("sender broke", channel=letter.channel, letter_id=str(letter.id))
        reason = f"The sender broke: {type(error).__name__}."
    else:
        metrics.LETTERS_SENT.labels(letter.channel).inc()
        return None
    metrics.LETTERS_FAILED.labels(letter.channel).inc()
    log.warning("letter not sent", channel=letter.channel, letter_id=str(letter.id), attempts=letter.attempts)
    return reason


async def _settle(uow: UnitOfWork, senders: Senders, came: _Outcome) -> None:
    for channel in sorted({letter.channel for letter in came.sent}):
        await senders[channel].sent(uow, [letter for letter in came.sent if letter.channel == channel])
    await outbox.mark_sent(uow, [letter.id for letter in came.sent])
    died = await outbox.mark_failed(uow, came.failed, random.random())
    if came.failed and came.spared:
        wait = max(outbox.retry_after(failure.attempts, 1.0) for failure in came.failed)
        await outbox.set_back(uow, came.spared, uow.after(wait))
    if came.put_off:
        wait = max(wait for _, wait in came.put_off)
        await outbox.set_back(uow, [letter for letter, _ in came.put_off], uow.after(wait))
    metrics.LETTERS_DEAD.inc(died)
