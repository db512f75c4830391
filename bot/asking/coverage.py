"""Who is reached and who is not: the people who held or wrote something lately, and who they are in Slack."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from bot.asking.admins import NotAllowed, is_admin
from bot.context import Context
from bot.identity import slack_path
from bot.said import value_at
from bot.sight import named
from bot.store import matches, members, people
from bot.store.engine import reading
from bot.store.figures import troubled_addresses
from bot.store.people import Worker
from bot.views.people import DAYS, Asker, Coverage, Gap, Link

DAY = 86_400


def coverage_of(ctx: Context, now: int) -> Coverage:
    """Who is reached as of `now`, and what keeps the others from being so."""
    with reading(ctx.engine) as session:
        found = people.workers(session, ctx.workspace, now - DAYS * DAY)
        met = people.places(session, ctx.workspace, (who.login for who in found)) if ctx.viewer else {}
        known = matches.everything(session, ctx.workspace)
        gone = {user for user, row in members.everybody(session, ctx.workspace).items() if row.gone}
        troubled = dict(troubled_addresses(session, ctx.workspace))
    if ctx.viewer:
        shown = named(ctx, {repo for some in met.values() for repo in some})
        found = [who for who in found if not shown.isdisjoint(met[who.login.lower()])]
    wrong = {user: f"can't be written to ({why})" for user, why in troubled.items()}
    wrong |= dict.fromkeys(gone, "is deactivated in Slack, or an app")
    real = [who for who in found if not _is_bot(ctx, who, known.get(who.login.lower()))]
    gaps = [gap for gap in (_gap(ctx, who, known.get(who.login.lower()), wrong) for who in real) if gap]
    missing = {gap.login for gap in gaps}
    links = [_link(ctx, login, part.slack, known.get(login.lower())) for login, part in ctx.policy.file.people.items()
             if part.slack and part.slack not in wrong and login not in missing]  # fmt: skip
    return Coverage(len(real) - len(gaps), len(real), gaps, sorted(links))


def _is_bot(ctx: Context, who: Worker, match: Row[Any] | None) -> bool:
    return (match is not None and match.source == matches.BOT) or ctx.policy.rules(who.repo).named_like_a_bot(who.login)


def _gap(ctx: Context, who: Worker, match: Row[Any] | None, wrong: dict[str, str]) -> Gap | None:
    slack = ctx.policy.person(who.login).slack
    if slack is not None:
        return Gap(who.login, who.waiting, slack, wrong[slack]) if slack in wrong else None
    guess = match.slack if match is not None and match.state == matches.DOUBTFUL else None
    return Gap(who.login, who.waiting, guess)


def _link(ctx: Context, login: str, slack: str, match: Row[Any] | None) -> Link:
    if match is not None and match.state == matches.LINKED and match.slack == slack and match.source:
        return Link(login, slack, f"by {match.source}")
    written = value_at((ctx.policy.written or ctx.policy).file, slack_path(ctx, login))
    return Link(login, slack, "policy file" if written == slack else "said with /flow link")


def asker_of(ctx: Context, user: str, now: int) -> Asker:
    """What whoever asks may do about it; what Slack can't be asked just now, they may not."""
    try:
        admin = is_admin(ctx, user, now)
    except NotAllowed:
        admin = False
    return Asker(user, bool(ctx.policy.logins_of(user)), admin)
