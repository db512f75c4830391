"""The latest result of each check on each commit, and which checks do not count."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import Executable, and_, bindparam, or_, select
from sqlalchemy.orm import Session

from bot.store import settings
from bot.store.sql import AnyInsert, Asking, Inserting, batches, table
from bot.store.tables import CheckRow

CHECKS = table(CheckRow)
SUITE = "suite/"
"""How the subject of a suite of checks begins."""
_C = CHECKS.c
_COLUMNS = [_C.host, _C.repo, _C.sha, _C.subject, _C.failed, _C.at]
_ON_COMMITS = Asking(
    lambda one_of: select(*_COLUMNS).where(
        _C.workspace == bindparam("workspace"),
        _C.host == bindparam("host"),
        _C.repo == bindparam("repo"),
        one_of(_C.sha, "shas"),
    )
)


def _newest(insert: AnyInsert) -> Executable:
    told = insert.excluded
    newer = or_(told.at > _C.at, and_(told.at == _C.at, told.failed.is_(True), _C.failed.is_(False)))
    return insert.on_conflict_do_update(
        index_elements=["workspace", "host", "repo", "sha", "subject"],
        set_={"failed": told.failed, "at": told.at},
        where=newer,
    ).returning(_C.host, _C.repo, _C.sha, _C.subject)


_RECORD = Inserting(CHECKS, _newest)


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
    rows = [{"workspace": workspace, **latest[key]._asdict()} for key in sorted(latest)]
    kept = _RECORD.returned(session, rows)
    return {latest[host, repo, sha, subject] for host, repo, sha, subject in kept}


def on_commits(
    session: Session, workspace: str, host: str, repo: str, shas: Iterable[str]
) -> dict[str, Sequence[Result]]:
    """The known results by commit, of those checks that count."""
    found: dict[str, list[Result]] = defaultdict(list)
    for some in batches(sorted(set(shas))):
        named = {"workspace": workspace, "host": host, "repo": repo, "shas": some}
        for row in session.execute(_ON_COMMITS.on(session), named):
            found[row.sha].append(Result(*row))
    optional = get_optional(session, workspace, host, repo) if found else None
    if optional is None:
        return dict(found)
    return {sha: [one for one in results if _counts(one, optional)] for sha, results in found.items()}


def _counts(result: Result, optional: frozenset[str]) -> bool:
    """Whether a check may be required. Suites do not say which of their runs are, and the runs speak for themselves."""
    return result.subject not in optional and not result.subject.startswith(SUITE)


def get_optional(session: Session, workspace: str, host: str, repo: str) -> frozenset[str] | None:
    """The checks known not to be required; None while nobody told of any (then all count)."""
    names = settings.get(session, workspace, optional_key(host, repo))
    return None if names is None else frozenset(names)


def learn(
    session: Session, workspace: str, host: str, repo: str, *, required: Iterable[str], optional: Iterable[str]
) -> None:
    """Keep which checks a reading of the repository found to be required and which not."""
    known = get_optional(session, workspace, host, repo)
    names = ((known or frozenset()) | set(optional)) - set(required)
    if names != known:
        settings.put(session, workspace, optional_key(host, repo), sorted(names))


def optional_key(host: str, repo: str) -> str:
    return f"optional_checks:{host}:{repo}"
