"""Types of work and the mix that is wanted: rules shown, tried out, agreed on; a type given by hand."""

from __future__ import annotations

import re
from typing import Any

from slack_bolt import Ack, App

from bot import grammar
from bot.asking import mix, typed, types
from bot.asking.admins import must_be_admin
from bot.context import Context
from bot.grammar import MixWords, TypeWords
from bot.views import mix as mix_views
from bot.views import typed as item_views
from bot.views import types as views
from bot.views.ids import TYPED
from bot.views.message import Message
from bot.views.pages import Again
from handlers.talk import Answering, on_press


def _types(ctx: Context, user: str, words: TypeWords, asked: Again) -> Message:
    now = ctx.clock.now()
    if words.item is not None:
        return item_views.typed(typed.typed_of(ctx, words.item, now))
    if words.change is None:
        told = types.types_of(ctx, words.about, now)
        return views.rules(told) if words.rules else views.types(told, asked)
    if not asked.sure:
        return views.proposal(types.proposal_of(ctx, user, words.change, now))
    types.change(ctx, user, words.change, words.over, now)
    return views.changed()


def _mix(ctx: Context, user: str, words: MixWords, asked: Again) -> Message:
    now = ctx.clock.now()
    if not words.bands and not words.reset:
        return mix_views.mix(mix.mix_of(ctx, words.about, now))
    if not asked.sure:
        return mix_views.proposal(mix.proposal_of(ctx, user, words, now))
    must_be_admin(ctx, user, now)
    return mix_views.agreed_on(mix.agree(ctx, user, words, now))


ANSWERS: dict[str, Answering] = {grammar.TYPES: _types, grammar.MIX: _mix}


def register(app: App, ctx: Context) -> None:
    """Listen to the menus beside items that have no type."""

    @app.action(re.compile(f"^{TYPED}"))
    def on_type(ack: Ack, body: dict[str, Any]) -> None:
        picked, user = views.picked(body["actions"][0]), str(body["user"]["id"])
        if picked is None:
            ack()
            return
        private, window = (body.get("container") or {}).get("is_ephemeral"), (body.get("view") or {}).get("type")
        in_place = bool(private) or window == "modal"
        on_press(ctx, ack, body, lambda ctx: _given(ctx, user, picked, in_place=in_place))


def _given(ctx: Context, user: str, picked: views.Picked, *, in_place: bool) -> Message:
    """Where the answer takes the place of a list, the others of it follow."""
    now = ctx.clock.now()
    one = types.give(ctx, user, picked.key, picked.type, now)
    words = types.about(picked.about)
    if words.item is not None or not in_place:
        return views.given(one)
    return views.types(types.types_of(ctx, words.about, now), Again(f"types {picked.about}".strip()), one)
