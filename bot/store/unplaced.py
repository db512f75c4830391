"""What a host told before it is known of which items: kept by the door, placed by a job."""

from __future__ import annotations

import json
from collections.abc import Iterable

from sqlalchemy import bindparam, delete, select
from sqlalchemy.orm import Session

from bot.flow.events import Unplaced
from bot.store.forgotten import spared_facts
from bot.store.sql import Asking, Inserting, table
from bot.store.tables import UnplacedRow

UNPLACED = table(UnplacedRow)
_C = UNPLACED.c
_ADD = Inserting(UNPLACED, lambda insert: insert.on_conflict_do_nothing().returning(_C.id))
_DONE = Asking(
    lambda one_of: delete(UNPLACED).where(
        _C.workspace == bindparam("workspace"), _C.host == bindparam("host"), one_of(_C.id, "ids")
    )
)


def add(session: Session, workspace: str, told: Iterable[Unplaced]) -> None:
    """Keep what is not kept already."""
    rows = {(one.host, one.id): _row(workspace, one) for one in spared_facts(session, workspace, told)}
    if rows:
        _ADD.returned(session, list(rows.values()))


def _row(workspace: str, one: Unplaced) -> dict[str, object]:
    fact = {"actor": one.actor, "actor_type": one.actor_type, "owner": one.owner, "data": one.data}
    about = {"workspace": workspace, "host": one.host, "id": one.id, "kind": one.kind, "repo": one.repo, "at": one.at}
    return {**about, "fact": json.dumps(fact, separators=(",", ":"))}


def waiting(session: Session, workspace: str, most: int) -> list[Unplaced]:
    """The oldest of what is not placed yet, in order of time."""
    rows = session.execute(
        select(_C.host, _C.id, _C.kind, _C.at, _C.repo, _C.fact)
        .where(_C.workspace == workspace)
        .order_by(_C.at, _C.host, _C.id)
        .limit(most)
    )
    return [Unplaced(host, id_, kind, at, repo, **json.loads(fact)) for host, id_, kind, at, repo, fact in rows]


def done(session: Session, workspace: str, placed: Iterable[Unplaced]) -> None:
    """They are placed, or will never be."""
    for host, ids in _by_host(placed).items():
        session.execute(_DONE.on(session), {"workspace": workspace, "host": host, "ids": ids})


def _by_host(placed: Iterable[Unplaced]) -> dict[str, list[str]]:
    ids: dict[str, list[str]] = {}
    for one in placed:
        ids.setdefault(one.host, []).append(one.id)
    return ids
