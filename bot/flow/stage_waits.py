"""Waits in the waiting stages of a value stream: whose turn it is to end a stage, from when to when.

An item that is in a waiting stage waits for whoever is responsible for ending it. The wait ends as the item moves on,
or as somebody picks it up (it is assigned, or taken over); a hand-over makes it another's. What the ledger of turns
tells of (semantics.md) is left to it: a stage that turns tell of has no waits of its own, and nobody waits twice on
one item. The result hangs on the set of events alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from bot.flow.events import CLAIMED, HANDED_OVER, PULL_REQUEST, FlowEvent, ItemKey
from bot.flow.stages import PICKED_UP, Journey, Visit
from bot.flow.stream import GROUP, PERSON, REVIEWERS, TEAM, Stage, Stream
from bot.flow.waits import KINDS, STAGE, Rules, Span, Wait, fold

Holder: TypeAlias = tuple[str, bool]
"""(a login, or a team's slug or a user group's id; whether it is a team or group)"""
_MOVING = ("opened", "closed", "merged", "reopened", "review_requested", "review_request_removed", "review_submitted",
           CLAIMED, HANDED_OVER)  # fmt: skip
"""The kinds of events by which another may be responsible."""
_TALK = ("commented", "pushed", "checks_failed", "checks_passed")
"""Kinds that move no item; what came in the same second as one that does has not ended a stage."""


def stage_waits(
    stream: Stream, one: Journey, histories: Mapping[ItemKey, Sequence[FlowEvent]], rules: Callable[[str], Rules]
) -> list[Wait]:
    """The waits of an item's way through a stream, ended and open, oldest first.

    `histories` are the item's own events and those of what closes it, as `journey` takes them.
    """
    stages = {stage.name: stage for stage in stream.path(one.segment)[:-1] if is_held(stage)}
    held = [(visit, stages[visit.stage]) for visit in one.visits if visit.stage in stages]
    if not held:
        return []
    story = _Story(histories, rules)
    found = [wait for visit, stage in held for wait in _of_visit(one.key, visit, stage, story)]
    return sorted(found, key=lambda wait: (wait.since, wait.stage, wait.on, wait.team))


def is_held(stage: Stage) -> bool:
    """Whether somebody holds an item that is in a stage: it waits there, and no turns tell of it."""
    told_by_turns = any(signal.kind in KINDS for signal in stage.signals)
    return not stage.active and stage.responsible is not None and not told_by_turns


def _of_visit(key: ItemKey, visit: Visit, stage: Stage, story: _Story) -> Iterator[Wait]:
    end = visit.until if visit.picked_up_at is None else visit.picked_up_at
    moving = {event.at for event in story.events if event.kind in _MOVING}
    marks = [visit.since, *sorted(at for at in moving if visit.since < at and (end is None or at < end))]
    for holder, spans in _spans(marks, end, lambda at: story.holders(stage, visit, at)).items():
        for since, until in _without(spans, story.turns(holder)):
            began = story.last_at(since)
            yield Wait(
                key[1], key[2], since, STAGE, *holder, key[0], until,
                None if until is None else story.ending(visit, until),
                asked_by=began.actor, asked_at=since, opened_by=began.kind, stage=stage.name, target=stage.target,
            )  # fmt: skip


def _spans(
    marks: Sequence[int], end: int | None, holders: Callable[[int], Iterable[Holder]]
) -> dict[Holder, list[Span]]:
    """From when to when each was a holder; `marks` are the instants at which that may change."""
    found: dict[Holder, list[Span]] = defaultdict(list)
    for start, stop in zip(marks, [*marks[1:], end], strict=True):
        if start == stop:
            continue
        for holder in holders(start):
            spans = found[holder]
            if spans and spans[-1][1] == start:
                start_before, _ = spans.pop()
                spans.append((start_before, stop))
            else:
                spans.append((start, stop))
    return found


def _without(spans: Iterable[Span], others: Iterable[Span]) -> list[Span]:
    """Spans less what lies in others; an end of None is open."""
    left = list(spans)
    for start, stop in others:
        left = [part for span in left for part in _cut(span, start, stop)]
    return left


def _cut(span: Span, start: int, stop: int | None) -> Iterator[Span]:
    since, until = span
    if (stop is not None and stop <= since) or (until is not None and until <= start):
        yield span
        return
    if since < start:
        yield since, start
    if stop is not None and (until is None or stop < until):
        yield stop, until


class _Story:
    """A flow item's events, and who is whose turn by them."""

    def __init__(self, histories: Mapping[ItemKey, Sequence[FlowEvent]], rules: Callable[[str], Rules]) -> None:
        self._histories = {key: sorted(told) for key, told in histories.items()}
        self._rules = rules
        self.events = sorted(event for told in self._histories.values() for event in told)
        self._bots = {event.actor for event in self.events if event.actor and event.actor_type == "Bot"}
        self._turns: dict[Holder, list[Span]] | None = None

    def turns(self, holder: Holder) -> Sequence[Span]:
        """When a part of the item was somebody's turn by the ledger."""
        if self._turns is None:
            self._turns = defaultdict(list)
            for key, told in self._histories.items():
                ledger = fold(told, self._rules(key[1]))
                for wait in ledger.waits if ledger else ():
                    self._turns[wait.on.casefold(), wait.team].append((wait.since, wait.until))
        login, team = holder  # a map may spell it another way than the host
        return self._turns.get((login.casefold(), team), ())

    def last_at(self, instant: int) -> FlowEvent:
        """The event of an instant by which a stage began or ended: the last one that is not mere talk, if any."""
        there = [event for event in self.events if event.at == instant]
        return next((event for event in reversed(there) if event.kind not in _TALK), there[-1])

    def ending(self, visit: Visit, instant: int) -> str:
        """The kind of the event that ended a wait: where somebody picked the item up, that."""
        if instant == visit.picked_up_at:
            return next(event.kind for event in self.events if event.at == instant and event.kind in PICKED_UP)
        return self.last_at(instant).kind

    def holders(self, stage: Stage, visit: Visit, at: int) -> list[Holder]:
        """Who was responsible for ending a stage at an instant of a visit. Bots never are."""
        until = [event for event in self.events if event.at <= at]
        to = next((event.data.get("to") for event in reversed(until) if _hands_over(event, visit)), None)
        if isinstance(to, str):
            return [(to, False)]
        who = stage.responsible
        if who is None:
            return []
        if who.kind in (TEAM, GROUP):
            return [(who.name, True)]
        if who.kind == PERSON:
            return self._people([who.name], stage)
        asked = self._asked(at) if who.kind == REVIEWERS else []
        return asked or self._people(self._assigned(until) or self._authors(at), stage)

    def _people(self, logins: Iterable[str], stage: Stage) -> list[Holder]:
        named = stage.responsible is not None and stage.responsible.kind == PERSON
        return [(login, False) for login in dict.fromkeys(logins) if named or not self._is_bot(login)]

    def _is_bot(self, login: str) -> bool:
        return login in self._bots or any(self._rules(repo).named_like_a_bot(login) for _, repo, _ in self._histories)

    def _asked(self, at: int) -> list[Holder]:
        """Whose review of an open pull request is asked for, as far as people and teams go."""
        found: list[Holder] = []
        for told in self._histories.values():
            known = [event for event in told if event.at <= at]
            if _is_open(known):
                found += [holder for holder in _requests(known) if holder[1] or not self._is_bot(holder[0])]
        return list(dict.fromkeys(found))

    def _assigned(self, until: Iterable[FlowEvent]) -> list[str]:
        found: dict[tuple[ItemKey, str], None] = {}
        for event in until:
            login = event.data.get("assignee")
            if event.kind == "assigned" and isinstance(login, str):
                found[event.key, login] = None
            elif event.kind == "unassigned" and isinstance(login, str):
                found.pop((event.key, login), None)
        return [login for _, login in found]

    def _authors(self, at: int) -> list[str]:
        """Who opened the pull request that was opened last, else the item."""
        opened = [event for event in self.events if event.kind == "opened" and event.at <= at and event.actor]
        pulls = [event for event in opened if event.data.get("type") == PULL_REQUEST]
        return [str(event.actor) for event in (pulls or opened)[-1:]]


def _hands_over(event: FlowEvent, visit: Visit) -> bool:
    return event.kind == HANDED_OVER and event.at > visit.since and event.data.get("stage") == visit.stage


def _is_open(told: Sequence[FlowEvent]) -> bool:
    """Whether a pull request is open by its events."""
    opened = any(event.kind == "opened" and event.data.get("type") == PULL_REQUEST for event in told)
    last = next((event.kind for event in reversed(told) if event.kind in ("closed", "merged", "reopened")), None)
    return opened and last in (None, "reopened")


def _requests(told: Iterable[FlowEvent]) -> list[Holder]:
    """The requests for a review that hold after events; a person's ends with their review."""
    found: dict[Holder, None] = {}
    for event in told:
        person, team = event.data.get("reviewer"), event.data.get("team")
        holder: Holder | None = (person, False) if isinstance(person, str) else None
        if holder is None and isinstance(team, str):
            holder = (team, True)
        if event.kind == CLAIMED and isinstance(team, str):
            found.pop((team, True), None)
        if event.kind in ("review_requested", CLAIMED) and holder is not None:
            found[holder] = None
        elif event.kind == "review_request_removed" and holder is not None:
            found.pop(holder, None)
        elif event.kind == "review_submitted" and event.actor is not None:
            found.pop((event.actor, False), None)
    return list(found)
