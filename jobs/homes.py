"""Publish the home tabs that no longer show the truth."""

from __future__ import annotations

import structlog

from bot.context import Context
from bot.outgoing import homes

MOST = 50
"""Homes published in one run, so that a stop never waits long."""
_log = structlog.get_logger()


def run(ctx: Context, now: int) -> int:
    """Publish what is stale; how many homes."""
    done = 0
    try:
        for _ in range(MOST):
            if ctx.stopping.is_set():
                break
            # A run may outlast a lease, so each home is handled at its own instant.
            outcome = homes.refresh_next(ctx, max(now, ctx.clock.now()))
            if outcome is None:
                break
            done += outcome
    except homes.Stop:
        _log.info("homes.stopped")
    return done
