"""The only place that reads the time. Everything else is handed `now`, whole seconds since 1970 UTC."""

from __future__ import annotations

import threading
import time


class SystemClock:
    """The machine's clock, cut to whole seconds."""

    def now(self) -> int:
        """Seconds since 1970-01-01T00:00:00Z."""
        return int(time.time())

    def wait(self, seconds: float, stop: threading.Event) -> bool:
        """Sleep until `stop` is set (True) or the seconds are over (False)."""
        return stop.wait(seconds)


class SetClock:
    """A clock that stands until it is moved; for replays, demos and tests."""

    def __init__(self, now: int) -> None:
        self._now = now

    def now(self) -> int:
        return self._now

    def set(self, now: int) -> None:
        self._now = now

    def advance(self, *, days: int = 0, hours: float = 0, minutes: float = 0, seconds: int = 0) -> int:
        self._now += int(days * 86400 + hours * 3600 + minutes * 60 + seconds)
        return self._now

    def wait(self, seconds: float, stop: threading.Event) -> bool:
        """Time passes at once: the clock is moved instead of waited for."""
        self._now += int(seconds)
        return stop.is_set()


Clock = SystemClock | SetClock
