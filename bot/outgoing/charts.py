"""Charts in messages, wherever they go: as Slack's own blocks, and where those are refused as a picture or in words."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from bot.messenger import Messenger, Undeliverable
from bot.views.chart_picture import alt_text, picture
from bot.views.charts import CHART, has_charts, without_charts
from bot.views.message import Message

REFUSALS = ("invalid_blocks", "invalid_blocks_format", "invalid_arguments")
_log = structlog.get_logger()


def refuses_charts(error: Undeliverable, message: Message) -> bool:
    """Whether it may be the charts for which Slack took a message not."""
    return error.reason in REFUSALS and has_charts(message)


def post(messenger: Messenger, channel: str, message: Message, key: str, thread_ts: str | None = None) -> str:
    """Post a message, its charts as one picture where Slack refuses them as blocks; its timestamp.

    Raises what `Messenger.post` does.
    """
    try:
        return messenger.post(channel, message, key, thread_ts)
    except Undeliverable as error:
        if not refuses_charts(error, message):
            raise
        _log.info("charts.refused", reason=error.reason)
    place = next(place for place, one in enumerate(message.blocks) if one["type"] == CHART)
    png, alt = picture(message), alt_text(message)
    return messenger.post_picture(channel, png, alt, without_charts(message), thread_ts, key, place=place).ts


def respond(say: Callable[[str, Message], None], response_url: str, message: Message) -> None:
    """Answer somebody, without the charts where Slack refuses them: what they show is said in words, too.

    `say` is the messenger's way to do that; raises what it does.
    """
    try:
        say(response_url, message)
    except Undeliverable as error:
        if not refuses_charts(error, message):
            raise
        _log.info("charts.refused", reason=error.reason)
        say(response_url, without_charts(message))
