"""The figures of a digest, read once for its period and all those it is compared with."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import pairwise

from bot.context import Context
from bot.digest.subjects import Subject
from bot.figures.reading import parts_of, stays_of, usual_of, ways_of, works_of
from bot.flow.digest.days import MONTH, Every, preceding
from bot.flow.digest.told import Old, Told, entitled, told
from bot.flow.metrics import FlowFigures, Stay, figures
from bot.flow.mix import Outside
from bot.flow.work import Work
from bot.store import items
from bot.store.engine import reading

WEEKS_BEFORE, MONTHS_BEFORE = 12, 8
"""Periods that one is compared with."""
WEEK = 7 * 86_400


def last_days(now: int) -> list[int]:
    """The edges, oldest first, of the last seven days and the weeks before them."""
    return [now - WEEK * back for back in range(WEEKS_BEFORE + 1, -1, -1)]


def edges_of(every: Every, on: date, subject: Subject) -> list[int]:
    """The edges, oldest first, of the period that a digest of a local day is about and of those before it."""
    days = [on]
    for _ in range((MONTHS_BEFORE if every.unit == MONTH else WEEKS_BEFORE) + 1):
        days.append(preceding(every, days[-1]))
    return [subject.calendar.midnight(day) for day in reversed(days)]


def told_of(ctx: Context, subject: Subject, edges: Sequence[int], known: Outside, now: int) -> Told:
    """What is to be said of the last period between edges, as it was at its end.

    `known` are the types of work that were told to be outside their bands. What was usual before the period is the
    expectation for the earlier ones, too: they are measured by the same.
    """
    scope, policy = subject.scope, ctx.policy
    with reading(ctx.engine) as session:
        ways = ways_of(session, ctx, scope, edges[0], edges[-1])
        parts = parts_of(session, ctx, ways)
        works = works_of(session, ctx, ways, parts)
        stays: list[Stay] = []
        if all(stage.active for stage in scope.stream.stages[:-1]):
            people = (parts[work.journey.key] for work in works if not work.bot)
            stays = stays_of(session, ctx, people, edges[0], edges[-1])
        usual = usual_of(session, ctx, scope, edges[-2])

    def of(since: int, until: int) -> FlowFigures:
        return figures(
            scope.stream, _during(works, since, until), policy.team_calendar, since, until, now,
            days=subject.calendar, stays=stays, usual=usual, agreed=policy.expectation,
        )  # fmt: skip

    *before, last = [of(since, until) for since, until in pairwise(edges)]
    return _entitled(ctx, told(last, before, subject.bands, known))


def _during(works: Sequence[Work], since: int, until: int) -> list[Work]:
    """What was in progress at some instant of a period, or ended in it."""
    return [work for work in works if work.journey.began_at < until and _ends_from(work, since)]


def _ends_from(work: Work, since: int) -> bool:
    one = work.journey
    end = one.done_at if one.done_at is not None else one.dropped_at
    return end is None or end >= since


def _entitled(ctx: Context, one: Told) -> Told:
    """The same with the titles of the oldest items."""
    oldest = one.place.oldest if one.place else ()
    with reading(ctx.engine) as session:
        rows = items.by_keys(session, ctx.workspace, [old.key for old in oldest])

    def named(old: Old) -> Old:
        row = rows.get(old.key)
        return old if row is None else old._replace(title=row.title, url=row.url)

    return entitled(one, named)
