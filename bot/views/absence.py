"""An author is told that reviewers of theirs are away, and may hand the reviews over; no reason is given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from bot.flow.waits import STAGE
from bot.views.controls import block_id
from bot.views.days import day_said
from bot.views.ids import ANSWER_HAND_OVER, ANSWER_LEAVE
from bot.views.message import NAME, Block, Message, joined, plain, section
from bot.views.phrases import Waiting, ending, holder_of, name_of, spoken_name, stage_of
from bot.views.words import counted

LEAVE = "leave"
"""What the button says that leaves a review where it is."""


@dataclass(frozen=True)
class Offer:
    """A review whose holder is away, and what became of the offer to hand it over."""

    one: Waiting
    away: bool = True
    """Whether the holder still is."""
    resumes: int | None = None
    """When they are at work again; None where nobody knows."""
    left: bool = False
    """The author leaves it with them."""

    @property
    def open(self) -> bool:
        return self.away and not self.left and not self.one.over


def offer(offers: Sequence[Offer], zone: tzinfo, now: int) -> Message:
    """What an author reads, as of `now`; `zone` is theirs. Without offers there is nothing left to decide."""
    if not offers:
        return Message(_OVER, (section(_OVER),))
    blocks: list[Block] = []
    said: list[str] = []
    if len(offers) > 1:
        still = sum(one.open for one in offers)
        verb = "waits" if still == 1 else "wait"
        thing = "thing" if any(one.one.wait.kind == STAGE for one in offers) else "review"
        opening = f"{counted(still, thing)} of yours {verb} for somebody who is away:" if still else "All is settled:"
        blocks, said = [section(opening)], [opening]
    for one in offers:
        blocks += _blocks(one, zone, now)
        said.append(_told(one, spoken_name(one.one), zone, now))
    return Message(joined(said), tuple(blocks))


_OVER = "Reviews of yours waited for somebody who was away; that is settled by now."


def _blocks(one: Offer, zone: tzinfo, now: int) -> list[Block]:
    if one.one.over or not one.away:
        return [section(_told(one, f"~{name_of(one.one)}~", zone, now))]
    told = section(_told(one, f"*{name_of(one.one)}*", zone, now), one.one.url)
    return [told] if one.left else [told, _controls(one.one)]


def _told(one: Offer, name: str, zone: tzinfo, now: int) -> str:
    holder = holder_of(one.one.wait)
    if one.one.over:
        return f"{name}: {ending(one.one, now)}."
    if not one.away:
        return f"{name}: {holder} is back, and it is their turn."
    until = f"until {_day(one.resumes, zone, now)}" if one.resumes is not None else "for now"
    what = f"for them in {stage_of(one.one.wait)}" if one.one.wait.kind == STAGE else "for their review"
    waits = f"{holder} is away {until}, and {name} waits {what}."
    if one.left:
        return f"{waits} You leave it with them."
    if one.one.reply:
        return f"{waits} You wanted to hand it over to {plain(one.one.reply.reason or 'somebody', NAME)}."
    return f"{waits} You can hand it over to somebody else, or leave it with them."


def _day(at: int, zone: tzinfo, now: int) -> str:
    return day_said(datetime.fromtimestamp(at, zone).date(), datetime.fromtimestamp(now, zone).date())


def _controls(one: Waiting) -> Block:
    people = {"type": "users_select", "action_id": ANSWER_HAND_OVER, "placeholder": _text("Hand over to …")}
    leave = {"type": "button", "action_id": ANSWER_LEAVE, "text": _text("Leave it"), "value": LEAVE}
    return {"type": "actions", "block_id": block_id(one), "elements": [people, leave]}


def left(one: Waiting) -> Message:
    """To an author who leaves a review where it is."""
    line = f"{spoken_name(one)} stays with {holder_of(one.wait)}; their clock runs again once they are back."
    return Message(line, (section(line),))


def _text(text: str) -> Block:
    return {"type": "plain_text", "text": text, "emoji": False}
