"""Statements are compiled once for all tests, as they are once in a program's life.

SQLAlchemy keeps what it compiles with each engine, and nearly every test has an engine of its own.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Dialect, Engine, event

Key = tuple[Any, ...]


class _ForAny(dict[Key, Any]):
    """Compiled statements by their key, in which a dialect stands for all of its name: here they are set up alike."""

    def get(self, key: Key, default: Any = None) -> Any:
        return super().get(_of_any(key), default)

    def __setitem__(self, key: Key, compiled: Any) -> None:
        super().__setitem__(_of_any(key), compiled)


def _of_any(key: Key) -> Key:
    dialect, *others = key
    return (dialect.name if isinstance(dialect, Dialect) else dialect, *others)


_COMPILED = _ForAny()


@event.listens_for(Engine, "engine_connect")
def _share(connection: Connection) -> None:
    connection.execution_options(compiled_cache=_COMPILED)
