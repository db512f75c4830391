"""The answer to `/flow log`: what was changed from Slack, in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, tzinfo
from typing import Any, NamedTuple

from bot.flow.common_types import COMMON
from bot.flow.types import MARKS, Rule
from bot.views.days import week_said
from bot.views.message import NAME, Message, aside, joined, plain, section
from bot.views.pages import Again, page_of
from bot.views.people import LOGIN, account
from bot.views.phrases import when
from bot.views.types import rule_said
from bot.views.words import counted

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MOST = 3
"""Entries of a list that are named."""
_YOURS = "What others set for themselves alone is not shown."


class Change(NamedTuple):
    """A setting changed: `path` and values as the policy file has them, None for nothing set."""

    at: int
    by: str
    """A Slack account; empty where Weir itself did it."""
    why: str | None
    path: tuple[str, ...]
    was: Any
    became: Any


def changes(told: Sequence[Change], asked: Again, zone: tzinfo, now: int) -> Message:
    """The changes in the order given, by pages; `zone` is the reader's."""
    if not told:
        text = "Nothing was changed from Slack yet."
        return Message(text, (section(text),))
    opening = f"{counted(len(told), 'change')}, latest first."
    page = page_of(told, asked)
    shown = [(_what(one, zone, now), _who(one, zone, now)) for one in page.shown]
    blocks = [section(opening), *(section(f"{what}\n{who}") for what, who in shown)]
    said = [opening, *(f"{what.replace('*', '')} ({who})" for what, who in shown), _YOURS, *page.said]
    return Message(joined(said), (*blocks, aside(_YOURS), *page.blocks))


def _who(one: Change, zone: tzinfo, now: int) -> str:
    who = account(one.by) if one.by else "Weir" + (f", by {plain(one.why, NAME)}" if one.why else "")
    return f"{who} · {when(one.at, zone, now)}"


def _what(one: Change, zone: tzinfo, now: int) -> str:
    if one.path == ("types",):
        return _types_changed(one.was, one.became)
    subject, nothing, words = _read(one.path)
    year = datetime.fromtimestamp(now, zone).year
    was, became = (nothing if not value and value is not False else words(value, year)
                   for value in (one.was, one.became))  # fmt: skip
    return f"{subject}: *{was} → {became}*"


Words = Callable[[Any, int], str]
"""(value, this year) → the value as people say it"""


def _read(path: tuple[str, ...]) -> tuple[str, str, Words]:
    """(what is set, what stands for nothing, how a value is said) of a key."""
    match path:
        case ("targets", kind):
            return f"{_kind(kind)} target", "not set", _length
        case ("repos", repo, "targets", kind):
            return f"{_kind(kind)} target of {_named(repo)}", "as everywhere", _length
        case ("repos", repo, "channel"):
            return f"channel of {_named(repo)}", "none", _channel
        case ("digests", channel):
            return f"digest of {_channel(channel, 0)}", "none", _plainly
        case ("repos", repo, "follow"):
            return f"following {_named(repo)}", "on", _plainly
        case ("repos", repo, "silent"):
            return f"nudges about {_named(repo)}", "on", lambda silent, _: "off" if silent else "on"
        case ("mix",):
            return "wanted mix", "any", _shares
        case ("repos" | "streams", name, "mix"):
            return f"wanted mix of {_named(name)}", "as of all work", _shares
        case ("teams", team, "channel"):
            return f"channel of the team {_named(team)}", "the repository's", _channel
        case ("streams", name):
            return f"value stream {_named(name)}", "deleted", _plainly
        case ("admins",):
            return "administrators besides Slack's", "nobody", _listed(lambda user, _: account(user))
        case ("people", login, *rest):
            return _of_person(plain(login, LOGIN), tuple(rest))
    return _named(" ".join(path).replace("_", " ")), "not set", _plainly


def _of_person(login: str, rest: tuple[str, ...]) -> tuple[str, str, Words]:
    match rest:
        case ("slack",):
            return f"{login} on GitHub", "nobody", lambda user, _: account(user)
        case ("away",):
            return f"days away of {login}", "none", _listed(_span)
        case ("calendar", "hours"):
            return f"hours of {login}", "everybody's", lambda hours, _: _hours(hours)
        case ("calendar", "timezone"):
            return f"time zone of {login}", "the one that Slack tells", _plainly
        case ("mutes",):
            return f"mutes of {login}", "none", _listed(_mute)
        case ("morning",):
            return f"morning message of {login}", "as everybody", _plainly
    return f"{_named(' '.join(rest).replace('_', ' '))} of {login}", "not set", _plainly


def _types_changed(was: Any, became: Any) -> str:
    """Which rules came and went; where none did, that they are in another order."""
    before, after = (COMMON if told is None else tuple(map(_rule, told)) for told in (was, became))
    gone = [f"{rule_said(rule)} taken away" for rule in before if rule not in after]
    new = [f"{rule_said(rule)} added" for rule in after if rule not in before]
    found = [*new, *gone]
    more = [f"{len(found) - MOST} more"] if len(found) > MOST else []
    return f"rules of types: {'; '.join([*found[:MOST], *more]) or 'another order'}"


def _rule(told: Any) -> Rule:
    marks = ((mark, told[mark]) for mark in MARKS if mark in told)
    return Rule(str(told["type"]), tuple((mark, (one,) if isinstance(one, str) else tuple(one)) for mark, one in marks))


def _shares(told: Any, _: int) -> str:
    return ", ".join(f"{kind} {share}" for kind, share in told.items())


def _kind(kind: str) -> str:
    return plain(kind.replace("_", "-"), NAME)


def _named(name: str) -> str:
    return plain(name, NAME)


def _length(value: Any, _: int) -> str:
    return "none" if value in ("0h", "0m", 0) else _plainly(value, 0)


def _channel(value: Any, _: int) -> str:
    return f"<#{plain(str(value), NAME)}>"


def _plainly(value: Any, _: int) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, list):
        return _listed(_plainly)(value, 0)
    if isinstance(value, dict):
        return _listed(_plainly)([f"{key} {_plainly(one, 0)}" for key, one in value.items()], 0)
    return plain(str(value), NAME)


def _listed(each: Words) -> Words:
    def said(values: Any, year: int) -> str:
        shown = [each(value, year) for value in list(values)[-MOST:]]
        more = len(values) - len(shown)
        return ", ".join([*([f"{more} more"] if more else []), *shown])

    return said


def _span(away: Any, year: int) -> str:
    start, begins = date.fromisoformat(away["from"]), _time(away, "begins")
    if away["until"] is None:
        return f"from {_day(start, year)}{begins} on"
    until, ends = date.fromisoformat(away["until"]), _time(away, "ends")
    if start == until and not (begins or ends):
        return _day(start, year)
    return f"{_day(start, year)}{begins} to {_day(until, year)}{ends}"


def _time(away: Any, key: str) -> str:
    return f" {str(away[key])[:5]}" if away.get(key) else ""


def _mute(mute: Any, year: int) -> str:
    what = _named(mute["repo"]) + (f"#{mute['item']}" if mute.get("item") else "")
    return f"{what} until {_day(date.fromisoformat(mute['until']), year)}" if mute.get("until") else what


def _day(day: date, year: int) -> str:
    said = f"{_DAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]}"
    return said if day.year == year else f"{said} {day.year}"


def _hours(hours: Any) -> str:
    week = [[_window(window) for window in hours.get(day.lower(), ())] for day in _DAYS]
    return week_said(week) if any(week) else "no working hours"


def _window(window: str) -> tuple[int, int]:
    start, end = (int(clock[:2]) * 60 + int(clock[3:]) for clock in window.split("-"))
    return (start, end)
