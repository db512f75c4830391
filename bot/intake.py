"""Events in, waits replaced.

What a webhook brings is kept and answered; `settle` folds the items it touches again, many at once, before anybody
looks at them. Deliveries that arrive while another is being written are taken together: one transaction for all that
wait, and each caller goes on once it is committed. One that can't be taken fails alone.
What an import or a reading brings is kept and folded in one transaction.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import repeat
from typing import NamedTuple, TypeVar
from weakref import WeakKeyDictionary

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from bot.context import Context
from bot.flow.events import FlowEvent, ItemKey
from bot.flow.ladder import next_look
from bot.hosts import Delivery, ShaFact
from bot.incoming import access
from bot.incoming.agreed import agreed, folded_otherwise
from bot.incoming.as_kept import deliveries_as_kept
from bot.incoming.commitfacts import deployments, result
from bot.incoming.commititems import items_of, turnings
from bot.incoming.kept_waits import Terms
from bot.incoming.refold import refold
from bot.outgoing.standings import standings_of
from bot.said import current, seen_in
from bot.store import arrivals, checks, doubles, events, items, repos, said, settings, unplaced, waits
from bot.store.checks import Result
from bot.store.doubt import waited_in_vain
from bot.store.engine import reading, undisturbed, writing
from bot.store.items import Facts
from bot.store.sql import batches
from bot.streams.journeys import repo_renamed
from bot.together import Together

log = structlog.get_logger()
T = TypeVar("T")
BATCH = 200
"""Items folded again in one transaction when all of them are."""
LOOKS = 1000
"""Ladders looked at in one transaction when all of them are."""
POLICY = "policy_of_looks"
"""The setting that tells which policy the stored instants were computed by."""
TURNS = "policy_of_turns"
"""The setting that tells what that policy said of turns."""
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
First = Callable[[Session], Collection[ItemKey]]


def take(ctx: Context, told: Sequence[FlowEvent], now: int, *, live: bool) -> Taken:
    """Append events and bring the ledger up to date. `live=False`: a history just read, by import or first reading."""
    kept = _under_terms(ctx, now, partial(_take_events, ctx, told), live=live)
    return Taken(len(kept.events), len(told) - len(kept.events), len(kept.items))


def _take_events(ctx: Context, told: Sequence[FlowEvent], terms: Terms) -> _Kept:
    names: dict[str, set[str]] = defaultdict(set)
    for event in told:
        names[event.host].add(event.repo)
    with writing(ctx.engine) as session:
        _must_hold(session, terms)
        for host, of_host in names.items():
            repos.add(session, ctx.workspace, host, of_host)
        return _keep(session, told, terms)


def take_delivery(ctx: Context, delivery: Delivery, now: int) -> Taken:
    """Keep what a webhook brought: renamed and lost repositories, events, and facts about commits. Live.

    It is in the ledger after the next `settle`.
    """
    if any(fact.kind == DEPLOYED for fact in delivery.facts):
        _settle_repos(ctx, delivery, now)
    return _door(ctx.engine).through(ctx, (ctx, delivery, now))


def _settle_repos(ctx: Context, delivery: Delivery, now: int) -> None:
    """A deployment is told of a commit, and only a folded item says which commits are its own."""
    settle_repos(ctx, {(fact.host, fact.repo) for fact in delivery.facts}, now)


_doors: WeakKeyDictionary[Engine, Together[Call, Taken]] = WeakKeyDictionary()


def _door(engine: Engine) -> Together[Call, Taken]:
    return _doors.setdefault(engine, Together(_take_together, waited_in_vain))


def _take_together(calls: Sequence[Call]) -> list[Taken]:
    """Deliveries of one context in one transaction; what each brought is counted apart."""
    ctx = calls[0][0]
    deliveries = [delivery for _, delivery, _ in calls]
    now = max(now for _, _, now in calls)
    # Keeping needs no policy; a rename, which folds items at once, looks at it by itself.
    terms = Terms(ctx.workspace, ctx.policy, now, live=True)
    return undisturbed(lambda: _take_deliveries(ctx, deliveries, terms))


def _take_deliveries(ctx: Context, told: Sequence[Delivery], terms: Terms) -> list[Taken]:
    with writing(ctx.engine) as session:
        deliveries = deliveries_as_kept(session, told, ctx.workspace)
        _note_repositories(session, deliveries, terms, can_ask=ctx.github is not None)
        unplaced.add(session, ctx.workspace, (one for delivery in deliveries for one in delivery.unplaced))
        events_told = [event for delivery in deliveries for event in delivery.events]
        facts = [fact for delivery in deliveries for fact in delivery.facts]
        return _shares(deliveries, _store(session, events_told, facts, terms))


def _store(session: Session, told: Sequence[FlowEvent], facts: Sequence[ShaFact], terms: Terms) -> _Kept:
    """Append what is new, and note what is to be folded in."""
    workspace = terms.workspace
    news = checks.record(session, workspace, (result(fact) for fact in facts if fact.kind == CHECK))
    heads = items_of(session, facts, workspace)
    told = [*told, *(event for fact, keys in heads if fact.kind == DEPLOYED for event in deployments(fact, keys))]
    appended = events.append(session, workspace, told)
    checked = {key: fact.sha for fact, keys in heads if fact.kind == CHECK for key in keys}
    arrivals.add(session, workspace, {**dict.fromkeys(appended.items), **checked}.items(), terms.now)
    return _Kept(appended.new, news, appended.items)


def settle(ctx: Context, now: int, most: int | None = None, first: First | None = None) -> None:
    """Fold in what was told by webhook and is not folded in yet. Any number of processes may do so at once.

    With `most`, for somebody who can't wait long: only so many portions of BATCH, of what waits for longest; before
    them all of the items that are to go `first`, which is asked where anything waits at all.
    """
    with reading(ctx.engine) as session:
        if not arrivals.waiting(session, ctx.workspace):
            return
        urgent = sorted(first(session)) if first else []
    for some in batches(urgent, BATCH):
        _settle_portion(ctx, now, some)
    for _ in repeat(None) if most is None else repeat(None, most):
        if not _settle_portion(ctx, now):
            return


def settle_items(ctx: Context, keys: Collection[ItemKey], now: int) -> None:
    """Fold in what was told of these items, and nothing else: somebody waits who asks about them alone."""
    settle(ctx, now, 0, lambda session: arrivals.among(session, ctx.workspace, keys))


def settle_repos(ctx: Context, repos: Collection[tuple[str, str]], now: int) -> None:
    """Fold in what was told of the items of these repositories (host, name) by now, and nothing else."""
    settle(ctx, now, 0, lambda session: arrivals.of_repos(session, ctx.workspace, repos))


def _settle_portion(ctx: Context, now: int, only: Collection[ItemKey] = ()) -> bool:
    """Fold in a portion (of `only` these items, if any); whether there may be more."""
    try:
        return _under_terms(ctx, now, partial(_settle_some, ctx, BATCH, only))
    except DBAPIError:
        raise
    except Exception:
        return _settle_one_by_one(ctx, now, only)


def _settle_one_by_one(ctx: Context, now: int, only: Collection[ItemKey]) -> bool:
    """Fold in a portion of which something can't be folded: that is logged and set aside, in the log as it is."""
    for _ in range(BATCH):
        try:
            if not _under_terms(ctx, now, partial(_settle_some, ctx, 1, only)):
                return False
        except DBAPIError:
            raise
        except Exception:
            with writing(ctx.engine) as session:
                bad, _ = arrivals.take(session, ctx.workspace, 1, only)
                arrivals.done(session, ctx.workspace, bad)
            log.exception("item not folded", items=sorted({one.key for one in bad}))
    return True


def _settle_some(ctx: Context, most: int, only: Collection[ItemKey], terms: Terms) -> bool:
    """Fold in the next items; whether there may be more."""
    with writing(ctx.engine) as session:
        _must_hold(session, terms)
        some, more = arrivals.take(session, terms.workspace, most, only)
        if some:
            checked = {one.key: one.sha for one in some if one.sha is not None}
            _fold_in(session, {one.key for one in some}, checked, terms)
            arrivals.done(session, terms.workspace, some)
    return more


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


def _note_repositories(session: Session, deliveries: Iterable[Delivery], terms: Terms, *, can_ask: bool) -> None:
    seen: dict[str, set[str]] = defaultdict(set)
    deliveries = [one for one in deliveries if access.is_first(session, one, terms.workspace)]
    for delivery in deliveries:
        for old, new in delivery.renamed:
            _rename(session, delivery.host, old, new, terms)
        seen[delivery.host].update(() if delivery.unsuspended else delivery.repos)
        seen[delivery.host].difference_update(delivery.gone)
        repos.lose(session, terms.workspace, delivery.host, delivery.gone)
        access.note_owners(session, delivery, terms.workspace, can_ask=can_ask)
    for host, names in seen.items():
        repos.heard(session, terms.workspace, host, names, terms.now)
    access.note_privacy(session, deliveries, terms.workspace, terms.now)


def rename(ctx: Context, host: str, old: str, new: str, now: int) -> None:
    """Let all that is known of a repository go by its new name, as the host says."""
    terms = Terms(ctx.workspace, ctx.policy, now, live=True)
    undisturbed(partial(_rename_alone, ctx, host, old, new, terms))


def _rename_alone(ctx: Context, host: str, old: str, new: str, terms: Terms) -> None:
    with writing(ctx.engine) as session:
        _rename(session, host, old, new, terms)


def _rename(session: Session, host: str, old: str, new: str, terms: Terms) -> None:
    """All that is known goes by the new name; its items are folded again, as their events may have met others."""
    if old == new:
        return
    said.alone(session, terms.workspace)
    doubles.part(session, terms.workspace, host, old, new, terms.now)
    repos.rename(session, terms.workspace, host, old, new)
    repo_renamed(session, terms.workspace, host, old, new)
    terms = replace(terms, policy=seen_in(session, terms.workspace, terms.policy))
    keys = items.of_repo(session, terms.workspace, host, new)
    _refold_all(session, keys, terms)


def _keep(session: Session, told: Sequence[FlowEvent], terms: Terms) -> _Kept:
    """Append what is new and fold the items it touches; both serialised with others who touch them."""
    items.lock(session, terms.workspace, {event.key for event in told})
    appended = events.append(session, terms.workspace, told)
    turned = _fold_in(session, appended.items, {}, terms)
    return _Kept(appended.new, set(), appended.items | turned)


def _fold_in(session: Session, keys: set[ItemKey], checked: dict[ItemKey, str], terms: Terms) -> set[ItemKey]:
    """Fold items from their whole histories, once the known checks have added to those; which ones they added to."""
    workspace = terms.workspace
    stored = items.lock(session, workspace, keys)
    histories = events.of_items(session, workspace, keys)
    turned = events.append(session, workspace, turnings(session, histories, stored, checked, workspace))
    for event in turned.new:
        histories[event.key] = sorted([*histories[event.key], event])
    _refold(session, stored, histories, terms)
    return turned.items


def _refold(
    session: Session, stored: dict[ItemKey, Facts], histories: Mapping[ItemKey, Sequence[FlowEvent]], terms: Terms
) -> None:
    """Fold the stored items again. One that a webhook told of meanwhile is live, whoever folds it first."""
    live = set() if terms.live else arrivals.among(session, terms.workspace, stored)
    for keys, under in ((stored.keys() - live, terms), (live, replace(terms, live=True))):
        if keys:
            refold(session, stored, {key: histories.get(key, []) for key in keys}, under)


def rebuild(ctx: Context, now: int, only: Sequence[ItemKey] | None = None) -> int:
    """Make items and waits (`only` these, else all) again from the event log; how many items were folded.

    Changes nothing when all is well.
    """
    with reading(ctx.engine) as session:
        keys = items.all_keys(session, ctx.workspace) if only is None else only
    for some in batches(keys, BATCH):
        _under_terms(ctx, now, partial(_rebuild_some, ctx, some), live=False)
    return len(keys)


def _rebuild_some(ctx: Context, keys: Sequence[ItemKey], terms: Terms) -> None:
    with writing(ctx.engine) as session:
        _must_hold(session, terms)
        _refold_all(session, keys, terms)


def _refold_all(session: Session, keys: Sequence[ItemKey], terms: Terms) -> None:
    stored = items.lock(session, terms.workspace, keys)
    _refold(session, stored, events.of_items(session, terms.workspace, keys), terms)


def refresh_looks(ctx: Context, now: int) -> None:
    """Where the policy file changed: fold again what has other turns by it, and look at every ladder anew."""
    written = ctx.policy.written or ctx.policy
    fingerprint, turns = hashlib.sha256(written.file.model_dump_json().encode()).hexdigest(), agreed(written)
    with reading(ctx.engine) as session:
        if settings.get(session, ctx.workspace, POLICY) == fingerprint:
            return
        before, keys = settings.get(session, ctx.workspace, TURNS), items.all_keys(session, ctx.workspace)
    rebuild(ctx, now, keys if before is None else folded_otherwise(keys, before, turns))
    last: int | None = -1
    while last is not None:
        last = _under_terms(ctx, now, partial(_refresh_some, ctx, last))
    with writing(ctx.engine) as session:
        settings.put(session, ctx.workspace, POLICY, fingerprint)
        settings.put(session, ctx.workspace, TURNS, turns)


def _refresh_some(ctx: Context, after: int, terms: Terms) -> int | None:
    """Look at the ladders of the next open waits; the last one's id, or None where there were none."""
    with writing(ctx.engine) as session:
        _must_hold(session, terms)
        rows = waits.open_after(session, ctx.workspace, after, LOOKS)
        standings = standings_of(session, ctx.workspace, terms.policy, rows)
        looks = {id_: next_look(one, terms.policy.nudges, terms.now) for id_, one in standings.items()}
        moved = {row.id: looks[row.id] for row in rows if looks[row.id] != row.next_nudge_at}
        waits.set_looks(session, ctx.workspace, moved)
    return rows[-1].id if rows else None


class _Outdated(Exception):
    """Somebody set something from Slack since the terms were read."""


def _under_terms(ctx: Context, now: int, work: Callable[[Terms], T], *, live: bool = True) -> T:
    """What a transaction comes to under the terms that hold as long as it goes on; `_must_hold` is its first word."""
    while True:
        terms = Terms(ctx.workspace, current(ctx).policy, now, live)
        try:
            return undisturbed(partial(work, terms))
        except _Outdated:
            continue


def _must_hold(session: Session, terms: Terms) -> None:
    """Nobody changes settings from here on until the transaction ends. Raises _Outdated where somebody did before."""
    said.still(session, terms.workspace)
    if said.revision(session, terms.workspace) != terms.policy.revision:
        raise _Outdated
