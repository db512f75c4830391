"""What can be pressed beside a wait, and what a press of it says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from bot.flow.answers import HAND_OVER, ON_IT, SNOOZE, TAKE, WRONG
from bot.flow.waits import REVIEWER_KINDS, STAGE
from bot.views.ids import (
    ANSWER_HAND_OVER,
    ANSWER_MENU,
    ANSWER_ON_IT,
    ANSWER_SNOOZE,
    ANSWER_TAKE,
    ANSWER_WRONG,
)
from bot.views.message import Block
from bot.views.phrases import REASONS, Waiting

_WAIT = "wait:"
SNOOZES = {
    "hour": "An hour", "lunch": "After lunch", "tomorrow": "Tomorrow morning", "monday": "Next Monday",
}  # fmt: skip
_REASONS = {name: words.capitalize() for name, words in REASONS.items()}


class Press(NamedTuple):
    """What somebody answered, to which wait; `option` is the snooze, the reason, or the Slack account picked."""

    wait_id: int
    kind: str
    option: str = ""


def row(one: Waiting) -> list[Block]:
    """Every answer to a wait side by side, or in one menu once there is an answer; nothing where there can be none."""
    if not _can_be_answered(one):
        return []
    if one.reply:
        return [{"type": "actions", "block_id": block_id(one), "elements": [_everything(one)]}]
    controls = [
        _first(one),
        _menu("Snooze", ANSWER_SNOOZE, _options(SNOOZE, SNOOZES)),
        *([_people()] if can_be_handed_over(one) else []),
        _menu("Wrong ping", ANSWER_WRONG, _options(WRONG, _REASONS)),
    ]
    return [{"type": "actions", "block_id": block_id(one), "elements": controls}]


def _first(one: Waiting) -> Block:
    """What waits in a stage is done with as soon as somebody takes it up; a turn of the ledger's once it is done."""
    if one.wait.kind == STAGE:
        return {**_button("I'll take it", ANSWER_TAKE, TAKE), "style": "primary"}
    return _button("On it", ANSWER_ON_IT, ON_IT)


def menu(one: Waiting, block: Block) -> Block:
    """A section with every answer to its wait in one menu beside it; as it is where there can be none."""
    return {**block, "block_id": block_id(one), "accessory": _everything(one)} if _can_be_answered(one) else block


def _everything(one: Waiting) -> Block:
    over = {HAND_OVER: "Hand over …"} if can_be_handed_over(one) else {}
    first = {TAKE: "I'll take it"} if one.wait.kind == STAGE else {ON_IT: "On it"}
    groups = (("Now", _options("", {**first, **over})), ("Snooze", _options(SNOOZE, SNOOZES)),
              ("Wrong ping", _options(WRONG, _REASONS)))  # fmt: skip
    return {
        "type": "static_select",
        "action_id": ANSWER_MENU,
        "placeholder": _text("Change" if one.reply else "Answer"),
        "option_groups": [{"label": _text(label), "options": options} for label, options in groups],
    }


def take(one: Waiting) -> list[Block]:
    """The button by which somebody takes over what a team was asked."""
    if not one.id or one.over:
        return []
    button = {**_button("I'll take it", ANSWER_TAKE, TAKE), "style": "primary"}
    return [{"type": "actions", "block_id": block_id(one), "elements": [button]}]


def whom(one: Waiting) -> list[Block]:
    """The list of people from which the next holder is picked."""
    return [{"type": "actions", "block_id": block_id(one), "elements": [_people()]}]


def can_be_handed_over(one: Waiting) -> bool:
    return one.wait.kind in (*REVIEWER_KINDS, STAGE) and not one.wait.team


def _can_be_answered(one: Waiting) -> bool:
    return bool(one.id) and not one.over and not one.wait.team


def block_id(one: Waiting) -> str:
    """Names the wait. It is another one after each answer: Slack would go on showing what was chosen last."""
    return f"{_WAIT}{one.id}" + (f":{one.reply.kind}:{one.reply.until}" if one.reply else "")


def pressed(action: Mapping[str, Any]) -> Press | None:
    """What an action says; None where it is none of ours, or nothing was chosen."""
    named, _, rest = str(action.get("block_id", "")).partition(":")
    number = rest.partition(":")[0]
    option = action.get("selected_option") or action
    value = f"{HAND_OVER}:{action['selected_user']}" if action.get("selected_user") else option.get("value")
    if f"{named}:" != _WAIT or not number.isdecimal() or not isinstance(value, str):
        return None
    kind, _, detail = value.partition(":")
    return Press(int(number), kind, detail)


def _options(kind: str, labels: Mapping[str, str]) -> list[Block]:
    return [{"text": _text(label), "value": f"{kind}:{name}" if kind else name} for name, label in labels.items()]


def _menu(label: str, id_: str, options: Iterable[Block]) -> Block:
    return {"type": "static_select", "action_id": id_, "placeholder": _text(label), "options": list(options)}


def _people() -> Block:
    return {"type": "users_select", "action_id": ANSWER_HAND_OVER, "placeholder": _text("Hand over")}


def _button(label: str, id_: str, value: str) -> Block:
    return {"type": "button", "action_id": id_, "text": _text(label), "value": value}


def _text(text: str) -> Block:
    return {"type": "plain_text", "text": text, "emoji": False}
