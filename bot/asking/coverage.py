"""Who is reached and who is not: the people who held or wrote something lately, and who they are in Slack."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from bot.asking.admins import NotAllowed, is_admin
from bot.context import Context
from bot.people.identity import slack_path
from bot.people.sight import named
from bot.said import value_at
from bot.store import matches, members, people
from bot.store.engine import reading
from bot.store.figures import troubled_addresses
from bot.store.people import Worker
from bot.views.pages import places_of
from bot.views.people import DAYS, Asker, Coverage, Gap, Link

DAY = 86_400


def coverage_of(ctx: Context, now: int, page: int | None = None) -> Coverage:
    """Who is reached as of `now`, and what keeps the others from being so; who is who, as far as a page shows it."""
    with reading(ctx.engine) as session:
        found = people.workers(session, ctx.workspace, now - DAYS * DAY)
        known = matches.everything(session, ctx.workspace)
        gone = members.gone(session, ctx.workspace)
        troubled = dict(troubled_addresses(session, ctx.workspace))
    found = _met_by(ctx, found) if ctx.viewer else found
    wrong = {user: f"can't be written to ({why})" for user, why in troubled.items()}
    wrong |= dict.fromkeys(gone, "is deactivated in Slack, or an app")
    real = [who for who in found if not _is_bot(ctx, who, known.get(who.login.lower()))]
    gaps = [gap for gap in (_gap(ctx, who, known.get(who.login.lower()), wrong) for who in real) if gap]
    missing = {gap.login for gap in gaps}
    linked = sorted((login, part.slack) for login, part in ctx.policy.file.people.items()
                    if part.slack and part.slack not in wrong and login not in missing)  # fmt: skip
    places = places_of(len(gaps) + len(linked), page)
    shown = linked[max(0, places.start - len(gaps)) : max(0, places.stop - len(gaps))]
    links = {login: _link(ctx, login, slack, known.get(login.lower())) for login, slack in shown}
    return Coverage(len(real) - len(gaps), len(real), gaps, [login for login, _ in linked], links)


def _met_by(ctx: Context, found: Sequence[Worker]) -> list[Worker]:
    """Those who were met in some repository that may be named to who asks."""
    shown = named(ctx, {who.repo for who in found})
    others = [who.login for who in found if who.repo not in shown]
    with reading(ctx.engine) as session:
        met = people.places(session, ctx.workspace, others)
    there = named(ctx, {repo for some in met.values() for repo in some})
    return [who for who in found if who.repo in shown or not there.isdisjoint(met.get(who.login.lower(), ()))]


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
    written = value_at(ctx.policy.read_as or ctx.policy.file, slack_path(ctx, login))
    return Link(login, slack, "policy file" if written == slack else "said with /flow link")


def asker_of(ctx: Context, user: str, now: int) -> Asker:
    """What whoever asks may do about it; what Slack can't be asked just now, they may not."""
    try:
        admin = is_admin(ctx, user, now)
    except NotAllowed:
        admin = False
    return Asker(user, bool(ctx.policy.logins_of(user)), admin)
