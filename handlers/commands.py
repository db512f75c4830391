"""`/flow` and its verbs, typed or pressed. Every answer is for the asker's eyes only."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import structlog
from slack_bolt import Ack, App

from bot import grammar
from bot.asking.people import NotKnown, logins_of, whose, zone_of
from bot.asking.repos import repos_of
from bot.asking.waits import waits_of
from bot.asking.why import story_of
from bot.context import Context
from bot.grammar import BUTTONS, COMMAND, ENTRIES, VERBS, Misread, parse
from bot.messenger import Passing, Undeliverable, Unknown
from bot.said import current
from bot.views import flow, help, repos, why
from bot.views.flow import Reader
from bot.views.ids import ASK
from bot.views.message import Message
from bot.views.pages import Again, again

log = structlog.get_logger()


def register(app: App, ctx: Context) -> None:
    """Listen to the command, and to the buttons of its answers."""

    @app.command(COMMAND)
    def on_flow(ack: Ack, command: dict[str, Any]) -> None:
        message = answer(ctx, str(command.get("user_id", "")), Again(str(command.get("text") or "")))
        ack(text=message.text, blocks=message.blocks, response_type="ephemeral")

    def on_press(body: dict[str, Any]) -> None:
        asked = again(body["actions"][0].get("value"))
        if asked is None:
            return
        message = answer(ctx, str(body["user"]["id"]), asked)
        try:
            ctx.messenger.replace(str(body.get("response_url") or ""), message)
        except (Passing, Unknown, Undeliverable) as error:
            log.warning("an answer could not be shown", ask=asked.text, why=str(error))

    # Acknowledged at once: the answer goes by a call of its own, which Slack may be slow to take.
    app.action(re.compile(f"^{ASK}"))(ack=_acknowledge, lazy=[on_press])


def _acknowledge(ack: Ack) -> None:
    ack()


def answer(ctx: Context, user: str, asked: Again) -> Message:
    """What to tell a Slack user who asks something."""
    ctx = current(ctx)
    try:
        verb, value = parse(asked.text)
        return _ANSWERS[verb](ctx, user, value, asked)
    except NotKnown as error:
        return help.line(str(error))
    except Misread as error:
        if error.verb is None:
            return help.unknown(str(error), list(VERBS))
        return help.wrong(str(error), VERBS[error.verb].entry)


def _help(ctx: Context, user: str, verb: Any, asked: Again) -> Message:
    return help.overview(ENTRIES, BUTTONS) if verb is None else help.verb(VERBS[verb].entry)


def _waits(ctx: Context, user: str, whom: Any, asked: Again) -> Message:
    meant = whose(ctx, user, whom)
    if not meant.logins and not meant.repos:
        return flow.not_mapped(user)
    now = ctx.clock.now()
    held, authored = waits_of(ctx, meant, now)
    return flow.waits(meant, held, authored, asked, _reader(ctx, user), now)


def _why(ctx: Context, user: str, item: Any, asked: Again) -> Message:
    now = ctx.clock.now()
    return why.why(story_of(ctx, item, now), asked, _reader(ctx, user), now)


def _repos(ctx: Context, user: str, _: Any, asked: Again) -> Message:
    now = ctx.clock.now()
    return repos.repos(repos_of(ctx, now), asked, zone_of(ctx, user), now)


def _reader(ctx: Context, user: str) -> Reader:
    return Reader(zone_of(ctx, user), frozenset(login.lower() for login in logins_of(ctx, user)))


_ANSWERS: dict[str, Callable[[Context, str, Any, Again], Message]] = {
    grammar.HELP: _help,
    grammar.WAITS: _waits,
    grammar.WHY: _why,
    grammar.REPOS: _repos,
}
