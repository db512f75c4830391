"""Days as people say them. English only; what may be read as two different days is refused."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta

from bot.grammar.values import DayWords, Misread

ALLOWED = "Days are said like `friday`, `next monday`, `24 Dec`, `2026-12-24`, `in 3 days`, `today` or `tomorrow`."
FARTHEST = timedelta(days=731)
"""How far ahead a day may lie: two years."""

_MONTH = (
    "(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    "|nov(?:ember)?|dec(?:ember)?)"
)
_WEEKDAY = "(?:mon(?:day)?|tue(?:s(?:day)?)?|wed(?:nesday)?|thu(?:rs(?:day)?)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?)"
_NUMBER = r"(?:\d{1,3}|an?|one|two|three|four|five|six|seven|eight|nine|ten)"
_LENGTH = re.compile(rf"{_NUMBER} (?:day|week|month)s?")
_NTH = r"\d{1,2}(?:st|nd|rd|th)?"
# The library reads far more (`12`, `may` and `12/11` too), and would guess what is meant.
_FROM_NOW = re.compile(rf"(?:in )?{_NUMBER} (?:day|week|month)s?|today|tomorrow|(?:the )?day after tomorrow")
_YEARLESS = re.compile(rf"{_NTH}(?: of)? {_MONTH}|{_MONTH} {_NTH}")
_WEEKLY = re.compile(rf"(?:(?:this|next) )?{_WEEKDAY}")
_FULL = re.compile(rf"(?:{_NTH}(?: of)? {_MONTH}|{_MONTH} {_NTH}),? \d{{4}}")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_UNSURE = re.compile(r"\d{1,2}([./-])\d{1,2}(?:\1(?:\d{2}|\d{4})?)?")
_ANY_DAY = date(2026, 1, 1)


def days_words(text: str) -> DayWords:
    """A day as somebody says it, known to be readable. Raises Misread."""
    if _read(text, _ANY_DAY) is None:
        raise _unreadable(text)
    return DayWords(text)


def is_length(text: str) -> bool:
    """Whether it says how long rather than when: `3 days`, `a week`."""
    return _LENGTH.fullmatch(_said(text)) is not None


def day_of(words: DayWords, today: date) -> date:
    """The day that somebody means who says it on `today`: today or later, up to two years ahead. Raises Misread.

    A weekday is the next one to come: said on a Friday, "friday" and "next friday" are a week later ("this friday" and
    "today" are that very day). A day and a month without a year are the next such day, which today may be.
    """
    day = _read(words.text, today)
    if day is None:
        raise _unreadable(words.text)
    if day < today:
        raise Misread(f"“{words.text}” is over: today is {today}.", allowed="Allowed is today or a day to come.")
    if day - today > FARTHEST:
        raise Misread(f"“{words.text}” is too far ahead.", allowed="Allowed are the next two years.")
    return day


def span_of(start: DayWords | None, until: DayWords | None, today: date) -> tuple[date, date | None]:
    """The first and the last day of a span; without a start it begins today, without an end it has none.

    "monday to friday" ends on the Friday after that Monday. Raises Misread, also where it would end before it begins.
    """
    first = day_of(start, today) if start else today
    if until is None or until == start:
        return first, first if until else None
    said = _said(until.text)
    last = day_of(until, first if _WEEKLY.fullmatch(said) or _YEARLESS.fullmatch(said) else today)
    if last - today > FARTHEST:
        raise Misread(f"“{until.text}” is too far ahead.", allowed="Allowed are the next two years.")
    if last < first:
        raise Misread(f"“{until.text}” lies before “{start.text if start else 'today'}”.", allowed=_ORDER)
    return first, last


def past_day(text: str, today: date) -> date | None:
    """A day that was or is, as somebody says it: `2026-10-01`, `1 Oct 2026`, `1 Oct` (the latest one); else None."""
    said = _said(text)
    if _DATE.fullmatch(said) or _FULL.fullmatch(said):
        day = _date(said) if _DATE.fullmatch(said) else _parsed(said, today)
        return day if day and day - today <= FARTHEST else None
    if not _YEARLESS.fullmatch(said):
        return None
    found = (_parsed(f"{said} {year}", today) for year in range(today.year, today.year - 9, -1))
    number = int(re.sub(r"\D", "", said))
    return next((day for day in found if day and day <= today and day.day == number), None)


_ORDER = "Allowed is the last day away, on or after the first."


def _said(text: str) -> str:
    return " ".join(text.casefold().split())


def _read(text: str, today: date) -> date | None:
    said = _said(text)
    if _DATE.fullmatch(said):
        return _date(said)
    if _YEARLESS.fullmatch(said):
        # Seen from the day before: the library takes what is to come after its day, and today is meant too.
        found = _parsed(said, today - timedelta(days=1))
        # What is no day of that month it takes for a year.
        return found if found and found.day == int(re.sub(r"\D", "", said)) else None
    return _parsed(said, today) if any(one.fullmatch(said) for one in (_FROM_NOW, _WEEKLY, _FULL)) else None


def _parsed(said: str, base: date) -> date | None:
    import dateparser  # type: ignore[import-untyped]  # takes a tenth of a second, and few questions need it

    found = dateparser.parse(said, languages=["en"], settings=_SETTINGS | {"RELATIVE_BASE": _midnight(base)})
    return found.date() if found else None


_SETTINGS = {"PREFER_DATES_FROM": "future", "DATE_ORDER": "DMY", "TIMEZONE": "UTC", "RETURN_AS_TIMEZONE_AWARE": False}


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time())


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _unreadable(text: str) -> Misread:
    if _UNSURE.fullmatch(text):
        return Misread(f"“{text}” may be read as two different days.", allowed=ALLOWED)
    return Misread(f"“{text}” is no day that I can make out.", allowed=ALLOWED)
