"""When a regular digest comes, and which days it is about: by local days, so that no clock change skips or doubles one.

A digest is about the days from the one before it that came up to the midnight that begins its own day. A day of the
month that a month lacks is its last one.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date, time, timedelta
from typing import NamedTuple

from bot.flow.calendar import Calendar

WEEK, MONTH = "week", "month"
MOST_AT_ONCE = 4
"""Periods that one digest is about at most, where others were missed."""


class Every(NamedTuple):
    """A rhythm."""

    unit: str
    """WEEK or MONTH."""
    day: int
    """The weekday, Monday being 0, or the day of the month from 1."""
    minute: int
    """Of the local day."""


class Due(NamedTuple):
    """A digest whose time has come."""

    on: date
    at: int
    """The instant at which it was to come."""
    since: int
    until: int
    """What it is about: [since, until)."""
    missed: tuple[date, ...]
    """The days before it on which one was to come and did not: this one stands for them, too."""
    periods: int
    """How many weeks or months it is about: its own and those of the missed ones, up to MOST_AT_ONCE."""
    next_on: date


def first_on(every: Every, day: date) -> date:
    """The first day of a rhythm that is `day` or comes after it."""
    if every.unit == WEEK:
        return day + timedelta(days=(every.day - day.weekday()) % 7)
    found = _in_month(every, day.year, day.month)
    return found if found >= day else _in_month(every, *_month_after(day))


def following(every: Every, day: date) -> date:
    """The day of a rhythm after one."""
    return first_on(every, day + timedelta(days=1))


def preceding(every: Every, day: date) -> date:
    """The day of a rhythm before one."""
    if every.unit == WEEK:
        return day - timedelta(days=7)
    before = day.replace(day=1) - timedelta(days=1)
    return _in_month(every, before.year, before.month)


def _in_month(every: Every, year: int, month: int) -> date:
    return date(year, month, min(every.day, monthrange(year, month)[1]))


def _month_after(day: date) -> tuple[int, int]:
    return (day.year + 1, 1) if day.month == 12 else (day.year, day.month + 1)


def instant_of(every: Every, day: date, calendar: Calendar) -> int:
    """When a digest of a local day comes; a time that the clocks leave out is as long after midnight as it says."""
    return calendar.instant(day, time(*divmod(every.minute, 60)))


def start_of(every: Every, day: date, calendar: Calendar, now: int) -> date:
    """The first day on which one is to come that was asked for on a local day at `now`."""
    first = first_on(every, day)
    return first if instant_of(every, first, calendar) > now else following(every, first)


def due(every: Every, next_on: date, calendar: Calendar, now: int) -> Due | None:
    """What is to come by now, where the next one is to come on a local day; of several the last."""
    if instant_of(every, next_on, calendar) > now:
        return None
    on, missed = next_on, list[date]()
    while instant_of(every, following(every, on), calendar) <= now:
        missed.append(on)
        on = following(every, on)
    about = [*missed, on][-MOST_AT_ONCE:]
    since, until = calendar.midnight(preceding(every, about[0])), calendar.midnight(on)
    return Due(on, instant_of(every, on, calendar), since, until, tuple(missed), len(about), following(every, on))
