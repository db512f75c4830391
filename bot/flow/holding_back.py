"""Do nudges help? A share of waits is held back from nudges at random, and how long they took is compared.

A wait is drawn once, when its first nudge falls due, and is wholly in or out from then on. The draw is a digest of its
id: every machine comes to the same, and a larger share holds back all that a smaller one does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import NamedTuple

from bot.flow.bootstrap import Estimate, difference_of_medians, difference_of_shares, quantile

MATURE = 7 * 86_400
"""Seconds after its first due nudge from which on a wait is compared: until then only the short ones have an end."""
_WHOLE = 2**64


def is_drawn(wait_id: int, salt: str, share: float) -> bool:
    """Whether a wait is one of the `share` (0 to 1) that are held back."""
    digest = blake2b(f"{salt} {wait_id}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) < share * _WHOLE


class Trial(NamedTuple):
    """What became of a wait whose first nudge fell due while some were held back; working seconds, less holds."""

    held_back: bool
    since: int
    """When its first nudge fell due."""
    left: int
    """How long it waited from then on: to its end, or so far."""
    open: bool
    kept: bool | None
    """Whether it ended within its target; None while that is open."""
    wrong: bool = False
    """Whether its holder called a nudge about it wrong."""


class Arm(NamedTuple):
    """The waits that were held back, or those that were not."""

    n: int
    open: int
    """Of those, how many are open still; they count by their time so far."""
    median: float | None
    """Working seconds from the first due nudge to the end; None of nothing."""
    kept: int
    """How many ended within their target."""
    known: int
    """Of how many that is known."""
    wrong: int


class Comparison(NamedTuple):
    """Waits with nudges beside waits without."""

    with_: Arm
    without: Arm
    young: int
    """Waits that are too young to be compared."""
    shorter: Estimate | None
    """By how many working seconds the median is shorter with nudges; None where either side has too few."""
    more_kept: Estimate | None
    """By how much the share within target is larger with nudges, -1 to 1."""


def compare(trials: Iterable[Trial], now: int) -> Comparison:
    """Compare what was nudged with what was held back, among waits whose first nudge fell due MATURE ago or earlier."""
    known = list(trials)
    old = [one for one in known if one.since + MATURE <= now]
    without, with_ = ([one for one in old if one.held_back is held] for held in (True, False))
    return Comparison(
        _arm(with_), _arm(without), len(known) - len(old),
        difference_of_medians(_lefts(with_), _lefts(without)),
        difference_of_shares(_kept(without), _kept(with_)),
    )  # fmt: skip


def _arm(trials: Sequence[Trial]) -> Arm:
    left = quantile(_lefts(trials), 0.5)
    return Arm(len(trials), sum(one.open for one in trials), left, *_kept(trials), sum(one.wrong for one in trials))


def _lefts(trials: Iterable[Trial]) -> list[float]:
    return sorted(one.left for one in trials)


def _kept(trials: Iterable[Trial]) -> tuple[int, int]:
    """(within target, of how many that is known)"""
    known = [one.kept for one in trials if one.kept is not None]
    return sum(known), len(known)
