"""Engines closed once everybody handed in their connection: work begun for a press may outlast its test a little."""

from __future__ import annotations

import time
from typing import Any, NoReturn

from sqlalchemy import Engine, Pool, QueuePool, event

PATIENCE = 30
"""Seconds that are waited for a connection at most; a busy machine may take some."""


def close(engine: Engine) -> None:
    """Dispose of an engine when its connections are back. Whoever comes later gets none, and leaves none behind."""
    pool = engine.pool
    _wait_for_all(pool)
    event.listen(engine, "do_connect", _refuse)
    engine.dispose()
    _wait_for_all(pool)  # one may have been taken just before
    pool.dispose()


def _wait_for_all(pool: Pool) -> None:
    for _ in range(PATIENCE * 100):
        if not isinstance(pool, QueuePool) or not pool.checkedout():
            break
        time.sleep(0.01)


def _refuse(*_: Any) -> NoReturn:
    raise ConnectionError("the test is over")
