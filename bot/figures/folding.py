"""The same figures made of a history at hand, with no database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from bot.figures.reading import counting, work_of
from bot.figures.scope import Scope
from bot.flow.events import FlowEvent, ItemKey, unique
from bot.flow.metrics import DAYS_BEFORE, FlowFigures, Stay, figures, usual
from bot.flow.stages import flow_items, journey
from bot.flow.waits import by_item, fold
from bot.flow.work import Work
from bot.policy import Policy

Histories: TypeAlias = Mapping[ItemKey, Sequence[FlowEvent]]


def figures_from(
    events: Iterable[FlowEvent], policy: Policy, scope: Scope, since: int, until: int, now: int
) -> FlowFigures:
    """The flow metrics of a scope in [since, until), as far as `now`, by all that these events tell."""
    histories: Histories = {
        key: told
        for key, told in by_item(unique(events)).items()
        if any(event.kind == "opened" for event in told)
    }  # fmt: skip
    items = {key: own for key, own in flow_items(histories).items() if _within(scope, key, own)}
    works = _works(items, policy, scope)
    clock, start = policy.team_calendar, since - DAYS_BEFORE * 86_400
    before = (
        (one.key[1], one.began_at, one.done_at)
        for one in (work.journey for work in works if not work.bot)
        if one.done_at is not None and start <= one.done_at < since
    )
    return figures(
        scope.stream, works, clock, since, until, now,
        days=policy.calendar, stays=_stays(items, works, policy), usual=usual(before, clock),
        agreed=policy.expectation,
    )  # fmt: skip


def _works(items: Mapping[ItemKey, Histories], policy: Policy, scope: Scope) -> list[Work]:
    ways = (journey(key, own, scope.stream, policy.rules) for key, own in items.items())
    return [work_of(one, items[one.key], policy) for one in ways if one is not None]


def _within(scope: Scope, key: ItemKey, parts: Iterable[ItemKey]) -> bool:
    """Whether an item belongs to a scope: repositories own their items, a stream also what a part of is in one."""
    if scope.repos is not None:
        return key[1].casefold() in {repo.casefold() for repo in scope.repos}
    repos = {repo.casefold() for repo in scope.stream.repos}
    return scope.version is None or not repos.isdisjoint(part[1].casefold() for part in parts)


def _stays(items: Mapping[ItemKey, Histories], works: Iterable[Work], policy: Policy) -> list[Stay]:
    """The waits on what people did, and on what closes it."""
    told = {part: own[part] for own in (items[work.journey.key] for work in works if not work.bot) for part in own}
    ledgers = (fold(history, policy.rules(key[1])) for key, history in told.items())
    return list(counting((wait for ledger in ledgers if ledger for wait in ledger.waits), policy))
