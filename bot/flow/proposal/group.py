"""A stage that could be, with what speaks for it; and what counts as enough."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from bot.flow.proposal.words import CODING, REVIEW, REWORK
from bot.flow.stages import SignalKey
from bot.flow.stream import Signal, Stage

FEW, PART = 5, 0.1
"""A label, column or environment on fewer items, or on a smaller part of all, tells nothing of the way of work."""
HALF, MOST_OF, NEARLY = 0.5, 0.6, 2 / 3
AT_ONCE = 3600
"""Seconds in which two things happen at once, as far as people are concerned."""
ASK, CODE, CHECK, REDO, MERGE, MERGED = "ask", CODING, REVIEW, REWORK, "merge", "merged"


class Group(NamedTuple):
    """A stage that could be, what part it plays, and what speaks for it."""

    part: str
    """Of the parts that pull requests have, or the key of its first signal."""
    stage: Stage
    why: str

    def joined(self, signals: Iterable[Signal], why: str) -> Group:
        """With more that tells it begins."""
        known = {signal.key for signal in self.stage.signals}
        more = tuple(signal for signal in signals if signal.key not in known)
        return self._replace(
            stage=self.stage._replace(signals=(*self.stage.signals, *more)), why=f"{self.why} {why}".strip()
        )

    @property
    def keys(self) -> frozenset[SignalKey]:
        return frozenset(signal.key for signal in self.stage.signals)
