"""Webhooks about commits (checks, statuses, deployments, releases) → facts.

Each reader takes (payload, time of arrival).
"""

from __future__ import annotations

from typing import Any

from bot.flow.events import Unplaced
from bot.flow.shipped import Deployment, Release
from bot.hosts import Delivery, ShaFact
from bot.hosts.github import ids
from bot.hosts.github.models import (
    Account,
    Check,
    CheckedPullRequest,
    CheckRunTold,
    CheckSuiteTold,
    DeploymentTold,
    ReleaseTold,
    StatusTold,
    Told,
)
from bot.hosts.github.reading import HOST, NOTHING, actor_type_of, first, login_of

RED = frozenset({"failure", "error", "timed_out", "cancelled", "action_required", "startup_failure"})
"""Results that somebody has to do something about. `cancelled` too: it blocks a merge until it is run again."""

GREEN = frozenset({"success", "neutral", "skipped"})
"""Those that nobody has to do anything about. The rest (`pending`, `queued`, `stale`) are no result yet."""


def check_suite(payload: dict[str, Any], received_at: int) -> Delivery:
    """`check_suite` completed: what some of an app's checks of a commit came to; an app may have several suites."""
    if payload.get("action") != "completed":
        return NOTHING
    told = CheckSuiteTold.model_validate(payload)
    app = told.check.app and told.check.app.slug
    return _checked(told, told.check, f"suite/{app or ''}/{told.check.id}", first(told.check.updated_at, received_at))


def check_run(payload: dict[str, Any], received_at: int) -> Delivery:
    """`check_run` completed: one check of a commit."""
    if payload.get("action") != "completed":
        return NOTHING
    told = CheckRunTold.model_validate(payload)
    return _checked(told, told.check, told.check.name, first(told.check.completed_at, received_at))


def status(payload: dict[str, Any], received_at: int) -> Delivery:
    """`status`: the older kind of check, which names no pull request."""
    told = StatusTold.model_validate(payload)
    at = first(told.updated_at, received_at)
    return _result(told.repository.full_name, told.sha, told.context, told.state, at=at)


def deployment_status(payload: dict[str, Any], received_at: int) -> Delivery:
    """`deployment_status` success: a commit is out in an environment."""
    told = DeploymentTold.model_validate(payload)
    if told.status.state.lower() != "success":
        return NOTHING
    repo, deployment = told.repository.full_name, told.deployment
    fact = ShaFact(
        host=HOST,
        repo=repo,
        sha=deployment.sha,
        kind="deployed",
        at=first(told.status.updated_at, received_at),
        subject=deployment.environment,
        actor=login_of(told.sender),
        actor_type=actor_type_of(told.sender),
        id=ids.deployment(deployment.id, deployment.environment),
    )
    begun = first(deployment.created_at, fact.at)
    about = Deployment(deployment.sha, deployment.ref or "", deployment.environment, begun, fact.at)
    return Delivery(HOST, repos=(repo,), facts=(fact,), unplaced=(_with_others(told, fact, about),))


def _with_others(told: DeploymentTold, fact: ShaFact, about: Deployment) -> Unplaced:
    """The same for those that came with the commit."""
    data = {"deployment": fact.id, **about._asdict()}
    return _unplaced(told, "deployed", fact.id, fact.at, told.sender, data)


def release(payload: dict[str, Any], received_at: int) -> Delivery:
    """`release` published, or turned from a prerelease into one."""
    if payload.get("action") not in ("published", "released"):
        return NOTHING
    told = ReleaseTold.model_validate(payload)
    made, base = told.release, told.repository.default_branch
    if made.draft or not base:
        return NOTHING
    at = first(made.published_at, received_at)
    about = Release(made.id, made.tag_name, made.prerelease, first(made.created_at, at), at)
    id = f"{made.id}:prerelease" if made.prerelease else str(made.id)
    fact = _unplaced(told, "released", id, at, made.author, {"base": base, **about._asdict()})
    return Delivery(HOST, repos=(told.repository.full_name,), unplaced=(fact,))


def _unplaced(told: Told, kind: str, id: str, at: int, by: Account | None, data: dict[str, Any]) -> Unplaced:
    repo = told.repository.full_name
    owner = repo.partition("/")[0]
    return Unplaced(HOST, f"{kind}:{repo}:{id}", kind, at, repo, owner, login_of(by), actor_type_of(by), data)


def _checked(told: CheckSuiteTold | CheckRunTold, check: Check, subject: str, at: int) -> Delivery:
    home = told.repository.id
    items = tuple(pull.number for pull in check.pull_requests or () if _is_headed(pull, check.head_sha, home))
    return _result(told.repository.full_name, check.head_sha, subject, check.conclusion or "", at=at, items=items)


def _is_headed(pull: CheckedPullRequest, sha: str, home: int | None) -> bool:
    """Whether it is a pull request of the repository itself that has not moved on from the commit."""
    repo = pull.base and pull.base.repo and pull.base.repo.id
    return repo is not None and repo == home and (pull.head is None or pull.head.sha == sha)


def _result(repo: str, sha: str, subject: str, conclusion: str, *, at: int, items: tuple[int, ...] = ()) -> Delivery:
    outcome = conclusion.lower()
    if outcome not in RED | GREEN:
        return NOTHING
    fact = ShaFact(HOST, repo, sha, "check", at, subject, failed=outcome in RED, items=items)
    return Delivery(HOST, repos=(repo,), facts=(fact,))
