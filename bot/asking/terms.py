"""One's own terms: working hours and zone, days away, the morning message. Whoever has several logins sets them all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import tzinfo
from typing import Any, NamedTuple

from bot.asking.absences import Absence, absences_of, cut, joined_with, withdrawn
from bot.asking.people import NotKnown
from bot.context import Context
from bot.flow.mornings import next_morning
from bot.grammar import AwayWords, HoursWords, Misread, Reset
from bot.grammar.days import span_of
from bot.messenger import Passing, Undeliverable, Unknown
from bot.people import members
from bot.policy import Person
from bot.said import UNSAID, Change, current, look_again, say, say_in
from bot.store import members as kept
from bot.store import said
from bot.store.engine import reading, undisturbed, writing
from bot.store.said import Path
from bot.views.days import Week

SAID, FILE, SLACK, WORKSPACE = "said", "file", "slack", "workspace"
"""Where a part of somebody's terms comes from."""


class Hours(NamedTuple):
    """Somebody's working hours and zone, and where each comes from."""

    week: Week
    week_from: str
    zone_name: str
    zone_from: str
    zone: tzinfo
    country: str | None
    """Whose public holidays are free."""


class Times(NamedTuple):
    """Somebody's absences that are not over, oldest first, as they see them."""

    absences: list[Absence]
    zone: tzinfo
    runs: int | None
    """When their clock runs next, were there no absence: now or the next working instant; None if never."""


class Back(NamedTuple):
    """What became of an absence that went on."""

    ended: bool
    by_status: bool
    """It was Slack's status that said so."""
    times: Times


class Morning(NamedTuple):
    """Whether somebody gets a morning message, and when the next may come (None: nobody knows)."""

    on: bool
    next_at: int | None
    zone: tzinfo


def own_logins(ctx: Context, user: str) -> list[str]:
    """The logins that are a Slack account's. Raises NotKnown where there are none: with how to say so."""
    logins = ctx.policy.logins_of(user)
    if not logins:
        raise NotKnown(
            "I don't know yet which login on the code host is yours. /flow link LOGIN says so, and then I keep your "
            "hours and days away."
        )
    return logins


def hours(ctx: Context, user: str, words: HoursWords | Reset, now: int) -> Hours:
    """Set what is said of somebody's hours and zone, if anything is; what holds after that. Raises NotKnown."""
    logins = own_logins(ctx, user)
    changes = [
        Change(("people", login, "calendar", key), value)
        for login in logins
        for key, value in _calendar_keys(words).items()
    ]
    if isinstance(words, Reset) or words.zone == "":
        _ask_for_zone(ctx, user, now)
    if changes:
        say(ctx, changes, user, now)
    return _hours_of(current(ctx), user, logins[0])


def _calendar_keys(words: HoursWords | Reset) -> dict[str, Any]:
    if isinstance(words, Reset):
        return {"hours": UNSAID, "timezone": UNSAID}
    found: dict[str, Any] = {}
    if words.hours is not None:
        found["hours"] = words.hours
    if words.zone is not None:
        found["timezone"] = words.zone or None
    return found


def _ask_for_zone(ctx: Context, user: str, now: int) -> None:
    """Slack's zone is to hold, so it is asked for; while it can't be, what it told last holds."""
    try:
        members.read(ctx, user, now)
    except (Passing, Unknown, Undeliverable):
        return


def _hours_of(ctx: Context, user: str, login: str) -> Hours:
    calendar = ctx.policy.person(login).calendar
    with reading(ctx.engine) as session:
        told = said.everything(session, ctx.workspace)
    return Hours(
        calendar.hours, _source(ctx, told, login, "hours"), calendar.timezone, _zone_source(ctx, told, user, login),
        calendar.zone, calendar.country,
    )  # fmt: skip


def _zone_source(ctx: Context, told: Mapping[Path, Any], user: str, login: str) -> str:
    facts = ctx.policy.facts.get(user)
    found = _source(ctx, told, login, "timezone")
    return SLACK if found == WORKSPACE and facts is not None and facts.zone else found


def _source(ctx: Context, told: Mapping[Path, Any], login: str, key: str) -> str:
    for path, value in told.items():
        if path[0] == "people" and path[1].casefold() == login.casefold() and path[2:] == ("calendar", key):
            return WORKSPACE if value is None else SAID
    written = (ctx.policy.read_as or ctx.policy.file).people
    part = next((one for name, one in written.items() if name.casefold() == login.casefold()), None)
    return FILE if part is not None and getattr(part.calendar, key) is not None else WORKSPACE


def away(ctx: Context, user: str, words: AwayWords, now: int) -> tuple[Absence, Times]:
    """Note that somebody is away; the absence that came of it, and all that are not over. Raises NotKnown, Misread."""
    logins = own_logins(ctx, user)
    calendar = ctx.policy.person(logins[0]).calendar
    try:
        first, last = span_of(words.start, words.until, calendar.local_date(now))
    except Misread as error:
        raise Misread(str(error), "away", error.allowed) from None
    here = calendar.local(now).replace(tzinfo=None)
    say(ctx, [Change(("people", login, "away"), joined_with(first, last, here)) for login in logins], user, now)
    times = _times_of(current(ctx).policy.person(logins[0]), now)
    start = max(now, calendar.midnight(first))
    return next(one for one in times.absences if one.covers(start)), times


def back(ctx: Context, user: str, now: int) -> Back:
    """End what absence goes on, as of now; what is past of it stays. Raises NotKnown."""
    logins = own_logins(ctx, user)
    before = _times_of(ctx.policy.person(logins[0]), now)
    here = ctx.policy.person(logins[0]).calendar.local(now).replace(tzinfo=None)
    by_status = _end(ctx, user, logins, cut(here), now, returned=True)
    ended = any(one.covers(now) for one in before.absences)
    return Back(ended, by_status, _times_of(current(ctx).policy.person(logins[0]), now))


def take_back(ctx: Context, user: str, start: int, now: int) -> tuple[bool, Times]:
    """Take back the absence that is to begin at an instant; whether there was one. Raises NotKnown."""
    logins = own_logins(ctx, user)
    person = ctx.policy.person(logins[0])
    planned = start > now and any(one.start == start for one in _times_of(person, now).absences)
    if planned:
        _end(ctx, user, logins, withdrawn(person.calendar.local(start).replace(tzinfo=None)), now, returned=False)
    return planned, _times_of(current(ctx).policy.person(logins[0]), now)


def _end(ctx: Context, user: str, logins: list[str], change: Callable[[Any], Any], now: int, *, returned: bool) -> bool:
    """Change absences, and end what a status told where somebody `returned`: whether one did."""

    def work() -> bool:
        with writing(ctx.engine) as session:
            by_status = returned and kept.returned(session, ctx.workspace, user, now)
            say_in(session, ctx, [Change(("people", login, "away"), change) for login in logins], user, now)
            if by_status:
                look_again(session, ctx.workspace, [("people", login) for login in logins], ctx.policy, now)
            return by_status

    return undisturbed(work)


def _times_of(person: Person, now: int) -> Times:
    calendar = person.calendar
    return Times(absences_of(person, now), calendar.zone, calendar.next_working(now))


def morning(ctx: Context, user: str, on: bool | None, now: int) -> Morning:
    """Switch the morning message on or off, if that is said; what holds after that. Raises NotKnown."""
    logins = own_logins(ctx, user)
    if on is not None:
        say(ctx, [Change(("people", login, "morning"), on) for login in logins], user, now)
    person = current(ctx).policy.person(logins[0])
    return Morning(person.morning, next_morning(person.calendar, person.away, now), person.calendar.zone)
