"""Home tabs that somebody opened, and which of them no longer show the truth."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import update
from sqlalchemy.orm import Session

from bot.store.sql import batches, table
from bot.store.tables import HomeRow

HOMES = table(HomeRow)
_C = HOMES.c


def touch(session: Session, workspace: str, users: Collection[str] | None, now: int) -> None:
    """Have the home tabs of these Slack accounts (None: of all who opened one) published again."""
    fresh = update(HOMES).where(_C.workspace == workspace, _C.stale_at.is_(None)).values(stale_at=now)
    if users is None:
        session.execute(fresh)
        return
    for some in batches(sorted(users)):
        session.execute(fresh.where(_C.user.in_(some)))
