"""Rows of any kind, for tests that go over every table whatever it is for."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Connection, Table
from sqlmodel import SQLModel

from bot.store import tables

assert tables  # imported for the tables it describes
WORDS = "Größe → „fünf“\n\t\\ \U0001f600 %s"


def every_table() -> list[Table]:
    return sorted(SQLModel.metadata.tables.values(), key=lambda one: one.name)


def fill(connection: Connection, workspace: str, rows: int = 2) -> None:
    """So many rows in every table, no two with a value in common but for those of two kinds only.

    A table that has but one row a workspace gets that one.
    """
    for one in every_table():
        for n in range(_most(one, rows)):
            connection.execute(one.insert(), {column.name: _value(column, workspace, n) for column in one.c})


def filled(rows: int = 2) -> int:
    """How many rows that makes."""
    return sum(_most(one, rows) for one in every_table())


def _most(one: Table, rows: int) -> int:
    return 1 if list(one.primary_key) == [one.c.workspace] else rows


def _value(column: Column[Any], workspace: str, n: int) -> object:
    if column.name == "workspace":
        return workspace
    if column.nullable and n == 1:
        return None
    kind = column.type.python_type
    if kind is bool:
        return n == 0
    if kind is int:
        return 2**62 + n if "BIGINT" in str(column.type).upper() else n
    return f"{workspace} {column.name} {n} {WORDS}"
