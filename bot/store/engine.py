"""Engines and transactions. SQLite and PostgreSQL keep the same promises through the same code."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from threading import Event, RLock
from typing import Any, TypeVar
from weakref import WeakKeyDictionary, WeakSet

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.orm import Session

T = TypeVar("T")

BUSY_SECONDS = 10
"""How long a connection waits for SQLite's one writer."""
ATTEMPTS = 3
_DISTURBED = ("40P01", "40001")
"""PostgreSQL's codes for a deadlock and for transactions that can't be put in an order."""
_WRITES = "weir_writes"

# SQLite's own waiting for its one writer is a sleep that grows to 0.1 s; threads of one process queue here instead.
# Only speed hangs on it: other processes are kept out by the database.
_queues: WeakKeyDictionary[Engine, RLock] = WeakKeyDictionary()
_doubted: WeakSet[Engine] = WeakSet()

_PATIENCE = {
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
"""By itself PostgreSQL's client waits for hours on a server that vanished without a word (tcp_user_timeout in ms)."""


def make_engine(url: str) -> Engine:
    """An engine for `sqlite:///FILE`, `postgresql://…` or `postgres://…`; nothing is opened yet.

    SQLite runs in WAL mode, flushes every commit, holds foreign keys and waits 10 s for another writer.
    """
    known = make_url(url)
    return _sqlite(known) if known.get_backend_name() == "sqlite" else _postgres(known)


def _postgres(url: URL) -> Engine:
    patience = {key: value for key, value in _PATIENCE.items() if key not in url.query}
    url = url.set(drivername="postgresql+psycopg")
    return create_engine(url, connect_args=patience, pool_pre_ping=True, pool_size=10, max_overflow=20)


def _sqlite(url: URL) -> Engine:
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    _queues[engine] = RLock()
    return engine


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
    writes = connection.get_execution_options().get(_WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def writing(engine: Engine) -> Iterator[Session]:
    """One transaction that may write: committed at the end, rolled back on any error. Not to be nested."""
    with _doubting(engine), _queues.get(engine, nullcontext()), Session(engine, expire_on_commit=False) as session:
        session.connection(execution_options={_WRITES: True})
        yield session
        session.commit()


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
def _doubting(engine: Engine) -> Iterator[None]:
    try:
        yield
    except (OperationalError, InterfaceError):
        _doubted.add(engine)
        raise


def doubted(engine: Engine) -> bool:
    """Whether a transaction failed for want of a database that takes it, and none was seen to be kept since."""
    return engine in _doubted


def proven(engine: Engine) -> None:
    """Something was written and kept: there is no more doubt. (Most transactions find nothing to write.)"""
    _doubted.discard(engine)


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """A session to read with; whatever it writes is rolled back, or refused."""
    with Session(engine) as session:
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
    with Session(engine) as session:
        if engine.dialect.name == "postgresql":
            session.connection(execution_options={"isolation_level": "AUTOCOMMIT"})
        yield session


def undisturbed(work: Callable[[], T]) -> T:
    """What a whole transaction comes to; it is done again where PostgreSQL picked it to end a deadlock."""
    for _ in range(ATTEMPTS - 1):
        try:
            return work()
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) not in _DISTURBED:
                raise
    return work()
