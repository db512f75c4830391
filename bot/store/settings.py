"""Small facts about the installation, kept as JSON by name."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import bindparam, delete, select
from sqlalchemy.orm import Session

from bot.store.sql import insert, table
from bot.store.tables import SettingRow

SETTINGS = table(SettingRow)
_VALUE = select(SETTINGS.c.value).where(
    SETTINGS.c.workspace == bindparam("workspace"), SETTINGS.c.key == bindparam("key")
)


def get(session: Session, workspace: str, key: str) -> Any:
    """The value, or None where it was never set."""
    value = session.execute(_VALUE, {"workspace": workspace, "key": key}).scalar()
    return None if value is None else json.loads(value)


def put(session: Session, workspace: str, key: str, value: Any) -> None:
    """Set a value, whatever it was; `value` is anything JSON can say."""
    statement = insert(session, SETTINGS)
    statement = statement.on_conflict_do_update(
        index_elements=["workspace", "key"], set_={"value": statement.excluded.value}
    )
    session.execute(statement, {"workspace": workspace, "key": key, "value": json.dumps(value, sort_keys=True)})


def drop(session: Session, workspace: str, key: str) -> None:
    """Let a value not be set."""
    session.execute(delete(SETTINGS).where(SETTINGS.c.workspace == workspace, SETTINGS.c.key == key))
