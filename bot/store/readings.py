"""How far each repository's history was read from its host."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from bot.store import repos
from bot.store.repos import REPOS

_C = REPOS.c
_RENAMED = "it is called otherwise now: "


@dataclass(frozen=True)
class Place:
    """Where reading a repository stands; instants in seconds since 1970 UTC."""

    repo: str
    first: bool
    """Its history was never read to the end."""
    read_until: int | None
    cursor: dict[str, Any] | None
    problem: str | None

    @property
    def was_shown(self) -> bool:
        """Whether the host ever showed it."""
        return not self.first or self.cursor is not None


def places(session: Session, workspace: str, host: str, named: Iterable[str]) -> list[Place]:
    """The repositories to read: those `named` (by the policy), those heard of by webhook, and those told to be gone or
    suspended; longest unread first.
    """
    wanted = set(named)
    repos.add(session, workspace, host, wanted, connected=True)
    rows = session.execute(
        select(REPOS)
        .where(
            _C.workspace == workspace,
            _C.host == host,
            _C.connected | _C.repo.in_(sorted(wanted)) | _C.problem.in_((repos.GONE, repos.SUSPENDED)),
        )
        .order_by(_C.read_until.is_not(None), _C.read_until, _C.repo)
    )
    return [_place(row) for row in rows]


def _place(row: Any) -> Place:
    cursor = json.loads(row.cursor) if row.cursor else None
    return Place(row.repo, row.history_read_at is None, row.read_until, cursor, row.problem)


def renamed_to(new: str) -> str:
    """What is wrong with a name that the policy file still has, and the host no longer."""
    return f"{_RENAMED}{new}; the policy file should say so"


def leave(session: Session, workspace: str, host: str, old: str, new: str) -> None:
    """Keep a name that the policy file still has as what it is: an earlier one."""
    repos.add(session, workspace, host, [old])
    _set(session, workspace, host, old, connected=False, problem=renamed_to(new))


def forget_names(session: Session, workspace: str, host: str, named: Iterable[str]) -> None:
    """Forget the earlier names that the policy file (which has `named`) no longer has."""
    earlier = (_C.workspace == workspace, _C.host == host, _C.problem.startswith(_RENAMED, autoescape=True))
    known = set(session.execute(select(_C.repo).where(*earlier)).scalars())
    for repo in known.difference(named):
        session.execute(delete(REPOS).where(*earlier, _C.repo == repo))


def go_on(session: Session, workspace: str, host: str, repo: str, cursor: dict[str, Any]) -> None:
    """Keep where a reading that is not over goes on."""
    _set(session, workspace, host, repo, cursor=json.dumps(cursor))


def finish(session: Session, workspace: str, host: str, repo: str, *, began: int, now: int, first: bool) -> None:
    """A reading that began at `began` is complete, and all is well."""
    read = {"history_read_at": now} if first else {}
    _set(session, workspace, host, repo, cursor=None, read_until=began, problem=None, connected=True, **read)


def trouble(session: Session, workspace: str, host: str, repo: str, problem: str) -> None:
    """Why the repository can't be read; it is tried again."""
    _set(session, workspace, host, repo, problem=problem)


def _set(session: Session, workspace: str, host: str, repo: str, **values: Any) -> None:
    here = (_C.workspace == workspace, _C.host == host, _C.repo == repo)
    session.execute(update(REPOS).where(*here).values(**values))
