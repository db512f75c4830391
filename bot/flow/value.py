"""What work is for: outcomes with key results whose numbers are to move, and which of them an item is traced to.

An item is traced to an outcome or to a key result by a link that somebody gave, by a rule about a label or a milestone
it carries, and by whatever its parent issues are traced to. All of that is folded from the items' events, so the order
in which they arrived does not matter. Labels, milestones and parents count as they were when the item was done; a link
counts whenever it was given.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from bot.flow.events import FlowEvent, ItemKey

LABEL, MILESTONE, LINK = "label", "milestone", "link"
RULES = (LABEL, MILESTONE)
"""What a rule can be about."""
TRACED, UNTRACED = "traced", "untraced"
"""The kinds of events by which people link items, with the id of the outcome or key result in `to`."""
KINDS = (
    "opened", "labeled", "unlabeled", "milestoned", "demilestoned", "parent_added", "parent_removed", TRACED, UNTRACED,
)  # fmt: skip
"""The kinds of events that tell anything of what an item is for."""


class Given(NamedTuple):
    """A number that somebody gave; `by` is a Slack account."""

    number: Decimal
    at: int
    by: str


class KeyResult(NamedTuple):
    """A number that is to move from `baseline` to `target`, which differ."""

    id: str
    outcome: str
    """The outcome's id."""
    name: str
    unit: str
    baseline: Decimal
    target: Decimal
    until: date | None
    owner: str
    """The Slack account that is asked for the number."""
    began_at: int
    given: tuple[Given, ...] = ()
    """Oldest first."""

    @property
    def latest(self) -> Given | None:
        return self.given[-1] if self.given else None

    @property
    def up(self) -> bool:
        """Whether more is better."""
        return self.target > self.baseline

    @property
    def progress(self) -> float | None:
        """How much of the way from the baseline to the target is gone: below 0 where it went the other way.

        None while no number was given.
        """
        if self.latest is None:
            return None
        return float((self.latest.number - self.baseline) / (self.target - self.baseline))

    @property
    def verified(self) -> bool:
        """Whether the number moved the way it was to move."""
        return self.progress is not None and self.progress > 0

    @property
    def reached(self) -> bool:
        return self.progress is not None and self.progress >= 1


class Outcome(NamedTuple):
    """What a stream is there to bring about. A stream's own one has the stream's key as its id, and its name."""

    id: str
    stream: str
    """The stream's key."""
    stream_name: str
    name: str
    text: str
    """“We win when …”"""
    segments: tuple[str, ...] = ()
    """The customers that the stream is for."""
    results: tuple[KeyResult, ...] = ()


class Rule(NamedTuple):
    """Items that carry a label or a milestone of this name, whatever its case, are traced to an outcome or result."""

    kind: str
    name: str
    to: str
    """The id of an outcome or of a key result."""

    @property
    def key(self) -> tuple[str, str]:
        return (self.kind, self.name.casefold())


class Trace(NamedTuple):
    """That an item is traced to something, and why."""

    to: str
    """The id of an outcome or of a key result."""
    how: str
    """LINK, or the kind of a rule."""
    name: str
    """Of the rule; empty for a link."""
    via: ItemKey
    """The item that carries it: the item itself, a part of it, or a parent."""
    by: str = ""
    """Who gave a link: a Slack account."""


class Marks(NamedTuple):
    """What an item carries that tells what it is for."""

    carried: frozenset[tuple[str, str]]
    """Labels and milestones, as the keys of rules."""
    links: tuple[tuple[str, str], ...]
    """(to, by) of what it is linked with, first linked first."""
    parents: tuple[ItemKey, ...]


def marks(history: Sequence[FlowEvent], until: int | None) -> Marks:
    """Fold an item's events, in the ledger's order; of what came after `until` only links count."""
    found = _Found()
    for event in history:
        if event.kind in (TRACED, UNTRACED):
            found.link(event)
        elif until is None or event.at <= until:
            found.take(event)
    milestone = {(MILESTONE, found.milestone)} if found.milestone else set()
    return Marks(frozenset({*found.labels, *milestone}), tuple(found.links.items()), tuple(found.parents))


class _Found:
    """The marks of an item, as far as its events were read."""

    def __init__(self) -> None:
        self.labels: set[tuple[str, str]] = set()
        self.milestone = ""
        self.links: dict[str, str] = {}
        self.parents: dict[ItemKey, None] = {}

    def link(self, event: FlowEvent) -> None:
        to = str(event.data.get("to"))
        self.links.pop(to, None)
        if event.kind == TRACED:
            self.links[to] = str(event.data.get("by") or "")

    def take(self, event: FlowEvent) -> None:
        match event.kind:
            case "opened":
                self.labels |= {(LABEL, str(name).casefold()) for name in event.data.get("labels") or ()}
                self.milestone = self.milestone or _name(event, "milestone")
            case "labeled":
                self.labels.add((LABEL, _name(event, "label")))
            case "unlabeled":
                self.labels.discard((LABEL, _name(event, "label")))
            case "milestoned":
                self.milestone = _name(event, "milestone")
            case "demilestoned" if self.milestone == _name(event, "milestone"):
                self.milestone = ""
            case "parent_added":
                self.parents[parent_of(event)] = None
            case "parent_removed":
                self.parents.pop(parent_of(event), None)


def _name(event: FlowEvent, key: str) -> str:
    name = event.data.get(key)
    return name.casefold() if isinstance(name, str) else ""


def parent_of(event: FlowEvent) -> ItemKey:
    """The issue that a `parent_added` or `parent_removed` names."""
    return (event.host, str(event.data.get("in") or event.repo), int(event.data["parent"]))


def parents_named(history: Iterable[FlowEvent]) -> set[ItemKey]:
    """All issues that ever were parents of an item."""
    return {parent_of(event) for event in history if event.kind == "parent_added"}


def traces(
    items: Sequence[ItemKey], histories: Mapping[ItemKey, Sequence[FlowEvent]], rules: Iterable[Rule], until: int | None
) -> tuple[Trace, ...]:
    """What an item is traced to, each once, the nearest reason first; `items` are the item and its parts.

    `until` is when it was done. Parents without a history carry nothing; loops of parents end where they began.
    """
    named = {rule.key: rule for rule in rules}
    found: dict[str, Trace] = {}
    for key, told in _upward(items, histories, until):
        for trace in _of(key, told, named):
            found.setdefault(trace.to, trace)
    return tuple(found.values())


def carries(
    items: Sequence[ItemKey], histories: Mapping[ItemKey, Sequence[FlowEvent]], rule: Rule, until: int | None
) -> bool:
    """Whether a rule traces an item, whatever else does; the rest is as with `traces`."""
    return any(rule.key in told.carried for _, told in _upward(items, histories, until))


def _upward(
    items: Sequence[ItemKey], histories: Mapping[ItemKey, Sequence[FlowEvent]], until: int | None
) -> Iterator[tuple[ItemKey, Marks]]:
    """Items and what they carry: these first, then their parents, and theirs; each once."""
    waiting = dict.fromkeys(items)
    seen: set[ItemKey] = set()
    while waiting:
        coming: dict[ItemKey, None] = {}
        for key in waiting:
            seen.add(key)
            told = marks(histories.get(key, ()), until)
            yield key, told
            coming |= dict.fromkeys(told.parents)
        waiting = {key: None for key in coming if key not in seen}


def _of(key: ItemKey, told: Marks, named: Mapping[tuple[str, str], Rule]) -> Iterator[Trace]:
    yield from (Trace(to, LINK, "", key, by) for to, by in told.links)
    for carried in sorted(told.carried & named.keys()):
        rule = named[carried]
        yield Trace(rule.to, rule.kind, rule.name, key)


def to_be_asked(result: KeyResult, today: date, began_on: date, given_on: date | None) -> bool:
    """Whether a result's owner is to be asked for its number in the month of `today`, all days being the owner's.

    Once a month, from the month after it began to the one after its last day, and not where a number was given in it.
    """
    month = _month(today)
    if month <= _month(began_on) or (given_on is not None and _month(given_on) >= month):
        return False
    return result.until is None or month <= _month(result.until) + 1


def _month(day: date) -> int:
    return day.year * 12 + day.month
