"""Going on with what new versions of value streams ask for, and reminding of maps that are to be looked at again."""

from __future__ import annotations

from bot.context import Context
from bot.streams.reviews import remind
from bot.streams.saving import measure, measure_standard


def run(ctx: Context, now: int) -> int:
    """Measure what is to be measured by `now`; how many items were."""
    return measure(ctx) + measure_standard(ctx)


def reviews(ctx: Context, now: int) -> int:
    """Remind of the maps that are to be looked at again by `now`; how many."""
    return remind(ctx, now)
