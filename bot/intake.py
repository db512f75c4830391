"""Events in, waits replaced: what was told is appended, and the items it touches are folded again, in one transaction.

Deliveries that arrive while another is being written are taken together: one transaction for all that wait, and
each caller goes on once it is committed. One that can't be taken fails alone.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import NamedTuple
from weakref import WeakKeyDictionary

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from bot.commitfacts import deployments, result, turning
from bot.context import Context
from bot.flow.events import FlowEvent, ItemKey
from bot.hosts import Delivery, ShaFact
from bot.refold import Terms, is_idle, refold
from bot.store import checks, events, items, repos, settings, waits
from bot.store.checks import Result
from bot.store.engine import reading, undisturbed, writing
from bot.store.events import Appended
from bot.store.items import Facts
from bot.store.sql import batches
from bot.together import Together

BATCH = 200
"""Items folded again in one transaction when all of them are."""
LOOKS = 1000
"""Ladders looked at in one transaction when all of them are."""
POLICY = "policy_of_looks"
"""The setting that tells which policy the stored instants were computed by."""
CHECK, DEPLOYED = "check", "deployed"


class Taken(NamedTuple):
    """What a taking changed."""

    new: int
    """Events that were not known."""
    known: int
    """Events and results of checks that were known already."""
    items: int
    """Items whose history is another one now."""


class _Kept(NamedTuple):
    """What a transaction found to be new."""

    events: list[FlowEvent]
    results: set[Result]
    items: set[ItemKey]


Call = tuple[Context, Delivery, int]


def take(ctx: Context, told: Sequence[FlowEvent], now: int, *, live: bool) -> Taken:
    """Append events and bring the ledger up to date. `live=False`: a history just read, by import or first reading."""
    kept = undisturbed(lambda: _take_events(ctx, told, _terms(ctx, now, live=live)))
    return Taken(len(kept.events), len(told) - len(kept.events), len(kept.items))


def _take_events(ctx: Context, told: Sequence[FlowEvent], terms: Terms) -> _Kept:
    names: dict[str, set[str]] = defaultdict(set)
    for event in told:
        names[event.host].add(event.repo)
    with writing(ctx.engine) as session:
        for host, of_host in names.items():
            repos.add(session, ctx.workspace, host, of_host)
        return _keep(session, told, (), terms)


def take_delivery(ctx: Context, delivery: Delivery, now: int) -> Taken:
    """Keep what a webhook brought: renamed and lost repositories, events, and facts about commits. Live."""
    return _door(ctx.engine).through(ctx, (ctx, delivery, now))


_doors: WeakKeyDictionary[Engine, Together[Call, Taken]] = WeakKeyDictionary()


def _door(engine: Engine) -> Together[Call, Taken]:
    return _doors.setdefault(engine, Together(_take_together))


def _take_together(calls: Sequence[Call]) -> list[Taken]:
    """Deliveries of one context in one transaction; what each brought is counted apart."""
    ctx = calls[0][0]
    deliveries = [delivery for _, delivery, _ in calls]
    terms = _terms(ctx, max(now for _, _, now in calls), live=True)
    return _shares(deliveries, undisturbed(lambda: _take_deliveries(ctx, deliveries, terms)))


def _take_deliveries(ctx: Context, deliveries: Sequence[Delivery], terms: Terms) -> _Kept:
    with writing(ctx.engine) as session:
        _note_repositories(session, deliveries, terms)
        told = [event for delivery in deliveries for event in delivery.events]
        facts = [fact for delivery in deliveries for fact in delivery.facts]
        return _keep(session, told, facts, terms)


def _shares(deliveries: Iterable[Delivery], kept: _Kept) -> list[Taken]:
    """What each delivery brought; of two that bring the same, the first."""
    new = {(event.host, event.repo, event.id) for event in kept.events}
    news = set(kept.results)
    shares = []
    for delivery in deliveries:
        mine = {(event.host, event.repo, event.id) for event in delivery.events}
        told = {result(fact) for fact in delivery.facts if fact.kind == CHECK}
        known = len(mine - new) + len(told - news)
        items = {event.key for event in delivery.events} & kept.items
        shares.append(Taken(len(mine & new), known, len(items)))
        new -= mine
        news -= told
    return shares


def _note_repositories(session: Session, deliveries: Iterable[Delivery], terms: Terms) -> None:
    seen: dict[str, set[str]] = defaultdict(set)
    for delivery in deliveries:
        for old, new in delivery.renamed:
            _rename(session, delivery.host, old, new, terms)
        seen[delivery.host].update(delivery.repos)
        seen[delivery.host].difference_update(delivery.gone)
        repos.lose(session, terms.workspace, delivery.host, delivery.gone)
    for host, names in seen.items():
        repos.heard(session, terms.workspace, host, names, terms.now)


def _rename(session: Session, host: str, old: str, new: str, terms: Terms) -> None:
    """All that is known goes by the new name; its items are folded again, as their events may have met others."""
    if old == new:
        return
    repos.rename(session, terms.workspace, host, old, new)
    keys = items.of_repo(session, terms.workspace, host, new)
    _refold_all(session, keys, terms)


def _keep(session: Session, told: Sequence[FlowEvent], facts: Sequence[ShaFact], terms: Terms) -> _Kept:
    """Append what is new and fold the items it touches; both serialised with others who touch them."""
    workspace = terms.workspace
    news = checks.record(session, workspace, (result(fact) for fact in facts if fact.kind == CHECK))
    heads = _items_of(session, facts, workspace)
    told = [*told, *(event for fact, keys in heads if fact.kind == DEPLOYED for event in deployments(fact, keys))]
    checked = {key: fact.sha for fact, keys in heads if fact.kind == CHECK for key in keys}
    stored = items.lock(session, workspace, {event.key for event in told} | set(checked))
    appended = events.append(session, workspace, told)
    moved = appended.items - _idle_items(appended, stored)
    histories = events.of_items(session, workspace, moved | set(checked))
    turned = events.append(session, workspace, _turnings(session, histories, stored, checked, workspace))
    for event in turned.new:
        histories[event.key] = sorted([*histories[event.key], event])
    moved |= turned.items
    missed = moved - set(stored)  # an event may be told better as another item's: rare enough to lock late
    stored |= items.lock(session, workspace, missed)
    refold(session, stored, {key: histories.get(key, []) for key in moved}, terms)
    return _Kept(appended.new, news, appended.items | turned.items)


def _idle_items(appended: Appended, stored: dict[ItemKey, Facts]) -> set[ItemKey]:
    """Items of which nothing was told but what changes nothing; they need not be folded again."""
    if appended.bettered:  # which may have been another item's before
        return set()
    moving = {event.key for event in appended.new if not is_idle(event, stored[event.key])}
    return appended.items - moving


def _items_of(session: Session, facts: Iterable[ShaFact], workspace: str) -> list[tuple[ShaFact, list[ItemKey]]]:
    """The items each fact speaks of: those the host named, and those whose commit it is."""
    found = []
    for fact in facts:
        named = [(fact.host, fact.repo, item) for item in fact.items]
        own = items.of_commit(session, workspace, fact.host, fact.repo, fact.sha)
        found.append((fact, sorted({*named, *own})))
    return found


def _turnings(
    session: Session,
    histories: dict[ItemKey, list[FlowEvent]],
    stored: dict[ItemKey, Facts],
    checked: dict[ItemKey, str],
    workspace: str,
) -> Iterator[FlowEvent]:
    """What the known checks add to the histories of items that were just checked, or have another head now."""
    commits: dict[tuple[str, str], dict[ItemKey, str]] = defaultdict(dict)
    for key, history in histories.items():
        head = items.head_of(history)
        sha = head or checked.get(key)
        if sha is not None and (key in checked or key not in stored or head != stored[key]["head"]):
            commits[key[:2]][key] = sha
    for (host, repo), shas in commits.items():
        known = checks.on_commits(session, workspace, host, repo, shas.values())
        for key, sha in shas.items():
            event = turning(key, histories[key], sha, known.get(sha, ()))
            if event is not None:
                yield event


def rebuild(ctx: Context, now: int) -> int:
    """Make items and waits again from the event log; how many items were folded. Changes nothing when all is well."""
    terms = _terms(ctx, now, live=False)
    with reading(ctx.engine) as session:
        keys = items.all_keys(session, ctx.workspace)
    for some in batches(keys, BATCH):
        undisturbed(partial(_rebuild_some, ctx, some, terms))
    return len(keys)


def _rebuild_some(ctx: Context, keys: Sequence[ItemKey], terms: Terms) -> None:
    with writing(ctx.engine) as session:
        _refold_all(session, keys, terms)


def _refold_all(session: Session, keys: Sequence[ItemKey], terms: Terms) -> None:
    stored = items.lock(session, terms.workspace, keys)
    histories = events.of_items(session, terms.workspace, keys)
    refold(session, stored, {key: histories.get(key, []) for key in keys}, terms)


def refresh_looks(ctx: Context, now: int) -> None:
    """Where the policy changed since last time: fold again (other rules, other turns) and look at every ladder anew."""
    fingerprint = hashlib.sha256(ctx.policy.file.model_dump_json().encode()).hexdigest()
    with reading(ctx.engine) as session:
        if settings.get(session, ctx.workspace, POLICY) == fingerprint:
            return
    rebuild(ctx, now)
    terms = _terms(ctx, now, live=True)
    last: int | None = -1
    while last is not None:
        last = undisturbed(partial(_refresh_some, ctx, last, terms))
    with writing(ctx.engine) as session:
        settings.put(session, ctx.workspace, POLICY, fingerprint)


def _refresh_some(ctx: Context, after: int, terms: Terms) -> int | None:
    """Look at the ladders of the next open waits; the last one's id, or None where there were none."""
    with writing(ctx.engine) as session:
        rows = waits.open_after(session, ctx.workspace, after, LOOKS)
        sent = waits.sent(session, ctx.workspace, (row.id for row in rows))
        looks = {row.id: terms.look_at(row, sent.get(row.id, ())) for row in rows}
        moved = {row.id: looks[row.id] for row in rows if looks[row.id] != row.next_nudge_at}
        waits.set_looks(session, ctx.workspace, moved)
    return rows[-1].id if rows else None


def _terms(ctx: Context, now: int, *, live: bool) -> Terms:
    return Terms(ctx.workspace, ctx.policy, now, live)
