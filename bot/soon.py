"""Work that somebody waits for, but not for ever: Slack wants a word within three seconds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from threading import Lock
from typing import TypeVar

import structlog

T = TypeVar("T")

PATIENCE = 1.5
"""Seconds after which an acknowledgement goes out by itself; Slack gives up after three."""
HASTE = 0.4
"""The same while a crowd waits: whoever comes next must not find all threads of the door taken."""
CROWD = 32
THREADS = 64
_pool = ThreadPoolExecutor(THREADS, thread_name_prefix="soon")
log = structlog.get_logger()


def answered(work: Callable[[], T], late: Callable[[T], None], seconds: float = PATIENCE) -> T | None:
    """What the work comes to; None where that takes longer, and then `late` gets it once it is there.

    In a crowd it is waited for more shortly. Raises what the work raises in time; what goes wrong after that is logged.
    """
    future = _Waited(work, late)
    return future.result() if future.waited_for(seconds) else None


def begun(work: Callable[[], T], show: Callable[[T], None], seconds: float = PATIENCE) -> None:
    """Do the work in a thread of its own and show there what it came to; return once the work is done.

    Returns earlier where it takes longer than `seconds`, or long in a crowd; it goes on then. Raises what the work
    raises in time; what goes wrong after that is logged.
    """
    future = _Waited(work, show, always=True)
    if future.waited_for(seconds):
        future.result()


def waiting() -> int:
    """How many wait just now."""
    return _crowd.waiting


class _Crowd:
    """Those who wait."""

    def __init__(self) -> None:
        self.waiting, self._lock = 0, Lock()

    @contextmanager
    def one_more(self) -> Iterator[bool]:
        """Whether as many as are a crowd wait already."""
        self._count(1)
        try:
            yield self.waiting > CROWD
        finally:
            self._count(-1)

    def _count(self, more: int) -> None:
        with self._lock:
            self.waiting += more


_crowd = _Crowd()


class _Waited(Future[T]):
    """Work begun in a thread of the pool; what it came to goes on to `then` there, once nobody waits, or `always`."""

    def __init__(self, work: Callable[[], T], then: Callable[[T], None], *, always: bool = False) -> None:
        super().__init__()
        self._work, self._then, self._always = work, then, always
        self._left, self._handing = False, Lock()
        _pool.submit(self._run)

    def waited_for(self, seconds: float) -> bool:
        """Whether the work is done within so many seconds; whoever asked leaves otherwise."""
        with _crowd.one_more() as crowded:
            wait([self], min(seconds, HASTE) if crowded else seconds)
        with self._handing:
            self._left = not self.done()
        return not self._left

    def _run(self) -> None:
        try:
            outcome = self._work()
        except Exception as error:
            if self._ended(error=error):
                log.exception("work begun for somebody failed")
            return
        if self._ended(outcome) or self._always:
            self._go_on(outcome)

    def _ended(self, outcome: T | None = None, error: Exception | None = None) -> bool:
        """Put down how it ended; whether whoever asked has left by now."""
        with self._handing:
            if error is not None:
                self.set_exception(error)
            else:
                self.set_result(outcome)  # type: ignore[arg-type]  # the outcome of the work, whatever it is
            return self._left

    def _go_on(self, outcome: T) -> None:
        try:
            self._then(outcome)
        except Exception:
            log.exception("what work came to could not be shown")
