"""What `/flow` can do, by example; and what to say to words that it does not understand."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import NamedTuple

from bot.views.message import Message, aside, plain, section
from bot.views.pages import Again, ask_button

_WHAT = "Weir watches whose turn it is on each piece of work, and reminds that one person kindly."
_PRIVATE = "Only you see these answers."
_HINT = "`/flow help VERB` tells more about one of them."


class Entry(NamedTuple):
    """A verb as help tells of it."""

    name: str
    usage: str
    does: str
    examples: tuple[tuple[str, str], ...]
    """(what is typed, what it answers)"""
    allowed: str | None
    """What may stand behind it; None where nothing may."""


def overview(entries: Sequence[Entry], pressed: Sequence[tuple[str, str]]) -> Message:
    """Every verb by its first example, and buttons (label, what it asks) for those that can be asked at once."""
    firsts = [entry.examples[0] for entry in entries]
    lines = [f"`{typed}`  {answers}" for typed, answers in firsts]
    said = [f"{typed}: {answers}." for typed, answers in firsts]
    buttons = [ask_button(label, Again(asked)) for label, asked in pressed]
    small = f"{_HINT} {_PRIVATE}"
    blocks = (section(_WHAT), section("\n".join(lines)), {"type": "actions", "elements": buttons}, aside(small))
    return Message("\n".join([_WHAT, *said, _bare(small)]), blocks)


def verb(entry: Entry) -> Message:
    """One verb: what it does, what may stand behind it, and examples."""
    lines = [f"`{entry.usage}`", f"Shows {entry.does}.", *([entry.allowed] if entry.allowed else [])]
    examples = [f"`{typed}`  {answers}" for typed, answers in entry.examples]
    text = _bare("\n".join([*lines, *(f"{typed}: {answers}." for typed, answers in entry.examples)]))
    return Message(text, (section("\n".join(lines)), section("\n".join(examples))))


def unknown(word: str, verbs: Sequence[str]) -> Message:
    """For a verb there is none of: the nearest one, else where the list is."""
    near = get_close_matches(word.casefold(), verbs, n=1)
    hint = f"Did you mean `/flow {near[0]}`?" if near else "`/flow help` lists what I understand."
    return _line(f"I don't know “{plain(word, 40)}”. {hint}")


def wrong(problem: str, entry: Entry) -> Message:
    """For words that a verb can't take: what is wrong, and what is allowed."""
    typed, _ = entry.examples[-1]
    allowed = entry.allowed or "Nothing more may stand behind it."
    return _line(f"{plain(problem, 300)} {allowed} For example: `{typed}`")


def line(problem: str) -> Message:
    """For what is understood, and not there."""
    return _line(plain(problem, 300))


def _line(text: str) -> Message:
    return Message(_bare(text), (section(text),))


def _bare(text: str) -> str:
    return text.replace("`", "")
