"""All rows of all tables, of every workspace, out of a database and into an empty one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Column, Connection, Engine, MetaData, Table, exists, select
from sqlalchemy.orm import Session
from sqlmodel import SQLModel

from bot.store import tables
from bot.store.sql import plain

assert tables  # imported for the tables it describes
AT_ONCE = 1_000
"""Rows that are read, or written, in one go."""
_LARGEST = 2**63
_VERSIONS = "alembic_version"
_ALLOWED = {bool: "true or false", int: "a whole number of at most 63 bits", str: "text without a NUL character"}


def frozen(engine: Engine) -> Session:
    """A session to which the database stands still from its first statement on. It is the caller's to close."""
    session = Session(engine)
    if engine.dialect.name == "postgresql":
        session.connection(execution_options={"isolation_level": "REPEATABLE READ", "postgresql_readonly": True})
    return session


def kept_tables() -> list[Table]:
    """The tables of this program's schema, by name."""
    return sorted(SQLModel.metadata.tables.values(), key=lambda one: one.name)


def every_row(session: Session, one: Table) -> Iterator[list[Any]]:
    """All rows of a table, as they come, a few at a time in memory."""
    for row in session.execute(select(one), execution_options={"yield_per": AT_ONCE}):
        yield list(row)


def tables_there(session: Session) -> dict[str, Table]:
    """The tables that a database has, by name, whatever its version."""
    found = MetaData()
    found.reflect(session.connection())
    return {name: one for name, one in found.tables.items() if name != _VERSIONS}


def is_empty(session: Session, one: Table) -> bool:
    return not session.scalar(select(exists(select(1).select_from(one))))


def unfit(column: Column[Any], value: object) -> str | None:
    """What is allowed in a column that can't hold this value; None where it can."""
    kind = column.type.python_type
    if value is None:
        return None if column.nullable else f"{_ALLOWED[kind]} (never null)"
    if type(value) is not kind or (isinstance(value, int) and not -_LARGEST <= value < _LARGEST):
        return _ALLOWED[kind]
    return _ALLOWED[kind] if isinstance(value, str) and plain(value) != value else None


def put_rows(connection: Connection, columns: Sequence[Column[Any]], rows: Sequence[Sequence[Any]]) -> None:
    """Add rows, given as the values of these columns of one table."""
    into: Table = columns[0].table
    names = [column.name for column in columns]
    connection.execute(into.insert(), [dict(zip(names, row, strict=True)) for row in rows])
