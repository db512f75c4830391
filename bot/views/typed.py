"""The answer to `/flow types ITEM`: what it counts as, what told that, and a menu to say otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from bot.flow.events import ItemKey
from bot.flow.types import BRANCH, ISSUE_TYPE, LABEL, TYPED_AS, Marks, Rule
from bot.views.message import NAME, Message, aside, plain
from bot.views.types import RULES, Untyped, item_said, option, row_of, rule_said, spoken


class Typed(NamedTuple):
    """An item's type and what told it."""

    item: Untyped
    asked: ItemKey
    """The one that was asked for; a pull request is a part of the issue it closes."""
    type: str
    """Of TYPES, or UNCLASSIFIED."""
    said: bool
    """Whether a person said so."""
    rule: Rule | None
    """The rule that did."""
    number: int
    """Its number; 0 where none did."""
    marks: Sequence[Marks]
    """The item's own first, then those of what closes it."""


def typed(one: Typed) -> Message:
    """What it counts as, and why; with a menu of the types, and of what the rules say where a person said otherwise."""
    name = item_said(one.item)
    about = f"{plain(one.item.key[1], NAME)}#{one.item.key[2]}"
    row = row_of(one.item, about)
    row["text"]["text"] = f"{name} {_verdict(one)}"
    if one.said:
        row["accessory"]["options"].append(option("As the rules say", RULES, "no longer what somebody said"))
    marks = "; ".join(_marks(one.marks)) or "nothing but its title"
    told = f"Marked with {marks}."
    part = [f"{plain(one.asked[1], NAME)}#{one.asked[2]} closes it."] if one.asked != one.item.key else []
    return Message(spoken([row["text"]["text"], *part, told]), (row, *(aside(line) for line in (*part, told))))


def _verdict(one: Typed) -> str:
    if one.said:
        return f"counts as *{one.type}*: somebody said so."
    if one.rule is not None:
        return f"counts as *{one.type}*, by rule {one.number}: {rule_said(one.rule, 3)}."
    return "is unclassified: no rule matches."


def _marks(marks: Sequence[Marks]) -> Iterator[str]:
    labels = {label for some in marks for label in some.labels}
    kinds, branches = {some.issue_type for some in marks}, {some.branch for some in marks}
    for mark, found in ((LABEL, labels), (ISSUE_TYPE, kinds - {""}), (BRANCH, branches - {""})):
        if found:
            yield f"{TYPED_AS[mark]} {', '.join(f'`{plain(text, NAME)}`' for text in sorted(found))}"
