"""Whether a database takes what is written: doubted from a failure on, until something was written and kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import NamedTuple
from weakref import WeakKeyDictionary, WeakSet

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

DISTURBED = ("40P01", "40001")
"""PostgreSQL's codes for a deadlock and for transactions that can't be put in an order."""
_LOCKED = "55P03"
"""PostgreSQL's code for a lock that was not to be had in time."""
_TURN = "pg_advisory_xact_lock"
"""How processes wait for each other, which says nothing of the database."""


class Herald(NamedTuple):
    """Is told once when a doubt begins, with the error, and once when it ends."""

    away: Callable[[BaseException], None]
    back: Callable[[], None]


_doubted: WeakSet[Engine] = WeakSet()
_heralds: WeakKeyDictionary[Engine, Herald] = WeakKeyDictionary()
_changing = Lock()


def announce(engine: Engine, herald: Herald) -> None:
    """Have a doubt told of; of several who ask for that the last is told."""
    _heralds[engine] = herald


@contextmanager
def doubting(engine: Engine) -> Iterator[None]:
    """What fails within for want of a database that takes it casts doubt on that."""
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        if _concerns_all(error):
            _begin(engine, error)
        raise


def _concerns_all(error: DBAPIError) -> bool:
    if getattr(error.orig, "sqlstate", None) in DISTURBED:
        return False
    return not (_code(error) == _LOCKED and _TURN in (error.statement or ""))


def _begin(engine: Engine, error: BaseException) -> None:
    with _changing:
        begins = engine not in _doubted
        _doubted.add(engine)
    herald = _heralds.get(engine)
    if begins and herald is not None:
        herald.away(error)


def doubted(engine: Engine) -> bool:
    """Whether a transaction failed for want of a database that takes it, and none was seen to be kept since."""
    return engine in _doubted


def proven(engine: Engine) -> None:
    """Something was written and kept: there is no more doubt. (Most transactions find nothing to write.)"""
    with _changing:
        ends = engine in _doubted
        _doubted.discard(engine)
    herald = _heralds.get(engine)
    if ends and herald is not None:
        herald.back()


def waited_in_vain(error: BaseException) -> bool:
    """Whether it says that another one held the database for as long as writes wait for it."""
    return isinstance(error, OperationalError) and _code(error) in (_LOCKED, "SQLITE_BUSY")


def _code(error: DBAPIError) -> str | None:
    return getattr(error.orig, "sqlstate", None) or getattr(error.orig, "sqlite_errorname", None)
