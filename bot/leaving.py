"""Slack took Weir out of a workspace: what goes at once, and what goes once nobody put it back for a while."""

from __future__ import annotations

import structlog

from bot.context import Context
from bot.messenger import Passing, Undeliverable, Unknown
from bot.said import current
from bot.store import installs, outbox, retention, said, settings
from bot.store.engine import reading, writing

log = structlog.get_logger()
KEY = "uninstalled_at"
"""The setting that says since when Weir is out of its workspace."""
OUT = ("account_inactive", "token_revoked", "invalid_auth", "not_authed")
"""What Slack answers to a token of a workspace that Weir is out of, and where there is none."""
DAY = 86_400


def uninstalled(ctx: Context, now: int, at: int | None = None) -> None:
    """Keep since when, stop all messages, and take away what Slack showed of its members.

    `at` is when it happened (None: now): what is told late, and Weir was installed again since, changes nothing.
    """
    with writing(ctx.engine) as session:
        if _is_one_of_several(ctx) and not installs.end(session, ctx.workspace, now if at is None else at):
            return
        if settings.get(session, ctx.workspace, KEY) is None:
            settings.put(session, ctx.workspace, KEY, now)
        outbox.give_up(session, ctx.workspace, "uninstalled")
        retention.remove_slack(session, ctx.workspace)
        said.revise(session, ctx.workspace)
    log.warning("uninstalled", workspace=ctx.workspace)


def _is_one_of_several(ctx: Context) -> bool:
    """Whether it was installed by OAuth, and has a token of its own."""
    return ctx.owners is not None


def end_if_over(ctx: Context, now: int) -> bool:
    """Take away all that is kept of a workspace that Weir was out of for long enough; whether that was done.

    Where Slack knows Weir there again, it stays. Where Slack can't be asked, that is for another time.
    """
    with reading(ctx.engine) as session:
        since = settings.get(session, ctx.workspace, KEY)
    days = current(ctx).policy.file.retention.disconnected
    if since is None or not days or since > now - days * DAY:
        return False
    try:
        back = _is_back(ctx)
    except (Passing, Unknown) as trouble:
        log.info("not known whether uninstalled still", why=str(trouble))
        return False
    with writing(ctx.engine) as session:
        if back:
            settings.drop(session, ctx.workspace, KEY)
        else:
            retention.remove_workspace(session, ctx.workspace)
    log.warning("installed again" if back else "workspace removed")
    return not back


def farewell(ctx: Context, now: int) -> bool:
    """Take away all that is kept of a workspace whose install ended long enough ago; whether that was done."""
    days = current(ctx).policy.file.retention.disconnected
    if not days:
        return False
    with writing(ctx.engine) as session:
        over = installs.remove_ended(session, ctx.workspace, now - days * DAY)
        if over:
            retention.remove_workspace(session, ctx.workspace)
    if over:
        log.warning("workspace removed", workspace=ctx.workspace)
    return over


def _is_back(ctx: Context) -> bool:
    """Whether Slack knows this program there. Raises Passing where that can't be told now."""
    try:
        ctx.messenger.who_am_i()
    except Undeliverable as refusal:
        if refusal.reason in OUT:
            return False
        raise Passing(refusal.reason) from None
    return True
