"""Engines closed once everybody handed in their connection: work begun for a press may outlast its test a little."""

from __future__ import annotations

import time

from sqlalchemy import Engine, QueuePool


def close(engine: Engine) -> None:
    """Dispose of an engine when its connections are back, or after five seconds."""
    for _ in range(500):
        if not isinstance(engine.pool, QueuePool) or not engine.pool.checkedout():
            break
        time.sleep(0.01)
    engine.dispose()
