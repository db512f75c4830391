"""One's own terms: hours, away and back, mutes, the morning message; and what Slack tells of members by itself."""

from __future__ import annotations

from typing import Any

from slack_bolt import App

from bot import grammar
from bot.asking import mutes, terms
from bot.context import Context
from bot.outgoing import quiet
from bot.people import members
from bot.soon import begun
from bot.views import terms as views
from bot.views.message import Message
from bot.views.pages import Again
from handlers.talk import Answering


def _hours(ctx: Context, user: str, words: Any, asked: Again) -> Message:
    now = ctx.clock.now()
    held = terms.hours(ctx, user, words, now)
    return views.hours(held.week, held.week_from, held.zone, held.zone_name, held.zone_from, held.country, now)


def _away(ctx: Context, user: str, words: Any, asked: Again) -> Message:
    now = ctx.clock.now()
    said, times = terms.away(ctx, user, words, now)
    return views.away(views.Away(*said), _shown(one for one in times.absences if one != said), times.zone, now)


def _back(ctx: Context, user: str, _: Any, asked: Again) -> Message:
    now = ctx.clock.now()
    if asked.sure and asked.page is not None:
        planned, times = terms.take_back(ctx, user, asked.page, now)
        return views.taken_back(planned, _shown(times.absences), times.zone, now)
    ended, by_status, times = terms.back(ctx, user, now)
    return views.back(ended, by_status, times.runs, _shown(times.absences), times.zone, now)


def _shown(known: Any) -> list[views.Away]:
    return [views.Away(*one) for one in known]


def _mute(ctx: Context, user: str, words: Any, asked: Again) -> Message:
    said, others, today = mutes.mute(ctx, user, words, ctx.clock.now())
    return views.muted(views.Mute(*said), [views.Mute(*one) for one in others], today)


def _unmute(ctx: Context, user: str, words: Any, asked: Again) -> Message:
    told, today = mutes.unmute(ctx, user, words, ctx.clock.now())
    lifted, left = ([views.Mute(*one) for one in some] for some in (told.lifted, told.left))
    return views.unmuted(lifted, left, today, told.asked)


def _morning(ctx: Context, user: str, on: bool | None, asked: Again) -> Message:
    now = ctx.clock.now()
    return views.morning(*terms.morning(ctx, user, on, now), now)


ANSWERS: dict[str, Answering] = {
    grammar.HOURS: _hours,
    grammar.AWAY: _away,
    grammar.BACK: _back,
    grammar.MUTE: _mute,
    grammar.UNMUTE: _unmute,
    grammar.MORNING: _morning,
}


def register(app: App, ctx: Context) -> None:
    """Listen to what Slack tells of members by itself: statuses, zones, do-not-disturb."""

    @app.event("user_change")
    def on_member(event: dict[str, Any]) -> None:
        member, now = event.get("user") or {}, ctx.clock.now()
        begun(lambda: members.take_in(ctx, member, now), lambda _: None)

    @app.event("dnd_updated_user")
    def on_quiet(event: dict[str, Any]) -> None:
        user, told, now = str(event.get("user") or ""), event.get("dnd_status") or {}, ctx.clock.now()
        begun(lambda: quiet.note(ctx, user, told, now), lambda _: None)
