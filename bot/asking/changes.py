"""The record of what was changed from Slack, as far as the asker may see it."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Row

from bot.asking.admins import NotAllowed, is_admin
from bot.context import Context
from bot.store import said
from bot.store.engine import reading
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
    return [one for one in told if _may_see(one, user, mine, admin=admin)]


def _change(row: Row[Any]) -> Change:
    was, became = (None if value is None else json.loads(value) for value in (row.was, row.became))
    return Change(row.at, row.by, row.why, tuple(json.loads(row.path)), was, became)


def _may_see(one: Change, user: str, mine: set[str], *, admin: bool) -> bool:
    if one.path[0] != "people" or one.path[2:] == ("slack",) or one.by == user or one.path[1].casefold() in mine:
        return True
    return admin and one.path[2:] != ("mutes",)
