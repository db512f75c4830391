"""Code hosts. One package or module a host: it verifies and parses deliveries and reads history as flow events."""

from __future__ import annotations

from collections.abc import Callable
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
    suspended: tuple[str, ...] = ()
    """Owners who let the bot see none of their repositories for now."""
    unsuspended: tuple[str, ...] = ()
    """Owners who do again."""
    private: tuple[tuple[str, bool], ...] = ()
    """Whether repositories are private, of those it tells that of."""
    unplaced: tuple[Unplaced, ...] = ()
    mark: str = field(default="", compare=False)
    """A hash of one that tells of another name or of access: it counts once, however late it is sent again."""


def share_of(told: Delivery, mine: Callable[[str], bool]) -> Delivery:
    """What of a delivery is about repositories (owner/name) that are `mine`; one that changes hands comes or goes."""
    if all(map(mine, _named(told))):
        return told
    came = tuple(new for old, new in told.renamed if mine(new) and not mine(old))
    left = tuple(old for old, new in told.renamed if mine(old) and not mine(new))
    return Delivery(
        host=told.host,
        repos=tuple(dict.fromkeys((*filter(mine, told.repos), *came))),
        events=tuple(event for event in told.events if mine(event.repo)),
        facts=tuple(fact for fact in told.facts if mine(fact.repo)),
        gone=(*filter(mine, told.gone), *left),
        renamed=tuple((old, new) for old, new in told.renamed if mine(old) and mine(new)),
        suspended=tuple(owner for owner in told.suspended if mine(_any_of(owner))),
        unsuspended=tuple(owner for owner in told.unsuspended if mine(_any_of(owner))),
        private=tuple((repo, private) for repo, private in told.private if mine(repo)),
        unplaced=tuple(fact for fact in told.unplaced if mine(_place_of(fact))),
        mark=told.mark,
    )


def _named(told: Delivery) -> set[str]:
    renamed = {name for names in told.renamed for name in names}
    events, facts = {event.repo for event in told.events}, {fact.repo for fact in told.facts}
    owned = map(_any_of, (*told.suspended, *told.unsuspended))
    return {*told.repos, *told.gone, *renamed, *events, *facts, *owned, *map(_place_of, told.unplaced)}


def _place_of(fact: Unplaced) -> str:
    return fact.repo or _any_of(fact.owner)


def _any_of(owner: str) -> str:
    """What stands for the name of any repository of an owner."""
    return f"{owner}/"
