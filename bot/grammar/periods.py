"""Periods as people say them: `last week`, `30 days`, `October`, `2026-10-01 to 2026-10-31`."""

from __future__ import annotations

import re
from calendar import month_name
from collections.abc import Callable
from datetime import date, timedelta
from typing import NamedTuple

from bot.flow.calendar import DAY, Calendar
from bot.grammar.days import past_day
from bot.grammar.values import Misread

ALLOWED = (
    "Periods are said like `week`, `last week`, `month`, `last month`, `30 days`, `6 weeks`, `October`, `2026`, "
    "`2026-10-01 to 2026-10-31` or `since 1 Oct`."
)
USUAL_DAYS = 30
"""How many days are looked back where nothing is said."""
MOST_DAYS = 3_660
_LENGTH = re.compile(r"(?:the )?(?:last |past )?(\d{1,5}) ?(d|days?|w|weeks?)")
_RUNNING = re.compile(r"(?:(this|last|the last|past) )?(week|month|quarter|year)")
_MONTH = re.compile(r"([a-z]{3,9})(?: (\d{4}))?|(\d{4})-(\d\d)")
_YEAR = re.compile(r"(?:19|20|21)\d\d")
_SINCE = re.compile(r"since (.+)")
_SPAN = re.compile(r"(?:from )?(.+?) (?:to|until|till|through|-|–|—) (.+)")
_MONTHS = {name.casefold()[:length]: number for number, name in enumerate(month_name) if name for length in (3, 4, 99)}


class Period(NamedTuple):
    """[since, until) in seconds since 1970 UTC, never beyond now; and how it is said."""

    since: int
    until: int
    said: str


class _Days(NamedTuple):
    """From the start of a local day to the start of another, or until now."""

    first: date
    behind: date | None
    said: str


def usual(now: int) -> Period:
    """The period that is looked at where none is named."""
    return _back(USUAL_DAYS, now)


def period_of(text: str, calendar: Calendar, now: int) -> Period | None:
    """The period that somebody means who says it now, by a calendar's local days; None where it is none.

    Raises Misread for one that lies ahead, ends before it begins, or is too long.
    """
    said = " ".join(text.casefold().split())
    if found := _LENGTH.fullmatch(said):
        days = int(found[1]) * (7 if found[2].startswith("w") else 1)
        if not 0 < days <= MOST_DAYS:
            raise Misread(f"“{text}” is no length of a period.", allowed=f"Allowed are 1 to {MOST_DAYS:,} days.")
        return _back(days, now)
    days_meant = _days(said, calendar.local_date(now))
    return None if days_meant is None else _placed(text, days_meant, calendar, now)


def _back(days: int, now: int) -> Period:
    return Period(now - days * DAY, now, "the last day" if days == 1 else f"the last {days:,} days")


def _days(said: str, today: date) -> _Days | None:
    readings: tuple[Callable[[str, date], _Days | None], ...] = (_running, _year, _month, _since, _one_day, _span)
    return next((found for read in readings if (found := read(said, today)) is not None), None)


def _placed(text: str, meant: _Days, calendar: Calendar, now: int) -> Period:
    if meant.behind is not None and meant.behind <= meant.first:
        raise Misread(f"“{text}” ends before it begins.", allowed=ALLOWED)
    since = calendar.midnight(meant.first)
    if since >= now:
        raise Misread(f"“{text}” has not begun.", allowed="Allowed are periods that have.")
    if now - since > MOST_DAYS * DAY:
        raise Misread(f"“{text}” lies too far back.", allowed=f"Allowed are the last {MOST_DAYS // 366} years.")
    until = now if meant.behind is None else min(now, calendar.midnight(meant.behind))
    return Period(since, until, meant.said)


def _running(said: str, today: date) -> _Days | None:
    found = _RUNNING.fullmatch(said)
    if found is None:
        return None
    first = _first_of(found[2], today)
    if found[1] in (None, "this"):
        return _Days(first, None, f"this {found[2]}")
    return _Days(_first_of(found[2], first - timedelta(days=1)), first, f"last {found[2]}")


def _first_of(unit: str, day: date) -> date:
    """The first day of the week, month, quarter or year that a day lies in."""
    if unit == "week":
        return day - timedelta(days=day.weekday())
    month = {"month": day.month, "quarter": (day.month - 1) // 3 * 3 + 1, "year": 1}[unit]
    return date(day.year, month, 1)


def _year(said: str, _: date) -> _Days | None:
    return _Days(date(int(said), 1, 1), date(int(said) + 1, 1, 1), said) if _YEAR.fullmatch(said) else None


def _month(said: str, today: date) -> _Days | None:
    found = _MONTH.fullmatch(said)
    month = found and (int(found[4]) if found[4] else _MONTHS.get(found[1]))
    if not found or not month or month > 12:
        return None
    named = found[2] or found[3]
    year = int(named) if named else today.year - (month > today.month)
    behind = date(year + month // 12, month % 12 + 1, 1)
    return _Days(date(year, month, 1), behind, f"{month_name[month]} {year}")


def _since(said: str, today: date) -> _Days | None:
    found = _SINCE.fullmatch(said)
    first = found and past_day(found[1], today)
    return _Days(first, None, f"since {_spoken(first)}") if first else None


def _one_day(said: str, today: date) -> _Days | None:
    day = {"today": today, "yesterday": today - timedelta(days=1)}.get(said) or past_day(said, today)
    return _Days(day, day + timedelta(days=1), _spoken(day)) if day else None


def _span(said: str, today: date) -> _Days | None:
    found = _SPAN.fullmatch(said)
    first, last = (past_day(found[1], today), past_day(found[2], today)) if found else (None, None)
    if found is None or first is None or last is None:
        return None
    if last < first:  # a day without a year is the one behind the first
        last = past_day(found[2], first + timedelta(days=365)) or last
    return _Days(first, last + timedelta(days=1), f"{_spoken(first)} to {_spoken(last)}")


def _spoken(day: date) -> str:
    return f"{day.day} {month_name[day.month]} {day.year}"
