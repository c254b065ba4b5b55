"""Cut-offs: the local time at which a warehouse's last parcels of a day leave; pure."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

_CUT_OFF = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_DAY = timedelta(days=1)


def is_cut_off(text: str) -> bool:
    """Tell whether a text is a time of day as cut-offs are kept: HH:MM."""
    return _CUT_OFF.fullmatch(text) is not None


def last_cut_off(until: datetime, cut_off: str | None, time_zone: str) -> datetime:
    """Return the last moment not after `until` at which parcels leave; without a cut-off that is `until` itself.

    The time of day is the warehouse's own. On the day clocks go back it is the first of the two such moments, on the
    day they go forward and skip it, as long after midnight as on other days.
    """
    if cut_off is None:
        return until
    zone = ZoneInfo(time_zone)
    day = until.astimezone(zone).date()
    while (leaves := _moment(datetime(day.year, day.month, day.day), cut_off, zone)) > until:
        day -= _DAY
    return leaves


def first_cut_off(since: datetime, cut_off: str | None, time_zone: str) -> datetime:
    """Return the first moment not before `since` at which parcels leave; without a cut-off that is `since` itself.

    What must be out by then is late when it leaves no sooner: `last_cut_off(ship_by) < now` is the same as
    `ship_by < first_cut_off(now)`.
    """
    if cut_off is None:
        return since
    zone = ZoneInfo(time_zone)
    day = since.astimezone(zone).date() - _DAY
    while (leaves := _moment(datetime(day.year, day.month, day.day), cut_off, zone)) < since:
        day += _DAY
    return leaves


def _moment(day: datetime, cut_off: str, zone: ZoneInfo) -> datetime:
    hour, minute = (int(part) for part in cut_off.split(":"))
    return day.replace(hour=hour, minute=minute, tzinfo=zone).astimezone(UTC)
