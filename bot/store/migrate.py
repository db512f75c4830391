"""The schema: brought up to date from the migrations inside the package, and compared with them."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.orm import Session

from bot.store.engine import reading, writing

SchemaState = Literal["current", "behind", "unknown"]
_LOCK = 0x57454952
"""The advisory lock under which PostgreSQL databases are migrated."""


def migrate(engine: Engine) -> list[str]:
    """Bring the schema up to date in one transaction; the revisions applied, oldest first (none where it was).

    Processes that start at once take turns: the database lets one in.
    """
    with writing(engine) as session:
        return upgrade(session)


def upgrade(session: Session, revision: str = "head") -> list[str]:
    """The same within a transaction of the caller's, up to a revision that is known."""
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
    config = _config(connection)
    before = _current(connection)
    command.upgrade(config, revision)
    scripts = ScriptDirectory.from_config(config)
    return [one.revision for one in scripts.iterate_revisions(revision, before)][::-1]


def revision_of(session: Session) -> str | None:
    """The revision of a database's schema; None where it has none of its tables."""
    return _current(session.connection())


def revisions(session: Session) -> list[str]:
    """All that this program knows, oldest first."""
    scripts = ScriptDirectory.from_config(_config(session.connection()))
    return [one.revision for one in scripts.walk_revisions()][::-1]


def schema_state(engine: Engine) -> SchemaState:
    """Whether the schema is the program's, an earlier one of its own, or one it does not know (a later version's)."""
    with reading(engine) as session:
        connection = session.connection()
        scripts = ScriptDirectory.from_config(_config(connection))
        now = _current(connection)
    if now == scripts.get_current_head():
        return "current"
    return "behind" if now is None or now in {one.revision for one in scripts.walk_revisions()} else "unknown"


def _current(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
