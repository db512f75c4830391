"""PostgreSQL migrated while programs use it: nobody waits for it longer than a request's patience.

A statement that changes a table has to have it for itself, if only for an instant, and while it waits for that, all who
come later wait behind it. So it waits a second, lets everybody by and tries again. Indexes of tables that were there
before are made without a lock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Event
from typing import TypeVar

from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import ColumnElement, Connection, Engine, column, func, select, table
from sqlalchemy.exc import DBAPIError

from bot.store.indexes import LargeIndex

T = TypeVar("T")
LOCK = 0x57454952
"""The advisory lock under which databases are migrated."""
LOCK_SECONDS = 1
"""Seconds for which a statement waits for a table, and others behind it. Slack hangs up after three."""
TRIES = 60
PAUSES = (0.1, 0.2, 0.5, 1.0)
"""Seconds between tries; the last one from then on."""
_HELD_UP = ("55P03", "40P01")
"""PostgreSQL's codes for a lock that was not to be had in time, and for a deadlock."""


class Occupied(Exception):
    """A table was in use at every try; one line. Nothing of that revision was done, those before it stay."""


@contextmanager
def turn(engine: Engine) -> Iterator[Connection]:
    """A connection on which to migrate, once nobody else does.

    The lock is asked for rather than waited for: an index that is made without a lock waits for every transaction
    that is under way, so also for one that would wait here.
    """
    with engine.connect() as connection:
        while not _told(connection, func.pg_try_advisory_lock(LOCK)):
            Event().wait(PAUSES[0])
        try:
            yield connection
        finally:
            connection.rollback()
            _told(connection, func.pg_advisory_unlock(LOCK))


def patiently(connection: Connection, revision: str, tries: int, work: Callable[[], T]) -> T:
    """What a transaction comes to that gives way to others. Raises Occupied."""
    for number in range(tries):
        try:
            with connection.begin():
                connection.execute(select(func.set_config("lock_timeout", f"{LOCK_SECONDS}s", True)))
                return work()
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) not in _HELD_UP:
                raise
        Event().wait(PAUSES[min(number, len(PAUSES) - 1)])
    raise Occupied(f"migration {revision} found a table in use at each of {tries} tries and changed nothing; "
                   "end what holds it (a long query, a backup), then run weir migrate again")  # fmt: skip


def index(connection: Connection, indexes: Sequence[LargeIndex]) -> None:
    """Make indexes while their tables are read and written; one that broke off half-way is made anew."""
    if not indexes:
        return
    usual, patience = connection.default_isolation_level, func.current_setting("lock_timeout")
    with connection.begin():
        waits = connection.execute(select(patience)).scalar()
    connection.execution_options(isolation_level="AUTOCOMMIT")
    try:
        connection.execute(select(func.set_config("lock_timeout", "0", False)))
        do = Operations(MigrationContext.configure(connection))
        for one in indexes:
            if _broken_off(connection, one.name):
                one.drop(do, concurrently=True)
            one.make(do, concurrently=True)
        connection.execute(select(func.set_config("lock_timeout", waits, False)))
    finally:
        connection.rollback()  # of nothing: SQLAlchemy sees a transaction here, PostgreSQL has none
        connection.execution_options(isolation_level=usual)


def _broken_off(connection: Connection, name: str) -> bool:
    known = table("pg_index", column("indexrelid"), column("indisvalid"))
    valid = select(known.c.indisvalid).where(known.c.indexrelid == func.to_regclass(name))
    return connection.execute(valid).scalar() is False


def _told(connection: Connection, of: ColumnElement[bool]) -> bool:
    with connection.begin():
        return bool(connection.execute(select(of)).scalar())
