"""Requests that were answered already, so that one who caught a request can't have it done again.

Something on the way may send a request again whose answer it lost. As long as the signature holds that gets the same
answer from the process that gave it, which tells nothing new to one who caught it, and nothing is done twice: not by
that process, and not by another one on the same database.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from threading import Event, Lock
from typing import Generic, TypeVar

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.context import Context
from bot.soon import answered
from bot.store import requests
from bot.store.engine import stating

KEPT = 600
"""Seconds for which a request is remembered: longer than its signature holds."""
MOST = 20_000
"""Requests that a process remembers."""
HOLDS = 300
"""Seconds for which a signature holds, and its answer is kept."""
MOST_ANSWERS = 2_000
PATIENCE = 3
"""Seconds that one waits for the answer of one that came before."""
SHARING = 0.2
"""Seconds that one waits for the database to say whether another process has it; without its word this one has."""
STUCK = 0.02
"""The same, while it owes its word on an earlier one."""
T = TypeVar("T")
log = structlog.get_logger()


class Shared:
    """What the processes on a database know of each other's requests. Threads may share it."""

    sharing = SHARING

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._swept, self._stuck = 0, False

    def take(self, signature: str, now: int, unwanted: Callable[[], bool]) -> bool:
        """Take a request in hand; False where another process did. `unwanted`: it failed while this waited.

        A database that is away or locked stops nothing here: what is to be done needs it too.
        """
        mark = _mark(signature)

        def late(mine: bool) -> None:
            self._stuck = False
            if mine and unwanted():
                self._give_back(mark)

        try:
            mine = answered(lambda: self._take(mark, now), late, STUCK if self._stuck else self.sharing)
        except SQLAlchemyError as trouble:
            log.warning("requests not shared", why=type(trouble).__name__)
            return True
        self._stuck = mine is None
        return mine is not False

    def give_back(self, signature: str) -> None:
        """Let it be taken in hand again, here or elsewhere."""
        mark = _mark(signature)
        try:
            answered(lambda: self._give_back(mark), lambda _: None, self.sharing)
        except SQLAlchemyError as trouble:
            log.warning("requests not shared", why=type(trouble).__name__)

    def _take(self, mark: str, now: int) -> bool:
        with stating(self._ctx.engine) as session:
            if now - self._swept >= KEPT:
                self._swept = now
                requests.sweep(session, self._ctx.workspace, now - KEPT)
            return requests.take(session, self._ctx.workspace, mark, now)

    def _give_back(self, mark: str) -> None:
        with stating(self._ctx.engine) as session:
            requests.give_back(session, self._ctx.workspace, mark)


def _mark(signature: str) -> str:
    return hashlib.sha256(signature.encode()).hexdigest()


class _Known(Generic[T]):
    """A request: when it came, and what it was answered once that is so."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.done = Event()
        self.answer: T | None = None
        self.failed = False


class Replays(Generic[T]):
    """The signatures of a process's requests, the latest of them, with their answers. Threads may share it."""

    def __init__(self, shared: Shared | None = None) -> None:
        self._shared = shared
        self._seen: OrderedDict[str, _Known[T]] = OrderedDict()
        self._answered: OrderedDict[str, _Known[T]] = OrderedDict()
        self._lock = Lock()

    def begin(self, signature: str, now: int) -> bool:
        """Take a request in hand; False where that was done before. `now` in seconds since 1970 UTC."""
        with self._lock:
            self._forget_old(now)
            if signature in self._seen:
                return False
            known = self._seen[signature] = self._answered[signature] = _Known(now)
        if self._shared is None or self._shared.take(signature, now, lambda: known.failed):
            return True
        known.done.set()  # whoever has it gave the answer, and this process never will
        return False

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
            known.failed = True
            known.done.set()
        if self._shared is not None:
            self._shared.give_back(signature)

    def _forget_old(self, now: int) -> None:
        while self._answered and (
            len(self._answered) >= MOST_ANSWERS or next(iter(self._answered.values())).at < now - HOLDS
        ):
            self._answered.popitem(last=False)[1].answer = None
        while self._seen and (len(self._seen) >= MOST or next(iter(self._seen.values())).at <= now - KEPT):
            self._seen.popitem(last=False)
