"""`/flow` and its verbs. Every answer is for the asker's eyes only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from slack_bolt import Ack, App

from bot.asking import logins_of, turns_of
from bot.context import Context
from bot.views import flow, help
from bot.views.message import Message

COMMAND = "/flow"


def register(app: App, ctx: Context) -> None:
    """Listen to the command."""

    @app.command(COMMAND)
    def on_flow(ack: Ack, command: dict[str, Any]) -> None:
        message = answer(ctx, str(command.get("user_id", "")), str(command.get("text") or ""))
        ack(text=message.text, blocks=message.blocks, response_type="ephemeral")


def answer(ctx: Context, user: str, text: str) -> Message:
    """What to tell a Slack user who typed `text` behind the command."""
    words = text.split()
    verb = words[0].casefold() if words else "help"
    verbs = _verbs()
    return verbs[verb](ctx, user) if verb in verbs else help.unknown(words[0], list(verbs))


def _verbs() -> dict[str, Callable[[Context, str], Message]]:
    return {"help": _help, "waits": _waits}


def _help(ctx: Context, user: str) -> Message:
    return help.overview()


def _waits(ctx: Context, user: str) -> Message:
    logins = logins_of(ctx, user)
    if not logins:
        return flow.not_mapped(user)
    now = ctx.clock.now()
    return flow.waits(turns_of(ctx, logins, now), ctx.policy.person(logins[0]).calendar.zone, now)
