"""Saying what came of experiments whose day has come."""

from __future__ import annotations

from bot.context import Context
from bot.experiments.measuring import id_of, is_due, place_of, recipients_of, result_now
from bot.said import current
from bot.store import experiments, outbox
from bot.store.engine import reading, undisturbed, writing
from bot.store.experiments import Experiment
from bot.store.outbox import EXPERIMENT, Draft


def run(ctx: Context, now: int) -> int:
    """Measure the experiments whose day has come, and put messages about them in the outbox; how many."""
    ctx = current(ctx)
    with reading(ctx.engine) as session:
        known = experiments.every(session, ctx.workspace, open_only=True)
    return sum(_tell(ctx, one, now) for one in known if is_due(ctx.policy, one, now))


def _tell(ctx: Context, one: Experiment, now: int) -> int:
    with reading(ctx.engine) as session:
        place = place_of(session, ctx.workspace, one)
    result = result_now(ctx, one, place, now, beside=True)
    about = {"number": one.number, "tried": one.tried, "day": one.until.isoformat()}
    drafts = [Draft(to, EXPERIMENT, [], {**about, "to": to}, id_of(one, to)) for to in recipients_of(ctx.policy, one)]

    def put() -> int:
        with writing(ctx.engine) as session:
            # Of two who look at once, one keeps what came of it and tells.
            fresh = experiments.measured(session, ctx.workspace, one, result, now)
            return outbox.claim(session, ctx.workspace, drafts, now) if fresh else 0

    return undisturbed(put)
