"""Which repositories are private, who was let in where, and who has a part in an item."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sqlalchemy import case, func, or_, select, union, update
from sqlalchemy.orm import Session

from bot.flow.events import ItemKey
from bot.store.events import EVENTS
from bot.store.items import ITEMS
from bot.store.repos import REPOS
from bot.store.sql import MANY, batches, by_repo, insert, table
from bot.store.tables import SightRow
from bot.store.waits import WAITS

SIGHTS = table(SightRow)
_R, _S = REPOS.c, SIGHTS.c


class Privacy(NamedTuple):
    """Whether a repository is private, and when the host told so."""

    private: bool
    at: int


class Let(NamedTuple):
    """Whether somebody is let in, and from when on that is to be asked again."""

    may: bool
    ask_at: int


def privacy(session: Session, workspace: str, repos: Iterable[str]) -> dict[str, Privacy]:
    """What the host told of these repositories; those it told nothing of are left out."""
    told = select(_R.repo, _R.private, _R.private_at).where(_R.workspace == workspace, _R.private.is_not(None))
    wanted = frozenset(repos)
    asked = [told] if len(wanted) > MANY else [told.where(_R.repo.in_(some)) for some in batches(sorted(wanted))]
    rows = (row for one in asked for row in session.execute(one))
    return {repo: Privacy(private, at or 0) for repo, private, at in rows if repo in wanted}


def any_private(session: Session, workspace: str) -> bool:
    """Whether the host said of any repository that it is private."""
    private = select(_R.repo).where(_R.workspace == workspace, _R.private.is_(True)).limit(1)
    return session.execute(private).first() is not None


def tell(session: Session, workspace: str, host: str, told: Mapping[str, bool], now: int) -> None:
    """Keep whether repositories are private; of one that was told already nothing is written.

    One that was private and is told to be public is asked about again: what tells so may be an old delivery.
    """
    for repo, private in sorted(told.items()):
        at = case((_R.private.is_(None), now), else_=now if private else 0)
        session.execute(
            update(REPOS)
            .where(_R.workspace == workspace, _R.host == host, _R.repo == repo)
            .where(or_(_R.private.is_(None), _R.private != private))
            .values(private=private, private_at=at)
        )


def confirm(session: Session, workspace: str, host: str, repo: str, private: bool, now: int) -> None:
    """Keep what the host answered when it was asked whether a repository is private."""
    mine = (_R.workspace == workspace, _R.host == host, _R.repo == repo)
    session.execute(update(REPOS).where(*mine).values(private=private, private_at=now))


def let(session: Session, workspace: str, who: Iterable[str]) -> dict[tuple[str, str], Let]:
    """(place, who) → whether they were let in."""
    asked = select(_S.place, _S.who, _S.may, _S.ask_at).where(_S.workspace == workspace, _S.who.in_(sorted(set(who))))
    return {(row.place, row.who): Let(row.may, row.ask_at) for row in session.execute(asked)}


def keep(session: Session, workspace: str, place: str, who: str, told: Let) -> None:
    """Keep whether somebody is let in."""
    row = insert(session, SIGHTS).values(workspace=workspace, place=place, who=who, may=told.may, ask_at=told.ask_at)
    fresh = {"may": row.excluded.may, "ask_at": row.excluded.ask_at}
    session.execute(row.on_conflict_do_update(index_elements=["workspace", "place", "who"], set_=fresh))


def held(session: Session, workspace: str, keys: Iterable[ItemKey], logins: Iterable[str]) -> set[ItemKey]:
    """Those of these items that wait for somebody now, by any of their logins."""
    mine = sorted({login.lower() for login in logins})
    if not mine:
        return set()
    w = WAITS.c
    return {
        (host, repo, item)
        for host, repo, some in by_repo(keys)
        for (item,) in session.execute(
            select(w.item).where(
                w.workspace == workspace, w.host == host, w.repo == repo, w.item.in_(some), w.holder_key.in_(mine),
                w.until.is_(None),
            )
        )
    }  # fmt: skip


def parts(session: Session, workspace: str, keys: Iterable[ItemKey], logins: Iterable[str]) -> set[ItemKey]:
    """Those of these items that somebody opened, held, or did anything on, by any of their logins."""
    mine = sorted({login.lower() for login in logins})
    if not mine:
        return set()
    return {
        (host, repo, item)
        for host, repo, some in by_repo(keys)
        for (item,) in session.execute(
            union(
                *(
                    select(c.item).where(
                        c.workspace == workspace, c.host == host, c.repo == repo, c.item.in_(some), who.in_(mine)
                    )
                    for c, who in (
                        (ITEMS.c, ITEMS.c.author_key),
                        (WAITS.c, WAITS.c.holder_key),
                        (EVENTS.c, func.lower(EVENTS.c.actor)),
                    )
                )
            )
        )
    }
