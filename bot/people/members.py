"""What Slack shows of members, kept: names, administrators, who is gone; zones and statuses, which move clocks."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from bot.asking.statuses import follow
from bot.context import Context
from bot.messenger import Undeliverable
from bot.said import current
from bot.store import homes, members, said, waits
from bot.store.engine import reading, undisturbed, writing


def take_in(ctx: Context, member: dict[str, Any], now: int) -> None:
    """Keep what Slack told of a member by itself (`user_change`). Those Weir has nothing to do with are passed over."""
    ctx, user = current(ctx), str(member.get("id") or "")
    with reading(ctx.engine) as session:
        known = members.member(session, ctx.workspace, user) is not None
    if user and (known or ctx.policy.logins_of(user)):
        learn(ctx, user, member, now)


def learn(ctx: Context, user: str, member: dict[str, Any], now: int) -> None:
    """Keep a member as Slack shows them now; where it moves their clocks, their ladders are looked at again.

    Without a zone, or with one that nobody knows, theirs is the workspace's.
    """
    ctx = current(ctx)
    undisturbed(lambda: _learn(ctx, user, member, now))


def _learn(ctx: Context, user: str, member: dict[str, Any], now: int) -> None:
    values = members.shown(member)
    with writing(ctx.engine) as session:
        known = members.member(session, ctx.workspace, user)
        old = known.tz if known else None
        # Slack shows no zone of those who are gone; what it was does not matter then.
        zone = old if values["gone"] else _known_zone(member.get("tz"))
        members.keep(session, ctx.workspace, user, **values, tz=zone, seen_at=now)
        logins = ctx.policy.logins_of(user)
        signs = ctx.policy.file.status
        left = logins and not values["gone"] and follow(session, ctx.workspace, user, member, signs, now)
        if left or zone != old:
            _moved(session, ctx, user, logins, now)


def _moved(session: Session, ctx: Context, user: str, logins: list[str], now: int) -> None:
    said.revise(session, ctx.workspace)
    waits.look_again(session, ctx.workspace, now, logins=logins)
    homes.touch(session, ctx.workspace, [user], now)


def _known_zone(name: object) -> str | None:
    try:
        return ZoneInfo(name).key if isinstance(name, str) and name else None
    except (ValueError, OSError, KeyError):
        return None


def read(ctx: Context, user: str, now: int) -> dict[str, Any] | None:
    """Ask Slack for a member and keep what it shows; None where it knows no such member, who is kept as gone.

    Raises Passing, Unknown, Undeliverable.
    """
    try:
        member = ctx.messenger.user(user)
    except Undeliverable as error:
        if error.scope != "address":
            raise
        with writing(ctx.engine) as session:
            members.keep(session, ctx.workspace, user, gone=True, seen_at=now)
        return None
    learn(ctx, user, member, now)
    return member
