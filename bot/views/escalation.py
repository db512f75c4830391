"""A channel's message: items and how long they waited, and what a team is asked, to be taken over by one of it.

It names nobody unless the team turned mentions on, or somebody took a thing over there, for all to see.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import tzinfo

from bot.flow.answers import ON_IT
from bot.views import controls
from bot.views.message import Block, Message, aside, joined, section
from bot.views.nudge import MOST, more
from bot.views.phrases import Waiting, busy, ending, how_long, name_of, size_of, spoken_name, waits_for_in_channel
from bot.views.words import counted, working


def escalation(waits: Sequence[Waiting], mentions: Mapping[str, str], zone: tzinfo, now: int) -> Message:
    """What a channel reads, as of `now`; `zone` is its repository's.

    `mentions`: Slack ids by login, for teams that want holders mentioned.
    """
    told = _one_a_turn(waits)
    if all(one.over for one, _ in told):
        return _settled([one for one, _ in told], now)
    blocks: list[Block] = []
    text: list[str] = []
    still = sum(not one.over for one, _ in told)
    if len(told) > 1:
        opening = f"{counted(still, 'item')} could use a hand{', longest overdue first' if still > 1 else ''}."
        blocks.append(section(opening))
        text.append(opening)
    for one, holders in told[:MOST]:
        who = [f"<@{mentions[login]}>" for login in holders if login in mentions]
        ask = _ask(one, who, zone, now)
        blocks.append(_block(one, ask, now))
        blocks += controls.take(one) if one.wait.team else []
        text.append(_spoken(one, ask, now))
    rest = [one for one, _ in told[MOST:]]
    if rest:
        blocks.append(aside(more(rest)))
        text.append(more(rest))
    return Message(joined(text), tuple(blocks))


def _one_a_turn(waits: Sequence[Waiting]) -> list[tuple[Waiting, list[str]]]:
    """One line an item and kind (the first, which is the most overdue, and an open one before one that is over)."""
    turns: dict[tuple[str, int, str, str], list[Waiting]] = {}
    for one in waits:
        wait = one.wait
        turns.setdefault((wait.repo, wait.item, f"{wait.kind} {wait.stage}", wait.on if wait.team else ""), []).append(
            one
        )
    return [
        (_foremost(same), list(dict.fromkeys(one.wait.on for one in same if not one.over and not one.wait.team)))
        for same in turns.values()
    ]


def _foremost(same: Sequence[Waiting]) -> Waiting:
    """The one that is told of; with the answer of whoever of them is on it."""
    one = next((one for one in same if not one.over), same[0])
    on_it = next((other.reply for other in same if other.reply and other.reply.kind == ON_IT and not other.over), None)
    return replace(one, reply=on_it)


def _block(one: Waiting, ask: str, now: int) -> Block:
    if one.over:
        return section(f"✓ {name_of(one)}\n{ending(one, now)}")
    size = size_of(one)
    waited = _waited(one, now, bold="*") + (f" · {size}" if size else "")
    return section("\n".join([f"*{name_of(one)}*", waited, ask]), one.url)


def _spoken(one: Waiting, ask: str, now: int) -> str:
    if one.over:
        return f"{spoken_name(one)}: {ending(one, now)}."
    size = size_of(one)
    sized = [f"{size[:1].upper()}{size[1:]}."] if size else []
    return " ".join([f"{spoken_name(one)} {_waited(one, now)}.", *sized, ask])


def _waited(one: Waiting, now: int, bold: str = "") -> str:
    agreed = "" if one.agreed is None else f"; {working(one.agreed)} agreed"
    return f"has waited {bold}{working(one.age)}{bold} {waits_for_in_channel(one)} ({how_long(one, now)}{agreed})"


def _ask(one: Waiting, who: list[str], zone: tzinfo, now: int) -> str:
    if one.wait.team:
        return "Its author asks: who can take it?" if one.called_by else "Who can take it?"
    on_it = busy(one, "Somebody is", zone, now)
    if on_it:
        return f"{on_it}."
    return f"{' '.join(who)}, can you move it on?" if who else "Who can move it on?"


def _settled(waits: Sequence[Waiting], now: int) -> Message:
    lines = [f"~{name_of(one)}~ {ending(one, now)}" for one in waits[:MOST]]
    said = [f"Done: {spoken_name(one)}, {ending(one, now)}." for one in waits[:MOST]]
    if waits[MOST:]:
        lines.append(f"… and {counted(len(waits) - MOST, 'other')}, all done")
        said.append(lines[-1])
    return Message(joined(said or ["Done."]), tuple(section(line) for line in lines or ["Done."]))
