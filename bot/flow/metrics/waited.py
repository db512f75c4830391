"""Where work stays: for each stage and each kind of wait how long, how often within its target, and what it cost."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import itemgetter
from typing import NamedTuple

from bot.flow.calendar import WaitClock
from bot.flow.events import ItemKey
from bot.flow.measures import Aged, Clock, Times, times_of
from bot.flow.stream import Stream
from bot.flow.waits import KINDS, Wait
from bot.flow.work import Work


class Stay(NamedTuple):
    """A wait of a kind: [since, until) in seconds since 1970 UTC, until None while it lasts."""

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


class _Tally:
    """Stays of one name, summed up in [since, until)."""

    def __init__(self, name: str, active: bool | None, since: int, until: int, *, briefly: bool = False) -> None:
        self._briefly = briefly
        self._name, self._active = name, active
        self._since, self._until = since, until
        self._ended: list[tuple[int, ItemKey, int, int, bool | None]] = []
        self._lasting: list[Aged] = []
        self._lost = 0

    def takes(self, since: int, until: int | None) -> bool:
        """Whether a stay of [since, until) overlaps the period, or ended in it."""
        return since < self._until and (until is None or until >= self._since)

    def add(self, key: ItemKey, since: int, until: int | None, age: int, before: int, target: int | None) -> None:
        """Add a stay that it takes: its age at its end, or the period's, and at the period's beginning."""
        self._lost += age - before
        if until is None or until >= self._until:
            if not self._briefly:
                self._lasting.append(Aged(key, since, age, self._until - since))
        else:
            self._ended.append((until, key, since, age, None if target is None else age <= target))

    def measured(self) -> Waited:
        self._ended.sort(key=itemgetter(0, 1, 2, 3))
        self._lasting.sort(key=lambda one: (one.since, one.key, one.age))
        took = tuple(age for *_, age, _ in self._ended)
        kept = [within for *_, within in self._ended if within is not None]
        times = times_of(took, [end - start for end, _, start, *_ in self._ended])
        return Waited(
            self._name, self._active, times, took, len(kept), sum(kept), self._lost, tuple(self._lasting)
        )  # fmt: skip


def by_stage(
    stream: Stream, works: Iterable[Work], clock: Clock, since: int, until: int, *, briefly: bool = False
) -> tuple[Waited, ...]:
    """The stages of a stream in its order, without its finish line; `briefly` without what lasts, one by one."""
    targets = {
        segment: {stage.name: stage.target for stage in stream.path(segment)}
        for segment in (None, *(one.name for one in stream.segments))
    }
    tallies = {
        stage.name: _Tally(stage.name, stage.active, since, until, briefly=briefly) for stage in stream.stages[:-1]
    }
    for work in works:
        one = work.journey
        working, own = clock(one.key[1]).working, targets.get(one.segment, {})
        for visit in one.visits:
            tally = tallies.get(visit.stage)
            if tally is None or not tally.takes(visit.since, visit.until):
                continue
            age = working(visit.since, until if visit.until is None else min(visit.until, until))
            before = working(visit.since, since) if visit.since < since else 0
            tally.add(one.key, visit.since, visit.until, age, before, own.get(visit.stage))
    return tuple(tally.measured() for tally in tallies.values())


def stay_of(wait: Wait, clock: WaitClock, target: int | None) -> Stay:
    """A wait of the ledger, by its holder's clock."""
    return Stay(wait.kind, wait.key, wait.since, wait.until, target, clock.age)


def by_kind(stays: Iterable[Stay], since: int, until: int) -> tuple[Waited, ...]:
    """The kinds of waits in their order; those of which there was none are left out."""
    tallies: dict[str, _Tally] = {}
    for one in stays:
        tally = tallies.setdefault(one.name, _Tally(one.name, None, since, until))
        if tally.takes(one.since, one.until):
            tally.add(one.key, one.since, one.until, one.age(until), one.age(since), one.target)
    told = (tallies[kind].measured() for kind in KINDS if kind in tallies)
    return tuple(one for one in told if one.times.n or one.open or one.lost)
