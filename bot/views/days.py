"""How days, hours of the week and times to come are said in full sentences."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, tzinfo
from typing import TypeAlias

Week: TypeAlias = Sequence[Sequence[tuple[int, int]]]
"""Windows in minutes of the day, by weekday from Monday on."""
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


def day_said(day: date, today: date) -> str:
    """`today`, `Friday 4 December`, or `Friday 1 January 2027` where it is another year."""
    if day == today:
        return "today"
    year = "" if day.year == today.year else f" {day.year}"
    return f"{_WEEKDAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]}{year}"


def date_of(at: int, zone: tzinfo) -> date:
    """The local day of an instant."""
    return datetime.fromtimestamp(at, zone).date()


def moment_said(at: int, zone: tzinfo, now: int) -> str:
    """An instant on the reader's wall clock: `today 14:00`, `Monday 7 December 09:00`."""
    there = datetime.fromtimestamp(at, zone)
    return f"{day_said(there.date(), datetime.fromtimestamp(now, zone).date())} {there:%H:%M}"


def clock_said(at: int, zone: tzinfo) -> str:
    """`Monday 10:15`"""
    there = datetime.fromtimestamp(at, zone)
    return f"{_WEEKDAYS[there.weekday()]} {there:%H:%M}"


def week_said(hours: Week) -> str:
    """Weekly hours: `Mon-Thu 09:00-17:00; Fri 09:00-13:00, 14:00-16:00`; `none` without any."""
    runs: list[tuple[int, int]] = []
    for day, windows in enumerate(hours):
        if runs and hours[runs[-1][0]] == windows:
            runs[-1] = (runs[-1][0], day)
        else:
            runs.append((day, day))
    return "; ".join(f"{_days(*run)} {_windows(hours[run[0]])}" for run in runs if hours[run[0]]) or "none"


def _days(first: int, last: int) -> str:
    return _WEEKDAYS[first][:3] if first == last else f"{_WEEKDAYS[first][:3]}-{_WEEKDAYS[last][:3]}"


def _windows(windows: Sequence[tuple[int, int]]) -> str:
    return ", ".join("-".join(f"{minute // 60:02}:{minute % 60:02}" for minute in one) for one in windows)
