"""Slack's limits of blocks, and which of them a message, a home and a modal take.

Slack has kinds that are left out here, and refused: those of files, calls, videos and workflows, and those for
answers of language models.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block

from bot.local.limits import rich
from bot.local.limits.elements import IMAGE_SOURCE, KIND, beside, filled_in, image, one_source, plain, pressed, text
from bot.local.limits.shapes import (
    Check,
    Fields,
    Found,
    Json,
    Wrong,
    each_its_own,
    flag,
    in_turn,
    items,
    kinds,
    shape,
    string,
)

MOST_MARKDOWN = 12_000
_UNKNOWN_TO_SLACK_SDK = ("data_visualization",)


def _block(required: Fields, optional: Fields, *rules: Check) -> Check:
    return shape({**KIND, **required}, {"block_id": string(255), **optional}, *rules)


def _says_something(section: Json, at: str) -> Found:
    if "text" not in section and "fields" not in section:
        yield Wrong(f"{at}/type", "must define either `text` or `fields`")


_context_parts = kinds({"image": image, **{kind: text() for kind in ("plain_text", "mrkdwn")}})
_EVERYWHERE: Fields = {
    "section": _block(
        {}, {"text": text(), "fields": items(text(2_000), 10), "accessory": beside, "expand": flag}, _says_something
    ),
    "context": _block({"elements": items(_context_parts, 10)}, {}),
    "actions": _block({"elements": in_turn(items(pressed, 25), each_its_own("action_id"))}, {}),
    "header": _block({"text": plain(150)}, {}),
    "divider": _block({}, {}),
    "image": _block({"alt_text": string(2_000)}, {**IMAGE_SOURCE, "title": plain(2_000)}, one_source),
    "input": _block(
        {"label": plain(2_000), "element": filled_in}, {"hint": plain(2_000), "optional": flag, "dispatch_action": flag}
    ),
    "rich_text": rich.rich_text,
}
_IN_MESSAGES: Fields = {
    **_EVERYWHERE,
    "table": rich.table,
    "data_visualization": rich.chart,
    "markdown": _block({"text": string(MOST_MARKDOWN)}, {}),
}


def _as_slack_sdk_sees_it(block: Json, at: str) -> Found:
    if block["type"] in _UNKNOWN_TO_SLACK_SDK:
        return
    try:
        known = Block.parse(deepcopy(block))
        if known is not None:
            known.to_dict()
    except SlackObjectFormationError as error:
        yield Wrong(at, str(error))


def _blocks(known: Fields, most: int, least: int) -> Check:
    each = in_turn(kinds(known), _as_slack_sdk_sees_it)
    return in_turn(items(each, most, least), each_its_own("block_id"))


_ONE_FOCUS = "only one element can have `focus_on_load`"


def _focused(value: Any) -> int:
    if isinstance(value, dict):
        return (value.get("focus_on_load") is True) + sum(map(_focused, value.values()))
    return sum(map(_focused, value)) if isinstance(value, list) else 0


def _one_focus(view: Json, at: str) -> Found:
    if _focused(view["blocks"]) > 1:
        yield Wrong(f"{at}/blocks", _ONE_FOCUS)


def _can_be_sent_off(view: Json, at: str) -> Found:
    asking = [place for place, block in enumerate(view["blocks"]) if block["type"] == "input"]
    if asking and "submit" not in view:
        yield Wrong(f"{at}/blocks/{asking[0]}/input", "must define `submit` to use an `input` block in modals")


_VIEW: Fields = {"private_metadata": string(3_000, 0), "callback_id": string(255, 0), "external_id": string(255, 0)}
_home = shape({**KIND, "blocks": _blocks(_EVERYWHERE, 100, 0)}, _VIEW, _one_focus)
_modal = shape(
    {**KIND, "title": plain(24), "blocks": _blocks(_EVERYWHERE, 100, 1)},
    {**_VIEW, "submit": plain(24), "close": plain(24), "clear_on_close": flag, "notify_on_close": flag},
    _can_be_sent_off, _one_focus,
)  # fmt: skip

in_message = _blocks(_IN_MESSAGES, 50, 0)
view = kinds({"home": _home, "modal": _modal})
