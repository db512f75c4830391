"""Targets: what is agreed and by whom, what others would mean, and agreeing on them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from bot.asking.admins import NotAllowed, is_admin
from bot.asking.people import NotKnown, Unseen, repos_called
from bot.context import Context
from bot.flow.waits import KINDS
from bot.grammar import TargetWords
from bot.intake import settle
from bot.learning import forecast_of, learn, lengths_of, past_lately, with_targets
from bot.people.sight import named
from bot.policy import Policy
from bot.policy_file import spelt
from bot.said import Change, current, say, value_at
from bot.store import connections, said, waits
from bot.store.engine import reading, writing
from bot.store.said import Path
from bot.store.waits import to_wait
from bot.views.targets import Agreed, Changing, Kind, Origin, Proposal, Targets


def targets_of(ctx: Context, name: str | None, now: int) -> Targets:
    """What is agreed for the workspace, or in a repository; with what its history says. Raises NotKnown."""
    repo = _one(ctx, name)
    policy = _as_if_on(ctx.policy, repo)
    settle(ctx, now, most=1)
    with reading(ctx.engine) as session:
        rows = past_lately(session, ctx, None if repo is None else [repo], now)
        origins = {kind: _origin(session, ctx, repo, kind) for kind in KINDS}
    states = Counter(_state(row, policy, now) for row in rows if row.until is None)
    kinds = [
        Kind(
            lengths=found,
            target=_agreed(policy, repo, found.kind),
            origin=origins[found.kind],
            open=states[found.kind, False] + states[found.kind, True],
            late=states[found.kind, True],
        )
        for found in lengths_of(rows, policy, now)
    ]
    own = [] if repo is not None else _of_their_own(ctx)
    return Targets(repo, kinds, own, repo is not None and ctx.policy.is_silent(repo))


def _one(ctx: Context, name: str | None) -> str | None:
    """The followed repository that is meant. Raises NotKnown."""
    if name is None:
        return None
    found = repos_called(ctx, name)
    if not found:
        raise Unseen(f"I know no repository “{name}”. /flow repos lists those that I know.")
    if len(found) > 1:
        raise NotKnown(f"“{name}” may be {', '.join(found[:3])}; say which, with its owner.")
    if not ctx.policy.follows(found[0]):
        raise NotKnown(f"{found[0]} was let go. /flow connect {found[0]} follows it again.")
    return found[0]


def _as_if_on(policy: Policy, repo: str | None) -> Policy:
    """The policy as it will be once a silent repository is switched on."""
    return policy if repo is None or not policy.is_silent(repo) else with_targets(policy, repo, {}, silent=False)


def _agreed(policy: Policy, repo: str | None, kind: str) -> int | None:
    """Agreed working seconds; None where nothing is."""
    return getattr(policy.file.targets, kind) or None if repo is None else policy.target(repo, kind)


def _state(row: Row[Any], policy: Policy, now: int) -> tuple[str, bool]:
    """(kind, whether it is past its target) of an open wait."""
    wait = to_wait(row)
    target = policy.target_of(wait)
    return wait.kind, target is not None and policy.clock(wait).age(now) > target


def _origin(session: Session, ctx: Context, repo: str | None, kind: str) -> Origin | None:
    """Who agreed on a target; None where nobody did."""
    own: Path = ("targets", kind) if repo is None else ("repos", repo, "targets", kind)
    path = own if value_at(ctx.policy.file, own) is not None else ("targets", kind)
    if value_at(ctx.policy.file, path) is None:
        return None
    told = {_folded(path): path for path in said.everything(session, ctx.workspace)}
    spelt_so = told.get(_folded(path))
    change = None if spelt_so is None else said.last(session, ctx.workspace, spelt_so)
    for_all = repo is not None and path != own
    return Origin(for_all, change.by if change else None, change.at if change else None)


def _folded(path: Path) -> Path:
    return tuple(step.casefold() for step in path)


def _of_their_own(ctx: Context, kinds: Iterable[str] = KINDS) -> list[tuple[str, list[tuple[str, int]]]]:
    """The followed repositories that have targets of their own for some kinds, and which (0 for none)."""
    found, policy = [], ctx.policy
    for repo in sorted(named(ctx, policy.file.repos)):
        part = policy.file.repos[repo].targets
        own = [(kind, seconds) for kind in kinds if (seconds := getattr(part, kind)) is not None]
        if own and policy.follows(repo):
            found.append((repo, own))
    return found


def proposal_of(ctx: Context, user: str, words: TargetWords, now: int) -> Proposal:
    """What other targets would mean, tried out on the last thirty days. Raises NotKnown."""
    repo = _one(ctx, words.repo)
    settle(ctx, now, most=1)
    before = _as_if_on(ctx.policy, repo)
    after = with_targets(before, repo, words.targets)
    with reading(ctx.engine) as session:
        rows = past_lately(session, ctx, None if repo is None else [repo], now)
    was, then = (_late(rows, policy, now) for policy in (before, after))
    return Proposal(
        repo=repo,
        changing=_changing(before, after, repo, words.targets),
        before=forecast_of(rows, before, now),
        after=forecast_of(rows, after, now),
        newly_late=len(then - was),
        no_longer_late=len(was - then),
        silent=repo is not None and ctx.policy.is_silent(repo),
        may_confirm=_may(ctx, user, now),
        kept=[] if repo is not None else _of_their_own(ctx, words.targets),
    )


def _changing(before: Policy, after: Policy, repo: str | None, kinds: Iterable[str]) -> list[Changing]:
    told = [Changing(kind, _agreed(before, repo, kind), _agreed(after, repo, kind)) for kind in kinds]
    return [one for one in told if one.was != one.then]


def _late(rows: Sequence[Row[Any]], policy: Policy, now: int) -> set[int]:
    """The open waits that are past their target and would be nudged for it."""
    return {row.id for row in rows if row.until is None and not row.backlog and _state(row, policy, now)[1]}


def _may(ctx: Context, user: str, now: int) -> bool:
    try:
        return is_admin(ctx, user, now)
    except NotAllowed:
        return False


def agree(ctx: Context, user: str, words: TargetWords, now: int) -> Agreed:
    """Agree on targets. Raises NotKnown."""
    repo = _one(ctx, words.repo)
    before = _as_if_on(ctx.policy, repo)
    # Of two who agree on the same at once, the second one changes nothing.
    kinds = {one.path[-1] for one in say(ctx, _said(repo, words.targets), user, now)}
    told = current(ctx)
    changing = _changing(before, _as_if_on(told.policy, repo), repo, [kind for kind in words.targets if kind in kinds])
    _teach_anew(told, repo, now)
    return Agreed(repo, changing, repo is not None and told.policy.is_silent(repo))


def _said(repo: str | None, targets: Mapping[str, int]) -> list[Change]:
    base: Path = ("targets",) if repo is None else ("repos", repo, "targets")
    return [Change((*base, kind), spelt(seconds)) for kind, seconds in targets.items()]


def _teach_anew(ctx: Context, repo: str | None, now: int) -> None:
    """Messages that wait for a repository to be switched on tell what is agreed by now."""
    with reading(ctx.engine) as session:
        pending = [one for one in connections.learnt(session, ctx.workspace) if repo in (None, one.repo)]
    for one in pending:
        learnt = learn(ctx, one.repo, now).told()
        with writing(ctx.engine) as session:
            if connections.turn(session, ctx.workspace, one, one.state, one.at, learnt=learnt):
                waits.edit_messages(session, ctx.workspace, [one.outbox_id], now)
