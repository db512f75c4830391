"""The draft of a map: what was said so far, by whom, and what is asked; plain data that JSON can hold."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from types import NoneType, UnionType
from typing import Any, NamedTuple, get_args, get_origin, get_type_hints

from bot.flow.stream import Fork, Goal, Segment, Stage, Stream
from bot.flow.stream_line import Sketch, sketch_of

FORMAT = 1
MOST_PAST = 50
"""Answers that can be taken back."""
MOST_GIVEN = 200
"""Answers that are remembered with who gave them."""


class Clash(NamedTuple):
    """A second answer to a question that somebody else had answered otherwise."""

    key: str
    """Of the question."""
    first_by: str
    first_said: str
    by: str
    said: str
    text: str
    fields: Mapping[str, str] | None


class State(NamedTuple):
    """The map so far and where the conversation stands; what *undo* restores."""

    name: str
    repos: tuple[str, ...] = ()
    stages: tuple[Sketch, ...] = ()
    segments: tuple[Segment, ...] = ()
    forks: tuple[Fork, ...] = ()
    outcome: str = ""
    north_star: str = ""
    trigger: str = ""
    finish: str = ""
    parent: str | None = None
    review_on: date | None = None
    changing: tuple[str, ...] = ()
    """Stages marked to be changed."""
    goals: tuple[Goal, ...] = ()
    settled: tuple[str, ...] = ()
    """Keys of the questions that are answered or skipped, in order."""
    asking: str = "repos:"
    """The key of the question that is open: the step, and what it is about."""
    clashes: tuple[Clash, ...] = ()
    done: bool = False

    def sketch(self, name: str) -> Sketch | None:
        """The stage of that name, case aside."""
        return next((one for one in self.stages if one.name.casefold() == name.casefold()), None)


class Given(NamedTuple):
    """An answer: to which question, by whom, when, and whether the map says so now."""

    key: str
    by: str
    at: int
    said: str
    taken: bool


class Asked(NamedTuple):
    """Which question had which number, and who closed it when."""

    number: int
    key: str
    by: str = ""
    until: int = 0


class Draft(NamedTuple):
    """A state, how it came about, and how to go back."""

    state: State
    number: int = 1
    """Of the question that is open; it grows with every change of the state."""
    revision: int = 1
    """Grows with every change of the draft, so that of two writers at once one is told to read again."""
    past: tuple[Mapping[str, Any], ...] = ()
    """For every change that can be taken back, the older values of what it changed, as JSON holds them."""
    given: tuple[Given, ...] = ()
    asked: tuple[Asked, ...] = ()

    def changed(self, state: State, by: str, at: int) -> Draft:
        """The draft with another state by somebody's answer, one step of undo further."""
        was = {
            key: _plain(old)
            for key, old, new in zip(State._fields, self.state, state, strict=True)
            if old != new
        }  # fmt: skip
        return self._stepped(state, (*self.past, was)[-MOST_PAST:], by, at) if was else self

    def undone(self, by: str, at: int) -> Draft | None:
        """The draft before its last change; None where nothing is left to take back."""
        if not self.past:
            return None
        hints = _hints(State)
        older = {key: _shaped(value, hints[key]) for key, value in self.past[-1].items()}
        return self._stepped(self.state._replace(**older), self.past[:-1], by, at)

    def _stepped(self, state: State, past: tuple[Mapping[str, Any], ...], by: str, at: int) -> Draft:
        asked = (*self.asked, Asked(self.number, open_key(self.state), by, at))[-MOST_GIVEN:]
        return self._replace(state=state, past=past, number=self.number + 1, revision=self.revision + 1, asked=asked)

    def noted(self, given: Given) -> Draft:
        """The draft that remembers an answer."""
        return self._replace(given=(*self.given, given)[-MOST_GIVEN:], revision=self.revision + 1)

    def seen_by(self, who: str, at: int) -> int:
        """The number of the question that somebody had before them at an instant: what they closed is behind them."""
        return next((one.number for one in self.asked if one.until > at and one.by != who), self.number)

    def key_of(self, number: int) -> str | None:
        """The question that had a number; None where it is too long ago, or never was."""
        if number == self.number:
            return open_key(self.state)
        return next((one.key for one in reversed(self.asked) if one.number == number), None)


def open_key(state: State) -> str:
    """The key of what is asked: of a clash before all else."""
    return f"clash:{state.clashes[0].key}" if state.clashes else state.asking


def begin(name: str, stream: Stream | None = None, repos: tuple[str, ...] = ()) -> Draft:
    """The draft of a new map, or of the next version of a stream; `repos` where they are clear from the start."""
    if stream is None:
        return Draft(State(name, repos, settled=("repos:",) if repos else (), asking="stages:" if repos else "repos:"))
    settled = tuple(f"{step}:" for step in ("repos", "outcome", "bounds", "north_star"))
    state = State(
        name, stream.repos, tuple(map(sketch_of, stream.stages)), stream.segments, stream.forks, stream.outcome,
        stream.north_star, stream.trigger, stream.finish, stream.parent, stream.review_on, (), stream.goals,
        tuple(key for key in settled if key != "repos:" or stream.repos),
        "stages:" if stream.repos else "repos:",
    )  # fmt: skip
    return Draft(state)


def stream_of(state: State) -> Stream:
    """The stream so far; of what was not said it is empty. A draft without stages has a stream without."""
    stages: tuple[Stage, ...] = tuple(one.stage for one in state.stages)
    return Stream(
        state.name, stages, state.repos, state.segments, state.outcome, state.north_star, state.trigger, state.finish,
        state.parent, state.review_on, state.forks, state.goals,
    )  # fmt: skip


def to_json(draft: Draft) -> dict[str, Any]:
    """The draft as JSON holds it."""
    return {"format": FORMAT, **_plain(draft)}


def from_json(kept: Mapping[str, Any]) -> Draft:
    """The draft that `to_json` wrote. Raises ValueError for what it did not write."""
    if kept.get("format") != FORMAT:
        raise ValueError(f"a draft of format {kept.get('format')!r}; {FORMAT} is read")
    draft: Draft = _shaped(kept, Draft)
    return draft


def _plain(value: Any) -> Any:
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return {key: _plain(one) for key, one in value._asdict().items()}
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if isinstance(value, date):
        return value.isoformat()
    return dict(value) if isinstance(value, Mapping) else value


@cache
def _hints(shape: Any) -> dict[str, Any]:
    return get_type_hints(shape)


def _shaped(value: Any, hint: Any) -> Any:
    """A value as a type hint has it: of named tuples, tuples, dates, mappings, and what may be None."""
    if get_origin(hint) is UnionType:
        return None if value is None else _shaped(value, next(one for one in get_args(hint) if one is not NoneType))
    if get_origin(hint) is tuple:
        return tuple(_shaped(one, get_args(hint)[0]) for one in value)
    if hint is date:
        return date.fromisoformat(value)
    if isinstance(hint, type) and hasattr(hint, "_fields"):
        hints = _hints(hint)
        return hint(**{key: _shaped(value[key], hints[key]) for key in hints if key in value})
    return value
