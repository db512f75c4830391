"""Statements that both databases understand, put together for their own dialects."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeAlias, TypeVar

from sqlalchemy import Column, ColumnElement, Executable, Table, Update, bindparam, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session
from sqlmodel import SQLModel

from bot.flow.events import ItemKey

T = TypeVar("T")
AnyInsert: TypeAlias = sqlite.Insert | postgresql.Insert
_INSERTS: dict[str, Callable[[Table], AnyInsert]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}

MANY = 500
"""How many values one statement names at most."""


def table(model: type[SQLModel]) -> Table:
    """The table behind a model, for statements that need no objects."""
    return SQLModel.metadata.tables[str(model.__tablename__)]


def insert(session: Session, into: Table) -> AnyInsert:
    """An insert that can say what to do on a conflict."""
    return _INSERTS[session.get_bind().dialect.name](into)


class Inserting:
    """An insert made ready once for both databases; `finish` says what to do on a conflict and what to return."""

    def __init__(self, into: Table, finish: Callable[[AnyInsert], Executable]) -> None:
        self._ready = {name: finish(make(into)) for name, make in _INSERTS.items()}

    def on(self, session: Session) -> Executable:
        """The statement for the session's database."""
        return self._ready[session.get_bind().dialect.name]


def one_of(column: Column[Any], key: str) -> ColumnElement[bool]:
    """That the column is one of the values given, as a list of any length, when the statement is executed."""
    return column.in_(bindparam(key, expanding=True))


def updating(into: Table, keys: Iterable[str], names: Iterable[str]) -> Update:
    """An update of the rows named by `keys`; the values are given as `at_` and `new_` with the column's name."""
    where = [into.c[key] == bindparam(f"at_{key}") for key in keys]
    return update(into).where(*where).values({name: bindparam(f"new_{name}") for name in names})


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
