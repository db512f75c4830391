"""An author's own call: whoever holds their item is asked to look, once a day."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from bot.asking.items import key_of
from bot.asking.people import NotKnown
from bot.context import Context
from bot.flow.events import ItemKey
from bot.flow.ladder import FOREVER, Standing, opening
from bot.grammar import NUDGE, ItemRef
from bot.intake import settle
from bot.outgoing.reach import Reach, reach
from bot.outgoing.standings import standings_of
from bot.store import answers, items, outbox, waits
from bot.store.engine import undisturbed, writing
from bot.views.calling import Called, Ear


def call(ctx: Context, user: str, ref: ItemRef, now: int) -> Called:
    """Have the holders of an item asked, for its author; who hears of it and when.

    Raises Misread, and NotKnown where there is nothing to be asked (by them).
    """
    settle(ctx, now, most=1)
    key = key_of(ctx, ref, NUDGE)
    return undisturbed(lambda: _call(ctx, user, key, now))


def _call(ctx: Context, user: str, key: ItemKey, now: int) -> Called:
    with writing(ctx.engine) as session:
        items.lock(session, ctx.workspace, [key])
        item = items.by_keys(session, ctx.workspace, [key])[key]
        rows = [row for row in waits.of_items(session, ctx.workspace, [key]).get(key, ()) if row.until is None]
        author = _author(ctx, user, item, waits=bool(rows))
        held = [row for row in rows if row.team or row.holder.casefold() not in _logins(ctx, user)]
        if not held:
            raise NotKnown(_nobody(item, own=bool(rows)))
        calendar = ctx.policy.person(author).calendar
        first = answers.ask(session, ctx.workspace, key, calendar.local_date(now).isoformat(), author, now)
        asks = answers.asks(session, ctx.workspace, [key]).get(key, [])
        if first:
            waits.set_looks(session, ctx.workspace, {row.id: now for row in held})
        ears = _ears(ctx, session, held, now)
    return Called(key[1], key[2], item.title, item.url, None if first else asks[-1].at, tuple(ears))


def _logins(ctx: Context, user: str) -> set[str]:
    return {login.casefold() for login in ctx.policy.logins_of(user)}


def _author(ctx: Context, user: str, item: Row[Any], *, waits: bool) -> str:
    """The author's login, where that is who asks. Raises NotKnown elsewhere.

    `waits`: whether it waits for anybody; what is merged may do so in a later stage of a value stream.
    """
    name = f"{item.repo}#{item.item}"
    if not ctx.policy.follows(item.repo):
        raise NotKnown(f"{item.repo} was let go: nobody is nudged about it any more.")
    if ctx.policy.is_silent(item.repo):
        raise NotKnown(f"{item.repo} is silent for now: nobody is nudged about it until its targets are switched on.")
    if not item.live and not waits:
        raise NotKnown(f"{name} is {'merged' if item.merged else 'closed'}: it waits for nobody any more.")
    if item.author is None or item.author.casefold() not in _logins(ctx, user):
        by = f"; {item.author} did" if item.author else ""
        raise NotKnown(f"Only its author can ask for it, and you did not open {name}{by}.")
    return str(item.author)


def _nobody(item: Row[Any], *, own: bool) -> str:
    name = f"{item.repo}#{item.item}"
    if own:
        return f"It is your own turn on {name}; nobody else can be asked. /flow why {name} tells more."
    return (
        f"It is nobody's turn on {name} just now ({'it is queued' if item.ready else 'it is a draft, or not ready'})."
    )


def _ears(ctx: Context, session: Session, rows: Sequence[Row[Any]], now: int) -> list[Ear]:
    """Who hears of it, and from when."""
    standings = standings_of(session, ctx.workspace, ctx.policy, rows)
    heard = outbox.heard(session, ctx.workspace, {one.holder for one in standings.values()}, now)
    can = reach(session, ctx.workspace, ctx.policy, now)
    ears = (_ear(ctx, can, one, heard.get(one.holder, ()), now) for one in standings.values())
    return sorted(ears, key=lambda ear: (ear.team, ear.on))


def _ear(ctx: Context, can: Reach, one: Standing, heard: Sequence[int], now: int) -> Ear:
    wait = one.wait
    if not can.reachable(one.holder):
        return Ear(wait.on, wait.team, reachable=False)
    if one.quiet >= FOREVER:
        return Ear(wait.on, wait.team, quiet=True)
    at = one.clock.hold_ends(max(now, one.quiet))
    if at is not None and not wait.team:
        recipient = can.person(wait.on, heard)
        at = opening(recipient, at, ctx.policy.nudges.max_messages_per_day) if recipient else None
    return Ear(wait.on, wait.team, at=None if at is None or at >= FOREVER else at)
