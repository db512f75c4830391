"""Working hours as people say them: windows, weekdays and a time zone, in any order that makes sense."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple
from zoneinfo import available_timezones

from bot.grammar.values import HoursWords, Misread, Reset
from bot.policy_file import WEEKDAYS, window

ALLOWED = (
    "Allowed are windows such as `9-17`, `9:30-17:30` or `9am-5pm` (several make a break), days such as `Mon-Fri`, "
    "`mon,wed,fri` or `weekdays` (Mon-Fri if none is named), and a time zone such as `Europe/Berlin`, or `slack` for "
    "the one set there; `reset` alone goes back to the defaults."
)
_TIME = r"(\d{1,2})(?:[:.](\d\d))?(am|pm)?"
_WINDOW = re.compile(rf"{_TIME}-{_TIME}")
_DASH = re.compile(r"\s*[-–—]\s*| (?:to|until) ", re.IGNORECASE)
_DAY_NAMES = {
    name: number
    for number, names in enumerate((
        ("mon", "monday"), ("tue", "tues", "tuesday"), ("wed", "weds", "wednesday"),
        ("thu", "thur", "thurs", "thursday"), ("fri", "friday"), ("sat", "saturday"), ("sun", "sunday"),
    ))
    for name in (*names, *(name + "s" for name in names))
}  # fmt: skip
_WEEK = tuple(range(7))
_SEVERAL = {"weekdays": _WEEK[:5], "workdays": _WEEK[:5], "weekends": _WEEK[5:], "weekend": _WEEK[5:], "daily": _WEEK}


class _Run(NamedTuple):
    """Windows, or weekdays by number, that stand side by side."""

    windows: list[str]
    days: list[int]


def hours_words(words: tuple[str, ...]) -> HoursWords | Reset:
    """Somebody's working hours and zone; nothing is a question for them. Raises Misread."""
    if [word.casefold() for word in words] == ["reset"]:
        return Reset()
    zones: list[str] = []
    runs: list[_Run] = []
    for word in _DASH.sub("-", " ".join(words)).replace(",", " ").replace("&", " ").split():
        if word.casefold() not in ("and", "on"):
            _sort(word, zones, runs)
    if len(zones) > 1:
        raise Misread("That is more than one time zone.")
    return HoursWords(_week(runs) if runs else None, zones[0] if zones else None)


def _sort(word: str, zones: list[str], runs: list[_Run]) -> None:
    """Put a word where it belongs: among the zones, or into the last run of its sort."""
    days, text, zone = _days(word), _window(word), _zone(word)
    if days is None and text is None:
        if zone is None:
            raise Misread(f"“{word}” is no window, no day and no time zone.")
        zones.append(zone)
    elif days is not None:
        if not runs or not runs[-1].days:
            runs.append(_Run([], []))
        runs[-1].days.extend(days)
    elif text is not None:
        if not runs or not runs[-1].windows:
            runs.append(_Run([], []))
        runs[-1].windows.append(text)


def _week(runs: list[_Run]) -> dict[str, list[str]]:
    """Windows by weekday: each run of windows goes with the days beside it."""
    if len(runs) == 1:
        if runs[0].days:
            raise Misread("The hours of those days are missing.")
        runs = [*runs, _Run([], list(_WEEK[:5]))]
    if len(runs) % 2:
        raise Misread("It is not clear which hours belong to which days.")
    week: dict[str, list[str]] = {}
    for one, other in zip(runs[::2], runs[1::2], strict=True):
        for day in one.days or other.days:
            own = week.setdefault(WEEKDAYS[day], [])
            own.extend(text for text in one.windows or other.windows if text not in own)
    return {day: week[day] for day in WEEKDAYS if day in week}


def _days(word: str) -> list[int] | None:
    """Weekdays by number, Monday is 0; None where it names none. A span may go over the weekend."""
    folded = word.casefold()
    if folded in _SEVERAL:
        return list(_SEVERAL[folded])
    first, dash, last = folded.partition("-")
    if first not in _DAY_NAMES or (dash and last not in _DAY_NAMES):
        return None
    start = _DAY_NAMES[first]
    return [(start + more) % 7 for more in range((_DAY_NAMES[last] - start) % 7 + 1)] if dash else [start]


def _window(word: str) -> str | None:
    """A window as the policy file has it; None where the word is none. Raises Misread for hours there are not."""
    found = _WINDOW.fullmatch(word.casefold())
    if found is None:
        return None
    start, end = _clock(*found.groups()[:3]), _clock(*found.groups()[3:])
    if start is None or end is None:
        raise Misread(f"“{word}” holds an hour that no clock shows.")
    if end <= start <= 12 * 60 and found[6] is None:
        raise Misread(f"“{word}” would go on over midnight; is the afternoon meant, as in 9-17 or 9am-5pm?")
    text = f"{start // 60:02}:{start % 60:02}-{end // 60:02}:{end % 60:02}"
    try:
        window(text)
    except ValueError:
        raise Misread(f"“{word}” is no window of hours.") from None
    return text


def _clock(hour: str, minute: str | None, half: str | None) -> int | None:
    """Minutes since midnight; None where there is no such time."""
    hours, minutes = int(hour), int(minute or 0)
    if half:
        if not 1 <= hours <= 12:
            return None
        hours = hours % 12 + (12 if half == "pm" else 0)
    return hours * 60 + minutes if hours * 60 + minutes <= 24 * 60 and minutes < 60 else None


@cache
def _zones() -> dict[str, str]:
    """Every zone by its name without case; a city alone, where no other zone is called so."""
    names = sorted(available_timezones() - {"Factory", "localtime"})
    cities: dict[str, list[str]] = {}
    for name in names:
        cities.setdefault(name.rpartition("/")[2].casefold(), []).append(name)
    alone = {city: found[0] for city, found in cities.items() if len(found) == 1}
    return alone | {name.casefold(): name for name in names} | {"slack": ""}


def _zone(word: str) -> str | None:
    return _zones().get(word.casefold())
