"""Flow load: how many items were begun and not over, for every day and by each day's type.

An item is in the load from the instant it begins until the instant it is done or dropped. A day's load is what is in
it when the local day ends (or the period does), so an item counts for the day it began and not for the day it ended.
The integral of load over any window is the sum of the time that items spent in it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from itertools import pairwise
from typing import NamedTuple, TypeAlias

from bot.flow.calendar import Calendar
from bot.flow.metrics.items import end_of
from bot.flow.work import Work

Counts: TypeAlias = Mapping[str, int]
"""Items by type; a type that has none is left out."""
Piece: TypeAlias = tuple[int, int, str]
"""[since, until) during which an item was of a type."""


class Day(NamedTuple):
    """A local day of the period, or as much of it as lies within."""

    day: date
    until: int
    """The instant at which its load is counted: its end, or the period's."""
    by_type: Counts
    item_seconds: int
    """The integral of load over it: seconds that all items together spent in progress, by the calendar."""

    @property
    def items(self) -> int:
        return sum(self.by_type.values())


class Load(NamedTuple):
    """Flow load in a period."""

    before: int
    """Items in progress when it began."""
    begun: int
    ended: int
    """Done or dropped."""
    days: tuple[Day, ...]

    @property
    def by_type(self) -> Counts:
        """What was in progress at the end."""
        return self.days[-1].by_type if self.days else {}

    @property
    def items(self) -> int:
        """How many items were in progress at the end: those at the beginning, and begun, less ended."""
        return self.before + self.begun - self.ended

    @property
    def item_seconds(self) -> int:
        """The integral of load over the period."""
        return sum(day.item_seconds for day in self.days)


def load_of(works: Iterable[Work], days: Calendar, since: int, until: int) -> Load:
    """Flow load in [since, until), by the local days of a calendar."""
    known = [(work.journey.began_at, end_of(work.journey), work) for work in works]
    pieces = [piece for began, end, work in known for piece in _pieces(work, began, end, until)]
    return Load(
        sum(began < since and (end is None or end >= since) for began, end, _ in known),
        sum(since <= began < until for began, _, _ in known),
        sum(end is not None and since <= end < until for _, end, _ in known),
        tuple(_days(pieces, days, since, until)),
    )  # fmt: skip


def _pieces(work: Work, began: int, end: int | None, until: int) -> Iterable[Piece]:
    """An item's time in progress before an instant, cut where its type changes."""
    stop = until if end is None else min(end, until)
    if len(work.types) == 1:
        return ((began, stop, work.type),) if began < stop else ()
    cuts = [began, *(at for at, _ in work.types[1:] if began < at < stop), stop]
    return [(start, cut, work.type_at(start)) for start, cut in pairwise(cuts) if start < cut]


def _days(pieces: Iterable[Piece], days: Calendar, since: int, until: int) -> Iterator[Day]:
    """Sweep over the changes of load, from day to day."""
    counts: Counter[str] = Counter()
    steps: list[tuple[int, str, int]] = []
    for start, stop, kind in pieces:
        if stop <= since:
            continue
        if start <= since:
            counts[kind] += 1
        else:
            steps.append((start, kind, 1))
        if stop < until:
            steps.append((stop, kind, -1))
    steps.sort()
    place, at, area, items = 0, since, 0, counts.total()
    for day, end in _ends(days, since, until):
        while place < len(steps) and steps[place][0] < end:
            when, kind, change = steps[place]
            area += items * (when - at)
            at = when
            counts[kind] += change
            items += change
            place += 1
        area += items * (end - at)
        yield Day(day, end, {kind: n for kind, n in sorted(counts.items()) if n}, area)
        at, area = end, 0


def _ends(days: Calendar, since: int, until: int) -> Iterator[tuple[date, int]]:
    """The local days of a period, each with the instant at which it ends within it."""
    at = since
    while at < until:
        day = days.local_date(at)
        end = min(until, days.midnight(day + timedelta(days=1)))
        yield day, end
        at = end
