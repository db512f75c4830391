"""Columns of sealed text. Each says so itself (`info=SEALED`); by that it is found when the key is changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Column, select, update
from sqlalchemy.orm import Session
from sqlmodel import SQLModel

SEALED = {"sealed": True}
"""`Field(sa_column_kwargs={"info": SEALED})` marks a column that holds sealed text."""


def seal_anew(session: Session, newly: Callable[[str], str]) -> int:
    """Put in place of every sealed text what `newly` makes of it; how many are others now."""
    columns = [column for one in SQLModel.metadata.sorted_tables for column in one.c if is_sealed(column)]
    return sum(_column_anew(session, newly, column) for column in columns)


def is_sealed(column: Column[Any]) -> bool:
    return bool(column.info.get("sealed"))


def _column_anew(session: Session, newly: Callable[[str], str], column: Column[str]) -> int:
    stored = session.execute(select(column).where(column.is_not(None)).distinct()).scalars().all()
    changed = {sealed: anew for sealed in stored if (anew := newly(sealed)) != sealed}
    for sealed, anew in changed.items():
        session.execute(update(column.table).where(column == sealed).values({column.name: anew}))
    return len(changed)
