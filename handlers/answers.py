"""Answers on a nudge, a team's request taken, and an author's own call."""

from __future__ import annotations

import re
from typing import Any

from slack_bolt import Ack, App

from bot import grammar
from bot.asking.answering import answer
from bot.asking.calling import call
from bot.asking.people import zone_of
from bot.context import Context
from bot.views import calling
from bot.views.controls import pressed
from bot.views.ids import ANSWER
from bot.views.message import Message
from bot.views.pages import Again
from handlers.talk import Answering, on_press


def register(app: App, ctx: Context) -> None:
    """Listen to the buttons of nudges and of team requests."""

    @app.action(re.compile(f"^{ANSWER}"))
    def on_answer(ack: Ack, body: dict[str, Any]) -> None:
        press, user = pressed(body["actions"][0]), str(body["user"]["id"])
        if press is None:
            ack()
            return
        on_press(ctx, ack, body, lambda ctx: answer(ctx, user, press, ctx.clock.now()))


def _nudge(ctx: Context, user: str, item: Any, asked: Again) -> Message:
    now = ctx.clock.now()
    return calling.called(call(ctx, user, item, now), zone_of(ctx, user), now)


ANSWERS: dict[str, Answering] = {grammar.NUDGE: _nudge}
