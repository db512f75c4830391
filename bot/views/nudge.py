"""A personal message: what waits for one person, most overdue first, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

from bot.flow.ladder import HEADS_UP, REMINDER, REPEAT
from bot.views import controls
from bot.views.message import NAME, SECTION, Block, Message, aside, joined, plain, section
from bot.views.phrases import (
    BACKLOG,
    Waiting,
    action_on,
    ending,
    how_long,
    name_of,
    replied,
    size_of,
    spoken_name,
    waits_for,
    why,
)
from bot.views.words import counted, working

MOST = 8
"""Waits told in full; the rest is counted."""
MOST_BACKLOG = 5
MOST_ROWS = 2
"""Waits that have their answers side by side; of more, each has them in a menu, so that they don't hide the work."""


def nudge(waits: Sequence[Waiting], zone: tzinfo, now: int) -> Message:
    """What a person reads, as of `now`; `zone` is theirs. Waits that are over say so in their place."""
    live = [one for one in waits if one.step != BACKLOG]
    backlog = [one for one in waits if one.step == BACKLOG]
    if all(one.over for one in waits):
        return settled(waits, now)
    # One thing has its tone in its own words, several share theirs in the opening.
    opening = [_opening(live)] if len(live) > 1 and not all(one.over for one in live) else []
    blocks, said = listed(live[:MOST], zone, now, alone=not opening)
    blocks = [*(section(line) for line in opening), *blocks]
    text = opening + said
    if live[MOST:]:
        blocks.append(aside(more(live[MOST:])))
        text.append(more(live[MOST:]))
    if backlog:
        lines = _backlog(backlog, now)
        blocks.append(section(joined(lines, SECTION)))
        text += _spoken_backlog(backlog, now)
    return Message(joined(text), tuple(blocks))


def settled(waits: Sequence[Waiting], now: int) -> Message:
    """All is done: every line struck through, nothing to press."""
    lines = [f"~{name_of(one)}~ {ending(one, now)}" for one in waits[:MOST]]
    said = [f"Done: {spoken_name(one)}, {ending(one, now)}." for one in waits[:MOST]]
    if waits[MOST:]:
        rest = f"… and {counted(len(waits) - MOST, 'other')}, all done"
        lines.append(rest)
        said.append(rest)
    if not waits:
        lines = said = ["This no longer waits for you."]
    return Message(joined(said), tuple(section(line) for line in lines))


def more(rest: Sequence[Waiting]) -> str:
    """What did not fit, counted."""
    left = sum(not one.over for one in rest)
    return f"… and {len(rest)} more" + (f" ({left} still waiting)" if left < len(rest) else "")


def _opening(waits: Sequence[Waiting]) -> str:
    still = [one for one in waits if not one.over]
    things = counted(len(still), "thing")
    verb, order = ("waits", "") if len(still) == 1 else ("wait", ", most overdue first")
    if still and all(one.step == HEADS_UP for one in still):
        return f"A heads-up: {things} {verb} for you and will soon reach the agreed time."
    return f"{things} {'still ' if any(one.step == REPEAT for one in still) else ''}{verb} for you{order}."


def listed(waits: Sequence[Waiting], zone: tzinfo, now: int, *, alone: bool = False) -> tuple[list[Block], list[str]]:
    """(blocks, what they say) of a person's waits in the order given, each with what can be answered to it.

    `alone`: nothing stands before them that says how they sound.
    """
    in_row = len(waits) <= MOST_ROWS
    blocks: list[Block] = []
    for one in waits:
        blocks += _blocks(one, zone, now, alone=alone, in_row=in_row)
    return blocks, [_spoken(one, zone, now, alone=alone) for one in waits]


def _blocks(one: Waiting, zone: tzinfo, now: int, *, alone: bool, in_row: bool) -> list[Block]:
    if one.over:
        return [section(f"✓ {name_of(one)}\n{ending(one, now)}")]
    reason = " · ".join(part for part in (why(one, zone, now), size_of(one)) if part)
    last = f"_{replied(one.reply, zone, now)}._" if one.reply else _ask(one, alone=alone)
    lines = [f"*{name_of(one)}*", f"{_waited(one, now, bold='*')}", reason, last]
    if in_row:
        return [section("\n".join(lines), one.url), *controls.row(one)]
    return [controls.menu(one, section("\n".join(lines), one.url))]


def _spoken(one: Waiting, zone: tzinfo, now: int, *, alone: bool) -> str:
    if one.over:
        return f"{spoken_name(one)}: {ending(one, now)}."
    parts = [f"{spoken_name(one)} {_waited(one, now)}.", f"{why(one, zone, now)}."]
    size = size_of(one)
    last = f"{replied(one.reply, zone, now)}." if one.reply else _ask(one, alone=alone)
    return " ".join([*parts, *([f"{size}."] if size else []), last])


def _waited(one: Waiting, now: int, bold: str = "") -> str:
    agreed = "" if one.agreed is None else f"; {working(one.agreed)} agreed"
    if not one.age:
        return f"waits {waits_for(one)} (no {how_long(one, now).replace(';', ' yet;', 1)}{agreed})"
    return f"has waited {bold}{working(one.age)}{bold} {waits_for(one)} ({how_long(one, now)}{agreed})"


def _ask(one: Waiting, *, alone: bool) -> str:
    action = action_on(one)
    if one.called_by:
        return f"{plain(one.called_by, NAME)} asks: {action[0].lower()}{action[1:]}"
    if one.step == REMINDER:
        return f"You wanted to hear of it again. {action}"
    return (_TONE.get(one.step, "") if alone else "") + action


_TONE = {HEADS_UP: "A heads-up, no hurry yet. ", REPEAT: "It still waits. "}


def older(backlog: Sequence[Waiting], now: int) -> tuple[Block, list[str]]:
    """(block, what it says) of what waited already when its history was first read."""
    return section(joined(_backlog(backlog, now), SECTION)), _spoken_backlog(backlog, now)


_LISTED = "Waiting for you since before I began to watch; listed only this once:"


def _backlog(waits: Sequence[Waiting], now: int) -> list[str]:
    lines = [_LISTED]
    lines += [f"{'✓' if one.over else '•'} {name_of(one)}: {_short(one, now)}" for one in waits[:MOST_BACKLOG]]
    return lines + ([more(waits[MOST_BACKLOG:])] if waits[MOST_BACKLOG:] else [])


def _spoken_backlog(waits: Sequence[Waiting], now: int) -> list[str]:
    lines = [_LISTED]
    lines += [f"{spoken_name(one)}: {_short(one, now)}." for one in waits[:MOST_BACKLOG]]
    return lines + ([more(waits[MOST_BACKLOG:])] if waits[MOST_BACKLOG:] else [])


def _short(one: Waiting, now: int) -> str:
    return ending(one, now) if one.over else f"{working(one.age)} {waits_for(one)} ({how_long(one, now)})"
