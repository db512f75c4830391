"""What a flow item left behind that stages can be read off: its signals in order, its labels and columns, its acts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from bot.flow.events import PULL_REQUEST, FlowEvent, ItemKey
from bot.flow.stages import SignalKey, flow_items, signals
from bot.flow.stream import LABEL, STATUS
from bot.flow.waits import Rules

ACTS = ("pushed", "commented", "review_submitted")
LINKED = 0.1
OPENING = 3600
"""Seconds after an item's opening in which labels put on say what it is."""


class Stay(NamedTuple):
    """A label on an item, or an item in a column: [since, until); until None as long as it lasts."""

    signal: SignalKey
    shown: str
    """Its name as people write it."""
    since: int
    until: int | None
    ended_by: str | None
    """The person who took it off or moved the item on; None where nobody did, or a bot."""
    taken_off: bool
    """It ended by itself, not with the item."""
    at_opening: bool


class Trace(NamedTuple):
    """A flow item of a person."""

    key: ItemKey
    parts: Mapping[ItemKey, Sequence[FlowEvent]]
    signals: Sequence[tuple[int, SignalKey]]
    firsts: Mapping[SignalKey, int]
    """When each signal came for the first time."""
    stays: Sequence[Stay]
    acts: Sequence[int]
    """When people pushed, commented and reviewed."""
    author: str | None
    reviewers: frozenset[str]
    merged: bool
    closed: bool
    """All parts of it are."""

    def first(self, wanted: Iterable[SignalKey]) -> int | None:
        """When any of these signals came for the first time."""
        return min((self.firsts[signal] for signal in wanted if signal in self.firsts), default=None)

    @property
    def has_pull_request(self) -> bool:
        return any(_type(told) == PULL_REQUEST for told in self.parts.values())

    @property
    def is_issue(self) -> bool:
        return self.key in self.parts and _type(self.parts[self.key]) != PULL_REQUEST


def traces(
    histories: Mapping[ItemKey, Sequence[FlowEvent]], rules: Callable[[str], Rules], since: int, until: int
) -> list[Trace]:
    """The flow items of people with an event in [since, until); what came after does not exist."""
    known = {key: sorted(event for event in histories[key] if event.at < until) for key in sorted(histories)}
    found = []
    for key, parts in flow_items({key: told for key, told in known.items() if told}).items():
        if any(told[-1].at >= since for told in parts.values()) and not _of_a_bot(key, parts, rules(key[1])):
            found.append(_trace(key, parts, rules))
    return found


def of_one_kind(found: Sequence[Trace]) -> list[Trace]:
    """The flow items that one map can hold: where hardly any issue is linked to a pull request, the pull requests
    alone, or the issues alone where there are more of them that are done."""
    linked = [trace for trace in found if trace.is_issue and trace.has_pull_request]
    if len(linked) >= LINKED * len(found):
        return list(found)
    issues = [trace for trace in found if not trace.has_pull_request]
    pulls = [trace for trace in found if not trace.is_issue]
    return max(pulls, issues, key=lambda kind: sum(trace.closed for trace in kind))


def _trace(key: ItemKey, parts: Mapping[ItemKey, Sequence[FlowEvent]], rules: Callable[[str], Rules]) -> Trace:
    events = [event for told in parts.values() for event in told]
    ends = [life[-1] for life in map(_life, parts.values()) if life]
    told = signals(key, parts, rules)
    return Trace(
        key, parts, told, {signal: at for at, signal in reversed(told)},
        [stay for history in parts.values() for stay in _stays(history, rules(key[1]))],
        sorted(event.at for event in events if event.kind in ACTS and _person(event, rules(key[1]))),
        _author(parts),
        frozenset(event.actor for event in events if event.kind == "review_submitted" and event.actor is not None),
        any(event.kind == "merged" for event in events),
        bool(ends) and all(end.kind in ("merged", "closed") for end in ends),
    )  # fmt: skip


def _life(told: Iterable[FlowEvent]) -> list[FlowEvent]:
    return [event for event in told if event.kind in ("opened", "reopened", "closed", "merged")]


def _type(told: Iterable[FlowEvent]) -> str | None:
    return next((event.data.get("type") for event in told if event.kind == "opened"), None)


def _author(parts: Mapping[ItemKey, Sequence[FlowEvent]]) -> str | None:
    """Of its pull request, if it has one, else of the issue."""
    openings = [event for told in parts.values() for event in told if event.kind == "opened"]
    openings.sort(key=lambda event: (event.data.get("type") != PULL_REQUEST, event))
    return openings[0].actor if openings else None


def _person(event: FlowEvent, rules: Rules) -> bool:
    return event.actor is not None and event.actor_type != "Bot" and not rules.named_like_a_bot(event.actor)


def _of_a_bot(key: ItemKey, parts: Mapping[ItemKey, Sequence[FlowEvent]], rules: Rules) -> bool:
    births = [event for event in parts.get(key, ()) if event.kind == "opened"]
    return not births or not (births[0].actor is None or _person(births[0], rules))


def _stays(told: Sequence[FlowEvent], rules: Rules) -> Iterator[Stay]:
    """The labels and columns of one part, each until it was taken off, or the item ended for good."""
    opened_at = told[0].at
    ended_at = next((event.at for event in reversed(_life(told)) if event.kind in ("closed", "merged")), None)
    on: dict[SignalKey, Stay] = {}
    for event in told:
        for signal, shown in _put_on(event):
            at_opening = event.at - opened_at <= OPENING
            on.setdefault(signal, Stay(signal, shown, event.at, None, None, False, at_opening))
        by = event.actor if _person(event, rules) else None
        for signal in _taken_off(event, on):
            yield on.pop(signal)._replace(until=event.at, ended_by=by, taken_off=True)
    for stay in on.values():
        yield stay._replace(until=ended_at if ended_at is not None and ended_at > stay.since else None)


def _put_on(event: FlowEvent) -> Iterator[tuple[SignalKey, str]]:
    if event.kind == "opened":
        yield from (((LABEL, label.casefold()), label) for label in event.data.get("labels") or ())
    elif event.kind == "labeled":
        yield (LABEL, event.data["label"].casefold()), event.data["label"]
    elif event.kind == "status_changed" and isinstance(event.data.get("to"), str):
        yield (STATUS, event.data["to"].casefold()), event.data["to"]


def _taken_off(event: FlowEvent, on: Iterable[SignalKey]) -> list[SignalKey]:
    if event.kind == "unlabeled":
        gone = (LABEL, event.data["label"].casefold())
        return [gone] if gone in on else []
    if event.kind == "status_changed":
        return [signal for signal in on if signal[0] == STATUS and signal[1] != str(event.data.get("to")).casefold()]
    return []
