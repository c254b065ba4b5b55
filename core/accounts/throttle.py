"""Guessing of passwords is slowed per sign-in name, known or not, so that the answer tells nobody which names exist."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from pickmesh.core.accounts.refusals import TooManyAttempts
from pickmesh.core.accounts.tables import SignInThrottle
from pickmesh.core.db import rows

FAILURES_MAX = 5
WINDOW = timedelta(minutes=15)


async def take_attempt(connection: AsyncConnection, name_hash: str, now: datetime) -> None:
    """Count an attempt before the password is looked at, so that many at once are counted too.

    Refuses TOO_MANY_ATTEMPTS when the window since the first one already holds five. Old windows are forgotten here.
    """
    await connection.execute(sa.delete(SignInThrottle).where(SignInThrottle.since <= now - WINDOW))
    await rows.upsert(
        connection, SignInThrottle, [{"name_hash": name_hash, "attempts": 1, "since": now}], add=["attempts"]
    )
    taken = (
        await connection.execute(
            sa.select(SignInThrottle.attempts, SignInThrottle.since).where(SignInThrottle.name_hash == name_hash)
        )
    ).one()
    if taken.attempts > FAILURES_MAX:
        wait = taken.since + WINDOW - now
        raise TooManyAttempts(data={"retryAfterSeconds": max(1, int(wait.total_seconds()))})


async def forget_attempts(connection: AsyncConnection, name_hash: str) -> None:
    """Start anew for a name whose owner has signed in."""
    await connection.execute(sa.delete(SignInThrottle).where(SignInThrottle.name_hash == name_hash))
