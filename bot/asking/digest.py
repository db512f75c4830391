"""Digests as somebody asks for them: now, regularly, no more, or which there are."""

from __future__ import annotations

from dataclasses import replace

from bot.asking.admins import must_be_admin
from bot.asking.connecting import must_be_heard_in
from bot.asking.people import NotKnown, repos_known
from bot.context import Context
from bot.digest import regular
from bot.digest.reading import last_days, shown_of
from bot.digest.regular import Planned
from bot.digest.subjects import Subject, meant
from bot.flow.digest.days import Every
from bot.grammar import DigestWords
from bot.intake import settle
from bot.people.sight import as_seen_by, named, seen
from bot.store.digests import Regular
from bot.views.digest import Shown
from bot.views.digest_plans import Plan


def shown_now(ctx: Context, words: DigestWords, place: str, now: int) -> Shown:
    """The digest of the last seven days. Raises NotKnown."""
    settle(ctx, now, most=1)
    subject = meant(ctx, words.about, words.channel or _channel(place))
    return shown_of(ctx, subject, last_days(now), {}, now)


def plan(ctx: Context, user: str, words: DigestWords, place: str, now: int) -> Plan:
    """Let a digest come regularly. Raises NotKnown, and NotAllowed where it is for a channel that they are not in."""
    to = _place(ctx, user, words.channel, place, now)
    channel = regular.channel_of(to)
    subject = _about(ctx, words, channel)
    if channel is not None:
        must_be_heard_in(ctx, channel)
        _must_be_of(ctx, user, subject, channel, now)
    return _plan(regular.set_up(ctx, user, subject, Every(words.do, words.day, words.minute), to, now))


def _about(ctx: Context, words: DigestWords, channel: str | None) -> Subject:
    """What a regular digest is to be about. Raises NotKnown."""
    try:
        return meant(ctx, words.about, channel)
    except NotKnown as unknown:  # a day or time that nobody could make out ends up here, too
        days = " Days are said like weekly monday 9:30 or monthly 1 9:30." if words.about else ""
        raise NotKnown(f"{unknown}{days}") from None


def _must_be_of(ctx: Context, user: str, subject: Subject, channel: str, now: int) -> None:
    """Raises NotAllowed where somebody else than an administrator would show a channel what is not its own."""
    repos = subject.scope.repos or subject.scope.stream.repos or repos_known(ctx)
    if set(repos) - seen(as_seen_by(ctx, "", channel), repos):
        must_be_admin(ctx, user, now)


def stop(ctx: Context, user: str, words: DigestWords, place: str, now: int) -> tuple[str, list[Regular]]:
    """Let none come to a place any more: (the place, those that did). Raises NotAllowed."""
    to = _place(ctx, user, words.channel, place, now)
    return to, regular.stop(ctx, user, to, now)


def plans(ctx: Context, user: str, words: DigestWords) -> list[Plan]:
    """Those that come regularly to channels, or to whoever asks; where a channel is named those of it."""
    every = regular.planned(replace(ctx, viewer=None))
    mine = [one for one in every if one.regular.place in (f"@{user}", f"={words.channel}")]
    if words.channel is None:
        mine += [one for one in every if one.regular.place.startswith("=")]
    shown = named(ctx, {repo for one in mine for repo in one.repos})
    return [_plan(one) for one in mine if not one.repos or not shown.isdisjoint(one.repos)]


def _plan(one: Planned) -> Plan:
    return Plan(one.regular.place, one.regular.every, one.name, one.next_at, one.zone, one.regular.by)


def _place(ctx: Context, user: str, channel: str | None, place: str, now: int) -> str:
    """Where a digest is to come: the channel named, else the one it is said in, else whoever says it."""
    here = _channel(place)
    if channel is not None and channel != here:
        must_be_admin(ctx, user, now)
    to = channel or here
    return f"@{user}" if to is None else f"={to}"


def _channel(place: str) -> str | None:
    """The channel that something is asked in; None in a direct conversation."""
    return place if place.startswith(("C", "G")) else None
