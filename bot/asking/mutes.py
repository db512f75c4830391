"""What somebody wants to hear nothing of: an item or a repository, until a day or for good."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, NamedTuple, TypeAlias

from bot.asking.items import key_of, repo_of
from bot.asking.terms import own_logins
from bot.context import Context
from bot.grammar import Misread, MuteWords
from bot.grammar.days import day_of
from bot.policy import Policy
from bot.said import Change, current, say

Listed: TypeAlias = list[dict[str, Any]]
"""A person's mutes as the policy file would have them."""


class Muted(NamedTuple):
    """Something muted, and its last silent day; None: until it is taken back."""

    repo: str
    item: int | None
    until: date | None

    def is_about(self, repo: str, item: int | None) -> bool:
        return (self.repo.casefold(), self.item) == (repo.casefold(), item)


class Unmuted(NamedTuple):
    """What became of taking mutes back."""

    lifted: list[Muted]
    left: list[Muted]
    asked: str | None
    """What was named, where that was not muted by itself."""


def mute(ctx: Context, user: str, words: MuteWords, now: int) -> tuple[Muted, list[Muted], date]:
    """Mute an item or a repository for somebody: what is muted now, what else is, and the day it is for them.

    Raises NotKnown, Misread.
    """
    logins = own_logins(ctx, user)
    today = ctx.policy.person(logins[0]).calendar.local_date(now)
    repo, item = _meant(ctx, words, "mute")
    new = Muted(repo, item, _last_day(words, today))
    say(ctx, [Change(("people", login, "mutes"), _with(new, today)) for login in logins], user, now)
    others = [one for one in _mutes_of(current(ctx).policy, logins[0], today) if not one.is_about(repo, item)]
    return new, others, today


def unmute(ctx: Context, user: str, words: MuteWords, now: int) -> tuple[Unmuted, date]:
    """Let somebody hear again of an item, of a repository or of everything. Raises NotKnown, Misread."""
    logins = own_logins(ctx, user)
    today = ctx.policy.person(logins[0]).calendar.local_date(now)
    named = None if words.item is None and words.repo is None else _meant(ctx, words, "unmute")
    before = _mutes_of(ctx.policy, logins[0], today)
    say(ctx, [Change(("people", login, "mutes"), _without(named, today)) for login in logins], user, now)
    left = _mutes_of(current(ctx).policy, logins[0], today)
    lifted = [one for one in before if one not in left]
    if lifted or named is None:
        return Unmuted(lifted, left, None), today
    asked = named[0] if named[1] is None else f"{named[0]}#{named[1]}"
    return Unmuted([], [one for one in left if one.is_about(named[0], None)], asked), today


def _last_day(words: MuteWords, today: date) -> date | None:
    try:
        return None if words.until is None else day_of(words.until, today)
    except Misread as error:
        raise Misread(str(error), "mute", error.allowed) from None


def _mutes_of(policy: Policy, login: str, today: date) -> list[Muted]:
    mutes = (Muted(one.repo, one.item, one.until) for one in policy.person(login).mutes)
    return [one for one in mutes if one.until is None or one.until >= today]


def _with(new: Muted, today: date) -> Callable[[Listed | None], Listed]:
    """Adds a mute in the place of an older one about the same; what is over is dropped."""
    part = {key: value for key, value in (("repo", new.repo), ("item", new.item)) if value is not None}
    until = {"until": new.until.isoformat()} if new.until else {}
    return lambda old: [*_without((new.repo, new.item), today)(old), {**part, **until}]


def _without(named: tuple[str, int | None] | None, today: date) -> Callable[[Listed | None], Listed]:
    """Takes out the mute about something (None: all mutes), and what is over."""

    def rest(old: Listed | None) -> Listed:
        return [
            one
            for one in old or ()
            if named is not None
            and (one["repo"].casefold(), one.get("item")) != (named[0].casefold(), named[1])
            and (one.get("until") is None or one["until"] >= today.isoformat())
        ]

    return rest


def _meant(ctx: Context, words: MuteWords, verb: str) -> tuple[str, int | None]:
    """The repository, and the item, that are meant and known. Raises NotKnown, Misread."""
    if words.item is None:
        return repo_of(ctx, words.repo, verb), None
    _, repo, item = key_of(ctx, words.item, verb)
    return repo, item
