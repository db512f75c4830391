"""Where an item was in a value stream, from when to when: folded from the events of the item and of what closes it.

A flow item is an issue with the pull requests that close it, or a pull request alone. It is in the stage whose signal
matched last; of two that match at once, in the further one. The result hangs on the set of events alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from bot.flow.events import FlowEvent, ItemKey
from bot.flow.stream import DEPLOY, LABEL, STATUS, UNLABEL, Segment, Signal, Stage, Stream
from bot.flow.waits import KINDS, Rules, fold

Moment: TypeAlias = tuple[tuple[int, int, int, str, int], Signal, FlowEvent]
"""(what moments are sorted by, the signal, the event that gave it)"""
PICKED_UP = ("assigned", "claimed")


class Visit(NamedTuple):
    """A stay in a stage: [since, until) in seconds since 1970 UTC; until None as long as it lasts."""

    stage: str
    since: int
    until: int | None
    picked_up_at: int | None = None
    """When somebody took the item up during it."""


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


def journey(
    key: ItemKey, histories: Mapping[ItemKey, Sequence[FlowEvent]], stream: Stream, rules: Callable[[str], Rules]
) -> Journey | None:
    """Fold a flow item: its own events, and those of the pull requests that close it, by their keys.

    None where no signal of the stream ever matched. `rules(repo)` says how turns go, for the wait kinds.
    """
    events = {item: sorted(told) for item, told in histories.items()}
    moments = sorted(
        (
            moment
            for item, told in events.items()
            for moment in _moments(told, rules(item[1]), waits=needs_waits(stream))
        ),
        key=lambda moment: moment[0],
    )
    segment = _segment(stream.segments, moments)
    path = stream.path(segment)
    closed_at = _given_up(events)
    entries = [one for one in _entries(path, moments) if closed_at is None or one[0] <= closed_at]
    return _journey(key, segment, path, entries, events, closed_at) if entries else None


def needs_waits(stream: Stream) -> bool:
    """Whether turns tell of any stage, or of any segment."""
    told = [stage.signals for stage in stream.stages] + [segment.signals for segment in stream.segments]
    return any(signal.kind in KINDS for signals in told for signal in signals)


def _moments(told: Sequence[FlowEvent], rules: Rules, *, waits: bool) -> Iterator[Moment]:
    """The signals of one item, each with the event that gave it; of turns only where they are wanted."""
    by_instant: dict[tuple[int, str], FlowEvent] = {}
    for event in told:
        by_instant.setdefault((event.at, event.kind), event)
        for signal in _signals(event):
            yield (event.at, 0, event.seq, event.id, event.item), signal, event
    ledger = fold(told, rules) if waits else None
    for wait in ledger.waits if ledger else ():
        cause = by_instant.get((wait.since, wait.opened_by))
        if cause is not None:  # a turn comes after what made it one
            yield (wait.since, 1, cause.seq, cause.id, cause.item), Signal(wait.kind), cause


def _signals(event: FlowEvent) -> Iterator[Signal]:
    read = _READ.get(event.kind)
    if read is not None:
        yield from read(event)


def _opened(event: FlowEvent) -> Iterator[Signal]:
    yield Signal("opened")
    if event.data.get("type") == "pull_request":
        yield Signal("draft" if event.data.get("draft") else "ready")
    yield from (Signal(LABEL, label) for label in event.data.get("labels") or ())


def _plain(kind: str) -> Callable[[FlowEvent], Iterator[Signal]]:
    return lambda _: iter((Signal(kind),))


def _named(kind: str, key: str) -> Callable[[FlowEvent], Iterator[Signal]]:
    """A signal that names what the event has under a key; none where it has nothing there."""
    return lambda event: iter((Signal(kind, event.data[key]),) if isinstance(event.data.get(key), str) else ())


_READ: dict[str, Callable[[FlowEvent], Iterator[Signal]]] = {
    "opened": _opened,
    "converted_to_draft": _plain("draft"),
    "ready_for_review": _plain("ready"),
    "assigned": _plain("assigned"),
    "merged": _plain("merged"),
    "closed": _plain("closed"),
    "released": _plain("release"),
    "labeled": _named(LABEL, "label"),
    "unlabeled": _named(UNLABEL, "label"),
    "status_changed": _named(STATUS, "to"),
    "deployed": _named(DEPLOY, "environment"),
}


def _segment(segments: Sequence[Segment], moments: Iterable[Moment]) -> str | None:
    """The segment whose mark the item carried last; the first one where it never carried any."""
    found = segments[0].name if segments else None
    marks = {signal.key: segment.name for segment in segments for signal in segment.signals}
    for _, signal, _ in moments:
        found = marks.get(signal.key, found)
    return found


def _entries(path: Sequence[Stage], moments: Iterable[Moment]) -> Iterator[tuple[int, int, FlowEvent]]:
    """(instant, place of the stage entered, what put the item there), in order; what changes nothing is left out."""
    places: dict[tuple[str, str], int] = {}
    for number, stage in enumerate(path):
        places.update({signal.key: number for signal in stage.signals})
    at, furthest, where = 0, -1, -1
    for (instant, *_), signal, event in moments:
        place = places.get(signal.key)
        if place is None:
            continue
        furthest = max(place, furthest) if instant == at else place
        at = instant
        if furthest != where:
            where = furthest
            yield instant, where, event


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
    key: ItemKey, segment: str | None, path: Sequence[Stage], entries: Sequence[tuple[int, int, FlowEvent]],
    events: Mapping[ItemKey, Sequence[FlowEvent]], closed_at: int | None,
) -> Journey:  # fmt: skip
    """`closed_at` is when the item was given up, where it was; no entry lies behind it."""
    finish = len(path) - 1
    picks = sorted(event.at for told in events.values() for event in told if event.kind in PICKED_UP)
    stays = []
    for (since, stage, _), following in zip(entries, [*entries[1:], None], strict=True):
        until = following[0] if following else None
        if since == until:  # it was there for no time at all
            continue
        picked = next((at for at in picks if since < at and (until is None or at <= until)), None)
        stays.append(Visit(path[stage].name, since, until, picked))
    at, place, _ = entries[-1]
    done = at if place == finish else None
    dropped = closed_at if done is None else None
    if dropped is not None:
        stays[-1] = stays[-1]._replace(until=dropped)
    return Journey(key, segment, tuple(_joined(stays)), done, dropped)


def _joined(stays: Iterable[Visit]) -> Iterator[Visit]:
    """Stays in one stage that follow each other as one."""
    kept: Visit | None = None
    for stay in stays:
        if kept is not None and kept.stage == stay.stage:
            kept = kept._replace(until=stay.until, picked_up_at=kept.picked_up_at or stay.picked_up_at)
            continue
        if kept is not None:
            yield kept
        kept = stay
    if kept is not None:
        yield kept


def loops(path: Sequence[Stage], journeys: Iterable[Journey]) -> Counter[tuple[str, str]]:
    """How often items went back, by (from, to)."""
    place = {stage.name: number for number, stage in enumerate(path)}
    found: Counter[tuple[str, str]] = Counter()
    for one in journeys:
        for before, after in zip(one.visits, one.visits[1:], strict=False):
            if place.get(after.stage, 0) < place.get(before.stage, 0):
                found[before.stage, after.stage] += 1
    return found


def hand_offs(path: Sequence[Stage], one: Journey) -> int:
    """How often another became responsible for an item on its way."""
    held = {stage.name: stage.responsible for stage in path}
    return sum(
        held.get(before.stage) != held.get(after.stage)
        for before, after in zip(one.visits, one.visits[1:], strict=False)
    )
