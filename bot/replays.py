"""Requests that were answered already, so that one who caught a request can't have it done again."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

KEPT = 600
"""Seconds for which a request is remembered: longer than its signature holds."""
MOST = 20_000
"""Requests that are remembered."""


class Replays:
    """The signatures of a process's requests, the latest of them. Threads may share it."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, int] = OrderedDict()
        self._lock = Lock()

    def begin(self, signature: str, now: int) -> bool:
        """Take a request in hand; False where that was done before. `now` in seconds since 1970 UTC."""
        with self._lock:
            self._forget_old(now)
            if signature in self._seen:
                return False
            self._seen[signature] = now
            return True

    def failed(self, signature: str) -> None:
        """It was not done after all, and may come again."""
        with self._lock:
            self._seen.pop(signature, None)

    def _forget_old(self, now: int) -> None:
        while self._seen and (len(self._seen) >= MOST or next(iter(self._seen.values())) <= now - KEPT):
            self._seen.popitem(last=False)
