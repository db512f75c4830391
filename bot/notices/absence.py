"""To an author: reviewers are away, and what waits for them may be handed over. Said once an absence and wait."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from bot.asking.absences import absences_of
from bot.notices import Notice
from bot.policy import Policy
from bot.store import answers, events, items, waits
from bot.store.answers import HAND_OVER, Answer
from bot.store.waits import to_wait
from bot.views.absence import Offer, offer
from bot.views.phrases import Reply, Waiting


def make(session: Session, workspace: str, policy: Policy, about: dict[str, Any], now: int) -> Notice:
    """`about`: the author's login (`to`) and the waits with the start of their holders' absences (`waits`).

    It settles once every wait is over or its holder back.
    """
    starts = {int(wait): int(start) for wait, start in about["waits"]}
    rows = waits.by_ids(session, workspace, starts)
    replies = answers.latest(session, workspace, rows)
    left = answers.leaves(session, workspace, rows)
    known = items.by_keys(session, workspace, {(row.host, row.repo, row.item) for row in rows.values()})
    takers = events.takers(session, workspace, map(to_wait, rows.values()))
    offers = []
    for wait_id, row in rows.items():
        wait = to_wait(row)
        one = _shown(row, known.get(wait.key), replies.get(wait_id), takers.get(wait))
        offers.append(_offer(policy, one, starts[wait_id], left.get(wait_id), now))
    message = offer(offers, policy.person(about["to"]).calendar.zone, now)
    settled = all(one.one.over or not one.away for one in offers)
    return Notice(message, moot=not any(one.open for one in offers), settled=settled)


def _offer(policy: Policy, one: Waiting, start: int, left: int | None, now: int) -> Offer:
    absence = next((gone for gone in absences_of(policy.person(one.wait.on), now) if gone.covers(now)), None)
    if absence is None:
        return Offer(one, away=False)
    return Offer(one, resumes=absence.resumes, left=left is not None and left >= start)


def _shown(row: Row[Any], item: Row[Any] | None, answer: Answer | None, taken_by: str | None) -> Waiting:
    reply = None
    if answer is not None and answer.kind == HAND_OVER:
        reply = Reply(answer.kind, answer.reason, answer.until)
    title, url = (item.title, item.url) if item else (None, None)
    # Whatever ended it is no merit of its author's: nobody is thanked.
    return Waiting(to_wait(row), "", 0, None, title, url, answered=False, id=row.id, reply=reply, taken_by=taken_by)
