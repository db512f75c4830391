"""The answer to an author's own call: who hears of it, and from when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo

from bot.views.message import NAME, TITLE, Message, joined, link, plain, section
from bot.views.phrases import by_when, when


@dataclass(frozen=True)
class Ear:
    """Somebody whose turn it is, or a team."""

    on: str
    team: bool = False
    at: int | None = None
    """From when they hear of it; None where that is not known."""
    reachable: bool = True
    quiet: bool = False
    """They hear nothing of it, and nobody knows for how long."""

    @property
    def hears(self) -> bool:
        return self.reachable and not self.quiet


@dataclass(frozen=True)
class Called:
    """An item that its author asks for."""

    repo: str
    item: int
    title: str | None
    url: str | None
    asked_at: int | None
    """When it was asked for today already; None where that is done just now."""
    ears: tuple[Ear, ...]


MOST = 10
"""Those who hear of it that are named."""


def called(told: Called, zone: tzinfo, now: int) -> Message:
    """For the author; `zone` is theirs."""
    reference = f"{plain(told.repo, NAME)}#{told.item}"
    title = plain(told.title, TITLE) if told.title else ""
    name = f"{link(told.url, title or reference)}" + (f" · {reference}" if title else "")
    spoken = f"{title} ({reference})" if title else reference
    if not any(one.hears for one in told.ears):
        before, after = "I can reach nobody about ", ":"
        lines = [_line(one, zone, now) for one in told.ears]
    elif told.asked_at is None:
        before, after = "I ask about ", ":"
        lines = [_line(one, zone, now) for one in told.ears]
    else:
        before, after = (
            "You asked about ",
            f" today already, on {when(told.asked_at, zone, now)}; once a day is enough.",
        )
        lines = [_still(one) for one in told.ears]
    lines = lines[:MOST] + ([f"… and {len(lines) - MOST} more"] if lines[MOST:] else [])
    opening, shown = f"{before}{spoken}{after}", f"{before}*{name}*{after}"
    return Message(joined([opening, *lines]), (section("\n".join([shown, *lines])),))


def _line(one: Ear, zone: tzinfo, now: int) -> str:
    who = _who(one)
    if not one.reachable:
        return _out_of_reach(one)
    if one.quiet:
        return f"{who} does not hear of it for now; please ask them yourself."
    if one.at is None:
        return f"{who} will hear of it when they are back."
    return f"{who} hears of it now." if one.at <= now else f"{who} hears of it from {by_when(one.at, zone, now)} on."


def _still(one: Ear) -> str:
    return f"It waits for {_who(one, 'the')}." if one.reachable else _out_of_reach(one)


def _who(one: Ear, the: str = "The") -> str:
    return f"{the} team {plain(one.on, NAME)}" if one.team else plain(one.on, NAME)


def _out_of_reach(one: Ear) -> str:
    if one.team:
        return f"The team {plain(one.on, NAME)} has no channel that I may post in, so nobody of it hears of it."
    return f"{plain(one.on, NAME)} can't be reached in Slack; please ask them on the code host."
