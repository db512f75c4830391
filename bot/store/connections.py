"""Repositories that somebody connects from Slack: how far each is, and which worker is at it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlalchemy import Row, or_, select, update
from sqlalchemy.orm import Session

from bot.store.sql import batches, insert, table
from bot.store.tables import ConnectionRow, WaitRow
from bot.store.waits import edit_messages

CONNECTIONS, WAITS = table(ConnectionRow), table(WaitRow)
_C, _W = CONNECTIONS.c, WAITS.c
READING, LEARNT, ON, FAILED, LEFT = "reading", "learnt", "on", "failed", "left"
"""Its history is read; what it taught is shown, and nobody is nudged yet; switched on; not readable; let go."""
LEASE = 120
"""Seconds a worker has for a page of a history; it takes the lease anew with each."""


class Connection(NamedTuple):
    """A repository's connection; instants in seconds since 1970 UTC."""

    host: str
    repo: str
    user: str
    state: str
    at: int
    """When it came into this state."""
    items_read: int
    items_known: int | None
    hook: str | None
    hook_id: int | None
    learnt: dict[str, Any] | None
    problem: str | None
    outbox_id: str
    lease_until: int | None
    """While it is read: until when a worker has it, or when it is tried again."""


_COLUMNS = [_C[name] for name in Connection._fields]


def _connection(row: Row[Any] | None) -> Connection | None:
    if row is None:
        return None
    return Connection._make(row)._replace(learnt=json.loads(row.learnt) if row.learnt else None)


def of_repo(session: Session, workspace: str, host: str, repo: str) -> Connection | None:
    """A repository's connection; None where nobody ever connected it from Slack."""
    here = (_C.workspace == workspace, _C.host == host, _C.repo == repo)
    return _connection(session.execute(select(*_COLUMNS).where(*here)).first())


def of_message(session: Session, workspace: str, outbox_id: str) -> Connection | None:
    """The connection that a message shows; None once another message shows it."""
    here = (_C.workspace == workspace, _C.outbox_id == outbox_id)
    return _connection(session.execute(select(*_COLUMNS).where(*here)).first())


def being_read(session: Session, workspace: str, host: str) -> set[str]:
    """The repositories whose first reading is not over, or failed."""
    return set(unread(session, workspace, host))


def unread(session: Session, workspace: str, host: str) -> dict[str, str]:
    """READING or FAILED, by the repository whose first reading is not over, or failed."""
    here = (_C.workspace == workspace, _C.host == host, _C.state.in_((READING, FAILED)))
    return {row.repo: row.state for row in session.execute(select(_C.repo, _C.state).where(*here))}


def learnt(session: Session, workspace: str) -> list[Connection]:
    """Those whose history is read and that are not switched on yet."""
    found = select(*_COLUMNS).where(_C.workspace == workspace, _C.state == LEARNT).order_by(_C.repo)
    return [one for one in map(_connection, session.execute(found)) if one is not None]


def show_again(session: Session, workspace: str, now: int) -> None:
    """Have the messages edited of connections that wait for their switching on: who is linked is another matter now."""
    ids = select(_C.outbox_id).where(_C.workspace == workspace, _C.state == LEARNT)
    edit_messages(session, workspace, session.execute(ids).scalars(), now)


def begin(session: Session, workspace: str, host: str, repo: str, user: str, outbox_id: str, now: int) -> None:
    """Connect a repository, for the first time or again; a webhook that was set up before stays known."""
    fresh: dict[str, Any] = {
        "user": user, "state": READING, "at": now, "items_read": 0, "items_known": None, "hook": None, "learnt": None,
        "problem": None, "outbox_id": outbox_id, "lease_until": None,
    }  # fmt: skip
    statement = insert(session, CONNECTIONS).values(workspace=workspace, host=host, repo=repo, hook_id=None, **fresh)
    session.execute(statement.on_conflict_do_update(index_elements=["workspace", "host", "repo"], set_=fresh))


def waiting(session: Session, workspace: str, now: int) -> bool:
    """Whether there is one to read that no worker has."""
    return session.execute(select(_C.repo).where(*_free(workspace, now)).limit(1)).first() is not None


def lease(session: Session, workspace: str, now: int) -> Connection | None:
    """Take the next one to read, for LEASE seconds; None if there is none."""
    row = session.execute(
        select(*_COLUMNS)
        .where(*_free(workspace, now))
        .order_by(_C.at, _C.repo)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).first()
    found = _connection(row)
    if found is None:
        return None
    _write(session, workspace, found, lease_until=now + LEASE)
    return found._replace(lease_until=now + LEASE)


def _free(workspace: str, now: int) -> tuple[Any, ...]:
    free = or_(_C.lease_until.is_(None), _C.lease_until <= now)
    return (_C.workspace == workspace, _C.state == READING, free)


def keep(session: Session, workspace: str, held: Connection, **values: Any) -> Connection | None:
    """Write how far it is (columns by name), under the lease; None where that is no longer this worker's."""
    mine = (_C.lease_until == held.lease_until, _C.state == READING)
    told = {**values, "learnt": json.dumps(values["learnt"])} if "learnt" in values else values
    return held._replace(**values) if _write(session, workspace, held, *mine, **told) else None


def turn(session: Session, workspace: str, held: Connection, state: str, now: int, **values: Any) -> bool:
    """Bring it from the state it was read in to another; whether it was in that state still."""
    told = {**values, "learnt": json.dumps(values["learnt"])} if "learnt" in values else values
    return _write(session, workspace, held, _C.state == held.state, state=state, at=now, **told)


def owns_hook(session: Session, workspace: str, one: Connection, hook_id: int) -> None:
    """From now on its webhook is Weir's own, to be removed with it."""
    _write(session, workspace, one, hook_id=hook_id)


def _write(session: Session, workspace: str, one: Connection, *where: Any, **values: Any) -> bool:
    # By its message: a connection that was begun anew is another one, and one that was renamed is the same.
    mine = (_C.workspace == workspace, _C.host == one.host, _C.outbox_id == one.outbox_id, *where)
    return session.execute(update(CONNECTIONS).where(*mine).values(values).returning(_C.repo)).first() is not None


def list_only(session: Session, workspace: str, waits: Iterable[int]) -> None:
    """Have open waits listed once, and never nudged: they were late already when their repository was switched on."""
    for some in batches(sorted(set(waits))):
        mine = (_W.workspace == workspace, _W.id.in_(some), _W.until.is_(None))
        session.execute(update(WAITS).where(*mine).values(backlog=True, next_nudge_at=None))
