"""Until when somebody wants quiet: pauses in a person's own working hours.

Instants are whole seconds since 1970 UTC. Every pause ends after `now`; where a calendar has no working time at all,
it ends by the clock alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from itertools import pairwise

from bot.flow.calendar import DAY, Calendar

HOUR = 3600
LUNCH_IS_OVER = 13 * 60
"""The local minute at which lunch is over for those whose hours show no break."""
MIDDAY = (11 * 60, 15 * 60)
"""A break that touches these local minutes is lunch."""


def an_hour(calendar: Calendar, now: int) -> int:
    """Sixty minutes from now, or the next working instant after them."""
    return _working(calendar, now + HOUR)


def after_lunch(calendar: Calendar, now: int) -> int:
    """When lunch is over today, or on the next working day where it is over already."""
    today = calendar.local_date(now)
    day = today if calendar.minutes_on(today) and _lunch_ends(calendar, today) > now else _day_after(calendar, today)
    return _working(calendar, now + DAY if day is None else _lunch_ends(calendar, day))


def tomorrow_morning(calendar: Calendar, now: int) -> int:
    """The start of the next working day."""
    day = _day_after(calendar, calendar.local_date(now))
    if day is None:
        return _working(calendar, now + DAY)
    return _working(calendar, _instant(calendar, day, min(start for start, _ in calendar.minutes_on(day))))


def next_monday(calendar: Calendar, now: int) -> int:
    """The first working instant of the next local Monday, or after it."""
    today = calendar.local_date(now)
    return _working(calendar, calendar.midnight(today + timedelta(days=7 - today.weekday())))


def end_of_day(calendar: Calendar, now: int) -> int:
    """The end of the working day that is, or of the one that comes next."""
    at = calendar.next_working(now)
    if at is None:
        return now + 8 * HOUR
    today = calendar.local_date(at)
    began = next((day for day in (today, today - timedelta(days=1)) if _is_in(calendar, day, at)), today)
    return max((end for _, end in _spans(calendar, began)), default=at + HOUR)


SNOOZES: dict[str, Callable[[Calendar, int], int]] = {
    "hour": an_hour, "lunch": after_lunch, "tomorrow": tomorrow_morning, "monday": next_monday,
}  # fmt: skip
"""(calendar, now) → the end of each pause that can be chosen."""


def _working(calendar: Calendar, at: int) -> int:
    found = calendar.next_working(at)
    return at if found is None else found


def _day_after(calendar: Calendar, day: date) -> date | None:
    """The next local day on which windows begin; None if there is none."""
    while True:
        at = calendar.next_working(calendar.midnight(day + timedelta(days=1)))
        if at is None:
            return None
        day = calendar.local_date(at)
        if calendar.minutes_on(day):  # else it is the rest of a window that began the day before
            return day


def _lunch_ends(calendar: Calendar, day: date) -> int:
    windows = sorted(calendar.minutes_on(day))
    breaks = ((one[1], other[0]) for one, other in pairwise(windows) if one[0] < one[1])
    lunch = (end for start, end in breaks if start < end and start < MIDDAY[1] and end > MIDDAY[0])
    return _instant(calendar, day, next(lunch, LUNCH_IS_OVER))


def _is_in(calendar: Calendar, day: date, at: int) -> bool:
    return any(start <= at < end for start, end in _spans(calendar, day))


def _spans(calendar: Calendar, day: date) -> Iterator[tuple[int, int]]:
    """The windows that begin on a local day, as instants."""
    for start, end in calendar.minutes_on(day):
        yield _instant(calendar, day, start), _instant(calendar, day, end if end > start else end + 1440)


def _instant(calendar: Calendar, day: date, minute: int) -> int:
    return int((datetime.combine(day, time(), calendar.zone) + timedelta(minutes=minute)).timestamp())
