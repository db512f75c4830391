"""Windows over Slack: forms to fill in, and answers that have nowhere else to stand."""

from __future__ import annotations

from typing import Any

from bot.views.charts import without_charts
from bot.views.ids import AWAY_FORM, HOURS_FORM, LINK_FORM
from bot.views.message import Block, Message, section

HOURS, ZONE, FIRST, LAST, LOGIN = "hours", "zone", "first", "last", "login"
"""The inputs of forms: block and action ids."""
MOST_TITLE = 24
MOST_BLOCKS = 100
MOST_WORDS = 300

Modal = dict[str, Any]


def hours(week: str, zone: str) -> Modal:
    """One's working hours, filled in with what holds now."""
    hint = "Windows and days: 9-17 Mon-Fri, or 9-13 14-17 Mon-Thu 9-13 Fri."
    zones = "A name such as Europe/Berlin, or slack for the one that is set there."
    inputs = [
        _input(HOURS, "Hours and days", _words(HOURS, week), hint),
        _input(ZONE, "Time zone", _words(ZONE, zone), zones),
    ]
    return _form(HOURS_FORM, "Your working hours", inputs)


def away(today: str) -> Modal:
    """From which day to which somebody is away; `today` is YYYY-MM-DD."""
    first = {"type": "datepicker", "action_id": FIRST, "initial_date": today}
    last = {"type": "datepicker", "action_id": LAST}
    inputs = [
        _input(FIRST, "First day away", first),
        _input(LAST, "Last day away", last, "Left empty: until you say that you are back.", optional=True),
    ]
    return _form(AWAY_FORM, "Going away", inputs)


def link() -> Modal:
    """Which login on the code host is somebody's."""
    return _form(LINK_FORM, "Link my login", [_input(LOGIN, "Your login on the code host", _words(LOGIN, ""))])


def answer(title: str, message: Message) -> Modal:
    """An answer in a window, which takes no charts."""
    message = without_charts(message)
    return {"type": "modal", "title": _plain(title[:MOST_TITLE]), "close": _plain("Close"),
            "blocks": list(message.blocks[:MOST_BLOCKS])}  # fmt: skip


def moment(title: str) -> Modal:
    """A window that is there already while its answer is looked up."""
    return answer(title, Message("One moment …", (section("One moment …"),)))


def _form(callback: str, title: str, inputs: list[Block]) -> Modal:
    return {"type": "modal", "callback_id": callback, "title": _plain(title), "submit": _plain("Save"),
            "close": _plain("Not now"), "blocks": inputs}  # fmt: skip


def _input(id_: str, label: str, element: Block, hint: str | None = None, *, optional: bool = False) -> Block:
    block: Block = {"type": "input", "block_id": id_, "label": _plain(label), "element": element}
    return {**block, **({"hint": _plain(hint)} if hint else {}), **({"optional": True} if optional else {})}


def _words(id_: str, initial: str) -> Block:
    element: Block = {"type": "plain_text_input", "action_id": id_, "max_length": MOST_WORDS}
    return {**element, "initial_value": initial} if 0 < len(initial) <= MOST_WORDS else element


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": text, "emoji": False}
