"""Whether the database can be used: it may be away, or a newer program may have changed it meanwhile."""

from __future__ import annotations

from concurrent.futures import Future, wait
from threading import Lock, Thread
from typing import TYPE_CHECKING

import structlog

from bot.clock import Clock
from bot.context import WORKSPACE
from bot.soon import answered
from bot.store.doubt import Herald, announce, doubted
from bot.store.migrate import CARRIES, Schema, schema_of
from bot.store.proving import prove
from bot.web import AWAY, DATABASE_TROUBLE, Answer, Door, Request, one_line

if TYPE_CHECKING:
    from sqlalchemy import Engine

LOOK = 5
"""Seconds for which the last look holds."""
MOMENT = 0.2
"""Seconds that somebody who asks waits for a look."""
READINESS = 1.0
"""The same where the question is whether this process is ready."""
SLOW = "the database has not answered within a second; ask again"
RETRY = {"Content-Type": "text/plain; charset=utf-8", "Retry-After": "30"}

log = structlog.get_logger()


class Fit:
    """What the database's schema is to this program, looked at every few seconds; a change is logged once.

    So is that the database is away, and that it is back, which each look tries to find out. Threads may share it.
    """

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine, self._clock = engine, clock
        self._last: Schema | None = None
        self._at, self._tried = 0, -LOOK
        self._looking, self._asking, self._proving = Lock(), Lock(), Lock()
        self._readiness: Future[str | None] | None = None
        announce(engine, Herald(_away, _back))

    def unready(self) -> str | None:
        """Why nobody should be sent here, on one line; None where this process is ready.

        Whatever the database does, that is known within READINESS: who asks waits no longer for a look, of which there
        is one at a time, and where it is not over by then it is doubtful and so not ready.
        """
        with self._looking:
            under_way = self._readiness
            if under_way is None or under_way.done():
                under_way = self._readiness = Future()
                Thread(target=self._find_out, args=(under_way,), name="readiness", daemon=True).start()
        return under_way.result() if wait([under_way], READINESS).done else SLOW

    def _find_out(self, outcome: Future[str | None]) -> None:
        try:
            outcome.set_result(why_not(self._look_and_prove()) or (AWAY if doubted(self._engine) else None))
        except DATABASE_TROUBLE:
            outcome.set_result(AWAY)
        except BaseException as error:
            outcome.set_exception(error)

    def _look_and_prove(self) -> Schema:
        """Look, and end a doubt about the database if that can be, unless somebody else is at it."""
        schema = self.look()
        if why_not(schema) is None and doubted(self._engine) and self._proving.acquire(blocking=False):
            try:
                prove(self._engine, WORKSPACE, self._clock.now())
            finally:
                self._proving.release()
        return schema

    def look(self) -> Schema:
        """As it is now. Raises what a database in trouble raises."""
        schema = schema_of(self._engine)
        with self._looking:
            last, self._last, self._at = self._last, schema, self._clock.now()
        if schema != last:
            _tell(schema, last)
        return schema

    def may_work(self) -> bool:
        """Whether this program may do anything with the database; one in trouble says so itself."""
        known = self._last
        if known is None or not 0 <= self._clock.now() - self._at < LOOK:
            try:
                known = self._look_and_prove()
            except DATABASE_TROUBLE:
                return True
        return why_not(known) is None

    def why(self) -> str | None:
        """Why this program may do nothing for whoever asks, who waits a moment at most; None as long as none is known.

        A database in trouble says so itself.
        """
        if not 0 <= self._clock.now() - self._tried < LOOK and self._asking.acquire(blocking=False):
            answered(self._try, lambda _: None, MOMENT)
        return None if self._last is None else why_not(self._last)

    def _try(self) -> None:
        try:
            self._tried = self._clock.now()
            self._look_and_prove()
        except DATABASE_TROUBLE:
            pass
        finally:
            self._asking.release()

    def guarded(self, door: Door) -> Door:
        """The door, answering 503 where the database does not fit."""

        def answer(request: Request) -> Answer:
            why = self.why()
            return door(request) if why is None else Answer(503, why, RETRY)

        return answer


def why_not(schema: Schema) -> str | None:
    """Why a program does not work with a schema, on one line; None where it does."""
    if schema.state in CARRIES:
        return None
    if schema.state == "behind":
        return "the database is behind this program; run: weir migrate"
    since = f"works with programs from schema {schema.serves_from} on" if schema.serves_from else "was made by another"
    return f"the database's schema {schema.revision} {since}, and no longer with this one; update this program"


def _away(error: BaseException) -> None:
    log.error("database away", why=one_line(error))


def _back() -> None:
    log.info("database back")


def _tell(schema: Schema, last: Schema | None) -> None:
    why = why_not(schema)
    if why is not None:
        log.error("database does not fit", why=why)
    elif schema.state == "newer":
        log.info("database newer", schema=schema.revision, serves_from=schema.serves_from)
    elif last is not None:
        log.info("database fits", schema=schema.revision)
