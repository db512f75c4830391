"""The people of the code host, as the events show them: who holds or wrote something."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from bot.store.items import ITEMS
from bot.store.sql import batches
from bot.store.waits import WAITS

_W, _I = WAITS.c, ITEMS.c


class Worker(NamedTuple):
    """Somebody by their login, how many open waits they hold, and a repository where they were met."""

    login: str
    waiting: int
    repo: str


def workers(session: Session, workspace: str, since: int | None) -> list[Worker]:
    """Who held or wrote something that was open since an instant (None: that is open now); most waiting first.

    Authors whom nobody can ask (bots, deleted accounts) are left out where that is known.
    """
    held = _W.until.is_(None) if since is None else or_(_W.until.is_(None), _W.until >= since)
    wrote = _I.live.is_(True) if since is None else or_(_I.live.is_(True), _I.opened_at >= since)
    found = {**_authors(session, workspace, wrote), **_holders(session, workspace, held)}
    return sorted(found.values(), key=lambda one: (-one.waiting, one.login.lower()))


def _holders(session: Session, workspace: str, which: ColumnElement[bool]) -> dict[str, Worker]:
    open_ones = func.count().filter(_W.until.is_(None))
    rows = session.execute(
        select(_W.holder_key, func.min(_W.holder), open_ones, func.max(_W.repo))
        .where(_W.workspace == workspace, _W.team.is_(False), which)
        .group_by(_W.holder_key)
    )
    return {key: Worker(login, waiting, repo) for key, login, waiting, repo in rows}


def _authors(session: Session, workspace: str, which: ColumnElement[bool]) -> dict[str, Worker]:
    rows = session.execute(
        select(_I.author_key, func.min(_I.author), func.max(_I.repo))
        .where(_I.workspace == workspace, _I.author.is_not(None), _I.nobody_to_ask.is_(False), which)
        .group_by(_I.author_key)
    )
    return {key: Worker(login, 0, repo) for key, login, repo in rows}


def places(session: Session, workspace: str, logins: Iterable[str]) -> dict[str, set[str]]:
    """The repositories in which each of these ever held or wrote something, by login in lower case."""
    found: dict[str, set[str]] = defaultdict(set)
    for some in batches(sorted({login.lower() for login in logins})):
        wrote = select(_I.author_key, _I.repo).where(_I.workspace == workspace, _I.author_key.in_(some)).distinct()
        theirs = select(_W.holder_key, _W.repo).where(_W.workspace == workspace, _W.holder_key.in_(some)).distinct()
        for asked in (wrote, theirs.where(_W.until.is_(None)), theirs.where(_W.until.is_not(None))):
            for login, repo in session.execute(asked):
                found[login].add(repo)
    return found


def spelt(session: Session, workspace: str, login: str) -> str | None:
    """A login as the code host spells it, whatever its case; None where nobody of that login was ever heard of."""
    key = login.lower()
    wrote = select(_I.author).where(and_(_I.workspace == workspace, _I.author_key == key)).limit(1)
    held = select(_W.holder).where(and_(_W.workspace == workspace, _W.holder_key == key, _W.team.is_(False))).limit(1)
    return session.scalar(wrote) or session.scalar(held)


def logins(session: Session, workspace: str) -> list[str]:
    """Everybody who was ever heard of as holder or author."""
    wrote = select(_I.author).where(_I.workspace == workspace, _I.author.is_not(None)).distinct()
    held = select(_W.holder).where(_W.workspace == workspace, _W.team.is_(False)).distinct()
    return sorted({str(login) for asked in (wrote, held) for login in session.scalars(asked)})
