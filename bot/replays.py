"""Requests that were answered already, so that one who caught a request can't have it done again.

Something on the way may send a request again whose answer it lost. As long as the signature holds that gets the same
answer, which tells nothing new to one who caught it, and nothing is done twice.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Event, Lock
from typing import Generic, TypeVar

KEPT = 600
"""Seconds for which a request is remembered: longer than its signature holds."""
MOST = 20_000
"""Requests that are remembered."""
HOLDS = 300
"""Seconds for which a signature holds, and its answer is kept."""
MOST_ANSWERS = 2_000
PATIENCE = 3
"""Seconds that one waits for the answer of one that came before."""
T = TypeVar("T")


class _Known(Generic[T]):
    """A request: when it came, and what it was answered once that is so."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.done = Event()
        self.answer: T | None = None


class Replays(Generic[T]):
    """The signatures of a process's requests, the latest of them, with their answers. Threads may share it."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, _Known[T]] = OrderedDict()
        self._answered: OrderedDict[str, _Known[T]] = OrderedDict()
        self._lock = Lock()

    def begin(self, signature: str, now: int) -> bool:
        """Take a request in hand; False where that was done before. `now` in seconds since 1970 UTC."""
        with self._lock:
            self._forget_old(now)
            if signature in self._seen:
                return False
            self._seen[signature] = self._answered[signature] = _Known(now)
            return True

    def answered(self, signature: str, answer: T) -> None:
        """It was done, and this said."""
        known = self._seen.get(signature)
        if known is not None:
            known.answer = answer
            known.done.set()

    def answer(self, signature: str, now: int) -> T | None:
        """What a request was answered that came within HOLDS before, once it was; None for any other."""
        known = self._seen.get(signature)
        if known is None or now - known.at > HOLDS or not known.done.wait(PATIENCE):
            return None
        return known.answer

    def failed(self, signature: str) -> None:
        """It was not done after all, and may come again."""
        with self._lock:
            known = self._seen.pop(signature, None)
            self._answered.pop(signature, None)
        if known is not None:
            known.done.set()

    def _forget_old(self, now: int) -> None:
        while self._answered and (
            len(self._answered) >= MOST_ANSWERS or next(iter(self._answered.values())).at < now - HOLDS
        ):
            self._answered.popitem(last=False)[1].answer = None
        while self._seen and (len(self._seen) >= MOST or next(iter(self._seen.values())).at <= now - KEPT):
            self._seen.popitem(last=False)
