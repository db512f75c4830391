"""What is known while a value stream is mapped: the repositories' history, the stages it proposes, the other streams."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias
from weakref import WeakKeyDictionary

from sqlalchemy import Engine

from bot.asking.people import repos_known
from bot.asking.streams import known_names
from bot.catchup import HOST
from bot.context import Context
from bot.flow.events import FlowEvent, ItemKey
from bot.flow.mapping import Facts, State, stream_of
from bot.flow.measures import begun, held_by, measure
from bot.flow.proposal import DAY, DAYS, Proposal, propose
from bot.flow.stages import flow_items, journey
from bot.flow.stream_words import Known
from bot.store import events
from bot.store.engine import reading
from bot.store.streams import name_key
from bot.streams import all_streams
from bot.views.days import date_of

FRESH = 600
"""Seconds for which a history that was read is good enough."""
MOST_KNOWN = 2
"""Histories that are kept at hand."""
MOST_NAMES = 100
"""Labels, columns and environments, the most used ones."""
Histories: TypeAlias = Mapping[ItemKey, Sequence[FlowEvent]]


class _History(NamedTuple):
    """Of repositories: the items of the last days, what they propose, the names that occur in them."""

    items: Histories
    proposal: Proposal | None
    names: Mapping[str, tuple[str, ...]]


_kept: WeakKeyDictionary[Engine, dict[tuple[Any, ...], _History]] = WeakKeyDictionary()
_keeping = threading.Lock()


def measured_by(state: State) -> tuple[Any, ...]:
    """All of a draft that facts hang on."""
    return (state.name, state.repos, state.stages, state.segments)


def facts_of(ctx: Context, state: State, now: int) -> Facts:
    """What is known as a draft stands; takes as long as reading its repositories, the first time."""
    followed = tuple(repo for repo in repos_known(ctx) if ctx.policy.follows(repo))
    told = _history(ctx, state.repos or (followed if len(followed) == 1 else ()), now)
    names = known_names(ctx)._replace(**told.names)
    others = tuple(one for held, one in all_streams(ctx) if name_key(held.name) != name_key(state.name))
    today = date_of(now, ctx.policy.calendar.zone)
    facts = Facts(today, told.proposal, followed, names, others=others)
    return _measured(ctx, state, told.items, facts, now) if state.stages else facts


def _measured(ctx: Context, state: State, items: Histories, facts: Facts, now: int) -> Facts:
    stream, policy = stream_of(state), ctx.policy
    parts = flow_items(items)
    journeys = [one for key, own in parts.items() if (one := journey(key, own, stream, policy.rules))]
    told = measure(stream, journeys, policy.team_calendar, now - DAYS * DAY, now, now)
    held = begun(stream, journeys, lambda key: held_by(parts[key], policy.rules(key[1])))
    return facts._replace(measures=told, begun=held)


def _history(ctx: Context, repos: tuple[str, ...], now: int) -> _History:
    key = (ctx.workspace, repos, ctx.policy.revision, now // FRESH)
    with _keeping:
        known = _kept.setdefault(ctx.engine, {}).get(key)
    if known is None:
        known = _read(ctx, repos, now)
        with _keeping:
            kept = _kept.setdefault(ctx.engine, {})
            while len(kept) >= MOST_KNOWN:
                del kept[next(iter(kept))]
            kept[key] = known
    return known


def _read(ctx: Context, repos: tuple[str, ...], now: int) -> _History:
    found: dict[ItemKey, list[FlowEvent]] = {}
    with reading(ctx.engine) as session:
        for repo in repos:
            for event in events.of_repo(session, ctx.workspace, HOST, repo):
                found.setdefault(event.key, []).append(event)
    lately = {key: told for key, told in found.items() if told[-1].at >= now - DAYS * DAY}
    proposal = propose(lately, ctx.policy.rules, ctx.policy.team_calendar, now) if lately else None
    return _History(lately, proposal, _names(lately))


_NAMED = {
    "labeled": ("labels", "label"),
    "status_changed": ("columns", "to"),
    "deployed": ("environments", "environment"),
}


def _names(items: Histories) -> dict[str, tuple[str, ...]]:
    """The labels, columns and environments that occur, most used first, as `Known` calls them."""
    counts: dict[str, Counter[str]] = {which: Counter() for which, _ in _NAMED.values()}
    for told in items.values():
        for event in told:
            which, key = _NAMED.get(event.kind, ("", ""))
            name = event.data.get(key)
            if which and isinstance(name, str) and name:
                counts[which][name] += 1
    assert counts.keys() <= set(Known._fields)
    return {which: tuple(name for name, _ in count.most_common(MOST_NAMES)) for which, count in counts.items()}
