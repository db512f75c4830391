"""`/flow` and its verbs, typed or pressed: parse, ask the feature, show. Answers are for the asker's eyes only."""

from __future__ import annotations

import re
from typing import Any

from slack_bolt import Ack, App

from bot.asking.people import NotKnown, Unseen
from bot.context import Context
from bot.grammar import COMMAND, parse
from bot.people.sight import as_seen_by, claimed
from bot.soon import answered
from bot.views import help
from bot.views.charts import has_charts
from bot.views.ids import ASK
from bot.views.message import Message
from bot.views.pages import Again, again
from bot.views.people import to_be_confirmed
from handlers import (
    agreements,
    answers,
    asking,
    connecting,
    digest,
    experiments,
    mapping,
    metrics,
    overseeing,
    people,
    streams,
    terms,
    types,
    value,
)
from handlers.talk import Answering, guarded, on_press, show

ANSWERS: dict[str, Answering] = {
    **asking.ANSWERS,
    **terms.ANSWERS,
    **answers.ANSWERS,
    **connecting.ANSWERS,
    **agreements.ANSWERS,
    **people.ANSWERS,
    **streams.ANSWERS,
    **mapping.ANSWERS,
    **experiments.ANSWERS,
    **value.ANSWERS,
    **overseeing.ANSWERS,
    **digest.ANSWERS,
    **metrics.ANSWERS,
    **types.ANSWERS,
}
"""What answers each verb."""


def register(app: App, ctx: Context) -> None:
    """Listen to the command, and to the buttons of its answers."""

    @app.command(COMMAND)
    def on_flow(ack: Ack, command: dict[str, Any]) -> None:
        user = str(command.get("user_id", ""))
        asked = Again(str(command.get("text") or ""), place=str(command.get("channel_id") or ""))
        message = answered(lambda: answer(ctx, user, asked), lambda late: show(ctx, {**command, **_BESIDE}, late))
        if message is not None and has_charts(message):
            # Whether Slack takes charts is told there, and not for an acknowledgement.
            show(ctx, {**command, **_BESIDE}, message)
            ack()
            return
        message = message or help.line("One moment …")
        ack(text=message.text, blocks=message.blocks, response_type="ephemeral")

    @app.action(re.compile(f"^{ASK}"))
    def on_button(ack: Ack, body: dict[str, Any]) -> None:
        asked = again(body["actions"][0].get("value"))
        if asked is None:
            ack()
            return
        there = asked._replace(place=str((body.get("channel") or {}).get("id") or ""))
        on_press(ctx, ack, body, lambda now: answer(now, str(body["user"]["id"]), there))


_BESIDE = {"container": {"is_ephemeral": False}}
"""Has a late answer said beside the first word, which can't be replaced."""


def answer(ctx: Context, user: str, asked: Again) -> Message:
    """What to tell a Slack user who asks something."""
    return guarded(ctx, lambda ctx: told(ctx, user, asked))


def told(ctx: Context, user: str, asked: Again) -> Message:
    """The same under the policy of `ctx`; raises what says that it can't be answered (Misread, NotKnown …)."""
    verb, value = parse(asked.text)
    try:
        return ANSWERS[verb](as_seen_by(ctx, user, asked.place), user, value, asked)
    except Unseen as refusal:
        login = claimed(ctx, user)
        if login is None:
            raise
        raise NotKnown(f"{refusal} {to_be_confirmed(login)}") from None
