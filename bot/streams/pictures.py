"""A value stream's map posted as a picture."""

from __future__ import annotations

from bot.context import Context
from bot.messenger import Passing, Posted, Undeliverable, Unknown
from bot.store import members
from bot.store.engine import reading
from bot.views import map_posted
from bot.views.map_picture import picture
from bot.views.map_words import alt_text
from bot.views.message import Message
from bot.views.streams import Map


def post_map(
    ctx: Context, channel: str, told: Map, message: Message, thread_ts: str | None = None, key: str | None = None,
) -> Posted:  # fmt: skip
    """Post a message with a map's picture on top, which is found again by its `key`; takes seconds.

    Raises Passing, Unknown or Undeliverable.
    """
    names = _names(ctx)
    png = picture(told.stream, told.measures, told.segments, names=names)
    alt = alt_text(told.stream, told.measures, names)
    return ctx.messenger.post_picture(channel, png, alt, message, thread_ts, key)


def send_map(ctx: Context, user: str, told: Map, message: Message) -> Message:
    """Post it to somebody's direct conversation; what is to be said to them where they asked for it."""
    try:
        posted = post_map(ctx, ctx.messenger.open_dm(user), told, message)
    except (Passing, Unknown, Undeliverable) as error:
        return map_posted.not_posted(told.stream.name, str(error))
    return map_posted.posted(told.stream.name, posted.lacking)


def _names(ctx: Context) -> dict[str, str]:
    """Members' names by their accounts."""
    with reading(ctx.engine) as session:
        return {user: row.name for user, row in members.everybody(session, ctx.workspace).items() if row.name}
