"""`/flow try` and `/flow experiments`: what is tried, what came of it, and whether nudges help."""

from __future__ import annotations

from bot import grammar
from bot.asking import experiments
from bot.asking.admins import must_be_admin
from bot.asking.people import zone_of
from bot.context import Context
from bot.experiments.holding_back import comparison_of
from bot.grammar.values import ExperimentWords, TryWords
from bot.views import experiments as views
from bot.views import held_back
from bot.views.days import date_of
from bot.views.message import Message
from bot.views.pages import Again
from handlers.talk import Answering


def _try(ctx: Context, user: str, words: TryWords, asked: Again) -> Message:
    now = ctx.clock.now()
    one, channel = experiments.begin(ctx, user, words, asked.place, now)
    return views.begun(one, date_of(now, zone_of(ctx, user)), channel)


def _experiments(ctx: Context, user: str, words: ExperimentWords, asked: Again) -> Message:
    now, zone = ctx.clock.now(), zone_of(ctx, user)
    today = date_of(now, zone)
    match words.do:
        case "all":
            return views.experiments(experiments.every(ctx, now), asked, today)
        case "one":
            return views.experiment(experiments.one_of(ctx, words.number, now), zone, now)
        case "keep" | "drop":
            one, fresh = experiments.end(ctx, user, words.number, experiments.ENDINGS[words.do], now)
            return views.ended(one, now_=fresh)
        case "extend" if words.day:
            return views.extended(experiments.extend(ctx, user, words.number, words.day, now), today)
        case "extend":
            return views.extending(experiments.to_extend(ctx, user, words.number, now), today)
    return _held_back(ctx, user, words, now)


def _held_back(ctx: Context, user: str, words: ExperimentWords, now: int) -> Message:
    if words.share is not None:
        return held_back.set_to(*experiments.hold_back(ctx, user, words.share, now))
    must_be_admin(ctx, user, now)
    return held_back.nudges(ctx.policy.file.nudges.hold_back, comparison_of(ctx, now))


ANSWERS: dict[str, Answering] = {grammar.TRY: _try, grammar.EXPERIMENTS: _experiments}
