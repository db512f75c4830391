"""What arrived and is not folded in yet. A door adds a row in the transaction that keeps what was told."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import count
from secrets import randbits
from typing import NamedTuple

from sqlalchemy import bindparam, delete, exists, select
from sqlalchemy.orm import Session

from bot.flow.events import ItemKey
from bot.store.sql import Asking, Inserting, by_repo, table
from bot.store.tables import ArrivalRow

ARRIVALS = table(ArrivalRow)
_C = ARRIVALS.c
_WORKSPACE = _C.workspace == bindparam("workspace")
_ADD = Inserting(ARRIVALS, lambda insert: insert.returning(_C.id))
_ANY = select(exists().where(_WORKSPACE))
_OF_REPO = (_WORKSPACE, _C.host == bindparam("host"), _C.repo == bindparam("repo"))
# On PostgreSQL the rows are locked, and those another process is folding in are left to it.
_NEXT = (
    select(_C.host, _C.repo, _C.item)
    .where(_WORKSPACE)
    .order_by(_C.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_OF_ITEMS = Asking(
    lambda one_of: (
        select(_C.id, _C.host, _C.repo, _C.item, _C.sha)
        .where(*_OF_REPO, one_of(_C.item, "items"))
        .with_for_update(skip_locked=True)
    )
)
_AMONG = Asking(lambda one_of: select(_C.item).distinct().where(*_OF_REPO, one_of(_C.item, "items")))
_IN_REPO = select(_C.item).distinct().where(*_OF_REPO)
_ITEMS = select(_C.host, _C.repo, _C.item).where(_WORKSPACE).distinct()
_DONE = Asking(lambda one_of: delete(ARRIVALS).where(_WORKSPACE, one_of(_C.id, "ids")))
_BITS = 31
_numbers = count(randbits(_BITS))
"""Each process counts from a place of its own, so that no two meet within a second."""


class Arrival(NamedTuple):
    """An item to be folded again; `sha` is the commit whose checks were told of, if any."""

    id: int
    key: ItemKey
    sha: str | None


def add(session: Session, workspace: str, told: Iterable[tuple[ItemKey, str | None]], now: int) -> None:
    """Note that something was told of these items, or of the checks of a commit of theirs. Ids go by time."""
    rows = [
        {
            "workspace": workspace,
            "id": now << _BITS | next(_numbers) % (1 << _BITS),
            "host": host,
            "repo": repo,
            "item": item,
            "sha": sha,
        }
        for (host, repo, item), sha in told
    ]
    if rows:
        _ADD.returned(session, rows)


def waiting(session: Session, workspace: str) -> bool:
    """Whether anything is to be folded in."""
    return bool(session.scalar(_ANY, {"workspace": workspace}))


def items(session: Session, workspace: str) -> set[ItemKey]:
    """All items that are to be folded in."""
    return {(host, repo, item) for host, repo, item in session.execute(_ITEMS, {"workspace": workspace})}


def among(session: Session, workspace: str, keys: Iterable[ItemKey]) -> set[ItemKey]:
    """Those of the items that are to be folded in."""
    found = set()
    for host, repo, items in by_repo(keys):
        named = {"workspace": workspace, "host": host, "repo": repo, "items": items}
        found |= {(host, repo, item) for item in session.execute(_AMONG.on(session), named).scalars()}
    return found


def of_repos(session: Session, workspace: str, repos: Iterable[tuple[str, str]]) -> set[ItemKey]:
    """All items of repositories (host, name) that are to be folded in."""
    found: set[ItemKey] = set()
    for host, repo in sorted(set(repos)):
        named = {"workspace": workspace, "host": host, "repo": repo}
        found |= {(host, repo, item) for item in session.execute(_IN_REPO, named).scalars()}
    return found


def take(
    session: Session, workspace: str, most: int, only: Collection[ItemKey] = ()
) -> tuple[list[Arrival], bool]:  # fmt: skip
    """All that is to be folded in of the items (of `only` these, if any) that wait for longest, and whether there may
    be more of others. Of `most` items at most.

    Nobody else takes it until the transaction ends; what somebody else took is left out.
    """
    if only:
        some = _of(session, workspace, only)
        meant = list(dict.fromkeys(one.key for one in some))
        return [one for one in some if one.key in meant[:most]], len(meant) > most
    rows = session.execute(_NEXT, {"workspace": workspace, "most": most}).all()
    return _of(session, workspace, {(host, repo, item) for host, repo, item in rows}), len(rows) == most


def _of(session: Session, workspace: str, keys: Iterable[ItemKey]) -> list[Arrival]:
    found = []
    for host, repo, items in by_repo(keys):
        named = {"workspace": workspace, "host": host, "repo": repo, "items": items}
        found += [Arrival(id_, (h, r, i), sha) for id_, h, r, i, sha in session.execute(_OF_ITEMS.on(session), named)]
    return sorted(found)  # ordered by the database, it would go through all of the workspace in that order


def done(session: Session, workspace: str, taken: Iterable[Arrival]) -> None:
    """They are folded in."""
    session.execute(_DONE.on(session), {"workspace": workspace, "ids": [one.id for one in taken]})
