"""For those who run it: health, and the record of changes."""

from __future__ import annotations

from typing import Any

from bot import grammar
from bot.asking.admins import must_be_admin
from bot.asking.changes import changes_for
from bot.asking.health import health_of
from bot.asking.people import zone_of
from bot.context import Context
from bot.views import changes, health
from bot.views.message import Message
from bot.views.pages import Again
from handlers.talk import Answering


def _doctor(ctx: Context, user: str, _: Any, asked: Again) -> Message:
    now = ctx.clock.now()
    must_be_admin(ctx, user, now)
    return health.health(health_of(ctx, now), zone_of(ctx, user), now)


def _log(ctx: Context, user: str, _: Any, asked: Again) -> Message:
    now = ctx.clock.now()
    return changes.changes(changes_for(ctx, user, now), asked, zone_of(ctx, user), now)


ANSWERS: dict[str, Answering] = {grammar.DOCTOR: _doctor, grammar.LOG: _log}
