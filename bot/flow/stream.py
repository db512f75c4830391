"""A value stream: the stages from a trigger to a finish line, who is responsible for each, and what tells it begins."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from bot.flow.waits import KINDS

AUTHOR, REVIEWERS, PERSON, TEAM, GROUP = "author", "reviewers", "person", "team", "group"
"""Kinds of who may be responsible: an item's author (or whoever it is assigned to), those asked to review it, a login,
a team on the code host, a user group in Slack."""
LABEL, UNLABEL, STATUS, DEPLOY = "label", "unlabel", "status", "deploy"
NAMED_SIGNALS = (LABEL, UNLABEL, STATUS, DEPLOY)
"""The signals that name something: a label, a column of a board, an environment."""
PLAIN_SIGNALS = ("opened", "draft", "ready", "assigned", "merged", "closed", "release", *KINDS)
"""The others: what happens to an item, and the wait kinds of the ledger."""
MOST_STAGES = 30


class Signal(NamedTuple):
    """What tells that an item is in a stage. Names are compared without regard to case."""

    kind: str
    """Of NAMED_SIGNALS or PLAIN_SIGNALS."""
    name: str = ""
    """Of the label, column or environment; empty for plain ones."""

    @property
    def key(self) -> tuple[str, str]:
        return (self.kind, self.name.casefold())

    def __str__(self) -> str:
        """As people write it: `label qa`, `merged`."""
        return f"{self.kind} {self.name}".rstrip()


class Responsible(NamedTuple):
    """Who is to end a stage."""

    kind: str
    name: str = ""
    """A login, a team's slug, a user group's id; empty for authors and reviewers."""


class Stage(NamedTuple):
    """A step of a stream. `segment` is set where only that segment goes through it."""

    name: str
    active: bool
    """Somebody works on the item; False: it waits."""
    responsible: Responsible | None = None
    signals: tuple[Signal, ...] = ()
    """Any of them puts an item into it; none: it is not measured."""
    target: int | None = None
    """Agreed working time, in seconds."""
    does: str = ""
    """What happens there."""
    proof: str = ""
    """How one knows that it is done."""
    policy: str = ""
    segment: str | None = None


class Fork(NamedTuple):
    """What of a shared stage is another for a segment; None is as for all."""

    segment: str
    stage: str
    responsible: Responsible | None = None
    target: int | None = None
    proof: str | None = None
    policy: str | None = None


class Segment(NamedTuple):
    """Customers a stream is for; `signals` (labels, columns) mark their items where there are several."""

    name: str
    persona: str = ""
    """Their persona or job."""
    signals: tuple[Signal, ...] = ()


class Goal(NamedTuple):
    """What a team wants to change about a stage."""

    stage: str
    target: int | None
    """Working time, in seconds."""
    tries: str
    """Who tries what."""
    until: date | None


class Stream(NamedTuple):
    """A value stream. Its last stage is the finish line: an item that enters it is done."""

    name: str
    stages: tuple[Stage, ...]
    repos: tuple[str, ...] = ()
    segments: tuple[Segment, ...] = ()
    outcome: str = ""
    """“We win when … happens for …”"""
    north_star: str = ""
    trigger: str = ""
    finish: str = ""
    parent: str | None = None
    review_on: date | None = None
    forks: tuple[Fork, ...] = ()
    goals: tuple[Goal, ...] = ()
    """The future state."""

    def stage(self, name: str) -> Stage | None:
        """The stage of that name, case aside."""
        return next((stage for stage in self.stages if stage.name.casefold() == name.casefold()), None)

    def path(self, segment: str | None) -> tuple[Stage, ...]:
        """The stages that items of a segment go through, as they are for it."""
        forks = {fork.stage: fork for fork in self.forks if fork.segment == segment}
        own = (stage for stage in self.stages if stage.segment in (None, segment))
        return tuple(_forked(stage, forks.get(stage.name)) for stage in own)

    @property
    def last(self) -> Stage:
        """The finish line."""
        return self.stages[-1]


def _forked(stage: Stage, fork: Fork | None) -> Stage:
    if fork is None:
        return stage
    said = {key: value for key, value in fork._asdict().items() if key not in ("segment", "stage")}
    return stage._replace(**{key: value for key, value in said.items() if value is not None})
