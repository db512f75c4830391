"""The schema: brought up to date from the migrations inside the package, and compared with them.

A database says beside its revision from which one on programs still work with it, so that an older program can tell
whether a newer schema carries it. A migration that takes something away names that revision as `serves_from`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Literal, NamedTuple

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import Column, Connection, Engine, String, column, func, inspect, select, table, update
from sqlalchemy.orm import Session

from bot.store import online
from bot.store.engine import reading, writing
from bot.store.indexes import LargeIndex

SchemaState = Literal["current", "behind", "newer", "unknown"]
"""The program's own, an earlier one, a later one that carries this program, and one that does not."""
CARRIES: tuple[SchemaState, ...] = ("current", "newer")
"""Where the program works."""
FLOOR = "0012"
"""The revision of the first programs that can tell whether a later schema carries them."""
_VERSION = table("alembic_version", column("version_num"), column("serves_from"))
"""Alembic's own table, with one column more. It is no migration's: a schema has it as soon as this program made it."""


class Schema(NamedTuple):
    state: SchemaState
    revision: str | None
    """The database's; None where it has none of its tables."""
    serves_from: str | None
    """The oldest revision whose programs work with it; None where it is too old to say so."""


class Declared(NamedTuple):
    serves_from: str | None
    """From which revision on programs work behind the migration, where it takes something away."""
    indexes: Sequence[LargeIndex]
    """Those it makes on tables that were there before."""


def migrate(engine: Engine, tries: int = online.TRIES) -> list[str]:
    """Bring the schema up to date; the revisions applied, oldest first (none where it is, or is a later version's).

    Processes that start at once take turns. SQLite, and a database without tables, get all in one transaction; a
    PostgreSQL that may be in use gets each revision in one of its own, tried so often. Raises online.Occupied.
    """
    if engine.dialect.name != "postgresql":
        with writing(engine) as session:
            return _upgraded(session.connection(), "head")
    with online.turn(engine) as connection:
        return _migrated_in_use(connection, tries)


def _migrated_in_use(connection: Connection, tries: int) -> list[str]:
    with connection.begin():
        before = _current(connection)
    if before is None:
        with connection.begin():
            return _upgraded(connection, "head")
    applied: list[str] = []
    for revision in _after(before, "head"):
        online.index(connection, declared(revision).indexes)
        applied += online.patiently(connection, revision, tries, partial(_upgraded, connection, revision))
    return applied


def upgrade(session: Session, revision: str = "head") -> list[str]:
    """The same within a transaction of the caller's, up to a revision that is known."""
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.set_config("lock_timeout", "0", True)))  # it waits for its turn, however long
        connection.execute(select(func.pg_advisory_xact_lock(online.LOCK)))
    return _upgraded(connection, revision)


def revision_of(session: Session) -> str | None:
    """The revision of a database's schema; None where it has none of its tables."""
    return _current(session.connection())


def revisions() -> list[str]:
    """All that this program knows, oldest first."""
    return [*_known()]


def schema_state(engine: Engine) -> SchemaState:
    """How the database's schema stands to this program."""
    return schema_of(engine).state


def schema_of(engine: Engine) -> Schema:
    """The database's schema, and how it stands to this program."""
    with reading(engine) as session:
        connection = session.connection()
        revision = _current(connection)
        serves_from = _serves_from(connection) if revision else None
    return Schema(_state(revision, serves_from), revision, serves_from)


def _state(revision: str | None, serves_from: str | None) -> SchemaState:
    known = _known()
    if revision == known[-1]:
        return "current"
    if revision is None or revision in known:
        return "behind"
    return "newer" if serves_from in known else "unknown"


def _upgraded(connection: Connection, revision: str) -> list[str]:
    before = _current(connection)
    if before is not None and before not in _known():
        return []
    command.upgrade(_config(connection), revision)
    applied = _after(before, revision)
    reached = applied[-1] if applied else before
    if reached is not None:
        _declare(connection, _floor(reached))
    return applied


def _declare(connection: Connection, serves_from: str) -> None:
    if not _declares(connection):
        column_of_it = Column(_VERSION.c.serves_from.name, String(32))
        Operations(MigrationContext.configure(connection)).add_column(_VERSION.name, column_of_it)
    connection.execute(update(_VERSION).values(serves_from=serves_from))


def _after(before: str | None, revision: str) -> list[str]:
    """What comes after a revision up to another, oldest first; nothing after one of a later version."""
    known = _known()
    if before is not None and before not in known:
        return []
    last = len(known) if revision == "head" else known.index(revision) + 1
    return [*known[0 if before is None else known.index(before) + 1 : last]]


def _floor(revision: str) -> str:
    """From which revision on programs work with a schema, as its migrations declare it."""
    return latest_of(_known(), [declared(one).serves_from for one in _after(None, revision)])


def latest_of(known: Sequence[str], said: Iterable[str | None]) -> str:
    """The latest of the revisions that migrations ask for, and FLOOR where none asks for a later one."""
    return max([FLOOR, *filter(None, said)], key=known.index)


def _current(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _serves_from(connection: Connection) -> str | None:
    if not _declares(connection):
        return None
    said = connection.execute(select(_VERSION.c.serves_from)).scalar()
    return None if said is None else str(said)


def _declares(connection: Connection) -> bool:
    return _VERSION.c.serves_from.name in {one["name"] for one in inspect(connection).get_columns(_VERSION.name)}


@lru_cache(maxsize=1)
def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


@lru_cache(maxsize=1)
def _known() -> tuple[str, ...]:
    return tuple(str(one.revision) for one in _scripts().walk_revisions())[::-1]


def declared(revision: str) -> Declared:
    """What a migration says of itself beside what it does."""
    script = _scripts().get_revision(revision)
    module = None if script is None else script.module
    return Declared(getattr(module, "serves_from", None), tuple(getattr(module, "indexes", ())))


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
