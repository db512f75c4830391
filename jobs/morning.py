"""One message at the start of somebody's working day, if something waits for them.

It carries what falls due at that instant, too, and stands in place of heads-ups for what it lists.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

import structlog
from sqlalchemy import Engine, Row
from sqlalchemy.orm import Session

from bot.context import Context
from bot.experiments.holding_back import drawn, note
from bot.flow.events import ItemKey
from bot.flow.ladder import FOREVER, HEADS_UP, MORNING, Nudge, Recipient, Standing, climb, opening
from bot.flow.mornings import is_morning, next_morning
from bot.incoming.unfolded import first_of, key_of, unfolded
from bot.intake import settle
from bot.outgoing.reach import Reach, reach
from bot.outgoing.standings import standings_of
from bot.policy import Person, Policy
from bot.said import current
from bot.store import asked, mornings, outbox, repos, said
from bot.store.engine import reading, undisturbed, writing
from bot.store.mornings import Beginning
from jobs.nudge import PORTIONS, backlog_of, is_first_of_the_day

MOST = 500
"""People looked at in one transaction; more come with the next tick."""
_log = structlog.get_logger()
_followed: WeakKeyDictionary[Engine, dict[str, Policy]] = WeakKeyDictionary()
"""By workspace: the policy by which everybody's next morning is known."""


def run(ctx: Context, now: int) -> int:
    """Claim the morning messages of this instant; how many."""
    ctx = current(ctx)
    _follow(ctx, now)
    with reading(ctx.engine) as session:
        if not mornings.any_due(session, ctx.workspace, now):
            return 0
    settle(ctx, now, PORTIONS, partial(_first, ctx, now))
    return undisturbed(lambda: _run(ctx, now))


def _run(ctx: Context, now: int) -> int:
    with writing(ctx.engine) as session:
        outbox.deciding(session, ctx.workspace)
        if said.revision(session, ctx.workspace) != ctx.policy.revision:
            return 0  # somebody changed their terms just now; the next tick knows them
        due = mornings.due(session, ctx.workspace, now, MOST)
        return _decide(ctx, session, due, now) if due else 0


def _first(ctx: Context, now: int, session: Session) -> Collection[ItemKey]:
    """What is to be folded in before it can be said what waits for the people whose time has come."""
    days = _days(ctx, session, mornings.due(session, ctx.workspace, now, MOST))
    return first_of(session, ctx.workspace, [row for day in days for row in day.rows])


def _follow(ctx: Context, now: int) -> None:
    """Compute the next morning of whoever's terms are others now, or who is new. It costs something after a change."""
    done = _followed.setdefault(ctx.engine, {})
    if done.get(ctx.workspace) is not ctx.policy:
        undisturbed(lambda: _follow_terms(ctx, now))
        done[ctx.workspace] = ctx.policy


def _follow_terms(ctx: Context, now: int) -> None:
    wanted = {login: _terms_of(person) for login, person in _people(ctx.policy).items()}
    with writing(ctx.engine) as session:
        outbox.deciding(session, ctx.workspace)
        known = mornings.everybody(session, ctx.workspace)
        changed = [login for login, terms in wanted.items() if known.get(login) != terms]
        fresh = [Beginning(login, _next(ctx.policy.person(login), now), wanted[login]) for login in changed]
        mornings.put(session, ctx.workspace, fresh)
        mornings.drop(session, ctx.workspace, known.keys() - wanted.keys())


def _people(policy: Policy) -> dict[str, Person]:
    """Who wants a morning message, by the first login of each Slack account."""
    people = {login: policy.person(login) for login in policy.file.people}
    return {
        login: person
        for login, person in people.items()
        if person.slack and person.morning and policy.logins_of(person.slack)[0] == login
    }


def _terms_of(person: Person) -> str:
    """A name for all that somebody's mornings hang on."""
    calendar = person.calendar
    told = (
        calendar.timezone, calendar.hours, calendar.country, calendar.subdivision, sorted(calendar.days_off),
        calendar.half_days, sorted(map(repr, person.away)),
    )  # fmt: skip
    return hashlib.sha256(repr(told).encode()).hexdigest()[:16]


def _next(person: Person, after: int) -> int:
    at = next_morning(person.calendar, person.away, after)
    return FOREVER if at is None else at


@dataclass(frozen=True)
class _Day:
    """One person whose day begins."""

    login: str
    """As the policy spells it; `to` is how the code host does."""
    to: str
    rows: Sequence[Row[Any]]
    """What waits for them by any of their logins."""


def _decide(ctx: Context, session: Session, logins: Sequence[str], now: int) -> int:
    days = _settled(session, ctx, _days(ctx, session, logins))
    heard = outbox.heard(session, ctx.workspace, {day.to for day in days}, now)
    told = mornings.latest(session, ctx.workspace, {day.to for day in days}, now)
    can = reach(session, ctx.workspace, ctx.policy, now)
    instants = {day.login: _when(ctx, can, day, heard.get(day.to, ()), told.get(day.to), now) for day in days}
    beginning = [day for day in days if instants[day.login] == now]
    claimed = _claim(ctx, session, beginning, heard, now)
    after = {day.login: _next(ctx.policy.person(day.login), now + 1) for day in beginning}
    mornings.move(session, ctx.workspace, {**instants, **after})
    return claimed


def _days(ctx: Context, session: Session, logins: Sequence[str]) -> list[_Day]:
    own = {login: ctx.policy.logins_of(ctx.policy.person(login).slack or "") or [login] for login in logins}
    whose = {name.lower(): login for login, names in own.items() for name in names}
    lost = repos.lost(session, ctx.workspace)
    rows: dict[str, list[Row[Any]]] = defaultdict(list)
    for row in asked.held_by(session, ctx.workspace, whose):
        if not row.backlog and (row.host, row.repo) not in lost and not ctx.policy.is_silent(row.repo):
            rows[whose[row.holder_key]].append(row)
    return [_Day(login, _spelt(login, rows[login]), rows[login]) for login in logins]


def _settled(session: Session, ctx: Context, days: Sequence[_Day]) -> list[_Day]:
    """Without people of whose waits something is not folded in yet: they are looked at in the next run."""
    unknown = unfolded(session, ctx.workspace, [row for day in days for row in day.rows])
    return [day for day in days if unknown.keys().isdisjoint(map(key_of, day.rows))]


def _spelt(login: str, rows: Sequence[Row[Any]]) -> str:
    return next((str(row.holder) for row in rows if row.holder_key == login.lower()), login)


def _when(ctx: Context, can: Reach, day: _Day, heard: Sequence[int], told: int | None, now: int) -> int:
    """`now` where the day begins; else when to look at the person again."""
    person, calendar = ctx.policy.person(day.login), ctx.policy.person(day.login).calendar
    whom = can.person(day.to, heard)
    today = calendar.local_date(now)
    had_it = told is not None and calendar.local_date(told) == today
    opens = None if whom is None or had_it else _opens(whom, ctx.policy, now)
    if opens is not None and is_morning(calendar, today, opens):
        return opens
    return _next(person, now + 1)


def _opens(whom: Recipient, policy: Policy, now: int) -> int | None:
    opens = opening(whom, now, policy.nudges.max_messages_per_day)
    return None if opens is None or opens >= FOREVER else opens


def _claim(
    ctx: Context, session: Session, days: Sequence[_Day], heard: Mapping[str, list[int]], now: int
) -> int:  # fmt: skip
    known = standings_of(session, ctx.workspace, ctx.policy, [row for day in days for row in day.rows])
    standings = {one.id: one for one in drawn(session, ctx, known.values(), now)}
    nudges = {day.to: _nudges(ctx, day, standings, now) for day in days}
    note(session, ctx, [one for some in nudges.values() for one in some], now)
    named = {to: [(one.standing.id, one.rung) for one in some if not one.untold] for to, some in nudges.items()}
    people = [day.to for day in days if named[day.to]]
    first = [to for to in people if is_first_of_the_day(ctx, to, heard, now)]
    backlog = backlog_of(ctx, session, first, now)
    drafts = [
        outbox.Draft(to, MORNING, [*named[to], *((wait, outbox.BACKLOG) for wait in backlog.get(to, ()))])
        for to in people
    ]
    claimed = outbox.claim(session, ctx.workspace, drafts, now)
    outbox.told(session, ctx.workspace, (wait for some in backlog.values() for wait in some))
    if claimed:
        _log.info("morning.claimed", messages=claimed)
    return claimed


def _nudges(ctx: Context, day: _Day, standings: Mapping[int, Standing], now: int) -> list[Nudge]:
    """All that is to be listed, and what falls due for it by now."""
    today = ctx.policy.person(day.login).calendar.local_date(now).isoformat()
    found = []
    for standing in (standings[row.id] for row in day.rows):
        if standing.quiet > now or standing.clock.on_hold(now):
            continue
        found.append(Nudge(standing, f"{MORNING}:{today}"))
        climbed = climb(standing, ctx.policy.nudges, now)
        found += [
            Nudge(standing, rung.name)
            for ear, rung in climbed
            if ear == day.to and rung.at <= now and rung.name != HEADS_UP
        ]
    return found
