"""Reads for what a person asks. Each is one statement that an index answers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Row, Select, and_, select
from sqlalchemy.orm import Session

from bot.store.items import ITEMS
from bot.store.waits import WAITS

_W, _I = WAITS.c, ITEMS.c
_SAME_ITEM = and_(
    _I.workspace == _W.workspace, _I.host == _W.host, _I.repo == _W.repo, _I.item == _W.item
)  # fmt: skip
_SHOWN = select(WAITS, _I.title, _I.url, _I.size).order_by(_W.since, _W.id)

Rows = Sequence[Row[Any]]
"""Open waits with the title, address and size of their items (null where not known), oldest first."""


def held_by(session: Session, workspace: str, logins: Iterable[str]) -> Rows:
    """The open waits of a person by any of their logins, whose case does not matter."""
    mine = (_W.holder_key.in_(_keys(logins)), _W.team.is_(False))
    return _open(session, workspace, _SHOWN.outerjoin_from(WAITS, ITEMS, _SAME_ITEM).where(*mine))


def authored_by(session: Session, workspace: str, logins: Iterable[str]) -> Rows:
    """The open waits of items by one author that somebody else holds."""
    keys = _keys(logins)
    theirs = _W.team.is_(True) | _W.holder_key.not_in(keys)
    mine = (_I.workspace == workspace, _I.author_key.in_(keys), _I.live.is_(True))
    # An outer join for its order: SQLite's planner, having no statistics, would begin with all waits that are open.
    joined = _SHOWN.outerjoin_from(ITEMS, WAITS, and_(_SAME_ITEM, _W.until.is_(None), theirs))
    return [row for row in session.execute(joined.where(*mine)) if row.id is not None]


def in_repos(session: Session, workspace: str, repos: Iterable[str]) -> Rows:
    """The open waits of these repositories."""
    there = _W.repo.in_(sorted(set(repos)))
    return _open(session, workspace, _SHOWN.outerjoin_from(WAITS, ITEMS, _SAME_ITEM).where(there))


def _open(session: Session, workspace: str, waits: Select[Any]) -> Rows:
    return session.execute(waits.where(_W.workspace == workspace, _W.until.is_(None))).all()


def _keys(logins: Iterable[str]) -> list[str]:
    return sorted({login.lower() for login in logins})
