"""Targets: shown, tried out, agreed."""

from __future__ import annotations

from bot import grammar
from bot.asking import agreements
from bot.asking.admins import must_be_admin
from bot.asking.people import zone_of
from bot.context import Context
from bot.grammar import TargetWords
from bot.views import targets
from bot.views.message import Message
from bot.views.pages import Again
from handlers.talk import Answering


def _targets(ctx: Context, user: str, words: TargetWords, asked: Again) -> Message:
    now = ctx.clock.now()
    if not words.targets:
        return targets.targets(agreements.targets_of(ctx, words.repo, now), zone_of(ctx, user), now)
    if not asked.sure:
        return targets.proposal(agreements.proposal_of(ctx, user, words, now))
    must_be_admin(ctx, user, now)
    return targets.agreed_on(agreements.agree(ctx, user, words, now))


ANSWERS: dict[str, Answering] = {grammar.TARGETS: _targets}
