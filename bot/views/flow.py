"""Answers to `/flow waits`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

from bot.views.message import Message, aside, joined, plain, section
from bot.views.nudge import MOST, more
from bot.views.phrases import Waiting, how_long, name_of, size_of, spoken_name, waits_for, why
from bot.views.words import counted, working

_UNMAPPED = "I don't know yet which login on the code host is yours, so I can't tell what waits for you."


def waits(waits: Sequence[Waiting], zone: tzinfo, now: int) -> Message:
    """What waits for the asker, in the order given; `zone` is theirs."""
    if not waits:
        text = "Nothing waits for you just now."
        return Message(text, (section(text),))
    verb = "waits" if len(waits) == 1 else "wait"
    opening = f"{counted(len(waits), 'thing')} {verb} for you{', most overdue first' if waits[1:] else ''}."
    blocks, said = [section(opening)], [opening]
    for one in waits[:MOST]:
        reason = " · ".join(part for part in (why(one, zone, now), size_of(one)) if part)
        blocks.append(section(f"*{name_of(one)}*\n{_waited(one, now, '*')}\n{reason}", one.url))
        said.append(f"{spoken_name(one)}: {_waited(one, now)}. {why(one, zone, now)}.")
    if waits[MOST:]:
        blocks.append(aside(more(waits[MOST:])))
        said.append(more(waits[MOST:]))
    return Message(joined(said), tuple(blocks))


def _waited(one: Waiting, now: int, bold: str = "") -> str:
    said = f"{bold}{working(one.age)}{bold} {waits_for(one)} ({how_long(one, now)})"
    if one.agreed is None:
        return said
    left = one.agreed - one.age
    rest = f"{working(left)} left" if left >= 0 else f"{working(-left)} over"
    return f"{said}; {working(one.agreed)} agreed, {rest}"


def not_mapped(user: str) -> Message:
    """For somebody the policy has no login of: what to have added, and where."""
    entry = f'[people.YOUR-LOGIN]\nslack = "{plain(user, 40)}"'
    ask = "Whoever keeps Weir's policy file can add you with these two lines:"
    return Message(f"{_UNMAPPED} {ask}\n{entry}", (section(f"{_UNMAPPED}\n{ask}\n```{entry}```"),))
