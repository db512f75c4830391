"""The home tab: opened, turned over, pressed in, and the forms that it opens."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, NamedTuple

import structlog
from slack_bolt import Ack, App

from bot.asking.admins import NotAllowed
from bot.asking.forms import FORMS, Fault, plain_line, today_in
from bot.asking.home import Pages
from bot.asking.people import NotKnown
from bot.context import Context
from bot.grammar import Misread
from bot.messenger import Passing, Undeliverable, Unknown
from bot.outgoing import homes
from bot.policy import BadPolicy
from bot.said import current
from bot.soon import answered, begun
from bot.views import help, modals
from bot.views.ids import HOME_AWAY, HOME_HOURS, HOME_LINK, HOME_PAGE, HOME_SHOW
from bot.views.message import Message
from bot.views.modals import Modal
from bot.views.pages import Again, again
from handlers.commands import answer, told
from handlers.talk import SORRY

log = structlog.get_logger()
MOST_PAGE = 10_000
TOO_LATE = help.line("The window could not be opened in time. Please press again.")


def register(app: App, ctx: Context) -> None:
    """Listen to its opening, to its buttons, and to the forms that are sent off."""

    @app.event("app_home_opened")
    def on_opened(event: dict[str, Any]) -> None:
        if event.get("tab") == "home":
            user, now = str(event["user"]), ctx.clock.now()
            begun(lambda: homes.opened(ctx, user, now), lambda _: homes.greet(ctx, user, now))

    @app.action(re.compile(f"^{HOME_PAGE}"))
    def on_turn(ack: Ack, body: dict[str, Any]) -> None:
        user, now = str(body["user"]["id"]), ctx.clock.now()
        begun(lambda: homes.turned(ctx, user, _pages(body), now), lambda _: homes.show(ctx, user, now))
        ack()

    @app.action(HOME_HOURS)
    def on_hours(ack: Ack, body: dict[str, Any]) -> None:
        holds = _carried(body)
        _open(ctx, ack, body, modals.hours(holds.get("hours", ""), holds.get("zone", "")))

    @app.action(HOME_AWAY)
    def on_away(ack: Ack, body: dict[str, Any]) -> None:
        _open(ctx, ack, body, modals.away(today_in(_carried(body).get("zone", ""), ctx.policy, ctx.clock.now())))

    @app.action(HOME_LINK)
    def on_link(ack: Ack, body: dict[str, Any]) -> None:
        _open(ctx, ack, body, modals.link())

    @app.action(re.compile(f"^{HOME_SHOW}"))
    def on_show(ack: Ack, body: dict[str, Any]) -> None:
        button = body["actions"][0]
        asked, title = again(button.get("value")) or Again("help"), button["text"]["text"]
        user = str(body["user"]["id"])
        _open(ctx, ack, body, modals.moment(title), lambda id_: _fill(ctx, id_, title, answer(ctx, user, asked)))

    @app.view(re.compile(f"^({'|'.join(FORMS)})$"))
    def on_sent(ack: Ack, body: dict[str, Any], view: dict[str, Any]) -> None:
        _take(ctx, ack, str(body["user"]["id"]), view)


def _open(
    ctx: Context, ack: Ack, body: dict[str, Any], modal: Modal, then: Callable[[str], None] | None = None
) -> None:
    """Open a window at once, before anything is looked up: Slack allows it for three seconds. `then` gets its id."""

    def opened() -> str | None:
        try:
            return ctx.messenger.open_modal(str(body.get("trigger_id", "")), modal)
        except (Passing, Unknown, Undeliverable) as error:
            log.warning("a window could not be opened", why=str(error))
            return None

    def after(id_: str | None) -> None:
        if id_ is None:
            homes.show(ctx, str(body["user"]["id"]), ctx.clock.now(), TOO_LATE)
        elif then is not None:
            then(id_)

    begun(opened, after)
    ack()


def _fill(ctx: Context, id_: str, title: str, message: Message) -> None:
    try:
        ctx.messenger.update_modal(id_, modals.answer(title, message))
    except (Passing, Unknown, Undeliverable) as error:
        log.warning("an answer could not be shown", why=str(error))


class _Outcome(NamedTuple):
    """What came of a form: an answer, or an input that can't be taken."""

    message: Message
    fault: Fault | None = None


def _take(ctx: Context, ack: Ack, user: str, view: dict[str, Any]) -> None:
    """Do what a form says: a fault is shown at its input, an answer that asks back in the window, any other at home."""
    form, filled, before = FORMS[view["callback_id"]], _filled(view), _before(view)

    def work() -> _Outcome:
        try:
            words = form.read(filled, before)
        except Fault as fault:
            return _Outcome(help.line(str(fault)), fault)
        return _Outcome(_NOTHING) if words is None else _done(ctx, user, words, lambda why: form.at(filled, why))

    outcome = answered(work, lambda late: homes.show(ctx, user, ctx.clock.now(), late.message))
    if outcome is not None and outcome.fault is not None:
        ack(response_action="errors", errors={outcome.fault.field: str(outcome.fault)})
        return
    if outcome is not None and form.asks_back and _is_to_confirm(outcome.message):
        ack(response_action="update", view=modals.answer(view["title"]["text"], outcome.message))
        return
    ack()
    if outcome is not None:
        begun(lambda: outcome.message, lambda said: homes.show(ctx, user, ctx.clock.now(), said))


_NOTHING = help.line("Nothing was changed.")


def _done(ctx: Context, user: str, words: str, at: Callable[[str], str]) -> _Outcome:
    """What `/flow` answers to the same words; `at` tells which input a problem concerns."""
    try:
        return _Outcome(told(current(ctx), user, Again(words)))
    except (NotKnown, NotAllowed, BadPolicy, Misread) as error:
        problem = plain_line(str(error), getattr(error, "allowed", None))
        return _Outcome(help.line(problem), Fault(at(problem), problem))
    except Exception:
        log.exception("no answer")
        return _Outcome(help.line(SORRY))


def _is_to_confirm(message: Message) -> bool:
    """Whether an answer has a button that confirms something."""
    rows = [block["elements"] for block in message.blocks if block["type"] == "actions"]
    carried = (again(element.get("value")) for row in rows for element in row)
    return any(asked is not None and asked.sure for asked in carried)


def _filled(view: dict[str, Any]) -> dict[str, str]:
    """What stands in each input, by its id."""
    inputs: dict[str, dict[str, Any]] = {id_: one[id_] for id_, one in view["state"]["values"].items() if id_ in one}
    return {id_: str(one.get("value") or one.get("selected_date") or "").strip() for id_, one in inputs.items()}


def _before(view: dict[str, Any]) -> dict[str, str]:
    """What each input was filled in with."""
    inputs = [block for block in view["blocks"] if block["type"] == "input"]
    return {block["block_id"]: str(block["element"].get("initial_value", "")) for block in inputs}


def _carried(body: dict[str, Any]) -> dict[str, str]:
    """What a button of the home carries."""
    try:
        carried = json.loads(body["actions"][0].get("value") or "{}")
    except ValueError:
        return {}
    return {str(key): str(value) for key, value in carried.items()} if isinstance(carried, dict) else {}


def _pages(body: dict[str, Any]) -> Pages:
    carried = _carried(body)
    return Pages(*(_number(carried.get(part, "")) for part in ("held", "authored")))


def _number(text: str) -> int:
    return min(int(text), MOST_PAGE) if text.isdecimal() and text.isascii() and int(text) > 0 else 1
