"""Stored waits as the ladder looks at them: clock, target, what was sent, what was answered and asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from bot.flow.events import HANDED_OVER
from bot.flow.ladder import ASKED, FOREVER, REMINDER, Rung, Standing, team_channel_of
from bot.flow.waits import Wait
from bot.policy import Policy
from bot.store import answers, waits
from bot.store.answers import SNOOZE, WRONG, Answer, Ask
from bot.store.outbox import BACKLOG, HANDOVER, OFFER, WITH_NUDGES


def standings_of(session: Session, workspace: str, policy: Policy, rows: Sequence[Row[Any]]) -> dict[int, Standing]:
    """The standing of each stored wait, by its id."""
    ids = [row.id for row in rows]
    sent = waits.sent(session, workspace, ids)
    said = answers.latest(session, workspace, ids)
    asked = answers.asks(session, workspace, {(row.host, row.repo, row.item) for row in rows})
    found = {}
    for row in rows:
        wait = waits.to_wait(row)
        rungs = {one.rung: one.at for one in sent.get(row.id, ()) if is_of_the_ladder(one.rung)}
        found[row.id] = standing_of(row.id, wait, policy, rungs, said.get(row.id), asked.get(wait.key, ()))
        if row.backlog:  # late before anybody watched: only what somebody asks for brings it up
            found[row.id] = replace(found[row.id], target=None)
    return found


def is_of_the_ladder(rung: str) -> bool:
    """Whether the holder heard it as a step of the ladder: not what was merely listed, or said to somebody else."""
    return rung not in (BACKLOG, WITH_NUDGES) and not rung.startswith((OFFER, HANDOVER))


def standing_of(
    id_: int, wait: Wait, policy: Policy, sent: Mapping[str, int], answer: Answer | None, asks: Sequence[Ask]
) -> Standing:
    """A wait on the ladder: quiet while its holder wants it so, with what somebody asked them to be told."""
    quiet = _quiet_until(answer)
    asked = [Rung(f"{ASKED}:{ask.at}", ask.at) for ask in asks if ask.at >= wait.since and ask.by != wait.on]
    if is_handed_on(wait):
        asked.append(Rung(f"{ASKED}:{wait.since}", wait.since))
    if answer is not None and answer.kind == SNOOZE and answer.until is not None:
        asked.append(Rung(f"{REMINDER}:{answer.until}", answer.until))
    if not wait.team:
        quiet = max(quiet, policy.muted_until(wait.on, wait.repo, wait.item))
    channel = policy.team_channel(wait.on) if wait.team else None
    return Standing(
        wait, policy.clock(wait), policy.target_of(wait), sent, id_, quiet,
        () if policy.is_silent(wait.repo) else tuple(asked),
        team_channel_of(wait.repo, wait.on) if channel else None,
    )  # fmt: skip


def is_handed_on(wait: Wait) -> bool:
    """Whether somebody handed it to its holder, who is to hear of that; no host tells them."""
    return wait.opened_by == HANDED_OVER


def _quiet_until(answer: Answer | None) -> int:
    if answer is None:
        return 0
    return FOREVER if answer.kind == WRONG else answer.until or 0
