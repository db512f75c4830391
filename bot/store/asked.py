"""Reads for what a person asks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from bot.store.waits import WAITS


def open_waits_of(session: Session, workspace: str, logins: Iterable[str]) -> Sequence[Row[Any]]:
    """The open waits of a person by any of their logins, whose case does not matter; oldest first."""
    names = sorted({login.lower() for login in logins})
    held = (WAITS.c.workspace == workspace, WAITS.c.until.is_(None), WAITS.c.team.is_(False))
    mine = func.lower(WAITS.c.holder).in_(names)
    return session.execute(select(WAITS).where(*held, mine).order_by(WAITS.c.since, WAITS.c.id)).all()
