"""Answers about digests that come regularly: set, stopped, listed; and what to say where one could not be posted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from typing import NamedTuple

from bot.flow.digest.days import MONTH, Every
from bot.views.days import moment_said
from bot.views.message import NAME, Block, Message, aside, bare, joined, plain, section
from bot.views.pages import Again, ask_button, page_of
from bot.views.people import account
from bot.views.words import counted

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_NOT_THERE = ("not_in_channel", "channel_not_found")


class Plan(NamedTuple):
    """A digest that comes regularly."""

    place: str
    """`=` and a channel, or `@` and a Slack account."""
    every: Every
    name: str
    """What it is about; empty where that is gone."""
    next_at: int | None
    zone: str
    """The zone its time is told in."""
    by: str


def rhythm_said(every: Every) -> str:
    """`every Monday at 9:30`, `every month on day 1 at 9:30`"""
    clock = f"{every.minute // 60}:{every.minute % 60:02}"
    if every.unit == MONTH:
        return f"every month on day {every.day} at {clock}"
    return f"every {_WEEKDAYS[every.day]} at {clock}"


def _place_said(place: str, reader: str) -> str:
    if place.startswith("="):
        return f"<#{plain(place[1:], NAME)}>"
    return "you" if place[1:] == reader else account(place[1:])


def planned(one: Plan, reader: str, zone: tzinfo, now: int) -> Message:
    """A digest comes regularly now."""
    text = (
        f"The digest of *{plain(one.name, NAME)}* comes to {_place_said(one.place, reader)} {rhythm_said(one.every)} "
        f"({plain(one.zone, NAME)}).{_next(one, zone, now)} `/flow digest off` there ends it."
    )
    return Message(bare(text), (section(text), _row(ask_button("Show me one now", Again("digest")))))


def _next(one: Plan, zone: tzinfo, now: int) -> str:
    return "" if one.next_at is None else f" The first one: {moment_said(one.next_at, zone, now)} by your clock."


def stopped(plans: Sequence[Every], place: str, reader: str) -> Message:
    """Digests come no more."""
    where = _place_said(place, reader)
    if not plans:
        text = f"No digest comes to {where} regularly. `/flow digest list` shows which come where."
    else:
        text = f"No digest comes to {where} any more; it came {' and '.join(map(rhythm_said, plans))}."
    return Message(bare(text), (section(text),))


def listed(plans: Sequence[Plan], reader: str, asked: Again, zone: tzinfo, now: int) -> Message:
    """All digests that come regularly, by pages."""
    if not plans:
        text = "No digest comes regularly yet. `/flow digest weekly monday 9:30` lets one come to this channel."
        return Message(bare(text), (section(text),))
    opening = f"{counted(len(plans), 'digest comes', 'digests come')} regularly."
    page = page_of(plans, asked)
    lines = [_listed(one, reader, zone, now) for one in page.shown]
    small = "`/flow digest off #channel` ends those of a channel."
    blocks = (section(opening), *map(section, lines), *page.blocks, aside(small))
    return Message(bare(joined([opening, *lines, *page.said, small])), blocks)


def _listed(one: Plan, reader: str, zone: tzinfo, now: int) -> str:
    name = f"*{plain(one.name, NAME)}*" if one.name else "_what it was about is gone_"
    coming = "" if one.next_at is None else f"; next {moment_said(one.next_at, zone, now)} by your clock"
    return (
        f"{_place_said(one.place, reader)}: {name}, {rhythm_said(one.every)} ({plain(one.zone, NAME)}){coming}\n"
        f"asked for by {account(one.by)}"
    )


def not_posted(name: str, channel: str, reason: str) -> str:
    """A line to whoever asked for a digest that could not be posted; `reason` is Slack's word."""
    about = f"The digest of *{plain(name, NAME)}* could not be posted in <#{plain(channel, NAME)}>"
    if reason in _NOT_THERE:
        return f"{about}: I am not in that channel. Type `/invite @Weir` there; `/flow digest` shows you this one."
    if reason == "is_archived":
        return f"{about}: it is archived. `/flow digest off` with that channel ends it."
    return f"{about}: Slack says {plain(reason, NAME)}. `/flow digest` shows you this one."


def line(text: str) -> Message:
    return Message(bare(text), (section(text),))


def _row(*buttons: Block) -> Block:
    return {"type": "actions", "elements": list(buttons)}
