"""Takes away what is older than the policy keeps it: once a day, in portions, and never of what is still open.

SQLite takes stock of what is left then.
"""

from __future__ import annotations

from collections.abc import Callable

import structlog

from bot.context import Context
from bot.installing.leaving import end_if_over
from bot.said import current
from bot.store import retention, settings
from bot.store.engine import reading, take_stock, undisturbed, writing

log = structlog.get_logger()

KEY = "retention"
"""The setting that says on which day (UTC) all was looked through last, and how far it is today."""
PORTION = 200
"""Items looked at in one transaction."""
MOST = 100
"""Portions in one run; the next one goes on."""
DAY = 86_400
BEGINNING = ("", "", 0)


def run(ctx: Context, now: int) -> int:
    """Go on with today's round; how many items and messages were taken away."""
    ctx, today = current(ctx), now // DAY
    with reading(ctx.engine) as session:
        done = settings.get(session, ctx.workspace, KEY) or {}
    if done.get("over") == today:
        return 0
    if end_if_over(ctx, now):
        return 0
    kept = ctx.policy.file.retention
    gone, last = _items(ctx, now, kept.events, tuple(done["after"]) if "after" in done else BEGINNING)
    if last is not None:
        _note(ctx, {"over": done.get("over"), "after": last})
        return gone
    gone += _messages(ctx, now, kept.messages)
    _repos(ctx, now, kept.disconnected)
    with writing(ctx.engine) as session:
        retention.remove_sights(session, ctx.workspace, now)
    take_stock(ctx.engine)
    _note(ctx, {"over": today})
    if gone:
        log.info("retention.removed", rows=gone)
    return gone


def _note(ctx: Context, done: dict[str, object]) -> None:
    with writing(ctx.engine) as session:
        settings.put(session, ctx.workspace, KEY, done)


Key = tuple[str, str, int]


def _items(ctx: Context, now: int, days: int, after: Key) -> tuple[int, Key | None]:
    """Take away items that ended long ago; how many, and the last one looked at (None where all were)."""
    gone = 0
    for _ in range(MOST if days else 0):
        if ctx.stopping.is_set():
            return gone, after
        looked, removed = undisturbed(_portion(ctx, after, now - days * DAY))
        gone += removed
        if len(looked) < PORTION:
            with writing(ctx.engine) as session:
                retention.remove_facts(session, ctx.workspace, now - days * DAY)
            return gone, None
        after = looked[-1]
    return gone, after if days else None


def _portion(ctx: Context, after: Key, before: int) -> Callable[[], tuple[list[Key], int]]:
    def work() -> tuple[list[Key], int]:
        with writing(ctx.engine) as session:
            looked = retention.ended_items(session, ctx.workspace, after, before, PORTION)
            old = retention.untouched(session, ctx.workspace, looked, before)
            retention.hold(session, ctx.workspace, old)
            old = retention.untouched(session, ctx.workspace, old, before)  # nobody changes them from here on
            retention.remove_items(session, ctx.workspace, old)
        return looked, len(old)

    return work


def _messages(ctx: Context, now: int, days: int) -> int:
    gone, before = 0, now - days * DAY
    while days and not ctx.stopping.is_set():
        with writing(ctx.engine) as session:
            some = retention.remove_messages(session, ctx.workspace, before, PORTION)
            if some < PORTION:
                retention.remove_answers(session, ctx.workspace, before)
        gone += some
        if some < PORTION:
            break
    return gone


def _repos(ctx: Context, now: int, days: int) -> None:
    """Take away what is known of repositories that were let go long enough ago."""
    if not days:
        return
    with reading(ctx.engine) as session:
        left = retention.let_go_at(session, ctx.workspace)
    for repo, at in left.items():
        if at <= now - days * DAY and not ctx.policy.follows(repo):
            with writing(ctx.engine) as session:
                retention.remove_repo(session, ctx.workspace, repo)
