"""Who and what somebody means: people by their accounts and logins, repositories by their names."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import tzinfo
from urllib.parse import urlsplit

from bot.context import Context
from bot.grammar import Channel, Login, Member, Misread, Named, Whom
from bot.messenger import Passing, Undeliverable, Unknown
from bot.people.identity import is_person
from bot.people.members import read
from bot.people.sight import HOST, named, seen, seen_items
from bot.said import current
from bot.store import members, repos
from bot.store.engine import reading
from bot.views.flow import Whose

TROUBLE = (Passing, Unknown, Undeliverable)
"""What asking Slack may come to."""


class NotKnown(LookupError):
    """What is asked for can be made out, but nothing is kept of it; the message is one line for the asker."""


class Unseen(NotKnown):
    """The same of a repository or an item, which may as well be one that the asker may not see."""


def logins_of(ctx: Context, user: str) -> list[str]:
    """The logins that are a Slack user's."""
    return ctx.policy.logins_of(user)


def zone_of(ctx: Context, user: str) -> tzinfo:
    """The time zone of a Slack user, who is looked up the first time; the workspace's where nobody knows it."""
    return _met(ctx, user).policy.zone_of(user)


def _met(ctx: Context, user: str) -> Context:
    """The context with what Slack tells of somebody who asks for the first time."""
    if ctx.policy.logins_of(user):
        return ctx
    with reading(ctx.engine) as session:
        if members.member(session, ctx.workspace, user) is not None:
            return ctx
    try:
        read(ctx, user, ctx.clock.now())
    except TROUBLE:
        return ctx
    return current(ctx)


def whose(ctx: Context, user: str, whom: Whom | None) -> Whose:
    """Whose waits a Slack user asks for. Without logins and repositories it is somebody nothing is known of.

    Raises Misread where a name says nothing or may mean several things, NotKnown where nothing is mapped to it.
    """
    if isinstance(whom, Named):
        return _named(ctx, user, whom.name)
    if isinstance(whom, Channel):
        return _channel(ctx, whom.id)
    if isinstance(whom, Login):
        return _person(ctx, user, [_as_mapped(ctx, whom.login)])
    account = whom.id if isinstance(whom, Member) else user
    logins = logins_of(ctx, account)
    if logins or account == user:
        return _person(ctx, user, logins)
    raise NotKnown("I don't know yet which login on the code host is theirs, so I can't tell what waits for them. "
                   "/flow people shows what helps.")  # fmt: skip


def person_in_slack(ctx: Context, user: str, now: int) -> None:
    """Raises NotKnown where a Slack account is no person's who is there, or Slack can't be asked."""
    try:
        member = read(ctx, user, now)
    except TROUBLE:
        raise NotKnown("Slack can't be asked just now who that is. Please try again.") from None
    if member is None:
        raise NotKnown("Slack knows nobody by that account.")
    if member.get("deleted"):
        raise NotKnown("That account is deactivated in Slack, so nobody would read what is sent there.")
    if not is_person(member):
        raise NotKnown("That is an app in Slack; it has to be a person.")


def _person(ctx: Context, user: str, logins: list[str]) -> Whose:
    mine = {login.casefold() for login in logins_of(ctx, user)}
    you = not logins or logins[0].casefold() in mine
    mapped = you or ctx.policy.person(logins[0]).slack is not None
    return Whose("you" if you else logins[0], you=you, mapped=mapped, logins=tuple(logins))


def _as_mapped(ctx: Context, login: str) -> str:
    spelt = (known for known in ctx.policy.file.people if known.casefold() == login.casefold())
    return next(spelt, login)


def _channel(ctx: Context, channel: str) -> Whose:
    mapped = sorted(seen(ctx, (repo for repo, part in ctx.policy.file.repos.items() if part.channel == channel)))
    if not mapped:
        raise NotKnown("No repository is mapped to that channel. /flow waits REPO asks for one by its name.")
    return Whose(_listed(mapped), repos=tuple(mapped))


def _named(ctx: Context, user: str, name: str) -> Whose:
    found = repos_called(ctx, name)
    if len(found) == 1:
        return Whose(found[0], repos=(found[0],))
    if found:
        raise Misread(f"“{name}” may be {_listed(found)}; say which.", "waits")
    login = _as_mapped(ctx, name)
    if login in ctx.policy.file.people:
        return _person(ctx, user, [login])
    raise Misread(f"I know neither a repository nor anybody called “{name}”.", "waits")


def repos_known(ctx: Context, item: int | None = None) -> list[str]:
    """Every repository that is followed, or that something is kept of, in order.

    Those whose names may not be shown are left out, but for such as hold an `item` of this number that may be.
    """
    known = _kept(ctx)
    return sorted(named(ctx, known) | _with_item(ctx, known, item))


def _kept(ctx: Context) -> set[str]:
    with reading(ctx.engine) as session:
        rows = repos.known(session, ctx.workspace)
    return {*(row.repo for row in rows), *ctx.policy.file.repos}


def repos_called(ctx: Context, name: str, item: int | None = None) -> list[str]:
    """The known repositories that a name may mean, with or without the owner, whatever its case."""
    folded = as_hosted(ctx, name).casefold()
    with reading(ctx.engine) as session:
        kept = repos.called(session, ctx.workspace, folded)
    written = [
        repo for repo in ctx.policy.file.repos if folded in (repo.casefold(), repo.casefold().rpartition("/")[2])
    ]
    meant = {*kept, *written}
    known = sorted(named(ctx, meant) | _with_item(ctx, meant, item))
    exact = [repo for repo in known if repo.casefold() == folded]
    return exact or [repo for repo in known if repo.casefold().rpartition("/")[2] == folded]


def _with_item(ctx: Context, repos: Iterable[str], item: int | None) -> set[str]:
    keys = [] if item is None else [(HOST, repo, item) for repo in repos]
    return {repo for _, repo, _ in seen_items(ctx, keys)}


def as_hosted(ctx: Context, name: str) -> str:
    """A repository as its code host calls it: the site of a link to that host is left out, any other stays."""
    site = urlsplit(ctx.settings.github_api_url).hostname or ""
    return name.removeprefix(f"{site.removeprefix('api.')}/")


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - 3} more" if names[3:] else ""
    return ", ".join(names[:3]) + more
