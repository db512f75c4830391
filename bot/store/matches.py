"""What was found out about whose a login on the code host is; a link itself is a setting (`people.LOGIN.slack`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.orm import Session

from bot.store.sql import batches, insert, table
from bot.store.tables import MatchRow

MATCHES = table(MatchRow)
_C = MATCHES.c
LINKED, DOUBTFUL, REFUSED, UNKNOWN = "linked", "doubtful", "refused", "unknown"
ADMIN = "an administrator"
"""The source of a link that an administrator made or confirmed; one that a person made themself has none."""
BOT = "bot"
"""The source of what the host says is nobody."""


def of_login(session: Session, workspace: str, login: str) -> Row[Any] | None:
    """What was found out about a login, whose case does not matter; None where nobody tried."""
    return session.execute(select(MATCHES).where(_C.workspace == workspace, _C.login == login.lower())).first()


def everything(session: Session, workspace: str) -> dict[str, Row[Any]]:
    """All that was found out, by login in lower case."""
    return {row.login: row for row in session.execute(select(MATCHES).where(_C.workspace == workspace))}


def confirmed(session: Session, workspace: str, user: str) -> set[str]:
    """The logins, in lower case, of which somebody else than the Slack account itself said that they are theirs."""
    mine = (_C.workspace == workspace, _C.slack == user, _C.state == LINKED, _C.source.is_not(None))
    return set(session.execute(select(_C.login).where(*mine)).scalars())


def unconfirmed(session: Session, workspace: str) -> set[str]:
    """The logins, in lower case, that people linked to themselves and nobody confirmed."""
    linked = (_C.workspace == workspace, _C.state == LINKED, _C.source.is_(None))
    return set(session.execute(select(_C.login).where(*linked)).scalars())


def guessed(session: Session, workspace: str, user: str) -> list[str]:
    """The logins, in lower case, that may be a Slack account's, which nobody has confirmed or denied yet."""
    mine = (_C.workspace == workspace, _C.slack == user, _C.state == DOUBTFUL)
    return list(session.execute(select(_C.login).where(*mine).order_by(_C.login)).scalars())


def put(session: Session, workspace: str, login: str, state: str, slack: str | None, source: str | None, now: int
        ) -> None:  # fmt: skip
    """Keep what a login was found to be."""
    row = {"workspace": workspace, "login": login.lower(), "state": state, "slack": slack, "source": source}
    statement = insert(session, MATCHES)
    found = {name: statement.excluded[name] for name in ("state", "slack", "source", "tried_at")}
    statement = statement.on_conflict_do_update(index_elements=["workspace", "login"], set_=found)
    session.execute(statement, row | {"tried_at": now})


def take(session: Session, workspace: str, logins: Sequence[str], before: int, now: int, most: int) -> list[str]:
    """Take up to `most` logins that were not tried since `before`, for this process alone to try; in the order given.

    What is known of them stays.
    """
    tried: dict[str, int] = {}
    for some in batches(sorted({login.lower() for login in logins})):
        rows = session.execute(select(_C.login, _C.tried_at).where(_C.workspace == workspace, _C.login.in_(some)))
        tried.update({row.login: row.tried_at for row in rows})
    due = [login for login in logins if tried.get(login.lower(), before) <= before][:most]
    return [login for login in due if _taken(session, workspace, login, before, now)]


def _taken(session: Session, workspace: str, login: str, before: int, now: int) -> bool:
    fresh = {"workspace": workspace, "login": login.lower(), "state": UNKNOWN, "tried_at": now}
    statement = insert(session, MATCHES).values(fresh)
    statement = statement.on_conflict_do_update(
        index_elements=["workspace", "login"], set_={"tried_at": now}, where=_C.tried_at <= before
    )
    return session.execute(statement.returning(_C.login)).first() is not None


def try_again(session: Session, workspace: str, logins: Sequence[str], tried_at: int) -> None:
    """Say when these were tried, as it could not be done now."""
    for some in batches(sorted({login.lower() for login in logins})):
        mine = (_C.workspace == workspace, _C.login.in_(some))
        session.execute(update(MATCHES).where(*mine).values(tried_at=tried_at))
