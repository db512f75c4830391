"""Slack workspaces that Weir is installed in, and installs that were finished lately."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from bot.store.sql import insert, table
from bot.store.tables import InstallRow, InstallStateRow

NOBODYS = ""
"""The workspace of a state: Slack says only at the end of an install which one it is for."""
HOLDS = 600
"""Seconds within which an install that was begun is to be finished."""
MOST = 200
"""Spent states that are remembered, the latest; whoever comes back with many can't fill the database."""

INSTALLS = table(InstallRow)
STATES = table(InstallStateRow)
_I, _S = INSTALLS.c, STATES.c


class Install(NamedTuple):
    """An install; `token` is sealed, and None once it has ended."""

    workspace: str
    name: str
    app: str
    bot_user: str
    token: str | None
    scopes: str
    installed_by: str
    installed_at: int
    ended_at: int | None = None


def every(session: Session) -> list[Install]:
    """All of all workspaces, those that ended too, in the order of their ids."""
    return [Install(*row) for row in session.execute(select(INSTALLS).order_by(_I.workspace))]


def known(session: Session, workspace: str) -> bool:
    """Whether anything is kept of an install there, be it over."""
    return session.execute(select(_I.workspace).where(_I.workspace == workspace)).first() is not None


def current(session: Session, workspace: str) -> Install | None:
    """The install there that goes on; None where none does."""
    row = session.execute(select(INSTALLS).where(_I.workspace == workspace, _I.ended_at.is_(None))).first()
    return Install(*row) if row else None


def put(session: Session, workspace: str, install: Install) -> None:
    """Keep an install in place of an earlier one of that workspace."""
    values: dict[str, Any] = {**install._asdict(), "workspace": workspace}
    changed = {name: value for name, value in values.items() if name != "workspace"}
    session.execute(
        insert(session, INSTALLS).values(values).on_conflict_do_update(index_elements=["workspace"], set_=changed)
    )


def end(session: Session, workspace: str, token: str, at: int) -> bool:
    """The install with this token (sealed) is over since an instant, and its token gone; whether there was such."""
    there = (_I.workspace == workspace, _I.ended_at.is_(None), _I.token == token)
    ended = session.execute(update(INSTALLS).where(*there).values(ended_at=at, token=None).returning(_I.workspace))
    return ended.first() is not None


def remove_ended(session: Session, workspace: str, before: int) -> bool:
    """Take away an install that ended at an instant or earlier; whether there was one."""
    over = (_I.workspace == workspace, _I.ended_at <= before)
    return session.execute(delete(INSTALLS).where(*over).returning(_I.workspace)).first() is not None


def spend(session: Session, workspace: str, digest: str, now: int) -> bool:
    """Finish the install of a state, and forget of those before what need not be known; whether nobody did before.

    Whether the state is one of ours, and not too old, is for the caller to know.
    """
    new = insert(session, STATES).values(workspace=workspace, digest=digest, made_at=now)
    if session.execute(new.on_conflict_do_nothing().returning(_S.digest)).first() is None:
        return False
    mine = _S.workspace == workspace
    latest = select(_S.digest).where(mine, _S.digest != digest).order_by(_S.made_at.desc()).offset(MOST - 1)
    session.execute(delete(STATES).where(mine, or_(_S.made_at <= now - HOLDS, _S.digest.in_(latest))))
    return True
