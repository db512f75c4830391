"""What arrived and is not folded in yet. A door adds a row in the transaction that keeps what was told."""

from __future__ import annotations

from collections.abc import Iterable
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
# On PostgreSQL the rows are locked, and those another process is folding in are left to it.
_NEXT = (
    select(_C.id, _C.host, _C.repo, _C.item, _C.sha)
    .where(_WORKSPACE)
    .order_by(_C.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_AMONG = Asking(
    lambda one_of: (
        select(_C.item)
        .distinct()
        .where(_WORKSPACE, _C.host == bindparam("host"), _C.repo == bindparam("repo"), one_of(_C.item, "items"))
    )
)
_DONE = Asking(lambda one_of: delete(ARRIVALS).where(_WORKSPACE, one_of(_C.id, "ids")))


class Arrival(NamedTuple):
    """An item to be folded again; `sha` is the commit whose checks were told of, if any."""

    id: int
    key: ItemKey
    sha: str | None


def add(session: Session, workspace: str, told: Iterable[tuple[ItemKey, str | None]]) -> None:
    """Note that something was told of these items, or of the checks of a commit of theirs."""
    rows = [
        {"workspace": workspace, "id": randbits(63), "host": host, "repo": repo, "item": item, "sha": sha}
        for (host, repo, item), sha in told
    ]
    if rows:
        _ADD.returned(session, rows)


def waiting(session: Session, workspace: str) -> bool:
    """Whether anything is to be folded in."""
    return bool(session.scalar(_ANY, {"workspace": workspace}))


def among(session: Session, workspace: str, keys: Iterable[ItemKey]) -> set[ItemKey]:
    """Those of the items that are to be folded in."""
    found = set()
    for host, repo, items in by_repo(keys):
        named = {"workspace": workspace, "host": host, "repo": repo, "items": items}
        found |= {(host, repo, item) for item in session.execute(_AMONG.on(session), named).scalars()}
    return found


def take(session: Session, workspace: str, most: int) -> list[Arrival]:
    """Some of what is to be folded in, at most so many rows; nobody else takes them until the transaction ends."""
    rows = session.execute(_NEXT, {"workspace": workspace, "most": most})
    return [Arrival(id_, (host, repo, item), sha) for id_, host, repo, item, sha in rows]


def done(session: Session, workspace: str, taken: Iterable[Arrival]) -> None:
    """They are folded in."""
    session.execute(_DONE.on(session), {"workspace": workspace, "ids": [one.id for one in taken]})
