"""What waits: on somebody, of theirs on others, or in repositories."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias, overload

from sqlalchemy import Row
from sqlalchemy.orm import Session

from bot.context import Context
from bot.flow.waits import Wait
from bot.intake import settle
from bot.people.sight import HOST, seen_items
from bot.policy import Policy
from bot.store import arrivals, asked
from bot.store.engine import looking
from bot.store.waits import reds_of, to_wait
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
    """A wait by its id, with what its place in the order hangs on; durations in working seconds."""

    no_target: bool
    left: int
    """Until its target; without one less than its age."""
    repo: str
    item: int
    id: int
    age: int


@dataclass(frozen=True)
class _Told(Sequence[Waiting]):
    """Waits in order, each put together when it is looked at: of hundreds a page shows ten, and only those were read.

    Raises KeyError for a wait that was not said to be shown.
    """

    policy: Policy
    waits: Sequence[_Measured]
    rows: Mapping[int, Row[Any]]

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
        row = self.rows[one.id]
        return Waiting(
            wait=to_wait(row),
            step=ANSWER,
            age=one.age,
            agreed=self.policy.agreed(row.repo, row.kind, row.target),
            id=one.id,
            reply=row.reply and Reply(row.reply, row.reason, row.quiet_until),
            title=row.title,
            url=row.url,
            size=row.size,
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
    with looking(ctx.engine) as session:
        if not arrivals.waiting(session, ctx.workspace):
            return _found(session, ctx, whose, looks, now)
    settle(ctx, now, most=1)
    with looking(ctx.engine) as session:
        return _found(session, ctx, whose, looks, now)


def _found(session: Session, ctx: Context, whose: Whose, looks: Looks, now: int) -> Found:
    rows = _rows(session, ctx.workspace, whose)
    shown = rows if whose.you else [_seen(ctx, some) for some in rows]
    in_order = [_in_order(ctx.policy, some, now) for some in shown]
    places = looks(*map(len, in_order))
    ids = [some[place].id for some, which in zip(in_order, places, strict=True) for place in which]
    entitled = asked.shown(session, ctx.workspace, ids)
    return Found(*(_Told(ctx.policy, some, entitled) for some in in_order))


def _rows(session: Session, workspace: str, whose: Whose) -> tuple[asked.Brief, asked.Brief]:
    if whose.repos:
        return asked.briefly_in_repos(session, workspace, whose.repos), ()
    return asked.briefly_of(session, workspace, whose.logins)


def _seen(ctx: Context, rows: asked.Brief) -> asked.Brief:
    """Those of items that may be shown."""
    if ctx.viewer is None:
        return rows
    shown = seen_items(ctx, {(HOST, row.repo, row.item) for row in rows})
    return [row for row in rows if (HOST, row.repo, row.item) in shown]


def _in_order(policy: Policy, rows: Iterable[Any], now: int) -> list[_Measured]:
    """Most overdue first, and last what has no target."""
    # Most waits have the plain clock of a holder who is not away; it is looked up once a holder.
    clocks: dict[tuple[str, bool], Callable[[int, int], int] | None] = {}
    measured = []
    for id_, repo, item, kind, holder, team, since, reds, in_stage, _ in rows:
        whose = (repo if team else holder, team)
        if whose not in clocks:
            clocks[whose] = _plain_clock(policy, _clockwork(repo, since, kind, holder, team))
        working = clocks[whose]
        if working is None or reds != "[]":
            age = policy.clock(_clockwork(repo, since, kind, holder, team, reds)).age(now)
        else:
            age = working(since, now)
        agreed = policy.agreed(repo, kind, in_stage)
        measured.append(_Measured(agreed is None, (agreed or 0) - age, repo, item, id_, age))
    measured.sort()
    return measured


def _clockwork(repo: str, since: int, kind: str, holder: str, team: bool, reds: str = "[]") -> Wait:
    """As much of an open wait as its clock goes by."""
    return Wait(repo, 0, since, kind, holder, team, "", None, None, reds_of(reds))


def _plain_clock(policy: Policy, wait: Wait) -> Callable[[int, int], int] | None:
    """Working seconds between two instants by a holder's calendar; None where they have absences."""
    clock = policy.clock(wait)
    return None if clock.away else clock.calendar.working
