"""Holding nudges back at random: which waits are drawn, what is remembered of it, and what came of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from bot.context import Context
from bot.flow.holding_back import Comparison, Trial, compare, is_drawn
from bot.flow.ladder import HELD_BACK, OWN, Nudge, Standing, step_of
from bot.policy import Policy
from bot.store import holding_back as kept
from bot.store.engine import reading
from bot.store.outbox import WITH_NUDGES
from bot.store.waits import to_wait

LATELY = 90 * 86_400
"""Seconds that a comparison looks back."""


def drawn(session: Session, ctx: Context, standings: Collection[Standing], now: int) -> list[Standing]:
    """The standings, those that are drawn to be held back marked so."""
    share = ctx.policy.file.nudges.hold_back
    fresh = [one.id for one in standings if share and _is_fresh(one) and is_drawn(one.id, _salt(ctx), share)]
    held = set(fresh) - (kept.nudged(session, ctx.workspace, fresh) if fresh else set())
    return [_marked(one, now) if one.id in held else one for one in standings]


def _salt(ctx: Context) -> str:
    return f"weir holds back in {ctx.workspace}"


def _is_fresh(one: Standing) -> bool:
    """Whether its first nudge is still to come. What has no target gets none."""
    return one.target is not None and HELD_BACK not in one.sent and OWN.isdisjoint(map(step_of, one.sent))


def _marked(one: Standing, now: int) -> Standing:
    return replace(one, sent={**one.sent, HELD_BACK: now})


def note(session: Session, ctx: Context, nudges: Iterable[Nudge], now: int) -> None:
    """Remember which of these nudges are held back, and which waits are told of while others are not."""
    holding, claims = bool(ctx.policy.file.nudges.hold_back), []
    for one in nudges:
        if one.untold:
            claims += [(one.standing.id, one.rung), (one.standing.id, HELD_BACK)]
        elif holding and one.step in OWN and _is_fresh(one.standing):
            claims.append((one.standing.id, WITH_NUDGES))
    kept.note(session, ctx.workspace, claims, now)


def comparison_of(ctx: Context, now: int) -> Comparison:
    """The waits of the last LATELY with nudges beside those without."""
    with reading(ctx.engine) as session:
        rows = kept.trials(session, ctx.workspace, now - LATELY)
    return compare((_trial(row, ctx.policy, now) for row in rows), now)


def _trial(row: Row[Any], policy: Policy, now: int) -> Trial:
    wait = to_wait(row)
    clock, target = policy.clock(wait), policy.target_of(wait)
    end = now if wait.until is None else wait.until
    age = clock.age(end)
    late = target is not None and age > target
    known = target is not None and (late or wait.until is not None)
    left = max(0, age - clock.age(row.drawn_at))
    return Trial(row.rung == HELD_BACK, row.drawn_at, left, wait.until is None, not late if known else None, row.wrong)
