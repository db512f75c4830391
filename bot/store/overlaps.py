"""Journeys that overlap a period, and who opened what: read for the flow metrics, never written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, bindparam, false, or_, select
from sqlalchemy.orm import Session

from bot.flow.events import ItemKey
from bot.flow.stages import Journey, Visit
from bot.store.events import EVENTS
from bot.store.journeys import JOURNEYS, VISITS, Measured
from bot.store.repos import spelt
from bot.store.sql import Asking, by_repo

_J, _V, _E = JOURNEYS.c, VISITS.c, EVENTS.c
_WAY = (_J.host, _J.repo, _J.item, _J.version, _J.segment, _J.ended_at, _J.dropped)
_STAY = (_V.seq, _V.stage, _V.since, _V.until, _V.picked_up_at, _V.handed_over)
_SAME = and_(*(_V[name] == _J[name] for name in ("workspace", "stream", "host", "repo", "item")))
_OPENERS = Asking(
    lambda one_of: select(_E.item, _E.actor, _E.actor_type).where(
        _E.workspace == bindparam("workspace"), _E.host == bindparam("host"), _E.repo == bindparam("repo"),
        one_of(_E.item, "items"), _E.kind == "opened",
    )
)  # fmt: skip


class Opener(NamedTuple):
    """Who opened an item, as its host tells."""

    login: str | None
    actor_type: str


class Ended(NamedTuple):
    """An item that was done: [began_at, done_at) in seconds since 1970 UTC."""

    key: ItemKey
    began_at: int
    done_at: int


def journeys(
    session: Session, workspace: str, stream: str, repos: Collection[str] | None, since: int, until: int
) -> list[Measured]:
    """The journeys through a stream that went on at some instant of [since, until), or ended in it.

    Of these repositories alone, case aside, where any are named; in order of their items.
    """
    mine = (
        *_of(session, workspace, stream, repos), _V.workspace == workspace,
        or_(_J.ended_at.is_(None), _J.ended_at >= since), _J.began_at < until,
    )  # fmt: skip
    # In no order: SQLite would go through all journeys rather than sort.
    rows = session.execute(select(*_WAY, *_STAY).join(VISITS, _SAME).where(*mine)).all()
    ways: dict[tuple[Any, ...], list[tuple[int, Visit]]] = defaultdict(list)
    for host, repo, item, version, segment, ended_at, dropped, seq, *stay in rows:
        ways[host, repo, item, version, segment, ended_at, dropped].append((seq, Visit(*stay)))
    return [_measured(stream, way, ways[way]) for way in sorted(ways, key=itemgetter(0, 1, 2))]


def _of(
    session: Session, workspace: str, stream: str, repos: Collection[str] | None
) -> tuple[ColumnElement[bool], ...]:  # fmt: skip
    mine: tuple[ColumnElement[bool], ...] = (_J.workspace == workspace, _J.stream == stream)
    if repos is None:
        return mine
    # As they are spelt: by `lower` all journeys of the stream would be gone through.
    named = [and_(_J.host == host, _J.repo.in_(some)) for host, some in spelt(session, workspace, repos).items()]
    return (*mine, or_(false(), *named))


def _measured(stream: str, way: tuple[Any, ...], visits: Iterable[tuple[int, Visit]]) -> Measured:
    host, repo, item, version, segment, ended_at, dropped = way
    done, given_up = (None, ended_at) if dropped else (ended_at, None)
    return Measured(
        stream,
        version,
        Journey((host, repo, item), segment, tuple(visit for _, visit in sorted(visits)), done, given_up),
    )


def done_in(
    session: Session, workspace: str, stream: str, repos: Collection[str] | None, since: int, until: int
) -> list[Ended]:
    """The items done in [since, until)."""
    mine = (*_of(session, workspace, stream, repos), _J.dropped.is_(False), _J.ended_at >= since, _J.ended_at < until)
    rows = session.execute(select(_J.host, _J.repo, _J.item, _J.began_at, _J.ended_at).where(*mine))
    return [Ended((host, repo, item), began_at, done_at) for host, repo, item, began_at, done_at in rows]


def openers(session: Session, workspace: str, keys: Iterable[ItemKey]) -> dict[ItemKey, Opener]:
    """Who opened these items, as far as that is known."""
    found: dict[ItemKey, Opener] = {}
    for host, repo, items in by_repo(keys):
        named = {"workspace": workspace, "host": host, "repo": repo, "items": items}
        for item, login, actor_type in session.execute(_OPENERS.on(session), named):
            found[host, repo, item] = Opener(login, actor_type)
    return found
