"""Working time as the judge counts it: windows laid out as a list, from the tests' own reading of a calendar."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache

from reference import real_windows

from bot.flow.calendar import Calendar

Span = tuple[int, int]
DAY = 86_400


class Hours:
    """The working windows of a calendar within some years. Instants are seconds since 1970, durations seconds."""

    def __init__(self, calendar: Calendar, start: int, end: int) -> None:
        self.first, self.last = start, end
        spans = joined(_windows(calendar, start, end))
        self.starts, self.ends = array("q", (one for one, _ in spans)), array("q", (one for _, one in spans))
        self._before = array("q", [0])
        for first, last in spans:
            self._before.append(self._before[-1] + last - first)

    def before(self, at: int) -> int:
        """Working seconds up to an instant."""
        place = bisect_right(self.starts, at)
        return self._before[place] - (max(0, self.ends[place - 1] - at) if place else 0)

    def working(self, start: int, end: int) -> int:
        return self.before(end) - self.before(start) if start < end else 0

    def contains(self, at: int) -> bool:
        place = bisect_right(self.starts, at)
        return place > 0 and at < self.ends[place - 1]

    def advance(self, at: int, seconds: int) -> int:
        """The instant at which so many working seconds have passed, within a window."""
        place = bisect_right(self._before, self.before(at) + seconds) - 1
        if place >= len(self.starts):
            return self.ends[-1] + DAY
        return max(at, self.starts[place] + self.before(at) + seconds - self._before[place])

    def closes(self, at: int) -> int:
        """The end of the window that an instant lies in, or that comes next."""
        place = bisect_right(self.starts, at)
        if place and at < self.ends[place - 1]:
            return self.ends[place - 1]
        return self.ends[min(place, len(self.ends) - 1)]


@cache
def hours_of(calendar: Calendar, start: int, end: int) -> Hours:
    """Those of people who work by the same calendar are the same."""
    return Hours(calendar, start, end)


def _windows(calendar: Calendar, start: int, end: int) -> Iterable[Span]:
    day, last = (datetime.fromtimestamp(at, UTC).date() for at in (start - 20 * DAY, end + 90 * DAY))
    while day <= last:
        yield from real_windows(day, calendar)
        day += timedelta(days=1)


def joined(spans: Iterable[Span]) -> list[Span]:
    """Spans in order, those that touch or overlap made one."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        elif start < end:
            found.append((start, end))
    return found


def reached(hours: Hours, start: int, end: int, holds: Sequence[Span], seconds: int) -> int:
    """The first instant by which so many working seconds passed that no hold covers; `end` where that is earlier."""
    return start + bisect_left(range(start, end), seconds, key=lambda at: counted(hours, start, at, holds))


def counted(hours: Hours, start: int, end: int, holds: Iterable[Span]) -> int:
    """Working seconds in [start, end) that no hold covers."""
    held = joined((max(start, one), min(end, other)) for one, other in holds if one < end and other > start)
    return hours.working(start, end) - sum(hours.working(*one) for one in held)
