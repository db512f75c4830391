"""When each person's next working day begins, for their morning message."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from bot.flow.ladder import MORNING
from bot.store.sql import batches, insert, table
from bot.store.tables import MorningRow, OutboxRow

MORNINGS, OUTBOX = table(MorningRow), table(OutboxRow)
_C, _O = MORNINGS.c, OUTBOX.c
_DAYS = 2 * 86_400


class Beginning(NamedTuple):
    """The next instant for a person, and what it was computed by."""

    login: str
    next_at: int
    terms: str


def any_due(session: Session, workspace: str, now: int) -> bool:
    """Whether somebody's time has come."""
    due = select(_C.login).where(_C.workspace == workspace, _C.next_at <= now).limit(1)
    return session.execute(due).first() is not None


def due(session: Session, workspace: str, now: int, most: int) -> list[str]:
    """The logins whose time has come, longest ago first; `most` at most."""
    rows = select(_C.login).where(_C.workspace == workspace, _C.next_at <= now).order_by(_C.next_at, _C.login)
    return list(session.execute(rows.limit(most)).scalars())


def everybody(session: Session, workspace: str) -> dict[str, str]:
    """What each person's instant was computed by."""
    return {row.login: row.terms for row in session.execute(select(MORNINGS).where(_C.workspace == workspace))}


def put(session: Session, workspace: str, beginnings: Iterable[Beginning]) -> None:
    """Let people have these instants."""
    rows = [{"workspace": workspace, **one._asdict()} for one in beginnings]
    if rows:
        statement = insert(session, MORNINGS)
        new = {"next_at": statement.excluded.next_at, "terms": statement.excluded.terms}
        session.execute(statement.on_conflict_do_update(index_elements=["workspace", "login"], set_=new), rows)


def drop(session: Session, workspace: str, logins: Collection[str]) -> None:
    for some in batches(sorted(logins)):
        session.execute(delete(MORNINGS).where(_C.workspace == workspace, _C.login.in_(some)))


def move(session: Session, workspace: str, instants: Mapping[str, int]) -> None:
    """Give people their next instants; who is not there any more stays away."""
    for login, at in instants.items():
        session.execute(update(MORNINGS).where(_C.workspace == workspace, _C.login == login).values(next_at=at))


def again(session: Session, workspace: str, recipient: str, now: int) -> None:
    """A morning message was not sent after all: look at the person again at once."""
    mine = (_C.workspace == workspace, func.lower(_C.login) == recipient.lower())
    session.execute(update(MORNINGS).where(*mine).values(next_at=now))


def latest(session: Session, workspace: str, recipients: Iterable[str], now: int) -> dict[str, int]:
    """When the last morning message to each recipient was made, of the last two days, but for those never sent."""
    found: dict[str, int] = {}
    for some in batches(sorted(set(recipients))):
        rows = session.execute(
            select(_O.recipient, func.max(_O.made_at))
            .where(_O.workspace == workspace, _O.recipient.in_(some), _O.made_at >= now - _DAYS)
            .where(_O.rung == MORNING, _O.state != "moot")
            .group_by(_O.recipient)
        )
        found.update((recipient, at) for recipient, at in rows)
    return found
