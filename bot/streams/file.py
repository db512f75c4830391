"""A value stream as YAML: written for people, read with the line of every fault."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, ValidationError

from bot.flow.stream import (
    AUTHOR,
    GROUP,
    LABEL,
    MOST_STAGES,
    NAMED_SIGNALS,
    PERSON,
    PLAIN_SIGNALS,
    REVIEWERS,
    STATUS,
    TEAM,
    UNLABEL,
    Fork,
    Goal,
    Responsible,
    Segment,
    Signal,
    Stage,
    Stream,
)
from bot.policy_file import Day, RepoName, duration
from bot.policy_file import spelt as spelt_duration
from bot.streams.yaml_lines import BadYaml, Path, key_said, printable, read

MOST_NAME, MOST_TEXT = 60, 300
"""Characters of a name, and of what is said about something."""
MOST_LISTED = 50
NAMES = f"allowed are up to {MOST_NAME} characters on one line, without |, ` and double quotes"
SIGNALS = (
    f"allowed are {', '.join(PLAIN_SIGNALS)}, and with a name behind it {', '.join(NAMED_SIGNALS)}: 'label qa', "
    "'status In QA', 'deploy production'"
)
HOLDERS = "allowed are author, reviewers, 'person alice', 'team core' and 'group S0123ABCD'"
_NO_NAME = re.compile(r'[|`"“”„‟«»]')


class BadStream(ValueError):
    """A stream that can't be taken: one line with where, the key, and what is allowed; `line` counts from 1."""

    def __init__(self, problem: str, line: int | None = None) -> None:
        super().__init__(problem)
        self.line = line


def _one_line(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("allowed is a text")
    return " ".join(value.split())


def name_of(value: object) -> str:
    """A name as it is kept: on one line. Raises ValueError."""
    text = _one_line(value)
    if not 0 < len(text) <= MOST_NAME or not text.isprintable() or _NO_NAME.search(text):
        raise ValueError(NAMES)
    return text


def words_of(value: object) -> str:
    """What is said about something, on one line. Raises ValueError."""
    text = _one_line(value)
    if len(text) > MOST_TEXT or not text.isprintable():
        raise ValueError(f"allowed are up to {MOST_TEXT} characters")
    return text


def signal_of(value: object) -> Signal:
    """`merged`, `label qa` → a signal. Raises ValueError."""
    kind, _, name = _one_line(value).partition(" ")
    kind = kind.casefold().replace("-", "_")
    named = kind in NAMED_SIGNALS
    if (not named and kind not in PLAIN_SIGNALS) or named != bool(name) or len(name) > MOST_TEXT:
        raise ValueError(SIGNALS)
    return Signal(kind, name)


def responsible_of(value: object) -> Responsible:
    """`author`, `reviewers`, `person alice`, `team core`, `group S0123` → who is responsible. Raises ValueError."""
    kind, _, name = _one_line(value).partition(" ")
    kind = {"authors": AUTHOR, "reviewer": REVIEWERS}.get(kind.casefold(), kind.casefold())
    named = kind in (PERSON, TEAM, GROUP)
    fits = re.fullmatch(r"[\w.\[\]-]{1,100}|<@\w{1,30}>", name) is not None
    if (named and fits) or (kind in (AUTHOR, REVIEWERS) and not name):
        return Responsible(kind, name)
    raise ValueError(HOLDERS)


def spelt_responsible(who: Responsible) -> str:
    """Who is responsible as `responsible_of` reads it."""
    return f"{who.kind} {who.name}".rstrip()


Name = Annotated[str, BeforeValidator(name_of)]
Words = Annotated[str, BeforeValidator(words_of)]
SignalText = Annotated[Signal, BeforeValidator(signal_of), PlainSerializer(str)]
Holder = Annotated[Responsible, BeforeValidator(responsible_of), PlainSerializer(spelt_responsible)]
Target = Annotated[int, BeforeValidator(duration), PlainSerializer(spelt_duration)]
SomeTarget = Annotated[Target | None, AfterValidator(lambda seconds: seconds or None)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Stage(_Part):
    name: Name
    kind: Literal["active", "wait"]
    segment: Name | None = None
    responsible: Holder | None = None
    signals: Annotated[list[SignalText], Field(max_length=MOST_LISTED)] = []
    target: SomeTarget = None
    does: Words = ""
    proof: Words = ""
    policy: Words = ""


class _Segment(_Part):
    name: Name
    persona: Words = ""
    signals: Annotated[list[SignalText], Field(max_length=MOST_LISTED)] = []


class _Fork(_Part):
    segment: Name
    stage: Name
    responsible: Holder | None = None
    target: Target | None = None
    proof: Words | None = None
    policy: Words | None = None


class _Goal(_Part):
    stage: Name
    target: SomeTarget = None
    tries: Words = ""
    until: Day | None = None


class _Stream(_Part):
    """The keys of a stream, in the order they are written in."""

    name: Name
    outcome: Words = ""
    north_star: Words = ""
    trigger: Words = ""
    finish: Words = ""
    parent: Name | None = None
    review_on: Day | None = None
    repos: Annotated[list[RepoName], Field(max_length=MOST_LISTED)] = []
    segments: Annotated[list[_Segment], Field(max_length=MOST_LISTED)] = []
    stages: Annotated[list[_Stage], Field(min_length=2, max_length=MOST_STAGES)]
    forks: Annotated[list[_Fork], Field(max_length=MOST_LISTED)] = []
    goals: Annotated[list[_Goal], Field(max_length=MOST_LISTED)] = []


_BELOW: dict[str, type[BaseModel]] = {"stages": _Stage, "segments": _Segment, "forks": _Fork, "goals": _Goal}


def to_yaml(stream: Stream) -> str:
    """The stream as YAML, without what is left empty; `from_yaml` gives it back. Raises BadStream."""
    return _written(_checked(_as_data(stream), {}))


def fitting(stream: Stream) -> Stream:
    """The stream as it would be kept: names and texts on one line each. Raises BadStream."""
    return _stream(_checked(_as_data(stream), {}))


def from_yaml(text: str, source: str = "") -> Stream:
    """Read a stream. Raises BadStream: `source` (where one is given), line, key, what is allowed."""
    try:
        return _stream(_checked(*read(text, "name: Shop")))
    except (BadYaml, BadStream) as fault:
        raise BadStream(f"{source}: {fault}" if source else str(fault), fault.line) from None


def _as_data(stream: Stream) -> dict[str, Any]:
    """The stream as the model takes it."""
    data = stream._asdict()
    data["stages"] = [_stage_data(stage) for stage in stream.stages]
    data["segments"] = [one._asdict() | {"signals": list(map(str, one.signals))} for one in stream.segments]
    data["forks"] = [_named(fork._asdict()) for fork in stream.forks]
    data["goals"] = [_named(goal._asdict()) for goal in stream.goals]
    return data | {"repos": list(stream.repos)}


def _stage_data(stage: Stage) -> dict[str, Any]:
    data = _named(stage._asdict())
    del data["active"]
    return data | {"kind": "active" if stage.active else "wait", "signals": list(map(str, stage.signals))}


def _named(data: dict[str, Any]) -> dict[str, Any]:
    who, target = data.get("responsible"), data.get("target")
    found = data if who is None else data | {"responsible": spelt_responsible(who)}
    return found if target is None else found | {"target": spelt_duration(target)}


def _stream(told: _Stream) -> Stream:
    return Stream(
        name=told.name,
        stages=tuple(_stage(one) for one in told.stages),
        repos=tuple(told.repos),
        segments=tuple(Segment(one.name, one.persona, tuple(one.signals)) for one in told.segments),
        outcome=told.outcome,
        north_star=told.north_star,
        trigger=told.trigger,
        finish=told.finish,
        parent=told.parent,
        review_on=told.review_on,
        forks=tuple(Fork(**{key: getattr(one, key) for key in Fork._fields}) for one in told.forks),
        goals=tuple(Goal(**{key: getattr(one, key) for key in Goal._fields}) for one in told.goals),
    )


def _stage(told: _Stage) -> Stage:
    own = {key: getattr(told, key) for key in Stage._fields if key not in ("active", "signals")}
    return Stage(active=told.kind == "active", signals=tuple(told.signals), **own)


def _written(told: _Stream) -> str:
    data = told.model_dump(exclude_defaults=True)
    return str(yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=100))


def _checked(value: Any, lines: Mapping[Path, int]) -> _Stream:
    """The validated stream. Raises BadStream for the first fault there is."""
    try:
        told = _Stream.model_validate(value)
    except ValidationError as error:
        faults = error.errors(include_url=False)
        fault = min(faults, key=lambda one: _line(lines, one["loc"]) or 0)
        raise _fault(lines, fault["loc"], _explained(fault), len(faults) - 1) from None
    for path, problem in _contradictions(told):
        raise _fault(lines, path, problem)
    return told


def _fault(lines: Mapping[Path, int], path: Path, problem: str, more: int = 0) -> BadStream:
    line = _line(lines, path)
    where = "" if line is None else f"line {line}: "
    key = key_said(path)
    others = f" (and {more} more)" if more else ""
    return BadStream(f"{where}{f'{key}: ' if key else ''}{problem}{others}", line)


def _line(lines: Mapping[Path, int], path: Path) -> int | None:
    """The line of a key, else of the nearest thing around it; None where there is no text."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path)


def _explained(fault: Any) -> str:
    kind, path = fault["type"], fault["loc"]
    if kind == "extra_forbidden":
        below = next((_BELOW[step] for step in path[:-1] if step in _BELOW), _Stream)
        return f"unknown key; allowed here are {', '.join(below.model_fields)}"
    if kind == "missing":
        return "is missing"
    if kind in ("model_type", "list_type", "model_attributes_type"):
        wanted = "a list: lines that begin with '- '" if kind == "list_type" else "keys with values, such as 'name: QA'"
        return f"allowed here is {wanted}"
    if kind in ("too_short", "too_long"):
        bound = "at least two stages" if kind == "too_short" else f"no more than {fault['ctx']['max_length']}"
        return f"{fault['ctx']['actual_length']} are given; allowed is {bound}"
    return f"{_shown(fault['input'])} is not allowed; {_ALLOWED.get(kind) or _said(fault)}"


_ALLOWED = {
    "literal_error": "allowed are active and wait",
    "string_pattern_mismatch": "allowed is a repository such as 'acme/shop'",
    "string_type": "allowed is a text",
}


def _said(fault: Any) -> str:
    if fault["type"].startswith("date"):
        return "allowed is a day such as 2027-05-21"
    text = str(fault["msg"]).removeprefix("Value error, ")
    return text[:1].lower() + text[1:]


def _shown(value: object) -> str:
    if isinstance(value, dict | list):
        return "a table" if isinstance(value, dict) else "a list"
    return f"“{printable(str(value))}”"


def _contradictions(told: _Stream) -> Iterator[tuple[Path, str]]:
    """What single keys can't show: names that stand twice, or that nothing is called; marks of segments."""
    for key in ("stages", "segments"):
        yield from _twice(key, [one.name for one in getattr(told, key)])
    yield from _twice("repos", told.repos)
    stages, segments = ([one.name for one in some] for some in (told.stages, told.segments))
    named: list[tuple[str, str, list[str]]] = [
        ("stages", "segment", segments), ("forks", "segment", segments), ("forks", "stage", stages),
        ("goals", "stage", stages),
    ]  # fmt: skip
    for part, key, known in named:
        for place, one in enumerate(getattr(told, part)):
            name = getattr(one, key)
            if name is not None and name not in known:
                allowed = f"allowed are {', '.join(known)}" if known else f"there are no {key}s"
                yield (part, place, key), f"no {key} is called “{name}”; {allowed}"
    if told.stages[-1].segment is not None:
        yield ("stages", len(stages) - 1, "segment"), "the last stage is the finish line, which all segments share"
    yield from _bad_marks(told)


def _twice(key: str, names: list[str]) -> Iterator[tuple[Path, str]]:
    seen: set[str] = set()
    for place, name in enumerate(names):
        if name.casefold() in seen:
            where: Path = (key, place) if key == "repos" else (key, place, "name")
            yield where, f"“{name}” stands there twice"
        seen.add(name.casefold())


def _bad_marks(told: _Stream) -> Iterator[tuple[Path, str]]:
    marks = (LABEL, UNLABEL, STATUS)
    for place, one in enumerate(told.segments):
        for number, signal in enumerate(one.signals):
            if signal.kind not in marks:
                path: Path = ("segments", place, "signals", number)
                yield path, f"“{signal}” marks no segment; allowed are {', '.join(marks)}, with a name behind it"
