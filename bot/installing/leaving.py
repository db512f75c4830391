"""Slack took Weir out of a workspace: what goes at once, and what goes once nobody put it back for a while."""

from __future__ import annotations

import structlog

from bot.context import Context
from bot.installing.secrets import NotOpened, vault_of
from bot.messenger import Messenger, Passing, Undeliverable, Unknown
from bot.said import current
from bot.store import installs, outbox, retention, said, settings
from bot.store.engine import reading, writing
from bot.store.installs import Install

log = structlog.get_logger()
KEY = "uninstalled_at"
"""The setting that says since when Weir is out of its workspace."""
OUT = ("account_inactive", "token_revoked", "invalid_auth", "not_authed")
"""What Slack answers to a token of a workspace that Weir is out of, and where there is none."""
TOLD = "uninstall_told_at"
"""The setting that says since when it is told, and not sure, that Weir is out of one of several workspaces."""
SETTLED = 60
"""Seconds after which Slack surely refuses the token of an install that it told the end of."""
PATIENCE = 2
"""Seconds to wait for Slack, which waits for an answer itself."""
DAY = 86_400


def told(ctx: Context, now: int, at: int) -> None:
    """Slack tells that Weir was taken out at `at`, by Slack's clock.

    Of one of several workspaces that may be told late, with Weir installed there anew. No two clocks need agree on the
    order of the two, so Slack is asked whether the token is good still. Where it is, or nobody can say, that is asked
    once more a while later.
    """
    if not _is_one_of_several(ctx):
        uninstalled(ctx, now)
        return
    with reading(ctx.engine) as session:
        install = installs.current(session, ctx.workspace)
    if install is None:
        return
    try:
        over = _is_over(ctx, install)
    except NotOpened:  # nobody can ask, and there are but the clocks to go by
        over = at >= install.installed_at
    if over:
        uninstalled(ctx, now, install)
        return
    with writing(ctx.engine) as session:
        settings.put(session, ctx.workspace, TOLD, now)
    log.warning("uninstalled, as is told", workspace=ctx.workspace, token="good" if over is False else "not known")


def ask_again(ctx: Context, now: int) -> bool:
    """Where it was told that Weir was taken out and that was not sure, ask Slack again; whether it was so."""
    with reading(ctx.engine) as session:
        since = settings.get(session, ctx.workspace, TOLD)
        install = installs.current(session, ctx.workspace)
    if since is None or install is None or now - since < SETTLED:
        return False
    over = _is_over(ctx, install)
    if over:
        uninstalled(ctx, now, install)
    elif over is False:
        with writing(ctx.engine) as session:
            if settings.get(session, ctx.workspace, TOLD) == since:
                settings.drop(session, ctx.workspace, TOLD)
        log.info("installed still", workspace=ctx.workspace)
    return bool(over)


def _is_over(ctx: Context, install: Install) -> bool | None:
    """Whether Slack refuses an install's token; None where it gives no clear answer. Raises NotOpened."""
    token = vault_of(ctx.settings).open(install.token or "")
    try:
        Messenger(token, ctx.settings.slack_api_url, timeout=PATIENCE).who_am_i()
    except Undeliverable as refusal:
        return True if refusal.reason in OUT else None
    except (Passing, Unknown):
        return None
    return False


def uninstalled(ctx: Context, now: int, install: Install | None = None) -> None:
    """Keep since when, stop all messages, and take away what Slack showed of its members.

    Of one of several workspaces only as long as `install` (None: whichever there is) is the one there.
    """
    with writing(ctx.engine) as session:
        if _is_one_of_several(ctx):
            install = install or installs.current(session, ctx.workspace)
            if install is None or not installs.end(session, ctx.workspace, install.token or "", now):
                return
            settings.drop(session, ctx.workspace, TOLD)
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
