"""Answers on a nudge, a team's request taken, and an author's own call."""

from __future__ import annotations

from slack_bolt import App

from bot.context import Context
from handlers.talk import Answering

ANSWERS: dict[str, Answering] = {}


def register(app: App, ctx: Context) -> None:
    """Listen to the buttons of nudges and of team requests."""
