"""Reads for what a person asks. Each is one statement that an index answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import BindParameter, Executable, Row, and_, bindparam, false, select, true, union_all
from sqlalchemy.orm import Session

from bot.store.answers import ANSWERS, LEAVE
from bot.store.items import ITEMS
from bot.store.sql import Asking, batches
from bot.store.waits import WAITS

_W, _I, _A = WAITS.c, ITEMS.c, ANSWERS.c
_KEY: BindParameter[str] = bindparam("key")
_WORKSPACE = _W.workspace == bindparam("workspace")
_SAME_ITEM = and_(
    _I.workspace == _W.workspace, _I.host == _W.host, _I.repo == _W.repo, _I.item == _W.item
)  # fmt: skip


_OPEN = (_WORKSPACE, _W.until.is_(None))
_HELD, _THERE = (_W.holder_key == _KEY, _W.team.is_(False)), _W.repo == _KEY
# A list of keys would have PostgreSQL plan each question anew, as it can't know how long the list is.
_WHOLE_HELD, _WHOLE_THERE = (
    select(WAITS).where(*_OPEN, *which).order_by(_W.since, _W.id) for which in (_HELD, [_THERE])
)
_BRIEF = (_W.id, _W.repo, _W.item, _W.kind, _W.holder_key, _W.team, _W.since, _W.reds, _W.target)
_BRIEF_THERE = select(*_BRIEF, false()).where(*_OPEN, _THERE)
# An outer join for its order: SQLite's planner, having no statistics, would begin with all that are open.
_BRIEF_OF_PERSON = union_all(
    select(*_BRIEF, false().label("authored")).where(*_OPEN, *_HELD),
    select(*_BRIEF, true())
    .outerjoin_from(ITEMS, WAITS, and_(_SAME_ITEM, _W.until.is_(None)))
    .where(_I.workspace == bindparam("workspace"), _I.author_key == _KEY, _I.live.is_(True)),
)
_ANSWERED = and_(_A.workspace == _W.workspace, _A.wait_id == _W.id, _A.kind != LEAVE)
_SHOWN = Asking(
    lambda one_of: (
        select(WAITS, _I.title, _I.url, _I.size, _A.kind.label("reply"), _A.reason, _A.until.label("quiet_until"))
        .outerjoin_from(WAITS, ITEMS, _SAME_ITEM)
        .outerjoin(ANSWERS, _ANSWERED)
        .where(_WORKSPACE, one_of(_W.id, "keys"))
        .order_by(_A.at, _A.id)
    )
)

Rows = Sequence[Row[Any]]
"""Open waits, oldest first."""
Brief = Sequence[Row[Any]]
"""Open waits in any order: id, repository, item, kind, holder's key, team, start, red spans, the target of their stage,
and whether they are of authored items."""


def held_by(session: Session, workspace: str, logins: Iterable[str]) -> Rows:
    """The open waits of a person by any of their logins, whose case does not matter."""
    return _in_order(_asked(session, workspace, _WHOLE_HELD, _keys(logins)))


def in_repos(session: Session, workspace: str, repos: Iterable[str]) -> Rows:
    """The open waits of these repositories."""
    return _in_order(_asked(session, workspace, _WHOLE_THERE, sorted(set(repos))))


def briefly_in_repos(session: Session, workspace: str, repos: Iterable[str]) -> Brief:
    """The same, as much as is needed to put them in order."""
    return [row for rows in _asked(session, workspace, _BRIEF_THERE, sorted(set(repos))) for row in rows]


def briefly_of(session: Session, workspace: str, logins: Iterable[str]) -> tuple[Brief, Brief]:
    """The open waits that a person holds, and those of their items that somebody else holds."""
    keys = _keys(logins)
    rows = [row for rows in _asked(session, workspace, _BRIEF_OF_PERSON, keys) for row in rows]
    authored = [row for row in rows if row.authored and row.id is not None and (row.team or row.holder_key not in keys)]
    return [row for row in rows if not row.authored], authored


def shown(session: Session, workspace: str, waits: Sequence[int]) -> Mapping[int, Row[Any]]:
    """These waits by their ids, with the title, address and size of their items and what was answered last.

    What is not known, or was not answered, is null.
    """
    named = ({"workspace": workspace, "keys": list(some)} for some in batches(waits))
    return {row.id: row for keys in named for row in session.connection().execute(_SHOWN.on(session), keys)}


def _asked(session: Session, workspace: str, what: Executable, keys: Sequence[str]) -> list[Rows]:
    """What is answered for each key."""
    # The session's own way of executing looks for objects to make of the rows; there are none.
    execute = session.connection().execute
    return [execute(what, {"workspace": workspace, "key": key}).all() for key in keys]


def _in_order(found: Sequence[Rows]) -> Rows:
    return found[0] if len(found) == 1 else sorted((row for rows in found for row in rows), key=_age)


def _age(row: Row[Any]) -> tuple[int, int]:
    return row.since, row.id


def _keys(logins: Iterable[str]) -> list[str]:
    return sorted({login.lower() for login in logins})
