"""How things stand, for administrators: read from the database, and one short question to the code host."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from sqlalchemy.orm import Session

from bot.asking.coverage import coverage_of
from bot.asking.repos import repos_of
from bot.context import Context
from bot.hosts.github.access import Budgets, rate_limit
from bot.hosts.github.answers import owner_of
from bot.hosts.github.api import Github
from bot.hosts.github.errors import HostError
from bot.people.renaming import unsettled
from bot.soon import answered
from bot.store import addresses, renames
from bot.store.engine import reading
from bot.store.figures import deliveries, nudges_by_repo, wrong_by_repo
from bot.store.repos import known
from bot.views.health import Budget, Delivery, Health, Wrong
from bot.views.people import Gap

DAY = 86_400
MONTH = 30 * DAY
PATIENCE = 1.2
"""Seconds that the code host has to say what is left of its limits; whoever asks has three for all of it."""


def health_of(ctx: Context, now: int) -> Health:
    """How things stand as of `now`."""
    covered = coverage_of(ctx, now)
    budgets, trouble = _budgets(ctx)
    with reading(ctx.engine) as session:
        delivery, wrong = _delivery(session, ctx, now), _wrong(session, ctx, now)
        rows, renamed = known(session, ctx.workspace), renames.everyone(session, ctx.workspace)
    follows = ctx.policy.follows
    unread = [(row.repo, row.problem) for row in rows if row.problem and follows(row.repo)]
    repos = [repo for repo in repos_of(ctx, now) if follows(repo.name)]
    bad = {repo for repo, _ in unread}
    return Health(
        delivery=delivery, reached=covered.reached, people=covered.people, unreached=_unreached(covered.gaps),
        quiet=[(repo.name, repo.wrong) for repo in repos if repo.wrong and repo.name not in bad], unread=unread,
        repos=len(repos), budgets=budgets, host_trouble=trouble, wrong=wrong,
        renamed=[(one.old, one.new) for one in unsettled(ctx.policy, renamed)],
    )  # fmt: skip


def _unreached(gaps: Iterable[Gap]) -> list[tuple[str, int]]:
    return [(gap.login, gap.waiting) for gap in gaps if gap.waiting]


def _delivery(session: Session, ctx: Context, now: int) -> Delivery:
    found = deliveries(session, ctx.workspace, now - DAY, now)
    whole = addresses.address_of(session, ctx.workspace, addresses.EVERYTHING)
    paused = whole.problem if whole is not None and addresses.paused(session, ctx.workspace, now) else None
    failed = {str(reason): number for (reason,), number in found.failed.items()}
    oldest = None if found.oldest is None else now - found.oldest
    return Delivery(found.sent, found.late, failed, oldest, paused)


def _wrong(session: Session, ctx: Context, now: int) -> Wrong:
    sent = nudges_by_repo(session, ctx.workspace, now - MONTH)
    called = wrong_by_repo(session, ctx.workspace, now - MONTH)
    by_reason: Counter[str] = Counter()
    by_repo: Counter[str] = Counter()
    for (repo, reason), number in called.items():
        by_reason[reason] += number
        by_repo[repo] += number
    return Wrong(sum(sent.values()), by_reason, {repo: (by_repo[repo], sent[repo]) for repo in sent})


def _budgets(ctx: Context) -> tuple[list[Budget], str | None]:
    """(what is left, why that can't be told)"""
    if ctx.github is None:
        return [], None
    owner = None
    if ctx.github.app is not None:
        repos = sorted(ctx.policy.file.repos)
        if not repos:
            return [], "an App has limits an installation, and no repository is connected yet"
        owner = owner_of(repos[0])
    quick = ctx.github.hasty(PATIENCE)
    told = answered(lambda: _asked(quick, owner), lambda late: None, seconds=PATIENCE)
    if told is None:
        return [], "it did not answer in time"
    return ([], told) if isinstance(told, str) else (_listed(told), None)


def _asked(github: Github, owner: str | None) -> Budgets | str:
    try:
        return rate_limit(github, owner)
    except HostError as error:
        return str(error)


def _listed(told: Budgets) -> list[Budget]:
    both = (("requests", told.core), ("GraphQL points", told.graphql))
    return [Budget(name, one.limit, one.remaining, one.reset) for name, one in both]
