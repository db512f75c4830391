"""Long answers by pages: ten entries, and buttons that carry all that is needed to show another page."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

from bot.views.ids import ASK, ASK_EARLIER, ASK_LATER
from bot.views.message import Block, aside

T = TypeVar("T")

MOST = 10
"""Entries a page."""
MOST_ASKED = 500
"""Characters of a question: a button's value holds 2,000, and each character may take three there."""


class Again(NamedTuple):
    """A question to be asked (again): the words behind `/flow`, and which page of the answer.

    Pages count from 1; None is the one the answer begins with, and one beyond the last is the last.
    """

    text: str
    page: int | None = None

    def value(self) -> str:
        """What a button carries."""
        return json.dumps({"ask": self.text, "page": self.page}, ensure_ascii=False, separators=(",", ":"))


def again(value: object) -> Again | None:
    """What a button carried; None where it is nothing of ours."""
    try:
        told = json.loads(value) if isinstance(value, str) else None
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, dict) or not isinstance(told.get("ask"), str):
        return None
    page = told.get("page")
    return Again(told["ask"][:MOST_ASKED], page if type(page) is int and page > 0 else None)


@dataclass(frozen=True)
class Page(Generic[T]):
    """The entries that are shown, and how to come to the others."""

    shown: Sequence[T]
    number: int
    of: int
    blocks: tuple[Block, ...]
    said: tuple[str, ...]


def page_of(entries: Sequence[T], asked: Again, *, newest_last: bool = False) -> Page[T]:
    """One page of entries; without a page asked for the first, or the last where the newest stand there."""
    pages = max(1, -(-len(entries) // MOST))
    number = min(asked.page or (pages if newest_last else 1), pages)
    shown = entries[(number - 1) * MOST : number * MOST]
    if pages == 1:
        return Page(shown, 1, 1, (), ())
    where = f"Page {number} of {pages}"
    return Page(shown, number, pages, (aside(where), _turning(asked.text, number, pages)), (f"{where}.",))


def _turning(text: str, number: int, pages: int) -> Block:
    buttons = []
    if number > 1:
        buttons.append(ask_button("Earlier", Again(text, number - 1), ASK_EARLIER))
    if number < pages:
        buttons.append(ask_button("Later", Again(text, number + 1), ASK_LATER))
    return {"type": "actions", "elements": buttons}


def ask_button(label: str, asked: Again, id_: str | None = None) -> dict[str, Any]:
    """A button that asks something, and has the answer put in the place of the message it stands in."""
    return {
        "type": "button",
        "action_id": id_ or ASK + asked.text,
        "text": {"type": "plain_text", "text": label, "emoji": False},
        "value": asked.value(),
    }
