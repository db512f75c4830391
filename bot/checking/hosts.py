"""The doctor's questions to Slack and to the code host."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from email.utils import parsedate_to_datetime

from sqlalchemy import Engine

from bot.checking.findings import Finding, broken, ok, warn
from bot.context import Context
from bot.hosts.github import OF_A_REPO
from bot.hosts.github.access import Hook, Who, check_access, hooks, sees_boards, whoami
from bot.hosts.github.errors import HostError, Unreachable
from bot.installing.manifest import scopes
from bot.messenger import Passing, Undeliverable, Unknown
from bot.store.engine import reading
from bot.store.migrate import CARRIES, schema_state
from bot.store.place import is_there
from bot.store.repos import QUIET, known
from bot.views.words import elapsed
from bot.web import DATABASE_TROUBLE

SKEW = 60
"""Seconds by which clocks may differ before signatures are in danger (Slack refuses after 300)."""
DOOR = "/webhooks/github"
_REPO_EVENTS = frozenset(OF_A_REPO)


def slack_findings(ctx: Context) -> Iterator[Finding]:
    """Whether the bot token is good and may do what Weir does."""
    if not has_token(ctx):
        return
    try:
        me = ctx.messenger.who_am_i()
    except Undeliverable as error:
        again = "reinstall the app and set SLACK_BOT_TOKEN anew" if ctx.owners is None else "have Weir installed again"
        yield broken("Slack", f"refuses the bot token ({error.reason})", again)
        return
    except (Passing, Unknown) as error:
        yield broken("Slack", f"can't be reached at {ctx.settings.slack_api_url} ({error})", "check the network")
        return
    lacking = sorted(set(scopes()) - set(me["scopes"]))
    beyond = sorted(set(me["scopes"]) - set(scopes()))
    if lacking:
        yield broken(
            "Slack", f"scopes are missing: {', '.join(lacking)}", "update the app from `weir manifest`, reinstall"
        )
    if beyond:
        yield warn("Slack", f"scopes that are not needed: {', '.join(beyond)}", "update the app from `weir manifest`")
    yield ok("Slack", f"signed in to {me.get('team', 'a workspace')}")


def has_token(ctx: Context) -> bool:
    """Whether there is anything to ask Slack with; each of several workspaces has a token of its own."""
    return ctx.settings.slack_bot_token is not None or ctx.owners is not None


def clock_findings(ctx: Context, now: int) -> Iterator[Finding]:
    """This machine's clock against Slack's, else against GitHub's."""
    told = _slack_date(ctx) or _github_date(ctx)
    if told is None:
        return
    there = int(parsedate_to_datetime(told).timestamp())
    skew = now - there
    if abs(skew) > SKEW:
        ahead = "ahead" if skew > 0 else "behind"
        yield broken(
            "clock", f"this machine is {elapsed(abs(skew))} {ahead}", "set it by NTP; signatures fail otherwise"
        )
    else:
        yield ok("clock", "agrees with the servers'")


def _slack_date(ctx: Context) -> str | None:
    if not has_token(ctx):
        return None
    try:
        return ctx.messenger.who_am_i()["date"] or None
    except (Passing, Unknown, Undeliverable):
        return None


def _github_date(ctx: Context) -> str | None:
    if ctx.github is None:
        return None
    try:
        as_app = ctx.github.app is not None
        return str(ctx.github.get("/app" if as_app else "/user", as_app=as_app)[1].get("date") or "") or None
    except HostError:
        return None


def ask_github(ctx: Context) -> Who | HostError | None:
    """Whose the token is, or why that can't be told; None without a token."""
    if ctx.github is None:
        return None
    try:
        return whoami(ctx.github)
    except HostError as error:
        return error


def github_findings(host: Who | HostError | None) -> Iterator[Finding]:
    """What GitHub answered to the question whose the token is."""
    if host is None:
        yield warn(
            "GitHub", "no token: webhooks are taken, but what they miss is never caught up",
            "set GITHUB_TOKEN, or GITHUB_APP_ID and GITHUB_APP_PRIVATE_KEY",
        )  # fmt: skip
    elif isinstance(host, HostError):
        yield broken("GitHub", str(host), _advice(host))
    else:
        yield ok("GitHub", f"signed in as {'the App ' if host.is_app else ''}{host.login}")
        if not sees_boards(host):
            what = "the App's permission Projects (read)" if host.is_app else "the scope read:project"
            yield ok("GitHub", f"columns of project boards are not read; that takes {what}")
        yield from _app_events(host)


def _app_events(who: Who) -> Iterator[Finding]:
    if who.events is not None:
        lacking = sorted(_REPO_EVENTS - who.events)
        if lacking:
            yield warn(
                "GitHub", f"the App does not subscribe to: {', '.join(lacking)}", "add them in the App's settings"
            )


def _advice(error: HostError) -> str:
    if isinstance(error, Unreachable):
        return "try again later; nudges go out meanwhile"
    return "check the token or App, and which repositories it was given"


def repo_findings(ctx: Context, now: int) -> Iterator[Finding]:
    """Every repository: can it be read, does its webhook reach us, and when did it last?"""
    heard: dict[str, int | None] = {}
    if is_current(ctx.engine):
        with reading(ctx.engine) as session:
            heard = {row.repo: row.webhook_at for row in known(session, ctx.workspace) if row.connected}
    asking = ctx
    for repo in sorted(filter(ctx.policy.follows, {*ctx.policy.file.repos, *heard})):
        trouble = _trouble(asking, repo)
        if trouble is None:
            yield from _repo(asking, repo, heard.get(repo), now)
        else:
            yield broken(repo, str(trouble), _advice(trouble))
        if isinstance(trouble, Unreachable):
            asking = replace(asking, github=None)
    if not heard and not ctx.policy.file.repos:
        yield warn("repositories", "none yet", 'name them in the policy ([repos."acme/shop"]) or add a webhook')


def is_current(engine: Engine) -> bool:
    """Whether the database can be asked; why not is a finding of its own. To look makes none where there is none."""
    try:
        return is_there(engine) and schema_state(engine) in CARRIES
    except DATABASE_TROUBLE:
        return False


def _trouble(ctx: Context, repo: str) -> HostError | None:
    """Why a repository can't be read; None where it can, or nobody can be asked."""
    if ctx.github is None:
        return None
    try:
        check_access(ctx.github, repo)
    except HostError as error:
        return error
    return None


def _repo(ctx: Context, repo: str, heard_at: int | None, now: int) -> Iterator[Finding]:
    yield from _webhook(ctx, repo)
    if heard_at is None:
        yield warn(repo, "no webhook delivery was ever taken", _how_to_add(ctx))
    elif now - heard_at > QUIET:
        yield warn(
            repo, f"the last webhook delivery came {elapsed(now - heard_at)} ago", "look at its recent deliveries"
        )
    else:
        yield ok(repo, f"the last webhook delivery came {elapsed(max(0, now - heard_at))} ago")


def _webhook(ctx: Context, repo: str) -> Iterator[Finding]:
    if ctx.github is None or ctx.github.app is not None:
        return
    try:
        ours = [hook for hook in hooks(ctx.github, repo) if _is_ours(ctx, hook)]
    except HostError:
        yield ok(repo, "can be read; its webhooks are not shown to this token")
        return
    if not ours:
        yield warn(repo, "has no webhook for Weir; it is only read every few minutes", _how_to_add(ctx))
    for hook in ours:
        yield from _faults(repo, hook)


def _is_ours(ctx: Context, hook: Hook) -> bool:
    public = ctx.settings.weir_public_url
    return hook.url == public.rstrip("/") + DOOR if public else hook.url.endswith(DOOR)


def _faults(repo: str, hook: Hook) -> Iterator[Finding]:
    lacking = [] if "*" in hook.events else sorted(_REPO_EVENTS - set(hook.events))
    code = hook.last_response.code
    if not hook.active:
        yield broken(repo, "its webhook is switched off", "set it to active in the repository's settings")
    if not hook.has_secret:
        yield broken(repo, "its webhook has no secret", "enter GITHUB_WEBHOOK_SECRET in the webhook's settings")
    if lacking:
        yield warn(repo, f"its webhook leaves out: {', '.join(lacking)}", "add these events in the webhook's settings")
    if code is not None and not 200 <= code < 300:
        why = "the secrets differ" if code == 401 else "see its recent deliveries"
        yield broken(repo, f"its last webhook delivery was answered {code}", why)


def _how_to_add(ctx: Context) -> str:
    public = (ctx.settings.weir_public_url or "https://YOUR-ADDRESS").rstrip("/")
    return f"add a webhook to {public}{DOOR}, as JSON, with GITHUB_WEBHOOK_SECRET as its secret"
