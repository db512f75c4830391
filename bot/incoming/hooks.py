"""A repository's webhook: set up where the token may, else told how; and taken back again."""

from __future__ import annotations

from typing import NamedTuple

import structlog
from sqlalchemy.orm import Session

from bot.context import Context
from bot.hosts.github import OF_A_REPO
from bot.hosts.github.access import Hook, hooks
from bot.hosts.github.acting import WEBHOOKS, add_webhook, remove_webhook
from bot.hosts.github.errors import Gone, HostError, Unreachable
from bot.store import connections, installs, repos
from bot.store.connections import FAILED, LEFT
from bot.views import webhooks

log = structlog.get_logger()
DOOR, HOST = "/webhooks/github", "github"


class Hooked(NamedTuple):
    """What became of it, in words; and its number where Weir set it up itself."""

    words: str
    id: int | None = None


def set_up(ctx: Context, repo: str) -> Hooked:
    """See to it that the host tells of a repository; without that it is read every few minutes.

    Raises Unreachable where the host says when to come back.
    """
    public, secret = ctx.settings.weir_public_url, ctx.settings.github_webhook_secret
    if ctx.github.app is not None:
        return Hooked(webhooks.OF_THE_APP)
    if public is None:
        return Hooked(webhooks.NO_ADDRESS)
    if secret is None:
        return Hooked(webhooks.NO_SECRET)
    url = address(public)
    try:
        found = _found(ctx, repo, url)
        if found is not None:
            return Hooked(_state(found))
        return Hooked(webhooks.MADE, add_webhook(ctx.github, repo, url, secret.get_secret_value(), OF_A_REPO).id)
    except HostError as trouble:
        if isinstance(trouble, Unreachable) and trouble.retry_after is not None:
            raise
        log.info("no webhook", repo=repo, why=str(trouble))
        return Hooked(webhooks.by_hand(_why(trouble), url, OF_A_REPO))


def address(public: str) -> str:
    """Where the host's deliveries go."""
    return public.rstrip("/") + DOOR


def _found(ctx: Context, repo: str, url: str) -> Hook | None:
    try:
        return next((hook for hook in hooks(ctx.github, repo) if hook.url == url), None)
    except HostError:
        return None  # setting one up says better why not


def _state(hook: Hook) -> str:
    missing = [] if "*" in hook.events else sorted(set(OF_A_REPO) - set(hook.events))
    if not hook.active:
        return webhooks.switched_off()
    return webhooks.lacking(missing) if missing else webhooks.THERE


def _why(trouble: HostError) -> str:
    if isinstance(trouble, Gone):
        return f"I could not set up a webhook; the token may lack {WEBHOOKS}"
    return str(trouble)


def left_to_another(session: Session, ctx: Context, repo: str, id: int) -> bool:
    """Whether another workspace follows a repository: then its webhook, which Weir set up, is that one's to keep."""
    found = False
    for install in installs.every(session) if ctx.owners is not None else ():
        other = install.workspace
        if other == ctx.workspace or install.ended_at is not None:
            continue
        known = connections.of_repo(session, other, HOST, repo)
        if known is not None and known.state not in (FAILED, LEFT):
            connections.owns_hook(session, other, known, id)
            return True
        heard = any(row.repo == repo and row.connected for row in repos.known(session, other))
        found = found or (heard and known is None)
    return found


def take_back(ctx: Context, repo: str, id: int) -> str:
    """Remove a webhook that Weir set up; what became of it, in words."""
    try:
        remove_webhook(ctx.github, repo, id)
    except Gone:
        return webhooks.TAKEN_BACK
    except HostError as trouble:
        log.warning("webhook not removed", repo=repo, why=str(trouble))
        return webhooks.not_removed(str(trouble), address(ctx.settings.weir_public_url or ""))
    return webhooks.TAKEN_BACK
