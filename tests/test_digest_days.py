"""When a regular digest comes: by local days, whatever the clocks do."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.flow.calendar import Calendar
from bot.flow.digest.days import MONTH, WEEK, Due, Every, due, first_on, following, instant_of, preceding, start_of

BERLIN, DAY = Calendar("Europe/Berlin"), 86_400
MONDAYS, AT_NIGHT = Every(WEEK, 0, 9 * 60 + 30), Every(WEEK, 6, 2 * 60 + 30)
"""AT_NIGHT is the hour that the clocks leave out in spring, and show twice in autumn: on Sundays at 2:30."""


def utc(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def test_a_weekly_one_is_about_the_seven_days_before_its_own():
    assert due(MONDAYS, date(2026, 3, 9), BERLIN, utc("2026-03-09T08:30:00")) == Due(
        date(2026, 3, 9), utc("2026-03-09T08:30:00"), utc("2026-03-01T23:00:00"), utc("2026-03-08T23:00:00"), (),
        1, date(2026, 3, 16),
    )  # fmt: skip


def test_it_is_not_due_a_second_before():
    assert due(MONDAYS, date(2026, 3, 9), BERLIN, utc("2026-03-09T08:29:59")) is None


def test_a_monthly_one_is_about_the_month_before_its_day():
    first = Every(MONTH, 1, 0)
    found = due(first, date(2026, 4, 1), BERLIN, utc("2026-04-01T12:00:00"))
    assert found is not None
    assert (found.since, found.until) == (utc("2026-02-28T23:00:00"), utc("2026-03-31T22:00:00"))
    assert found.next_on == date(2026, 5, 1)


@pytest.mark.parametrize(("day", "expected"), [
    (date(2026, 1, 31), date(2026, 2, 28)), (date(2028, 1, 31), date(2028, 2, 29)),
    (date(2026, 2, 28), date(2026, 3, 31)), (date(2026, 12, 31), date(2027, 1, 31)),
])  # fmt: skip
def test_a_shorter_month_has_its_last_day(day: date, expected: date):
    assert following(Every(MONTH, 31, 0), day) == expected
    assert preceding(Every(MONTH, 31, 0), expected) == day


def test_the_night_the_clocks_skip_the_hour_has_its_digest_once():
    night = date(2026, 3, 29)
    at = instant_of(AT_NIGHT, night, BERLIN)
    assert at == utc("2026-03-29T01:30:00"), "half past three of summer time: two and a half hours after midnight"
    assert due(AT_NIGHT, night, BERLIN, at - 1) is None
    found = due(AT_NIGHT, night, BERLIN, at)
    assert found is not None
    assert (found.on, found.missed, found.next_on) == (night, (), date(2026, 4, 5))
    assert found.until - found.since == 7 * DAY
    following_one = due(AT_NIGHT, date(2026, 4, 5), BERLIN, utc("2026-04-05T12:00:00"))
    assert following_one is not None
    assert following_one.until - following_one.since == 7 * DAY - 3600


def test_the_night_the_hour_comes_twice_has_its_digest_the_first_time():
    night = date(2026, 10, 25)
    assert instant_of(AT_NIGHT, night, BERLIN) == utc("2026-10-25T00:30:00")
    found = due(AT_NIGHT, night, BERLIN, utc("2026-10-25T01:30:00"))
    assert found is not None
    assert due(AT_NIGHT, found.next_on, BERLIN, utc("2026-10-25T01:30:00")) is None, "not again an hour later"


def test_of_several_that_were_missed_the_last_one_stands_for_all():
    found = due(MONDAYS, date(2026, 3, 9), BERLIN, utc("2026-03-26T10:00:00"))
    assert found is not None
    assert (found.on, found.missed, found.next_on) == (
        date(2026, 3, 23),
        (date(2026, 3, 9), date(2026, 3, 16)),
        date(2026, 3, 30),
    )
    assert (found.periods, found.since) == (3, utc("2026-03-01T23:00:00")), "and it is about all their days"


def test_after_a_very_long_stop_it_is_about_the_last_four_weeks():
    found = due(MONDAYS, date(2026, 3, 9), BERLIN, utc("2026-06-01T10:00:00"))
    assert found is not None
    assert (len(found.missed), found.periods, found.since) == (12, 4, utc("2026-05-03T22:00:00"))


def test_one_that_is_asked_for_on_its_day_comes_that_day_if_its_time_is_still_to_come():
    monday = date(2026, 3, 9)
    assert start_of(MONDAYS, monday, BERLIN, utc("2026-03-09T08:00:00")) == monday
    assert start_of(MONDAYS, monday, BERLIN, utc("2026-03-09T08:30:00")) == date(2026, 3, 16)


rhythms = st.one_of(
    st.builds(Every, st.just(WEEK), st.integers(0, 6), st.integers(0, 1439)),
    st.builds(Every, st.just(MONTH), st.integers(1, 31), st.integers(0, 1439)),
)
zones = st.sampled_from(
    ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Africa/Casablanca"]
)


@given(rhythms, st.dates(date(2024, 1, 1), date(2027, 12, 31)))
def test_the_day_before_the_following_one_is_the_day_itself(every: Every, any_day: date):
    day = first_on(every, any_day)
    assert preceding(every, following(every, day)) == day
    assert day >= any_day


@given(rhythms, zones, st.dates(date(2024, 1, 1), date(2027, 12, 31)), st.lists(st.integers(1, 40 * DAY), max_size=12))
def test_whenever_one_looks_each_day_comes_once_or_is_told_as_missed(
    every: Every, zone: str, start: date, looks: list[int]
):
    calendar = Calendar(zone)
    coming = first_on(every, start)
    now, said = calendar.midnight(start), list[date]()
    for passed in looks:
        now += passed
        found = due(every, coming, calendar, now)
        if found is not None:
            said += [*found.missed, found.on]
            coming = found.next_on
            assert found.at <= now < instant_of(every, coming, calendar)
    expected, day = list[date](), first_on(every, start)
    while looks and instant_of(every, day, calendar) <= now:
        expected.append(day)
        day = following(every, day)
    assert said == expected
