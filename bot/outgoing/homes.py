"""Home tabs published: by whoever opens one or presses in one, and by the job that keeps them true.

Publishing twice does no harm, so a home whose fate is unknown is simply published again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import structlog
from sqlalchemy.orm import Session

from bot.asking.admins import NotAllowed, is_admin
from bot.asking.home import Pages, home_of
from bot.context import Context
from bot.messenger import Passing, Undeliverable, Unknown
from bot.policy import Facts
from bot.said import current
from bot.store import homes, members
from bot.store.engine import reading, undisturbed, writing
from bot.store.homes import Taken
from bot.together import Again
from bot.views.home import home
from bot.views.message import Message

T = TypeVar("T")
log = structlog.get_logger()
FIRST_BACKOFF, LONGEST_BACKOFF = 15, 600
"""Seconds until another try; doubled each time."""
TOKEN_PAUSE = 60
"""Seconds until a token that was refused is tried again."""


class Stop(Exception):
    """Slack takes no home at present: the rest waits."""


def opened(ctx: Context, user: str, now: int) -> None:
    """Keep that somebody opened their home; it is to be published."""
    _write(ctx, lambda session: homes.opened(session, ctx.workspace, user, now))


def turned(ctx: Context, user: str, pages: Pages, now: int) -> None:
    """Keep which pages somebody turned to."""
    _write(ctx, lambda session: homes.turned(session, ctx.workspace, user, *pages, now))


def show(ctx: Context, user: str, now: int, note: Message | None = None) -> None:
    """Publish somebody's home at once, with what came of their last press; where that fails the job does it."""
    taken = _write(ctx, lambda session: homes.take(session, ctx.workspace, user, now))
    try:
        _publish(ctx, taken, now, note)
    except Stop:
        log.info("home.later", user=user)


def greet(ctx: Context, user: str, now: int) -> None:
    """Publish the home of somebody who opened it, and once more where Slack tells something new of them.

    What is known is shown first, as Slack may take long to say whether they are an administrator. Somebody who opens
    it many times at once is shown it a few times.
    """
    _greetings.do((id(ctx.engine), ctx.workspace, user), lambda: _greet(ctx, user, now))


_greetings = Again()


def _greet(ctx: Context, user: str, now: int) -> None:
    before = _known_of(ctx, user)
    show(ctx, user, now)
    try:
        is_admin(current(ctx), user, now)
    except NotAllowed:
        return
    if _known_of(ctx, user) != before:
        show(ctx, user, now)


def _known_of(ctx: Context, user: str) -> tuple[Facts | None, bool]:
    """What Slack tells of somebody's clock, and whether they are an administrator."""
    with reading(ctx.engine) as session:
        known = members.member(session, ctx.workspace, user)
    return current(ctx).policy.facts.get(user), known is not None and bool(known.admin)


def refresh_next(ctx: Context, now: int) -> bool | None:
    """Publish the home that is stale for longest: whether that went well; None if there is none. Raises Stop."""
    taken = _write(ctx, lambda session: homes.lease(session, ctx.workspace, now))
    return None if taken is None else _publish(ctx, taken, now, None)


def _publish(ctx: Context, taken: Taken, now: int, note: Message | None) -> bool:
    """Make a home and show it; one that is broken is logged and keeps no other from being shown. Raises Stop."""
    try:
        pages = Pages(taken.held_page, taken.authored_page)
        ctx.messenger.publish_home(taken.user, home(home_of(current(ctx), taken.user, pages, note, now), now))
    except (Passing, Unknown, Undeliverable) as trouble:
        _not_published(ctx, taken, trouble, now)
        return False
    except Exception:
        log.exception("home.broken", user=taken.user)
        _write(ctx, lambda session: homes.later(session, ctx.workspace, taken, now + LONGEST_BACKOFF, now))
        return False
    _write(ctx, lambda session: homes.published(session, ctx.workspace, taken, now))
    return True


def _not_published(ctx: Context, taken: Taken, trouble: Passing | Unknown | Undeliverable, now: int) -> None:
    log.warning("home.not_published", user=taken.user, reason=str(trouble))
    if isinstance(trouble, Undeliverable) and trouble.scope != "all":
        _write(ctx, lambda session: homes.forget(session, ctx.workspace, taken.user))
        return
    backoff = min(LONGEST_BACKOFF, FIRST_BACKOFF << min(taken.attempts, 10))
    _write(ctx, lambda session: homes.later(session, ctx.workspace, taken, now + backoff, now))
    pause = TOKEN_PAUSE if isinstance(trouble, Undeliverable) else getattr(trouble, "retry_after", None)
    if pause is not None:
        _write(ctx, lambda session: homes.pause(session, ctx.workspace, now + pause))
        raise Stop


def _write(ctx: Context, work: Callable[[Session], T]) -> T:
    """What some writing comes to, in a transaction of its own."""

    def once() -> T:
        with writing(ctx.engine) as session:
            return work(session)

    return undisturbed(once)
