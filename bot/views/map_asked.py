"""Answers to `/flow map`: where a stream is mapped, what can be, and what to say where nothing is asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from bot.views.message import NAME, SECTION, Block, Message, bare, joined, plain, section
from bot.views.pages import Again, Confirm, ask_button
from bot.views.streams import edit_button, quoted, show

MOST_SHOWN = 10
NOT_HERE = (
    "I answer to mentions only in the thread of a mapping. `/flow map` begins one, and `/flow help` lists what else I "
    "understand."
)
NOTHING_OPEN = (
    "Nothing is open here that I could take that for. I answer to `/flow`: `/flow help` lists what I understand, and "
    "`/flow map` maps a value stream with you."
)


class Open(NamedTuple):
    """A stream that is being mapped, and in which channel; None in somebody's direct conversation."""

    name: str
    channel: str | None


class Overview(NamedTuple):
    """What is being mapped, what is mapped, and a name that may be meant for a new one."""

    opened: Sequence[Open]
    mapped: Sequence[str]
    likely: str | None


def overview(told: Overview) -> Message:
    """What there is to go on with, to change and to begin."""
    first = "`/flow map NAME` maps a value stream: I ask, you and your team answer, and it can be put aside any time."
    blocks: list[Block] = [section(first)]
    said = [first]
    for one in told.opened[:MOST_SHOWN]:
        line = f"*{plain(one.name, NAME)}* is being mapped {_where(one.channel)}."
        blocks += [section(line), _row(_button("Go on", one.name), _discard_button(one.name))]
        said.append(line)
    names = {one.name.casefold() for one in told.opened}
    others = [name for name in told.mapped if name.casefold() not in names]
    if others:
        line = f"Mapped so far: {', '.join(plain(name, NAME) for name in others)}."
        buttons = [_button(f"Change {name}"[:75], name) for name in others[:MOST_SHOWN]]
        blocks += [section(joined([line], SECTION)), _row(*buttons)]
        said.append(line)
    if told.likely:
        blocks.append(_row(_button(f"Map “{told.likely}”"[:75], told.likely)))
    return Message(bare(joined(said)), tuple(blocks))


def _where(channel: str | None) -> str:
    return f"in <#{channel}>" if channel else "in a direct conversation"


def _button(label: str, name: str) -> Block:
    return ask_button(label, Again(f"map {quoted(name)}"))


def _discard_button(name: str) -> Block:
    sure = Confirm("Give it up?", "What was answered so far is gone. A map that was saved before stays.", "Give it up")
    return ask_button("Give up", Again(f"map {quoted(name)} discard", sure=True), confirm=sure)


def _row(*buttons: Block) -> Block:
    return {"type": "actions", "elements": list(buttons)}


def _said(text: str, *buttons: Block) -> Message:
    return Message(bare(text), (section(text), *([_row(*buttons)] if buttons else [])))


def begun(name: str, channel: str | None, *, absent: bool) -> Message:
    """Where the first question is asked; `absent`: not where it was asked for, as Weir is not in that channel."""
    if channel:
        return _said(
            f"I ask about *{plain(name, NAME)}* here in <#{channel}>; everybody can take part, in the thread of my "
            "message."
        )
    why = " I am not in that channel: `/invite @Weir` there brings me in." if absent else ""
    return _said(f"I ask you about *{plain(name, NAME)}* in our direct conversation.{why}")


def asked_again(name: str, channel: str | None) -> Message:
    """It is open here, and goes on."""
    where = "in its thread here" if channel else "in our direct conversation"
    return _said(f"*{plain(name, NAME)}* is being mapped already. I asked what is open once more, {where}.")


def moved(name: str, channel: str | None) -> Message:
    """It goes on in another place."""
    where = f"here in <#{channel}>" if channel else "in our direct conversation"
    return _said(f"*{plain(name, NAME)}* goes on {where}, with everything that was answered.")


def elsewhere(name: str, channel: str | None, whose: str | None, here: str | None) -> Message:
    """It is open in another place; a button brings it here."""
    place = (
        f"in <#{channel}>, where you can take part"
        if channel
        else f"by {plain(whose or '', NAME)} in a direct conversation"
    )
    label = "Go on here" if here else "Go on in our direct conversation"
    again = ask_button(label, Again(f"map {quoted(name)}", sure=True))
    return _said(f"*{plain(name, NAME)}* is being mapped {place}.", again)


def discarding(name: str) -> Message:
    """Asks back before it is given up."""
    return _said(f"Give up what was answered about *{plain(name, NAME)}* so far?", _discard_button(name))


def discarded(name: str) -> Message:
    return _said(f"The conversation about *{plain(name, NAME)}* is over. A map that was saved before stays.")


def importing(name: str, version: int) -> Message:
    """A button that opens the map as YAML."""
    what = f"changes *{plain(name, NAME)}*" if version else "brings a new one in"
    own = [ask_button("Show the map", show(name))] if version else []
    return _said(
        f"The button opens a map as YAML; saving it {what}.",
        edit_button("Edit as YAML", name if version else "", version),
        *own,
    )
