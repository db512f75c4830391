"""The stored ledger: waits with their ids, when to look at their ladders, and the rungs that were sent."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Row, Select, bindparam, delete, func, select, update
from sqlalchemy.orm import Session

from bot.flow.events import ItemKey
from bot.flow.waits import STAGE, Span, Wait
from bot.store.sql import Asking, Inserting, batches, by_repo, table, updating
from bot.store.tables import NudgeRow, OutboxRow, WaitRow

WAITS, NUDGES, OUTBOX = table(WaitRow), table(NudgeRow), table(OutboxRow)
_C = WAITS.c
_WORKSPACE = _C.workspace == bindparam("workspace")
_OF_REPO = select(WAITS).where(_WORKSPACE, _C.host == bindparam("host"), _C.repo == bindparam("repo"))
_OF_ITEMS = Asking(lambda one_of: _OF_REPO.where(one_of(_C.item, "items")))
_IN_STAGES = Asking(lambda one_of: _OF_REPO.where(one_of(_C.item, "items"), _C.kind == STAGE))
# On PostgreSQL the rows are locked: neither a refold nor another worker moves them until the transaction ends.
_DUE = (
    select(WAITS)
    .where(_WORKSPACE, _C.next_nudge_at <= bindparam("now"))
    .order_by(_C.next_nudge_at)
    .limit(bindparam("most"))
    .with_for_update()
)
_DUE_ITEMS = (
    select(_C.host, _C.repo, _C.item, _C.kind)
    .where(_WORKSPACE, _C.next_nudge_at <= bindparam("now"))
    .order_by(_C.next_nudge_at)
    .limit(bindparam("most"))
)
_BY_IDS = Asking(lambda one_of: select(WAITS).where(_WORKSPACE, one_of(_C.id, "ids")))
_REMOVE = Asking(lambda one_of: delete(WAITS).where(_WORKSPACE, one_of(_C.id, "ids")))
_ADD = Inserting(WAITS, lambda insert: insert)
_KEYS = ("workspace", "id")
_FACTS = tuple(column.name for column in _C if column.name not in (*_KEYS, "backlog_told"))
_CHANGE = updating(WAITS, _KEYS, _FACTS)
_SET_LOOK = updating(WAITS, _KEYS, ["next_nudge_at"]).where(_C.until.is_(None))
_SENT = Asking(
    lambda one_of: select(NUDGES.c.wait_id, NUDGES.c.rung, NUDGES.c.at, NUDGES.c.outbox_id).where(
        NUDGES.c.workspace == bindparam("workspace"), one_of(NUDGES.c.wait_id, "ids")
    )
)


class Sent(NamedTuple):
    """A rung of a wait that was claimed: when, and for which message."""

    rung: str
    at: int
    outbox_id: str


class OfItem(NamedTuple):
    """Of which item a wait is, and of which kind."""

    host: str
    repo: str
    item: int
    kind: str


def to_wait(row: Row[Any]) -> Wait:
    """The wait of a row. Its `reds` are cut to the wait's own span and kept for reviewers' waits only."""
    return Wait(
        row.repo, row.item, row.since, row.kind, row.holder, row.team, row.host, row.until, row.ended_by,
        reds_of(row.reds),
        row.asked_by, row.asked_at, row.opened_by, row.stage, row.stream, row.target,
    )  # fmt: skip


def reds_of(kept: str) -> tuple[Span, ...]:
    """The red spans of a wait as they are kept."""
    return tuple((start, end) for start, end in json.loads(kept)) if kept != "[]" else ()


def of_items(session: Session, workspace: str, keys: Iterable[ItemKey]) -> dict[ItemKey, list[Row[Any]]]:
    """All stored waits of each item that has any."""
    found: dict[ItemKey, list[Row[Any]]] = defaultdict(list)
    for host, repo, items in by_repo(keys):
        named = {"workspace": workspace, "host": host, "repo": repo, "items": items}
        for row in session.execute(_OF_ITEMS.on(session), named).all():
            found[host, repo, row.item].append(row)
    return found


def in_stages(session: Session, workspace: str, keys: Iterable[ItemKey]) -> dict[ItemKey, list[Row[Any]]]:
    """The waits in stages of value streams of each item that has any."""
    found: dict[ItemKey, list[Row[Any]]] = defaultdict(list)
    for host, repo, items in by_repo(keys):
        named = {"workspace": workspace, "host": host, "repo": repo, "items": items}
        for row in session.execute(_IN_STAGES.on(session), named).all():
            found[host, repo, row.item].append(row)
    return found


def in_stream(session: Session, workspace: str, stream: str) -> Sequence[Row[Any]]:
    """All waits in the stages of a value stream (its key)."""
    return session.execute(select(WAITS).where(_C.workspace == workspace, _C.stream == stream).order_by(_C.id)).all()


def due(session: Session, workspace: str, now: int, limit: int) -> Sequence[Row[Any]]:
    """The waits whose ladder is to be looked at by `now`, longest due first; `limit` at most.

    Those that somebody else is changing right now are left out; nobody else changes the others till the end.
    """
    return session.execute(_DUE, {"workspace": workspace, "now": now, "most": limit}).all()


def due_items(session: Session, workspace: str, now: int, limit: int) -> list[OfItem]:
    """Of which items the same waits are, which stay free for everybody."""
    return [OfItem(*row) for row in session.execute(_DUE_ITEMS, {"workspace": workspace, "now": now, "most": limit})]


def by_ids(session: Session, workspace: str, ids: Iterable[int]) -> dict[int, Row[Any]]:
    """The waits with these ids, as far as they exist still."""
    found = {}
    for some in batches(sorted(set(ids))):
        for row in session.execute(_BY_IDS.on(session), {"workspace": workspace, "ids": some}):
            found[row.id] = row
    return found


def open_after(session: Session, workspace: str, id_: int, limit: int) -> Sequence[Row[Any]]:
    """The open waits with ids above this one, in order of ids; `limit` at most."""
    return session.execute(
        select(WAITS).where(_C.workspace == workspace, _C.until.is_(None), _C.id > id_).order_by(_C.id).limit(limit)
    ).all()


def items_with_waits(workspace: str) -> Select[tuple[str, str, int]]:
    """The keys of all items that have waits."""
    return select(_C.host, _C.repo, _C.item).where(_C.workspace == workspace).distinct()


def set_looks(session: Session, workspace: str, looks: Mapping[int, int | None]) -> None:
    """Say when to look at each wait's ladder again; None is never. A wait that ended meanwhile stays as it is."""
    rows = [{"at_workspace": workspace, "at_id": id_, "new_next_nudge_at": at} for id_, at in looks.items()]
    if rows:
        session.connection().execute(_SET_LOOK, rows)


def add(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Insert waits; each names every column but `backlog_told`."""
    if rows:
        session.connection().execute(_ADD.on(session), [row | {"backlog_told": False} for row in rows])


def change(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Write waits over those with their ids; whether they were listed stays as it is."""
    named = [{f"at_{key}": row[key] for key in _KEYS} | {f"new_{name}": row[name] for name in _FACTS} for row in rows]
    if named:
        session.connection().execute(_CHANGE, named)


def remove(session: Session, workspace: str, ids: Sequence[int]) -> None:
    for some in batches(ids):
        session.execute(_REMOVE.on(session), {"workspace": workspace, "ids": some})


def sent(session: Session, workspace: str, ids: Iterable[int]) -> dict[int, list[Sent]]:
    """The rungs that were claimed, by wait; also of waits that are no more."""
    found: dict[int, list[Sent]] = defaultdict(list)
    for some in batches(sorted(set(ids))):
        for wait_id, *claim in session.execute(_SENT.on(session), {"workspace": workspace, "ids": some}):
            found[wait_id].append(Sent(*claim))
    return found


def look_again(
    session: Session, workspace: str, now: int, *, logins: Iterable[str] = (), repos: Iterable[str] = (),
    everyone: bool = False,
) -> None:  # fmt: skip
    """Have the ladders looked at now: of these people, in these repositories (case does not matter), or all."""
    waiting = update(WAITS).where(_C.workspace == workspace, _C.until.is_(None)).values(next_nudge_at=now)
    if everyone:
        session.execute(waiting)
        return
    for some in batches(sorted({login.lower() for login in logins})):
        session.execute(waiting.where(_C.holder_key.in_(some)))
    for some in batches(sorted({repo.lower() for repo in repos})):
        session.execute(waiting.where(func.lower(_C.repo).in_(some)))


def edit_messages(session: Session, workspace: str, outbox_ids: Iterable[str], now: int) -> None:
    """Have messages edited that were sent, or are on their way, because what they say is no longer so."""
    o = OUTBOX.c
    for some in batches(sorted(set(outbox_ids))):
        session.execute(
            update(OUTBOX)
            .where(o.workspace == workspace, o.id.in_(some), o.state.in_(("sending", "sent")), o.settled.is_(False))
            .values(edit_at=now)
        )
