"""The home tab."""

from __future__ import annotations

from slack_bolt import App

from bot.context import Context


def register(app: App, ctx: Context) -> None:
    """Listen to its opening and to its buttons."""
