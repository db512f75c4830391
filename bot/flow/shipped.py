"""Which items a deployment or a release carries, as far as the log knows. Pure.

An item is known by its `merged` event: `base` is the branch it was merged into, `sha` the commit it became.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from bot.flow.events import FlowEvent

NOTED = 60
"""Seconds by which a merge may be noted after its commit was made."""


class Deployment(NamedTuple):
    """A commit that is out in an environment; instants in seconds since 1970 UTC."""

    sha: str
    ref: str
    """What was asked for: a branch, a tag or a commit."""
    environment: str
    begun: int
    at: int


class Release(NamedTuple):
    """A published release; instants in seconds since 1970 UTC."""

    id: int
    tag: str
    prerelease: bool
    cut: int
    """When the commit was made that it is of."""
    at: int
    """When it was published."""
    by: str | None = None
    by_type: str = "User"


def carried(deployment: Deployment, merged: Sequence[FlowEvent], deployed: Iterable[FlowEvent]) -> list[FlowEvent]:
    """The merges that came with a deployment: into its branch, after the newest one that is out there already.

    Where nothing is known to be out there, only the one that was deployed by its own commit.
    """
    own = next((event for event in merged if event.data.get("sha") == deployment.sha), None)
    branch = own.data.get("base") if own else deployment.ref
    until = own.at if own else deployment.begun
    there = {event.item for event in deployed if _is_before(event, deployment)}
    outs = [event.at for event in merged if event.item in there and event.data.get("base") == branch]
    if not outs:
        return [own] if own and own.item not in there else []
    return [
        event
        for event in merged
        if event.data.get("base") == branch and max(outs) < event.at <= until and event.item not in there
    ]


def _is_before(event: FlowEvent, deployment: Deployment) -> bool:
    return event.data.get("environment") == deployment.environment and event.at < deployment.at


def released(
    releases: Sequence[Release], merged: Iterable[FlowEvent], base: str, before: Iterable[FlowEvent]
) -> list[tuple[FlowEvent, Release]]:
    """(merge into `base`, the first release it is in), and prereleases it was in before; less those known (`before`).

    An item is released once, and prereleased at most once before that.
    """
    known = {(event.item, bool(event.data.get("prerelease"))) for event in before}
    in_order = sorted(releases, key=lambda one: (one.cut, one.at, one.id))
    return [
        (event, one)
        for event in merged
        if event.data.get("base") == base
        for one in _of(event, in_order)
        if not known & {(event.item, one.prerelease), (event.item, False)}
    ]


def _of(event: FlowEvent, in_order: Sequence[Release]) -> list[Release]:
    """The first release that a merge is in, and before it the first prerelease."""
    found: list[Release] = []
    for one in in_order:
        if one.cut + NOTED < event.at or (one.prerelease and found):
            continue
        found.append(one)
        if not one.prerelease:
            break
    return found
