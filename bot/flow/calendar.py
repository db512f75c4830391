"""Working time: windows, holidays, days off, absences, and the clock of a wait.

Instants are whole seconds since 1970 UTC, spans are half open [start, end), durations are seconds.
A local time that daylight saving skips or repeats is read as RFC 5545 (3.3.5) reads it: with the offset before the
gap, and as the first of the two.
"""

from __future__ import annotations

import warnings
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property, lru_cache
from itertools import accumulate
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from bot.flow.waits import REVIEWER_KINDS, Span, Wait

Window: TypeAlias = tuple[int, int]
"""Minutes of a local day; an end at or before the start, or past 1440, lies on the next day."""

DAY = 86_400
_LAST_YEAR = 9990
_FIRST_YEAR = 2


@dataclass(frozen=True)
class Calendar:
    """When somebody works. Precedence on a local day: day off, half day, public holiday, weekly hours."""

    timezone: str = "UTC"
    hours: tuple[tuple[Window, ...], ...] = (((540, 1020),),) * 5 + ((), ())
    country: str | None = None
    subdivision: str | None = None
    days_off: frozenset[date] = frozenset()
    half_days: tuple[tuple[date, tuple[Window, ...]], ...] = ()

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @cached_property
    def _windows(self) -> _Windows:
        return _windows_of(self)

    def local(self, at: int) -> datetime:
        """The wall clock there at an instant."""
        return datetime.fromtimestamp(at, self.zone)

    def local_date(self, at: int) -> date:
        return self.local(at).date()

    def midnight(self, day: date) -> int:
        """The instant a local day begins."""
        return self.instant(day, time())

    def instant(self, day: date, at: time) -> int:
        """The instant of a local time."""
        return int(datetime.combine(day, at, self.zone).timestamp())

    def opens(self, day: date) -> int | None:
        """The instant at which the first window that begins on a local day opens; None where none does."""
        return min((_instant(self.zone, day, start) for start, _ in self.minutes_on(day)), default=None)

    def working(self, start: int, end: int) -> int:
        """Working seconds in [start, end)."""
        if end <= start:
            return 0
        layout = self._windows.covering(start, end)
        return layout.before(end) - layout.before(start)

    def advance(self, start: int, seconds: int) -> int | None:
        """The earliest instant by which `seconds` of working time have passed since `start`; None if never."""
        return start if seconds <= 0 else self._windows.advance(start, seconds)

    def is_working(self, at: int) -> bool:
        """Whether the instant lies in a window (its start does, its end does not)."""
        return self._windows.covering(at, at).contains(at)

    def next_working(self, at: int) -> int | None:
        """The first working instant from `at` on; None if there is none."""
        return self._windows.next_start(at)

    def minutes_on(self, day: date) -> tuple[Window, ...]:
        """The windows that begin on a local day."""
        if day in self.days_off:
            return ()
        halves = self._half_days.get(day)
        if halves is not None:
            return halves
        if self._holidays is not None and day in self._holidays:
            return ()
        return self.hours[day.weekday()]

    @cached_property
    def _half_days(self) -> dict[date, tuple[Window, ...]]:
        return dict(self.half_days)

    @cached_property
    def _holidays(self) -> Any:
        return None if self.country is None else public_holidays(self.country, self.subdivision)

    @property
    def last_year(self) -> int:
        """The last local year that can bring a window: any year can, unless there are no weekly hours."""
        if any(self.hours):
            return _LAST_YEAR
        return max((day.year for day, windows in self.half_days if windows), default=_FIRST_YEAR)


@lru_cache(maxsize=512)
def public_holidays(country: str, subdivision: str | None) -> Any:
    """Public holidays, a mapping by date; raises NotImplementedError for what the library does not know."""
    import holidays  # takes a tenth of a second, and only calendars with a country need it

    return holidays.country_holidays(country, subdiv=subdivision)


class _Layout:
    """The windows of the local years [first, last] as instants, with running sums. Never changed once made."""

    __slots__ = ("_ends", "_starts", "_sums", "end", "first", "last", "start")

    def __init__(self, first: int, last: int, windows: list[tuple[int, int]]) -> None:
        self.first, self.last = first, last
        # Local years begin up to a day beside the UTC year; two days of margin make every zone safe.
        self.start = _new_year(first) + 2 * DAY if first > _FIRST_YEAR else -(2**62)
        self.end = _new_year(last + 1) - 2 * DAY if last < _LAST_YEAR else 2**62
        self._starts = [start for start, _ in windows]
        self._ends = [end for _, end in windows]
        self._sums = list(accumulate((end - start for start, end in windows), initial=0))

    @property
    def total(self) -> int:
        return self._sums[-1]

    def before(self, at: int) -> int:
        """Working seconds between the first window and `at`."""
        i = bisect_right(self._starts, at)
        if i == 0:
            return 0
        end = self._ends[i - 1]
        return self._sums[i] if at >= end else self._sums[i] - (end - at)

    def reached(self, total: int) -> int:
        """The earliest instant before which `total` (above 0, at most `self.total`) seconds of work lie."""
        i = bisect_left(self._sums, total) - 1
        return self._starts[i] + total - self._sums[i]

    def contains(self, at: int) -> bool:
        i = bisect_right(self._starts, at)
        return i > 0 and at < self._ends[i - 1]

    def next_start(self, at: int) -> int | None:
        i = bisect_right(self._starts, at)
        return self._starts[i] if i < len(self._starts) else None


class _Windows:
    """A calendar's windows, laid out as far as they have been asked for. Threads may share it: layouts are swapped."""

    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar
        self._years: dict[int, list[tuple[int, int]]] = {}
        self._layout: _Layout | None = None

    def covering(self, start: int, end: int) -> _Layout:
        """A layout with every window near [start, end]."""
        layout = self._layout
        if layout is not None and layout.start <= start and end < layout.end:
            return layout
        first, last = _year(start - 2 * DAY), _year(end + 2 * DAY)
        if layout is not None:
            first, last = min(first, layout.first), max(last, layout.last)
        return self._lay(first, last)

    def next_start(self, at: int) -> int | None:
        layout: _Layout | None = self.covering(at, at)
        while layout is not None:
            start = at if layout.contains(at) else layout.next_start(at)
            if start is not None:
                return start
            layout = self._further(layout)
        return None

    def advance(self, start: int, seconds: int) -> int | None:
        layout: _Layout | None = self.covering(start, start)
        while layout is not None:
            goal = layout.before(start) + seconds
            if layout.total >= goal:
                return layout.reached(goal)
            layout = self._further(layout)
        return None

    def _further(self, layout: _Layout) -> _Layout | None:
        """A layout that reaches further ahead; None where no later year can bring a window."""
        end = min(self._calendar.last_year, _LAST_YEAR)
        if layout.last >= end:
            return None
        ahead = max(1, layout.last - layout.first)  # doubling keeps a far target cheap
        return self._lay(layout.first, min(layout.last + ahead, end))

    def _lay(self, first: int, last: int) -> _Layout:
        windows: list[tuple[int, int]] = []
        for year in range(first, last + 1):
            if year not in self._years:
                with warnings.catch_warnings():
                    # Some countries' holidays are known for some years only; in others there are none, and no fuss.
                    warnings.simplefilter("ignore", UserWarning)
                    self._years[year] = list(_year_windows(self._calendar, year))
            windows.extend(self._years[year])
        self._layout = layout = _Layout(first, last, joined(windows))
        return layout


@lru_cache(maxsize=4096)
def _windows_of(calendar: Calendar) -> _Windows:
    """Equal calendars share their windows: people's are made anew whenever a setting changes, and many are alike."""
    return _Windows(calendar)


def _year(at: int) -> int:
    at = min(max(at, _new_year(_FIRST_YEAR)), _new_year(_LAST_YEAR))
    return datetime.fromtimestamp(at, UTC).year


def _new_year(year: int) -> int:
    return int(datetime(year, 1, 1, tzinfo=UTC).timestamp())


def _year_windows(calendar: Calendar, year: int) -> Iterable[tuple[int, int]]:
    """The windows that begin in a local year, in order, as instants; may touch or overlap."""
    zone = calendar.zone
    day, midnight = date(year, 1, 1), _new_year(year)
    offset = _offset(zone, day)
    one = timedelta(days=1)
    for _ in range(366 if date(year, 12, 31).timetuple().tm_yday == 366 else 365):
        tomorrow = day + one
        next_offset = _offset(zone, tomorrow)
        windows = calendar.minutes_on(day)
        if windows:
            even = offset == next_offset
            found = []
            for start, end in windows:
                if end <= start:
                    end += 1440  # noqa: PLW2901 (over midnight: the window belongs to the day it begins)
                if even and end <= 1440:
                    found.append((midnight - offset + start * 60, midnight - offset + end * 60))
                else:
                    found.append((_instant(zone, day, start), _instant(zone, day, end)))
            found.sort()
            yield from (span for span in found if span[0] < span[1])
        day, midnight, offset = tomorrow, midnight + DAY, next_offset


def _offset(zone: ZoneInfo, day: date) -> int:
    offset = datetime.combine(day, time(), zone).utcoffset()
    assert offset is not None
    return offset.days * DAY + offset.seconds


def _instant(zone: ZoneInfo, day: date, minute: int) -> int:
    local = datetime.combine(day, time(), zone) + timedelta(minutes=minute)
    return int(local.timestamp())


def joined(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Overlapping and touching spans as few disjoint ones, in order; empty spans are dropped."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if start >= end:
            continue
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


@dataclass(frozen=True)
class WaitClock:
    """The clock of one wait: its holder's calendar, stopped by its holds.

    `reds` counts only for kinds that the rules hold while red; `away` are all known absences of the holder.
    """

    since: int
    until: int | None
    calendar: Calendar
    reds: Sequence[Span] = ()
    away: Sequence[Span] = ()

    def holds(self, now: int) -> list[tuple[int, int]]:
        """Where the clock stands, seen from `now`: red up to now or the wait's end, and every known absence.

        An absence whose end is not known counts up to now or the wait's end, too.
        """
        if not self.reds and not self.away:
            return []
        end = now if self.until is None else min(self.until, now)
        reds = [(start, end if stop is None else min(stop, end)) for start, stop in self.reds]
        return joined((*reds, *((start, end if stop is None else stop) for start, stop in self.away)))

    def held(self, now: int) -> int:
        """Working seconds of the wait spent in holds, up to `now` or its end."""
        end = now if self.until is None else min(self.until, now)
        return sum(
            self.calendar.working(max(start, self.since), min(stop, end))
            for start, stop in self.holds(now)
            if start < end and stop > self.since
        )

    def age(self, now: int) -> int:
        """Working seconds from the wait's start to `now` or its end, less holds."""
        end = now if self.until is None else min(self.until, now)
        return self.calendar.working(self.since, end) - self.held(now)

    def reaches(self, age: int, now: int) -> int | None:
        """The instant at which the age reaches `age` seconds, with the holds known at `now`; None if never."""
        at = self.since
        for start, stop in self.holds(now):
            if stop <= at:
                continue
            if start > at:
                worked = self.calendar.working(at, start)
                if worked >= age:
                    return self.calendar.advance(at, age)
                age -= worked
            at = max(at, stop)
        return self.calendar.advance(at, age)

    def on_hold(self, now: int) -> bool:
        """Whether the clock stands at this instant because of a hold (not merely outside working hours)."""
        return any(start <= now and (stop is None or now < stop) for start, stop in (*self.reds, *self.away))

    def hold_ends(self, now: int) -> int | None:
        """The first instant from `now` on without a hold; None where a hold's end is not known yet."""
        at = now
        spans: list[Span] = sorted((*self.reds, *self.away), key=lambda span: span[0])
        for start, stop in spans:
            if start <= at and (stop is None or at < stop):
                if stop is None:
                    return None
                at = stop
        return at


def clock_of(wait: Wait, calendar: Calendar, away: Sequence[Span] = (), *, hold_while_red: bool = True) -> WaitClock:
    """The clock of a wait under its holder's calendar and absences (a team has none)."""
    reds = wait.reds if hold_while_red and wait.kind in REVIEWER_KINDS else ()
    return WaitClock(wait.since, wait.until, calendar, reds, () if wait.team else away)
