"""A backup: the whole database as JSON lines, the same from SQLite and from PostgreSQL.

The first line names the schema's revision, a line with `table` and `columns` goes before its rows (a list of values
each), and the last line counts the rows, so that a file that was cut off is noticed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Column, Engine, Table
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from bot.eventlog import BadLog, records, write_records
from bot.store.copying import AT_ONCE, every_row, frozen, is_empty, kept_tables, put_rows, tables_there, unfit
from bot.store.engine import writing
from bot.store.migrate import revision_of, revisions, upgrade

FORMAT = 1


class BadBackup(ValueError):
    """A backup that can't be taken, or not into this database; one line: what is wrong, where, what is allowed."""


def write(engine: Engine, path: str, now: int) -> int:
    """Write all there is at one instant; the database's own work goes on. How many rows. Raises BadLog.

    The schema has to be this program's. Memory does not grow with the database.
    """
    with frozen(engine) as session:
        return write_records(path, _lines(session, now)) - len(kept_tables()) - 2


def _lines(session: Session, now: int) -> Iterator[Any]:
    yield {"weir_backup": FORMAT, "schema": revision_of(session), "at": now}
    rows = 0
    for one in kept_tables():
        yield {"table": one.name, "columns": [column.name for column in one.c]}
        for row in every_row(session, one):
            rows += 1
            yield row
    yield {"rows": rows}


def restore(engine: Engine, path: str) -> int:
    """Take a backup into an empty database: all of it, or nothing. How many rows. Raises BadBackup.

    A backup of an earlier version is brought up to date on the way; the database has to have no tables then.
    """
    try:
        with writing(engine) as session:
            rows = _restored(session, records(path))
            upgrade(session)
    except BadLog as error:
        raise BadBackup(str(error)) from None
    return rows


def _restored(session: Session, lines: Iterator[tuple[str, Any]]) -> int:
    place, head = next(lines, ("the backup", None))
    _prepare(session, place, _schema(place, head))
    loading = _Loading(session, tables_there(session))
    for name, one in loading.tables.items():
        if not is_empty(session, one):
            raise BadBackup(f"the database is not empty (table {name}); a backup goes into an empty one")
    for place, said in lines:
        loading.take(place, said)
    return loading.end()


def _schema(place: str, head: object) -> str:
    if not isinstance(head, dict) or not isinstance(head.get("schema"), str):
        raise BadBackup(f"{place}: not the beginning of a backup; allowed is a file that weir backup wrote")
    if head.get("weir_backup") != FORMAT:
        raise BadBackup(
            f"{place}: format {head.get('weir_backup')!r} is not known to this version; allowed is {FORMAT}"
        )
    return str(head["schema"])


def _prepare(session: Session, place: str, schema: str) -> None:
    """Give the database the tables of the backup's schema."""
    if schema not in revisions():
        raise BadBackup(f"{place}: schema {schema!r} is not known to this version; a later one may have written it")
    there = revision_of(session)
    if there not in (None, schema):
        raise BadBackup(
            f"{place}: the backup's schema is {schema}, the database's is {there}; allowed is one without tables"
        )
    upgrade(session, schema)


@dataclass
class _Loading:
    """Rows on their way into the tables."""

    session: Session
    tables: dict[str, Table]
    _columns: list[Column[Any]] = field(default_factory=list)
    """Those of the table whose rows come now."""
    _waiting: list[list[Any]] = field(default_factory=list)
    _place: str = "the backup"
    _rows: int = 0
    _whole: bool = False

    def take(self, place: str, said: object) -> None:
        """One line after the first."""
        if self._whole:
            raise BadBackup(f"{place}: there is more behind the end of the backup")
        self._place = place
        if isinstance(said, list):
            self._row(said)
        elif isinstance(said, dict) and "table" in said:
            self._table(said)
        elif isinstance(said, dict) and "rows" in said:
            self._last(said)
        else:
            raise BadBackup(f"{place}: not a line of a backup; allowed are a table, a row, and the number of rows")

    def end(self) -> int:
        """How many rows there were, once all are in."""
        if not self._whole:
            raise BadBackup(f"{self._place}: the backup ends too early; its last line counts the rows")
        return self._rows

    def _table(self, said: dict[str, Any]) -> None:
        self._flush()
        one = self.tables.get(str(said["table"]))
        if one is None:
            raise BadBackup(f"{self._place}: no table {said['table']!r}; allowed are {', '.join(sorted(self.tables))}")
        names = said.get("columns")
        if not isinstance(names, list) or sorted(map(str, names)) != sorted(one.c.keys()):
            raise BadBackup(f"{self._place}: the columns of {one.name} are {', '.join(one.c.keys())}, each named once")
        self._columns = [one.c[name] for name in names]

    def _row(self, values: list[Any]) -> None:
        if not self._columns or len(values) != len(self._columns):
            raise BadBackup(f"{self._place}: {len(values)} values where {len(self._columns)} columns were named")
        for column, value in zip(self._columns, values, strict=True):
            allowed = unfit(column, value)
            if allowed is not None:
                raise BadBackup(f"{self._place}: {column} can't be this value; allowed is {allowed}")
        self._waiting.append(values)
        self._rows += 1
        if len(self._waiting) == AT_ONCE:
            self._flush()

    def _last(self, said: dict[str, Any]) -> None:
        self._flush()
        if said["rows"] != self._rows:
            raise BadBackup(f"{self._place}: it counts {said['rows']!r} rows, but there were {self._rows}")
        self._whole = True

    def _flush(self) -> None:
        if not self._waiting:
            return
        try:
            put_rows(self.session.connection(), self._columns, self._waiting)
        except (IntegrityError, DataError) as error:
            said = str(error.orig).strip().splitlines()[0]
            raise BadBackup(f"{self._place}, or the {len(self._waiting)} rows before it: {said}") from None
        self._waiting = []
