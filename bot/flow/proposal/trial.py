"""Trying stages on the items: those that few pass, or that take no time, are left out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from bot.flow.measures import Clock, StreamMeasures, measure
from bot.flow.proposal.group import ASK, AT_ONCE, CHECK, FEW, MERGED, MOST_OF, Group
from bot.flow.proposal.groups import after_label, distinct
from bot.flow.proposal.traces import Trace
from bot.flow.stages import Journey, journey
from bot.flow.stream import LABEL, STATUS, Signal, Stream
from bot.flow.waits import Rules

PASS, TIME = 0.1, 0.01
"""The parts of the items and of the time below which a stage is left out."""
BLINK = 60
ASKED = 0.25
"""Where of the items that wait to be given to a reviewer a smaller part is, reviewers come by themselves."""


class Tried(NamedTuple):
    """How a line of stages does."""

    line: Sequence[Group]
    journeys: Sequence[Journey]
    measures: StreamMeasures

    def passed(self, stage: str) -> int:
        """How many items were in a stage for longer than the host takes to tell two things of one act."""
        return sum(
            any(one.stage == stage and (one.until is None or one.until - one.since >= BLINK) for one in way.visits)
            for way in self.journeys
        )


class Trial(NamedTuple):
    """The items, and the period [since, now) they are measured in."""

    traces: Sequence[Trace]
    rules: Callable[[str], Rules]
    clock: Clock
    since: int
    now: int

    def settled(self, line: Sequence[Group]) -> Tried:
        """The line without what is not worth a stage; the weakest goes first, as its time falls to the others."""
        tried = self._tried(_asked(distinct(self._with_what_follows(line)), self.traces))
        while (weak := _weakest(tried)) is not None:
            tried = self._tried(_without(tried.line, weak))
        return tried

    def _tried(self, line: Sequence[Group]) -> Tried:
        stream = Stream("", tuple(group.stage for group in line))
        found = [journey(trace.key, trace.parts, stream, self.rules) for trace in self.traces]
        journeys = [one for one in found if one is not None]
        return Tried(line, journeys, measure(stream, journeys, self.clock, self.since, self.now, self.now))

    def _with_what_follows(self, line: Sequence[Group]) -> list[Group]:
        """With a stage after each label that is mostly taken off with nothing in its place."""
        found: list[Group] = []
        for group in line:
            after = after_label(group)
            found += [group] if after is None or not self._leaves_a_gap(after.stage.signals[0]) else [group, after]
        return found

    def _leaves_a_gap(self, off: Signal) -> bool:
        gaps = []
        for trace in self.traces:
            for at, signal in trace.signals:
                if signal == off.key:
                    gaps.append(not any(
                        other[0] in (LABEL, STATUS, "merged", "closed") and abs(when - at) < AT_ONCE
                        for when, other in trace.signals
                    ))  # fmt: skip
        return len(gaps) >= FEW and sum(gaps) >= MOST_OF * len(gaps)


def _asked(line: Sequence[Group], traces: Sequence[Trace]) -> Sequence[Group]:
    """Waiting for a reviewer and waiting for the review as one, where hardly anybody is ever asked."""
    asked = sum(trace.first([("review", "")]) is not None for trace in traces)
    unasked = sum(trace.first([("assign", "")]) is not None for trace in traces)
    return _without(line, ASK) if asked < ASKED * unasked else line


def _weakest(tried: Tried) -> str | None:
    """The part of the stage with the least time of those that are not worth one."""
    weak = []
    for group, one in zip(tried.line, tried.measures.stages, strict=False):
        share = one.share or 0.0
        if tried.passed(group.stage.name) < PASS * len(tried.journeys) or share < TIME:
            weak.append((share, group.part))
    return min(weak)[1] if weak else None


def _without(line: Sequence[Group], part: str) -> list[Group]:
    """A line with one less. Where nobody waits to be given to a reviewer, review begins when the item is ready; what
    follows merging at once begins with it."""
    place = next(place for place, group in enumerate(line) if group.part == part)
    gone, rest = line[place], [*line[:place], *line[place + 1 :]]
    heir = {ASK: CHECK, MERGED: rest[place].part if place < len(rest) else ""}.get(part)
    return [group.joined(gone.stage.signals, "") if group.part == heir else group for group in rest]
