"""Cards of boards: which items they are, and their moves as events."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import TypeAdapter, ValidationError

from bot.flow.events import FlowEvent, ItemKey, Unplaced, flow_event
from bot.hosts.github import graphql, ids
from bot.hosts.github.api import Github, Meter
from bot.hosts.github.entries import HOST, status_data
from bot.hosts.github.errors import Gone
from bot.hosts.github.nodes import Reference

MOST = 50
"""Node ids a question."""


def items_of(github: Github, nodes: Sequence[str], owner: str) -> dict[str, ItemKey]:
    """The items of an owner that these node ids mean, up to MOST; those that the token may not see are left out.

    Raises Unreachable or Denied.
    """
    try:
        told = github.graphql(graphql.WHERE, {"ids": list(nodes[:MOST])}, owner=owner, meter=Meter())
    except Gone:
        return {}
    found = {}
    for node, shown in zip(nodes, told.get("nodes") or (), strict=False):
        key = _key(shown)
        if key is not None:
            found[node] = key
    return found


def _key(shown: object) -> ItemKey | None:
    try:
        one = TypeAdapter(Reference).validate_python(shown)
    except ValidationError:
        return None
    if one.number is None or one.repository is None:
        return None
    return (HOST, one.repository.name_with_owner, one.number)


def move(fact: Unplaced, key: ItemKey) -> FlowEvent:
    """The `status_changed` event of a card that is this item."""
    (host, repo, item), data = key, fact.data
    return flow_event(
        host=host,
        repo=repo,
        item=item,
        id=ids.status_changed(item, data["project"], fact.at),
        at=fact.at,
        kind="status_changed",
        actor=fact.actor,
        actor_type=fact.actor_type,
        **status_data(data["project"], data["from"], data["to"]),
    )
