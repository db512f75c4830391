"""The latest result of each check on each commit, and which checks count."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from bot.store import settings
from bot.store.sql import batches, insert, table
from bot.store.tables import CheckRow

CHECKS = table(CheckRow)


class Result(NamedTuple):
    """How one check ended on one commit; `at` in seconds since 1970 UTC."""

    host: str
    repo: str
    sha: str
    subject: str
    failed: bool
    at: int


def record(session: Session, workspace: str, results: Iterable[Result]) -> set[Result]:
    """Keep those that are newer than the known result of the same check (of one second: the failure); which were."""
    latest: dict[tuple[str, str, str, str], Result] = {}
    for result in sorted(results, key=lambda one: (one.at, one.failed)):
        latest[result.host, result.repo, result.sha, result.subject] = result
    if not latest:
        return set()
    statement = insert(session, CHECKS)
    told, c = statement.excluded, CHECKS.c
    newer = or_(told.at > c.at, and_(told.at == c.at, told.failed.is_(True), c.failed.is_(False)))
    statement = statement.on_conflict_do_update(
        index_elements=["workspace", "host", "repo", "sha", "subject"],
        set_={"failed": told.failed, "at": told.at},
        where=newer,
    )
    rows = [{"workspace": workspace, **latest[key]._asdict()} for key in sorted(latest)]
    kept = session.execute(statement.returning(c.host, c.repo, c.sha, c.subject), rows)
    return {latest[host, repo, sha, subject] for host, repo, sha, subject in kept}


def on_commits(
    session: Session, workspace: str, host: str, repo: str, shas: Iterable[str]
) -> dict[str, Sequence[Result]]:
    """The known results by commit, of those checks that count."""
    c = CHECKS.c
    found: dict[str, list[Result]] = defaultdict(list)
    for some in batches(sorted(set(shas))):
        for row in session.execute(
            select(c.host, c.repo, c.sha, c.subject, c.failed, c.at).where(
                c.workspace == workspace, c.host == host, c.repo == repo, c.sha.in_(some)
            )
        ):
            found[row.sha].append(Result(*row))
    required = get_required(session, workspace, host, repo) if found else None
    if required is None:
        return dict(found)
    return {sha: [one for one in results if one.subject in required] for sha, results in found.items()}


def get_required(session: Session, workspace: str, host: str, repo: str) -> frozenset[str] | None:
    """The names of the checks that count; None while nobody told (then all do)."""
    names = settings.get(session, workspace, required_key(host, repo))
    return None if names is None else frozenset(names)


def set_required(session: Session, workspace: str, host: str, repo: str, names: Iterable[str] | None) -> None:
    """Say which checks count; None for all."""
    value = None if names is None else sorted(names)
    settings.put(session, workspace, required_key(host, repo), value)


def required_key(host: str, repo: str) -> str:
    return f"required_checks:{host}:{repo}"
