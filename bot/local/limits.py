"""What Slack refuses: the limits of blocks, messages, modals and homes, as its reference tells them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block

PLAIN = ("plain_text",)
EITHER = ("plain_text", "mrkdwn")
_TEXT_KEYS = {"plain_text": {"type", "text", "emoji"}, "mrkdwn": {"type", "text", "verbatim"}}
_IN_MESSAGES = ("section", "context", "actions", "header", "divider")
_IN_MODALS = (*_IN_MESSAGES, "input")


def parsed(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def content_error(form: dict[str, Any]) -> str | None:
    """Why Slack takes no message of this `text` and these `blocks`; None where it takes it."""
    text, blocks = form.get("text"), parsed(form.get("blocks")) or []
    if not text:
        return "no_text"
    if len(text) > 40_000:
        return "msg_too_long"
    if len(blocks) > 50 or not _are_fine(blocks, _IN_MESSAGES):
        return "invalid_blocks"
    return "msg_blocks_too_long" if sum(map(len, _texts(blocks))) > 13_000 else None


def view_error(view: Any) -> str | None:
    """Why Slack shows no such home or modal; None where it does."""
    view = parsed(view)
    if not isinstance(view, dict) or not isinstance(view.get("blocks"), list) or len(view["blocks"]) > 100:
        return "invalid_arguments"
    if len(json.dumps(view)) > 250_000:
        return "view_too_large"
    fine = {"home": _is_fine_home, "modal": _is_fine_modal}.get(view.get("type", ""))
    bounded = len(view.get("private_metadata", "")) <= 3_000 and len(view.get("callback_id", "")) <= 255
    return None if fine and bounded and fine(view) else "invalid_arguments"


def _is_fine_home(view: dict[str, Any]) -> bool:
    return not {"title", "submit", "close"} & set(view) and _are_fine(view["blocks"], _IN_MESSAGES)


def _is_fine_modal(view: dict[str, Any]) -> bool:
    asks = any(block.get("type") == "input" for block in view["blocks"])
    return (
        "title" in view and (not asks or "submit" in view)
        and all(_is_text(view[part], PLAIN, 24) for part in ("title", "submit", "close") if part in view)
        and bool(view["blocks"]) and _are_fine(view["blocks"], _IN_MODALS)
    )  # fmt: skip


def _texts(value: Any) -> Iterator[str]:
    """The texts that count towards the sum, which Slack tells nobody the rule of.

    Counted is what people read (sections, labels, options, placeholders, confirmations); types, ids, values and
    addresses are not, as long menus with long values are known to be taken.
    """
    if isinstance(value, dict):
        for key, one in value.items():
            yield from [one] if key == "text" and isinstance(one, str) else _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)


def _are_fine(blocks: list[Any], allowed: tuple[str, ...]) -> bool:
    if not all(_is_fine(block, allowed) for block in blocks):
        return False
    named = [block["block_id"] for block in blocks if "block_id" in block]
    return len(set(named)) == len(named)


def _is_fine(block: Any, allowed: tuple[str, ...]) -> bool:
    """What slack_sdk's models check, and what they leave out."""
    try:
        known = Block.parse(block)
        if known is None or known.type not in allowed or not 1 <= len(block.get("block_id", "b")) <= 255:
            return False
        known.validate_json()
        return _CHECKS[known.type](block)
    except (SlackObjectFormationError, TypeError, ValueError, AttributeError, KeyError):
        return False


def _is_fine_section(block: dict[str, Any]) -> bool:
    texts = ("text" not in block or _is_text(block["text"], EITHER, 3_000)) and ("text" in block or "fields" in block)
    fields = block.get("fields", [{"type": "plain_text", "text": "none"}])
    return (
        texts and 1 <= len(fields) <= 10 and all(_is_text(one, EITHER, 2_000) for one in fields)
        and ("accessory" not in block or _is_fine_element(block["accessory"], _PRESSED))
    )  # fmt: skip


def _is_fine_context(block: dict[str, Any]) -> bool:
    return 1 <= len(block["elements"]) <= 10 and all(_is_text(one, EITHER, 3_000) for one in block["elements"])


def _is_fine_row(block: dict[str, Any]) -> bool:
    elements = block["elements"]
    ids = {one["action_id"] for one in elements}
    return len(ids) == len(elements) and 1 <= len(ids) <= 25 and all(_is_fine_element(x, _PRESSED) for x in elements)


def _is_fine_header(block: dict[str, Any]) -> bool:
    return _is_text(block["text"], PLAIN, 150)


def _is_fine_input(block: dict[str, Any]) -> bool:
    hint = "hint" not in block or _is_text(block["hint"], PLAIN, 2_000)
    return hint and _is_text(block["label"], PLAIN, 2_000) and _is_fine_element(block["element"], _FILLED_IN)


def _is_text(value: Any, kinds: tuple[str, ...], most: int) -> bool:
    return (
        isinstance(value, dict) and value.get("type") in kinds and set(value) <= _TEXT_KEYS[value["type"]]
        and isinstance(value.get("text"), str) and 0 < len(value["text"]) <= most
    )  # fmt: skip


def _is_fine_element(element: dict[str, Any], allowed: tuple[str, ...]) -> bool:
    return (
        element["type"] in allowed and 0 < len(element["action_id"]) <= 255
        and ("placeholder" not in element or _is_text(element["placeholder"], PLAIN, 150))
        and ("confirm" not in element or _is_fine_confirm(element["confirm"]))
        and _ELEMENTS[element["type"]](element)
    )  # fmt: skip


def _is_fine_confirm(asked: dict[str, Any]) -> bool:
    return (
        _is_text(asked["title"], PLAIN, 100) and _is_text(asked["text"], EITHER, 300)
        and _is_text(asked["confirm"], PLAIN, 30) and _is_text(asked["deny"], PLAIN, 30) and _has_a_style(asked)
    )  # fmt: skip


def _has_a_style(value: dict[str, Any]) -> bool:
    return value.get("style", "primary") in ("primary", "danger")


def _is_fine_button(button: dict[str, Any]) -> bool:
    url, value = button.get("url", ""), button.get("value", "")
    return (
        _is_text(button["text"], PLAIN, 75) and len(value) <= 2_000 and _has_a_style(button)
        and len(url) <= 3_000 and urlsplit(url).scheme in ("", "http", "https")
    )  # fmt: skip


def _is_fine_menu(menu: dict[str, Any]) -> bool:
    groups = menu.get("option_groups", [])
    options = menu.get("options", []) + [option for group in groups for option in group["options"]]
    return (
        ("options" in menu) != ("option_groups" in menu) and len(groups) <= 100
        and all(_is_text(group["label"], PLAIN, 75) and _are_options(group["options"], 1, 100) for group in groups)
        and _are_options(options, 1, 100 * max(len(groups), 1))
        and menu.get("initial_option", options[0]) in options
    )  # fmt: skip


def _is_fine_overflow(menu: dict[str, Any]) -> bool:
    return _are_options(menu["options"], 2, 5)


def _is_fine_choice(menu: dict[str, Any]) -> bool:
    return _are_options(menu["options"], 1, 10)


def _are_options(options: list[dict[str, Any]], least: int, most: int) -> bool:
    return least <= len(options) <= most and all(map(_is_fine_option, options))


def _is_fine_option(option: dict[str, Any]) -> bool:
    described = "description" not in option or _is_text(option["description"], PLAIN, 75)
    return described and _is_text(option["text"], EITHER, 75) and 0 < len(option["value"]) <= 150


def _is_fine_day(picker: dict[str, Any]) -> bool:
    return "initial_date" not in picker or bool(date.fromisoformat(picker["initial_date"]))


def _is_fine_field(field: dict[str, Any]) -> bool:
    least, most = field.get("min_length", 0), field.get("max_length", 3_000)
    return 0 <= least <= most <= 3_000 and len(field.get("initial_value", "")) <= 3_000


def _anything(_: dict[str, Any]) -> bool:
    return True


_CHECKS: dict[str, Callable[[dict[str, Any]], bool]] = {
    "section": _is_fine_section, "context": _is_fine_context, "actions": _is_fine_row, "header": _is_fine_header,
    "divider": _anything, "input": _is_fine_input,
}  # fmt: skip
_ELEMENTS: dict[str, Callable[[dict[str, Any]], bool]] = {
    "button": _is_fine_button, "static_select": _is_fine_menu, "overflow": _is_fine_overflow,
    "users_select": _anything, "channels_select": _anything, "conversations_select": _anything,
    "datepicker": _is_fine_day, "radio_buttons": _is_fine_choice, "checkboxes": _is_fine_choice,
    "plain_text_input": _is_fine_field,
}  # fmt: skip
_PRESSED = tuple(kind for kind in _ELEMENTS if kind != "plain_text_input")
_FILLED_IN = tuple(kind for kind in _ELEMENTS if kind not in ("button", "overflow"))
