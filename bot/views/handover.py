"""An author is asked to move a review request from one person to another."""

from __future__ import annotations

from bot.views.message import NAME, Message, plain, section
from bot.views.phrases import Waiting, ending, name_of, spoken_name


def handover(one: Waiting, by: str, to: str) -> Message:
    """For the author: who would like to hand what over, and to whom (logins)."""
    giver, taker = plain(by, NAME), plain(to, NAME)
    ask = f"I can't move the request myself: can you ask {taker} for the review, in place of {giver}?"
    return Message(
        f"{giver} would like to hand the review of {spoken_name(one)} over to {taker}. {ask}",
        (section(f"{giver} would like to hand the review of *{name_of(one)}* over to {taker}.\n{ask}", one.url),),
    )


def settled(one: Waiting | None, now: int) -> Message:
    """For the author: nothing is left to do; None where nothing is known of it any more."""
    if one is None:
        said = "Somebody wanted to hand a review over to somebody else; that is settled by now."
        return Message(said, (section(said),))
    how = ending(one, now)
    return Message(f"Done: {spoken_name(one)}, {how}.", (section(f"~{name_of(one)}~ {how}"),))
