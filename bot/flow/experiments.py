"""Experiments: something is tried so that a stage or a kind of wait is shorter, and on its day it is said whether.

Before and after are compared by the medians of what ended in each, in working time. Whether the change is more than
noise is told by an interval (`bot.flow.bootstrap`); whatever else is looked at beside it is held to a stricter one, as
of many things some move by chance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from bot.flow.bootstrap import FEWEST, LEVEL, Estimate, change_of_median, quantile

KIND, STAGE = "kind", "stage"
"""What may be shortened: a kind of wait, or a stage of a value stream."""
FLOW_TIME = "flow time"
"""Stands among what else is looked at: from the beginning to the end of whole items."""
KEPT, DROPPED = "kept", "dropped"
"""How an experiment may end."""
TOO_FEW, HELD, PART, NOISE, LONGER = "too_few", "held", "part", "noise", "longer"
"""What may have come of it: too little to tell; it fell as far as asked; it fell, but less; only noise; it grew."""
Samples = Mapping[str, Sequence[int]]
"""Sorted working seconds of what ended in a period, by kind or stage, or under FLOW_TIME."""


class Half(NamedTuple):
    """What ended before something was tried, or since."""

    n: int
    median: int | None
    """Working seconds."""


class Moved(NamedTuple):
    """Something beside it that changed by more than noise."""

    name: str
    before: Half
    after: Half
    change: Estimate


class Result(NamedTuple):
    """How it stands with an experiment."""

    before: Half
    after: Half
    change: Estimate | None
    """Of the median, as a share of what it was; None where there is too little to tell."""
    goal: int
    """The change that was asked for, in percent, below 0."""
    open: int
    """How many are not over, which no median knows of."""
    overdue: int
    """Of these, how many have lasted for longer than the median was before."""
    moved: tuple[Moved, ...] = ()
    """What else changed, in the order of the stream."""

    @property
    def verdict(self) -> str:
        """One of TOO_FEW, HELD, PART, NOISE and LONGER."""
        if self.change is None:
            return TOO_FEW
        if self.change.is_noise:
            return NOISE
        if self.change.value > 0:
            return LONGER
        return HELD if round(self.change.value * 100) <= self.goal else PART


def result_of(
    name: str, goal: int, before: Samples, after: Samples, open_ages: Sequence[int] = (), *, beside: bool = True
) -> Result:  # fmt: skip
    """Compare what ended before something was tried with what ended since; what else moved only where asked."""
    was = _half(before.get(name, ()))
    limit = was.median
    return Result(
        was, _half(after.get(name, ())), change_of_median(before.get(name, ()), after.get(name, ())), goal,
        len(open_ages), sum(limit is not None and age > limit for age in open_ages),
        tuple(_moved(name, before, after)) if beside else (),
    )  # fmt: skip


def _half(values: Sequence[int]) -> Half:
    median = quantile(values, 0.5)
    return Half(len(values), None if median is None else int(median))


def _moved(name: str, before: Samples, after: Samples) -> list[Moved]:
    others = [one for one in before if one != name and min(len(before[one]), len(after.get(one, ()))) >= FEWEST]
    # Bonferroni's: all of them together are as sure as one alone would be.
    level = 1 - (1 - LEVEL) / max(1, len(others))
    found = ((one, change_of_median(before[one], after[one], level)) for one in others)
    return [
        Moved(one, _half(before[one]), _half(after[one]), change)
        for one, change in found
        if change is not None and not change.is_noise
    ]
