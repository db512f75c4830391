"""Digests whose day and time have come."""

from __future__ import annotations

from bot.context import Context
from bot.digest.regular import send_due


def run(ctx: Context, now: int) -> int:
    """Put the digests that are due by `now` in the outbox; how many."""
    return send_due(ctx, now)
