"""Where a stream's time goes: longest waits, loops, growing queues, hand-offs, much begun work; nobody is named."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from bot.flow.mapping.draft import State
from bot.flow.mapping.turns import Facts
from bot.flow.stream_words import WORKING_DAY, shortened

MUCH_BEGUN = 3
"""Items that somebody can work on at once, and more than that is much."""
_SEVERAL = 3


class Waste(NamedTuple):
    """A finding of where time goes."""

    stage: str | None
    """Where to change something; None where it is of the whole."""
    line: str


def waste(state: State, facts: Facts) -> list[Waste]:
    """What the measures show, else what the proposal showed; the longest waits first. Empty without either."""
    names = {one.name for one in state.stages[:-1]}
    found = [*_waits(state, facts), *_loops(facts), *_queues(facts), *_begun(facts)]
    return [one for one in found if one.stage is None or one.stage in names]


def hours(seconds: int) -> str:
    """Working time in words, rounded: `26h`, `1h 44m`, `45m`."""
    if seconds >= WORKING_DAY:
        return f"{round(seconds / 3600):,}h"
    whole, minutes = divmod(max(1, round(seconds / 60)), 60)
    return " ".join(part for part in (f"{whole}h" if whole else "", f"{minutes}m" if minutes else "") if part)


def figures(facts: Facts) -> Iterator[tuple[str, int, int, float]]:
    """(stage, n, median, share of the time) where all are known."""
    if facts.measures is not None:
        for one in facts.measures.stages:
            if one.times.median is not None and one.share is not None:
                yield one.stage, one.times.n, one.times.median, one.share
    elif facts.proposal is not None:
        for each in facts.proposal.stages:
            if each.median is not None and each.share is not None:
                yield each.stage.name, each.n, each.median, each.share


def _waits(state: State, facts: Facts) -> Iterator[Waste]:
    waiting = {one.name for one in state.stages if one.active is False}
    longest = sorted((one for one in figures(facts) if one[0] in waiting), key=lambda one: -one[3])
    for name, n, median, share in longest[:2]:
        if share >= 0.05:
            line = f"Items wait {hours(median)} in “{shortened(name)}” (median, n={n:,}): {share:.0%} of all the time."
            yield Waste(name, line)


def _loops(facts: Facts) -> Iterator[Waste]:
    for (start, to), times in facts.measures.loops.most_common(2) if facts.measures else ():
        if times >= _SEVERAL:
            yield Waste(start, f"Items went back {times:,} times from “{shortened(start)}” to “{shortened(to)}”.")


def _queues(facts: Facts) -> Iterator[Waste]:
    stages = facts.measures.stages if facts.measures else ()
    for one in sorted(stages, key=lambda stage: -stage.growth)[:1]:
        if one.growth >= _SEVERAL and one.begun > 1.2 * one.times.n:
            line = f"The queue of “{shortened(one.stage)}” grows: {one.begun:,} came, {one.times.n:,} left."
            yield Waste(one.stage, line)


def _begun(facts: Facts) -> Iterator[Waste]:
    if facts.measures is not None and (facts.measures.hand_offs or 0) >= _SEVERAL:
        yield Waste(None, f"An item changes hands {facts.measures.hand_offs:.1f} times on its way.")
    many = sum(len(one.items) > MUCH_BEGUN for one in facts.begun)
    if many:
        people = "1 person has" if many == 1 else f"{many} people have"
        yield Waste(None, f"{people} more than {MUCH_BEGUN} items begun at once.")
