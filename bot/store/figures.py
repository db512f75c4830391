"""How things stand across all processes: read for the metrics, never written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from bot.store import answers
from bot.store.outbox import BACKLOG, ON_ITS_WAY, TRIAL
from bot.store.tables import AddressRow, AnswerRow, NudgeRow, OutboxRow, RepoRow, WaitRow

Counts = dict[tuple[str, ...], int]
LATE = 900
"""Seconds after which a message that was decided on went out late."""


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
    answers: Counts
    """by (kind, reason or "")"""
    nudges: Counts
    """rungs of waits by (rung,), without what counts them"""
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
    waiting = select(func.min(col(OutboxRow.not_before))).where(col(OutboxRow.workspace) == workspace, ON_ITS_WAY)
    return Figures(
        messages=messages,
        failures=_reasons(session, workspace),
        problems=_problems(session, workspace),
        webhook_ages=_webhook_ages(session, workspace, now),
        answers=_by_kind(session, workspace),
        nudges=_rungs(session, workspace),
        holders=_holders(session, workspace),
        pending=sum(n for (state, _), n in messages.items() if state in ("pending", "sending")),
        open_waits=_open_waits(session, workspace),
        due_lag=_lag(session.execute(due.where(col(WaitRow.next_nudge_at).is_not(None))).scalar(), now),
        outbox_lag=_lag(session.execute(waiting).scalar(), now),
    )


def summed(some: Sequence[Figures]) -> Figures:
    """The figures of several workspaces as those of one: counts added up, and the longest lags."""

    def added(counts: Iterable[Counts]) -> Counts:
        return dict(sum((Counter(one) for one in counts), Counter()))

    ages: Counts = {}
    for one in some:
        ages |= {repo: min(age, ages.get(repo, age)) for repo, age in one.webhook_ages.items()}
    return Figures(
        messages=added(one.messages for one in some),
        failures=added(one.failures for one in some),
        problems=added(one.problems for one in some),
        webhook_ages=ages,
        answers=added(one.answers for one in some),
        nudges=added(one.nudges for one in some),
        holders=[holder for one in some for holder in one.holders],
        pending=sum(one.pending for one in some),
        open_waits=sum(one.open_waits for one in some),
        due_lag=max((one.due_lag for one in some), default=0),
        outbox_lag=max((one.outbox_lag for one in some), default=0),
    )


@dataclass(frozen=True)
class Deliveries:
    """What became of the messages that were decided on since an instant."""

    sent: int
    late: int
    """Of the sent ones, those that went out more than LATE seconds after they were decided on."""
    failed: Counts
    """by (Slack's reason,)"""
    oldest: int | None
    """Since when the longest due message of all is not sent; None where none is due."""


def deliveries(session: Session, workspace: str, since: int, now: int) -> Deliveries:
    """How delivery fared since an instant, as of `now`."""
    lately = (col(OutboxRow.workspace) == workspace) & (col(OutboxRow.made_at) >= since)
    sent = lately & (col(OutboxRow.state) == "sent")
    took = col(OutboxRow.sent_at) - col(OutboxRow.made_at)
    counts = select(func.count(), func.count().filter(took > LATE)).select_from(OutboxRow).where(sent)
    number, late = session.execute(counts).one()
    reason = func.coalesce(col(OutboxRow.error), "unknown")
    failed = _counted(session, lately & (col(OutboxRow.state) == "failed"), reason)
    due = ON_ITS_WAY & (col(OutboxRow.not_before) <= now)
    oldest = session.scalar(
        select(func.min(col(OutboxRow.not_before))).where(col(OutboxRow.workspace) == workspace, due)
    )
    return Deliveries(number, late, failed, oldest)


def nudges_by_repo(session: Session, workspace: str, since: int) -> dict[str, int]:
    """How many waits' rungs were sent since an instant; what was only listed is not counted."""
    same = (col(WaitRow.workspace) == col(NudgeRow.workspace)) & (col(WaitRow.id) == col(NudgeRow.wait_id))
    carried = (col(OutboxRow.workspace) == col(NudgeRow.workspace)) & (col(OutboxRow.id) == col(NudgeRow.outbox_id))
    rows = session.execute(
        select(col(WaitRow.repo), func.count())
        .select_from(NudgeRow)
        .join(WaitRow, same)
        .join(OutboxRow, carried)
        .where(col(NudgeRow.workspace) == workspace, col(NudgeRow.at) >= since, col(NudgeRow.rung) != BACKLOG)
        .where(col(OutboxRow.state) == "sent")
        .group_by(col(WaitRow.repo))
    )
    return {str(row[0]): int(row[1]) for row in rows}


def wrong_by_repo(session: Session, workspace: str, since: int) -> dict[tuple[str, str], int]:
    """How many nudges were called wrong since an instant, by (repo, reason)."""
    same = (col(WaitRow.workspace) == col(AnswerRow.workspace)) & (col(WaitRow.id) == col(AnswerRow.wait_id))
    reason = func.coalesce(col(AnswerRow.reason), "other")
    rows = session.execute(
        select(col(WaitRow.repo), reason, func.count())
        .select_from(AnswerRow)
        .join(WaitRow, same)
        .where(col(AnswerRow.workspace) == workspace, col(AnswerRow.at) >= since)
        .where(col(AnswerRow.kind) == answers.WRONG)
        .group_by(col(WaitRow.repo), reason)
    )
    return {(repo, why): number for repo, why, number in rows}


def _by_kind(session: Session, workspace: str) -> Counts:
    return {(kind, reason): number for (kind, reason), number in answers.counted(session, workspace).items()}


def _rungs(session: Session, workspace: str) -> Counts:
    found: Counter[tuple[str, ...]] = Counter()
    carried = (col(NudgeRow.workspace) == workspace) & (col(NudgeRow.outbox_id) != TRIAL)
    for (rung,), number in _counted(session, carried, col(NudgeRow.rung)).items():
        found[(rung.partition(":")[0],)] += number
    return dict(found)


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
