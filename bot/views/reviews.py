"""The reminder to look at a map again, with what has changed since it was saved."""

from __future__ import annotations

from datetime import tzinfo
from typing import NamedTuple

from bot.views.days import date_of, day_said
from bot.views.message import NAME, Message, bare, joined, plain, section
from bot.views.pages import Again, ask_button
from bot.views.streams import quoted, row, show
from bot.views.words import working


class Figures(NamedTuple):
    """A stream's measures at a time; flow time is the median, in working seconds."""

    done: int
    flow: int | None
    efficiency: float | None
    wait: str | None
    """The stage with the largest wait."""
    share: float | None
    """Of the time, that wait's."""


class Review(NamedTuple):
    name: str
    version: int
    saved_at: int
    days: int
    """What the figures look back."""
    then: Figures
    """When the map was saved."""
    now: Figures


def review(told: Review, zone: tzinfo, now: int) -> Message:
    """What whoever saved the map reads on the day that was set."""
    today = date_of(now, zone)
    saved = day_said(date_of(told.saved_at, zone), today)
    lines = [
        f"*{plain(told.name, NAME)}*: this is the day to look at the map again.",
        f"Version {told.version} was saved {'' if saved == 'today' else 'on '}{saved}. "
        f"Of the {told.days} days before it, and of the last {told.days}:",
        *_changes(told.then, told.now),
        "Is it still how work goes? If so, set the next day; if not, map it again.",
    ]
    text = joined(lines)
    again = Again(f"map {quoted(told.name)}")
    return Message(
        bare(text), (section(text), row(ask_button("Show it", show(told.name)), ask_button("Map it", again)))
    )


def _changes(then: Figures, now: Figures) -> list[str]:
    return [
        f"• done: {then.done:,} → {now.done:,}",
        f"• flow time, half within: {_time(then.flow)} → {_time(now.flow)}",
        f"• flow efficiency: {_part(then.efficiency)} → {_part(now.efficiency)}",
        f"• largest wait: {_wait(then)} → {_wait(now)}",
    ]


def _time(seconds: int | None) -> str:
    return "nothing was done" if seconds is None else working(seconds)


def _part(share: float | None) -> str:
    return "not known" if share is None else f"{share:.0%}"


def _wait(told: Figures) -> str:
    return "none" if told.wait is None else f"{plain(told.wait, NAME)} ({_part(told.share)})"
