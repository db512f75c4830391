"""What `/flow` can do, and a hint for what it can't."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from bot.views.message import Message, aside, plain, section

COMMANDS = (
    ("/flow waits", "what waits for you, since when, and why"),
    ("/flow help", "this list"),
)
_WHAT = "Weir watches whose turn it is on each piece of work, and reminds that one person kindly."
_PRIVATE = "Only you see these answers."


def overview() -> Message:
    """The commands, one a line."""
    lines = [f"`{command}`  {does}" for command, does in COMMANDS]
    said = [f"{command}: {does}." for command, does in COMMANDS]
    blocks = (section(_WHAT), section("\n".join(lines)), aside(_PRIVATE))
    return Message("\n".join([_WHAT, *said, _PRIVATE]), blocks)


def unknown(word: str, verbs: Sequence[str]) -> Message:
    """For a verb there is none of: the nearest one, else where the list is."""
    near = get_close_matches(word.casefold(), verbs, n=1)
    hint = f"Did you mean `/flow {near[0]}`?" if near else "`/flow help` lists what I understand."
    text = f"I don't know “{plain(word, 40)}”. {hint}"
    return Message(text.replace("`", ""), (section(text),))
