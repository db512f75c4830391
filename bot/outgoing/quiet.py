"""Do not disturb: what Slack tells of when its members want to be left alone, kept for the ladder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import structlog

from bot.context import Context
from bot.messenger import Passing, Undeliverable, Unknown, quiet_span
from bot.said import current
from bot.store import members, waits
from bot.store.engine import reading, undisturbed, writing

log = structlog.get_logger()


def ask(ctx: Context, user: str, now: int) -> None:
    """Ask Slack, and keep what it says. Where it can't or won't say, what it told last holds."""
    try:
        span = ctx.messenger.do_not_disturb(user)
    except (Passing, Unknown, Undeliverable) as trouble:
        log.info("quiet.not_known", user=user, reason=str(trouble))
        return
    _keep(ctx, user, span, (), now)


def note(ctx: Context, user: str, told: dict[str, Any], now: int) -> None:
    """Keep what Slack tells by itself (`dnd_updated_user`), and have ladders looked at. Strangers are passed over."""
    ctx = current(ctx)
    logins = ctx.policy.logins_of(user)
    if logins:
        _keep(ctx, user, quiet_span(told), logins, now)


def _keep(ctx: Context, user: str, span: tuple[int, int] | None, logins: Sequence[str], now: int) -> None:
    with reading(ctx.engine) as session:
        if not members.is_quiet_news(session, ctx.workspace, user, span):
            return  # nothing is written for each message that is sent

    def work() -> None:
        with writing(ctx.engine) as session:
            members.quieten(session, ctx.workspace, user, span, now)
            waits.look_again(session, ctx.workspace, now, logins=logins)

    undisturbed(work)
