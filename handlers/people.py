"""Who is who: links, coverage, and who may change what concerns others."""

from __future__ import annotations

from typing import Any

from bot import grammar
from bot.asking import admins, coverage, linking
from bot.context import Context
from bot.views import people
from bot.views.message import Message
from bot.views.pages import Again
from handlers.talk import Answering


def _link(ctx: Context, user: str, words: Any, asked: Again) -> Message:
    return people.link(linking.link(ctx, user, words, asked.sure, ctx.clock.now()))


def _unlink(ctx: Context, user: str, login: Any, asked: Again) -> Message:
    return people.unlink(linking.unlink(ctx, user, login, ctx.clock.now()))


def _people(ctx: Context, user: str, _: Any, asked: Again) -> Message:
    now = ctx.clock.now()
    return people.coverage(coverage.coverage_of(ctx, now, asked.page), asked, coverage.asker_of(ctx, user, now))


def _admins(ctx: Context, user: str, words: Any, asked: Again) -> Message:
    if words.add is None:
        return people.admins(ctx.policy.file.admins)
    really = admins.name_admin(ctx, user, words.user, ctx.clock.now(), add=words.add)
    return people.admin_changed(words.user, added=words.add, really=really)


ANSWERS: dict[str, Answering] = {
    grammar.LINK: _link,
    grammar.UNLINK: _unlink,
    grammar.PEOPLE: _people,
    grammar.ADMINS: _admins,
}
