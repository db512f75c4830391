"""Pauses in a person's own working hours: later than now, and at work."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_calendar_properties import NEVER, Situation, offsets, situations

from bot.flow.calendar import Calendar
from bot.flow.pauses import SNOOZES, end_of_day

BERLIN = ZoneInfo("Europe/Berlin")
WEEK = Calendar("Europe/Berlin")
SPLIT = ((540, 750), (825, 1050))
WITH_A_BREAK = Calendar("Europe/Berlin", hours=(SPLIT,) * 4 + (((540, 780),), (), ()))
NIGHTS = Calendar("Europe/Berlin", hours=(((1320, 360),),) * 5 + ((), ()))


def at(day: int, clock: str) -> int:
    """A minute of March 2026 in Berlin; the 2nd is a Monday."""
    return int(datetime.fromisoformat(f"2026-03-{day:02} {clock}").replace(tzinfo=BERLIN).timestamp())


def said(instant: int) -> str:
    return datetime.fromtimestamp(instant, BERLIN).strftime("%a %H:%M")


@pytest.mark.parametrize(
    ("calendar", "now", "ends"),
    [
        (WEEK, at(2, "09:00"), ["Mon 10:00", "Mon 13:00", "Tue 09:00", "Mon 09:00"]),
        (WEEK, at(2, "13:00"), ["Mon 14:00", "Tue 13:00", "Tue 09:00", "Mon 09:00"]),
        (WEEK, at(2, "16:30"), ["Tue 09:00", "Tue 13:00", "Tue 09:00", "Mon 09:00"]),
        (WEEK, at(6, "16:30"), ["Mon 09:00", "Mon 13:00", "Mon 09:00", "Mon 09:00"]),
        (WEEK, at(8, "12:00"), ["Mon 09:00", "Mon 13:00", "Mon 09:00", "Mon 09:00"]),
        (WITH_A_BREAK, at(3, "12:00"), ["Tue 13:45", "Tue 13:45", "Wed 09:00", "Mon 09:00"]),
        (WITH_A_BREAK, at(5, "14:00"), ["Thu 15:00", "Mon 09:00", "Fri 09:00", "Mon 09:00"]),
        (NIGHTS, at(3, "23:00"), ["Wed 00:00", "Wed 22:00", "Wed 22:00", "Mon 22:00"]),
        (NEVER, at(2, "09:00"), ["Mon 10:00", "Tue 09:00", "Tue 09:00", "Mon 01:00"]),
    ],
)
def test_each_pause_ends_when_people_would_say_it_does(calendar: Calendar, now: int, ends: list[str]) -> None:
    assert [said(pause(calendar, now)) for pause in SNOOZES.values()] == ends


@pytest.mark.parametrize(
    ("calendar", "now", "end"),
    [
        (WEEK, at(2, "09:00"), "Mon 17:00"),
        (WEEK, at(2, "17:00"), "Tue 17:00"),
        (WEEK, at(7, "10:00"), "Mon 17:00"),
        (WITH_A_BREAK, at(2, "12:45"), "Mon 17:30"),
        (WITH_A_BREAK, at(6, "08:00"), "Fri 13:00"),
        (NIGHTS, at(3, "01:00"), "Tue 06:00"),
        (NIGHTS, at(3, "12:00"), "Wed 06:00"),
        (NEVER, at(2, "09:00"), "Mon 17:00"),
    ],
)
def test_somebody_is_on_it_until_their_working_day_ends(calendar: Calendar, now: int, end: str) -> None:
    assert said(end_of_day(calendar, now)) == end


def test_next_monday_may_be_a_holiday_and_is_then_the_day_after_it() -> None:
    closed = Calendar("Europe/Berlin", days_off=frozenset({date(2026, 3, 9)}))
    assert said(SNOOZES["monday"](closed, at(4, "12:00"))) == "Tue 09:00"


@given(situations(), offsets, st.sampled_from(list(SNOOZES)))
def test_a_pause_ends_later_and_at_work(situation: Situation, offset: int, pause: str) -> None:
    now = situation.around + offset
    end = SNOOZES[pause](situation.calendar, now)
    assert end > now
    assert situation.calendar.is_working(end) or situation.calendar.next_working(now) is None


@given(situations(), offsets)
def test_the_end_of_the_day_is_later_and_the_last_of_some_work(situation: Situation, offset: int) -> None:
    now = situation.around + offset
    end = end_of_day(situation.calendar, now)
    assert end > now
    assert situation.calendar.is_working(end - 1) or situation.calendar.next_working(now) is None
