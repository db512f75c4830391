"""Whose a login on the code host is: found out by e-mail, by the e-mail of commits, or guessed by an exact name.

E-mail addresses are asked about and forgotten: none is kept or logged.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any, NamedTuple

import structlog
from sqlalchemy.orm import Session

from bot.context import Context
from bot.hosts.github.acting import Profile, commit_emails, profile
from bot.hosts.github.answers import owner_of
from bot.hosts.github.errors import HostError, TokenEnded, Unreachable
from bot.messenger import Passing, Undeliverable, Unknown
from bot.people.members import learn
from bot.said import Change, say_in
from bot.store import matches
from bot.store.engine import undisturbed, writing
from bot.store.people import Worker
from bot.store.said import Path

log = structlog.get_logger()

EMAIL, COMMITS, NAME = "e-mail", "commit e-mail", "name"
ADDRESSES = 3
"""Most addresses of somebody's commits that Slack is asked about."""
MOST_MEMBERS = 20_000
"""Members whose names are looked through."""


class Found(NamedTuple):
    """The member that a login is, or may be, as Slack shows them, and how that was found out."""

    member: dict[str, Any]
    source: str
    certain: bool

    @property
    def user(self) -> str:
        return str(self.member["id"])


class NoPerson(Exception):
    """The host says that a login is a bot."""


class Names:
    """Who is called what in Slack; it is asked once, when the first name is looked for."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._by_name: dict[str, list[dict[str, Any]]] | None = None
        self.unknown = False
        """Whether Slack could not be asked just now."""

    def bearers(self, name: str) -> list[dict[str, Any]]:
        """The members of exactly this name, but for case and spaces."""
        if self._by_name is None:
            self._by_name = self._asked()
        return self._by_name.get(_folded(name), [])

    def _asked(self) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = defaultdict(list)
        try:
            for member in islice(self._ctx.messenger.members(), MOST_MEMBERS):
                name = member.get("real_name") or (member.get("profile") or {}).get("real_name")
                if is_person(member) and isinstance(name, str) and name:
                    found[_folded(name)].append(member)
        except (Passing, Unknown) as trouble:
            log.info("members not listed", why=str(trouble))
            self.unknown = True
            return {}
        except Undeliverable as refusal:
            if refusal.scope != "message":
                raise
            return {}
        return found


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())


def is_person(member: dict[str, Any]) -> bool:
    """Whether somebody can be linked to a member: neither a bot nor deactivated."""
    return not (member.get("deleted") or member.get("is_bot") or member.get("id") == "USLACKBOT")


def find(ctx: Context, who: Worker, names: Names) -> Found | None:
    """Whose a login is; None where nothing says so.

    Raises NoPerson; Unreachable or TokenEnded where the host, and Passing, Unknown or Undeliverable where Slack can't
    be asked.
    """
    shown = _asked_host(lambda: profile(ctx.github, who.login, owner=owner_of(who.repo)))
    if shown is not None and shown.is_bot:
        raise NoPerson(who.login)
    return _by_email(ctx, shown) or _by_commits(ctx, who) or _by_name(shown, names)


def _asked_host(question: Callable[[], Any]) -> Any:
    """The answer; None where the host does not show it."""
    try:
        return question()
    except (Unreachable, TokenEnded):
        raise
    except HostError:
        return None


def _by_email(ctx: Context, shown: Profile | None) -> Found | None:
    found = _members_at(ctx, [shown.email] if shown and shown.email else [])
    return Found(found[0], EMAIL, certain=True) if found else None


def _by_commits(ctx: Context, who: Worker) -> Found | None:
    """Several members at the addresses of one login are a doubt."""
    addresses = _asked_host(lambda: commit_emails(ctx.github, who.repo, who.login)) or []
    found = _members_at(ctx, addresses[:ADDRESSES])
    return Found(found[0], COMMITS, certain=len(found) == 1) if found else None


def _by_name(shown: Profile | None, names: Names) -> Found | None:
    bearers = names.bearers(shown.name) if shown and shown.name else []
    return Found(bearers[0], NAME, certain=False) if len(bearers) == 1 else None


def _members_at(ctx: Context, addresses: Iterable[str]) -> list[dict[str, Any]]:
    """The members, each once, whose addresses these are."""
    found: dict[str, dict[str, Any]] = {}
    for address in addresses:
        try:
            member = ctx.messenger.by_email(address)
        except Undeliverable as refusal:
            if refusal.scope == "all":
                raise
            return []
        if member is not None and is_person(member):
            found[str(member["id"])] = member
    return list(found.values())


def settle(ctx: Context, login: str, found: Found | None, now: int) -> bool:
    """Link a login where it is certain whose it is, else keep the guess; whether somebody was linked.

    What somebody said wins: a link that is there stays (and is confirmed where this says the same), and a pair that was
    denied is never made again.
    """
    linked = undisturbed(lambda: _settle(ctx, login, found, now))
    if linked and found:
        learn(ctx, found.user, found.member, now)
        log.info("person linked", login=login, user=found.user, how=found.source)
    return linked


def _settle(ctx: Context, login: str, found: Found | None, now: int) -> bool:
    with writing(ctx.engine) as session:
        known = matches.of_login(session, ctx.workspace, login)
        if known and known.state == matches.LINKED and known.slack == ctx.policy.person(login).slack:
            return _confirmed(session, ctx, login, known.slack, found, now)
        denied = known.slack if known and known.state == matches.REFUSED else None
        if found is None or found.user == denied:
            if denied is None:
                matches.put(session, ctx.workspace, login, matches.UNKNOWN, None, None, now)
            return False
        if not found.certain:
            matches.put(session, ctx.workspace, login, matches.DOUBTFUL, found.user, found.source, now)
            return False
        return _linked(session, ctx, login, found, now)


def _confirmed(session: Session, ctx: Context, login: str, user: str | None, found: Found | None, now: int) -> bool:
    """Keep what speaks for a link that is there already; nobody is linked by that."""
    if found and found.certain and found.user == user:
        matches.put(session, ctx.workspace, login, matches.LINKED, user, found.source, now)
    return False


def _linked(session: Session, ctx: Context, login: str, found: Found, now: int) -> bool:
    change = Change(slack_path(ctx, login), lambda old: old or found.user)
    changed = say_in(session, ctx, [change], by="", now=now, why=found.source)
    if changed:
        matches.put(session, ctx.workspace, login, matches.LINKED, found.user, found.source, now)
    return bool(changed)


def slack_path(ctx: Context, login: str) -> Path:
    """The setting that says whose a login is, spelt as the policy has it where it has it."""
    return ("people", ctx.policy.spelt(login), "slack")
