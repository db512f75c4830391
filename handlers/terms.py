"""One's own terms: hours, away and back, mutes, the morning message."""

from __future__ import annotations

from slack_bolt import App

from bot.context import Context
from handlers.talk import Answering

ANSWERS: dict[str, Answering] = {}


def register(app: App, ctx: Context) -> None:
    """Listen to what Slack tells of members by itself: statuses, zones, do-not-disturb."""
