"""Work that somebody waits for, but not for ever: Slack wants a word within three seconds."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TookTooLong
from typing import TypeVar

T = TypeVar("T")

PATIENCE = 2.0
"""Seconds after which an acknowledgement goes out by itself; Slack gives up after three."""
THREADS = 64
_pool = ThreadPoolExecutor(THREADS, thread_name_prefix="soon")


def answered(work: Callable[[], T], late: Callable[[T], None], seconds: float = PATIENCE) -> T | None:
    """What the work comes to; None where that takes longer, and then `late` gets it once it is there.

    Raises what the work raises in time. `work` and `late` have to see to their own errors beyond that.
    """
    future = _pool.submit(work)
    try:
        return future.result(seconds)
    except TookTooLong:
        future.add_done_callback(lambda done: None if done.exception() else late(done.result()))
        return None


def begun(work: Callable[[], T], show: Callable[[T], None], seconds: float = PATIENCE) -> None:
    """Do the work in a thread of its own and show there what it came to; return once the work is done.

    Returns earlier where it takes longer than `seconds`; it goes on then.
    """
    done = threading.Event()

    def run() -> None:
        try:
            outcome = work()
        finally:
            done.set()
        show(outcome)

    _pool.submit(run)
    done.wait(seconds)
