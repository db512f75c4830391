"""Asking the owners of key results for their numbers."""

from __future__ import annotations

from bot.context import Context
from bot.value.asked import ask


def run(ctx: Context, now: int) -> int:
    """Ask for the numbers whose month has come by `now`; how many were asked for."""
    return ask(ctx, now)
