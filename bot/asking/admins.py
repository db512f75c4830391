"""Who may change what concerns others: Slack's administrators and owners, and those they name."""

from __future__ import annotations

from bot.asking.people import person_in_slack
from bot.context import Context
from bot.messenger import Passing, Undeliverable, Unknown
from bot.people.members import learn
from bot.said import Change, say
from bot.store import members
from bot.store.engine import reading

FRESH = 600
"""Seconds for which it is remembered whether somebody is an administrator in Slack."""


class NotAllowed(PermissionError):
    """Somebody may not do what they ask for; the message is one line for them."""


def must_be_admin(ctx: Context, user: str, now: int) -> None:
    """Raises NotAllowed where a Slack account may not change what concerns others."""
    if not is_admin(ctx, user, now):
        raise NotAllowed(
            "That is for Slack's administrators and owners, and those they name. /flow admins lists who they named."
        )


def is_admin(ctx: Context, user: str, now: int) -> bool:
    """Whether a Slack account may change what concerns others. Raises NotAllowed where Slack can't be asked."""
    if user in ctx.policy.file.admins:
        return True
    with reading(ctx.engine) as session:
        known = members.member(session, ctx.workspace, user)
    if known is not None and now - known.seen_at < FRESH:
        return bool(known.admin)
    try:
        shown = ctx.messenger.user(user)
    except (Passing, Unknown, Undeliverable):
        if known is not None:
            return bool(known.admin)
        raise NotAllowed("Slack can't be asked just now whether you are an administrator. Please try again.") from None
    learn(ctx, user, shown, now)
    return bool(members.shown(shown)["admin"])


def name_admin(ctx: Context, by: str, user: str, now: int, *, add: bool) -> bool:
    """Let somebody change what concerns others, or no longer; whether that changed anything.

    Raises NotAllowed, and NotKnown where it is no person who is there.
    """
    must_be_admin(ctx, by, now)
    if add:
        person_in_slack(ctx, user, now)

    def named(old: list[str] | None) -> list[str]:
        others = [one for one in old or () if one != user]
        return [*others, user] if add else others

    if (user in ctx.policy.file.admins) == add:
        return False
    return bool(say(ctx, [Change(("admins",), named)], by, now))
