"""What is known while a value stream is mapped: the repositories' history, what it proposes, the other streams."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Engine

from bot.asking.people import NotKnown, repos_known
from bot.asking.streams import known_names
from bot.context import Context
from bot.flow.events import FlowEvent, ItemKey
from bot.flow.mapping import Facts, State, stream_of
from bot.flow.measures import Begun, StreamMeasures, begun, held_by, measure
from bot.flow.proposal import DAY, DAYS, Proposal, propose
from bot.flow.stages import flow_items, journey
from bot.flow.stream_words import Known
from bot.incoming.catchup import HOST
from bot.messenger import Passing, Undeliverable, Unknown
from bot.store import events, mappings
from bot.store.engine import reading
from bot.store.streams import name_key
from bot.streams.file import name_of as spelt
from bot.streams.saving import all_streams, stream_named
from bot.views.days import date_of
from bot.views.map_asked import Open, Overview

FRESH = 600
"""Seconds for which what was read and measured is good enough."""
MOST_KEPT = 4
"""Histories, and measures of drafts, that are kept at hand."""
MOST_NAMES = 100
"""Labels, columns and environments, the most used ones."""
T = TypeVar("T")
Histories: TypeAlias = Mapping[ItemKey, Sequence[FlowEvent]]


class _History(NamedTuple):
    """Of repositories: the items of the last days, what they propose, the names that occur in them."""

    items: Histories
    proposal: Proposal | None
    names: Known
    """Labels, columns and environments."""


class _Measured(NamedTuple):
    """Of a draft."""

    measures: StreamMeasures
    begun: tuple[Begun, ...]


_kept: WeakKeyDictionary[Engine, dict[tuple[Any, ...], Any]] = WeakKeyDictionary()
_keeping = threading.Lock()


def _at_hand(ctx: Context, key: tuple[Any, ...], make: Callable[[], T]) -> T:
    """What was made for a key lately, else made now. A key begins with the workspace, the policy and the time of it."""
    with _keeping:
        known: T | None = _kept.setdefault(ctx.engine, {}).get(key)
    if known is None:
        known = make()
        with _keeping:
            kept = _kept[ctx.engine]
            kept[key] = known
            stale = [one for one in kept if one[0] == key[0] and one[:3] != key[:3]]
            for one in stale or list(kept)[:-MOST_KEPT]:
                del kept[one]
    return known


def measured_by(state: State) -> tuple[Any, ...]:
    """All of a draft that facts hang on."""
    return (state.name, state.repos, state.stages, state.segments)


def facts_of(ctx: Context, state: State, now: int) -> Facts:
    """What is known as a draft stands; takes as long as reading its repositories, the first time."""
    followed = tuple(repo for repo in repos_known(ctx) if ctx.policy.follows(repo))
    repos = state.repos or (followed if len(followed) == 1 else ())
    when = (ctx.workspace, ctx.policy.revision, now // FRESH)
    told = _at_hand(ctx, (*when, "history", repos), lambda: _read(ctx, repos, now))
    names = known_names(ctx)._replace(
        labels=told.names.labels, columns=told.names.columns, environments=told.names.environments
    )
    others = tuple(one for held, one in all_streams(ctx) if name_key(held.name) != name_key(state.name))
    today = date_of(now, ctx.policy.calendar.zone)
    facts = Facts(today, told.proposal, followed, names, others=others)
    if not state.stages:
        return facts
    found = _at_hand(
        ctx, (*when, "measures", repos, *measured_by(state)), lambda: _measured(ctx, state, told.items, now)
    )
    return facts._replace(measures=found.measures, begun=found.begun)


def _measured(ctx: Context, state: State, items: Histories, now: int) -> _Measured:
    stream, policy = stream_of(state), ctx.policy
    parts = flow_items(items)
    journeys = [one for key, own in parts.items() if (one := journey(key, own, stream, policy.rules))]
    told = measure(stream, journeys, policy.team_calendar, now - DAYS * DAY, now, now)
    return _Measured(told, begun(stream, journeys, lambda key: held_by(parts[key], policy.rules(key[1]))))


def _read(ctx: Context, repos: tuple[str, ...], now: int) -> _History:
    found: dict[ItemKey, list[FlowEvent]] = {}
    with reading(ctx.engine) as session:
        for repo in repos:
            for event in events.of_repo(session, ctx.workspace, HOST, repo):
                found.setdefault(event.key, []).append(event)
    lately = {key: told for key, told in found.items() if told[-1].at >= now - DAYS * DAY}
    proposal = propose(lately, ctx.policy.rules, ctx.policy.team_calendar, now) if lately else None
    return _History(lately, proposal, _names(lately))


_NAMED = {"labeled": "label", "status_changed": "to", "deployed": "environment"}


def _names(items: Histories) -> Known:
    """The labels, columns and environments that occur, most used first."""
    counts: dict[str, Counter[str]] = {kind: Counter() for kind in _NAMED}
    for event in (one for told in items.values() for one in told if one.kind in _NAMED):
        name = event.data.get(_NAMED[event.kind])
        if isinstance(name, str) and name:
            counts[event.kind][name] += 1
    labels, columns, places = ([name for name, _ in count.most_common(MOST_NAMES)] for count in counts.values())
    return Known(labels=tuple(labels), columns=tuple(columns), environments=tuple(places))


def channel_of(ctx: Context, place: str) -> str | None:
    """The channel to ask in; None for a direct conversation: there, or where Weir can't write."""
    if not place or place.startswith("D"):
        return None
    try:
        ctx.messenger.find(place, "", ctx.clock.now())
    except Undeliverable as trouble:
        return None if trouble.scope == "address" else place
    except (Passing, Unknown):
        pass  # Slack tells when something is said there
    return place


def name_of(said: str) -> str:
    """A stream's name as it is kept. Raises NotKnown for what can't be one."""
    try:
        return spelt(said)
    except ValueError as error:
        raise NotKnown(f"“{said[:60]}” can't be a stream's name: {error}.") from None


def overview_of(ctx: Context, place: str) -> Overview:
    """What is being mapped, what is mapped, and what may be meant in a place."""
    with reading(ctx.engine) as session:
        found = mappings.opened(session, ctx.workspace)
    mapped = [held.name for held, _ in all_streams(ctx)]
    here = [repo for repo in repos_known(ctx) if ctx.policy.follows(repo) and ctx.policy.channel(repo) == place]
    likely = here[0].rpartition("/")[2] if place and len(here) == 1 else None
    taken = {name_key(name) for name in (*mapped, *(one.name for one in found))}
    free = likely if likely and name_key(likely) not in taken else None
    return Overview([Open(one.name, one.channel) for one in found], mapped, free)


def to_import(ctx: Context, name: str) -> tuple[str, int]:
    """The name of a stream, and which version an import would follow; 0 for a new stream. Raises NotKnown."""
    held = stream_named(ctx, name)
    return (held[0].name, held[0].version) if held else (name_of(name), 0)


def open_one(ctx: Context, name: str) -> mappings.Mapping:
    """The conversation that is open about a stream. Raises NotKnown."""
    with reading(ctx.engine) as session:
        found = mappings.open_named(session, ctx.workspace, name)
    if found is None:
        raise NotKnown(f"“{name[:60]}” is not being mapped. /flow map lists what is.")
    return found


def in_thread(ctx: Context, channel: str, ts: str) -> mappings.Mapping | None:
    """The conversation in the thread of a message; None where it is none's."""
    with reading(ctx.engine) as session:
        return mappings.in_thread(session, ctx.workspace, channel, ts)


def direct(ctx: Context, user: str) -> mappings.Mapping | None:
    """The conversation that is open in somebody's direct conversation; None where none is."""
    with reading(ctx.engine) as session:
        return mappings.direct(session, ctx.workspace, user)
