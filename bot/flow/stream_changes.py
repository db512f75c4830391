"""What is another in a value stream than it was, in a few words for its history."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from bot.flow.stream import AUTHOR, PERSON, REVIEWERS, Fork, Goal, Responsible, Segment, Signal, Stage, Stream

_WORDS = {
    "north_star": "north star", "review_on": "next review", "does": "what happens", "proof": "proof point",
    "active": "kind",
}  # fmt: skip
_HOLDERS = {AUTHOR: "authors", REVIEWERS: "reviewers"}
_OF_STREAM = ("outcome", "north_star", "trigger", "finish", "parent", "review_on")


def differences(was: Stream, now: Stream) -> list[str]:
    """What changed, each in a few words (`QA: target 8h → 4h`); empty where nothing did."""
    return [
        *([] if was.name == now.name else [f"renamed from {was.name}"]),
        *(f"{_WORDS.get(key, key)} {_from_to(getattr(was, key), getattr(now, key))}"
          for key in _OF_STREAM if getattr(was, key) != getattr(now, key)),
        *_names("repositories", was.repos, now.repos),
        *_stages(was, now),
        *_by_name("segment", was.segments, now.segments),
        *_forks(was.forks, now.forks),
        *_goals(was.goals, now.goals),
    ]  # fmt: skip


def renamed(was: Stream, now: Stream) -> dict[str, str]:
    """Stages that stand in the same place under another name, by the former one."""
    pairs = zip(was.stages, now.stages, strict=False)
    names, others = {one.name for one in was.stages}, {one.name for one in now.stages}
    return {
        old.name: new.name
        for old, new in pairs
        if old.name not in others and new.name not in names and len(names) == len(others)
    }


def _stages(was: Stream, now: Stream) -> Iterator[str]:
    moved = renamed(was, now)
    for old, new in moved.items():
        yield f"{old} is called {new}"
    before = {moved.get(one.name, one.name): one for one in was.stages}
    after = {one.name: one for one in now.stages}
    yield from (f"stage {name} added" for name in after if name not in before)
    yield from (f"stage {name} removed" for name in before if name not in after)
    shared = [name for name in before if name in after]
    if shared != [name for name in after if name in before]:
        yield f"order {' → '.join(after)}"
    for name in shared:
        yield from (f"{name}: {said}" for said in _stage(before[name], after[name]))


def _stage(was: Stage, now: Stage) -> Iterator[str]:
    for key in Stage._fields:
        old, new = getattr(was, key), getattr(now, key)
        if key == "name" or old == new:
            continue
        yield f"{_WORDS.get(key, key)} {_from_to(old, new, key)}"


def _names(what: str, was: Sequence[str], now: Sequence[str]) -> Iterator[str]:
    added, gone = ([one for one in some if one not in others] for some, others in ((now, was), (was, now)))
    if added or gone:
        yield f"{what} {', '.join([*(f'+{one}' for one in added), *(f'−{one}' for one in gone)])}"


def _by_name(what: str, was: Sequence[Segment], now: Sequence[Segment]) -> Iterator[str]:
    before, after = ({one.name: one for one in some} for some in (was, now))
    yield from (f"{what} {name} added" for name in after if name not in before)
    yield from (f"{what} {name} removed" for name in before if name not in after)
    yield from (f"{what} {name} changed" for name in after if before.get(name, after[name]) != after[name])


def _forks(was: Sequence[Fork], now: Sequence[Fork]) -> Iterator[str]:
    before, after = ({(one.segment, one.stage): one for one in some} for some in (was, now))
    for place in dict.fromkeys((*before, *after)):
        if before.get(place) != after.get(place):
            segment, stage = place
            yield f"{stage} for {segment}: {'as for all' if place not in after else _fork(after[place])}"


def _fork(one: Fork) -> str:
    told = {key: value for key, value in one._asdict().items() if key not in ("segment", "stage") and value is not None}
    return ", ".join(f"{_WORDS.get(key, key)} {_said(value, key)}" for key, value in told.items()) or "as for all"


def _goals(was: Sequence[Goal], now: Sequence[Goal]) -> Iterator[str]:
    before, after = ({one.stage: one for one in some} for some in (was, now))
    for stage in dict.fromkeys((*before, *after)):
        if before.get(stage) != after.get(stage):
            yield f"future state of {stage} {'set' if stage in after else 'taken back'}"


def _from_to(was: Any, now: Any, key: str = "") -> str:
    return f"{_said(was, key)} → {_said(now, key)}"


def _said(value: Any, key: str = "") -> str:
    if key == "active":
        return "active" if value else "wait"
    if key == "target":
        return hours(value) if value else "none"
    if isinstance(value, Responsible):
        return _HOLDERS.get(value.kind, f"{value.kind} {value.name}") if value.kind != PERSON else value.name
    if isinstance(value, tuple):
        return ", ".join(str(one) for one in value if isinstance(one, Signal)) or "none"
    return str(value) if value not in (None, "") else "none"


def hours(seconds: int) -> str:
    """Working time as a target is typed: `8h`, `90m`."""
    return f"{seconds // 3600}h" if seconds % 3600 == 0 else f"{-(-seconds // 60)}m"
