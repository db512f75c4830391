"""Reads for what a person asks. Each is one statement that an index answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Row, and_, bindparam, not_, select
from sqlalchemy.orm import Session

from bot.store.items import ITEMS
from bot.store.sql import Asking, batches
from bot.store.waits import WAITS

_W, _I = WAITS.c, ITEMS.c
_WORKSPACE = _W.workspace == bindparam("workspace")
_SAME_ITEM = and_(
    _I.workspace == _W.workspace, _I.host == _W.host, _I.repo == _W.repo, _I.item == _W.item
)  # fmt: skip
_OPEN = select(WAITS).where(_WORKSPACE, _W.until.is_(None)).order_by(_W.since, _W.id)
_HELD = Asking(lambda one_of: _OPEN.where(one_of(_W.holder_key, "keys"), _W.team.is_(False)))
_THERE = Asking(lambda one_of: _OPEN.where(one_of(_W.repo, "keys")))
# An outer join for its order: SQLite's planner, having no statistics, would begin with all waits that are open.
_AUTHORED = Asking(
    lambda one_of: (
        select(WAITS, _I.title, _I.url, _I.size)
        .outerjoin_from(
            ITEMS,
            WAITS,
            and_(_SAME_ITEM, _W.until.is_(None), _W.team.is_(True) | not_(one_of(_W.holder_key, "keys"))),
        )
        .where(_I.workspace == bindparam("workspace"), one_of(_I.author_key, "keys"), _I.live.is_(True))
        .order_by(_W.since, _W.id)
    )
)
_ITEMS_OF = Asking(
    lambda one_of: (
        select(_W.id, _I.title, _I.url, _I.size)
        .join_from(WAITS, ITEMS, _SAME_ITEM)
        .where(_WORKSPACE, one_of(_W.id, "keys"))
    )
)

Rows = Sequence[Row[Any]]
"""Open waits, oldest first."""


def held_by(session: Session, workspace: str, logins: Iterable[str]) -> Rows:
    """The open waits of a person by any of their logins, whose case does not matter."""
    return _asked(session, workspace, _HELD, _keys(logins))


def authored_by(session: Session, workspace: str, logins: Iterable[str]) -> Rows:
    """The open waits of items by one author that somebody else holds, with title, address and size of the items."""
    return [row for row in _asked(session, workspace, _AUTHORED, _keys(logins)) if row.id is not None]


def in_repos(session: Session, workspace: str, repos: Iterable[str]) -> Rows:
    """The open waits of these repositories."""
    return _asked(session, workspace, _THERE, sorted(set(repos)))


def items_of(session: Session, workspace: str, waits: Sequence[int]) -> Mapping[int, Row[Any]]:
    """The title, address and size (null where not known) of the items of these waits, by the waits' ids."""
    return {row.id: row for some in batches(waits) for row in _asked(session, workspace, _ITEMS_OF, some)}


def _asked(session: Session, workspace: str, what: Asking, keys: Sequence[Any]) -> Rows:
    return session.execute(what.on(session), {"workspace": workspace, "keys": list(keys)}).all()


def _keys(logins: Iterable[str]) -> list[str]:
    return sorted({login.lower() for login in logins})
