"""Cut-offs, pure: the last departure before a promise, in the warehouse's own zone, whatever the clocks do."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pickmesh.core.stock.cut_offs import first_cut_off, is_cut_off, last_cut_off


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("until", "cut_off", "zone", "leaves"),
    [
        ("2026-11-24T10:00", "17:00", "Asia/Shanghai", "2026-11-24T09:00"),
        ("2026-11-24T09:00", "17:00", "Asia/Shanghai", "2026-11-24T09:00"),
        ("2026-11-24T08:59", "17:00", "Asia/Shanghai", "2026-11-23T09:00"),
        ("2026-11-24T16:30", "00:15", "Asia/Shanghai", "2026-11-24T16:15"),
        # New York, 2026-11-01: 01:30 comes twice (05:30 and 06:30 UTC); parcels leave at the first.
        ("2026-11-01T07:00", "01:30", "America/New_York", "2026-11-01T05:30"),
        ("2026-11-01T05:29", "01:30", "America/New_York", "2026-10-31T05:30"),
        # 2026-03-08: 02:30 does not come; two and a half hours after midnight is 03:30, 07:30 UTC.
        ("2026-03-08T12:00", "02:30", "America/New_York", "2026-03-08T07:30"),
        ("2026-03-08T07:29", "02:30", "America/New_York", "2026-03-07T07:30"),
        # Samoa had no 2011-12-30.
        ("2011-12-30T11:00", "17:00", "Pacific/Apia", "2011-12-30T03:00"),
    ],
)
def test_the_last_cut_off_not_after_a_moment(until: str, cut_off: str, zone: str, leaves: str) -> None:
    assert last_cut_off(utc(until), cut_off, zone) == utc(leaves)


def test_without_a_cut_off_the_moment_itself_counts() -> None:
    assert last_cut_off(utc("2026-11-24T10:00"), None, "Asia/Shanghai") == utc("2026-11-24T10:00")
    assert first_cut_off(utc("2026-11-24T10:00"), None, "Asia/Shanghai") == utc("2026-11-24T10:00")


@pytest.mark.parametrize(
    ("text", "is_one"),
    [("00:00", True), ("23:59", True), ("24:00", False), ("7:00", False), ("17:60", False), ("", False)],
)
def test_a_cut_off_is_a_time_of_day(text: str, is_one: bool) -> None:
    assert is_cut_off(text) is is_one


moments = st.datetimes(datetime(2009, 1, 1), datetime(2030, 1, 1)).map(lambda at: at.replace(tzinfo=UTC))
times = st.times().map(lambda at: f"{at.hour:02}:{at.minute:02}")
zones = st.sampled_from(["Asia/Shanghai", "America/New_York", "Europe/London", "Australia/Lord_Howe", "Pacific/Apia"])


@given(moments, times, zones)
def test_parcels_leave_within_the_day_before_and_never_after(until: datetime, cut_off: str, zone: str) -> None:
    leaves = last_cut_off(until, cut_off, zone)
    assert leaves <= until
    assert until - leaves <= timedelta(hours=50)  # two days at most: Samoa left one out
    assert last_cut_off(leaves, cut_off, zone) == leaves


@given(moments, moments, times, zones)
def test_a_later_promise_never_leaves_earlier_so_both_rank_orders_alike(
    one: datetime, other: datetime, cut_off: str, zone: str
) -> None:
    first, second = sorted((one, other))
    assert last_cut_off(first, cut_off, zone) <= last_cut_off(second, cut_off, zone)


@given(moments, moments, times, zones)
def test_what_leaves_too_early_is_what_is_promised_before_the_next_cut_off(
    promised: datetime, now: datetime, cut_off: str, zone: str
) -> None:
    is_late = last_cut_off(promised, cut_off, zone) < now
    assert is_late == (promised < first_cut_off(now, cut_off, zone))


@given(moments, times, zones)
def test_on_days_the_clocks_stand_still_parcels_leave_at_the_very_time(
    until: datetime, cut_off: str, zone: str
) -> None:
    leaves = last_cut_off(until, cut_off, zone).astimezone(ZoneInfo(zone))
    day = timedelta(days=1)
    if (leaves - day).utcoffset() == leaves.utcoffset() == (leaves + day).utcoffset():
        assert f"{leaves.hour:02}:{leaves.minute:02}" == cut_off
