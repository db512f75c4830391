"""Whether the database still fits this program: a newer one may have changed it meanwhile."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

import structlog

from bot.clock import Clock
from bot.soon import answered
from bot.store.migrate import CARRIES, Schema, schema_of
from bot.web import DATABASE_TROUBLE, Answer, Door, Request

if TYPE_CHECKING:
    from sqlalchemy import Engine

LOOK = 5
"""Seconds for which the last look holds."""
MOMENT = 0.2
"""Seconds that somebody who asks waits for a look."""
RETRY = {"Content-Type": "text/plain; charset=utf-8", "Retry-After": "30"}

log = structlog.get_logger()


class Fit:
    """What the database's schema is to this program, looked at every few seconds; a change is logged once."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine, self._clock = engine, clock
        self._last: Schema | None = None
        self._at, self._tried = 0, -LOOK
        self._looking, self._asking = Lock(), Lock()

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
                known = self.look()
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
            self.look()
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


def _tell(schema: Schema, last: Schema | None) -> None:
    why = why_not(schema)
    if why is not None:
        log.error("database does not fit", why=why)
    elif schema.state == "newer":
        log.info("database newer", schema=schema.revision, serves_from=schema.serves_from)
    elif last is not None:
        log.info("database fits", schema=schema.revision)
