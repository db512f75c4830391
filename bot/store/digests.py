"""Digests that come regularly: who wants which where, and when the next one is to come."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Row, delete, exists, or_, select, update
from sqlalchemy.orm import Session, aliased

from bot.flow.digest.days import Every
from bot.store.sql import insert, table
from bot.store.tables import DigestRow

DIGESTS = table(DigestRow)
_D = DIGESTS.c
REPO = "repo:"
"""Begins what a digest is about where that is a repository."""
LEASE = 300
"""Seconds one worker has to put a digest together."""


class Regular(NamedTuple):
    """A digest that comes regularly; see DigestRow."""

    place: str
    about: str
    every: Every
    next_on: date
    by: str
    at: int
    outside: Mapping[str, str]
    """Which types of work were told to be outside their bands, and on which side."""


def put(session: Session, workspace: str, one: Regular) -> None:
    """Let a digest come regularly; it takes the place of one of the same thing, place and rhythm."""
    key = {"workspace": workspace, "place": one.place, "about": one.about, "every": one.every.unit}
    rest = {
        "day": one.every.day, "minute": one.every.minute, "next_on": one.next_on.isoformat(), "by": one.by,
        "at": one.at, "outside": "{}", "lease_until": None,
    }  # fmt: skip
    statement = insert(session, DIGESTS).values(**key, **rest)
    session.execute(statement.on_conflict_do_update(index_elements=list(key), set_=rest))


def drop(session: Session, workspace: str, place: str) -> list[Regular]:
    """Let no digest come to a place any more; those that did."""
    gone = delete(DIGESTS).where(_D.workspace == workspace, _D.place == place).returning(DIGESTS)
    return sorted((_regular(row) for row in session.execute(gone)), key=_order)


def drop_one(session: Session, workspace: str, one: Regular) -> None:
    """Let this one come no more."""
    session.execute(delete(DIGESTS).where(*_next(workspace, one)))


def every(session: Session, workspace: str) -> list[Regular]:
    """All of them, in order of their places."""
    rows = session.execute(select(DIGESTS).where(_D.workspace == workspace))
    return sorted(map(_regular, rows), key=_order)


def until(session: Session, workspace: str, day: date, now: int) -> list[Regular]:
    """Those whose next local day is `day` or before it, and that nobody is at."""
    free = or_(_D.lease_until.is_(None), _D.lease_until <= now)
    mine = select(DIGESTS).where(_D.workspace == workspace, _D.next_on <= day.isoformat(), free)
    return [_regular(row) for row in session.execute(mine.order_by(_D.next_on, _D.place, _D.about, _D.every))]


def lease(session: Session, workspace: str, one: Regular, now: int) -> bool:
    """Take the next one of a digest for one worker; whether nobody else has it, or had it before."""
    free = or_(_D.lease_until.is_(None), _D.lease_until <= now)
    taken = update(DIGESTS).where(*_next(workspace, one), free).values(lease_until=now + LEASE).returning(_D.place)
    return session.execute(taken).first() is not None


def move(session: Session, workspace: str, one: Regular, next_on: date, outside: Mapping[str, str]) -> bool:
    """Let the next one come on another day, and keep what was told of the mix; whether it was still to come on the day
    that `one` names.
    """
    values = {"next_on": next_on.isoformat(), "outside": json.dumps(dict(outside)), "lease_until": None}
    moved = update(DIGESTS).where(*_next(workspace, one)).values(values).returning(_D.place)
    return session.execute(moved).first() is not None


def rename(session: Session, workspace: str, old: str, new: str) -> None:
    """Let digests of a repository be of its new name; where one of that comes already, that one stays."""
    mine = (_D.workspace == workspace, _D.about == REPO + old)
    taken = aliased(DIGESTS)
    same = [taken.c[name] == _D[name] for name in ("workspace", "place", "every")]
    session.execute(delete(DIGESTS).where(*mine, exists().where(*same, taken.c.about == REPO + new)))
    session.execute(update(DIGESTS).where(*mine).values(about=REPO + new))


def _next(workspace: str, one: Regular) -> tuple[Any, ...]:
    return (
        _D.workspace == workspace, _D.place == one.place, _D.about == one.about, _D.every == one.every.unit,
        _D.day == one.every.day, _D.minute == one.every.minute, _D.next_on == one.next_on.isoformat(),
    )  # fmt: skip


def _regular(row: Row[Any]) -> Regular:
    rhythm = Every(row.every, row.day, row.minute)
    next_on = date.fromisoformat(row.next_on)
    return Regular(row.place, row.about, rhythm, next_on, row.by, row.at, json.loads(row.outside))


def _order(one: Regular) -> tuple[str, str, str]:
    return one.place, one.about, one.every.unit
