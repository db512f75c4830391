"""Where work stays: for each stage and each kind of wait how long, how often within its target, and what it cost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from typing import NamedTuple

from bot.flow.calendar import WaitClock
from bot.flow.events import ItemKey
from bot.flow.measures import Aged, Clock, Times, times_of
from bot.flow.stream import Stream
from bot.flow.waits import KINDS, Wait
from bot.flow.work import Work


class Stay(NamedTuple):
    """An item in a stage, or a wait of a kind: [since, until) in seconds since 1970 UTC, until None while it lasts."""

    name: str
    key: ItemKey
    since: int
    until: int | None
    target: int | None
    """Agreed working seconds."""
    age: Callable[[int], int]
    """Working seconds from its start to an instant, or to its end where that is earlier; 0 before it."""


class Waited(NamedTuple):
    """A stage or a kind of wait in a period."""

    name: str
    active: bool | None
    """Whether somebody works on the item in the stage; None for a kind of wait."""
    times: Times
    """Of the stays that ended in the period, each as a whole."""
    samples: tuple[int, ...]
    """Their working seconds one by one, in the order they ended."""
    targeted: int
    """Those that had a target."""
    kept: int
    """Of these, the ones within it."""
    lost: int
    """Working seconds of the period that all stays spent in it, ended or not."""
    open: tuple[Aged, ...]
    """The stays that lasted at its end, the oldest first."""

    @property
    def attainment(self) -> float | None:
        """The share within the target, 0 to 1; None where none had one."""
        return self.kept / self.targeted if self.targeted else None


def waited(name: str, active: bool | None, stays: Iterable[Stay], since: int, until: int) -> Waited:
    """Measure stays of one name in [since, until)."""
    ended: list[tuple[int, ItemKey, int, int, bool | None]] = []
    lasting: list[Aged] = []
    lost = 0
    for one in stays:
        if one.since >= until or (one.until is not None and one.until < since):
            continue
        age = one.age(until)
        lost += age - one.age(since) if one.since < since else age
        if one.until is None or one.until >= until:
            lasting.append(Aged(one.key, one.since, age, until - one.since))
        else:
            ended.append((one.until, one.key, one.since, age, None if one.target is None else age <= one.target))
    ended.sort(key=itemgetter(0, 1, 2, 3))
    took = tuple(age for *_, age, _ in ended)
    kept = [within for *_, within in ended if within is not None]
    return Waited(
        name, active, times_of(took, [end - start for end, _, start, *_ in ended]), took, len(kept), sum(kept), lost,
        tuple(sorted(lasting, key=lambda one: (one.since, one.key, one.age))),
    )  # fmt: skip


def by_stage(stream: Stream, works: Iterable[Work], clock: Clock, since: int, until: int) -> tuple[Waited, ...]:
    """The stages of a stream in its order, without its finish line."""
    targets = {
        segment: {stage.name: stage.target for stage in stream.path(segment)}
        for segment in (None, *(one.name for one in stream.segments))
    }
    found: dict[str, list[Stay]] = defaultdict(list)
    for work in works:
        one = work.journey
        working = clock(one.key[1]).working
        for visit in one.visits:
            if visit.since >= until or (visit.until is not None and visit.until < since):
                continue
            target = targets.get(one.segment, {}).get(visit.stage)
            age = _age(working, visit.since, visit.until)
            found[visit.stage].append(Stay(visit.stage, one.key, visit.since, visit.until, target, age))
    return tuple(waited(one.name, one.active, found[one.name], since, until) for one in stream.stages[:-1])


def _age(working: Callable[[int, int], int], since: int, until: int | None) -> Callable[[int], int]:
    return lambda at: working(since, at if until is None else min(at, until))


def stay_of(wait: Wait, clock: WaitClock, target: int | None) -> Stay:
    """A wait of the ledger, by its holder's clock."""
    return Stay(wait.kind, wait.key, wait.since, wait.until, target, clock.age)


def by_kind(stays: Sequence[Stay], since: int, until: int) -> tuple[Waited, ...]:
    """The kinds of waits in their order; those of which there was none are left out."""
    found: dict[str, list[Stay]] = defaultdict(list)
    for one in stays:
        found[one.name].append(one)
    told = (waited(kind, None, found[kind], since, until) for kind in KINDS if kind in found)
    return tuple(one for one in told if one.times.n or one.open or one.lost)
