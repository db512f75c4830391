"""What Slack refuses: the limits of messages, homes and modals, as its reference tells them, by its error codes."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from bot.local.limits import blocks as known
from bot.local.limits.rich import texts
from bot.local.limits.shapes import Json

__all__ = ["Refusal", "content_error", "content_refusal", "parsed", "view_error", "view_refusal"]

MOST_CHARTS = 2


class Refusal(NamedTuple):
    """Why Slack takes something not: its error code, and what is wrong where, one line each."""

    error: str
    messages: tuple[str, ...] = ()

    def answer(self) -> Json:
        """The body of Slack's answer."""
        if not self.messages:
            return {"ok": False, "error": self.error}
        told = [f"[ERROR] {line}" for line in self.messages]
        return {
            "ok": False, "error": self.error, "errors": list(self.messages), "response_metadata": {"messages": told},
        }  # fmt: skip


def parsed(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def content_error(form: Json) -> str | None:
    """The code by which Slack refuses a message of this `text` and these `blocks`; None where it takes it."""
    refused = content_refusal(form)
    return refused.error if refused else None


def view_error(view: Any) -> str | None:
    """The code by which Slack refuses a home or a modal; None where it shows it."""
    refused = view_refusal(view)
    return refused.error if refused else None


def content_refusal(form: Json) -> Refusal | None:
    """Why Slack refuses a message of this `text` and these `blocks` (a list or its JSON); None where it takes it."""
    text = form.get("text")
    if not text or not isinstance(text, str):
        return Refusal("no_text")
    if len(text) > 40_000:
        return Refusal("msg_too_long")
    try:
        blocks = parsed(form.get("blocks")) or []
    except ValueError:
        return Refusal("invalid_blocks_format")
    return _blocks_refusal(blocks) if isinstance(blocks, list) else Refusal("invalid_blocks_format")


def view_refusal(view: Any) -> Refusal | None:
    """Why Slack refuses a home or a modal (an object or its JSON); None where it shows it."""
    try:
        view = parsed(view)
    except ValueError:
        return Refusal("invalid_arguments", ("must provide an object [json-pointer:/view]",))
    if len(json.dumps(view)) > 250_000:
        return Refusal("view_too_large")
    wrong = tuple(map(str, known.view(view, "/view")))
    return Refusal("invalid_arguments", wrong) if wrong else None


def _blocks_refusal(blocks: list[Any]) -> Refusal | None:
    wrong = tuple(map(str, known.in_message(blocks, "/blocks")))
    if wrong:
        return Refusal("invalid_blocks", wrong)
    kinds = [block["type"] for block in blocks]
    if kinds.count("table") > 1:
        return Refusal("invalid_attachments", ("only_one_table_allowed",))
    if kinds.count("data_visualization") > MOST_CHARTS:
        return Refusal("invalid_blocks", (f"no more than {MOST_CHARTS} charts allowed [json-pointer:/blocks]",))
    return Refusal("msg_blocks_too_long") if _is_too_much(blocks) else None


def _is_too_much(blocks: list[Json]) -> bool:
    """Whether the texts pass a sum, which Slack tells nobody the rule of; of Markdown it tells its own.

    Counted is what people read (sections, labels, options, placeholders, confirmations); types, ids, values and
    addresses are not, as long menus with long values are known to be taken.
    """
    markdown = sum(len(block["text"]) for block in blocks if block["type"] == "markdown")
    return markdown > known.MOST_MARKDOWN or sum(map(len, texts(blocks))) > 13_000
