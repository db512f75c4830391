"""What goes into the mapping conversation and what comes out: plain data that another module reads and draws."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from bot.flow.mapping.draft import Draft
from bot.flow.measures import Begun, StreamMeasures
from bot.flow.proposal import Proposal
from bot.flow.stream import Responsible, Signal, Stream
from bot.flow.stream_checks import Finding
from bot.flow.stream_words import Known


class Facts(NamedTuple):
    """What is known beside what people say, as it is when they say it."""

    today: date
    """Theirs."""
    proposal: Proposal | None = None
    """Of the repositories that the draft names, or is likely to."""
    repos: tuple[str, ...] = ()
    """Those that are connected: `owner/name`."""
    known: Known = Known()
    measures: StreamMeasures | None = None
    """Of the stream as it is drafted, once it has stages."""
    begun: tuple[Begun, ...] = ()
    others: tuple[Stream, ...] = ()
    """The other streams of the workspace."""


class Answer(NamedTuple):
    """What somebody said: by typing, by a choice, or by a form."""

    by: str
    at: int
    """Seconds since 1970 UTC."""
    text: str = ""
    """As it was typed, or as Slack sent it."""
    choice: str | None = None
    """The id of a choice; of several, joined by `, `."""
    fields: Mapping[str, str] | None = None
    """What a form's fields hold, by their ids."""
    turn: int | None = None
    """The number of the turn it answers; None answers the question that is open."""
    seen: int | None = None
    """Where the turn is not known: when they had last read the conversation. None: they know what is asked now."""


class Choice(NamedTuple):
    """A likely answer. Its id is what one could type instead."""

    id: str
    label: str


class Field(NamedTuple):
    """A field of a form."""

    id: str
    label: str
    value: str = ""
    options: tuple[Choice, ...] = ()
    """What may be chosen; empty where one types."""
    hint: str = ""


class Form(NamedTuple):
    """Several answers that belong together; any field may stay empty."""

    title: str
    fields: tuple[Field, ...]


class Row(NamedTuple):
    """A stage of the map so far; figures are working seconds, None where nothing is known."""

    number: int
    name: str
    active: bool | None
    """None where it was not said yet."""
    responsible: Responsible | None
    signals: tuple[Signal, ...]
    unmeasured: bool
    target: int | None
    """0 where nothing is agreed."""
    segment: str | None
    n: int
    median: int | None
    p85: int | None
    share: float | None
    """Of the time in all stages, 0 to 1."""
    missing: tuple[str, ...]
    """What has not been said, in words."""


class Question(NamedTuple):
    """What is asked, and how it may be answered."""

    lines: tuple[str, ...]
    wanted: str
    """A line that says what is wanted, with an example."""
    choices: tuple[Choice, ...] = ()
    default: str | None = None
    """What “yes” means."""
    opposite: str | None = None
    """What “no” means."""
    form: Form | None = None
    many: bool = False
    """Several choices may be taken at once."""
    shows_rows: bool = False
    counts: bool = False
    """A number is an answer of its own, not the place of a choice."""


class Refused(NamedTuple):
    """An answer that was not understood, in a line that says what is wanted."""

    line: str
    choices: tuple[Choice, ...] = ()
    errors: Mapping[str, str] = {}
    """Of a form, by the ids of its fields."""


class Turn(NamedTuple):
    """What is to be kept and what is to be said after an answer."""

    draft: Draft
    number: int
    """Of the question; a choice or a form carries it back."""
    lines: tuple[str, ...]
    """What is said of the answer; plain text in which `code` is marked."""
    question: tuple[str, ...]
    """What is asked now; empty once the map is done or put aside."""
    rows: tuple[Row, ...]
    """The map so far, where it is to be shown."""
    choices: tuple[Choice, ...]
    many: bool
    form: Form | None
    example: str
    """What one could type."""
    errors: Mapping[str, str]
    findings: tuple[Finding, ...]
    """Of the check before saving."""
    paused: bool
    """Nothing is asked until somebody answers or comes back."""
    done: Stream | None
    """The stream to be saved, in the turn that finishes it."""
