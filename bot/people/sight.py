"""What somebody may see: public repositories, and of private ones those they are let into.

Let into a private repository is who asks in its channel or is a member of it, and who the code host says may read it by
a login that somebody else confirmed to be theirs; of a single item also who has a part in it by such a login, or for
whom it waits by any. What can't be asked is refused. Asked once a day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, NamedTuple

import structlog
from sqlalchemy import Row
from sqlalchemy.orm import Session

from bot.context import Context, Viewer
from bot.flow.events import ItemKey
from bot.hosts.github.access import check_access, may_read
from bot.hosts.github.errors import Denied, Gone, HostError
from bot.messenger import Passing, Undeliverable, Unknown
from bot.people.members import read
from bot.soon import answered
from bot.store import matches, members, sights
from bot.store.engine import reading, writing
from bot.store.repos import add
from bot.store.sights import Let, Privacy

log = structlog.get_logger()
HOST = "github"
FRESH = 86_400
"""Seconds for which an answer holds."""
REFUSED = 600
"""The same, where whoever was asked would not say."""
PATIENCE = 1.0
"""Seconds that an answer waits for them; what they say later is kept for the next one."""
MOST_ASKED = 20
"""Repositories that are asked about at once."""


def as_seen_by(ctx: Context, user: str, place: str = "") -> Context:
    """The context that shows a Slack account what it may see, in the channel it asks in."""
    return replace(ctx, viewer=Viewer(user, place))


def seen(ctx: Context, repos: Iterable[str]) -> frozenset[str]:
    """Those of these repositories whose items may be shown. Asks the host and Slack, for PATIENCE."""
    wanted = frozenset(repos)
    if ctx.viewer is None or not wanted:
        return wanted
    known = _known(ctx, ctx.viewer, wanted)
    doubtful = {repo for repo in wanted if known.verdict(repo) is None} - ctx.viewer.asked
    if open_ := sorted(doubtful)[:MOST_ASKED]:
        ctx.viewer.asked.update(open_)
        answered(lambda: _ask(ctx, known, open_), lambda _: None, PATIENCE)
        known = _known(ctx, ctx.viewer, wanted)
    return frozenset(repo for repo in wanted if known.allows(repo))


def named(ctx: Context, repos: Iterable[str]) -> frozenset[str]:
    """Those of these repositories whose names may be shown: administrators look after all of them."""
    wanted = frozenset(repos)
    shown = seen(ctx, wanted)
    return wanted if shown != wanted and ctx.viewer and looks_after_all(ctx, ctx.viewer.user) else shown


def seen_items(ctx: Context, keys: Iterable[ItemKey]) -> frozenset[ItemKey]:
    """Those of these items that may be shown."""
    wanted = frozenset(keys)
    if ctx.viewer is None or not wanted:
        return wanted
    known = _known(ctx, ctx.viewer, {repo for _, repo, _ in wanted})
    doubtful = {key for key in wanted if not known.verdict(key[1])}
    with reading(ctx.engine) as session:
        own = sights.parts(session, ctx.workspace, doubtful, known.logins)
        own |= sights.held(session, ctx.workspace, doubtful, known.claimed)
    hidden = doubtful - own
    repos = seen(ctx, {repo for _, repo, _ in hidden})
    return frozenset(key for key in wanted if key not in hidden or key[1] in repos)


def looks_after_all(ctx: Context, user: str) -> bool:
    """Whether somebody was an administrator when Slack was asked last; it is asked about whom it never was."""
    if user in ctx.policy.file.admins:
        return True
    known = _member(ctx, user)
    if known is None and user:
        try:
            read(ctx, user, ctx.clock.now())
        except (Passing, Undeliverable, Unknown):
            return False
        known = _member(ctx, user)
    return known is not None and bool(known.admin)


def _member(ctx: Context, user: str) -> Row[Any] | None:
    with reading(ctx.engine) as session:
        return members.member(session, ctx.workspace, user)


def claimed(ctx: Context, user: str) -> str | None:
    """A login that a Slack account linked to itself and nobody confirmed, where private repositories are known."""
    with reading(ctx.engine) as session:
        _, own = _logins(ctx, session, user)
        private = bool(own) and sights.any_private(session, ctx.workspace)
    return own[0] if private else None


def _logins(ctx: Context, session: Session, user: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The logins of a Slack account in lower case: those that somebody confirmed, and those it only claims."""
    all_ = tuple(login.lower() for login in ctx.policy.logins_of(user))
    sure = {login.lower() for login in (ctx.policy.written or ctx.policy).logins_of(user)}
    if not sure.issuperset(all_):
        sure |= matches.confirmed(session, ctx.workspace, user)
    return tuple(one for one in all_ if one in sure), tuple(one for one in all_ if one not in sure)


class _Known(NamedTuple):
    """What is known of a viewer without asking anybody."""

    viewer: Viewer
    logins: tuple[str, ...]
    """In lower case, those that somebody confirmed."""
    claimed: tuple[str, ...]
    """The others."""
    privacy: dict[str, Privacy]
    let: dict[tuple[str, str], Let]
    channels: dict[str, str | None]
    """Of each repository."""
    has_host: bool
    now: int

    def verdict(self, repo: str) -> bool | None:
        """Whether the repository may be shown; None where that is to be asked first."""
        told = self.privacy.get(repo)
        if told is None and not self.has_host:
            return True  # it was taken in by hand, and there is nobody who could say more of it
        stale = self.has_host and (told is None or self.now - told.at >= FRESH)
        if told is not None and not told.private and not stale:
            return True
        channel = self.channels[repo]
        if channel is not None and channel == self.viewer.place:
            return True
        answers = [self.let.get(who) for who in self.questions(repo)]
        if any(one and one.may and self.now < one.ask_at for one in answers):
            return True
        return None if stale or any(one is None or self.now >= one.ask_at for one in answers) else False

    def allows(self, repo: str) -> bool:
        """The same; where nobody answers, a repository stays as public as it was, and nobody is let into another."""
        verdict, told = self.verdict(repo), self.privacy.get(repo)
        return told is not None and not told.private if verdict is None else verdict

    def questions(self, repo: str) -> list[tuple[str, str]]:
        """(place, who): whose answer decides whether they are let in."""
        channel = self.channels[repo]
        by_link = [(_place(repo), login) for login in self.logins] if self.has_host else []
        return by_link + ([(f"={channel}", self.viewer.user)] if channel and self.viewer.user else [])


def _place(repo: str) -> str:
    return f"repo:{HOST}:{repo}"


def _known(ctx: Context, viewer: Viewer, repos: Iterable[str]) -> _Known:
    with reading(ctx.engine) as session:
        logins, own = _logins(ctx, session, viewer.user)
        told = sights.privacy(session, ctx.workspace, repos)
        let = sights.let(session, ctx.workspace, (*logins, viewer.user))
    channels = {repo: ctx.policy.channel(repo) for repo in repos}
    return _Known(viewer, logins, own, told, let, channels, ctx.github is not None, ctx.clock.now())


# Asking.


def _ask(ctx: Context, known: _Known, repos: Iterable[str]) -> None:
    for repo in repos:
        if known.has_host and _is_public(ctx, known, repo):
            continue
        for place, who in known.questions(repo):
            held = known.let.get((place, who))
            if held is None or known.now >= held.ask_at:
                _ask_one(ctx, place, who, _question(ctx, repo, place, who), known.now)


def _is_public(ctx: Context, known: _Known, repo: str) -> bool:
    """Whether the host says that a repository is public; a word of today is taken for it."""
    told = known.privacy.get(repo)
    if told is not None and known.now - told.at < FRESH:
        return not told.private
    try:
        private = check_access(ctx.github.hasty(PATIENCE), repo).private
    except (Denied, Gone):
        private = True
    except HostError as trouble:
        log.warning("privacy not read", repo=repo, why=str(trouble))
        return False
    with writing(ctx.engine) as session:
        add(session, ctx.workspace, HOST, [repo])
        sights.confirm(session, ctx.workspace, HOST, repo, private, known.now)
    return not private


def _question(ctx: Context, repo: str, place: str, who: str) -> Callable[[], bool]:
    if place.startswith("="):
        return lambda: ctx.messenger.is_in(place[1:], who)
    return lambda: may_read(ctx.github.hasty(PATIENCE), repo, who)


def _ask_one(ctx: Context, place: str, who: str, question: Callable[[], bool], now: int) -> None:
    try:
        told = Let(question(), now + FRESH)
    except (Denied, Undeliverable) as refusal:
        log.info("sight refused", place=place, why=str(refusal))
        told = Let(False, now + REFUSED)
    except (HostError, Passing, Unknown) as trouble:
        log.warning("sight not asked", place=place, why=str(trouble))
        return
    with writing(ctx.engine) as session:
        sights.keep(session, ctx.workspace, place, who, told)
