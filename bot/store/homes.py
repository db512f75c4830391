"""Home tabs that somebody opened, which of them no longer show the truth, and who is at publishing them.

A home is stale from `stale_at` on. While somebody is at it, `stale_at` lies far ahead and is the mark they took it
under: a touch meanwhile moves it back to that instant, so that what changed during the publishing is published, too.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

from sqlalchemy import Row, delete, or_, select, update
from sqlalchemy.orm import Session

from bot.store.sql import batches, insert, table
from bot.store.tables import HomeRow

LEASE = 60
"""Seconds after which somebody else publishes a home that nobody came back from."""
PAUSE = 10
"""Seconds between two times a worker publishes a home, however much changes meanwhile."""
AHEAD = 10**10
"""Seconds by which a mark lies ahead of every instant that anything is touched at."""
KEPT = 30 * 86_400
"""Seconds for which a home is kept up to date after it was opened."""

HOMES = table(HomeRow)
_C = HOMES.c


class Taken(NamedTuple):
    """A home to publish, and the mark it was taken under (None: somebody else is at it, too)."""

    user: str
    held_page: int
    authored_page: int
    attempts: int
    mark: int | None


def touch(session: Session, workspace: str, users: Collection[str] | None, now: int) -> None:
    """Have the home tabs of these Slack accounts (None: of all who opened one) published again."""
    fresh = or_(_C.stale_at.is_(None), _C.stale_at > now)
    stale = update(HOMES).where(_C.workspace == workspace, fresh).values(stale_at=now)
    if users is None:
        session.execute(stale)
        return
    for some in batches(sorted(users)):
        session.execute(stale.where(_C.user.in_(some)))


def opened(session: Session, workspace: str, user: str, now: int) -> None:
    """Somebody opened their home: it is shown from its first pages on, and kept up to date."""
    fresh = {"held_page": 1, "authored_page": 1, "opened_at": now}
    _known(session, workspace, user, now)
    session.execute(_of(workspace, user).values(fresh))
    touch(session, workspace, [user], now)


def turned(session: Session, workspace: str, user: str, held: int, authored: int, now: int) -> None:
    """Somebody turned to other pages of what waits on them, and of what is theirs."""
    _known(session, workspace, user, now)
    session.execute(_of(workspace, user).values(held_page=held, authored_page=authored))


def take(session: Session, workspace: str, user: str, now: int) -> Taken:
    """Take somebody's home to publish it at once."""
    _known(session, workspace, user, now)
    free = _of(workspace, user).where(or_(_C.stale_at.is_(None), _C.stale_at <= now, _C.lease_until <= now))
    row = session.execute(_leasing(free, now)).first()
    if row is not None:
        return _taken(row, now + AHEAD)
    touch(session, workspace, [user], now)
    found = session.execute(select(HOMES).where(_C.workspace == workspace, _C.user == user)).one()
    return _taken(found, None)


def lease(session: Session, workspace: str, now: int) -> Taken | None:
    """Take the home that is stale for longest; None where there is none that may be published now."""
    rested = or_(_C.lease_until.is_(None), _C.lease_until <= now)
    next_ = (
        select(_C.user)
        .where(_C.workspace == workspace, _C.stale_at.is_not(None), _C.opened_at > now - KEPT, rested)
        .order_by(_C.stale_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    user = session.scalar(next_)
    if user is None:
        return None
    return _taken(session.execute(_leasing(_of(workspace, user), now)).one(), now + AHEAD)


def published(session: Session, workspace: str, taken: Taken, now: int) -> None:
    """It shows the truth, unless it was touched meanwhile; a worker publishes it again after a pause at the soonest."""
    session.execute(_of(workspace, taken.user).values(lease_until=now + PAUSE, attempts=0))
    session.execute(_of(workspace, taken.user).where(_C.stale_at == taken.mark).values(stale_at=None))


def later(session: Session, workspace: str, taken: Taken, at: int, now: int) -> None:
    """It could not be published: it is tried again at an instant."""
    values = {"lease_until": at, "stale_at": now, "attempts": _C.attempts + 1}
    session.execute(_of(workspace, taken.user).values(values))


def pause(session: Session, workspace: str, until: int) -> None:
    """Have no worker publish any home before an instant."""
    sooner = or_(_C.lease_until.is_(None), _C.lease_until < until)
    session.execute(update(HOMES).where(_C.workspace == workspace, sooner).values(lease_until=until))


def forget(session: Session, workspace: str, user: str) -> None:
    """Keep somebody's home up to date no longer; opening it begins anew."""
    session.execute(delete(HOMES).where(_C.workspace == workspace, _C.user == user))


def _of(workspace: str, user: str) -> Any:
    return update(HOMES).where(_C.workspace == workspace, _C.user == user)


def _leasing(which: Any, now: int) -> Any:
    return which.values(stale_at=now + AHEAD, lease_until=now + LEASE).returning(*_C)


def _taken(row: Row[Any], mark: int | None) -> Taken:
    return Taken(row.user, row.held_page, row.authored_page, row.attempts, mark)


def _known(session: Session, workspace: str, user: str, now: int) -> None:
    fresh = {"workspace": workspace, "user": user, "opened_at": now, "held_page": 1, "authored_page": 1, "attempts": 0}
    session.execute(insert(session, HOMES).values(fresh).on_conflict_do_nothing())
