"""What work is for: outcomes, key results and their numbers, and what traces work to them."""

from __future__ import annotations

import re
from typing import Any

from slack_bolt import Ack, App

from bot import grammar
from bot.asking import tracing, value, value_edits
from bot.asking.people import zone_of
from bot.context import Context
from bot.flow.value import KeyResult
from bot.grammar import StreamWords
from bot.grammar.value import rule_words
from bot.views import tracing as trace_views
from bot.views import value as views
from bot.views import value_changes as change_views
from bot.views.ids import NUMBER
from bot.views.message import Message
from bot.views.pages import Again
from handlers.talk import Answering, on_press


def _outcomes(ctx: Context, user: str, words: StreamWords, asked: Again) -> Message:
    now = ctx.clock.now()
    return views.outcomes(value.outcomes_of(ctx, words.words, now), asked, zone_of(ctx, user), now)


def _outcome(ctx: Context, user: str, words: StreamWords, asked: Again) -> Message:
    now = ctx.clock.now()
    found, rest = value.known_now(ctx).named(words.words)
    if found is not None and not rest:
        return _outcomes(ctx, user, words, asked)
    if not asked.sure:
        return change_views.outcome_change(value_edits.outcome_change(ctx, user, words.words, now))
    done = value_edits.change_outcome(ctx, user, words.words, asked.page, now)
    name = done.outcome.name
    return change_views.dropped(name) if done.text is None else change_views.outcome_said(name)


def _result(ctx: Context, user: str, words: StreamWords, asked: Again) -> Message:
    now, zone = ctx.clock.now(), zone_of(ctx, user)
    known = value.known_now(ctx)
    found, rest = known.named(words.words)
    if isinstance(found, KeyResult) and not rest:
        may = user == found.owner or value_edits.may_confirm(ctx, user, now)
        return views.result(value.result_of(ctx, found, known, now), may, zone, now)
    if isinstance(found, KeyResult) and value_edits.is_number(rest):
        return views.noted(value.give(ctx, user, found.id, " ".join(rest), now), zone, now)
    if not asked.sure:
        return change_views.result_change(value_edits.result_change(ctx, user, words.words, now), zone, now)
    done = value_edits.change_result(ctx, user, words.words, now)
    if done.after is None:
        return change_views.dropped(done.before.name if done.before else "")
    return change_views.result_said(done.after, zone, now)


def _trace(ctx: Context, user: str, words: StreamWords, asked: Again) -> Message:
    now = ctx.clock.now()
    if not words.words:
        return trace_views.rules(tracing.rules_of(ctx, now), asked)
    if rule_words(words.words) is None:
        item, target, chains, new = tracing.link(ctx, user, words.words, now)
        return trace_views.linked(item, target.name, chains, new=new)
    if not asked.sure:
        return trace_views.rule_change(tracing.rule_change(ctx, user, words.words, now))
    return trace_views.ruled(*tracing.add_rule(ctx, user, words.words, now))


def _untrace(ctx: Context, user: str, words: StreamWords, asked: Again) -> Message:
    now = ctx.clock.now()
    if rule_words(words.words) is None:
        return trace_views.unlinked(*tracing.unlink(ctx, user, words.words, now))
    rule = tracing.drop_rule(ctx, user, words.words, now)
    return trace_views.unruled(rule.kind, rule.name)


ANSWERS: dict[str, Answering] = {
    grammar.OUTCOMES: _outcomes,
    grammar.OUTCOME: _outcome,
    grammar.RESULT: _result,
    grammar.TRACE: _trace,
    grammar.UNTRACE: _untrace,
}


def register(app: App, ctx: Context) -> None:
    """Listen to the input for a key result's number."""

    @app.action(re.compile(f"^{NUMBER}"))
    def on_number(ack: Ack, body: dict[str, Any]) -> None:
        user, (id_, typed) = str(body["user"]["id"]), views.number_sent(body)
        on_press(ctx, ack, body, lambda ctx: _given(ctx, user, id_, typed))


def _given(ctx: Context, user: str, id_: str, typed: str) -> Message:
    now = ctx.clock.now()
    return views.noted(value.give(ctx, user, id_, typed, now), zone_of(ctx, user), now)
