"""To an author: somebody would like to hand a review over, and the host's request has to be moved for that."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from bot.flow.waits import Wait
from bot.notices import Notice
from bot.policy import Policy
from bot.store import items, waits
from bot.store.outbox import HANDOVER
from bot.store.waits import to_wait
from bot.views.handover import handover, settled
from bot.views.phrases import Waiting


def make(session: Session, workspace: str, policy: Policy, about: dict[str, Any], now: int) -> Notice:
    """`about`: the `wait`, `by` whom (a login) and `to` whom. It settles once the wait is over."""
    row = waits.by_ids(session, workspace, [about["wait"]]).get(about["wait"])
    if row is None:
        return Notice(settled(None, now), moot=True, settled=True)
    wait = to_wait(row)
    item = items.by_keys(session, workspace, [wait.key]).get(wait.key)
    one = _shown(wait, policy, item)
    if one.over:
        return Notice(settled(one, now), moot=True, settled=True)
    return Notice(handover(one, about["by"], about["to"]))


def _shown(wait: Wait, policy: Policy, item: Any) -> Waiting:
    title, url = (item.title, item.url) if item else (None, None)
    # Whatever ended it is no merit of its author's: nobody is thanked.
    return Waiting(wait, HANDOVER, 0, policy.target_of(wait), title, url, answered=False)
