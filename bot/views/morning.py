"""The morning message: all that waits for one person as their working day begins; edited while it gets done."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

from bot.views.message import Message, aside, joined, section
from bot.views.nudge import MOST, listed, more, older, settled
from bot.views.phrases import BACKLOG, Waiting
from bot.views.words import counted

_SMALL = "Once a day, as long as something waits for you. `/flow morning off` ends it."

_PARTIAL = "To learn whether nudges help, Weir holds some back at random: `/flow waits` shows everything."


def morning(
    waits: Sequence[Waiting], zone: tzinfo, now: int, *, listed_before: int = 0, partial: bool = False
) -> Message:
    """What a person reads as their day begins, as of `now`; `zone` is theirs. What is over says so in its place.

    `listed_before` counts what waits for them and was listed once already, as it was late before anybody watched.
    `partial`: at this time some nudges are held back, be it about their waits or not.
    """
    live = [one for one in waits if one.step != BACKLOG]
    backlog = [one for one in waits if one.step == BACKLOG]
    if all(one.over for one in waits):
        return settled(waits, now)
    blocks, said = listed(live[:MOST], zone, now)
    blocks, said = [section(_opening(live)), *blocks], [_opening(live), *said]
    if live[MOST:]:
        blocks.append(aside(more(live[MOST:])))
        said.append(more(live[MOST:]))
    if backlog:
        block, lines = older(backlog, now)
        blocks.append(block)
        said += lines
    if listed_before:
        blocks.append(aside(_before(listed_before)))
        said.append(_before(listed_before).replace("`", ""))
    small = f"{_PARTIAL} {_SMALL}" if partial else _SMALL
    return Message(joined([*said, small.replace("`", "")]), (*blocks, aside(small)))


def _before(count: int) -> str:
    """Of what is listed only once."""
    return f"{counted(count, 'older thing')} {'waits' if count == 1 else 'wait'}, too, as told before: `/flow waits`."


def _opening(waits: Sequence[Waiting]) -> str:
    left = sum(not one.over for one in waits)
    if not left:
        return "Your day began with this, and all of it is done:"
    order = ", most overdue first" if left > 1 else ""
    return f"Your day: {counted(left, 'thing')} {'waits' if left == 1 else 'wait'} for you{order}."
