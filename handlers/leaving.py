"""Slack tells that Weir was taken out of a workspace."""

from __future__ import annotations

from typing import Any

from slack_bolt import App

from bot.context import Context
from bot.installing.leaving import told

EVENTS = ("app_uninstalled", "tokens_revoked")


def is_told(body: dict[str, Any]) -> bool:
    """Whether a request of Slack's tells of it."""
    event = body.get("event")
    return isinstance(event, dict) and event.get("type") in EVENTS


def register(app: App, ctx: Context) -> None:
    """Listen to the app being uninstalled, and to its bot's token being revoked."""

    @app.event("app_uninstalled")
    def on_uninstalled(body: dict[str, Any]) -> None:
        _left(ctx, body)

    @app.event("tokens_revoked")
    def on_revoked(event: dict[str, Any], body: dict[str, Any]) -> None:
        tokens = event.get("tokens")
        if isinstance(tokens, dict) and tokens.get("bot"):
            _left(ctx, body)


def _left(ctx: Context, body: dict[str, Any]) -> None:
    now, at = ctx.clock.now(), body.get("event_time")
    told(ctx, now, at if isinstance(at, int) else now)
