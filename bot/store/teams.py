"""The members of the host's teams, as far as the host shows them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.store.forgotten import spared_logins
from bot.store.sql import insert, table
from bot.store.tables import TeamRow

TEAMS = table(TeamRow)
_C = TEAMS.c


class Team(NamedTuple):
    """Logins as read at an instant; None where the host does not show them."""

    members: list[str] | None
    read_at: int


def team(session: Session, workspace: str, host: str, owner: str, name: str) -> Team | None:
    """What was read of a team last; None where nothing ever was."""
    row = session.execute(
        select(_C.members, _C.read_at).where(
            _C.workspace == workspace, _C.host == host, _C.owner == owner, _C.team == name
        )
    ).first()
    return None if row is None else Team(None if row.members is None else json.loads(row.members), row.read_at)


def keep(
    session: Session, workspace: str, host: str, owner: str, name: str, members: Sequence[str] | None, now: int
) -> None:
    """Keep what was read of a team."""
    told = insert(session, TEAMS).values(
        workspace=workspace, host=host, owner=owner, team=name, read_at=now,
        members=None if members is None else json.dumps(spared_logins(session, workspace, members)),
    )  # fmt: skip
    fresh = {"members": told.excluded.members, "read_at": told.excluded.read_at}
    session.execute(told.on_conflict_do_update(index_elements=["workspace", "host", "owner", "team"], set_=fresh))
