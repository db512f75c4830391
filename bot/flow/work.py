"""What the flow metrics are made of: flow items with their ways, their types, and whose they are."""

from __future__ import annotations

from typing import NamedTuple

from bot.flow.events import WORK_TYPES
from bot.flow.stages import Journey

FEATURE, DEFECT, RISK, DEBT = TYPES = WORK_TYPES
UNCLASSIFIED = "unclassified"
"""What work is for: something new for customers; mending what is broken; security, compliance and the like; what makes
later work easier. What no rule tells is unclassified, a share of its own."""


class Work(NamedTuple):
    """A flow item as the metrics see it."""

    journey: Journey
    types: tuple[tuple[int, str], ...]
    """(instant, of TYPES or UNCLASSIFIED), oldest first: what it was from when on. The first one holds before, too;
    none is later than the item's end, as a type is frozen when the item is done."""
    bot: bool = False
    """Whether a bot opened all of it; such items are counted apart."""

    def type_at(self, instant: int) -> str:
        """What it was at an instant, or was last, where it has ended."""
        found = self.types[0][1]
        for since, kind in self.types:
            if since > instant:
                break
            found = kind
        return found

    @property
    def type(self) -> str:
        """What it is, or was when it ended."""
        return self.types[-1][1]
