"""Code hosts. One package or module a host: it verifies and parses deliveries and reads history as flow events."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bot.flow.events import FlowEvent, Unplaced


class BadDelivery(ValueError):
    """A delivery that cannot be read; the message says why in one line."""


@dataclass(frozen=True)
class ShaFact:
    """What a host told about a commit rather than an item; intake finds the items whose head (or merge) it is."""

    host: str
    repo: str
    sha: str
    kind: str
    """`check` (a check's or status's result) or `deployed`."""
    at: int
    subject: str
    """The check's name (stable over its runs), or the deployment's environment."""
    failed: bool = False
    items: tuple[int, ...] = ()
    """The items the host itself named, where it did."""
    actor: str | None = None
    actor_type: str = "User"
    id: str = ""
    """Of a deployment, within its repository."""
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Delivery:
    """One parsed webhook delivery. Nothing in it means: of no use, acknowledge and forget."""

    host: str
    repos: tuple[str, ...] = ()
    """The repositories it speaks of."""
    events: tuple[FlowEvent, ...] = ()
    facts: tuple[ShaFact, ...] = ()
    gone: tuple[str, ...] = ()
    """Repositories the bot lost its access to (deleted, or taken from the installation)."""
    renamed: tuple[tuple[str, str], ...] = field(default=())
    """(old, new) names of repositories."""
    private: tuple[tuple[str, bool], ...] = ()
    """Whether repositories are private, of those it tells that of."""
    unplaced: tuple[Unplaced, ...] = ()
