"""A value stream deleted: its versions, what was measured by them, and what waits in its stages."""

from __future__ import annotations

from bot.context import Context
from bot.incoming.kept_waits import Changes, Terms, touch_homes, write
from bot.said import current
from bot.store import items, said, value, waits
from bot.store import journeys as kept
from bot.store import streams as saved
from bot.store.engine import undisturbed, writing


def remove(ctx: Context, user: str, key: str, version: int, now: int) -> bool:
    """Delete a stream of which this version still holds, on the record; False where it is another by now, or gone.

    What was said of waits in its stages is edited to say that it no longer waits. The event log stays as it is.
    """
    return undisturbed(lambda: _remove(ctx, user, key, version, now))


def _remove(ctx: Context, user: str, key: str, version: int, now: int) -> bool:
    terms = Terms(ctx.workspace, current(ctx).policy, now, live=True)
    with writing(ctx.engine) as session:
        said.alone(session, ctx.workspace)
        held = saved.by_key(session, ctx.workspace, key)
        if held is None or held.version != version:
            return False
        gone = waits.in_stream(session, ctx.workspace, key)
        items.lock(session, ctx.workspace, {(row.host, row.repo, row.item) for row in gone})
        changes = Changes(gone=list(waits.in_stream(session, ctx.workspace, key)))
        write(session, changes, terms)
        touch_homes(session, changes, terms)
        kept.forget_stream(session, ctx.workspace, key)
        value.end_stream(session, ctx.workspace, key, now)
        saved.remove(session, ctx.workspace, key)
        said.record(session, ctx.workspace, ("streams", held.name), f"version {version}", None, user, now, None)
        said.revise(session, ctx.workspace)
    return True
