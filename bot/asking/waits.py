"""What waits: on somebody, of theirs on others, or in repositories."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias, overload

from sqlalchemy import Row
from sqlalchemy.orm import Session

from bot.context import Context
from bot.intake import settle
from bot.policy import Policy
from bot.store import answers, arrivals, asked
from bot.store.answers import Answer
from bot.store.engine import reading
from bot.store.waits import to_wait
from bot.views.flow import Whose
from bot.views.pages import places_of
from bot.views.phrases import Reply, Waiting

ANSWER = "answer"
"""Stands where a message would name the rung: it was asked for."""

Looks: TypeAlias = Callable[[int, int], tuple[range, range]]
"""(how many are held, how many are authored) → the places of either that are shown"""


class Found(NamedTuple):
    """Open waits, most overdue first, then what has no target."""

    held: Sequence[Waiting]
    """Those on the person, or in the repositories."""
    authored: Sequence[Waiting]
    """Those of the person's items that somebody else holds."""


class _Measured(NamedTuple):
    """A wait as stored, its age and what is agreed for it, in working seconds."""

    row: Row[Any]
    age: int
    agreed: int | None


@dataclass(frozen=True)
class _Told(Sequence[Waiting]):
    """Waits in order, each put together when it is looked at: of hundreds, a page shows ten.

    Titles and answers are those of the waits that were said to be shown.
    """

    waits: Sequence[_Measured]
    items: Mapping[int, Row[Any]]
    said: Mapping[int, Answer]

    def __len__(self) -> int:
        return len(self.waits)

    @overload
    def __getitem__(self, place: int) -> Waiting: ...
    @overload
    def __getitem__(self, place: slice) -> list[Waiting]: ...
    def __getitem__(self, place: int | slice) -> Waiting | list[Waiting]:
        if isinstance(place, slice):
            return [self._told(one) for one in self.waits[place]]
        return self._told(self.waits[place])

    def _told(self, one: _Measured) -> Waiting:
        item, answer = self.items.get(one.row.id), self.said.get(one.row.id)
        return Waiting(
            wait=to_wait(one.row),
            step=ANSWER,
            age=one.age,
            agreed=one.agreed,
            id=one.row.id,
            reply=answer and Reply(answer.kind, answer.reason, answer.until),
            title=item.title if item else None,
            url=item.url if item else None,
            size=item.size if item else None,
        )


def on_page(page: int | None) -> Looks:
    """The places of a page that shows the held, and behind them the authored."""

    def looks(held: int, authored: int) -> tuple[range, range]:
        places = places_of(held + authored, page)
        of_held = range(min(places.start, held), min(places.stop, held))
        return of_held, range(max(places.start - held, 0), max(places.stop - held, 0))

    return looks


def waits_of(ctx: Context, whose: Whose, looks: Looks, now: int) -> Found:
    """What waits as of `now` (seconds since 1970 UTC); titles and answers of what is shown alone."""
    with reading(ctx.engine) as session:
        if not arrivals.waiting(session, ctx.workspace):
            return _found(session, ctx, whose, looks, now)
    settle(ctx, now, most=1)
    with reading(ctx.engine) as session:
        return _found(session, ctx, whose, looks, now)


def _found(session: Session, ctx: Context, whose: Whose, looks: Looks, now: int) -> Found:
    if whose.repos:
        rows: tuple[asked.Rows, asked.Rows] = asked.in_repos(session, ctx.workspace, whose.repos), ()
    else:
        held = asked.held_by(session, ctx.workspace, whose.logins)
        rows = held, asked.authored_by(session, ctx.workspace, whose.logins)
    in_order = [_in_order(ctx.policy, some, now) for some in rows]
    places = looks(*map(len, in_order))
    shown = [some[place].row.id for some, which in zip(in_order, places, strict=True) for place in which]
    items = asked.items_of(session, ctx.workspace, shown)
    said = answers.latest(session, ctx.workspace, shown)
    return Found(*(_Told(some, items, said) for some in in_order))


def _in_order(policy: Policy, rows: Iterable[Row[Any]], now: int) -> list[_Measured]:
    ages = _Ages(policy, now)
    return sorted((_Measured(row, ages.of(row), policy.target(row.repo, row.kind)) for row in rows), key=_overdue)


class _Ages:
    """The ages of many waits. Most have the plain clock of a holder who is not away, which is read once a holder."""

    def __init__(self, policy: Policy, now: int) -> None:
        self._policy, self._now = policy, now
        self._plain: dict[tuple[str, bool], Callable[[int, int], int] | None] = {}

    def of(self, row: Row[Any]) -> int:
        """Working seconds as of now."""
        whose = (row.repo if row.team else row.holder_key, row.team)
        if whose not in self._plain:
            clock = self._policy.clock(to_wait(row))
            self._plain[whose] = None if clock.away else clock.calendar.working
        working = self._plain[whose]
        if working is None or row.reds != "[]":
            return self._policy.clock(to_wait(row)).age(self._now)
        return working(row.since, self._now)


def _overdue(one: _Measured) -> tuple[bool, int, str, int]:
    """Most overdue first, and last what has no target."""
    return (one.agreed is None, (one.agreed or 0) - one.age, one.row.repo, one.row.item)
