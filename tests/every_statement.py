"""Watches every statement that the program sends while tests run: each table in it is held to one workspace.

A statement counts as the program's by the nearest frame outside SQLAlchemy. Left out are those that are for all
workspaces by their purpose: the schema, backups, the change of the key that secrets are sealed with, taking a name out
of everything, and telling in which workspaces Weir is installed. (An install that was begun belongs to none yet; its
rows have the empty text for their workspace.)
"""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, Engine, Table, TextClause, event
from sqlalchemy.sql import operators, visitors
from sqlalchemy.sql.elements import BinaryExpression, BindParameter, BooleanClauseList, ClauseElement, Grouping
from sqlalchemy.sql.expression import Delete, Join, Select, Update
from sqlalchemy.sql.selectable import FromClause, TableClause
from sqlmodel import SQLModel

PROGRAM = tuple(f"{Path(__file__).parents[1] / folder}/" for folder in ("bot", "handlers", "jobs"))
FOR_ALL = ("/store/migrate.py", "/store/migrations/", "/store/copying.py", "/store/sealed.py", "/store/forgetting.py")
LISTING = {("/store/installs.py", "every")}
"""Single functions, by file and name."""
TAKING_TURNS = "SELECT pg_advisory_xact_lock"
_LIBRARIES = ("/sqlalchemy/", "/sqlmodel/", "/contextlib.py")

checked: set[str] = set()
"""The texts that are fine."""
found: list[str] = []
"""What is wrong, since the last look."""


def unscoped(statement: ClauseElement) -> list[str]:
    """The tables that a statement reads or changes whatever their workspace, as they are named in it."""
    held, used = _Held(), dict[int, FromClause]()
    for part in visitors.iterate(statement):
        if isinstance(part, Select | Update | Delete) and part.whereclause is not None:
            held.take(part.whereclause)
        if isinstance(part, Update | Delete):
            used[id(_itself(part.table))] = part.table
        if isinstance(part, Select):
            used.update((id(one), one) for source in part.get_final_froms() for one in _tables(source, held))
    return sorted(str(getattr(one, "name", one)) for key, one in used.items() if key not in held.scoped())


class _Held:
    """Which tables' workspaces are bound to a value, or to one that is."""

    def __init__(self) -> None:
        self._bound: set[int] = set()
        self._tied: list[tuple[int, int]] = []

    def take(self, clause: ClauseElement) -> None:
        for one in _conjuncts(clause):
            if isinstance(one, BinaryExpression) and one.operator is operators.eq:
                sides = [_table_of_workspace(side) for side in (one.left, one.right)]
                if all(sides):
                    self._tied.append((sides[0], sides[1]))
                elif any(sides) and any(isinstance(side, BindParameter) for side in (one.left, one.right)):
                    self._bound.update(filter(None, sides))

    def scoped(self) -> set[int]:
        scoped = set(self._bound)
        for _ in self._tied:
            for one, other in self._tied:
                if scoped & {one, other}:
                    scoped |= {one, other}
        return scoped


def _conjuncts(clause: ClauseElement) -> Iterator[ClauseElement]:
    if isinstance(clause, Grouping):
        yield from _conjuncts(clause.element)
    elif isinstance(clause, BooleanClauseList) and clause.operator is operators.and_:
        for one in clause.clauses:
            yield from _conjuncts(one)
    else:
        yield clause


def _table_of_workspace(side: ClauseElement) -> int:
    return id(_itself(side).table) if isinstance(side, Column) and side.name == "workspace" else 0


def _itself(one: Any) -> Any:
    """What stands in a statement, without what is noted on it where a model names it."""
    return one._deannotate()


def _tables(source: FromClause, held: _Held) -> Iterator[FromClause]:
    """The tables and their aliases in what is selected from; what is selected within it is looked at by itself."""
    if isinstance(source, Join):
        held.take(source.onclause)
        yield from _tables(source.left, held)
        yield from _tables(source.right, held)
    elif isinstance(getattr(source, "element", source), TableClause):
        source = _itself(source)
        meant = _itself(getattr(source, "element", source))
        if isinstance(meant, Table) and meant.metadata is SQLModel.metadata:
            yield source


@event.listens_for(Engine, "before_cursor_execute")
def _look(_conn: Any, _cursor: Any, text: str, _parameters: Any, context: Any, _many: bool) -> None:
    if text in checked or context is None or context.compiled is None:
        return
    place = _sender()
    if place is None:
        return
    statement = context.compiled.statement
    if isinstance(statement, TextClause):
        wrong = [] if text.startswith(TAKING_TURNS) else ["text"]
    else:
        wrong = unscoped(statement) if statement is not None else []
    if wrong:
        found.append(f"{place}: {', '.join(wrong)} of any workspace in: {text}")
    else:
        checked.add(text)


def _sender() -> str | None:
    """Where in the program a statement comes from; None where it is a test's, or for all workspaces."""
    frame = sys._getframe(2)
    while frame is not None and any(part in frame.f_code.co_filename for part in _LIBRARIES):
        frame = frame.f_back  # type: ignore[assignment]  # of the outermost there is none
    name = frame.f_code.co_filename if frame else ""
    function = frame.f_code.co_name if frame else ""
    listing = any(name.endswith(file) and function == one for file, one in LISTING)
    if listing or not name.startswith(PROGRAM) or any(part in name for part in FOR_ALL):
        return None
    return f"{name}:{frame.f_lineno}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    result = yield
    wrong = found[:]
    found.clear()
    assert not wrong, "\n".join(wrong)
    return result
