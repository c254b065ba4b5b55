from datetime import UTC, datetime

import pytest

from pickmesh.core.kit.refusals import InvalidInput
from pickmesh.core.picking import schedules
from pickmesh.core.picking.schedules import Schedule

WORKDAYS = schedules.told(["14:30", "08:00", "08:00"], [5, 1, 2, 3, 4, 1])


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]  # year, month, day and so on


def test_what_is_told_is_kept_in_order_and_once() -> None:
    assert Schedule(("08:00", "14:30"), (1, 2, 3, 4, 5)) == WORKDAYS
    assert schedules.read(WORKDAYS.kept()) == WORKDAYS


@pytest.mark.parametrize(
    ("after", "runs"),
    [
        (utc(2026, 11, 23, 23, 59), utc(2026, 11, 24, 0, 0)),  # Tuesday 07:59 in Shanghai, so at 08:00
        (utc(2026, 11, 24, 0, 0), utc(2026, 11, 24, 6, 30)),
        (utc(2026, 11, 24, 6, 30), utc(2026, 11, 25, 0, 0)),
        (utc(2026, 11, 27, 7, 0), utc(2026, 11, 30, 0, 0)),  # Friday afternoon: Monday is next
    ],
)
def test_the_next_run_is_by_the_clocks_of_the_warehouse(after: datetime, runs: datetime) -> None:
    assert schedules.next_run(WORKDAYS, after, "Asia/Shanghai") == runs


def test_once_a_week_comes_round_a_week_later() -> None:
    weekly = schedules.told(["09:00"], [2])
    assert schedules.next_run(weekly, utc(2026, 11, 24, 9, 0), "UTC") == utc(2026, 12, 1, 9, 0)


def test_a_time_the_clocks_skip_counts_as_long_after_midnight_as_ever() -> None:
    early = schedules.told(["02:30"], [7])
    assert schedules.next_run(early, utc(2026, 3, 28), "Europe/Berlin") == utc(2026, 3, 29, 1, 30)


def test_a_time_the_clocks_show_twice_counts_once() -> None:
    early = schedules.told(["02:30"], [7])
    first = schedules.next_run(early, utc(2026, 10, 24), "Europe/Berlin")
    assert first == utc(2026, 10, 25, 0, 30)
    assert schedules.next_run(early, first, "Europe/Berlin") == utc(2026, 11, 1, 1, 30)


@pytest.mark.parametrize(
    ("times", "weekdays"), [([], [1]), (["24:00"], [1]), (["8:00"], [1]), (["08:00"], []), (["08:00"], [0])]
)
def test_what_is_no_time_of_day_or_weekday_is_refused(times: list[str], weekdays: list[int]) -> None:
    with pytest.raises(InvalidInput):
        schedules.told(times, weekdays)
