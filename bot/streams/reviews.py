"""The day on which somebody wanted to look at a map again: its saver is told what has changed since."""

from __future__ import annotations

from datetime import date
from typing import Any

from bot.asking.people import zone_of
from bot.asking.streams import DAYS, measured, then_measured
from bot.context import Context
from bot.flow.measures import StreamMeasures
from bot.flow.stream import Stream
from bot.said import current
from bot.store import outbox
from bot.store.engine import reading, undisturbed, writing
from bot.store.outbox import MAP_REVIEW, Draft
from bot.store.streams import Kept, versions
from bot.streams.saving import all_streams
from bot.views.days import date_of


def remind(ctx: Context, now: int) -> int:
    """Put a message in the outbox for each map whose day has come, once a day that was set; how many."""
    ctx = current(ctx)
    coming = [(held, stream, stream.review_on) for held, stream in all_streams(ctx) if stream.review_on is not None]
    return sum(_remind(ctx, held, stream, day, now) for held, stream, day in coming)


def _remind(ctx: Context, held: Kept, stream: Stream, day: date, now: int) -> int:
    with reading(ctx.engine) as session:
        latest = versions(session, ctx.workspace, held.key)[0]
        # The id is the promise: of one day that was set there is one message, whoever looks how often.
        id_ = f"review:{held.key}:{day}"
        known = outbox.is_known(session, ctx.workspace, id_)
    if known or date_of(now, zone_of(ctx, latest.by)) < day:
        return 0
    then = then_measured(ctx, held, stream, latest.at)
    about = {
        "stream": held.key, "name": stream.name, "day": day.isoformat(), "version": latest.number, "at": latest.at,
        "days": DAYS, "then": figures(then), "now": figures(measured(ctx, held, stream, now)),
    }  # fmt: skip
    login = next(iter(ctx.policy.logins_of(latest.by)), None)
    draft = Draft(login or f"@{latest.by}", MAP_REVIEW, [], about, id_)

    def put() -> int:
        with writing(ctx.engine) as session:
            return outbox.claim(session, ctx.workspace, [draft], now)

    return undisturbed(put)


def figures(told: StreamMeasures) -> dict[str, Any]:
    """What a reminder says of measures, as JSON."""
    most = told.largest_wait
    return {
        "done": told.done, "flow": told.flow_time.median, "efficiency": told.flow_efficiency,
        "wait": most.stage if most else None, "share": most.share if most else None,
    }  # fmt: skip
