"""What the forms of the home tab say, in the words of `/flow`: one grammar and one answer for both."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import NamedTuple, TypeAlias
from zoneinfo import ZoneInfo

from bot.grammar import AWAY, HOURS, LINK, VERBS, HoursWords, Misread, parse
from bot.policy import Policy
from bot.views import modals
from bot.views.ids import AWAY_FORM, HOURS_FORM, LINK_FORM

Filled: TypeAlias = Mapping[str, str]
"""What stands in each input, by its id; empty where nothing does."""


class Fault(ValueError):
    """An input that can't be taken; the message is one line for who filled it in."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(problem)
        self.field = field


class Form(NamedTuple):
    """`read` gives the words behind `/flow`, or raises Fault; None where nothing was changed of what stood there.

    `at` tells which input a problem concerns that shows later.
    """

    read: Callable[[Filled, Filled], str | None]
    at: Callable[[Filled, str], str]
    asks_back: bool = False
    """Whether an answer to it may want to be confirmed."""


def _hours(filled: Filled, before: Filled) -> str | None:
    week, zone = filled.get(modals.HOURS, ""), filled.get(modals.ZONE, "")
    _check_week(week)
    if zone and zone != before.get(modals.ZONE):
        _check_zone(zone)
    # A zone that nobody touched is not said: it may be the one that Slack tells, and is to follow it.
    words = [word for field, word in ((modals.HOURS, week), (modals.ZONE, zone)) if word != before.get(field, "")]
    return f"{HOURS} {' '.join(words)}" if any(words) else None


def _check_week(week: str) -> None:
    try:
        value = parse(f"{HOURS} {week}").value
    except Misread as error:
        raise Fault(modals.HOURS, plain_line(str(error), _WEEK)) from None
    if isinstance(value, HoursWords) and value.zone is not None:
        raise Fault(modals.HOURS, plain_line("The time zone has a field of its own.", _WEEK))


_WEEK = "Allowed are windows and days, such as 9-17 Mon-Fri, or 9-13 14-17 Mon-Thu 9-13 Fri."


def _check_zone(zone: str) -> None:
    try:
        value = parse(f"{HOURS} {zone}").value
    except Misread:
        value = None
    if not isinstance(value, HoursWords) or value.zone is None or value.hours is not None:
        allowed = "Allowed is a name such as Europe/Berlin, or slack for the one that is set there."
        raise Fault(modals.ZONE, f"“{zone}” is no time zone. {allowed}")


def _away(filled: Filled, _: Filled) -> str:
    first, last = filled.get(modals.FIRST, ""), filled.get(modals.LAST, "")
    if not first:
        raise Fault(modals.FIRST, "The first day away is missing.")
    if not last:
        return f"{AWAY} from {first}"
    return f"{AWAY} {first}" if first == last else f"{AWAY} {first} to {last}"


def _away_at(filled: Filled, problem: str) -> str:
    last = filled.get(modals.LAST, "")
    return modals.LAST if last and problem.startswith(f"“{last}”") else modals.FIRST


def _link(filled: Filled, _: Filled) -> str:
    words = f"{LINK} {filled.get(modals.LOGIN, '')}"
    try:
        parse(words)
    except Misread as error:
        raise Fault(modals.LOGIN, plain_line(str(error), error.allowed or VERBS[LINK].entry.allowed)) from None
    return words


def plain_line(problem: str, allowed: str | None = None) -> str:
    """A problem and what is allowed, for a place that knows no markup."""
    return " ".join([problem, *([allowed] if allowed else [])]).replace("`", "")


FORMS: dict[str, Form] = {
    HOURS_FORM: Form(_hours, lambda filled, problem: modals.HOURS),
    AWAY_FORM: Form(_away, _away_at),
    LINK_FORM: Form(_link, lambda filled, problem: modals.LOGIN, asks_back=True),
}
"""By callback id."""


def today_in(zone: str, policy: Policy, now: int) -> str:
    """The local date (YYYY-MM-DD) in a zone of this name, else in the workspace's."""
    try:
        there = ZoneInfo(zone)
    except (ValueError, OSError, KeyError):
        there = policy.calendar.zone
    return datetime.fromtimestamp(now, there).date().isoformat()
