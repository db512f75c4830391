"""What `/flow` can do, by example; and what to say to words that it does not understand."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches
from typing import NamedTuple

from bot.views.message import SECTION, Block, Message, aside, bare, joined, plain, section
from bot.views.pages import Again, ask_button

WHAT = "Weir watches whose turn it is on each piece of work, and reminds that one person kindly."
_PRIVATE = "Only you see these answers."
MOST_WRONG, CUT_WRONG = 300, 220
"""Characters of what is said to words that can't be taken: the most, and those that are left of more."""
_CLAUSE = re.compile(r"[;,.:](?= )| \(")
_HINT = "`/flow help VERB` tells more about one of them."


class Entry(NamedTuple):
    """A verb as help tells of it."""

    name: str
    usage: str
    does: str
    examples: tuple[tuple[str, str], ...]
    """(what is typed, what comes of it)"""
    allowed: str | None
    """What may stand behind it; None where nothing may."""
    press: str | None = None
    """Label of a button that asks it with nothing behind it; None where that says nothing, or changes something."""
    more: tuple[str, ...] = ()
    """Paragraphs that belong to it, as they are shown; in the help about it alone."""


class Topic(NamedTuple):
    """Verbs that are about the same; `name` stands behind `/flow help`."""

    name: str
    heading: str
    entries: tuple[Entry, ...]


def overview(topics: Sequence[Topic], pressed: Sequence[tuple[str, str]]) -> Message:
    """Every verb by its first example, and buttons: (label, what it asks) for what can be asked at once, and topics."""
    small = f"{_HINT} {_PRIVATE}"
    blocks = (
        section(WHAT),
        *(section("\n".join([f"*{topic.heading}*", *map(_first, topic.entries)])) for topic in topics),
        _buttons([ask_button(label, Again(asked)) for label, asked in pressed]),
        _buttons([ask_button(f"More: {topic.heading}", Again(f"help {topic.name}")) for topic in topics]),
        aside(small),
    )
    said = [line for topic in topics for line in (f"{topic.heading}:", *map(_first_said, topic.entries))]
    return Message("\n".join([WHAT, *said, _bare(small)]), blocks)


def topic(told: Topic) -> Message:
    """Each verb of a topic: how it is used, what it does, and examples; buttons for what can be asked at once."""
    buttons = [ask_button(entry.press, Again(entry.name)) for entry in told.entries if entry.press]
    blocks = (
        section(f"*{told.heading}*"),
        *(section("\n".join([f"*`{entry.usage}`*", _does(entry), *_examples(entry)])) for entry in told.entries),
        _buttons([*buttons, ask_button("All of it", Again("help"))]),
    )
    said = [line for entry in told.entries for line in (entry.usage, _does(entry))]
    return Message(joined([f"{told.heading}:", *said]), blocks)


def verb(entry: Entry) -> Message:
    """One verb: what it does, what may stand behind it, and examples."""
    lines = [f"`{entry.usage}`", _does(entry), *([entry.allowed] if entry.allowed else [])]
    text = _bare("\n".join([*lines, *(f"{typed}: {answers}." for typed, answers in entry.examples)]))
    more = [section(joined(list(entry.more), SECTION))] if entry.more else []
    told = joined([text, *map(bare, entry.more)])
    return Message(told, (section("\n".join(lines)), section("\n".join(_examples(entry))), *more))


def _does(entry: Entry) -> str:
    return f"{entry.does[0].upper()}{entry.does[1:]}."


def _examples(entry: Entry) -> list[str]:
    return [f"`{typed}`  {answers}" for typed, answers in entry.examples]


def _first(entry: Entry) -> str:
    return _examples(entry)[0]


def _first_said(entry: Entry) -> str:
    typed, answers = entry.examples[0]
    return f"{typed}: {answers}."


def _buttons(buttons: list[Block]) -> Block:
    return {"type": "actions", "elements": buttons}


def unknown(word: str, verbs: Sequence[str]) -> Message:
    """For a verb there is none of: the nearest one, else where the list is."""
    near = get_close_matches(word.casefold(), verbs, n=1)
    hint = f"Did you mean `/flow {near[0]}`?" if near else "`/flow help` lists what I understand."
    return _line(f"I don't know “{plain(word, 40)}”. {hint}")


def wrong(problem: str, entry: Entry | None, allowed: str | None = None) -> Message:
    """For words that can't be taken: what is wrong, and what is allowed there (else behind the verb).

    Where that is much, it is the beginning of it, and where to read on.
    """
    said = plain(problem, 300)
    if entry is None:
        return _line(" ".join([said, *([allowed] if allowed else [])]))
    typed, _ = entry.examples[-1]
    allowed = allowed or entry.allowed or "Nothing more may stand behind it."
    whole = f"{said} {allowed} For example: `{typed}`"
    if len(whole) <= MOST_WRONG:
        return _line(whole)
    rest = f"`/flow help {entry.name}` tells all of it."
    return _line(
        " ".join(part for part in (said, _beginning(allowed, CUT_WRONG - len(said) - len(rest)), rest) if part)
    )


def _beginning(allowed: str, room: int) -> str:
    """The whole, or as many of its clauses as there is room for, in characters; empty where that is none."""
    if len(allowed) < room:
        return allowed
    ends = [found.start() for found in _CLAUSE.finditer(allowed[: max(room - 2, 0)])]
    whole = [end for end in ends if _is_closed(allowed[:end])]
    return f"{allowed[: whole[-1]]} …" if whole else ""


def _is_closed(text: str) -> bool:
    return text.count("`") % 2 == 0 and text.count("(") == text.count(")")


def line(problem: str) -> Message:
    """For what is understood, and not there."""
    return _line(plain(problem, 300))


def _line(text: str) -> Message:
    return Message(_bare(text), (section(text),))


def _bare(text: str) -> str:
    return text.replace("`", "")
