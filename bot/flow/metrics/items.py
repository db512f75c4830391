"""Single items as the metrics see them: those done in a period, and those that were under way at its end."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from bot.flow.events import ItemKey
from bot.flow.measures import Clock, active_and_waiting
from bot.flow.stages import Journey, hand_offs, loops
from bot.flow.stream import Stream
from bot.flow.work import Work


class Finished(NamedTuple):
    """An item that was done; durations in working seconds."""

    key: ItemKey
    type: str
    """What it was when it was done."""
    done_at: int
    flow_time: int
    calendar_time: int
    """The flow time in seconds as the calendar has them."""
    active: int
    waiting: int
    loops: int
    """How often it went back to an earlier stage."""
    hand_offs: int
    """How often another became responsible for it."""


class Going(NamedTuple):
    """An item that was begun and not over at the end of a period."""

    key: ItemKey
    type: str
    stage: str
    began_at: int
    in_stage_since: int
    age: int
    """Working seconds since it was begun."""
    calendar_age: int


def end_of(one: Journey) -> int | None:
    """When an item was done or dropped; None while it is on its way."""
    return one.done_at if one.done_at is not None else one.dropped_at


def overlaps(one: Journey, since: int, until: int) -> bool:
    """Whether an item was in progress at some instant of [since, until), or ended in it."""
    end = end_of(one)
    return one.began_at < until and (end is None or end >= since)


def finished(stream: Stream, works: Iterable[Work], clock: Clock, span: range) -> list[Finished]:
    """The items done within a span of instants, in order of when they were."""
    done = [work for work in works if work.journey.done_at is not None and work.journey.done_at in span]
    return sorted((_finished(stream, work, clock) for work in done), key=lambda one: (one.done_at, one.key))


def _finished(stream: Stream, work: Work, clock: Clock) -> Finished:
    one = work.journey
    assert one.done_at is not None
    active, waiting = active_and_waiting(stream, [one], clock)
    return Finished(
        one.key, work.type, one.done_at,
        clock(one.key[1]).working(one.began_at, one.done_at), one.done_at - one.began_at,
        active, waiting,
        loops(stream.stages, [one]).total(), hand_offs(stream.path(one.segment), one),
    )  # fmt: skip


def going(works: Iterable[Work], clock: Clock, at: int) -> list[Going]:
    """The items begun before an instant and not over before it, the oldest first."""
    found = [_going(work, clock, at) for work in works if overlaps(work.journey, at, at)]
    return sorted(found, key=lambda one: (one.began_at, one.key))


def _going(work: Work, clock: Clock, at: int) -> Going:
    one = work.journey
    visit = one.visits[-1]
    if visit.since >= at:
        visit = next(visit for visit in reversed(one.visits) if visit.since < at)
    age = clock(one.key[1]).working(one.began_at, at)
    return Going(one.key, work.type_at(at - 1), visit.stage, one.began_at, visit.since, age, at - one.began_at)
