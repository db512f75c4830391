"""What a home tab shows: what waits, one's own terms, and what administrators look after."""

from __future__ import annotations

from typing import NamedTuple

from bot.asking.absences import absences_of
from bot.asking.linking import guess_for
from bot.asking.people import zone_of
from bot.asking.repos import repos_of
from bot.asking.waits import Looks, waits_of
from bot.context import Context
from bot.flow.waits import KINDS
from bot.outgoing.reach import reach
from bot.policy import Person
from bot.store import members, people
from bot.store.engine import reading
from bot.views.flow import Reader, Whose
from bot.views.home import Home, Overseen, Terms
from bot.views.message import Message
from bot.views.pages import places_of
from bot.views.terms import Away, Mute


class Pages(NamedTuple):
    """Which page is shown of what waits on somebody, and which of what is theirs."""

    held: int = 1
    authored: int = 1


def home_of(ctx: Context, user: str, pages: Pages, note: Message | None, now: int) -> Home:
    """All that a Slack account's home shows; `ctx` has the policy that holds now. Slack is not asked."""
    logins = ctx.policy.logins_of(user)
    reader = Reader(zone_of(ctx, user), frozenset(login.lower() for login in logins))
    overseen = _overseen(ctx, now) if _is_known_as_admin(ctx, user) else None
    guess = guess_for(ctx, user)
    if not logins:
        return Home(reader, overseen=overseen, guess=guess, note=note)
    held, authored = waits_of(ctx, Whose("you", you=True, logins=tuple(logins)), _looks(pages), now)
    terms = _terms(ctx.policy.person(logins[0]), now)
    return Home(reader, held, authored, pages.held, pages.authored, terms, overseen, guess, note)


def _looks(pages: Pages) -> Looks:
    return lambda held, authored: (places_of(held, pages.held), places_of(authored, pages.authored))


def _terms(person: Person, now: int) -> Terms:
    """The terms of a person; of what is over nothing is told."""
    away = tuple(Away(*one) for one in absences_of(person, now))
    today = person.calendar.local_date(now)
    mutes = (Mute(one.repo, one.item, one.until) for one in person.mutes)
    still = tuple(one for one in mutes if one.until is None or one.until >= today)
    return Terms(person.calendar.hours, person.calendar.timezone, away, still, person.morning)


def _is_known_as_admin(ctx: Context, user: str) -> bool:
    """Whether somebody was an administrator when Slack was asked last."""
    if user in ctx.policy.file.admins:
        return True
    with reading(ctx.engine) as session:
        known = members.member(session, ctx.workspace, user)
    return known is not None and bool(known.admin)


def _overseen(ctx: Context, now: int) -> Overseen:
    policy = ctx.policy
    with reading(ctx.engine) as session:
        can = reach(session, ctx.workspace, policy, now)
        holding = [one for one in people.workers(session, ctx.workspace, None) if one.waiting]
    own = sum(any(seconds is not None for _, seconds in part.targets) for part in policy.file.repos.values())
    return Overseen(
        repos=repos_of(ctx, now),
        targets={kind: getattr(policy.file.targets, kind) for kind in KINDS},
        own=own,
        gaps=[(one.login, one.waiting) for one in holding if not can.reachable(one.login)],
    )
