"""Deployments and releases → events of the items that they carry. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from bot.flow.events import FlowEvent, Unplaced, flow_event
from bot.flow.shipped import Deployment, Release, carried, released
from bot.hosts.github import ids
from bot.hosts.github.entries import HOST


def deployment_events(fact: Unplaced, outcomes: Sequence[FlowEvent]) -> list[FlowEvent]:
    """`deployed` events of those that came with a commit; `outcomes` are the repository's merges and deployments."""
    about = Deployment(**{name: fact.data[name] for name in Deployment._fields})
    return [
        flow_event(
            host=fact.host,
            repo=merge.repo,
            item=merge.item,
            id=ids.deployed(merge.item, fact.data["deployment"]),
            at=fact.at,
            kind="deployed",
            actor=fact.actor,
            actor_type=fact.actor_type,
            environment=about.environment,
        )
        for merge in carried(about, _of("merged", outcomes), _of("deployed", outcomes))
    ]


def release_of(fact: Unplaced) -> Release:
    """The release that a webhook told of."""
    told = {name: fact.data[name] for name in Release._fields}
    return Release(**{**told, "by": fact.actor, "by_type": fact.actor_type})


def release_events(releases: Sequence[Release], base: str, outcomes: Sequence[FlowEvent]) -> list[FlowEvent]:
    """`released` events that these releases of a branch add to a repository's merges and releases."""
    return [
        flow_event(
            host=HOST,
            repo=merge.repo,
            item=merge.item,
            id=ids.released(merge.item, one.id, prerelease=one.prerelease),
            at=one.at,
            kind="released",
            actor=one.by,
            actor_type=one.by_type,
            tag=one.tag,
            **({"prerelease": True} if one.prerelease else {}),
        )
        for merge, one in released(releases, _of("merged", outcomes), base, _of("released", outcomes))
    ]


def _of(kind: str, outcomes: Sequence[FlowEvent]) -> list[FlowEvent]:
    return [event for event in outcomes if event.kind == kind]
