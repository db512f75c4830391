"""What a migration does to a program that does not know it, by the schema before and after it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, inspect


@dataclass(frozen=True)
class Rows:
    """A table, as far as a program leans on it."""

    columns: dict[str, dict[str, Any]]
    """What the database says of each; and the table's keys, and what its rows have to be."""
    unique: frozenset[tuple[str, ...]]
    checked: frozenset[str]
    indexes: frozenset[str] = field(compare=False)


def shape_of(connection: Connection) -> dict[str, Rows]:
    """The tables that there are; without alembic's own."""
    found = inspect(connection)
    said = [found.get_multi_columns(), found.get_multi_pk_constraint(), found.get_multi_indexes(),
            found.get_multi_unique_constraints(), found.get_multi_check_constraints(),
            found.get_multi_foreign_keys()]  # fmt: skip
    tables = [key for key in said[0] if key[1] != "alembic_version"]
    return {str(key[1]): _rows(*(one.get(key) or [] for one in said)) for key in tables}


def _rows(columns: Any, key: Any, indexes: Any, unique: Any, checks: Any, foreign: Any) -> Rows:
    uniquely = [one["column_names"] for one in [*indexes, *unique] if one.get("unique", True)]
    checked = [str(one["sqltext"]) for one in checks]
    checked += [f"{one['constrained_columns']} in {one['referred_table']}" for one in foreign]
    return Rows(
        {one["name"]: one for one in columns},
        frozenset(map(tuple, [key["constrained_columns"], *uniquely])),
        frozenset(checked),
        frozenset(one["name"] for one in indexes),
    )


def taken_away(before: dict[str, Rows], after: dict[str, Rows]) -> list[str]:
    """What an older program would miss or run into, one line each; none where there is only more than before."""
    return [line for name, rows in sorted(before.items()) for line in _of_table(name, rows, after.get(name))]


def _of_table(name: str, before: Rows, after: Rows | None) -> Iterator[str]:
    if after is None:
        yield f"table {name} is gone or renamed"
        return
    for column, was in before.columns.items():
        yield from _of_column(f"{name}.{column}", was, after.columns.get(column))
    for column, there in after.columns.items():
        if column not in before.columns and not there["nullable"] and there["default"] is None:
            yield f"{name}.{column} has to be given, and older programs do not"
    for key in sorted(before.unique - after.unique):
        yield f"{name} no longer holds {', '.join(key)} to be unique"
    for key in sorted(after.unique - before.unique):
        yield f"{name} now holds {', '.join(key)} to be unique"
    for check in sorted(after.checked - before.checked):
        yield f"{name} now checks {check}"


def _of_column(name: str, before: dict[str, Any], after: dict[str, Any] | None) -> Iterator[str]:
    if after is None:
        yield f"{name} is gone or renamed"
        return
    if repr(before["type"]) != repr(after["type"]):
        yield f"{name} is {after['type']} instead of {before['type']}"
    if before["nullable"] and not after["nullable"]:
        yield f"{name} has to be given now"


def changed(before: dict[str, Rows], after: dict[str, Rows]) -> list[str]:
    """The tables that were there before and are not as they were; each is had for itself for a moment."""
    return sorted(name for name, rows in before.items() if name in after and _differ(rows, after[name]))


def _differ(before: Rows, after: Rows) -> bool:
    return (before.unique, before.checked, sorted(before.columns)) != (
        after.unique,
        after.checked,
        sorted(after.columns),
    )


def new_indexes(before: dict[str, Rows], after: dict[str, Rows]) -> set[str]:
    """Those that tables got which were there before."""
    return {index for name, rows in before.items() if name in after for index in after[name].indexes - rows.indexes}
