"""How a pull request stands on the code host: folded from its events, in the order they are told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from bot.flow.events import PULL_REQUEST, FlowEvent, ItemKey
from bot.world.words import said

LINES = 60
"""Lines of an item's log that are kept."""


@dataclass
class Item:
    """A pull request as its page on the code host shows it; instants in seconds since 1970 UTC."""

    key: ItemKey
    title: str
    url: str
    author: str | None
    by_a_bot: bool
    draft: bool
    labels: dict[str, None]
    opened_at: int
    updated_at: int = 0
    seq: int = 0
    """The number of its last event within it."""
    live: bool = True
    merged: bool = False
    red: bool = False
    queued: bool = False
    people: dict[str, None] = field(default_factory=dict)
    """Who is asked for a review."""
    teams: dict[str, None] = field(default_factory=dict)
    stances: dict[str | None, str] = field(default_factory=dict)
    """Everybody who approved or objected, and has not been asked to look again."""
    assignees: dict[str, None] = field(default_factory=dict)
    log: list[tuple[int, str]] = field(default_factory=list)

    @property
    def repo(self) -> str:
        return self.key[1]

    @property
    def number(self) -> int:
        return self.key[2]

    @property
    def name(self) -> str:
        """`acme/shop#12`"""
        return f"{self.repo}#{self.number}"

    @property
    def state(self) -> str:
        """`open`, `draft`, `merged` or `closed`."""
        if not self.live:
            return "merged" if self.merged else "closed"
        return "draft" if self.draft else "open"

    def who(self, stance: str) -> list[str]:
        """Those whose word on it is `approved` or `changes_requested`; a deleted account is `somebody`."""
        return [login or "somebody" for login, word in self.stances.items() if word == stance]

    def apply(self, event: FlowEvent) -> None:
        """Follow an event; kinds that change nothing are in the log all the same."""
        apply = _APPLY.get(event.kind)
        if apply is not None:
            apply(self, event)
        self.seq, self.updated_at = max(self.seq, event.seq), max(self.updated_at, event.at)
        self.log = [*self.log[1 - LINES :], (event.at, said(event))]


def opened(event: FlowEvent) -> Item | None:
    """The pull request that an `opened` event brings; None where it opens something else."""
    if event.kind != "opened" or event.data.get("type") != PULL_REQUEST:
        return None
    own = event.data
    item = Item(
        event.key, own.get("title") or f"Pull request {event.item}", own.get("url") or "", event.actor,
        event.actor_type == "Bot", bool(own.get("draft")), dict.fromkeys(own.get("labels") or ()), event.at,
    )  # fmt: skip
    item.apply(event)
    return item


def _end(item: Item, event: FlowEvent) -> None:
    item.live = item.queued = False
    item.merged = event.kind == "merged"


def _reopen(item: Item, _: FlowEvent) -> None:
    item.live, item.merged = True, False


def _draft(item: Item, event: FlowEvent) -> None:
    item.draft = event.kind == "converted_to_draft"


def _label(item: Item, event: FlowEvent) -> None:
    _put(item.labels, event.data["label"], there=event.kind == "labeled")


def _assign(item: Item, event: FlowEvent) -> None:
    _put(item.assignees, event.data.get("assignee"), there=event.kind == "assigned")


def _queue(item: Item, event: FlowEvent) -> None:
    item.queued = event.kind == "queued"


def _checks(item: Item, event: FlowEvent) -> None:
    item.red = event.kind == "checks_failed"


def _request(item: Item, event: FlowEvent) -> None:
    asked = event.kind == "review_requested"
    if event.data.get("team") is not None:
        return _put(item.teams, event.data["team"], there=asked)
    login = event.data.get("reviewer")
    if asked:
        item.stances.pop(login, None)  # a fresh look is asked for
    return _put(item.people, login, there=asked)


def _review(item: Item, event: FlowEvent) -> None:
    """A review answers what its author was asked, and the teams that it speaks for."""
    if not item.live or event.actor == item.author or event.actor_type == "Bot":
        return
    named = event.data.get("teams")
    if named is not None:
        for team in named:
            item.teams.pop(team, None)
    elif event.actor not in item.people:
        item.teams.clear()
    _put(item.people, event.actor, there=False)
    if event.data["state"] != "commented":
        item.stances[event.actor] = event.data["state"]


def _dismiss(item: Item, event: FlowEvent) -> None:
    item.stances.pop(event.data["reviewer"], None)


def _put(names: dict[str, None], name: str | None, *, there: bool) -> None:
    if there and name is not None:
        names[name] = None
    else:
        names.pop(name or "", None)


_APPLY: dict[str, Callable[[Item, FlowEvent], None]] = {
    "closed": _end,
    "merged": _end,
    "reopened": _reopen,
    "ready_for_review": _draft,
    "converted_to_draft": _draft,
    "labeled": _label,
    "unlabeled": _label,
    "assigned": _assign,
    "unassigned": _assign,
    "queued": _queue,
    "dequeued": _queue,
    "checks_failed": _checks,
    "checks_passed": _checks,
    "review_requested": _request,
    "review_request_removed": _request,
    "review_submitted": _review,
    "review_dismissed": _dismiss,
}
