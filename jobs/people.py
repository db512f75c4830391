"""Finds out who is who, and keeps what Slack shows of the people Weir writes to fresh. It writes to nobody."""

from __future__ import annotations

import structlog

from bot.context import Context
from bot.hosts.github.errors import HostError
from bot.messenger import Passing, Undeliverable, Unknown
from bot.people.identity import Names, NoPerson, find, settle
from bot.people.members import read
from bot.said import current
from bot.store import matches, members, people
from bot.store.engine import reading, writing
from bot.store.people import Worker

log = structlog.get_logger()

MOST_LOGINS = 10
"""Logins tried in one run; each costs the host two questions and Slack up to four."""
MOST_MEMBERS = 20
"""Members looked up in one run."""
LATELY = 90 * 86_400
"""How long ago somebody may have held or written something, in seconds."""
WEEK, DAY, HOUR = 7 * 86_400, 86_400, 3600
TROUBLE = (Passing, Unknown, Undeliverable, HostError)


def run(ctx: Context, now: int) -> int:
    """Try some of the logins nobody is known behind, and look up some members; how many were linked."""
    ctx = current(ctx)
    done = _match(ctx, now)
    _refresh(current(ctx), now)
    return done


def _match(ctx: Context, now: int) -> int:
    if ctx.github is None:
        return 0
    names, linked = Names(ctx), 0
    trying = _taken(ctx, now)
    for place, who in enumerate(trying):
        try:
            if ctx.stopping.is_set():
                raise Passing("the program ends")
            linked += _tried(ctx, who, names, now)
        except TROUBLE as trouble:
            log.info("people not matched now", why=str(trouble))
            _put_off(ctx, trying[place:], now - WEEK + HOUR)
            break
    return linked


def _taken(ctx: Context, now: int) -> list[Worker]:
    """The next people to try, be they linked by their own word: those with most waiting first, each once a week."""
    with reading(ctx.engine) as session:
        found = people.workers(session, ctx.workspace, now - LATELY)
        claimed = matches.unconfirmed(session, ctx.workspace)
    unknown = {who.login: who for who in found if _nobody_known(ctx, who) or who.login.lower() in claimed}
    if not unknown:
        return []
    with writing(ctx.engine) as session:
        taken = matches.take(session, ctx.workspace, list(unknown), now - WEEK, now, MOST_LOGINS)
    return [unknown[login] for login in taken]


def _nobody_known(ctx: Context, who: Worker) -> bool:
    return ctx.policy.person(who.login).slack is None and not ctx.policy.rules(who.repo).named_like_a_bot(who.login)


def _tried(ctx: Context, who: Worker, names: Names, now: int) -> bool:
    try:
        found = find(ctx, who, names)
    except NoPerson:
        with writing(ctx.engine) as session:
            matches.put(session, ctx.workspace, who.login, matches.UNKNOWN, None, matches.BOT, now)
        return False
    linked = settle(ctx, who.login, found, now)
    if found is None and names.unknown:
        _put_off(ctx, [who], now - WEEK + DAY)
    return linked


def _put_off(ctx: Context, some: list[Worker], tried_at: int) -> None:
    with writing(ctx.engine) as session:
        matches.try_again(session, ctx.workspace, [who.login for who in some], tried_at)


def _refresh(ctx: Context, now: int) -> None:
    """Look up the people Weir writes to whom Slack was not asked about for a day, longest ago first."""
    with reading(ctx.engine) as session:
        known = members.everybody(session, ctx.workspace)
    seen = {part.slack: 0 for part in ctx.policy.file.people.values() if part.slack}
    seen |= {user: row.seen_at for user, row in known.items() if user in seen}
    stale = sorted((at, user) for user, at in seen.items() if at <= now - DAY)
    for _, user in stale[:MOST_MEMBERS]:
        if ctx.stopping.is_set():
            return
        try:
            read(ctx, user, now)
        except TROUBLE as trouble:
            log.info("members not looked up now", why=str(trouble))
            return
