"""The figures of a digest, read once for its period and all those it is compared with."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from sqlalchemy.orm import Session

from bot.context import Context
from bot.digest.subjects import Subject
from bot.experiments.measuring import under_way
from bot.figures.reading import parts_of, stays_of, usual_of, ways_of, works_of
from bot.figures.scope import Scope
from bot.flow.digest.days import MONTH, Due, Every, preceding
from bot.flow.digest.noise import LEAST
from bot.flow.digest.told import Old, Told, entitled, told
from bot.flow.metrics import FlowFigures, Stay, figures
from bot.flow.mix import Outside
from bot.flow.work import Work
from bot.people.sight import seen_items
from bot.store import items
from bot.store.engine import reading
from bot.value.tracing import traced_share
from bot.views.digest import Shown
from bot.views.experiments import lines_of

WEEKS_BEFORE, MONTHS_BEFORE = 12, 8
"""Periods that one is compared with."""
WEEK = 7 * 86_400


def last_days(now: int) -> list[int]:
    """The edges, oldest first, of the last seven days and the weeks before them."""
    return [now - WEEK * back for back in range(WEEKS_BEFORE + 1, -1, -1)]


def edges_of(every: Every, due: Due, subject: Subject) -> list[int]:
    """The edges, oldest first, of what a digest is about and of earlier times as long as that."""
    before = MONTHS_BEFORE if every.unit == MONTH else WEEKS_BEFORE
    days = [due.on]
    for _ in range(due.periods * (max(LEAST, before // due.periods) + 1)):
        days.append(preceding(every, days[-1]))
    return [subject.calendar.midnight(day) for day in reversed(days[:: due.periods])]


def shown_of(
    ctx: Context, subject: Subject, edges: Sequence[int], known: Outside, now: int, every: Every | None = None,
    due: Due | None = None,
) -> Shown:  # fmt: skip
    """What is to be shown of the last period between edges, as it was at its end.

    `known` are the types of work that were told to be outside their bands.
    """
    with reading(ctx.engine) as session:
        found = _read(session, ctx, subject.scope, edges)
        done = [one.journey for one in found.works if not one.bot and _is_done_in(one, edges[-2], edges[-1])]
        traced = traced_share(session, ctx.workspace, done)
    before = [_figures(ctx, subject, found, *period, now, briefly=True) for period in pairwise(edges[:-1])]
    last = _figures(ctx, subject, found, edges[-2], edges[-1], now)
    one = _entitled(ctx, told(last, before, subject.bands, known, found.usual))
    today = subject.calendar.local_date(now)
    return Shown(
        subject.name, subject.words, one, every.unit if every else None, subject.calendar.timezone,
        due.at if due else None, len(due.missed) if due else 0, due.periods if due else 1, subject.streams,
        tuple(tuple(lines_of(trial, today)) for trial in under_way(ctx, subject.scope, now)),
        traced.n - traced.traced if traced.possible else None,
    )  # fmt: skip


class _Found(NamedTuple):
    """What figures are made of, of all periods together."""

    works: Sequence[Work]
    stays: Sequence[Stay]
    usual: int | None
    """The flow time that was usual before the last period: the earlier ones are measured by the same."""


def _read(session: Session, ctx: Context, scope: Scope, edges: Sequence[int]) -> _Found:
    ways = ways_of(session, ctx, scope, edges[0], edges[-1])
    parts = parts_of(session, ctx, ways)
    works = works_of(session, ctx, ways, parts)
    stays: list[Stay] = []
    if all(stage.active for stage in scope.stream.stages[:-1]):
        # A stream without waiting stages: where it waits the kinds of waits tell.
        people = (parts[work.journey.key] for work in works if not work.bot)
        stays = stays_of(session, ctx, people, edges[0], edges[-1])
    return _Found(works, stays, usual_of(session, ctx, scope, edges[-2]))


def _figures(
    ctx: Context, subject: Subject, found: _Found, since: int, until: int, now: int, *, briefly: bool = False
) -> FlowFigures:
    return figures(
        subject.scope.stream, _during(found.works, since, until), ctx.policy.team_calendar, since, until, now,
        days=subject.calendar, stays=found.stays, usual=found.usual, agreed=ctx.policy.expectation,
        briefly=briefly,
    )  # fmt: skip


def _is_done_in(one: Work, since: int, until: int) -> bool:
    return one.journey.done_at is not None and since <= one.journey.done_at < until


def _during(works: Sequence[Work], since: int, until: int) -> list[Work]:
    """What was in progress at some instant of a period, or ended in it."""
    return [work for work in works if work.journey.began_at < until and _ends_from(work, since)]


def _ends_from(work: Work, since: int) -> bool:
    one = work.journey
    end = one.done_at if one.done_at is not None else one.dropped_at
    return end is None or end >= since


def _entitled(ctx: Context, one: Told) -> Told:
    """The same with the titles of the oldest items, of those that may be shown."""
    if one.place is None:
        return one
    shown = seen_items(ctx, [old.key for old in one.place.oldest])
    oldest = tuple(old for old in one.place.oldest if old.key in shown)
    one = one._replace(place=one.place._replace(oldest=oldest))
    with reading(ctx.engine) as session:
        rows = items.by_keys(session, ctx.workspace, [old.key for old in oldest])

    def named(old: Old) -> Old:
        row = rows.get(old.key)
        return old if row is None else old._replace(title=row.title, url=row.url)

    return entitled(one, named)
