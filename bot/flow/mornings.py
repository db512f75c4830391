"""When somebody's working day begins: the instant of their morning message."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from bot.flow.calendar import Calendar
from bot.flow.ladder import FOREVER, Recipient, opening
from bot.flow.waits import Span

LATE = 2 * 3600
"""Working seconds into a day after which its beginning is over."""
_FAR = 800
"""Days that are looked at; who does not work for longer gets no morning message."""
_ANY = 2**31


def next_morning(calendar: Calendar, away: Sequence[Span], after: int) -> int | None:
    """The next beginning of a working day that lies at `after` or later; None if none is known.

    It is the start of the first window that begins on a local day, or the instant within its first two working hours
    at which an absence ends. A day that is away for longer has none.
    """
    whom = Recipient(calendar, away)
    day = calendar.local_date(after)
    last = day + timedelta(days=_FAR)
    while day <= last:
        start = calendar.opens(day)
        at = None if start is None or start < after else opening(whom, start, _ANY)
        if at is not None and at >= FOREVER:
            return None
        if at is not None and is_morning(calendar, day, at):
            return at
        day = max(day + timedelta(days=1), day if at is None else calendar.local_date(at))
    return None


def is_morning(calendar: Calendar, day: date, at: int) -> bool:
    """Whether an instant lies within the first two working hours of a local day."""
    start = calendar.opens(day)
    return start is not None and start <= at and calendar.working(start, at) <= LATE
