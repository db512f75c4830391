"""Days to come, as a draft needs them: `2026-12-24`, `24 Dec`, `in 3 months`, `six months`."""

from __future__ import annotations

import re
from datetime import date, timedelta

ALLOWED = "Allowed is a day to come within two years, such as `2026-12-24`, `24 Dec` or `in 3 months`."
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_FULL = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
         "December")  # fmt: skip
_NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_NUMBER = rf"\d{{1,3}}|an?|half a|{'|'.join(_NUMBERS)}"
_LENGTH = re.compile(rf"(?:in |for |after )?(?:another )?({_NUMBER}) (day|week|month|quarter|year)s?(?: on| from now)?")
_DAY_MONTH = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?\.?(?: of)? ([a-z]{3})[a-z]*\.?,?(?: (\d{4}))?")
_MONTH_DAY = re.compile(r"([a-z]{3})[a-z]*\.? (\d{1,2})(?:st|nd|rd|th)?,?(?: (\d{4}))?")
_SAID = {"tomorrow": "1 day", "next week": "1 week", "next month": "1 month", "next quarter": "3 months",
         "next year": "1 year", "a quarter": "3 months", "half a year": "6 months"}  # fmt: skip


def day_of(text: str, today: date) -> date | None:
    """The day that a text means; None where it means none to come within two years."""
    said = " ".join(text.casefold().strip(" .!").split())
    said = re.sub(r"^(?:until|by|on|review(?: it)?(?: on| in)?)\b\s*", "", said)
    try:
        day = _read(_SAID.get(said, said), today)
    except ValueError:
        return None
    return day if day and today < day <= today + timedelta(days=731) else None


def said_day(day: date) -> str:
    """`24 December 2026`"""
    return f"{day.day} {_FULL[day.month - 1]} {day.year}"


def _read(said: str, today: date) -> date | None:
    if re.fullmatch(r"\d{4}-\d\d-\d\d", said):
        return date.fromisoformat(said)
    if found := _LENGTH.fullmatch(said):
        return _after(today, _number(found[1]), found[2])
    if found := _DAY_MONTH.fullmatch(said):
        return _in_year(int(found[1]), found[2], found[3], today)
    if found := _MONTH_DAY.fullmatch(said):
        return _in_year(int(found[2]), found[1], found[3], today)
    return None


def _number(said: str) -> int:
    return int(said) if said.isdecimal() else _NUMBERS.index(said) if said in _NUMBERS else 1


def _after(today: date, number: int, unit: str) -> date | None:
    if unit in ("day", "week"):
        return today + timedelta(days=number * (7 if unit == "week" else 1))
    months = number * {"month": 1, "quarter": 3, "year": 12}[unit]
    return months_on(today, months) if months <= 24 else None


def months_on(day: date, months: int) -> date:
    """The same day some months later, or the last of that month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    for last in (day.day, 30, 29, 28):
        if last <= day.day:
            try:
                return date(year, month + 1, last)
            except ValueError:
                continue
    raise ValueError("no such day")


def _in_year(day: int, month: str, year: str | None, today: date) -> date | None:
    if month not in _MONTHS:
        return None
    number = _MONTHS.index(month) + 1
    if year:
        return date(int(year), number, day)
    found = date(today.year, number, day)
    return found if found > today else date(today.year + 1, number, day)
