"""What whoever answers a nudge is told in return: one line, for their eyes only."""

from __future__ import annotations

from datetime import tzinfo

from bot.flow.answers import ON_IT, SNOOZE
from bot.views import controls
from bot.views.message import NAME, TITLE, Message, link, plain, section
from bot.views.phrases import REASONS, Reply, Waiting, by_when, name_of, spoken_name, stage_of

WHY = 400
"""Most characters of a host's reason."""


def noted(reply: Reply, seen_by: str | None, zone: tzinfo, now: int) -> Message:
    """What comes of an answer; `seen_by` is the author who sees it, where that is somebody else."""
    until = "" if reply.until is None else by_when(reply.until, zone, now)
    if reply.kind == ON_IT:
        seen = f"; {plain(seen_by, NAME)} can see that" if seen_by else ""
        return _line(f"You are on it until {until}{seen}.")
    if reply.kind == SNOOZE:
        return _line(f"You hear of it again on {until}.")
    return _line(f"Thank you, noted ({REASONS[reply.reason or 'other']}): you hear no more of this one.")


def already(reply: Reply, zone: tzinfo, now: int) -> Message:
    """For the same answer once more."""
    until = "" if reply.until is None else by_when(reply.until, zone, now)
    if reply.kind == ON_IT:
        return _line(f"You said so already: you are on it until {until}.")
    if reply.kind == SNOOZE:
        return _line(f"It is snoozed already: you hear of it again on {until}.")
    return _line("You said so already, and you hear no more of this one.")


def whom(one: Waiting) -> Message:
    """Asks to whom something is to be handed over."""
    said = f"Who should take {spoken_name(one)} instead?"
    return Message(said, (section(f"Who should take {name_of(one)} instead?"), *controls.whom(one)))


def handed_over(one: Waiting, to: str, by: str | None = None) -> Message:
    """It is the other one's turn now, on the host too. `by`: whose turn it was, where that is not the reader."""
    place = f"{plain(by, NAME)}'s" if by else "your"
    return _about(one, "{item} " + f"is {plain(to, NAME)}'s now: they are asked on the code host in {place} place.")


def handed_in_part(one: Waiting, to: str, by: str | None = None) -> Message:
    """The other one is asked, and yet it stays the turn of who gave it away (`by`, where that is not the reader)."""
    whose, turn = ("yours", "your") if by is None else (plain(by, NAME), "their")
    return _about(
        one, f"{plain(to, NAME)} is asked now to review " + "{item}. " + f"An earlier review of {whose} still counts "
        f"there, so it stays {turn} turn too until that is dismissed; nothing more is said of it today.",
    )  # fmt: skip


def author_asked(one: Waiting, author: str, to: str, zone: tzinfo, until: int, now: int, *, is_new: bool) -> Message:
    """The host's request could not be moved, so its author is asked to do it."""
    who, whom_ = plain(author, NAME), plain(to, NAME)
    how = f"I can't move the request on the code host, so I ask {who}" if is_new else f"{who} is asked already"
    quiet = f". You hear nothing of it until {by_when(until, zone, now)}."
    return _about(one, f"{how} to ask {whom_} instead for " + "{item}" + quiet)


def author_out_of_reach(one: Waiting, author: str | None, to: str) -> Message:
    """The same, where its author can't be asked either."""
    who = f"its author, {plain(author, NAME)}, can't be reached in Slack" if author else "its author is gone"
    return _about(
        one, "I can't move the request of {item} on the code host, and " + f"{who}. Please ask {plain(to, NAME)} "
        "there yourself, or have somebody do it who may.",
    )  # fmt: skip


def ask_yourself(one: Waiting, to: str) -> Message:
    """For an author who gives it to somebody else, where the host's request could not be moved."""
    return _about(
        one, f"I can't move the request on the code host: please ask {plain(to, NAME)} there for " "{item} instead.",
    )  # fmt: skip


def handed_already(to: str) -> Message:
    return _line(f"You handed it to {plain(to, NAME)} just now; there is nothing more to do.")


def yours(one: Waiting, refused: str | None) -> Message:
    """For who takes over what a team was asked; `refused`: why that could not be written on the host."""
    kept = (
        ""
        if refused is None
        else f" On the code host it still shows {plain(one.wait.on, NAME)}: {plain(refused, WHY)}."
    )
    return _about(one, "{item} is yours now, thank you." + kept)


def picked_up(one: Waiting, refused: str | None) -> Message:
    """For who takes up what waits in a stage; `refused`: why it could not be assigned to them on the host."""
    kept = "" if refused is None else f" It is not assigned to you on the code host: {plain(refused, WHY)}."
    return _about(one, "You have taken on {item}, thank you: it waits no longer " + f"in {stage_of(one.wait)}." + kept)


def handed_on(one: Waiting, to: str, by: str | None) -> Message:
    """For who hands on what waits in a stage. `by`: whose turn it was, where that is not the reader."""
    place = f"{plain(by, NAME)}'s" if by else "yours"
    who = plain(to, NAME)
    return _about(one, "{item} " + f"in {stage_of(one.wait)} is {who}'s now, no longer {place}; they hear of it in "
                  "their working hours.")  # fmt: skip


def _about(one: Waiting, words: str) -> Message:
    """A line that names an item at `{item}`."""
    label = one.title and plain(one.title, TITLE)
    named = link(one.url, label) if label else spoken_name(one)
    said, _, rest = words.partition("{item}")
    return Message(f"{said}{spoken_name(one)}{rest}", (section(f"{said}{named}{rest}"),))


def _line(text: str) -> Message:
    return Message(text, (section(text),))
