"""Digests: now, regularly, no more, or which come."""

from __future__ import annotations

from bot import grammar
from bot.asking import digest as asking
from bot.asking.experiments import nudges_for
from bot.asking.people import zone_of
from bot.context import Context
from bot.grammar import DigestWords
from bot.views import digest as view
from bot.views import digest_plans as plans
from bot.views.message import Message
from bot.views.pages import Again
from handlers.talk import Answering


def _digest(ctx: Context, user: str, words: DigestWords, asked: Again) -> Message:
    now = ctx.clock.now()
    if words.do == "now":
        shown = asking.shown_now(ctx, words, asked.place, now)
        return view.digest(shown._replace(nudges=nudges_for(ctx, user, now)), now)
    if words.do == "off":
        place, gone = asking.stop(ctx, user, words, asked.place, now)
        return plans.stopped([one.every for one in gone], place, user)
    if words.do == "list":
        return plans.listed(asking.plans(ctx, user, words), user, asked, zone_of(ctx, user), now)
    return plans.planned(asking.plan(ctx, user, words, asked.place, now), user, zone_of(ctx, user), now)


ANSWERS: dict[str, Answering] = {grammar.DIGEST: _digest}
