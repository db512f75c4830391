"""The answers to `/flow mix`: what was done in the last weeks beside what is wanted, and agreeing on other shares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from bot.flow.mix import ABOVE, BELOW, ENOUGH, NAMES, WEEKS, WITHIN, Band, Bands
from bot.flow.work import TYPES, UNCLASSIFIED
from bot.views.message import NAME, SECTION, Block, Message, bare, joined, plain, section
from bot.views.pages import Again, ask_button
from bot.views.words import counted

_WHO = "Slack's administrators and owners, and those they name, can agree to it; `/flow admins` lists who they named."
_SIDES = {BELOW: "↓ below", ABOVE: "↑ above", WITHIN: "✓ within"}


class Mix(NamedTuple):
    """The items done in the last WEEKS by type, and the shares that are wanted."""

    name: str | None
    """Of the value stream or repository; None for all repositories."""
    words: str
    """What stands behind the verb to ask about it."""
    done: Mapping[str, int]
    bands: Bands
    own: bool
    """Whether the shares are its own; else those of all work."""


class Proposal(NamedTuple):
    """What other shares would mean."""

    before: Mix
    after: Mix
    words: str
    """What stands behind the verb to agree on them."""
    may_confirm: bool


class Agreed(NamedTuple):
    """What was agreed on."""

    name: str | None
    words: str
    bands: Bands
    changed: bool


def mix(told: Mix) -> Message:
    """What was done, beside what is wanted."""
    how = f"`/flow mix {told.words + ' ' if told.words else ''}features 50-70` shows what other shares would mean."
    lines = [_head(told), _shares(told), *_whose(told), how]
    none = told.done.get(UNCLASSIFIED, 0)
    about = f"types {told.words}".strip()
    buttons = [ask_button(f"Give {counted(none, 'item')} a type", Again(about))] if none else []
    return _told(lines, buttons)


def _head(told: Mix) -> str:
    n = sum(told.done.values())
    few = f" Of fewer than {ENOUGH} no share says much." if 0 < n < ENOUGH else ""
    return f"*Mix of work* in {_of(told.name)}: {counted(n, 'item')} done in the last {WEEKS} weeks.{few}"


def _of(name: str | None) -> str:
    return plain(name, NAME) if name else "all repositories"


def _shares(told: Mix) -> str:
    total = sum(told.done.values())
    lines = [_share(NAMES[kind], told.done.get(kind, 0), total, told.bands.get(kind)) for kind in TYPES]
    none = told.done.get(UNCLASSIFIED, 0)
    return "\n".join([*lines, *([_share(UNCLASSIFIED, none, total, None)] if none else [])])


def _share(name: str, n: int, total: int, band: Band | None) -> str:
    done = f"{n / total:.0%} ({n:,})" if total else "–"
    if band is None:
        return f"*{name}*: {done}"
    side = f", {_SIDES[band.side(n, total)]}" if total else ""
    return f"*{name}*: {done}{side} {_wanted(band)}" if total else f"*{name}*: {done}, wanted {_wanted(band)}"


def _wanted(band: Band) -> str:
    return f"{band.least}–{band.most}%"


def _whose(told: Mix) -> list[str]:
    if not told.bands:
        return ["No shares are agreed on."]
    return [] if told.own or told.name is None else ["The shares are those agreed on for all work."]


def proposal(one: Proposal) -> Message:
    """What other shares would mean, to be confirmed by whoever may."""
    if one.before.bands == one.after.bands:
        return _told([f"That is what is agreed for {_of(one.before.name)} already.", _shares(one.before)])
    lines = [f"*Shares of {_of(one.before.name)}*: {_changing(one)}.", _head(one.after), _shares(one.after)]
    if not one.may_confirm:
        return _told([*lines, _WHO])
    yes = ask_button("Confirm", Again(f"mix {one.words}", sure=True), style="primary")
    return _told(lines, [yes, ask_button("Leave it", Again(f"mix {one.before.words}".strip()))])


def _changing(one: Proposal) -> str:
    before, after = one.before.bands, one.after.bands
    changed = (kind for kind in TYPES if before.get(kind) != after.get(kind))
    return ", ".join(f"{NAMES[kind]} {_or_any(before.get(kind))} → {_or_any(after.get(kind))}" for kind in changed)


def _or_any(band: Band | None) -> str:
    return "any" if band is None else _wanted(band)


def agreed_on(one: Agreed) -> Message:
    """What was agreed on."""
    if not one.changed:
        return _told([f"That is what is agreed for {_of(one.name)} already."])
    shares = ", ".join(f"{NAMES[kind]} {_wanted(one.bands[kind])}" for kind in TYPES if kind in one.bands)
    said = f"*Agreed for {_of(one.name)}*: {shares or 'any shares'}. The digest tells once when one leaves its band."
    return _told([said], [ask_button("Show the mix", Again(f"mix {one.words}".strip()))])


def _told(lines: Sequence[str], buttons: Sequence[Block] = ()) -> Message:
    blocks = [section(joined(line.split("\n"), SECTION)) for line in lines]
    row = [{"type": "actions", "elements": list(buttons)}] if buttons else []
    return Message(bare(joined(list(lines))), (*blocks, *row))
