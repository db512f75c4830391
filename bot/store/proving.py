"""Whether a database takes what is written, tried by writing."""

from __future__ import annotations

from sqlalchemy import Engine
from sqlmodel import SQLModel

from bot.store import settings
from bot.store.doubt import proven
from bot.store.engine import trying

LAST_TRY = "written_at"
"""The setting that is written."""
SECONDS = 0.5
"""How long it waits for whoever holds the database."""


def prove(engine: Engine, workspace: str, now: int) -> None:
    """Write something and keep it, which ends all doubt. Raises what a database in trouble raises.

    On PostgreSQL no table may be held by somebody who keeps others from writing.
    """
    with trying(engine, SECONDS) as session:
        if engine.dialect.name == "postgresql":
            tables = ", ".join(sorted(SQLModel.metadata.tables))
            session.connection().exec_driver_sql(f"LOCK TABLE {tables} IN ROW EXCLUSIVE MODE")
        settings.put(session, workspace, LAST_TRY, str(now))
    proven(engine)
