"""Where an item was in a value stream, from when to when: folded from the events of the item and of what closes it.

A flow item is an issue with the pull requests that close it, or a pull request alone. It is in the stage whose signal
matched last; of several that match at once, in the furthest. The result hangs on the set of events alone.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import groupby, pairwise
from operator import itemgetter
from typing import Any, NamedTuple, TypeAlias

from bot.flow.events import CLAIMED, HANDED_OVER, PICKED, PULL_REQUEST, FlowEvent, ItemKey
from bot.flow.stream import DEPLOY, LABEL, STATUS, UNLABEL, Stage, Stream
from bot.flow.waits import KINDS, Rules, fold

SignalKey: TypeAlias = tuple[str, str]
"""(kind, name in lower case), as `Signal.key`."""
Moment: TypeAlias = tuple[int, int, tuple[Any, ...], SignalKey]
"""(instant, 0 for an event and 1 for a turn it made, what moments of an instant are sorted by, the signal)"""
Entry: TypeAlias = tuple[int, int]
"""(instant, place on the path)"""
PICKED_UP = ("assigned", CLAIMED, PICKED)
_REOPENED: SignalKey = ("reopened", "")
"""No stage's signal: it takes an item back from the finish line."""


class _Any:
    def __contains__(self, _: object) -> bool:
        return True


_ANY = _Any()


class Visit(NamedTuple):
    """A stay in a stage: [since, until) in seconds since 1970 UTC; until None as long as it lasts."""

    stage: str
    since: int
    until: int | None
    picked_up_at: int | None = None
    """When somebody took the item up during it."""
    handed_over: int = 0
    """How often it was handed to another person during it."""


class Journey(NamedTuple):
    """A flow item's way through a stream; its visits follow each other without a gap."""

    key: ItemKey
    segment: str | None
    visits: tuple[Visit, ...]
    done_at: int | None
    """When it reached the finish line for the last time; None while it is not there."""
    dropped_at: int | None
    """When it was given up on the way."""

    @property
    def began_at(self) -> int:
        return self.visits[0].since

    @property
    def now_in(self) -> str | None:
        """The stage it is in; None once it is done or dropped."""
        over = self.done_at is not None or self.dropped_at is not None
        return None if over else self.visits[-1].stage

    @property
    def flow_time(self) -> int | None:
        """Seconds from its beginning to its end; None while it has none."""
        end = self.done_at if self.done_at is not None else self.dropped_at
        return None if end is None else end - self.began_at


def flow_items(
    histories: Mapping[ItemKey, Sequence[FlowEvent]],
) -> dict[ItemKey, dict[ItemKey, Sequence[FlowEvent]]]:
    """Histories by flow item, as `journey` takes them. A pull request that closes several issues is part of each."""
    found: dict[ItemKey, dict[ItemKey, Sequence[FlowEvent]]] = {}
    parts: dict[ItemKey, list[ItemKey]] = defaultdict(list)
    for key, told in histories.items():
        wholes = [issue for issue in closes(told) if issue in histories]
        for issue in wholes:
            parts[issue].append(key)
        if not wholes:
            found[key] = {key: told}
    for issue, keys in parts.items():
        found.setdefault(issue, {issue: histories[issue]}).update((key, histories[key]) for key in keys)
    return found


def closes(told: Iterable[FlowEvent]) -> frozenset[ItemKey]:
    """The issues that a pull request is to close, by its events in any order."""
    found: set[ItemKey] = set()
    for event in sorted(event for event in told if event.kind in ("linked", "unlinked")):
        issue = event.data.get("issue")
        if type(issue) is int:
            change = found.add if event.kind == "linked" else found.discard
            change((event.host, event.data.get("in") or event.repo, issue))
    return frozenset(found - {event.key for event in told})


def journey(
    key: ItemKey, histories: Mapping[ItemKey, Sequence[FlowEvent]], stream: Stream, rules: Callable[[str], Rules]
) -> Journey | None:
    """Fold a flow item: its own events, and those of the pull requests that close it, by their keys.

    None where no signal of the stream ever matched. `rules(repo)` says how turns go, for the wait kinds.
    """
    reading = _reading(stream)
    events = {item: sorted(told) for item, told in histories.items()}
    moments: list[Moment] = []
    for item, told in events.items():
        moments += _moments(told, reading.wanted, own=item == key)
        if reading.turns:
            moments += _turns(item, told, rules(item[1]), reading.wanted)
    moments.sort()
    segment = _segment(reading, moments)
    path = reading.paths[segment]
    closed_at = _given_up(events)
    entries = [
        one
        for one in _entries(reading.places[segment], len(path) - 1, moments)
        if closed_at is None or one[0] <= closed_at
    ]
    return _journey(key, segment, path, entries, _Acts(_picks(events), _hands(events)), closed_at) if entries else None


def signals(
    key: ItemKey, histories: Mapping[ItemKey, Sequence[FlowEvent]], rules: Callable[[str], Rules]
) -> list[tuple[int, SignalKey]]:
    """(instant, signal) of all that a flow item ever told, whatever a stream looks for; in order."""
    found: list[Moment] = []
    for item, told in histories.items():
        history = sorted(told)
        found += _moments(history, _ANY, own=item == key)
        found += _turns(item, history, rules(item[1]), _ANY)
    return [(at, signal) for at, _, _, signal in sorted(found) if signal != _REOPENED]


def needs_waits(stream: Stream) -> bool:
    """Whether turns tell of any stage, or of any segment."""
    return _reading(stream).turns


class _Reading(NamedTuple):
    """What a stream looks for in events."""

    wanted: frozenset[SignalKey]
    turns: bool
    first: str | None
    """The segment of what carries no mark."""
    marks: dict[SignalKey, str]
    """Whose mark it is, by segment."""
    paths: dict[str | None, tuple[Stage, ...]]
    """By segment."""
    places: dict[str | None, Mapping[SignalKey, int]]
    """By segment: where on its path a signal puts an item; of two stages that name it, the further one."""


@lru_cache(maxsize=64)
def _reading(stream: Stream) -> _Reading:
    marks = {signal.key: segment.name for segment in stream.segments for signal in segment.signals}
    names: list[str | None] = [segment.name for segment in stream.segments] or [None]
    paths = {name: stream.path(name) for name in names}
    places = {name: _places(path) for name, path in paths.items()}
    wanted = frozenset((*marks, *(key for place in places.values() for key in place), _REOPENED))
    return _Reading(wanted, any(kind in KINDS for kind, _ in wanted), names[0], marks, paths, places)


def _places(path: Sequence[Stage]) -> Mapping[SignalKey, int]:
    return {signal.key: number for number, stage in enumerate(path) for signal in stage.signals}


def _moments(told: Iterable[FlowEvent], wanted: Container[SignalKey], *, own: bool) -> Iterator[Moment]:
    """The wanted signals of one item's events; of what closes it, its life and assignees tell nothing."""
    reads = _OWN if own else _READ
    for event in told:
        read = reads.get(event.kind)
        for signal in read(event.data) if read is not None else ():
            if signal in wanted:
                yield event.at, 0, event, signal


def _turns(item: ItemKey, told: Sequence[FlowEvent], rules: Rules, wanted: Container[SignalKey]) -> Iterator[Moment]:
    """The wanted kinds of turns when they begin, and again when others' end leaves them alone."""
    ledger = fold(told, rules)
    waits = ledger.waits if ledger else []
    begun = {wait.since for wait in waits}
    for wait in waits:
        again = {other.until for other in waits if other.until is not None and wait.since < other.until} - begun
        for at in (wait.since, *(at for at in again if wait.until is None or at < wait.until)):
            if (wait.kind, "") in wanted:
                yield at, 1, item, (wait.kind, "")


def _opened(data: Mapping[str, Any]) -> Iterator[SignalKey]:
    yield ("opened", "")
    yield from _made(data)


def _made(data: Mapping[str, Any]) -> Iterator[SignalKey]:
    """What an opening tells beside that it opened."""
    if data.get("type") == PULL_REQUEST:
        yield ("draft" if data.get("draft") else "ready", "")
    yield from ((LABEL, label.casefold()) for label in data.get("labels") or ())


def _plain(*kinds: str) -> Callable[[Mapping[str, Any]], Sequence[SignalKey]]:
    signals = tuple((kind, "") for kind in kinds)
    return lambda _: signals


def _named(kind: str, key: str) -> Callable[[Mapping[str, Any]], Sequence[SignalKey]]:
    """A signal that names what the event has under a key; none where it has no text there."""
    return lambda data: ((kind, data[key].casefold()),) if isinstance(data.get(key), str) else ()


_READ: dict[str, Callable[[Mapping[str, Any]], Iterable[SignalKey]]] = {
    "opened": _made,
    "converted_to_draft": _plain("draft"),
    "ready_for_review": _plain("ready"),
    "merged": _plain("merged"),
    "released": _plain("release"),
    "labeled": _named(LABEL, "label"),
    "unlabeled": _named(UNLABEL, "label"),
    "status_changed": _named(STATUS, "to"),
    "deployed": _named(DEPLOY, "environment"),
}
"""What tells something of a flow item, whichever part of it an event is of."""
_OWN = _READ | {
    "opened": _opened,
    "assigned": _plain("assigned"),
    "merged": _plain("merged", "closed"),
    "closed": _plain("closed"),
    "reopened": _plain("reopened"),
}
"""And of the flow item itself: opening or closing a pull request for an issue does neither to the issue."""


def _segment(reading: _Reading, moments: Iterable[Moment]) -> str | None:
    """The segment whose mark the item carried last; the first one where it never carried any."""
    found = reading.first
    for *_, signal in moments:
        found = reading.marks.get(signal, found)
    return found


def _entries(places: Mapping[SignalKey, int], finish: int, moments: Iterable[Moment]) -> Iterator[Entry]:
    """Where the item came to be, in order; what changes nothing is left out."""
    where = before = -1
    for at, together in groupby(moments, itemgetter(0)):
        furthest = -1
        for *_, signal in together:
            if signal != _REOPENED:
                furthest = max(furthest, places.get(signal, -1))
            elif finish in (furthest, where):
                furthest = before
        if furthest in (-1, where):
            continue
        where = furthest
        before = where if where != finish else before
        yield at, where


def _picks(events: Mapping[ItemKey, Iterable[FlowEvent]]) -> list[int]:
    """When somebody took the item up."""
    return sorted(event.at for told in events.values() for event in told if event.kind in PICKED_UP)


def _hands(events: Mapping[ItemKey, Iterable[FlowEvent]]) -> list[tuple[int, str]]:
    """(instant, stage) of each handing over."""
    return sorted(
        (event.at, str(event.data.get("stage")))
        for told in events.values()
        for event in told
        if event.kind == HANDED_OVER
    )


class _Acts(NamedTuple):
    """What people did to an item during its stays."""

    picks: Sequence[int]
    hands: Sequence[tuple[int, str]]


def _given_up(events: Mapping[ItemKey, Sequence[FlowEvent]]) -> int | None:
    """When the last part of an item was closed, where nothing of it was merged; None while something is open."""
    last: int | None = None
    for told in events.values():
        ends = [event for event in told if event.kind in ("closed", "merged", "reopened", "opened")]
        if not ends or ends[-1].kind != "closed" or any(event.kind == "merged" for event in ends):
            return None
        last = max(ends[-1].at, last or 0)
    return last


def _journey(
    key: ItemKey, segment: str | None, path: Sequence[Stage], entries: Sequence[Entry], acts: _Acts,
    closed_at: int | None,
) -> Journey:  # fmt: skip
    """`closed_at` is when the item was given up, where it was; no entry lies behind it."""
    at, place = entries[-1]
    done = at if place == len(path) - 1 else None
    dropped = closed_at if done is None else None
    if dropped == at and len(entries) > 1:  # it was there for no time at all
        entries = entries[:-1]
    ends = [*(since for since, _ in entries[1:]), dropped]
    visits = (_visit(path[stage].name, since, until, acts) for (since, stage), until in zip(entries, ends, strict=True))
    return Journey(key, segment, tuple(visits), done, dropped)


def _visit(stage: str, since: int, until: int | None, acts: _Acts) -> Visit:
    def during(at: int) -> bool:
        return since < at and (until is None or at <= until)

    picked_up_at = next((at for at in acts.picks if during(at)), None)
    return Visit(stage, since, until, picked_up_at, sum(during(at) and name == stage for at, name in acts.hands))


def loops(path: Sequence[Stage], journeys: Iterable[Journey]) -> Counter[tuple[str, str]]:
    """How often items went back, by (from, to); of stages on the path."""
    place = {stage.name: number for number, stage in enumerate(path)}
    return Counter(
        (before.stage, after.stage)
        for one in journeys
        for before, after in pairwise(one.visits)
        if place.get(after.stage, len(place)) < place.get(before.stage, 0)
    )


def hand_offs(path: Sequence[Stage], one: Journey) -> int:
    """How often another became responsible for an item on its way; where nobody is, the one before still is.

    A change of stage is one where its responsible is another; so is each handing over within a stage.
    """
    held = {stage.name: stage.responsible for stage in path[:-1]}
    holders = [held[visit.stage] for visit in one.visits if held.get(visit.stage) is not None]
    within = sum(visit.handed_over for visit in one.visits)
    return within + sum(before != after for before, after in pairwise(holders))
