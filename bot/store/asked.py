"""Reads for what a person asks. Each is one statement that an index answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import BindParameter, Row, Select, and_, bindparam, select
from sqlalchemy.orm import Session

from bot.store.items import ITEMS
from bot.store.sql import Asking, batches
from bot.store.waits import WAITS

_W, _I = WAITS.c, ITEMS.c
_KEY: BindParameter[str] = bindparam("key")
_WORKSPACE = _W.workspace == bindparam("workspace")
_SAME_ITEM = and_(
    _I.workspace == _W.workspace, _I.host == _W.host, _I.repo == _W.repo, _I.item == _W.item
)  # fmt: skip


class _Questions:
    """What is asked of open waits about one key, with these columns of them.

    A list of keys would have PostgreSQL plan each question anew, as it can't know how long the list is.
    """

    def __init__(self, *columns: Any) -> None:
        open_ = select(*columns).where(_WORKSPACE, _W.until.is_(None)).order_by(_W.since, _W.id)
        self.held = open_.where(_W.holder_key == _KEY, _W.team.is_(False))
        self.there = open_.where(_W.repo == _KEY)
        # An outer join for its order: SQLite's planner, having no statistics, would begin with all that are open.
        self.authored = (
            select(*columns)
            .outerjoin_from(ITEMS, WAITS, and_(_SAME_ITEM, _W.until.is_(None)))
            .where(_I.workspace == bindparam("workspace"), _I.author_key == _KEY, _I.live.is_(True))
            .order_by(_W.since, _W.id)
        )


_WHOLE = _Questions(WAITS)
_SHORT = _Questions(_W.id, _W.repo, _W.item, _W.kind, _W.holder_key, _W.team, _W.since, _W.reds)
_SHOWN = Asking(
    lambda one_of: (
        select(WAITS, _I.title, _I.url, _I.size)
        .outerjoin_from(WAITS, ITEMS, _SAME_ITEM)
        .where(_WORKSPACE, one_of(_W.id, "keys"))
    )
)

Rows = Sequence[Row[Any]]
"""Open waits, oldest first; in short: their id, repository, item, kind, holder's key, team, start and red spans."""


def held_by(session: Session, workspace: str, logins: Iterable[str], *, short: bool = False) -> Rows:
    """The open waits of a person by any of their logins, whose case does not matter."""
    return _asked(session, workspace, (_SHORT if short else _WHOLE).held, _keys(logins))


def authored_by(session: Session, workspace: str, logins: Iterable[str], *, short: bool = False) -> Rows:
    """The open waits of items by one author that somebody else holds."""
    keys = _keys(logins)
    rows = _asked(session, workspace, (_SHORT if short else _WHOLE).authored, keys)
    return [row for row in rows if row.id is not None and (row.team or row.holder_key not in keys)]


def in_repos(session: Session, workspace: str, repos: Iterable[str], *, short: bool = False) -> Rows:
    """The open waits of these repositories."""
    return _asked(session, workspace, (_SHORT if short else _WHOLE).there, sorted(set(repos)))


def shown(session: Session, workspace: str, waits: Sequence[int]) -> Mapping[int, Row[Any]]:
    """These waits by their ids, with the title, address and size of their items (null where not known)."""
    named = ({"workspace": workspace, "keys": list(some)} for some in batches(waits))
    return {row.id: row for keys in named for row in session.execute(_SHOWN.on(session), keys)}


def _asked(session: Session, workspace: str, what: Select[Any], keys: Sequence[str]) -> Rows:
    found = [session.execute(what, {"workspace": workspace, "key": key}).all() for key in keys]
    if len(found) == 1:
        return found[0]
    return sorted((row for rows in found for row in rows), key=lambda row: (row.since or 0, row.id or 0))


def _keys(logins: Iterable[str]) -> list[str]:
    return sorted({login.lower() for login in logins})
