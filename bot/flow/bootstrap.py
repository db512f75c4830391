"""How sure a change is: intervals around the difference of two samples' medians, or of two shares.

Medians are resampled (Efron and Tibshirani, *An Introduction to the Bootstrap*, 1993, chapter 13: the percentile
interval). A resample of n sorted values is the values at n uniform draws, and the j-th smallest of n uniform draws has
the Beta(j, n + 1 - j) distribution; so its median costs one draw, whatever n is (the idea is that of Hutson and Ernst,
*The Exact Bootstrap Mean and Variance of an L-estimator*, 2000). Shares have Newcombe's interval (*Interval Estimation
for the Difference Between Independent Proportions*, 1998, method 10), which stays honest near none and all.
The random numbers are seeded: the same values give the same interval.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil, sqrt
from random import Random
from statistics import NormalDist
from typing import NamedTuple

RESAMPLES = 4_000
LEVEL = 0.95
FEWEST = 6
"""Values on a side: of fewer not even the range from the smallest to the largest holds the median at this level."""
MOST = 99.0
"""The largest change of a median: a hundredfold, which stands for whatever is more."""
_SEED = 1993


class Estimate(NamedTuple):
    """A change, and the interval that it lies in at the level asked for."""

    value: float
    low: float
    high: float

    @property
    def is_noise(self) -> bool:
        """Whether there may be no change at all."""
        return self.low <= 0 <= self.high


def quantile(ordered: Sequence[float], share: float) -> float | None:
    """The nearest-rank quantile of sorted values; None of nothing."""
    return ordered[max(0, ceil(share * len(ordered)) - 1)] if ordered else None


def change_of_median(before: Sequence[float], after: Sequence[float], level: float = LEVEL) -> Estimate | None:
    """How the median changed, as a share of what it was: -0.5 where it halved. Values are sorted, none below 0.

    None where a side has too few values, or the median was 0 before; never more than MOST.
    """
    return _resampled(before, after, _ratio, level) if quantile(before, 0.5) else None


def difference_of_medians(one: Sequence[float], other: Sequence[float], level: float = LEVEL) -> Estimate | None:
    """By how much the median of the other sample is larger; values are sorted. None where a side has too few."""
    return _resampled(one, other, lambda first, second: second - first, level)


def _ratio(before: float, after: float) -> float:
    if before:
        return min(MOST, after / before - 1)
    return MOST if after else 0.0


def _resampled(
    one: Sequence[float], other: Sequence[float], compared: Callable[[float, float], float], level: float
) -> Estimate | None:  # fmt: skip
    if min(len(one), len(other)) < FEWEST:
        return None
    draws = Random(_SEED)  # noqa: S311  (statistics, no secret)
    found = sorted(compared(_median(one, draws), _median(other, draws)) for _ in range(RESAMPLES))
    tail = (1 - level) / 2
    value = compared(one[_middle(one) - 1], other[_middle(other) - 1])
    return Estimate(value, found[int(tail * RESAMPLES)], found[ceil((1 - tail) * RESAMPLES) - 1])


def _middle(ordered: Sequence[float]) -> int:
    """The rank of the median, from 1."""
    return ceil(len(ordered) / 2)


def _median(ordered: Sequence[float], draws: Random) -> float:
    """The median of a resample."""
    number, rank = len(ordered), _middle(ordered)
    return ordered[min(number - 1, int(draws.betavariate(rank, number + 1 - rank) * number))]


def difference_of_shares(one: tuple[int, int], other: tuple[int, int], level: float = LEVEL) -> Estimate | None:
    """By how much the other share is larger, each as (how many, of how many); None where a side has too few."""
    if min(one[1], other[1]) < FEWEST:
        return None
    (first, low, high), (second, lowest, highest) = _share(*one, level), _share(*other, level)
    apart = second - first
    return Estimate(
        apart, apart - sqrt((second - lowest) ** 2 + (high - first) ** 2),
        apart + sqrt((highest - second) ** 2 + (first - low) ** 2),
    )  # fmt: skip


def _share(some: int, of: int, level: float) -> tuple[float, float, float]:
    """A share, and the bounds of Wilson's interval around it."""
    z2 = NormalDist().inv_cdf((1 + level) / 2) ** 2
    share = some / of
    middle, reach = share + z2 / (2 * of), sqrt(z2 * (share * (1 - share) / of + z2 / (4 * of * of)))
    return share, (middle - reach) / (1 + z2 / of), (middle + reach) / (1 + z2 / of)
