"""Long answers by pages: ten entries, and buttons that carry all that is needed to show another page."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from bot.views.ids import ASK, ASK_EARLIER, ASK_LATER
from bot.views.message import Block, aside

T = TypeVar("T")

MOST = 10
"""Entries a page."""
MOST_ID = 255
"""Characters of an action's id."""
MOST_ASKED = 500
"""Characters of a question: a button's value holds 2,000, and each character may take three there."""


class Again(NamedTuple):
    """A question to be asked (again): the words behind `/flow`, and which page of the answer.

    Pages count from 1; None is the one the answer begins with, and one beyond the last is the last.
    """

    text: str
    page: int | None = None
    sure: bool = False
    """Whether the asker has seen what would change, and confirms it; only a button says so, typed words never do."""
    place: str = ""
    """The conversation it is asked in, where that is known; a button need not carry it."""

    def value(self) -> str:
        """What a button carries."""
        told = {"ask": self.text, "page": self.page, **({"sure": True} if self.sure else {})}
        return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


class Confirm(NamedTuple):
    """What Slack asks before a press counts; texts are plain, up to 100 (title), 300 (text) and 30 characters."""

    title: str
    text: str
    yes: str
    no: str = "Not now"


def again(value: object) -> Again | None:
    """What a button carried; None where it is nothing of ours."""
    try:
        told = json.loads(value) if isinstance(value, str) else None
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, dict) or not isinstance(told.get("ask"), str):
        return None
    page = told.get("page")
    number = page if type(page) is int and page > 0 else None
    return Again(told["ask"][:MOST_ASKED], number, told.get("sure") is True)


@dataclass(frozen=True)
class Page(Generic[T]):
    """The entries that are shown, and how to come to the others."""

    shown: Sequence[T]
    number: int
    of: int
    blocks: tuple[Block, ...]
    said: tuple[str, ...]


def places_of(entries: int, page: int | None) -> range:
    """The places, from 0, of what a page of so many entries shows; one beyond the last page is the last."""
    number = min(page or 1, max(1, -(-entries // MOST)))
    return range((number - 1) * MOST, min(number * MOST, entries))


def page_of(entries: Sequence[T], asked: Again, *, newest_last: bool = False) -> Page[T]:
    """One page of entries; without a page asked for the first, or the last where the newest stand there."""
    pages = max(1, -(-len(entries) // MOST))
    number = min(asked.page or (pages if newest_last else 1), pages)
    places = places_of(len(entries), number)
    shown = entries[places.start : places.stop]
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


def ask_button(
    label: str, asked: Again, id_: str | None = None, style: str | None = None, confirm: Confirm | None = None
) -> Block:
    """A button that asks something, and has the answer put in the place of the message it stands in.

    `style` is "primary" or "danger"; None is Slack's default.
    """
    button: Block = {
        "type": "button",
        "action_id": id_ or (ASK + asked.text)[:MOST_ID],
        "text": _plain_text(label),
        "value": asked.value(),
    }
    if style:
        button["style"] = style
    if confirm:
        button["confirm"] = {
            "title": _plain_text(confirm.title), "text": _plain_text(confirm.text),
            "confirm": _plain_text(confirm.yes), "deny": _plain_text(confirm.no),
        }  # fmt: skip
    return button


def _plain_text(text: str) -> Block:
    return {"type": "plain_text", "text": text, "emoji": False}
