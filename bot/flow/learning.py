"""What ended waits teach: how long each kind takes, and which target people would keep most of the time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from math import ceil
from typing import NamedTuple

from bot.flow.waits import KINDS

SHARE = 85
"""The percentile a target is taken from: six of seven were faster."""
ENOUGH = 10
"""Waits of a kind below which its percentiles say too little."""
_MINUTE, _HOUR, _DAY = 60, 3600, 8 * 3600
STEPS = (30 * _MINUTE, *(hours * _HOUR for hours in (1, 2, 4, 6, 8, 12, 16, 24, 32, 40)))
"""Working seconds that people would agree on; above these whole working days of eight hours."""


class Lengths(NamedTuple):
    """How long the ended waits of a kind took, in working seconds; both percentiles are null where there are none."""

    kind: str
    n: int
    median: int | None
    high: int | None
    """The 85th percentile."""

    @property
    def suggested(self) -> int | None:
        """The target they suggest; None where they are too few, or mostly over within half an hour."""
        return None if self.high is None or self.n < ENOUGH else kindly(self.high)


def lengths(ages: Iterable[tuple[str, int]]) -> list[Lengths]:
    """(kind, working seconds) of ended waits → a line for every kind of wait, in the order of the kinds."""
    of: dict[str, list[int]] = defaultdict(list)
    for kind, age in ages:
        of[kind].append(age)
    return [
        Lengths(kind, len(of[kind]), percentile(of[kind], 50), percentile(of[kind], SHARE)) for kind in KINDS
    ]  # fmt: skip


def percentile(values: Sequence[int], share: int) -> int | None:
    """The nearest-rank percentile: the smallest value that `share` of a hundred are not above; None of nothing."""
    return sorted(values)[ceil(len(values) * share / 100) - 1] if values else None


def kindly(seconds: int) -> int | None:
    """Rounded down to a step that people would agree on; None below the first one."""
    if seconds > STEPS[-1]:
        return seconds // _DAY * _DAY
    return max((step for step in STEPS if step <= seconds), default=None)


class Forecast(NamedTuple):
    """What targets would have meant: a back-test in figures. Everybody is taken to be reachable."""

    nudges: int
    """Messages to people."""
    people: int
    breaches: int
    in_channel: int
    """Messages to channels."""
    unheard: int
    """Messages that would go to a channel, if one were set."""
    unlinked: int
    """Of the people, those who are not linked to Slack, and so would hear nothing as things stand."""
    logins: tuple[str, ...] = ()
    """The people."""
