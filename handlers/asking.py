"""What waits on whom and why, and what can be asked at all."""

from __future__ import annotations

from typing import Any

from bot import grammar
from bot.asking.linking import guess_for
from bot.asking.people import logins_of, whose, zone_of
from bot.asking.repos import repos_of
from bot.asking.waits import on_page, waits_of
from bot.asking.why import story_of
from bot.context import Context
from bot.grammar import BUTTONS, TOPICS, VERBS
from bot.views import flow, help, repos, why
from bot.views.flow import Reader
from bot.views.message import Message
from bot.views.pages import Again
from bot.views.people import beginning_with_question
from handlers.talk import Answering


def _help(ctx: Context, user: str, verb: Any, asked: Again) -> Message:
    if verb is None:
        return beginning_with_question(help.overview(list(TOPICS.values()), BUTTONS), guess_for(ctx, user))
    return help.topic(TOPICS[verb]) if verb in TOPICS else help.verb(VERBS[verb].entry)


def _waits(ctx: Context, user: str, whom: Any, asked: Again) -> Message:
    meant = whose(ctx, user, whom)
    guess = guess_for(ctx, user)
    if not meant.logins and not meant.repos:
        return beginning_with_question(flow.not_mapped(), guess)
    now = ctx.clock.now()
    held, authored = waits_of(ctx, meant, on_page(asked.page), now)
    return beginning_with_question(flow.waits(meant, held, authored, asked, _reader(ctx, user), now), guess)


def _why(ctx: Context, user: str, item: Any, asked: Again) -> Message:
    now = ctx.clock.now()
    return why.why(story_of(ctx, item, now), asked, _reader(ctx, user), now)


def _repos(ctx: Context, user: str, _: Any, asked: Again) -> Message:
    now = ctx.clock.now()
    return repos.repos(repos_of(ctx, now), asked, zone_of(ctx, user), now)


def _reader(ctx: Context, user: str) -> Reader:
    return Reader(zone_of(ctx, user), frozenset(login.lower() for login in logins_of(ctx, user)))


ANSWERS: dict[str, Answering] = {
    grammar.HELP: _help,
    grammar.WAITS: _waits,
    grammar.WHY: _why,
    grammar.REPOS: _repos,
}
