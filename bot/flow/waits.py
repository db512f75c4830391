"""The wait ledger: whose turn it was, from when to when, folded from an item's events.

An item is folded from all its events every time; late, repeated and reordered deliveries need no code of their own.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple, TypeAlias

from bot.flow.events import PULL_REQUEST, FlowEvent, ItemKey

KINDS = ("review", "re_review", "rework", "respond", "merge", "assign", "fix")
STAGE = "stage"
"""The kind of a wait in a stage of a value stream; no turn of the ledger's own."""
REVIEWER_KINDS = ("review", "re_review")
"""The kinds whose clock stands while required checks are red (`hold_while_red`)."""

Span: TypeAlias = tuple[int, int | None]
"""[start, end) in seconds since 1970 UTC; an end of None is not known yet."""

Turn: TypeAlias = tuple[str, str, bool]
"""(kind, holder, whether the holder is a team)"""


@dataclass(frozen=True)
class Rules:
    """What a repository agreed about turns. Bot patterns and labels are compared without regard to case."""

    approvals_required: int = 1
    stop_at_quota: bool = True
    hold_while_red: bool = True
    wip_labels: frozenset[str] = frozenset({"wip", "do not merge"})
    bots: tuple[str, ...] = ("dependabot*", "renovate*")
    _known: dict[str, bool] = field(default_factory=dict, init=False, repr=False, compare=False)

    @cached_property
    def _bot_pattern(self) -> re.Pattern[str]:
        one = "|".join(re.escape(pattern).replace(r"\*", ".*") for pattern in (*self.bots, "*[bot]"))
        return re.compile(one, re.IGNORECASE | re.DOTALL)

    @cached_property
    def wip(self) -> frozenset[str]:
        """The labels that say "not ready", case folded."""
        return frozenset(label.casefold() for label in self.wip_labels)

    def named_like_a_bot(self, login: str) -> bool:
        """Whether the login matches a pattern of `bots`; `*[bot]` always counts."""
        known = self._known.get(login)
        if known is None:
            known = self._known[login] = self._bot_pattern.fullmatch(login) is not None
        return known


class Wait(NamedTuple):
    """A maximal span during which it was one holder's turn. Sorting waits sorts ledger lines."""

    repo: str
    item: int
    since: int
    kind: str
    on: str
    team: bool
    host: str
    until: int | None
    ended_by: str | None
    reds: tuple[Span, ...] = ()
    """When the item's required checks were red, over the item's whole history."""
    asked_by: str | None = None
    """Who asked for the review that is waited for, and when; None where nobody did."""
    asked_at: int | None = None
    opened_by: str = ""
    """The kind of the event that made it this holder's turn."""
    stage: str = ""
    """Where a value stream tells of it: the name of its stage."""
    stream: str = ""
    """The key of that value stream."""
    target: int | None = None
    """Working seconds that its map agrees on for the stage."""

    @property
    def key(self) -> ItemKey:
        return (self.host, self.repo, self.item)


class Ledger(NamedTuple):
    """An item's waits, ended and open, and how it stands after its last event."""

    waits: list[Wait]
    author: str | None
    live: bool
    ready: bool
    merged: bool
    nobody_to_ask: bool
    """It is somebody's turn, but the author is gone or a bot and nobody else was asked."""


class _Reviewer:
    """What one person's latest counting review left behind."""

    __slots__ = ("acted_since", "last", "pushed_since", "stance")

    def __init__(self) -> None:
        self.last: str | None = None
        self.stance: str | None = None
        self.pushed_since = False
        self.acted_since = False


class _Item:
    """The state of a pull request; every `on_*` applies one event and says whether turns may have moved."""

    __slots__ = (
        "_bots", "_rules", "author", "author_owes", "draft", "labels", "live", "merged", "opened", "people",
        "queued", "red", "reviewers", "teams",
    )  # fmt: skip

    def __init__(self, rules: Rules, author: str | None, bots: set[str]) -> None:
        self._rules = rules
        self._bots = bots
        self.author = author
        self.author_owes = author is not None and not self.is_bot(author)
        self.opened = self.live = self.draft = self.merged = self.queued = self.red = False
        self.labels: set[str] = set()
        self.people: dict[str | None, FlowEvent] = {}
        self.teams: dict[str, FlowEvent] = {}
        self.reviewers: dict[str | None, _Reviewer] = {}

    def is_bot(self, login: str | None) -> bool:
        return login is not None and (login in self._bots or self._rules.named_like_a_bot(login))

    @property
    def ready(self) -> bool:
        return self.live and not self.draft and self._rules.wip.isdisjoint(self.labels)

    def on_opened(self, event: FlowEvent) -> bool:
        if self.opened:  # an item is opened once; a second telling changes nothing
            return False
        self.opened = self.live = True
        self.draft = bool(event.data.get("draft"))
        self.labels.update(label.casefold() for label in event.data.get("labels") or ())
        return True

    def on_closed(self, event: FlowEvent) -> bool:
        self.live = self.queued = False
        self.merged = self.merged or event.kind == "merged"
        return True

    def on_reopened(self, event: FlowEvent) -> bool:
        self.live = self.opened
        self.merged = False
        return True

    def on_draft(self, event: FlowEvent) -> bool:
        self.draft = event.kind == "converted_to_draft"
        return True

    def on_label(self, event: FlowEvent) -> bool:
        label = event.data["label"].casefold()
        change = self.labels.add if event.kind == "labeled" else self.labels.discard
        change(label)
        return label in self._rules.wip

    def on_queue(self, event: FlowEvent) -> bool:
        self.queued = event.kind == "queued"
        return True

    def on_checks(self, event: FlowEvent) -> bool:
        self.red = event.kind == "checks_failed"
        return True

    def on_requested(self, event: FlowEvent) -> bool:
        team = event.data.get("team")
        if team is not None:
            self.teams.setdefault(team, event)
            return True
        return self._ask(event.data.get("reviewer"), event)

    def _ask(self, person: str | None, ask: FlowEvent) -> bool:
        if person == self.author or self.is_bot(person):
            return False
        self.people.setdefault(person, ask)
        if person in self.reviewers:
            self.reviewers[person].stance = None
        return True

    def on_request_removed(self, event: FlowEvent) -> bool:
        team = event.data.get("team")
        if team is not None:
            self.teams.pop(team, None)
        else:
            self.people.pop(event.data.get("reviewer"), None)
        return True

    def on_claimed(self, event: FlowEvent) -> bool:
        """The team's request goes over to a person, as asked by whoever asked the team."""
        self._ask(event.data["reviewer"], self.teams.pop(event.data["team"], event))
        return True

    def on_review(self, event: FlowEvent) -> bool:
        if not self.live:
            return False
        if event.actor == self.author:
            return self._author_acted()
        if event.actor_type == "Bot" or self.is_bot(event.actor):
            return False
        self._answer_teams(event)
        self.people.pop(event.actor, None)
        reviewer = self.reviewers.setdefault(event.actor, _Reviewer())
        reviewer.last = state = event.data["state"]
        if state != "commented":
            reviewer.stance = state
        reviewer.pushed_since = reviewer.acted_since = False
        return True

    def _answer_teams(self, review: FlowEvent) -> None:
        named = review.data.get("teams")
        if named is not None:
            for team in named:
                self.teams.pop(team, None)
        elif review.actor not in self.people:
            self.teams.clear()

    def on_dismissed(self, event: FlowEvent) -> bool:
        reviewer = self.reviewers.get(event.data["reviewer"])
        if reviewer is None:
            return False
        reviewer.stance, reviewer.last = None, "dismissed"
        return True

    def on_pushed(self, event: FlowEvent) -> bool:
        moved = False
        for login, reviewer in self.reviewers.items():
            if login != event.actor and not (reviewer.pushed_since and reviewer.acted_since):
                reviewer.pushed_since = reviewer.acted_since = moved = True
        return moved

    def on_commented(self, event: FlowEvent) -> bool:
        return event.actor == self.author and self._author_acted()

    def _author_acted(self) -> bool:
        moved = False
        for reviewer in self.reviewers.values():
            if not reviewer.acted_since:
                reviewer.acted_since = moved = True
        return moved

    def turns(self) -> set[Turn]:
        """Whose turn it is right now: semantics of the wait kinds, read off the state."""
        turns: set[Turn] = set()
        if self.queued or not self.ready:
            return turns
        approvals, objects, rework, respond = 0, False, False, False
        again: list[str] = []
        for login, reviewer in self.reviewers.items():
            back = self._handed_back(login, reviewer)
            approvals += reviewer.stance == "approved"
            if reviewer.stance == "changes_requested":
                objects = True
                rework = rework or not back
            elif reviewer.stance is None and reviewer.last == "commented" and not back:
                respond = True
            if back and login is not None and reviewer.stance != "approved":
                again.append(login)
        enough = approvals >= self._rules.approvals_required and not objects
        if not (enough and self._rules.stop_at_quota):
            turns.update(("review", team, True) for team in self.teams)
            turns.update(("review", login, False) for login in self.people if login and login not in self.reviewers)
            turns.update(("re_review", login, False) for login in again)
        if self.author_owes:
            self._author_turns(turns, enough=enough, rework=rework, respond=respond)
        return turns

    def _author_turns(self, turns: set[Turn], *, enough: bool, rework: bool, respond: bool) -> None:
        author = self.author or ""
        if rework:
            turns.add(("rework", author, False))
        elif respond and not enough:
            turns.add(("respond", author, False))
        if self.red:
            turns.add(("fix", author, False))
        elif enough:
            turns.add(("merge", author, False))
        elif not turns:
            turns.add(("assign", author, False))

    def _handed_back(self, login: str | None, reviewer: _Reviewer) -> bool:
        if login in self.people:
            return True
        if reviewer.last == "changes_requested":
            return reviewer.pushed_since
        return reviewer.last == "commented" and reviewer.acted_since


_APPLY: dict[str, Callable[[_Item, FlowEvent], bool]] = {
    "opened": _Item.on_opened,
    "closed": _Item.on_closed,
    "merged": _Item.on_closed,
    "reopened": _Item.on_reopened,
    "ready_for_review": _Item.on_draft,
    "converted_to_draft": _Item.on_draft,
    "labeled": _Item.on_label,
    "unlabeled": _Item.on_label,
    "queued": _Item.on_queue,
    "dequeued": _Item.on_queue,
    "checks_failed": _Item.on_checks,
    "checks_passed": _Item.on_checks,
    "review_requested": _Item.on_requested,
    "review_request_removed": _Item.on_request_removed,
    "claimed": _Item.on_claimed,
    "review_submitted": _Item.on_review,
    "review_dismissed": _Item.on_dismissed,
    "pushed": _Item.on_pushed,
    "commented": _Item.on_commented,
}
"""Kinds that can move a turn; all others are kept in the log and change no state."""


class _Spans:
    """Turns that come and go, joined into maximal spans."""

    def __init__(self, first: FlowEvent) -> None:
        self._host, self._repo, self._item = first.host, first.repo, first.item
        self._open: dict[Turn, Wait] = {}
        self._ended: dict[Turn, list[Wait]] = defaultdict(list)

    def step(self, turns: set[Turn], event: FlowEvent, item: _Item) -> None:
        """From `event` on, exactly `turns` hold."""
        for turn in [turn for turn in self._open if turn not in turns]:
            wait = self._open.pop(turn)
            self._ended[turn].append(wait._replace(until=event.at, ended_by=event.kind))
        for turn in turns:
            if turn not in self._open:
                self._open[turn] = self._reopened(turn, event.at) or self._begun(turn, event, item)

    def _reopened(self, turn: Turn, at: int) -> Wait | None:
        ended = self._ended.get(turn)
        if ended and ended[-1].until == at:
            return ended.pop()._replace(until=None, ended_by=None)
        return None

    def _begun(self, turn: Turn, event: FlowEvent, item: _Item) -> Wait:
        kind, on, team = turn
        ask = None
        if kind in REVIEWER_KINDS:
            ask = item.teams.get(on) if team else item.people.get(on)
        return Wait(
            self._repo, self._item, event.at, kind, on, team, self._host, None, None, (),
            ask.actor if ask else None, ask.at if ask else None, event.kind,
        )  # fmt: skip

    @property
    def any_open(self) -> bool:
        return bool(self._open)

    def waits(self, reds: tuple[Span, ...]) -> list[Wait]:
        found = [wait for ended in self._ended.values() for wait in ended if wait.since != wait.until]
        found.extend(self._open.values())
        if reds:
            found = [wait._replace(reds=reds) for wait in found]
        found.sort(key=lambda wait: wait[:7])  # as ledger lines go
        return found


def fold(events: Iterable[FlowEvent], rules: Rules) -> Ledger | None:
    """Fold one item's events (any order, each once) into its ledger; None where it was never `opened`."""
    history = sorted(events)
    birth = next((event for event in history if event.kind == "opened"), None)
    if birth is None:
        return None
    if birth.data.get("type") != PULL_REQUEST:
        return _fold_issue(history, birth)
    bots = {event.actor for event in history if event.actor_type == "Bot" and event.actor is not None}
    item = _Item(rules, birth.actor, bots)
    spans, reds, red_since = _Spans(birth), [], None
    for event in history:
        apply = _APPLY.get(event.kind)
        if apply is None or not apply(item, event):
            continue
        spans.step(item.turns(), event, item)
        if item.red and red_since is None:
            red_since = event.at
        elif not item.red and red_since is not None:
            reds.append((red_since, event.at))
            red_since = None
    all_reds: tuple[Span, ...] = (*reds, *(() if red_since is None else ((red_since, None),)))
    ready = item.ready and not item.queued
    return Ledger(spans.waits(all_reds), item.author, item.live, item.ready, item.merged, ready and not spans.any_open)


def _fold_issue(history: list[FlowEvent], birth: FlowEvent) -> Ledger:
    """Issues have a life but no turns of their own."""
    turnings = [event.kind for event in history if event.kind in ("closed", "reopened")]
    live = turnings[-1:] != ["closed"]
    return Ledger([], birth.actor, live, live, False, False)


def by_item(events: Iterable[FlowEvent]) -> dict[ItemKey, list[FlowEvent]]:
    """Events sorted into their items."""
    items: dict[ItemKey, list[FlowEvent]] = defaultdict(list)
    for event in events:
        items[event[4:7]].append(event)  # host, repo, item stand side by side
    return items
