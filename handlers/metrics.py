"""Flow metrics, asked for in a few words; and what is expected of flow time."""

from __future__ import annotations

from bot import grammar
from bot.asking import metrics
from bot.context import Context
from bot.grammar import StreamWords
from bot.views import metrics as views
from bot.views.message import Message
from bot.views.pages import Again
from handlers.talk import Answering


def _metrics(ctx: Context, user: str, words: StreamWords, asked: Again) -> Message:
    if metrics.EXPECT in map(str.casefold, words.words):
        return views.expected(metrics.expect(ctx, user, words.words, ctx.clock.now()))
    return views.metrics(metrics.metrics_of(ctx, words.words, ctx.clock.now()), ctx.policy.calendar.zone)


ANSWERS: dict[str, Answering] = {grammar.METRICS: _metrics}
