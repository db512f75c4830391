"""Whether a value stream holds together: alone, and beside the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from bot.flow.stream import MOST_STAGES, PERSON, Stage, Stream
from bot.flow.stream_line import LONGEST_NAME
from bot.flow.stream_words import shortened

EXPLAINABLE = 9
"""Stages that one can explain in 60 seconds."""
NAME, FEW, MANY, SIGNAL, TOLD_TWICE, FINISH_UNSEEN, RESPONSIBLE, UNLINKED, TRIGGER, FINISH, UNKNOWN = (
    "name", "few", "many", "signal", "told_twice", "finish_unseen", "responsible", "unlinked", "trigger", "finish",
    "unknown",
)  # fmt: skip
LONG, MERGE, SPLIT = "long", "merge", "split"


class Finding(NamedTuple):
    """Something about a stream that stops it from being saved, or a remark."""

    blocking: bool
    code: str
    about: str
    """The stage, segment or other stream; empty for the stream itself."""
    what: str
    """A sentence for people."""
    advice: str


def check(stream: Stream, others: Iterable[Stream] = (), unmeasured: Collection[str] = ()) -> list[Finding]:
    """What is to be said before a stream is saved, what stops it first.

    `unmeasured` names the stages that are said to have no signal.
    """
    aside = {name.casefold() for name in unmeasured}
    found = [
        *_ends(stream), *_names(stream), *_known(stream), *_signals(stream, aside), *_told_once(stream),
        *_waits(stream), *_paths(stream), *_length(stream), *_beside(stream, others), *_segments(stream),
    ]  # fmt: skip
    return sorted(found, key=lambda one: not one.blocking)


def _stops(code: str, about: str, what: str, advice: str) -> Finding:
    return Finding(True, code, shortened(about), what, advice)


def _remark(code: str, about: str, what: str, advice: str) -> Finding:
    return Finding(False, code, shortened(about), what, advice)


def _ends(stream: Stream) -> Iterator[Finding]:
    if not stream.trigger.strip():
        yield _stops(TRIGGER, "", "It isn't said what starts the stream.", "Say it like `trigger: a shop asks for it`.")
    if not stream.finish.strip():
        yield _stops(FINISH, "", "It isn't said when an item is done.", "Say it like `finish: it runs in production`.")
    if len(stream.stages) < 2:
        what = "A stream leads through at least two stages: where an item begins, and where it is done."
        yield _stops(FEW, "", what, "Type them in a line, as in `idea -> coding -> live`.")
    elif len(stream.stages) > MOST_STAGES:
        what = f"The stream has {len(stream.stages)} stages; at most {MOST_STAGES} are allowed."
        yield _stops(MANY, "", what, "Join some of them, or leave some out.")


def _names(stream: Stream) -> Iterator[Finding]:
    counted = Counter(" ".join(stage.name.casefold().split()) for stage in stream.stages)
    for stage in stream.stages:
        if not stage.name.strip():
            yield _stops(NAME, "", "A stage has no name.", "Give it one.")
        elif len(stage.name) > LONGEST_NAME:
            what = f"The name “{shortened(stage.name)}” has {len(stage.name)} characters; {LONGEST_NAME} are allowed."
            yield _stops(NAME, stage.name, what, "Shorten it.")
    for stage in stream.stages:
        if counted.pop(" ".join(stage.name.casefold().split()), 0) > 1:
            what = f"More than one stage is called “{shortened(stage.name)}”."
            yield _stops(NAME, stage.name, what, "Rename one of them, or leave it out.")


def _known(stream: Stream) -> Iterator[Finding]:
    """Names of segments and stages that are used without being there."""
    segments = {segment.name for segment in stream.segments}
    stages = {stage.name for stage in stream.stages}
    used = [stage.segment for stage in stream.stages if stage.segment] + [fork.segment for fork in stream.forks]
    for name in sorted(set(used) - segments):
        what = f"A stage is for the segment “{shortened(name)}”, which the stream doesn't have."
        yield _stops(UNKNOWN, name, what, "Add the segment, or make the stage one for all.")
    at = [fork.stage for fork in stream.forks] + [goal.stage for goal in stream.goals]
    for name in sorted(set(at) - stages):
        yield _stops(UNKNOWN, name, f"Something is said of “{shortened(name)}”, which is no stage.", "Leave it out.")


def _signals(stream: Stream, unmeasured: Collection[str]) -> Iterator[Finding]:
    for stage in stream.stages:
        if not stage.signals and stage.name.casefold() not in unmeasured:
            what = f"Nothing tells when an item enters “{shortened(stage.name)}”."
            yield _stops(SIGNAL, stage.name, what, "Name a signal, such as `label qa`, or say `unmeasured`.")
    if len(stream.stages) > 1 and not stream.last.signals and stream.last.name.casefold() in unmeasured:
        what = f"Nothing tells when an item reaches “{shortened(stream.last.name)}”, so none is ever seen as done."
        yield _remark(FINISH_UNSEEN, stream.last.name, what, "A signal such as `merged` or `deploy production` would.")


def _told_once(stream: Stream) -> Iterator[Finding]:
    """A signal that puts an item into two stages of one way, once for each pair."""
    told: set[tuple[str, str, tuple[str, str]]] = set()
    for path in _all_paths(stream):
        first: dict[tuple[str, str], Stage] = {}
        for stage in path:
            for key in dict.fromkeys(signal.key for signal in stage.signals):
                other = first.setdefault(key, stage)
                if other is not stage and (other.name, stage.name, key) not in told:
                    told.add((other.name, stage.name, key))
                    yield _twice(other, stage, " ".join(key).strip())


def _twice(one: Stage, other: Stage, signal: str) -> Finding:
    what = f"`{signal}` puts an item both into “{shortened(one.name)}” and into “{shortened(other.name)}”."
    return _stops(TOLD_TWICE, other.name, what, "Keep it at one of them.")


def _all_paths(stream: Stream) -> list[tuple[Stage, ...]]:
    return [stream.path(segment.name) for segment in stream.segments] or [stream.path(None)]


def _waits(stream: Stream) -> Iterator[Finding]:
    """Waits that nobody ends; who is responsible at the finish line is nobody's question."""
    reported: set[str] = set()
    for path in _all_paths(stream):
        for stage in path[:-1]:
            if not stage.active and stage.responsible is None and stage.name not in reported:
                reported.add(stage.name)
                what = f"“{shortened(stage.name)}” is a wait, and nobody is responsible for ending it."
                yield _stops(RESPONSIBLE, stage.name, what, "Name somebody: `authors`, `reviewers` or `@name`.")
    for stage in stream.stages:
        held = stage.responsible
        if held and held.kind == PERSON and held.name.startswith("<@"):
            what = f"{held.name}, responsible for “{shortened(stage.name)}”, is linked to no account on the code host."
            yield _stops(UNLINKED, stage.name, what, "`/flow link LOGIN` does that; or name somebody else.")


def _paths(stream: Stream) -> Iterator[Finding]:
    """Ways of a segment that don't lead from a first to another, last stage."""
    for segment in stream.segments:
        if len(stream.stages) > 1 and len(stream.path(segment.name)) < 2:
            what = f"Items of “{shortened(segment.name)}” have no way from the trigger to the finish line."
            yield _stops(FEW, segment.name, what, "Make some stages ones for all.")


def _length(stream: Stream) -> Iterator[Finding]:
    longest = max((len(path) for path in _all_paths(stream)), default=0)
    if longest > EXPLAINABLE and len(stream.stages) <= MOST_STAGES:
        what = f"{longest} stages are more than one can explain in 60 seconds."
        yield _remark(LONG, "", what, "Is each of them worth its own place?")


def _same(one: str, other: str) -> bool:
    """Whether two texts say the same, but for case, spaces and marks; said it has to be."""
    folded = ["".join(filter(str.isalnum, text.casefold())) for text in (one, other)]
    return folded[0] == folded[1] != ""


def _beside(stream: Stream, others: Iterable[Stream]) -> Iterator[Finding]:
    for other in others:
        ends = _same(stream.trigger, other.trigger) and _same(stream.finish, other.finish)
        if other.name.casefold() != stream.name.casefold() and ends and _same(stream.north_star, other.north_star):
            what = f"“{shortened(other.name)}” has the same trigger, finish line and north-star metric."
            yield _remark(MERGE, other.name, what, "Are they one stream with two segments? Then merge them.")


def _segments(stream: Stream) -> Iterator[Finding]:
    """Segments whose way is so much another that it may be a stream of its own."""
    if len(stream.segments) < 2 or len(stream.stages) < 2:
        return
    for segment in stream.segments:
        if apart := _apart(stream, segment.name):
            what = f"“{shortened(segment.name)}” has {' and '.join(apart)} of its own."
            yield _remark(SPLIT, segment.name, what, "Is it another stream? Then split it off.")


def _apart(stream: Stream, segment: str) -> list[str]:
    """What a segment has for itself that makes a stream: where it starts, where it ends, what is agreed."""
    path = stream.path(segment)
    policies = any(fork.policy for fork in stream.forks if fork.segment == segment)
    policies = policies or any(stage.policy for stage in path if stage.segment)
    told = [
        (path and path[0].segment, "a trigger"),
        (path and path[-1].segment, "a finish line"),
        (policies, "a policy"),
        (any(fork.proof for fork in stream.forks if fork.segment == segment), "a measure of done"),
    ]
    return [word for there, word in told if there]
