"""What is sent to a database, counted: how much of it grows with what there is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, event


@dataclass
class Sent:
    """The statements in order, and how many transactions were committed."""

    said: list[str] = field(default_factory=list)
    commits: int = 0

    def __len__(self) -> int:
        return len(self.said)

    def of(self, words: str) -> int:
        """How many have these words in them."""
        return sum(words in one for one in self.said)


@contextmanager
def counting(engine: Engine) -> Iterator[Sent]:
    """Counts what goes through an engine meanwhile."""
    sent = Sent()

    def statement(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        sent.said.append(statement)

    def commit(_conn: Any) -> None:
        sent.commits += 1

    listeners = (("before_cursor_execute", statement), ("commit", commit))
    for name, listener in listeners:
        event.listen(engine, name, listener)
    try:
        yield sent
    finally:
        for name, listener in listeners:
            event.remove(engine, name, listener)
