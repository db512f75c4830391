"""Statements that both databases understand, put together for their own dialects."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session
from sqlmodel import SQLModel

from bot.flow.events import ItemKey

T = TypeVar("T")

MANY = 500
"""How many values one statement names at most."""


def table(model: type[SQLModel]) -> Table:
    """The table behind a model, for statements that need no objects."""
    return SQLModel.metadata.tables[str(model.__tablename__)]


def insert(session: Session, into: Table) -> sqlite.Insert | postgresql.Insert:
    """An insert that can say what to do on a conflict."""
    return postgresql.insert(into) if session.get_bind().dialect.name == "postgresql" else sqlite.insert(into)


def batches(values: Sequence[T], size: int = MANY) -> Iterator[Sequence[T]]:
    """The values in order, `size` at a time."""
    return (values[start : start + size] for start in range(0, len(values), size))


def by_repo(keys: Iterable[ItemKey]) -> Iterator[tuple[str, str, Sequence[int]]]:
    """(host, repo, items) in order, as many items as a statement may name."""
    items: dict[tuple[str, str], list[int]] = defaultdict(list)
    for host, repo, item in sorted(keys):
        items[host, repo].append(item)
    for (host, repo), numbers in items.items():
        for some in batches(numbers):
            yield host, repo, some


def plain(text: object) -> str | None:
    """Text from outside as both databases can keep it; None for what is no text."""
    if not isinstance(text, str):
        return None
    return text.encode(errors="replace").decode().replace("\0", "")
