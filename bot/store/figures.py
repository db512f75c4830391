"""How things stand across all processes: read for the metrics, never written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from bot.store.tables import AddressRow, OutboxRow, RepoRow, WaitRow

Counts = dict[tuple[str, ...], int]


@dataclass(frozen=True)
class Figures:
    """Counts by label values; lags and ages in seconds."""

    messages: Counts
    """by (state, rung)"""
    failures: Counts
    """by (reason,)"""
    problems: Counts
    """addresses by (reason,)"""
    webhook_ages: Counts
    """by (repo,)"""
    holders: list[str]
    """The people (no teams) who have open waits."""
    pending: int
    open_waits: int
    due_lag: int
    outbox_lag: int


def figures(session: Session, workspace: str, now: int) -> Figures:
    """Read all figures as they stand at `now`, seconds since 1970 UTC."""
    messages = _counted(session, OutboxRow.workspace == workspace, col(OutboxRow.state), col(OutboxRow.rung))
    due = select(func.min(col(WaitRow.next_nudge_at))).where(col(WaitRow.workspace) == workspace)
    waiting = select(func.min(col(OutboxRow.not_before))).where(
        col(OutboxRow.workspace) == workspace, col(OutboxRow.state).in_(("pending", "sending"))
    )
    return Figures(
        messages=messages,
        failures=_reasons(session, workspace),
        problems=_problems(session, workspace),
        webhook_ages=_webhook_ages(session, workspace, now),
        holders=_holders(session, workspace),
        pending=sum(n for (state, _), n in messages.items() if state in ("pending", "sending")),
        open_waits=_open_waits(session, workspace),
        due_lag=_lag(session.execute(due.where(col(WaitRow.next_nudge_at).is_not(None))).scalar(), now),
        outbox_lag=_lag(session.execute(waiting).scalar(), now),
    )


def _counted(session: Session, which: ColumnElement[bool] | bool, *by: Any) -> Counts:
    rows = session.execute(select(*by, func.count()).where(which).group_by(*by))  # type: ignore[arg-type]
    return {tuple(str(value) for value in row[:-1]): row[-1] for row in rows}


def _reasons(session: Session, workspace: str) -> Counts:
    reason = func.coalesce(col(OutboxRow.error), "unknown")
    return _counted(session, (col(OutboxRow.workspace) == workspace) & (col(OutboxRow.state) == "failed"), reason)


def _problems(session: Session, workspace: str) -> Counts:
    reason = func.coalesce(col(AddressRow.problem), "")
    return _counted(session, (col(AddressRow.workspace) == workspace) & col(AddressRow.problem).is_not(None), reason)


def _webhook_ages(session: Session, workspace: str, now: int) -> Counts:
    rows = session.execute(
        select(col(RepoRow.repo), col(RepoRow.webhook_at)).where(
            col(RepoRow.workspace) == workspace, col(RepoRow.webhook_at).is_not(None)
        )
    )
    return {(str(row[0]),): max(0, now - (row[1] or now)) for row in rows}


def _holders(session: Session, workspace: str) -> list[str]:
    rows = session.execute(
        select(col(WaitRow.holder))
        .where(col(WaitRow.workspace) == workspace, col(WaitRow.until).is_(None), col(WaitRow.team).is_(False))
        .distinct()
    )
    return sorted(row[0] for row in rows)


def troubled_addresses(session: Session, workspace: str) -> list[tuple[str, str]]:
    """The accounts and channels nothing reaches, and why, in Slack's words."""
    rows = session.execute(
        select(col(AddressRow.address), col(AddressRow.problem))
        .where(col(AddressRow.workspace) == workspace, col(AddressRow.problem).is_not(None))
        .order_by(col(AddressRow.address))
    )
    return [(str(address), str(problem)) for address, problem in rows]


def _open_waits(session: Session, workspace: str) -> int:
    count = select(func.count()).select_from(WaitRow).where(col(WaitRow.workspace) == workspace)
    return session.execute(count.where(col(WaitRow.until).is_(None))).scalar_one()


def _lag(since: int | None, now: int) -> int:
    return 0 if since is None else max(0, now - since)
