"""The form of a question of a mapping conversation, as a window."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bot.flow.mapping import Field, Form
from bot.views import modals
from bot.views.ids import MAP_FORM
from bot.views.mapping import Told, line
from bot.views.message import Block, plain, section
from bot.views.modals import MOST_TITLE, Modal
from bot.views.streams import label

FIELD = "field:"
"""Begins the ids of a form's inputs."""
MOST_TYPED = 1_000
MOST_LABEL, MOST_HINT, MOST_ERROR = 75, 150, 300


def form(told: Told, asked: Form, filled: Mapping[str, str] | None = None, problem: str = "") -> Modal:
    """The form of a turn; `filled` is what was typed in it before, `problem` is said above it."""
    inputs = [_input(one._replace(value=filled.get(one.id, "")) if filled is not None else one) for one in asked.fields]
    return {
        "type": "modal", "callback_id": MAP_FORM, "title": label(asked.title[:MOST_TITLE] or told.name[:MOST_TITLE]),
        "submit": label("Answer"), "close": label("Not now"),
        "blocks": [*([section(plain(problem, MOST_ERROR))] if problem else []), *inputs],
        "private_metadata": json.dumps({"mapping": told.mapping, "turn": told.turn}),
    }  # fmt: skip


def _input(field: Field) -> Block:
    id_ = f"{FIELD}{field.id}"
    block: Block = {
        "type": "input", "block_id": id_, "label": label(field.label[:MOST_LABEL]), "optional": True,
        "element": _menu(id_, field) if field.options else _words(id_, field),
    }  # fmt: skip
    return {**block, "hint": label(field.hint[:MOST_HINT])} if field.hint else block


def _words(id_: str, field: Field) -> Block:
    element: Block = {"type": "plain_text_input", "action_id": id_, "max_length": MOST_TYPED}
    return {**element, "initial_value": field.value[:MOST_TYPED]} if field.value else element


def _menu(id_: str, field: Field) -> Block:
    options = [{"text": label(one.label[:75]), "value": one.id[:150]} for one in field.options]
    chosen = [option for option, one in zip(options, field.options, strict=True) if one.id == field.value]
    element: Block = {"type": "static_select", "action_id": id_, "options": options}
    return {**element, "initial_option": chosen[0]} if chosen else element


def filled(view: Mapping[str, Any]) -> dict[str, str]:
    """What stands in each field, by its id."""
    told: dict[str, str] = {}
    for id_, held in view["state"]["values"].items():
        one = held.get(id_) or {}
        said = one.get("value") or (one.get("selected_option") or {}).get("value") or ""
        told[id_.removeprefix(FIELD)] = str(said)
    return told


def errors(filled: Mapping[str, str], told: Mapping[str, str]) -> dict[str, str]:
    """Faults by the ids of the inputs they stand at; what is at none of them stands at the first."""
    first = next(iter(filled), "")
    return {
        f"{FIELD}{id_ if id_ in filled else first}": problem.replace("`", "")[:MOST_ERROR]
        for id_, problem in told.items()
    }


def late(told: Told, filled: Mapping[str, str], said: str | None, wrong: Mapping[str, str]) -> Modal:
    """What came of a form that took longer: the form with what is wrong, else a line."""
    if wrong and told.form is not None:
        return form(told, told.form, filled, " ".join(wrong.values()).replace("`", ""))
    return modals.answer(told.name, line(said or "Thank you. It goes on in the conversation."))
