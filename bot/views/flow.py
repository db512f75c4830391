"""Answers to `/flow waits`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import NamedTuple

from bot.views.message import NAME, Message, joined, plain, section
from bot.views.pages import Again, page_of
from bot.views.phrases import (
    Waiting,
    busy,
    by_whom,
    holder_of,
    how_long,
    name_of,
    replied,
    size_of,
    spoken_name,
    task_of,
    waits_for,
    when,
    why,
)
from bot.views.words import counted, from_target, working

_UNMAPPED = "I don't know yet which login on the code host is yours, so I can't tell what waits for you."
HELD, AUTHORED = "held", "authored"


@dataclass(frozen=True)
class Whose:
    """Whose waits an answer is about: somebody's by their logins, or those of repositories."""

    name: str
    you: bool = False
    mapped: bool = True
    """Whether a person is known in Slack; a login that is not may be a slip."""
    logins: tuple[str, ...] = ()
    repos: tuple[str, ...] = ()

    @property
    def said(self) -> str:
        return plain(self.name, 2 * NAME)


@dataclass(frozen=True)
class Reader:
    """Whom an answer is for: their time zone, and the logins that are theirs, in lower case."""

    zone: tzinfo
    logins: frozenset[str] = frozenset()

    def is_holder(self, one: Waiting) -> bool:
        return not one.wait.team and one.wait.on.lower() in self.logins


_Entry = tuple[str, Waiting]
"""(HELD or AUTHORED, the wait)"""


def waits(
    whose: Whose, held: Sequence[Waiting], authored: Sequence[Waiting], asked: Again, reader: Reader, now: int
) -> Message:
    """What waits on somebody or in repositories, and what of theirs waits on others; in the order given, by pages."""
    opening = _opening(whose, len(held), len(authored))
    if not held and not authored:
        opening += "" if whose.mapped else " Nobody by that login is mapped to Slack; is it spelt as on the code host?"
        return Message(opening, (section(opening),))
    page = page_of(range(len(held) + len(authored)), asked)
    blocks, said, part = [section(opening)], [opening], None
    for place in page.shown:
        entry = (HELD, held[place]) if place < len(held) else (AUTHORED, authored[place - len(held)])
        if entry[0] != part and authored:
            part = entry[0]
            blocks.append(section(f"*{_heading(whose, part)}*"))
            said.append(f"{_heading(whose, part)}:")
        parts = _parts(entry[1], reader, now)
        blocks.append(section(_lines(entry[1], parts)))
        said.append(_spoken(entry[1], parts))
    return Message(joined([*said, *page.said]), (*blocks, *page.blocks))


def _opening(whose: Whose, held: int, authored: int) -> str:
    if whose.repos:
        first = f"{_things(held)} in {whose.said}" if held else f"Nothing waits in {whose.said} just now"
    else:
        first = f"{_things(held)} for {whose.said}" if held else f"Nothing waits for {whose.said}"
        first += "" if held or authored else " just now"
    parts = [f"{first}."]
    if authored:
        owned = "yours" if whose.you else "theirs"
        parts.append(f"{counted(authored, 'thing')} of {owned} {'waits' if authored == 1 else 'wait'} for others.")
    if held > 1 or authored > 1:
        parts.append("Most overdue first.")
    return " ".join(parts)


def _things(number: int) -> str:
    return f"{counted(number, 'thing')} {'waits' if number == 1 else 'wait'}"


def _heading(whose: Whose, part: str) -> str:
    if part == HELD:
        return f"Waiting for {whose.said}"
    return "Yours, waiting for others" if whose.you else f"By {whose.said}, waiting for others"


class _Parts(NamedTuple):
    """What is said of a wait, in Slack's markup."""

    waited: str
    reason: str
    answered: list[str]


def _parts(one: Waiting, reader: Reader, now: int) -> _Parts:
    return _Parts(_waited(one, reader, now), _reason(one, reader, now), _answered(one, reader, now))


def told(one: Waiting, reader: Reader, now: int) -> str:
    """A wait in three lines: the item, how long it waited for what, and why; and one of what its holder answered."""
    return _lines(one, _parts(one, reader, now))


def _lines(one: Waiting, parts: _Parts) -> str:
    reason = " · ".join(part for part in (parts.reason, size_of(one)) if part)
    return "\n".join([f"*{name_of(one)}*", parts.waited, reason, *parts.answered])


def _spoken(one: Waiting, parts: _Parts) -> str:
    # Asterisks of titles and names are others than those of the markup.
    said = ". ".join([parts.waited.replace("*", ""), parts.reason, *parts.answered])
    return f"{spoken_name(one)}: {said}."


def _answered(one: Waiting, reader: Reader, now: int) -> list[str]:
    """What its holder said to it, as far as the reader may know: others hear only that somebody is on it."""
    if one.reply is None or (one.reply.until is not None and one.reply.until <= now):
        return []
    if reader.is_holder(one):
        return [replied(one.reply, reader.zone, now)]
    on_it = busy(one, f"{holder_of(one.wait)} is", reader.zone, now)
    return [on_it] if on_it else []


def _reason(one: Waiting, reader: Reader, now: int) -> str:
    if reader.is_holder(one):
        return why(one, reader.zone, now)
    who = by_whom(one.wait)
    return f"Since {when(one.wait.since, reader.zone, now)}" + (f", {who}" if who else "")


def _waited(one: Waiting, reader: Reader, now: int) -> str:
    what = waits_for(one) if reader.is_holder(one) else f"for {holder_of(one.wait)} {task_of(one.wait)}"
    said = f"*{working(one.age)}* {what} ({how_long(one, now)})"
    if one.agreed is None:
        return said
    return f"{said}; {working(one.agreed)} agreed, {from_target(one.age, one.agreed)}"


def not_mapped() -> Message:
    """For somebody no login is known of: how to say it."""
    text = f"{_UNMAPPED} Say `/flow link LOGIN` with your login there."
    return Message(text.replace("`", ""), (section(text),))
