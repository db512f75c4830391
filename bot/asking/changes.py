"""The record of what was changed from Slack, as far as the asker may see it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from bot.asking.admins import NotAllowed, is_admin
from bot.asking.value import known_now
from bot.context import Context
from bot.people.sight import named
from bot.store import said
from bot.store.engine import reading
from bot.store.streams import name_key
from bot.streams.saving import all_streams
from bot.views.changes import Change

MOST = 1000
"""Changes looked at, latest first."""


def changes_for(ctx: Context, user: str, now: int) -> list[Change]:
    """The changes, latest first: those of what concerns everybody, and of one's own terms.

    Administrators see when others are away and at work, too; what somebody muted is theirs alone.
    """
    try:
        admin = is_admin(ctx, user, now)
    except NotAllowed:
        admin = False
    mine = {login.casefold() for login in ctx.policy.logins_of(user)}
    with reading(ctx.engine) as session:
        told = [_change(row) for row in said.changes(session, ctx.workspace, MOST)]
    told = told if admin else _in_sight(ctx, told, user)
    return [one for one in told if _may_see(one, user, mine, admin=admin)]


def _in_sight(ctx: Context, told: Sequence[Change], user: str) -> list[Change]:
    """The changes without those of others that tell of repositories, streams and channels that may not be shown."""
    mapped = ctx.policy.file.repos
    repos = named(ctx, {*mapped, *(one.path[1] for one in told if one.path[0] == "repos")})
    channels = {part.channel for repo, part in mapped.items() if repo in repos}
    shown = {name_key(held.name) for held, _ in all_streams(ctx)}
    known = known_now(ctx)
    names = shown | {name_key(one.name) for one in (*known.targets, *known.dropped.values())}

    def may(one: Change) -> bool:
        match one.path[0]:
            case "repos":
                return one.path[1] in repos
            case "streams" | "outcome" | "key result" | "number of key result":
                return name_key(one.path[1]) in names
            case "digests":
                return one.path[1] in channels or str(one.became).endswith(", All repositories")
            case "types":
                return not any("repo" in rule for rule in (*(one.was or ()), *(one.became or ())))
        return not one.path[0].startswith("work with the ") or name_key(str(one.became or one.was)) in names

    return [one for one in told if one.by == user or may(one)]


def _change(row: Row[Any]) -> Change:
    was, became = (None if value is None else json.loads(value) for value in (row.was, row.became))
    return Change(row.at, row.by, row.why, tuple(json.loads(row.path)), was, became)


def _may_see(one: Change, user: str, mine: set[str], *, admin: bool) -> bool:
    if one.path[0] != "people" or one.path[2:] == ("slack",) or one.by == user or one.path[1].casefold() in mine:
        return True
    return admin and one.path[2:] != ("mutes",)
