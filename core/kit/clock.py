"""Time is injected: nothing in core reads the machine's clock by itself."""

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the present moment in UTC, to the microsecond."""

    def now(self) -> datetime:
        """Return an aware UTC datetime."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the machine's time in UTC."""
        return datetime.now(UTC)


class StoppedClock:
    """A clock that moves only when told to: for tests, demos and simulations."""

    def __init__(self, at: datetime) -> None:
        self._at = at.astimezone(UTC)

    def now(self) -> datetime:
        """Return the moment this clock stands at."""
        return self._at

    def advance(self, by: timedelta) -> None:
        """Move the clock; a negative step is a clock that jumped back."""
        self._at += by
