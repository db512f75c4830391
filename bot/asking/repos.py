"""The repositories: followed or lost, when each was last heard of, and what is wrong."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from bot.context import Context
from bot.incoming.catchup import HOST
from bot.people.sight import named
from bot.policy import Policy
from bot.store import connections, repos
from bot.store.connections import FAILED
from bot.store.engine import reading
from bot.store.repos import QUIET
from bot.views.repos import Repo


def repos_of(ctx: Context, now: int) -> list[Repo]:
    """Every repository that is followed, or was until access to it was lost, and may be shown: problems first."""
    with reading(ctx.engine) as session:
        rows = repos.standing(session, ctx.workspace)
        unread = connections.unread(session, ctx.workspace, HOST)
    shown = named(ctx, {*ctx.policy.file.repos, *(row.repo for row in rows)})
    rows = [row for row in rows if row.repo in shown]
    told = [
        _told(row, ctx.policy, now) for row in rows if row.connected or row.problem or row.repo in ctx.policy.file.repos
    ]
    unheard = shown.intersection(ctx.policy.file.repos) - {row.repo for row in rows}
    told += [Repo(repo, None, None, _NEVER) for repo in unheard]
    told = [_begun(repo, unread[repo.name]) if repo.name in unread else repo for repo in told]
    return sorted(told, key=lambda repo: (repo.wrong is None, repo.name))


def _told(row: Row[Any], policy: Policy, now: int) -> Repo:
    if not policy.follows(row.repo):
        return Repo(row.repo, row.webhook_at, row.read_until, None, "It was let go.")
    note = "Silent: nobody is nudged about it (yet)." if policy.is_silent(row.repo) else None
    return Repo(row.repo, row.webhook_at, row.read_until, _wrong(row, now), note)


def _begun(repo: Repo, state: str) -> Repo:
    """One whose first reading is not over, or failed."""
    if state == FAILED:
        return repo._replace(wrong=f"its history could not be read; /flow connect {repo.name} tries again")
    return repo._replace(wrong=None, note="Its history is being read.")


_NEVER = "no webhook ever came, and it was not read"


def _wrong(row: Row[Any], now: int) -> str | None:
    if row.problem:
        return str(row.problem)
    if row.webhook_at is None:
        return _NEVER if row.read_until is None else "no webhook ever came; it is only read every few minutes"
    if now - row.webhook_at > QUIET:
        return f"no webhook has come for {(now - row.webhook_at) // 86_400} days"
    return None
