"""What webhooks told without naming its items becomes events of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import structlog

from bot import intake
from bot.context import Context
from bot.flow.events import FlowEvent, Unplaced
from bot.hosts.github.boards import MOST, items_of, move
from bot.hosts.github.errors import Denied, Unreachable
from bot.hosts.github.missing import NEAR
from bot.hosts.github.shipping import deployment_events, release_events, release_of
from bot.store import events, repos, unplaced
from bot.store.engine import reading, writing
from bot.store.sql import batches

log = structlog.get_logger()
PORTION = 500
"""Facts placed in one run; what is left waits for the next."""
KEPT_FOR = 7 * 86_400
"""Seconds for which it is tried to find out which items are meant."""


def place(ctx: Context, now: int) -> int:
    """Place what waits to be placed, oldest first; how many new events that made."""
    with reading(ctx.engine) as session:
        waiting = unplaced.waiting(session, ctx.workspace, PORTION)
    if not waiting:
        return 0
    intake.settle_repos(ctx, {(fact.host, fact.repo) for fact in waiting if fact.repo}, now)
    new = sum(_ship(ctx, fact, now) for fact in waiting if fact.kind != "status_changed")
    moved = [fact for fact in waiting if fact.kind == "status_changed"]
    by_owner: dict[str, list[Unplaced]] = defaultdict(list)
    for fact in moved:
        by_owner[fact.owner].append(fact)
    for owner, facts in by_owner.items():
        for some in batches(facts, MOST):
            new += _move(ctx, owner, some, now)
    return new


def _ship(ctx: Context, fact: Unplaced, now: int) -> int:
    """A deployment or a release: its items are those that the log knows."""
    with reading(ctx.engine) as session:
        known = events.outcomes(session, ctx.workspace, fact.host, fact.repo or "")
    if fact.kind == "deployed":
        told = deployment_events(fact, known)
    else:
        told = release_events([release_of(fact)], fact.data["base"], known)
    return _keep(ctx, told, [fact], now)


def _move(ctx: Context, owner: str, facts: Sequence[Unplaced], now: int) -> int:
    """Cards of boards: only the host knows which items they are."""
    late = [fact for fact in facts if fact.at + KEPT_FOR < now]
    if ctx.github is None:
        return _keep(ctx, [], late, now)
    try:
        keys = items_of(ctx.github, [fact.data["node"] for fact in facts], owner)
    except (Unreachable, Denied) as trouble:
        log.warning("cards of boards not found", owner=owner, why=str(trouble))
        return _keep(ctx, [], late, now)
    moves = [move(fact, keys[fact.data["node"]]) for fact in facts if fact.data["node"] in keys]
    return _keep(ctx, _unheard(ctx, moves), facts, now)


def _unheard(ctx: Context, moves: Iterable[FlowEvent]) -> list[FlowEvent]:
    """Moves of followed repositories that no reading told of, under an instant a few seconds apart."""
    with reading(ctx.engine) as session:
        followed = {row.repo for row in repos.known(session, ctx.workspace) if row.connected}
        mine = [event for event in moves if event.repo in followed]
        known = events.of_items(session, ctx.workspace, {event.key for event in mine})
    return [event for event in mine if not any(_is_same(event, other) for other in known.get(event.key, ()))]


def _is_same(move: FlowEvent, other: FlowEvent) -> bool:
    same = [(event.kind, event.data.get("project"), event.data.get("to")) for event in (move, other)]
    return same[0] == same[1] and abs(move.at - other.at) <= NEAR


def _keep(ctx: Context, told: Sequence[FlowEvent], placed: Sequence[Unplaced], now: int) -> int:
    new = intake.take(ctx, told, now, live=True).new if told else 0
    if placed:
        with writing(ctx.engine) as session:
            unplaced.done(session, ctx.workspace, placed)
    return new
