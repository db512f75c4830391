"""Engines and transactions. SQLite and PostgreSQL keep the same promises through the same code."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, RLock
from time import monotonic
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from bot.store.doubt import DISTURBED, doubting

T = TypeVar("T")

BUSY_SECONDS = 8
"""How long SQLite's one writer, or a lock of PostgreSQL's, is waited for: a code host hangs up after ten."""
SHORTEST = 0.05
"""Seconds that whoever queued for long still waits for the writer of another process."""
ATTEMPTS = 3
_WRITES = "weir_writes"

# SQLite's own waiting for its one writer is a sleep that grows to 0.1 s; threads of one process queue here instead.
# Only speed hangs on it: other processes are kept out by the database.
_queues: WeakKeyDictionary[Engine, _Queue] = WeakKeyDictionary()

_PATIENCE = {
    "connect_timeout": BUSY_SECONDS,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
"""By itself PostgreSQL's client waits for hours on a server that vanished without a word (tcp_user_timeout in ms)."""


class _Queue:
    """In which the threads of a process wait for SQLite's one writer, and for how many seconds in all."""

    def __init__(self, patience: float) -> None:
        self.patience, self.lock = patience, RLock()


def make_engine(url: str, patience: float | None = None) -> Engine:
    """An engine for `sqlite:///FILE`, `postgresql://…` or `postgres://…`; nothing is opened yet.

    SQLite runs in WAL mode, flushes every commit and holds foreign keys. What another one holds is waited for as many
    seconds as `patience` says, by default BUSY_SECONDS.
    """
    known, seconds = make_url(url), BUSY_SECONDS if patience is None else patience
    return _sqlite(known, seconds) if known.get_backend_name() == "sqlite" else _postgres(known, seconds)


def _postgres(url: URL, seconds: float) -> Engine:
    patience = {key: value for key, value in _PATIENCE.items() if key not in url.query}
    url = url.set(drivername="postgresql+psycopg")
    engine = create_engine(url, connect_args=patience, pool_pre_ping=True, pool_size=10, max_overflow=20)

    def prepare(connection: Any, _record: Any) -> None:
        connection.autocommit = True
        connection.execute(f"SET lock_timeout = {_milliseconds(seconds)}")
        connection.autocommit = False

    event.listen(engine, "connect", prepare)
    return engine


def _sqlite(url: URL, seconds: float) -> Engine:
    engine = create_engine(url, connect_args={"timeout": seconds})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    _queues[engine] = _Queue(seconds)
    return engine


def _milliseconds(seconds: float) -> int:
    return max(1, round(seconds * 1000))


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver's own BEGIN comes late and is never IMMEDIATE
    _switch_to_wal(connection)
    for pragma in ("synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _switch_to_wal(connection: Any) -> None:
    """Only the first connection to a new file changes anything. SQLite does not wait by itself for another at it."""
    for pause in (0.01, 0.05, 0.2, 0.5, 1, 2):
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            Event().wait(pause)
        else:
            return
    connection.execute("PRAGMA journal_mode=WAL")


def _begin_sqlite(connection: Connection) -> None:
    seconds = connection.get_execution_options().get(_WRITES)
    if seconds is not None:
        connection.exec_driver_sql(f"PRAGMA busy_timeout={_milliseconds(seconds)}")
    connection.exec_driver_sql("BEGIN" if seconds is None else "BEGIN IMMEDIATE")


@contextmanager
def writing(engine: Engine) -> Iterator[Session]:
    """One transaction that may write: committed at the end, rolled back on any error. Not to be nested."""
    with doubting(engine), _turn(engine) as left, Session(engine, expire_on_commit=False) as session:
        session.connection(execution_options={_WRITES: left})
        yield session
        session.commit()


@contextmanager
def trying(engine: Engine, seconds: float) -> Iterator[Session]:
    """The same for a look at whether anything is written just now: no other one is waited for longer than that."""
    with doubting(engine), _turn(engine, seconds), Session(engine, expire_on_commit=False) as session:
        session.connection(execution_options={_WRITES: seconds})
        if engine.dialect.name == "postgresql":
            session.connection().exec_driver_sql(f"SET LOCAL lock_timeout = {_milliseconds(seconds)}")
        yield session
        session.commit()


@contextmanager
def _turn(engine: Engine, at_most: float = -1) -> Iterator[float]:
    """One's turn among the threads of this process, waited for at most so long; the seconds left for other processes.

    A thread that waited behind others who waited in vain does not begin to wait anew.
    """
    queue = _queues.get(engine)
    if queue is None:
        yield BUSY_SECONDS
        return
    came = monotonic()
    if not queue.lock.acquire(timeout=at_most):
        raise OperationalError("BEGIN IMMEDIATE", None, _in_use())
    try:
        yield max(SHORTEST, queue.patience - (monotonic() - came))
    finally:
        queue.lock.release()


def _in_use() -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("database is locked")
    error.sqlite_errorcode, error.sqlite_errorname = sqlite3.SQLITE_BUSY, "SQLITE_BUSY"
    return error


def take_stock(engine: Engine) -> None:
    """Have SQLite count what its tables and indexes hold (a sample of each), by which it chooses between indexes.

    Without that it takes a workspace for a handful of rows. PostgreSQL takes stock by itself.
    """
    if engine.dialect.name == "sqlite":
        with writing(engine) as session:
            for words in ("PRAGMA analysis_limit = 1000", "ANALYZE"):
                session.connection().exec_driver_sql(words)


@contextmanager
def stating(engine: Engine) -> Iterator[Session]:
    """A session for statements that each are a transaction of their own, as one that writes in haste needs it.

    On SQLite they are one together.
    """
    if engine.dialect.name == "sqlite":
        with writing(engine) as session:
            yield session
        return
    with Session(engine) as session:
        session.connection(execution_options={"isolation_level": "AUTOCOMMIT"})
        yield session


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """A session to read with; whatever it writes is rolled back, or refused."""
    with doubting(engine), Session(engine) as session:
        if engine.dialect.name == "postgresql":
            session.connection(execution_options={"postgresql_readonly": True})
        yield session
        if engine.dialect.name == "postgresql":
            # The driver forgets its prepared statements with each rollback, and has the database plan them all anew.
            session.commit()


@contextmanager
def looking(engine: Engine) -> Iterator[Session]:
    """A session for a few look-ups that somebody waits for, and never for a write.

    On PostgreSQL it has no transaction, which would cost two more round trips: each statement sees what is there by
    then, as it would within one.
    """
    with doubting(engine), Session(engine) as session:
        if engine.dialect.name == "postgresql":
            session.connection(execution_options={"isolation_level": "AUTOCOMMIT"})
        yield session


def undisturbed(work: Callable[[], T]) -> T:
    """What a whole transaction comes to; it is done again where PostgreSQL picked it to end a deadlock."""
    for _ in range(ATTEMPTS - 1):
        try:
            return work()
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) not in DISTURBED:
                raise
    return work()
