"""Absences: joined, cut short and taken back as the policy keeps them, and told as instants."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple, TypeAlias

from bot.flow.calendar import joined
from bot.flow.ladder import FOREVER
from bot.policy import Person
from bot.policy_file import AwayPart

Listed: TypeAlias = list[dict[str, Any]]
"""A person's absences as the policy file would have them."""
_Local: TypeAlias = tuple[datetime, datetime]
"""From when to when on the person's own wall clock."""
_NEVER = datetime.combine(date.max, time())


class Absence(NamedTuple):
    """A time away as instants; `end` is None while nobody knows it, `resumes` the first working instant after it."""

    start: int
    end: int | None
    resumes: int | None

    def covers(self, at: int) -> bool:
        return self.start <= at and (self.end is None or at < self.end)


def absences_of(person: Person, now: int) -> list[Absence]:
    """Somebody's absences that are not over, from all that tells of them, oldest first; none overlap."""
    spans = joined((start, FOREVER if end is None else end) for start, end in person.away)
    return [
        Absence(start, None, None) if end >= FOREVER else Absence(start, end, person.calendar.next_working(end))
        for start, end in spans
        if end > now
    ]


def joined_with(first: date, last: date | None, here: datetime) -> Callable[[Listed | None], Listed]:
    """Adds the days from the first to the last (None: until taken back); today counts from `here`, the local time now.

    What began before and reaches into it becomes one with it. What begins later stays as it was planned: whoever is
    back early is away again then. An absence without an end that goes on is given this one's.
    """
    start = here if first == here.date() else datetime.combine(first, time())
    new = (start, _NEVER if last is None else datetime.combine(last + timedelta(days=1), time()))

    def added(old: Listed | None) -> Listed:
        known = [(a, start if end is _NEVER and a <= start else end) for a, end in map(_local, old or ())]
        later = [span for span in known if span[0] > start]
        return _listed(sorted([*_as_one([*(span for span in known if span[0] <= start), new]), *later]))

    return added


def cut(here: datetime) -> Callable[[Listed | None], Listed]:
    """Ends what goes on at a local time; what is past of it stays, and so does what is still to begin."""

    def ended(old: Listed | None) -> Listed:
        return _listed((a, here if a <= here < b else b) for a, b in map(_local, old or ()))

    return ended


def withdrawn(start: datetime) -> Callable[[Listed | None], Listed]:
    """Takes out what begins at a local time."""

    def without(old: Listed | None) -> Listed:
        return _listed(span for span in map(_local, old or ()) if span[0] != start)

    return without


def _local(part: dict[str, Any]) -> _Local:
    known = AwayPart.model_validate(part)
    start = datetime.combine(known.start, known.begins or time())
    if known.until is None:
        return start, _NEVER
    if known.ends is not None:
        return start, datetime.combine(known.until, known.ends)
    return start, datetime.combine(known.until + timedelta(days=1), time())


def _listed(spans: Iterable[_Local]) -> Listed:
    return [_part(start, end) for start, end in spans if start < end]


def _part(start: datetime, end: datetime) -> dict[str, Any]:
    found: dict[str, Any] = {"from": start.date().isoformat(), "until": None}
    if start.time() != time():
        found["begins"] = start.time().isoformat()
    if end != _NEVER and end.time() != time():
        found.update(until=end.date().isoformat(), ends=end.time().isoformat())
    elif end != _NEVER:
        found["until"] = (end.date() - timedelta(days=1)).isoformat()
    return found


def _as_one(spans: Iterable[_Local]) -> list[_Local]:
    """Spans that overlap or touch as one, in order; what is planned within one without an end stays as it is."""
    found: list[_Local] = []
    for start, end in sorted(spans):
        within = bool(found) and start <= found[-1][1]
        if within and not (found[-1][1] == _NEVER and start > found[-1][0]):
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found
