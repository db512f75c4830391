"""All flow metrics of a period put together; each is defined in docs/metrics.md, with an example by hand.

What there is nothing of is None, not 0; a percentile is the nearest rank, and its n stands beside it. Items that bots
opened are apart. What is known now counts, for past periods, too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import NamedTuple

from bot.flow.calendar import Calendar
from bot.flow.learning import SHARE, percentile
from bot.flow.measures import Clock, Times, times_of
from bot.flow.metrics.items import Finished, Going, finished, going, overlaps
from bot.flow.metrics.load import Counts, Load, load_of
from bot.flow.metrics.waited import Stay, Waited, by_kind, by_stage
from bot.flow.stream import Stream
from bot.flow.work import Work

DAYS_BEFORE = 90
"""Days before a period whose items say what is usual, where nothing is agreed."""


class Predictability(NamedTuple):
    """How far people could rely on the service level expectation: a flow time in working seconds."""

    expectation: int | None
    """None where there is none, or where repositories agreed on different ones."""
    agreed: bool
    """Whether somebody set it; else it is the 85th percentile of the items done in the DAYS_BEFORE."""
    n: int
    """Items done for which there was one."""
    kept: int
    """Of those, the ones within it."""
    low: int | None
    """The spread of flow time: its 15th percentile, in working seconds …"""
    high: int | None
    """… to its 85th."""

    @property
    def share(self) -> float | None:
        """Of the items done within the expectation, 0 to 1."""
        return self.kept / self.n if self.n else None


class BotFigures(NamedTuple):
    """What bots opened; it is in no other figure."""

    done: int
    flow_time: Times
    load: int
    """In progress at the end."""


class FlowFigures(NamedTuple):
    """The flow metrics of the period [since, until), in seconds since 1970 UTC; until is not later than now."""

    since: int
    until: int
    done: tuple[Finished, ...]
    dropped: int
    flow_time: Times
    load: Load
    going: tuple[Going, ...]
    """What was in progress at the end, the oldest first."""
    ages: Times
    """Their ages (WIP age)."""
    active_time: int
    """Working seconds that the items done were in active stages, and in waiting ones."""
    waiting_time: int
    predictability: Predictability
    stages: tuple[Waited, ...]
    kinds: tuple[Waited, ...]
    bots: BotFigures

    @property
    def velocity(self) -> int:
        """Items done."""
        return len(self.done)

    @property
    def done_by_type(self) -> Counts:
        return Counter(one.type for one in self.done)

    @property
    def distribution(self) -> dict[str, float] | None:
        """The share of the items done by type, 0 to 1; None where nothing was done."""
        return {kind: n / self.velocity for kind, n in sorted(self.done_by_type.items())} if self.done else None

    @property
    def efficiency(self) -> float | None:
        """Active ÷ (active + waiting) time of the items done, sum over sum, 0 to 1; None where there was no time."""
        both = self.active_time + self.waiting_time
        return self.active_time / both if both else None

    @property
    def loops(self) -> float | None:
        """How often an item done went back, on average; None where nothing was done."""
        return sum(one.loops for one in self.done) / self.velocity if self.done else None

    @property
    def hand_offs(self) -> float | None:
        """How often another became responsible for an item done, on average; None where nothing was done."""
        return sum(one.hand_offs for one in self.done) / self.velocity if self.done else None


def _nothing(_: str) -> None:
    return None


def figures(
    stream: Stream,
    works: Iterable[Work],
    clock: Clock,
    since: int,
    until: int,
    now: int,
    *,
    days: Calendar | None = None,
    stays: Sequence[Stay] = (),
    usual: int | None = None,
    agreed: Callable[[str], int | None] = _nothing,
    briefly: bool = False,
) -> FlowFigures:
    """The flow metrics of a stream in [since, until), as far as `now`.

    `works` are all items that were in progress at some instant of the period; others do no harm. `days` is the
    calendar whose local days load is told by (UTC where left out), `stays` are the waits of the ledger, `agreed` tells
    the service level expectation of a repository, and `usual` is what holds where none is agreed. `briefly` leaves out
    what was in progress one by one (`going`, their `ages`, `open` stays): nobody asks for it of periods long past.
    """
    until, clock = min(until, now), cache(clock)
    known = [work for work in works if overlaps(work.journey, since, until)]
    people = [work for work in known if not work.bot]
    done = tuple(finished(stream, people, clock, range(since, until)))
    under_way = () if briefly else tuple(going(people, clock, until))
    return FlowFigures(
        since, until,
        done,
        sum(work.journey.dropped_at is not None and since <= work.journey.dropped_at < until for work in people),
        _flow_time(done),
        load_of(people, days or Calendar(), since, until),
        under_way,
        times_of([one.age for one in under_way], [one.calendar_age for one in under_way]),
        sum(one.active for one in done), sum(one.waiting for one in done),
        _predictability(done, usual, agreed),
        by_stage(stream, people, clock, since, until, briefly=briefly),
        by_kind(stays, since, until),
        _bots(stream, [work for work in known if work.bot], clock, since, until),
    )  # fmt: skip


def usual(done: Iterable[tuple[str, int, int]], clock: Clock) -> int | None:
    """The 85th percentile of flow time of items done, each a repository and [began_at, done_at); None of nothing."""
    clock = cache(clock)
    return percentile([clock(repo).working(began, end) for repo, began, end in done], SHARE)


def _flow_time(done: Iterable[Finished]) -> Times:
    known = list(done)
    return times_of([one.flow_time for one in known], [one.calendar_time for one in known])


def _predictability(
    done: Sequence[Finished], usual: int | None, agreed: Callable[[str], int | None]
) -> Predictability:  # fmt: skip
    said = {one.key[1]: agreed(one.key[1]) for one in done}
    expected = [(one, usual if said[one.key[1]] is None else said[one.key[1]]) for one in done]
    known = [(one.flow_time, most) for one, most in expected if most is not None]
    each = {most for _, most in known}
    times = [one.flow_time for one in done]
    return Predictability(
        each.pop() if len(each) == 1 else None, any(most is not None for most in said.values()),
        len(known), sum(took <= most for took, most in known),
        percentile(times, 100 - SHARE), percentile(times, SHARE),
    )  # fmt: skip


def _bots(stream: Stream, works: Sequence[Work], clock: Clock, since: int, until: int) -> BotFigures:
    done = finished(stream, works, clock, range(since, until))
    return BotFigures(len(done), _flow_time(done), len(going(works, clock, until)))
