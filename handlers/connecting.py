"""Repositories connected and let go of."""

from __future__ import annotations

from bot import grammar
from bot.asking import connecting
from bot.asking.admins import must_be_admin
from bot.asking.connecting import Begun, ChannelSet
from bot.asking.people import zone_of
from bot.context import Context
from bot.grammar import ConnectWords
from bot.notices.connection import shown
from bot.views import connection
from bot.views.connection import Followed
from bot.views.message import Message
from bot.views.pages import Again
from handlers.talk import Answering


def _connect(ctx: Context, user: str, words: ConnectWords, asked: Again) -> Message:
    now = ctx.clock.now()
    must_be_admin(ctx, user, now)
    if asked.sure:
        return connection.switched_on(*connecting.switch_on(ctx, user, words.repo, now))
    found = connecting.connect(ctx, user, words.repo, words.channel, now)
    if isinstance(found, Begun):
        return connection.begun(*found)
    if isinstance(found, ChannelSet):
        return connection.channel_set(*found)
    if isinstance(found, Followed):
        return connection.followed(found, zone_of(ctx, user), now)
    told = connection.progress(shown(ctx.policy, found), zone_of(ctx, user), now)
    return told if found.user == user else connection.elsewhere(found.repo, found.user, told)


def _disconnect(ctx: Context, user: str, repo: str, asked: Again) -> Message:
    now = ctx.clock.now()
    must_be_admin(ctx, user, now)
    if asked.sure:
        return connection.parted(*connecting.let_go(ctx, user, repo, now))
    return connection.parting(connecting.parting_of(ctx, repo))


ANSWERS: dict[str, Answering] = {grammar.CONNECT: _connect, grammar.DISCONNECT: _disconnect}
