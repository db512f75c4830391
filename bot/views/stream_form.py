"""The window in which a value stream is written as YAML: as many inputs as it takes, read as one text."""

from __future__ import annotations

import json
from typing import Any

from bot.views.ids import STREAM_FORM
from bot.views.message import plain, section
from bot.views.modals import Modal
from bot.views.streams import label, parts

TITLE = "Map as YAML"
PART, MOST_PART = 2_400, 3_000
"""Characters an input begins with at most, so that there is room to add some; and those that Slack takes."""
INPUT = "yaml"
EXAMPLE = """name: Shop
outcome: We win when a change reaches customers within a week
trigger: an issue is opened
finish: it runs in production
repos:
- acme/shop
stages:
- name: idea
  kind: wait
  responsible: team core
  signals:
  - opened
- name: coding
  kind: active
  responsible: author
  signals:
  - draft
- name: review
  kind: wait
  responsible: reviewers
  target: 8h
  signals:
  - ready
- name: live
  kind: active
  signals:
  - deploy production
"""


def form(text: str, name: str, version: int, problem: str = "") -> Modal:
    """The form, filled in with a text; `name` and `version` are of the stream it changes, empty and 0 for a new one.

    `problem` is said above it.
    """
    inputs = [_input(number, one) for number, one in enumerate([*parts(text, PART), ""])]
    inputs = [*([section(plain(problem, 2_000))] if problem else []), *inputs]
    return {
        "type": "modal", "callback_id": STREAM_FORM, "title": label(TITLE), "submit": label("Save"),
        "close": label("Not now"), "blocks": inputs,
        "private_metadata": json.dumps({"of": name, "over": version}),
    }  # fmt: skip


def _input(number: int, text: str) -> dict[str, Any]:
    id_ = f"{INPUT}{number}"
    element: dict[str, Any] = {
        "type": "plain_text_input", "action_id": id_, "multiline": True, "max_length": MOST_PART,
    }  # fmt: skip
    if text:
        element["initial_value"] = text
    name = "The map" if number == 0 else "The map, continued"
    return {"type": "input", "block_id": id_, "label": label(name), "element": element, "optional": not text}


def filled(view: dict[str, Any]) -> dict[str, str]:
    """What stands in each input, in order."""
    values = view["state"]["values"]
    ids = sorted((id_ for id_ in values if id_.startswith(INPUT)), key=lambda id_: int(id_.removeprefix(INPUT)))
    return {id_: str(values[id_][id_].get("value") or "") for id_ in ids}


def text_of(told: dict[str, str]) -> str:
    """The inputs as one text."""
    return "\n".join(part.rstrip("\n") for part in told.values() if part.strip()) + "\n"


def fault(told: dict[str, str], problem: str, line: int | None) -> dict[str, str]:
    """A problem at the input in which its line stands (None: no line of it), by the input's id."""
    before, problem = 0, f"{problem[:1].upper()}{problem[1:]}".replace("`", "")
    for id_, part in told.items():
        lines = part.rstrip("\n").count("\n") + 1 if part.strip() else 0
        if line is not None and before < line <= before + lines:
            here = f" (line {line - before} here)" if before else ""
            return {id_: f"{problem}{here}"}
        before += lines
    return {next(iter(told)): problem}
