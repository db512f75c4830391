"""Requests of Slack's that some process took in hand, so that no other one does them again."""

from __future__ import annotations

from sqlalchemy import delete
from sqlalchemy.orm import Session

from bot.store.sql import insert, table
from bot.store.tables import RequestRow

REQUESTS = table(RequestRow)
_C = REQUESTS.c


def take(session: Session, workspace: str, mark: str, now: int) -> bool:
    """Take a request in hand; False where somebody did before."""
    row = insert(session, REQUESTS).values(workspace=workspace, mark=mark, at=now)
    return session.execute(row.on_conflict_do_nothing().returning(_C.mark)).first() is not None


def give_back(session: Session, workspace: str, mark: str) -> None:
    """Let a request be taken in hand again."""
    session.execute(delete(REQUESTS).where(_C.workspace == workspace, _C.mark == mark))


def sweep(session: Session, workspace: str, before: int) -> None:
    """Forget those that were taken in hand before an instant."""
    session.execute(delete(REQUESTS).where(_C.workspace == workspace, _C.at < before))
