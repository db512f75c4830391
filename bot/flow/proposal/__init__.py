"""The current state of a value stream as a team's own history has it, to be judged by the team.

Stages are what turns, deployments, labels and columns tell; each is tried on the items, and stays where enough of them
pass it and it takes its part of the time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from bot.flow.events import FlowEvent, ItemKey
from bot.flow.learning import ENOUGH
from bot.flow.measures import Clock
from bot.flow.proposal.groups import groups
from bot.flow.proposal.traces import of_one_kind, traces
from bot.flow.proposal.trial import Trial, Tried
from bot.flow.stream import DEPLOY, LABEL, STATUS, Signal, Stage
from bot.flow.waits import Rules

DAYS = 90
DAY = 86_400


class ProposedStage(NamedTuple):
    """A stage as history has it; times are working seconds."""

    stage: Stage
    n: int
    """Visits that ended; of the finish line, items that got there."""
    median: int | None
    p85: int | None
    share: float | None
    """Of the time in all stages, 0 to 1."""
    why: str
    """What speaks for it, in whole sentences."""


class Proposal(NamedTuple):
    """The current state of a stream; its last stage is the finish line."""

    stages: tuple[ProposedStage, ...]
    trigger: str
    finish: str
    items: int
    """Items that it was read off."""


def propose(
    items: Mapping[ItemKey, Sequence[FlowEvent]], rules: Callable[[str], Rules], clock: Clock, now: int
) -> Proposal | None:
    """Propose the stages that the items of the last 90 days went through; None where fewer than 10 were done.

    `items` are whole histories, of issues and pull requests alike, by their keys. What bots opened is left out.
    """
    since = now - DAYS * DAY
    every = traces(items, rules, since, now)
    known = of_one_kind(every)
    if sum(trace.closed for trace in known) < ENOUGH:
        return None
    tried = Trial(known, rules, clock, since, now).settled(groups(known))
    if tried.measures.done < ENOUGH or len(tried.line) < 2:
        return None
    finish = tried.line[-1]
    done = f"{tried.measures.done} items got there. {finish.why} {_left_out(len(every) - len(known))}".strip()
    stages = (*_stages(tried), ProposedStage(finish.stage, tried.measures.done, None, None, None, done))
    return Proposal(stages, _begins(stages[0].stage), _ends(finish.stage), len(tried.journeys))


def _left_out(items: int) -> str:
    return f"{items} items are left out, as issues and pull requests are hardly ever linked." if items else ""


def _stages(tried: Tried) -> list[ProposedStage]:
    """Those before the finish line."""
    follows: Counter[tuple[str, str]] = Counter(
        (before.stage, after.stage) for one in tried.journeys for before, after in pairwise(one.visits)
    )
    found = []
    for group, one in zip(tried.line, tried.measures.stages, strict=False):
        times, name = one.times, group.stage.name
        why = f"{group.why} {_passes(tried, name)} {_next(name, follows)}"
        found.append(ProposedStage(group.stage, times.n, times.median, times.high, one.share, why.strip()))
    return found


def _passes(tried: Tried, name: str) -> str:
    return f"{tried.passed(name)} of {len(tried.journeys)} items were there."


def _next(name: str, follows: Counter[tuple[str, str]]) -> str:
    """What mostly comes after a stage."""
    after = Counter({to: times for (start, to), times in follows.items() if start == name})
    if not after:
        return ""
    to, times = min(after.items(), key=lambda one: (-one[1], one[0]))
    return f"Next mostly {to} ({times} of {after.total()})."


def _begins(stage: Stage) -> str:
    """What triggers a stream, by its first stage."""
    kinds = {signal.kind for signal in stage.signals}
    plain = next((text for kind, text in _TRIGGERS.items() if kind in kinds), None)
    named = next((text for text in map(_named, stage.signals) if text is not None), None)
    return plain or named or f"An item comes into {stage.name}"


_TRIGGERS = {
    "opened": "An issue is opened",
    "assigned": "An issue is assigned to somebody",
    "draft": "A pull request is opened",
    "ready": "A pull request is opened",
    "review": "A review is asked for",
}


def _named(signal: Signal) -> str | None:
    texts = {
        LABEL: f"An item gets the label “{signal.name}”",
        STATUS: f"An item comes into the column “{signal.name}”",
        DEPLOY: f"It is deployed to {signal.name}",
    }
    return texts.get(signal.kind)


def _ends(stage: Stage) -> str:
    """The finish line in words."""
    signal = stage.signals[-1]
    texts = {"merged": "It is merged", "closed": "It is closed", "release": "It is released"}
    if signal.kind == STATUS:
        return f"It comes into the column “{signal.name}”"
    return texts.get(signal.kind) or _named(signal) or stage.name
