"""What is likely of a stage that hasn't been said: offered, and taken where the team says that the rest is fine."""

from __future__ import annotations

from collections.abc import Iterable

from bot.flow.mapping.names import folded
from bot.flow.mapping.turns import Facts
from bot.flow.proposal.words import is_active
from bot.flow.stream import AUTHOR, DEPLOY, LABEL, REVIEWERS, STATUS, Responsible, Signal
from bot.flow.stream_line import Sketch

ACTIVE, RESPONSIBLE, SIGNALS, TARGET = "active", "responsible", "signals", "target"
LACKS = {
    ACTIVE: "active or wait",
    RESPONSIBLE: "who is responsible",
    SIGNALS: "what tells it",
    TARGET: "what is agreed",
}
"""What a stage may lack, in words."""
_SIGNAL_OF = {
    "opened": "idea request backlog todo new inbox triage reported report ticket demand order",
    "assigned": "coding develop development dev implementation implementing doing progress build building work",
    "review": "review reviewing", "rework": "rework fixing", "merge": "approved", "merged": "merged main integrated",
    "release": "release released shipped", "closed": "done closed finished complete delivered",
    "ready": "ready",
}  # fmt: skip
_LIVE = "live production prod deployed running customers"


def lacking(sketch: Sketch, *, last: bool) -> list[str]:
    """What has not been said of a stage; at the finish line only its signal counts."""
    asked = {
        ACTIVE: sketch.active is None and not last,
        RESPONSIBLE: sketch.responsible is None and not last,
        SIGNALS: not sketch.signals and not sketch.unmeasured,
        TARGET: sketch.target is None and not last,
    }
    return [part for part, lacks in asked.items() if lacks]


def likely(stages: tuple[Sketch, ...], facts: Facts) -> tuple[Sketch, ...]:
    """The stages with everything that was not said as it is likely to be."""
    found: list[Sketch] = []
    for at, sketch in enumerate(stages):
        last = at == len(stages) - 1
        taken = {signal.key for other in (*found, *stages[at:]) for signal in other.signals}
        found.append(_likely(sketch, stages[at + 1 :], taken, facts, last=last, first=at == 0))
    return tuple(found)


def _likely(
    sketch: Sketch, after: tuple[Sketch, ...], taken: set[tuple[str, str]], facts: Facts, *, last: bool, first: bool
) -> Sketch:
    lacks = lacking(sketch, last=last)
    if ACTIVE in lacks:
        sketch = sketch._replace(active=is_active(sketch.name) is not False)
    if RESPONSIBLE in lacks:
        sketch = sketch._replace(responsible=_responsible(sketch, after))
    if SIGNALS in lacks:
        signal = next(
            (one for one in _signals(sketch.name, facts, first=first, last=last) if one.key not in taken), None
        )
        sketch = sketch._replace(signals=(signal,) if signal else (), unmeasured=signal is None)
    return sketch._replace(target=0) if TARGET in lacks else sketch


def _responsible(sketch: Sketch, after: tuple[Sketch, ...]) -> Responsible:
    """Reviewers of a review; of a wait, whoever works on what comes next; else the authors."""
    if "review" in folded(sketch.name).split():
        return Responsible(REVIEWERS)
    following = next((one.responsible for one in after if one.active and one.responsible), None)
    return following if following and not sketch.active else Responsible(AUTHOR)


def _signals(name: str, facts: Facts, *, first: bool, last: bool) -> Iterable[Signal]:
    """What may tell of a stage, the likeliest first: what has its name, then what its name means."""
    known = facts.known
    for kind, names in ((STATUS, known.columns), (LABEL, known.labels), (DEPLOY, known.environments)):
        yield from (Signal(kind, one) for one in names if folded(one) == folded(name))
    said = set(folded(name).split())
    if last or said & set(_LIVE.split()):
        yield from (Signal(DEPLOY, one) for one in known.environments if one.casefold().startswith("prod"))
    yield from (Signal(kind) for kind, words in _SIGNAL_OF.items() if said & set(words.split()))
    if first:
        yield Signal("opened")
    if last:
        yield from (Signal("merged"), Signal("closed"))


def likely_of(stages: tuple[Sketch, ...], name: str, facts: Facts) -> Sketch | None:
    """A stage as it is likely to be; None where there is none of that name."""
    return next((one for one in likely(stages, facts) if one.name.casefold() == name.casefold()), None)


def tellers(stages: tuple[Sketch, ...], name: str, facts: Facts) -> list[Signal]:
    """Signals that may tell of a stage and that tell of no other yet."""
    taken = {signal.key for one in stages if one.name != name for signal in one.signals}
    known = facts.known
    at = next((place for place, one in enumerate(stages) if one.name == name), 0)
    offered = [
        *_signals(name, facts, first=at == 0, last=at == len(stages) - 1),
        *(Signal(DEPLOY, one) for one in known.environments), *(Signal(LABEL, one) for one in known.labels),
        *(Signal(STATUS, one) for one in known.columns), Signal("assigned"), Signal("ready"), Signal("review"),
        Signal("merged"),
    ]  # fmt: skip
    return [one for one in dict.fromkeys(offered) if one.key not in taken]
