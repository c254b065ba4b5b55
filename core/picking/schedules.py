"""When templates make waves by themselves: times of day on weekdays, as the warehouse's own clocks show them; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pickmesh.core.kit.refusals import InvalidInput
from pickmesh.core.kit.texts import sentence
from pickmesh.core.stock.cut_offs import is_cut_off

TIMES_MAX = 48
WEEKDAYS = range(1, 8)
"""Monday is 1, Sunday 7, as ISO 8601 counts."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """Times of day (HH:MM) and weekdays, both sorted and without repetition."""

    times: tuple[str, ...]
    weekdays: tuple[int, ...]

    def kept(self) -> dict[str, Any]:
        """Return the schedule as JSON."""
        return {"times": list(self.times), "weekdays": list(self.weekdays)}


def told(times: Sequence[str], weekdays: Sequence[int]) -> Schedule:
    """Return a schedule as somebody told it; refuses what is no time of day or weekday, and too much or none of it."""
    if not 1 <= len(times) <= TIMES_MAX or not all(is_cut_off(each) for each in times):
        message = sentence("Give 1 to {most} times of day as HH:MM.", most=TIMES_MAX)
        raise InvalidInput(message, field=("schedule", "times"))
    if not weekdays or not all(each in WEEKDAYS for each in weekdays):
        message = sentence("Give weekdays from 1 (Monday) to 7 (Sunday).")
        raise InvalidInput(message, field=("schedule", "weekdays"))
    return Schedule(tuple(sorted(set(times))), tuple(sorted(set(weekdays))))


def read(kept: Mapping[str, Any]) -> Schedule:
    """Return a schedule from its JSON."""
    return Schedule(tuple(kept["times"]), tuple(kept["weekdays"]))


def next_run(schedule: Schedule, after: datetime, time_zone: str) -> datetime:
    """Return the first moment of a schedule after a moment.

    A time the clocks skip that day counts as long after midnight as on other days; one they show twice counts once,
    the first time.
    """
    zone = ZoneInfo(time_zone)
    today = after.astimezone(zone).date()
    for days in range(len(WEEKDAYS) + 1):
        day = today + timedelta(days=days)
        if day.isoweekday() in schedule.weekdays:
            later = [moment for each in schedule.times if (moment := _moment(day, each, zone)) > after]
            if later:
                return min(later)
    return min(_moment(today + timedelta(days=8), each, zone) for each in schedule.times)


def _moment(day: date, time: str, zone: ZoneInfo) -> datetime:
    hour, minute = (int(part) for part in time.split(":"))
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone).astimezone(UTC)
