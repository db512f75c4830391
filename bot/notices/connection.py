"""The message that shows how far the connecting of a repository is."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from bot.backtest import unlinked
from bot.learning import learnt_of, unless_set, with_targets
from bot.notices import Notice
from bot.policy import Policy
from bot.store import connections
from bot.store.connections import ON, Connection
from bot.views.connection import Kind, Progress, progress, superseded


def connecting(session: Session, workspace: str, policy: Policy, about: dict[str, Any], now: int) -> Notice:
    """`about` names the message (`id`) and the repository as it was called when it was begun (`repo`)."""
    one = connections.of_message(session, workspace, about["id"])
    if one is None:
        return Notice(superseded(about["repo"]), settled=True)
    return Notice(progress(shown(policy, one), policy.zone_of(one.user), now))


def shown(policy: Policy, one: Connection) -> Progress:
    """A connection as it is shown under this policy."""
    learnt = learnt_of(one.learnt) if one.learnt else None
    kinds: list[Kind] = []
    if learnt is not None:
        added = {} if one.state == ON else unless_set(policy, one.repo, learnt.targets)
        then = policy if one.state == ON else with_targets(policy, one.repo, added, silent=False)
        kinds = [Kind(found, then.target(one.repo, found.kind), found.kind in added) for found in learnt.lengths]
    return Progress(
        repo=one.repo,
        state=one.state,
        at=one.at,
        read=one.items_read,
        known=one.items_known,
        hook=one.hook,
        problem=one.problem,
        again_at=one.lease_until,
        by=(one.learnt or {}).get("by"),
        kinds=tuple(kinds),
        forecast=learnt.forecast._replace(unlinked=unlinked(policy, learnt.forecast.logins)) if learnt else None,
    )
