"""Folds in what was told by webhook, as fast as it goes; whoever needs some of it at once does not wait for this."""

from __future__ import annotations

from bot.context import Context
from bot.intake import settle


def run(ctx: Context, now: int) -> int:
    """Fold in all that was told; nothing is counted."""
    settle(ctx, now)
    return 0
