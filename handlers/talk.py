"""What every feature's answers share: who asks what, and how an answer to a press is shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import structlog
from slack_bolt import Ack

from bot.asking.admins import NotAllowed
from bot.asking.people import NotKnown
from bot.context import Context
from bot.grammar import VERBS, Misread, NoVerb
from bot.messenger import Passing, Undeliverable, Unknown
from bot.outgoing import charts, homes
from bot.people.sight import as_seen_by
from bot.policy import BadPolicy
from bot.said import current
from bot.soon import begun
from bot.views import help, modals
from bot.views.charts import without_charts
from bot.views.message import Message
from bot.views.pages import Again

log = structlog.get_logger()

Answering: TypeAlias = Callable[[Context, str, Any, Again], Message]
"""(context with the policy that holds now, Slack account that asks, what was parsed, the question) → the answer"""
SORRY = "That went wrong on Weir's side and is logged. Please try again soon."


def guarded(ctx: Context, work: Callable[[Context], Message]) -> Message:
    """The answer to somebody; what can't be answered is one line that says why."""
    try:
        return work(current(ctx))
    except (NotKnown, NotAllowed, BadPolicy) as error:
        return help.line(str(error))
    except NoVerb as error:
        return help.unknown(str(error), list(VERBS))
    except Misread as error:
        return help.wrong(str(error), VERBS[error.verb].entry if error.verb else None, error.allowed)
    except Exception:
        log.exception("no answer")
        return help.line(SORRY)


def on_press(ctx: Context, ack: Ack, body: dict[str, Any], work: Callable[[Context], Message | None]) -> None:
    """Do what a press asks for, acknowledge it in time, and show the answer (None: nothing to say).

    An answer to a press in a private answer takes its place; any other is said beside the message.
    """
    there = str((body.get("channel") or {}).get("id") or "")
    begun(
        lambda: guarded(as_seen_by(ctx, str(body["user"]["id"]), there), work),  # type: ignore[arg-type,return-value,unused-ignore]
        lambda message: None if message is None else show(ctx, body, message),
    )
    ack()


def show(ctx: Context, body: dict[str, Any], message: Message) -> None:
    """Show an answer where a press came from: a home shows it on top, a window takes it in."""
    view = body.get("view") or {}
    if view.get("type") == "home":
        homes.show(ctx, str(body["user"]["id"]), ctx.clock.now(), without_charts(message))
        return
    response_url = str(body.get("response_url") or "")
    private = (body.get("container") or {}).get("is_ephemeral", True)
    try:
        if view:
            ctx.messenger.update_modal(str(view["id"]), modals.answer(view["title"]["text"], message))
        elif private:
            charts.respond(ctx.messenger.replace, response_url, message)
        else:
            charts.respond(ctx.messenger.say, response_url, message)
    except (Passing, Unknown, Undeliverable) as error:
        log.warning("an answer could not be shown", why=str(error))
