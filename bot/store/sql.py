"""Statements that both databases understand, put together for their own dialects."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar

from sqlalchemy import (
    Column,
    ColumnElement,
    Executable,
    Table,
    Update,
    any_,
    bindparam,
    func,
    literal,
    select,
    tuple_,
    update,
)  # fmt: skip
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


OneOf: TypeAlias = Callable[[Column[Any], str], ColumnElement[bool]]
"""(column, key) → that the column is one of the values of the list given under this key when executing."""


def _one_of_listed(column: Column[Any], key: str) -> ColumnElement[bool]:
    return column.in_(bindparam(key, expanding=True))


def _one_of_array(column: Column[Any], key: str) -> ColumnElement[bool]:
    # One text whatever the length, so that PostgreSQL plans it once.
    return column == any_(bindparam(key, type_=postgresql.ARRAY(column.type)))


class Asking:
    """A statement about lists of values, made ready once for both databases by `make`."""

    def __init__(self, make: Callable[[OneOf], Executable]) -> None:
        self._ready = {"sqlite": make(_one_of_listed), "postgresql": make(_one_of_array)}

    def on(self, session: Session) -> Executable:
        """The statement for the session's database."""
        return self._ready[session.get_bind().dialect.name]


class Inserting:
    """An insert made ready once for both databases; `finish` says what to do on a conflict and what to return."""

    def __init__(self, into: Table, finish: Callable[[AnyInsert], Executable]) -> None:
        self._ready = {name: finish(make(into)) for name, make in _INSERTS.items()}
        columns = [func.unnest(bindparam(column.name, type_=postgresql.ARRAY(column.type))) for column in into.c]
        names = [column.name for column in into.c]
        self._unnesting = finish(postgresql.insert(into).from_select(names, select(*columns)))

    def on(self, session: Session) -> Executable:
        """The statement for the session's database."""
        return self._ready[session.get_bind().dialect.name]

    def run(self, session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert whole rows (every column named), of which nothing is to be returned."""
        if session.get_bind().dialect.name == "postgresql":
            session.execute(self._unnesting, {name: [row[name] for row in rows] for name in rows[0]})
        else:
            session.connection().execute(self.on(session), rows)

    def returned(self, session: Session, rows: Sequence[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
        """Insert whole rows (every column named) and read what the statement returns."""
        if session.get_bind().dialect.name == "postgresql":
            columns = {name: [row[name] for row in rows] for name in rows[0]}
            return [tuple(row) for row in session.execute(self._unnesting, columns)]
        return [tuple(row) for row in session.execute(self.on(session), rows)]


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


def of_keys(
    session: Session, host: Column[Any], repo: Column[Any], item: Column[Any], keys: Iterable[ItemKey]
) -> ColumnElement[bool]:  # fmt: skip
    """That these columns name one of the items, whatever repositories they are of: for some hundreds of items."""
    wanted, columns = sorted(keys), (host, repo, item)
    if session.get_bind().dialect.name != "postgresql":
        return tuple_(*columns).in_(wanted)
    # Three lists, not hundreds of values: to read and plan those takes longer than to look the rows up.
    lists = (
        func.unnest(literal([key[at] for key in wanted], postgresql.ARRAY(one.type))) for at, one in enumerate(columns)
    )
    return tuple_(*columns).in_(select(*lists))


def plain(text: object) -> str | None:
    """Text from outside as both databases can keep it; None for what is no text."""
    if not isinstance(text, str):
        return None
    return text.encode(errors="replace").decode().replace("\0", "")
