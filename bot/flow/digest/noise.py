"""Whether a figure changed more than it changes anyhow: a chart of individual values and moving ranges (XmR).

After W. A. Shewhart, as D. J. Wheeler teaches it (“Understanding Variation”, 1993). The centre is the mean of the
earlier periods; what they vary by themselves reaches 2.66 times the mean difference between neighbours to both sides of
it. A value beyond that is more than noise, and so is the last of eight in a row on one side of the centre. Periods of
which there is nothing to tell are left out; with fewer than six that can be told nothing is said of noise. What moves
from week to week by very little (load does) would so show the smallest change: one of less than a tenth is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

LEAST = 6
"""Earlier periods without which limits mean nothing."""
REACH = 2.66
"""3 ÷ 1.128: mean moving ranges of two within which values lie that nothing special happened to."""
RUN = 8
SMALL = 0.1
"""A change of less than this share of what is usual is left alone, however steady a figure was."""


class Limits(NamedTuple):
    """What a figure does by itself: around `centre`, from `low` to `high`."""

    low: float
    centre: float
    high: float


class Change(NamedTuple):
    """How a figure moved against the periods before."""

    usual: float | None
    """The mean of the earlier periods; None where there are none."""
    way: int
    """1 above it, -1 below, 0 where it is about the same or nothing can be told."""
    real: bool | None
    """Whether that is more than noise; None where too few periods tell."""
    size: float = 0.0
    """How far it lies from the centre, 1 being a limit."""


def limits_of(earlier: Sequence[float], grain: float) -> Limits | None:
    """The limits that earlier values, oldest first, set; None for too few. They are never nearer than `grain`."""
    if len(earlier) < LEAST:
        return None
    centre = sum(earlier) / len(earlier)
    ranges = [abs(b - a) for a, b in pairwise(earlier)]
    reach = max(REACH * sum(ranges) / len(ranges), grain)
    return Limits(centre - reach, centre, centre + reach)


def change(now: float | None, before: Sequence[float | None], grain: float) -> Change:
    """How a value moved against those of the periods before, oldest first; what moves less than `grain` stays as it is.

    None is a period of which there is nothing to tell.
    """
    earlier = [value for value in before if value is not None]
    usual = sum(earlier) / len(earlier) if earlier else None
    if now is None or usual is None:
        return Change(usual, 0, None)
    way = 0 if abs(now - usual) < grain else 1 if now > usual else -1
    limits = limits_of(earlier, grain)
    if limits is None:
        return Change(usual, way, None)
    off, reach = abs(now - usual), limits.high - limits.centre
    real = bool(way) and off >= SMALL * usual and (off > reach or _is_run([*earlier, now], usual))
    return Change(usual, way, real, off / reach)


def _is_run(values: Sequence[float], centre: float) -> bool:
    """Whether the last values lie on one side of the centre, as many as are no accident."""
    last = values[-RUN:]
    return len(last) == RUN and (all(value > centre for value in last) or all(value < centre for value in last))
