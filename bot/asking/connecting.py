"""Repositories connected, switched on and let go from Slack: what may be, and what each of it sets going."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple
from uuid import uuid4

from sqlalchemy import Row
from sqlalchemy.orm import Session

from bot import intake
from bot.asking.people import NotKnown, as_hosted, repos_called
from bot.context import Context
from bot.flow.events import ItemKey
from bot.flow.waits import KINDS
from bot.hosts.github.access import Access, check_access
from bot.hosts.github.errors import Denied, Gone, HostError
from bot.incoming import hooks
from bot.incoming.catchup import HOST
from bot.incoming.unfolded import first_of
from bot.learning import learnt_of, unless_set, with_targets
from bot.messenger import Passing, Undeliverable, Unknown
from bot.policy import Policy
from bot.policy_file import spelt
from bot.said import Change, current, say, say_in
from bot.serving.workspaces import whose
from bot.store import arrivals, asked, connections, outbox, past, repos, said, waits
from bot.store.connections import FAILED, LEARNT, LEFT, ON, READING, Connection
from bot.store.engine import reading, undisturbed, writing
from bot.store.outbox import Draft
from bot.store.waits import to_wait
from bot.views.connection import Followed, Parting

NOTICE = "connecting"
"""The kind of notice that shows how far it is."""
PATIENCE = 8.0
"""Seconds for which the host is waited for while somebody waits for an answer."""


class Begun(NamedTuple):
    """Its history will be read now."""

    repo: str
    channel: str | None


class ChannelSet(NamedTuple):
    """It is connected already, and its channel is another one now."""

    repo: str
    channel: str


class SwitchedOn(NamedTuple):
    """It is on."""

    repo: str
    targets: list[tuple[str, int]]
    """What is agreed, in working seconds by kind of wait."""
    late: int
    """Open waits that were past that already."""


def connect(
    ctx: Context, user: str, name: str, channel: str | None, now: int
) -> Begun | ChannelSet | Followed | Connection:
    """Begin to connect a repository; one that is connected already comes back as it stands.

    Raises NotKnown where it, or its channel, is out of reach.
    """
    found = _standing(ctx, name, now)
    if found is None:
        return _begin(ctx, user, name, channel, now)
    repo = found.repo
    if channel is None or channel == ctx.policy.channel(repo):
        return found
    must_be_heard_in(ctx, channel)
    say(ctx, [Change(("repos", repo, "channel"), channel)], user, now)
    return ChannelSet(repo, channel)


def _standing(ctx: Context, name: str, now: int) -> Followed | Connection | None:
    """How a repository stands; None where it is to be connected, for the first time or again."""
    repo = next(iter(repos_called(ctx, name)), None)
    if repo is None or not ctx.policy.follows(repo):
        return None
    with reading(ctx.engine) as session:
        known = connections.of_repo(session, ctx.workspace, HOST, repo)
        row = next((row for row in repos.known(session, ctx.workspace) if row.repo == repo), None)
    if known is not None and known.state in (READING, LEARNT):
        return known
    in_file = _in_file(ctx, repo)
    if known is None and not in_file and (row is None or not row.connected):
        return None  # access to it was lost, or its events were imported
    if known is not None and known.state in (FAILED, LEFT):
        return None
    return _followed(ctx, repo, row, known, in_file)


def _followed(ctx: Context, repo: str, row: Row[Any] | None, known: Connection | None, in_file: bool) -> Followed:
    whence = "the policy file names it" if in_file else "its webhooks told of it"
    return Followed(
        repo=repo,
        why="it was connected from Slack" if known is not None else whence,
        heard_at=row.webhook_at if row else None,
        read_at=row.read_until if row else None,
        channel=ctx.policy.channel(repo),
        agreed=agreed(ctx.policy, repo),
        silent=ctx.policy.is_silent(repo),
        wrong=row.problem if row else None,
    )


def agreed(policy: Policy, repo: str) -> list[tuple[str, int]]:
    """The kinds of wait that have a target in a repository, and which."""
    return [(kind, seconds) for kind in KINDS if (seconds := policy.target(repo, kind)) is not None]


def _in_file(ctx: Context, repo: str) -> bool:
    written = ctx.policy.written or ctx.policy
    return repo.casefold() in {name.casefold() for name in written.file.repos}


def _begin(ctx: Context, user: str, name: str, channel: str | None, now: int) -> Begun | Connection:
    access = _access(ctx, _ours(ctx, as_hosted(ctx, name)))
    hears = channel or ctx.policy.channel(access.full_name)
    if hears is not None:
        must_be_heard_in(ctx, hears)
    other = undisturbed(lambda: _connect(ctx, user, access.full_name, channel, now))
    return other or Begun(access.full_name, hears)


def _ours(ctx: Context, name: str) -> str:
    """The name, where this workspace may follow it. Raises NotKnown, which tells nothing of what the host has."""
    if not ctx.policy.may_follow(name):
        raise NotKnown(f"This workspace can't connect {name}; {whose(ctx.policy)}.")
    return name


def _access(ctx: Context, name: str) -> Access:
    """The repository as the host shows it. Raises NotKnown: why it can't be read, and what helps."""
    if ctx.github is None:
        raise NotKnown(
            "I have no token to read it with. Whoever runs Weir sets GITHUB_TOKEN (or GITHUB_APP_ID and "
            "GITHUB_APP_PRIVATE_KEY) where it runs, and starts it again."
        )
    try:
        access = check_access(ctx.github.hasty(PATIENCE), name)
    except Gone:
        raise NotKnown(
            f"GitHub has no {name}, or does not show it to me. Is it spelt as there, and was Weir's token (or App) "
            "given that repository?"
        ) from None
    except Denied as refusal:
        raise NotKnown(f"{refusal}. Whoever runs Weir can look after its token with `weir doctor`.") from None
    except HostError as trouble:
        raise NotKnown(f"{trouble}. Please try again in a few minutes.") from None
    if not ctx.policy.may_follow(access.full_name):
        raise NotKnown(f"{name} was moved to another account on GitHub; this workspace can't connect it there.")
    if access.archived:
        raise NotKnown(f"{access.full_name} is archived on GitHub: nothing moves there, so there is nothing to follow.")
    return access


def must_be_heard_in(ctx: Context, channel: str) -> None:
    """Raises NotKnown where nothing could be said in a channel."""
    try:
        ctx.messenger.find(channel, "", ctx.clock.now())
    except Undeliverable as trouble:
        if trouble.scope == "address":
            raise NotKnown(
                "I am not in that channel. Type /invite @Weir there, and then the same here again; nothing is changed "
                "so far."
            ) from None
    except (Passing, Unknown):
        pass  # Slack tells when something is said there


def _connect(ctx: Context, user: str, repo: str, channel: str | None, now: int) -> Connection | None:
    """Put it down, with a message that shows how far it is; the connection that somebody else began meanwhile."""
    with writing(ctx.engine) as session:
        said.alone(session, ctx.workspace)
        known = connections.of_repo(session, ctx.workspace, HOST, repo)
        if known is not None and known.state in (READING, LEARNT):
            return known
        say_in(session, ctx, _beginning(ctx.policy, repo, channel), user, now)
        message = _message_of(session, ctx, known, user) or uuid4().hex
        connections.begin(session, ctx.workspace, HOST, repo, user, message, now)
        draft = Draft(f"@{user}", NOTICE, about={"id": message, "repo": repo}, id=message)
        outbox.claim(session, ctx.workspace, [draft], now)
        told = {message, known.outbox_id} if known is not None else {message}
        waits.edit_messages(session, ctx.workspace, told, now)
    return None


def _message_of(session: Session, ctx: Context, known: Connection | None, user: str) -> str | None:
    """The message of the first try, in which a second one goes on, where there is one that somebody can see."""
    if known is None or known.state != FAILED or known.user != user:
        return None
    return known.outbox_id if outbox.is_shown(session, ctx.workspace, known.outbox_id) else None


def _beginning(policy: Policy, repo: str, channel: str | None) -> list[Change]:
    """Silent until it is switched on."""
    changes = [Change(("repos", repo, "silent"), True)]
    changes += [] if policy.follows(repo) else [Change(("repos", repo, "follow"), True)]
    return changes + ([Change(("repos", repo, "channel"), channel)] if channel else [])


def switch_on(ctx: Context, user: str, name: str, now: int) -> SwitchedOn:
    """Agree on the suggested targets and end the silence. Raises NotKnown where there is nothing to switch on."""
    repo = _one(ctx, name)
    intake.settle(ctx, now, 0, partial(_first, ctx, repo))
    late = undisturbed(lambda: _switch_on(ctx, user, repo, now))
    return SwitchedOn(repo, agreed(current(ctx).policy, repo), late)


def _first(ctx: Context, repo: str, session: Session) -> set[ItemKey]:
    """What is to be folded in before it can be said what is late in a repository."""
    open_ = asked.in_repos(session, ctx.workspace, [repo])
    return first_of(session, ctx.workspace, open_) | arrivals.of_repos(session, ctx.workspace, [(HOST, repo)])


def _switch_on(ctx: Context, user: str, repo: str, now: int) -> int:
    with writing(ctx.engine) as session:
        said.alone(session, ctx.workspace)
        known = connections.of_repo(session, ctx.workspace, HOST, repo)
        _must_be_off(current(ctx).policy, repo, known)
        learnt = learnt_of(known.learnt) if known is not None and known.learnt else None
        targets = unless_set(ctx.policy, repo, learnt.targets) if learnt else {}
        late = _late(session, ctx, with_targets(ctx.policy, repo, targets, silent=False), repo, now)
        new = [Change(("repos", repo, "targets", kind), spelt(seconds)) for kind, seconds in targets.items()]
        say_in(session, ctx, [*new, Change(("repos", repo, "silent"), False)], user, now)
        connections.list_only(session, ctx.workspace, late)
        if known is not None:
            connections.turn(session, ctx.workspace, known, ON, now, learnt={**(known.learnt or {}), "by": user})
            waits.edit_messages(session, ctx.workspace, [known.outbox_id], now)
    return len(late)


def _must_be_off(policy: Policy, repo: str, known: Connection | None) -> None:
    if not policy.follows(repo):
        raise NotKnown(f"{repo} was let go. /flow connect {repo} follows it again.")
    if known is not None and known.state == READING:
        raise NotKnown(f"The history of {repo} is still being read. It can be switched on after that.")
    if known is not None and known.state == FAILED:
        raise NotKnown(f"The history of {repo} could not be read. /flow connect {repo} tries again.")
    if not policy.is_silent(repo):
        raise NotKnown(f"{repo} is on already. /flow targets {repo} shows what is agreed.")


def _late(session: Session, ctx: Context, policy: Policy, repo: str, now: int) -> list[int]:
    """The open waits of a repository that are past their target under a policy."""
    return [row.id for row in asked.in_repos(session, ctx.workspace, [repo]) if _is_late(row, policy, now)]


def _is_late(row: Row[Any], policy: Policy, now: int) -> bool:
    wait = to_wait(row)
    target = policy.target_of(wait)
    return target is not None and policy.clock(wait).age(now) > target


def parting_of(ctx: Context, name: str) -> Parting:
    """What letting a repository go would mean. Raises NotKnown where it is not followed."""
    repo = _one(ctx, name)
    if not ctx.policy.follows(repo):
        raise NotKnown(f"{repo} was let go already. /flow connect {repo} follows it again.")
    with reading(ctx.engine) as session:
        known = connections.of_repo(session, ctx.workspace, HOST, repo)
        open_ = len(asked.in_repos(session, ctx.workspace, [repo]))
    hooked, days = known is not None and known.hook_id is not None, ctx.policy.file.retention.disconnected
    return Parting(repo, open_, _in_file(ctx, repo), hooked, days)


class Parted(NamedTuple):
    """It is let go; `hook` is what became of the webhook that Weir had set up."""

    parting: Parting
    hook: str | None


def let_go(ctx: Context, user: str, name: str, now: int) -> Parted:
    """Follow a repository no longer: its open waits end, and the webhook that Weir set up is removed where it may."""
    parting = parting_of(ctx, name)
    known = undisturbed(lambda: _let_go(ctx, user, parting.repo, now))
    with reading(ctx.engine) as session:
        live = past.live_items(session, ctx.workspace, HOST, parting.repo)
    intake.rebuild(ctx, now, live)
    if known is None or known.hook_id is None or ctx.github is None:
        return Parted(parting, None)
    return Parted(parting, hooks.take_back(ctx, parting.repo, known.hook_id))


def _let_go(ctx: Context, user: str, repo: str, now: int) -> Connection | None:
    with writing(ctx.engine) as session:
        say_in(session, ctx, [Change(("repos", repo, "follow"), False)], user, now)
        known = connections.of_repo(session, ctx.workspace, HOST, repo)
        if known is not None:
            connections.turn(session, ctx.workspace, known, LEFT, now, hook_id=None, lease_until=None)
            waits.edit_messages(session, ctx.workspace, [known.outbox_id], now)
            if known.hook_id is not None and hooks.left_to_another(session, ctx, repo, known.hook_id):
                known = known._replace(hook_id=None)
    return known


def _one(ctx: Context, name: str) -> str:
    """The one repository that is meant. Raises NotKnown."""
    found = repos_called(ctx, name)
    if not found:
        raise NotKnown(f"I know no repository “{name}”. /flow repos lists them, and /flow connect follows another one.")
    if len(found) > 1:
        raise NotKnown(f"“{name}” may be {', '.join(found[:3])}; say which, with its owner.")
    return found[0]
