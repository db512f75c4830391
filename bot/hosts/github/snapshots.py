"""An item as the host shows it now, with its whole history as events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from bot.flow.events import FlowEvent
from bot.hosts.github.closing import Target
from bot.hosts.github.nodes import Item


class Column(NamedTuple):
    """Where an item stands on a board, named by its node id; `at` in seconds since 1970 UTC."""

    project: str
    name: str | None
    at: int | None


class Closes(NamedTuple):
    """The issues that a pull request closes; `whole` where these are all."""

    issues: tuple[Target, ...]
    whole: bool


@dataclass(frozen=True)
class Snapshot:
    """An item as the host shows it now, with its whole history as events (sorted).

    `failing` tells of required checks (None: undecided or not asked), `conflicting` of the merge (None: not known).
    `failing_since` and `decided_at` are seconds since 1970 UTC: when the first check that fails did, and when the
    last check came to its result.
    """

    host: str
    repo: str
    item: int
    events: tuple[FlowEvent, ...]
    opened_at: int
    title: str
    url: str
    state: str
    """`open`, `closed` or `merged`."""
    head_sha: str = ""
    commits: tuple[str, ...] = ()
    """Its commits now, in the branch's order."""
    failing: bool | None = None
    failing_since: int | None = None
    decided_at: int | None = None
    conflicting: bool | None = None
    closes: Closes | None = None
    """None where that was not asked, or is not shown."""
    columns: tuple[Column, ...] = ()
    links: tuple[FlowEvent, ...] = ()
    """Of an issue: `linked` events of the pull requests of its repository that say to close it."""

    @property
    def is_open(self) -> bool:
        return self.state == "open"


def columns_of(item: Item) -> tuple[Column, ...]:
    """Where the item stands on the boards that were shown."""
    cards = item.project_items.shown if item.project_items else []
    return tuple(
        Column(card.project.id, (card.status.name or None) if card.status else None,
               card.status.updated_at if card.status else None)
        for card in cards
    )  # fmt: skip
