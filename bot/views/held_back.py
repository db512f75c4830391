"""Whether nudges help, as administrators read it, and which share of them is held back."""

from __future__ import annotations

from bot.flow.bootstrap import FEWEST, Estimate
from bot.flow.holding_back import Arm, Comparison
from bot.views.message import Block, Message, bare, joined, section
from bot.views.pages import Again, ask_button
from bot.views.words import counted, working

_WHAT = (
    "Held back are all of Weir's own nudges about a wait, morning messages too; a channel still hears what is long "
    "over its target, an author's own call still goes, and `/flow why` tells of it."
)


def nudges_lines(told: Comparison) -> list[str]:
    """Waits with nudges beside those without, for administrators; empty where none was ever held back."""
    if not told.with_.n + told.without.n + told.young:
        return []
    lines = [f"• with nudges: {_arm(told.with_)}", f"• held back: {_arm(told.without)}", _verdict(told)]
    if told.young:
        lines.append(f"{counted(told.young, 'wait')} whose first nudge fell due in the last 7 days count later.")
    return lines


def _arm(arm: Arm) -> str:
    if not arm.n or arm.median is None:
        return "none yet"
    parts = [f"{counted(arm.n, 'wait')}, half over within {working(int(arm.median))} of the first due nudge"]
    parts += [f"{arm.kept:,} of {arm.known:,} within target"] if arm.known else []
    parts += [f"{arm.wrong:,} called wrong ({arm.wrong / arm.n:.0%})"] if arm.wrong else []
    parts += [f"{arm.open:,} still open, by their time so far"] if arm.open else []
    return ", ".join(parts)


def _verdict(told: Comparison) -> str:
    if told.shorter is None:
        return f"Too few to tell: {FEWEST} on each side are needed."
    said = [_sooner(told.shorter)]
    if told.more_kept is not None:
        said.append(_kept(told.more_kept))
    return " ".join(said)


def _sooner(one: Estimate) -> str:
    """How much sooner the nudged ones were over."""
    if one.is_noise:
        return f"*No difference beyond noise* in how soon they are over (95% interval {_span(one)})."
    way = "sooner" if one.value > 0 else "later"
    return f"*With nudges waits are over {_length(abs(one.value))} {way}* (95% interval {_span(one)})."


def _span(one: Estimate) -> str:
    return f"{_signed(one.low)} to {_signed(one.high)}"


def _signed(seconds: float) -> str:
    return f"{_length(abs(seconds))} {'sooner' if seconds >= 0 else 'later'}"


def _length(seconds: float) -> str:
    return working(int(seconds))


def _kept(one: Estimate) -> str:
    noise = ", so it may be chance" if one.is_noise else ""
    low, high = (f"{round(bound * 100):+d}" for bound in (one.low, one.high))
    return f"Within target: {round(one.value * 100):+d} percentage points (95% interval {low} to {high}{noise})."


def nudges(share: float, told: Comparison) -> Message:
    """Whether nudges help, with the share that is held back."""
    lines = ["*Do the nudges help?* " + _share(share), *(nudges_lines(told) or ["Nothing was held back yet."]), _WHAT]
    text = joined(lines)
    return Message(bare(text), (section(text), *_buttons(share)))


def _share(share: float) -> str:
    if not share:
        return "No nudges are held back now."
    return f"About {share:.0%} of waits are held back at random. Of the last 90 days, in working time:"


def _buttons(share: float) -> list[Block]:
    label, words = ("Hold back none", "off") if share else ("Hold back 10%", "10%")
    button = ask_button(label, Again(f"experiments hold-back {words}"))
    return [{"type": "actions", "elements": [button]}]


def set_to(share: float, waiting: int) -> Message:
    """The share that is held back from now on; `waiting` waits are held back by now."""
    if share:
        text = f"Of waits whose first nudge falls due from now on, about {share:.0%} are held back at random. {_WHAT}"
    else:
        stay = f"; {counted(waiting, 'wait')} held back by now stay so until they are over" if waiting else ""
        text = f"No more nudges are held back{stay}."
    button = ask_button("Do the nudges help?", Again("experiments nudges"))
    return Message(bare(text), (section(text), {"type": "actions", "elements": [button]}))
